"""Worlds in which the files for readers are committed beside the mission files; and the laws about them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tests.kit.fakes.life import Fate
from tests.kit.fakes.state import HEAD
from tests.sim.sim import BrokenError, Sim

from mission_cli._support.dataclass import replace
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.domain.board.marks import BADGE, PAGE, README, is_same
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import HoldKind
from mission_cli.engine.board.keep import source_hash
from mission_cli.engine.board.pages import rendered
from mission_cli.engine.board.read import arranged, board_of
from mission_cli.engine.loop import pulse
from mission_cli.settings import DashboardSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

WANTED = (README, BADGE, PAGE)
_WRITTEN = "Mission-Event: state.shown"


class ShownSim(Sim):
    """A world in which every pulse leaves what the mission files say now, and no commit that says nothing new."""

    def __init__(self, seed: int) -> None:
        self._looked: set[Sha] = set()
        super().__init__(seed)

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        host.settings = replace(host.settings, dashboard=DashboardSettings(commit=True, files=WANTED))
        return host

    def pulse(self, host: Host) -> None:
        """Let one pulse run; then the files are what the state renders to, unless it could not come to its end."""
        self.counts["pulses"] += 1
        report = pulse(self.context(host))
        if report.bugs:
            raise BrokenError("\n".join(report.bugs))
        if not (report.stopped or report.handed_over or report.elsewhere or report.troubles):
            self._is_up_to_date(host)

    def end(self) -> None:
        """Clones that share missions agree in the end."""
        super().end()
        pages = {self._page(host) for host in self.hosts}
        if self.remote is not None and len({self._texts(host) for host in self.hosts}) == 1 and len(pages) > 1:
            raise BrokenError("clones with the same missions show different pages")
        for host in self.hosts:
            if self.mission(host).host == host.jobs.name:
                self._says_what_waits(host)

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            for name in islice(self.objects.line(Sha(str(host.jobs.disk.read(HEAD, str)))), 20):
                self._says_something_new(name)

    def _says_something_new(self, name: Sha) -> None:
        commit = self.objects.get(name)
        if name in self._looked or _WRITTEN not in commit.message:
            return
        self._looked.add(name)
        before = self.objects.get(commit.parents[0]).files
        changed = {path for path in {*before, *commit.files} if before.get(path) != commit.files.get(path)}
        if not changed <= set(WANTED):
            raise BrokenError(f"{name} changes {changed}")
        if all(path in before and is_same(before[path], commit.files[path]) for path in changed):
            raise BrokenError(f"{name} says nothing new")
        self.counts["commits of pages"] += 1

    def _is_up_to_date(self, host: Host) -> None:
        ctx = host.copy(Fate()).context()
        head = ctx.state.head()
        assert head is not None
        snapshot = ctx.state.at(head)
        wanted = rendered(ctx.templates, arranged(board_of(snapshot, "")), source_hash(snapshot), WANTED)
        for name, text in wanted.items():
            there = ctx.state.file(name, head)
            if there is None or not is_same(there, text):
                raise BrokenError(f"{host.jobs.name}: {name} is not what the state says:\n{there}\n\n{text}")

    def _says_what_waits(self, host: Host) -> None:
        """Everything that the file says to wait for a person is on the page, and waits in `mission inbox`, too."""
        ctx = host.copy(Fate()).context()
        snapshot = ctx.state.snapshot()
        shown = [str(need.help) for _, need in arranged(board_of(snapshot, "")).needs]
        live = [(one.kind, str(one.unblock)) for _, one in everything_waiting(ctx)]
        for words in shown:
            if not any(there.startswith(words) for _, there in live):
                raise BrokenError(f"the page says {words!r}, and what waits is {live}")
        for kind, there in live:
            if kind in {"request", HoldKind.FAILED, HoldKind.PAUSED} and not any(map(there.startswith, shown)):
                raise BrokenError(f"{there!r} waits, and the page says {shown}")
        self.counts["things that wait"] += len(shown)

    def _page(self, host: Host) -> str:
        return self.objects.get(Sha(str(host.jobs.disk.read(HEAD, str)))).files.get(README, "").partition("\n")[2]

    def _texts(self, host: Host) -> str:
        return self.objects.get(Sha(str(host.jobs.disk.read(HEAD, str)))).files["m/mission.md"]
