"""One clone on one machine: what outlives its processes, and the world that each of them is handed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from tests.kit.fakes.bank import KEY, Bank, at, transport
from tests.kit.fakes.clock import HostClock, Time
from tests.kit.fakes.code import REFS, MemoryCodeRepo
from tests.kit.fakes.disk import Disk
from tests.kit.fakes.executor import JobHost, MemoryExecutor, Script, Truth
from tests.kit.fakes.forge import MemoryDesk
from tests.kit.fakes.hosts import MemoryHosts
from tests.kit.fakes.life import Fate, Life, Mortal
from tests.kit.fakes.objects import Commit, Objects
from tests.kit.fakes.others import ADA, KeptNews, NoPrices, NoSchedule, NoSecrets, RoomyMachine
from tests.kit.fakes.post import MailWorld, MemoryPost
from tests.kit.fakes.runtime import Lock, MemoryRuntime
from tests.kit.fakes.share import MemoryShare, NoShare, Remote, Way
from tests.kit.fakes.state import MemoryStateStore
from tests.kit.fakes.vault import MemoryVault, VaultProbes

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.calendars import IcsCalendars
from mission_cli.adapters.channels import AppriseMessenger
from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.payments.ledger import FileLedger
from mission_cli.adapters.payments.stripe import StripeIssuing
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.app.commands.create import create
from mission_cli.document.plans.plan import read_plan
from mission_cli.engine.context import Context
from mission_cli.ports.git.forge import NoForge
from mission_cli.ports.money import NoPurse
from mission_cli.ports.outside.hosts import NoHosts
from mission_cli.ports.outside.mail import NoPost
from mission_cli.ports.outside.payments import NoPayments
from mission_cli.settings import RunnerSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit.forge.world import World

    from mission_cli.domain.ids import MissionId, Sha
    from mission_cli.ports.money import Purse
    from mission_cli.ports.outside.calendars import Calendars
    from mission_cli.ports.outside.payments import Payments

SETTINGS_PLACE = "settings"
"""Holds when the settings of a host were changed last."""
_TEMPLATES = JinjaTemplates()
SETTINGS = Settings(
    runners={"script": RunnerSettings(kind="command", command=("script",), deadline=timedelta(hours=1))},
    sandbox="off",
    notify="tell",
)


@dataclass
class Host:
    """Disk, clock and supervisors of one clone. Processes come and go: `world` makes what one is handed."""

    jobs: JobHost
    settings: Settings = SETTINGS
    lock: Lock = field(default_factory=Lock)
    news: KeptNews = field(default_factory=KeptNews)
    there: Remote | None = None
    """What it shares with other clones."""
    way: Way = field(default_factory=Way)
    forge: World | None = None
    """Where it opens pull requests."""
    errand: Callable[[Host], bool] | None = None
    """What a person does here as soon as there is a reason; True if there was one. The crash explorer calls it."""
    calendars: Calendars = field(default_factory=IcsCalendars)
    ledger: Path | None = None
    """The file from which a person pays purchases."""
    bank: Bank | None = None
    """Where purchases are paid."""
    mail: MailWorld | None = None
    """Where it sends and gets mail."""
    vault: MemoryVault = field(default_factory=MemoryVault)
    """Where its person keeps secret values."""
    purse: Purse = field(default_factory=NoPurse)
    """What it shares with the other repositories of its machine."""

    def context(self) -> Context:
        """The ports of a new process, which may die at every call of one of them."""
        life = Life(self.jobs.fate)
        disk, objects, clock = self.jobs.disk, self.jobs.objects, self.jobs.clock

        def mortal(name: str, port: object) -> Any:
            return Mortal(port, name, life)

        runtime = MemoryRuntime(disk, clock, self.lock, full_look=self.settings.full_look)
        return Context(
            clock=mortal("clock", clock),
            state=mortal("state", MemoryStateStore(disk, objects, clock, life)),
            code=mortal("code", MemoryCodeRepo(disk, objects)),
            executor=mortal("executor", MemoryExecutor(self.jobs, life)),
            agents=AGENTS,
            checks=StandardChecks(("inspect",)),
            templates=_TEMPLATES,
            machine=mortal("machine", RoomyMachine(self.jobs)),
            prices=NoPrices(),
            purse=mortal("purse", self.purse),
            secrets=NoSecrets(),
            runtime=mortal("runtime", runtime),
            notifier=mortal("notifier", self.news),
            messenger=mortal("messenger", AppriseMessenger({})),
            calendars=mortal("calendars", self.calendars),
            post=NoPost() if self.mail is None else mortal("post", MemoryPost(self.mail, life)),
            payments=self._payments(mortal, life),
            vault=mortal("vault", self.vault),
            probes=mortal("probes", VaultProbes(self.vault)),
            settings=self.settings,
            settings_files=(SETTINGS_PLACE,),
            schedule=NoSchedule(),
            share=mortal("share", self._share()),
            hosts=NoHosts() if self.jobs.park is None else mortal("hosts", MemoryHosts(self.jobs, self.jobs.park)),
            forge=NoForge() if self.forge is None else mortal("desk", MemoryDesk(disk, objects, self.forge, life)),
        )

    def _payments(self, mortal: Callable[[str, object], Any], life: Life) -> Payments:
        if self.ledger is not None:
            return cast("Payments", mortal("payments", FileLedger(self.ledger)))
        if self.bank is None:
            return NoPayments()
        at(self.bank, self.jobs.clock.now())
        pays = StripeIssuing(self.settings.payments, {}, lambda _: KEY, transport(self.bank, life.step))
        return cast("Payments", mortal("payments", pays))

    def _share(self) -> MemoryShare | NoShare:
        if self.there is None:
            return NoShare()
        return MemoryShare(self.jobs.disk, self.jobs.objects, self.there, self.way, me=self.jobs.name)

    def copy(self, fate: Fate) -> Host:
        """The same moment on another clone of everything, for another life."""
        mine = self.jobs
        clock = mine.clock.copy(Time(mine.clock.time.now))
        truth = Truth(list(mine.truth.starts), dict(mine.truth.paid))
        jobs = JobHost(
            mine.disk.copy(), mine.objects, clock, name=mine.name, script=mine.script, fate=fate, truth=truth
        )
        jobs.slots = mine.slots
        jobs.park = mine.park.copy() if mine.park else None
        jobs.shows = mine.shows
        jobs.supervisors = {key: replace(s) for key, s in mine.supervisors.items()}
        there = self.there.copy() if self.there else None
        forge = self.forge.copy() if self.forge else None
        return Host(
            jobs,
            self.settings,
            news=KeptNews(list(self.news.told)),
            there=there,
            forge=forge,
            calendars=self.calendars,
            errand=self.errand,
            ledger=self.ledger,
            bank=self.bank.copy() if self.bank else None,
            mail=self.mail.copy() if self.mail else None,
            vault=MemoryVault(self.vault.values),
            purse=self.purse,
        )

    def fingerprint(self) -> tuple[object, ...]:
        """Equal for two hosts on which everything will go on in the same way."""
        mine = self.jobs
        kept = ((s.key, s.phase, s.due, s.began) for s in mine.supervisors.values())
        return (
            mine.disk.fingerprint(),
            mine.clock.moment(),
            tuple(sorted(kept, key=lambda s: s[0])),
            tuple(mine.truth.starts),
            tuple(sorted(mine.truth.paid.items())),
            self.forge.fingerprint() if self.forge else (),
            self.mail.fingerprint() if self.mail else (),
            self.bank.fingerprint() if self.bank else (),
            tuple(sorted(self.vault.values.items())),
            mine.park.fingerprint() if mine.park else (),
        )

    def power_cut(self) -> None:
        """Everything that runs ends, and what was not synced is as it was before."""
        for key in list(self.jobs.supervisors):
            self.jobs.die(key)
        self.lock.held = False
        self.jobs.disk.cut()
        self.jobs.clock.boot()


def make_host(
    script: Script,
    *,
    name: str = "here:000001",
    time: Time | None = None,
    objects: Objects | None = None,
    fate: Fate | None = None,
    lazy: tuple[str, ...] = (),
    machine_workers: int = SETTINGS.machine_workers,
) -> Host:
    """A clone with one commit on main."""
    objects, clock = objects or Objects(), HostClock(time or Time())
    jobs = JobHost(Disk(lazy), objects, clock, name=name, script=script, fate=fate or Fate(), truth=Truth())
    jobs.slots = machine_workers
    host = Host(jobs, replace(SETTINGS, machine_workers=machine_workers))
    first = objects.add(Commit({"notes.txt": "hello\n"}, (), "Begin\n", ADA, clock.now()))
    host.jobs.disk.write(f"{REFS}/heads/main", first)
    return host


def make_mission(host: Host, plan: str, identity: str = "m") -> MissionId:
    """What `mission new --plan` does."""
    read = read_plan(plan)
    assert read.plan is not None, read.problems
    read.plan.id = identity
    ctx = host.context()
    made, _ = create(
        read.plan, store=ctx.state, templates=_TEMPLATES, now=ctx.clock.now(), person=ADA, base=lambda _: "main"
    )
    return made


def base_of(host: Host) -> dict[str, str]:
    """The files of `main`."""
    head = host.jobs.disk.read(f"{REFS}/heads/main", str)
    commit: Sha = head  # type: ignore[assignment]  # what is there is a name of a commit
    return dict(host.jobs.objects.get(commit).files)
