"""The first view: what waits for you in all repositories, then all missions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.app.queries.inbox import everything_waiting, flaky_everywhere
from mission_cli.app.queries.listing import lines_of
from mission_cli.domain.errors import MissionError, refusals_said
from mission_cli.domain.notice import first_steps
from mission_cli.surfaces.everywhere import chosen
from mission_cli.surfaces.lines import BLANK, line, paragraph, reflow, said
from mission_cli.surfaces.top.pages.page import Page, block_of, head_of, is_moving, mark_of
from mission_cli.surfaces.top.sheet import Block
from mission_cli.surfaces.top.target import Target, feature_in
from mission_cli.surfaces.views.listing import list_blocks
from mission_cli.surfaces.views.page import continued
from mission_cli.surfaces.views.reasons import flaky_lines, waiting_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.views import FlakyView
    from mission_cli.app.results.views import Line as Listed
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.ports.runtime import Stopped
    from mission_cli.surfaces.top.repositories import Repositories, Repository

_AGAIN_SECONDS = 10.0
"""How long until a repository that could not be opened is tried again."""


@dataclass(slots=True)
class _Known:
    """What was read of one repository."""

    mark: object = None
    missions: Sequence[Listed] = ()
    waiting: Sequence[tuple[str, Waiting]] = ()
    flaky: Sequence[tuple[str, FlakyView]] = ()
    stopped: Stopped | None = None
    error: MissionError | None = None
    tried: float = 0.0
    """When it could not be opened, in seconds of the monotonic clock."""
    runs: Sequence[str] = field(default_factory=tuple)
    """Attempts that are running."""

    @property
    def moving(self) -> bool:
        """Whether its views change by themselves."""
        return any(is_moving(one.status) for one in self.missions)


class HomePage(Page):
    """What waits for you, and all missions."""

    title = "missions"

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._known: dict[str, _Known] = {}
        self._homeless: Sequence[Listed] = ()
        self._all: Sequence[Repository] = ()
        self._several = False
        """Whether repositories are named."""

    def mark(self) -> object:
        """Return the marks of all repositories."""
        return {one.name: self._mark(one) for one in self._repositories.all()}

    def read(self) -> None:
        """Read the repositories that have changed."""
        self._all, self._homeless = self._repositories.all(), self._repositories.homeless()
        if self._several != (len(self._all) > 1 or bool(self._homeless)):
            self._several, self._known = not self._several, {}  # whether their missions name their repositories
        known = {one.name: self._known.get(one.name, _Known()) for one in self._all}
        for one in self._all:
            mark = self._mark(one)
            if known[one.name].mark is None or known[one.name].mark != mark:
                known[one.name] = self._read(one, mark)
        self._known = known

    def about(self) -> Target | None:
        """Return the repository, if there is only one."""
        return self._target(self._all[0]) if len(self._all) == 1 else None

    def draw(self, width: int) -> list[Block]:
        """Return everything that waits, then the missions."""
        found: list[Block] = []
        for one in self._all:
            known = self._known[one.name]
            found += head_of(known.stopped, f"{said(one.name)}: " if self._several else "")
            if known.error is not None:
                rows = paragraph(f"{one.name}: {known.error.message}", width, "red")
                hint = paragraph(f"→ {known.error.hint}", width, indent=2) if known.error.hint else []
                found.append(block_of(*rows, *hint, BLANK))
        found += [*self._waiting(width), block_of(BLANK), *self._missions(width)]
        return found

    def _waiting(self, width: int) -> list[Block]:
        shown = [(one, self._known[one.name]) for one in self._all]
        if not any(known.waiting or known.flaky for _, known in shown):
            return [block_of(line(("nothing waits for you", "dim")))]
        found = [block_of(line(("Waiting for you", "bold yellow")))]
        for one, known in shown:
            if self._several and (known.waiting or known.flaky):
                found.append(block_of(line((said(one.name), "bold"))))
            for mission, waiting in known.waiting:
                target = self._target(one, mission, waiting)
                name = ("waiting", one.name, mission, waiting.kind, waiting.name)
                rows = continued(reflow(waiting_lines([(mission, waiting)]), width), width)
                found.append(Block(rows, target, name))
            if known.flaky:
                found.append(Block(continued(reflow(flaky_lines(known.flaky), width), width)))
        return found

    def _missions(self, width: int) -> list[Block]:
        by_name = {one.name: one for one in self._all}
        missions = [one for repository in self._all for one in self._known[repository.name].missions]
        missions += self._homeless
        if not missions:
            return [block_of(line("no missions"), *paragraph(str(first_steps()), width, "dim"))]
        only = self._all[0] if len(self._all) == 1 else None
        found = []
        for mission, lines in list_blocks(missions, width):
            if mission is None:
                found.append(block_of(*lines))
                continue
            repository = by_name.get(mission.repo) or (only if mission not in self._homeless else None)
            target = self._target(repository, mission.id) if repository is not None else None
            found.append(Block(lines, target, ("mission", mission.repo, mission.id)))
        return found

    def _target(self, repository: Repository, mission: str = "", waiting: Waiting | None = None) -> Target:
        known = self._known[repository.name]
        listed = next((one for one in known.missions if one.id == mission), None)
        return Target(
            repository,
            mission,
            listed.status if listed is not None else "",
            feature_in(waiting) if waiting is not None else "",
            waiting=(waiting,) if waiting is not None else tuple(w for m, w in known.waiting if m == mission),
            stopped=known.stopped is not None,
            busy=listed.running[0].run.rpartition("/")[2].partition("-")[0] if listed and listed.running else "",
        )

    # Reading

    def _mark(self, repository: Repository) -> object:
        known = self._known.get(repository.name, _Known())
        if known.error is not None and time.monotonic() < known.tried + _AGAIN_SECONDS:
            return known.mark
        try:
            with repository.look() as ctx:
                return mark_of(ctx, known.runs, moving=known.moving)
        except MissionError as error:
            return error.message

    def _read(self, repository: Repository, mark: object) -> _Known:
        """Return what is known of a repository now."""
        try:
            with repository.look() as ctx, refusals_said():
                missions = chosen(lines_of(ctx, repo=repository.name if self._several else ""), (), archived=False)
                return _Known(
                    mark,
                    missions,
                    everything_waiting(ctx),
                    flaky_everywhere(ctx),
                    ctx.runtime.stopped(),
                    runs=[run.run for one in missions for run in one.running],
                )
        except MissionError as error:
            return _Known(error.message, error=error, tried=time.monotonic())
