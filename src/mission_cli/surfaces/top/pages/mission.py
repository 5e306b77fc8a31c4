"""Views of one mission: itself, why it does not advance, and its history."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.domain.errors import refusals_said
from mission_cli.domain.status import HoldKind, MilestoneStatus
from mission_cli.surfaces.lines import BLANK, line, reflow, said
from mission_cli.surfaces.top.pages.page import Page, block_of, head_of, is_moving, mark_of, one_by_one
from mission_cli.surfaces.top.sheet import Block
from mission_cli.surfaces.top.target import Target, feature_in
from mission_cli.surfaces.views.history import history_lines
from mission_cli.surfaces.views.money.budget import budget_lines
from mission_cli.surfaces.views.page import continued
from mission_cli.surfaces.views.reasons import reasons, waiting_lines
from mission_cli.surfaces.views.status import Fold, head_lines, milestone_rows, warnings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.app.results.reasons import Why
    from mission_cli.app.results.views import FeatureView, MissionView
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event
    from mission_cli.ports.runtime import Stopped
    from mission_cli.surfaces.lines import Span
    from mission_cli.surfaces.top.repositories import Repository

_MOST_EVENTS = 200


class MissionPage(Page):
    """Everything about one mission."""

    def __init__(self, repository: Repository, mission: str) -> None:
        self.repository, self.mission = repository, mission
        self.title = said(mission)
        self.view: MissionView | None = None
        self.stopped: Stopped | None = None
        self._why: list[Span] = []

    def about(self) -> Target | None:
        """Return the mission."""
        return None if self.view is None else target_of(self.repository, self.view, self.stopped)

    def mark(self) -> object:
        """Return what differs after a change."""
        with self.repository.look() as ctx:
            return mark_of(ctx, runs_of(self.view), moving=self.view is not None and is_moving(self.view.status))

    def read(self) -> None:
        """Read the mission, and the one reason why it does not advance."""
        with self.repository.look() as ctx, refusals_said():
            self.read_with(ctx)

    def read_with(self, ctx: Context) -> None:
        """Read it with these ports."""
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, self.mission)
        self.view, self.stopped = status_of(ctx, snapshot, address), ctx.runtime.stopped()
        lead = () if self.view.waiting_for else _lead(explain(ctx, snapshot, address), ctx.clock.now())
        self._why = list(lead)

    def draw(self, width: int) -> list[Block]:
        """Return head, what waits for you, milestones, budget and warnings."""
        view = self.view
        if view is None:
            return []
        shown = [one for one in view.waiting_for if one.kind is not HoldKind.ERROR]
        found = [*head_of(self.stopped), block_of(*head_lines(view, width), BLANK)]
        if self._why:
            found.append(block_of(*continued(reflow(self._why, width), width), BLANK))
        if shown:
            found.append(block_of(line(("Waiting for you", "bold yellow"))))
            found += [self._waiting(view, one, width) for one in shown]
            found.append(block_of(BLANK))
        found += self._features(view, width)
        for part in filter(None, [budget_lines(view, width), *warnings(view, width)]):
            found.append(block_of(BLANK, *continued(part, width)))
        return found

    def _waiting(self, view: MissionView, waiting: Waiting, width: int) -> Block:
        target = target_of(self.repository, view, self.stopped, _feature(view, feature_in(waiting)), (waiting,))
        return Block(
            reflow(waiting_lines([(view.id, waiting)]), width), target, ("waiting", waiting.kind, waiting.name)
        )

    def _features(self, view: MissionView, width: int) -> list[Block]:
        found = []
        for number, rows in itertools.groupby(milestone_rows(view, width, Fold.NOTHING), key=lambda row: row[1]):
            lines = [one for one, _ in rows]
            feature = _feature(view, number)
            if feature is None:
                found.append(block_of(*lines))
                continue
            mine = tuple(one for one in view.waiting_for if feature_in(one) == number)
            found.append(Block(lines, target_of(self.repository, view, self.stopped, feature, mine), number))
        return found


class WhyPage(Page):
    """Why a mission or a feature does not advance (`mission why`)."""

    key = "w"

    def __init__(self, target: Target) -> None:
        self._target = target
        self.title = f"why {said(target.address)}"
        self._found: tuple[Why, datetime] | None = None

    def about(self) -> Target | None:
        """Return what it is about."""
        return self._target

    def mark(self) -> object:
        """Return what differs after a change."""
        with self._target.repository.look() as ctx:
            return mark_of(ctx, moving=is_moving(self._target.status))

    def read(self) -> None:
        """Read the reasons."""
        with self._target.repository.look() as ctx, refusals_said():
            snapshot = ctx.state.snapshot()
            self._found = explain(ctx, snapshot, resolve(snapshot, self._target.address)), ctx.clock.now()

    def draw(self, width: int) -> list[Block]:
        """Return the reasons."""
        if self._found is None:
            return []
        return one_by_one(continued(reflow(reasons(*self._found), width), width))


class HistoryPage(Page):
    """What happened to a mission (`mission history`)."""

    key = "h"

    def __init__(self, target: Target) -> None:
        self._target = target
        self.title = f"history of {said(target.mission)}"
        self._found: tuple[Sequence[Event], datetime] | None = None

    def about(self) -> Target | None:
        """Return what it is about."""
        return self._target

    def mark(self) -> object:
        """Return what differs after a change."""
        with self._target.repository.look() as ctx:
            return mark_of(ctx)

    def read(self) -> None:
        """Read the newest events."""
        with self._target.repository.look() as ctx, refusals_said():
            address = resolve(ctx.state.snapshot(), self._target.mission)
            self._found = ctx.state.history(address.stored, limit=_MOST_EVENTS), ctx.clock.now()

    def draw(self, width: int) -> list[Block]:
        """Return the events, newest first."""
        if self._found is None:
            return []
        events, now = self._found
        return one_by_one(history_lines(events, width, now)) or [block_of(line(("nothing has happened yet", "dim")))]


def target_of(
    repository: Repository,
    view: MissionView,
    stopped: Stopped | None,
    feature: FeatureView | None = None,
    waiting: tuple[Waiting, ...] | None = None,
) -> Target:
    """Return what a key acts on: a mission, or a feature of it."""
    return Target(
        repository,
        view.id,
        view.status,
        feature.number if feature is not None else "",
        feature.status if feature is not None else "",
        feature.attempts if feature is not None else 0,
        view.waiting_for if waiting is None else waiting,
        stopped is not None,
        _busiest(view),
        is_moving(view.status) and any(m.status == MilestoneStatus.PASSED for m in view.milestones),
    )


def _busiest(view: MissionView) -> str:
    """Return the number of a feature that runs, else of the last one with an attempt; empty: there is none."""
    features = sorted((f for m in view.milestones for f in m.features if f.run), key=lambda f: bool(f.running_for))
    return features[-1].number if features else ""


def runs_of(view: MissionView | None) -> list[str]:
    """Return the attempts that are running."""
    return [f.run for m in view.milestones for f in m.features if f.running_for] if view is not None else []


def _feature(view: MissionView, number: str) -> FeatureView | None:
    return next((f for m in view.milestones for f in m.features if number and f.number == number), None)


def _lead(why: Why, now: datetime) -> list[Span]:
    """Return the one reason why a mission does not advance, and what helps."""
    alone = replace(why, also=(), why=(), signals=(), pulse=(), flaky=(), forecast=None, preview="")
    return [*reasons(alone, now)] if why.reason is not None else []
