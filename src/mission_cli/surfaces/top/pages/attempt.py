"""The view of one feature: its facts, and what an attempt at it says and does, as in `mission logs`, while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.queries.logs import AttemptLog, attempt_of
from mission_cli.domain.errors import NotFoundError
from mission_cli.surfaces.lines import BLANK, line, paragraph, said
from mission_cli.surfaces.top.pages.mission import MissionPage, target_of
from mission_cli.surfaces.top.pages.page import block_of, head_of, one_by_one
from mission_cli.surfaces.views.log import LogView, end_of
from mission_cli.surfaces.views.log import head_of as name_of
from mission_cli.surfaces.views.panes import feature_lines, title_of

if TYPE_CHECKING:
    from mission_cli.app.results.views import FeatureView
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.agents.logs import LogEntry
    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.repositories import Repository
    from mission_cli.surfaces.top.sheet import Block
    from mission_cli.surfaces.top.target import Target

_MOST_ENTRIES = 5_000
"""Older ones are left out: `mission logs` shows them."""


class AttemptPage(MissionPage):
    """A feature and the log of an attempt at it, by default the last one."""

    key = "l"
    follows = True

    def __init__(self, repository: Repository, mission: str, feature: str, attempt: int = 0) -> None:
        super().__init__(repository, mission)
        self.feature, self.attempt = feature, attempt
        self.title = said(f"{mission}/{feature}")
        self._record: RunRecord | None = None
        self._log: AttemptLog | None = None
        self._ended = False
        self._entries: list[LogEntry] = []
        self._left_out = 0
        self._drawn: tuple[int, LogView] | None = None
        self._lines: list[Line] = []
        self._count = 0
        """Entries that are in `_lines`."""

    def about(self) -> Target | None:
        """Return the feature."""
        found = self._feature()
        if self.view is None or found is None:
            return None
        waiting = tuple(one for one in self.view.waiting_for if one.subject == found.number)
        return target_of(self.repository, self.view, self.stopped, found, waiting)

    def other(self, step: int) -> AttemptPage | None:
        """Return the view of the attempt before or after; None if there is none."""
        now, found = self._record.attempt if self._record is not None else 0, self._feature()
        wanted = now + step
        if found is None or not 1 <= wanted <= found.attempts:
            return None
        return AttemptPage(self.repository, self.mission, self.feature, wanted)

    def mark(self) -> object:
        """Return what differs after a change, or when the log has grown, of which it reads the new part."""
        self._read_log()
        return super().mark(), self._left_out + len(self._entries), self._ended

    def read_with(self, ctx: Context) -> None:
        """Read the feature, and which attempt is the last one."""
        super().read_with(ctx)
        address = resolve(ctx.state.snapshot(), f"{self.mission}/{self.feature}")
        try:
            record = attempt_of(ctx, address, self.attempt)
        except NotFoundError:
            if self.attempt:
                raise
            return
        if self._record is None or self._record.run != record.run:
            self._log, self._ended, self._entries, self._left_out = AttemptLog(ctx, record), False, [], 0
            self._drawn = None
        self._record = record
        self._read_log()

    def draw(self, width: int) -> list[Block]:
        """Return the facts, then the log."""
        feature = self._feature()
        if self.view is None or feature is None:
            return [block_of(*paragraph(f"feature {self.feature} no longer exists", width, "red"))]
        found = [*head_of(self.stopped), block_of(title_of(self.view, feature), BLANK)]
        found.append(block_of(*feature_lines(feature, [], width)))
        if self._record is None:
            return found
        found.append(block_of(BLANK, name_of(self._record)))
        if self._left_out:
            found.append(block_of(line((f"the first {self._left_out} entries are left out", "dim"))))
        found += one_by_one(self._log_lines(width))
        return [*found, block_of(*end_of(self._record))]

    def _feature(self) -> FeatureView | None:
        features = [f for m in self.view.milestones for f in m.features] if self.view is not None else []
        return next((f for f in features if f.number == self.feature), None)

    def _read_log(self) -> None:
        """Read what is new in the log."""
        while self._log is not None and not self._ended:
            entries, self._ended = self._log.read()
            self._entries += entries
            if not entries:
                break
        surplus = len(self._entries) - _MOST_ENTRIES
        if surplus > 0:
            del self._entries[:surplus]
            self._left_out += surplus
            self._drawn = None

    def _log_lines(self, width: int) -> list[Line]:
        """Return the lines of the log; only those of new entries are made anew."""
        if self._drawn is None or self._drawn[0] != width:
            self._drawn, self._lines, self._count = (width, LogView(width)), [], 0
        self._lines += self._drawn[1].lines(self._entries[self._count :])
        self._count = len(self._entries)
        return self._lines
