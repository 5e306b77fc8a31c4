"""Plannings of a server: each is carried out by a thread, which a new server starts again."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli.app.plannings import carry, discussing
from mission_cli.app.plannings.results import ApprovedPlan, Planning, PlanningList
from mission_cli.app.plannings.stored import PlanningState
from mission_cli.domain.errors import MissionError, NotFoundError, UsageError
from mission_cli.surfaces.views.text import so_far

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.app.plannings.order import PlanOrder
    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.places import Serves

_LOOK_SECONDS = 0.2


class Planners:
    """The plannings of the repositories that a server serves."""

    def __init__(self, places: Serves, *, rest: Callable[[], None] = lambda: time.sleep(_LOOK_SECONDS)) -> None:
        """`rest` is called between two looks at a model that writes a plan."""
        self._places, self._rest = places, rest
        self._lock = threading.Lock()
        self._carried: dict[str, threading.Thread] = {}

    def begin(self, repo: str, order: PlanOrder, person: Person | None) -> Planning:
        """Have a model write a plan. Raises UsageError, and BlockedError if it cannot be asked."""
        ctx, base = self._places.apart(repo, order.base)
        one = carry.begin(_acting(ctx, person), order, base)
        self._carry_out(repo, one)
        return self._looked_at(ctx, one, repo)

    def all(self, repo: str = "") -> PlanningList:
        """Return the plannings of all repositories, or of one, the newest first."""
        found = [one for name, ctx in self._served(repo) for one in self._seen(ctx, name)]
        return PlanningList(sorted(found, key=lambda one: one.id, reverse=True))

    def one(self, identity: str) -> Planning:
        """Return one. Raises NotFoundError."""
        name, ctx, found = self._found(identity)
        self._carry_out(name, found)
        return self._looked_at(ctx, found, name, whole=True)

    def _found(self, identity: str) -> tuple[str, Context, StoredPlanning]:
        """Return a planning and its repository. Raises NotFoundError."""
        for name, ctx in self._served():
            found = carry.known(ctx).get(identity)
            if found is not None:
                return name, ctx, found
        raise NotFoundError(f"there is no planning `{identity}`", hint="GET /api/v1/plannings lists them")

    def adjust(self, identity: str, wish: str, person: Person | None) -> Planning:
        """Have the model change a plan as a person wishes. Raises UsageError, BlockedError."""
        repo, *_ = self._found(identity)
        ctx, _ = self._places.apart(repo, "")
        one = discussing.wish_for(_acting(ctx, person), identity, wish)
        self._carry_out(repo, one)
        return self._looked_at(ctx, one, repo)

    def change(self, identity: str, person: Person | None, change: Callable[[Context], StoredPlanning]) -> Planning:
        """Change a plan: an edit, its mode or caps, undoing the last change, or answers, after which the model may."""
        repo, *_ = self._found(identity)
        ctx, _ = self._places.apart(repo, "")
        one = change(_acting(ctx, person))
        self._carry_out(repo, one)
        return self._looked_at(ctx, one, repo, whole=True)

    def approve(
        self, identity: str, plan: Plan | None, person: Person | None, *, start: bool, seen: str | None = None
    ) -> ApprovedPlan:
        """Make the mission of a planning, and start it. Raises BlockedError if there is nothing to approve.

        `seen`: the text of the plan that the person was shown.
        """
        repo, *_ = self._found(identity)
        ctx, _ = self._places.apart(repo, "")
        base = carry.need(ctx, identity).base

        def make(chosen: Plan, records: Any) -> tuple[str, str]:
            return self._places.make(chosen, repo, person, base=base, planning=records)

        one, path = carry.approve(_acting(ctx, person), identity, make, plan, seen=seen)
        cost = carry.looked_at(ctx, one, repo).cost
        refused = self._start(repo, one.mission, person) if start else ""
        return ApprovedPlan(one.mission, path, cost, start and not refused, refused)

    def drop(self, identity: str) -> Planning:
        """Forget one; a model that writes its plan is stopped. Raises NotFoundError."""
        repo, *_ = self._found(identity)
        ctx, _ = self._places.apart(repo, "")
        return self._looked_at(ctx, carry.drop(ctx, identity), repo)

    def go_on(self) -> None:
        """Carry out what a server before this one has left."""
        with suppress(MissionError):
            for name, ctx in self._served():
                for one in carry.known(ctx).values():
                    self._carry_out(name, one)

    def join(self) -> None:
        """Wait for all threads."""
        for thread in list(self._carried.values()):
            thread.join()

    def _start(self, repo: str, mission: str, person: Person | None) -> str:
        """Start a new mission; return why it was not started."""
        from mission_cli.app.commands.lifecycle import start

        try:
            for name, ctx in self._places.contexts():
                if name == repo:
                    start(_acting(ctx, person), mission)
                    ctx.again()
        except MissionError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    def _served(self, repo: str = "") -> Iterator[tuple[str, Context]]:
        return ((name, ctx) for name, ctx in self._places.contexts(reading=True) if repo in {"", name})

    def _seen(self, ctx: Context, repo: str) -> list[Planning]:
        return [self._looked_at(ctx, one, repo) for one in carry.known(ctx).values()]

    def _looked_at(self, ctx: Context, one: StoredPlanning, repo: str, *, whole: bool = False) -> Planning:
        progress = []
        if one.state is PlanningState.PLANNING:
            running = [key for key in ctx.executor.running() if key.startswith(f"plan/{one.id}/")]
            words = so_far(ctx.executor.tally(running[-1])) if running else ""
            progress = [words or f"{one.runner} {'changes' if one.wish else 'writes'} the plan"]
        return carry.looked_at(ctx, one, repo, progress, whole=whole)

    def _carry_out(self, repo: str, one: StoredPlanning) -> None:
        """Start the thread of a planning, unless it runs or there is nothing to carry out."""
        if one.state is not PlanningState.PLANNING:
            return
        with self._lock:
            thread = self._carried.get(one.id)
            if thread is not None and thread.is_alive():
                return
            thread = threading.Thread(target=self._run, args=(repo, one), name=f"planning {one.id}", daemon=True)
            self._carried[one.id] = thread
            thread.start()

    def _run(self, repo: str, one: StoredPlanning) -> None:
        ctx, _ = self._places.apart(repo, one.base)
        carry.carry_out(ctx.acting_as(carry.actor_of(one)), one.id, self._rest)


def _acting(ctx: Context, person: Person | None) -> Context:
    return ctx if person is None else ctx.acting_as(person)


def need_repo(names: list[str], repo: str) -> str:
    """Return the repository that is named, or the only one. Raises UsageError."""
    wanted = repo or (names[0] if len(names) == 1 else "")
    if wanted not in names:
        raise UsageError(
            "name the repository" if not wanted else f"there is no repository {wanted!r} here",
            hint="`repo` is its path",
        )
    return wanted
