"""The simulator: hosts, remote and time of one seed, and the laws that hold after every tick."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from tests.kit.fakes.clock import Time
from tests.kit.fakes.executor import FLAKY, JOBS, Truth
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.life import Fate
from tests.kit.fakes.objects import Objects
from tests.kit.fakes.runtime import PLACE, Signature, is_idle
from tests.kit.fakes.share import SEEN, Remote, claim_there
from tests.kit.fakes.state import HEAD, TREE
from tests.kit.nightly import NIGHTLY
from tests.sim.caps import over_the_cap, unequal, unfair
from tests.sim.deeds import DEEDS
from tests.sim.events import Event, What
from tests.sim.faults import MOODS, BadWay, said_by
from tests.sim.needing import wrong_needs
from tests.sim.recounted import wrongly_told
from tests.sim.reviewed import unproven
from tests.sim.workers import DEAREST, work, work_anew, work_or_review

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.jobs.slots import SLOTS
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.why import why
from mission_cli.app.verify.replay import replay
from mission_cli.document.reading.load import load
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.ledger import account, spent
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.judging.quarantine import quarantined
from mission_cli.domain.status import FINISHED_MISSION, Cause, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.loop import pulse
from mission_cli.engine.observing.observe import consider
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.effects import Cancel
from mission_cli.planner.mission.guard import PUT_BACK

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.planner.core.effects import Effect

PLAN = """\
title: Six files
budget: {money_usd: 12, time_hours: 200}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
      - {title: three, depends: ["1.1"], criteria: ["grep: `good` in `1.3.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt` `2.2.txt` `2.3.txt`"]
    features:
      - {title: four, criteria: ["grep: `good` in `2.1.txt`"]}
      - {title: five, criteria: ["grep: `good` in `2.2.txt`"]}
      - {title: six, depends: ["2.1", "2.2"], criteria: ["grep: `good` in `2.3.txt`"]}
"""
EVERY = 16 if NIGHTLY else 48
"""Looks at a host between two at what needs a person."""
_PEACE = 400
_LOOK = timedelta(minutes=7)


class BrokenError(AssertionError):
    """Something that must always be true is not."""


class Sim:
    """One world. The mission is `m`; the first host made it."""

    plan = PLAN
    script = staticmethod(work)
    careful = True
    """No row of the spend log is edited or deleted, so log, run records and summary say the same at every commit."""

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.time, self.objects, self.truth = Time(), Objects(), Truth()
        self.remote = Remote() if seed % 3 else None
        self.moods: dict[str, What] = {}
        self.forgiven: set[str] = set()
        """Hosts whose state somebody has put back since it was looked at last."""
        self.reset = False
        """Whether somebody has put a state back at all."""
        self._script = partial(self.script, seed)
        self._known: dict[str, Decimal] = {}
        self._cap = Decimal(0)
        self._weighed: set[Sha] = set()
        """Commits of which it is known that what they promise is fair."""
        self._most = 0
        """Workers that ever ran at a time: the step by which each of them breaks its cap is seen when it is over."""
        self._seen = 0
        self._slots = 1 + seed % 4
        first = self._furnish(self._make_host())
        self.hosts = [first]
        make_mission(first, self.plan)
        lifecycle.start(self.context(first), "m")
        self.hosts += [self._clone(number) for number in range(2, 1 + (seed % 3) + bool(seed % 3))]

    # What happens

    def tick(self, event: Event) -> None:
        """Let one thing happen, then jobs and cron; look whether every law still holds. Raises BrokenError."""
        self.counts[event.what] += 1
        host = self.hosts[event.pick % len(self.hosts)]
        if event.what in MOODS:
            self.moods[host.jobs.name] = event.what
        else:
            DEEDS[event.what](self, host, event.more)
        self.go_on()

    def end(self) -> None:
        """From now on nothing goes wrong and nobody helps: it ends, or says what it waits for. Raises BrokenError."""
        self.moods.clear()
        for host in self.hosts:
            self.way(host).cut, self.way(host).deaf = False, 0
        quiet = 0
        for _ in range(_PEACE):
            before = [self.objects.get(head).files for host in self.hosts if (head := head_of(host))]
            self.time.pass_by(_LOOK)
            self.go_on()
            after = [self.objects.get(head).files for host in self.hosts if (head := head_of(host))]
            quiet = quiet + 1 if before == after and not any(h.jobs.supervisors for h in self.hosts) else 0
            if quiet > 8 and not any(self._wakes(host) for host in self.hosts):  # an hour
                break
        for host in self.hosts:
            self._nothing_is_repeated(host)
            self._needs(host)
            self._is_decided_again(host)
            self._ended_or_says_why(host)
            self._retrospective(host)

    def go_on(self) -> None:
        """Jobs and cron on every host, then the laws."""
        self.time.pass_by(timedelta(seconds=1))
        for host in self.hosts:
            host.jobs.work()
            if is_idle(host.jobs):
                self._idle_is_idle(host)
            else:
                self.pulse(host)
            host.jobs.work()
        self._laws()

    def pulse(self, host: Host) -> None:
        """One tick of a host's cron."""
        self.counts["pulses"] += 1
        report = pulse(self.context(host))
        if report.bugs:
            raise BrokenError("\n".join(report.bugs))

    def context(self, host: Host) -> Context:
        """What a process on a host is handed today."""
        ctx, mood = host.context(), self.moods.get(host.jobs.name, What.HONEST)
        return ctx if mood is What.HONEST else replace(ctx, executor=said_by(ctx.executor, mood))

    def way(self, host: Host) -> BadWay:
        """How a host reaches the remote."""
        assert isinstance(host.way, BadWay)
        return host.way

    def mission(self, host: Host) -> Mission:
        """The mission as it is committed on a host."""
        return load(self.objects.get(Sha(head_of(host))).files["m/mission.md"], "m").mission

    # Laws

    def _is_decided_again(self, host: Host) -> None:
        """What every round decided is decided again from the state and from what was noted of the round."""
        ctx = self.context(host)
        if not ctx.runtime.ticks(MissionId("m")):
            return
        found = replay(ctx, resolve(ctx.state.snapshot(), "m"))
        self.counts["rounds decided again"] += found.ticks
        if not found.same:
            raise BrokenError(f"{host.jobs.name} decides otherwise: {found.unreadable}, {found.differences}")

    def _laws(self) -> None:
        twice = [run for run, times in Counter(self.truth.starts).items() if times > 1]
        if twice:
            raise BrokenError(f"started twice: {twice}")
        for host in self.hosts:
            mission = self.mission(host)
            known, name = self.known_of(host, mission), host.jobs.name
            before = Decimal(0) if name in self.forgiven else self._known.get(name, Decimal(0))
            if known < before and not self._taken_and_held(host, mission, before):
                raise BrokenError(f"{name} knows of ${known}, and knew of ${before}")
            self._known[name] = known
            self._cap = max(self._cap, mission.limits.usd or Decimal(0))
            for kind in SLOTS:
                if len(host.jobs.at_work(kind)) > host.settings.machine_workers:
                    raise BrokenError(f"{name} runs at once {host.jobs.at_work(kind)}")
            if len(host.jobs.supervised("check")) > host.settings.machine_workers:
                raise BrokenError(f"{name} starts more checks than can run: {host.jobs.supervised('check')}")
            self._money(host, mission)
            self._learned(mission)
            self._seen += 1
            if not self._seen % EVERY:
                self._needs(host)
            if blamed := [row.details for row in mission.progress if row.event == PUT_BACK]:
                raise BrokenError(f"{name}: nobody but the loop moves branches of code, and yet {blamed}")
        self.forgiven.clear()
        paid = sum((usd for run, usd in self.truth.paid.items() if not self.reset or self._recorded(run)), Decimal(0))
        there = sum(len(keys) for host in self.hosts for keys in host.jobs.placed().values())
        self._most = max(self._most, there + sum(len(host.jobs.at_work("worker")) for host in self.hosts))
        if paid > self._cap + DEAREST * self._most:
            raise BrokenError(f"${paid} were paid where ${self._cap} are the cap")

    def _learned(self, mission: Mission) -> None:
        """A mission that is over has noted each skill once."""
        names = [one.name for one in mission.learned] if mission.status is MissionStatus.COMPLETED else []
        if len(names) != len(set(names)):
            raise BrokenError(f"something was learned twice: {names}")
        self.counts["looks at skills"] += len(names)

    def _needs(self, host: Host) -> None:
        """What needs a person is shown: everything, once, and nothing else."""
        words, number = wrong_needs(self.context(host))
        if words:
            raise BrokenError(f"{host.jobs.name} shows wrongly what needs a person: {words}")
        self.counts["looks at what needs a person"] += 1
        self.counts["needs"] += number

    def _money(self, host: Host, mission: Mission) -> None:
        """What runs fits below the cap, as soon as a pulse has seen a lower one; and what is promised is a fair share."""
        for name in self.objects.line(head_of(host)):
            if name in self._weighed:
                break
            self._weighed.add(name)
            commit = self.objects.get(name)
            if words := unfair(self.objects, commit) or (unequal(commit) if self.careful else ""):
                raise BrokenError(words)
            self.counts["promises"] += 1
        settled = is_idle(host.jobs) and not self.moods.get(host.jobs.name) and not self.reset
        if settled and (words := over_the_cap(host, mission, self.records(host))):
            raise BrokenError(words)

    def known_of(self, host: Host, mission: Mission) -> Decimal:
        """What a host knows to be spent, in dollars: by the log."""
        del host
        return spent(mission.spends).usd

    def records(self, host: Host) -> list[RunRecord]:
        """The run records that a host has."""
        files = self.objects.get(head_of(host)).files
        return [r for path, text in files.items() if "/runs/" in path and (r := read_run(text)) is not None]

    def _recorded(self, run: str) -> bool:
        """Whether some clone has the record of a run: where a person reset the state, nobody may know of it any more."""
        path = f"m/runs/{run.partition('/')[2]}.md"
        return any(path in self.objects.get(head_of(host)).files for host in self.hosts)

    def _taken_and_held(self, host: Host, mission: Mission, before: Decimal) -> bool:
        """Whether another clone drives the mission, and holds the reserves of what the one before it knew the cost of."""
        stand = account(mission.limits, mission.spends, self.records(host))
        return mission.host != host.jobs.name and stand.spent.usd + stand.held.usd >= before

    def _idle_is_idle(self, host: Host) -> None:
        """What the fast path takes for nothing to do is nothing to do; it looks at what is there, not at what is said.

        No file tells of a slot that is free again: whoever waits for one looks again after ten seconds.
        """
        self.counts["idle looks"] += 1
        signature = host.jobs.disk.read(f"{PLACE}/idle", Signature)
        if signature is not None and signature.wake and signature.wake - host.jobs.clock.now() <= LOOK_AGAIN:
            return
        ctx = host.copy(Fate()).context()
        snapshot = ctx.state.snapshot(ctx.runtime.settled())
        for stored in snapshot.missions.values():
            case = consider(ctx, policy_of(ctx), snapshot, stored, load_placed(stored.text, stored.id))
            effects = [act for act in case.plan.effects if not _is_told(host, act)]
            if case.plan.transitions or effects:
                raise BrokenError(f"{host.jobs.name} is idle and would {[*case.plan.transitions, *effects]}")

    def _nothing_is_repeated(self, host: Host) -> None:
        """The loop commits no change more than three times in a row: the third without an effect stops the mission."""
        said = [self.objects.get(name).message for name in self.objects.line(head_of(host))]
        for number in range(len(said) - 3):
            by_hand = any(words in said[number] for words in ("(by ", "thought", "mission.edited"))
            if len(set(said[number : number + 4])) == 1 and not by_hand:
                raise BrokenError(f"{host.jobs.name} wrote four times: {said[number]}")

    def _ended_or_says_why(self, host: Host) -> None:
        ctx = self.context(host)
        snapshot = ctx.state.snapshot()
        mission = self.mission(host)
        if mission.status in FINISHED_MISSION:
            self.counts[f"worlds that ended {mission.status}"] += 1
            return
        reasons = [hold for _, holds in why(ctx, snapshot, resolve(snapshot, "m")) for hold in holds]
        if host.jobs.disk.has(f"{PLACE}/STOP"):
            self.counts["worlds that wait for STOP to be lifted"] += 1
        elif any(says_what(hold) for hold in reasons):
            self.counts["worlds that say what they wait for"] += 1
        else:
            raise BrokenError(f"{host.jobs.name}: {mission.status}, and nobody knows what it waits for: {reasons}")

    def _retrospective(self, host: Host) -> None:
        words, facts = wrongly_told(self.objects.get(Sha(head_of(host))).files)
        if words and self.careful:
            raise BrokenError(f"{host.jobs.name}: its retrospective says {words}")
        self.counts["retrospectives with failures"] += bool(facts.failures)
        self.counts["retrospectives with waits"] += bool(facts.people.waits)

    def _wakes(self, host: Host) -> bool:
        signature = host.jobs.disk.read(f"{PLACE}/idle", Signature)
        mission = self.mission(host)
        return mission.status not in FINISHED_MISSION and signature is not None and signature.wake is not None

    # Hosts

    def _make_host(self, name: str = "here:000001") -> Host:
        return make_host(self._script, name=name, time=self.time, objects=self.objects, machine_workers=self._slots)

    def _furnish(self, host: Host) -> Host:
        way, there = BadWay(), self.remote
        host.way, host.there, host.jobs.truth = way, there, self.truth
        if there is not None:
            host.jobs.claim_elsewhere = lambda run, content: claim_there(there, way, run, content)
        return host

    def _clone(self, number: int) -> Host:
        """Another clone of the remote, as `mission` makes it when it is used there first."""
        assert self.remote is not None
        head = self.remote.state
        assert head is not None
        name = f"host{number}:00000{number}"
        host = self._furnish(self._make_host(name))
        host.jobs.clock.ahead = timedelta(minutes=(-7, 3, 11)[number % 3])
        for place in (HEAD, SEEN):
            host.jobs.disk.write(place, head)
        for path, text in self.objects.get(head).files.items():
            host.jobs.disk.write(f"{TREE}/{path}", text)
        return host


class RecurringSim(Sim):
    """A world whose mission is run through every eight hours, for two days."""

    plan = PLAN.replace("title: Six files", 'title: Six files\nschedule: "0 */8 * * *"\nend_date: 2026-11-22')
    script = staticmethod(work_anew)


class ReviewSim(Sim):
    """A world in which agents review what others made, and one law more: nothing passes without enough good reviews."""

    plan = (
        PLAN.replace(
            "title: Six files", "title: Six files\nreviews: {reviewers: [script], per_milestone: 2, budget_pct: 40}"
        )
        .replace('"grep: `good` in `1.2.txt`"', '"grep: `good` in `1.2.txt`", "review: 1.2 is good (>= 3)"')
        .replace('`1.3.txt`"]', '`1.3.txt`", "review: it fits together", "it is what was asked for"]', 1)
    )
    script = staticmethod(work_or_review)

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            records = self.records(host)
            self.counts["reviews"] = max(self.counts["reviews"], sum(record.reviewing for record in records))
            if words := unproven(self.mission(host), records):
                raise BrokenError(f"{host.jobs.name}: {words}")


class FlakySim(Sim):
    """A world whose criteria are suites with flaky tests, and with one that says whether the work is good."""

    plan = PLAN.replace("grep: `good` in `", "run: `suite ")

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            mission = self.mission(host)
            listed = {one.name for one in quarantined(mission) if not one.whole}
            if not listed <= {*FLAKY}:
                raise BrokenError(f"{host.jobs.name} has quarantined {listed - {*FLAKY}}, which was never flaky")
            self.counts["quarantined"] = max(self.counts["quarantined"], sum(1 for _ in quarantined(mission)))
            for record in self.records(host):
                if record.cause is Cause.DONE and record.head and not self._is_good(record):
                    raise BrokenError(f"{record.run} is done, and its test failed in every run")

    def _is_good(self, record: RunRecord) -> bool:
        """Whether the work of an attempt is what its criterion asks for."""
        commit = self.objects.get(Sha(record.head))
        return "good" in commit.files.get(f"{record.feature}.txt", "")


def _is_told(host: Host, act: Effect) -> bool:
    """Whether an act tells a job to end that was told already, and has not come to it yet."""
    return isinstance(act, Cancel) and host.jobs.disk.has(f"{JOBS}/{act.run}/cancel")


def head_of(host: Host) -> Sha:
    """The state that a host has."""
    return Sha(host.jobs.disk.read(HEAD, str) or "")


def says_what(hold: Hold) -> bool:
    """Whether a reason names a person, a time or an event."""
    return bool(hold.person or hold.until or hold.unblock)
