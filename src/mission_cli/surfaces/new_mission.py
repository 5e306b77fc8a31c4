"""Make the mission of a plan in a repository, or in the data folder of the user without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.app.skills.capabilities import there_in
from mission_cli.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord


USUAL_USD = "20"
"""The cap in dollars that people are offered."""
CAPS = ("money_usd", "time_hours", "token_limit")
"""The keys of the caps of a plan."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mission is made, and for whom."""

    repo: Path
    base: str = ""
    """The base branch that was asked for; empty: the plan's, or the branch that is checked out."""
    homeless: bool = False
    vouched: bool = False
    """Whether a person acts, so that uncommitted settings of the checkout count."""
    actor: Person | None = None
    """Who makes it; None: the person whose machine this is."""


def make_mission(
    plan: Plan,
    place: Place,
    *,
    planning: Callable[[MissionId], Sequence[RunRecord]] = lambda _: (),
    front: Mapping[str, str | int] | None = None,
) -> tuple[MissionId, str]:
    """Make the mission of a plan; return its id and the path of its file.

    `front` are keys of the front matter that a plan does not have.
    """
    from mission_cli.app.commands.create import create
    from mission_cli.document.plans.plan import with_runner
    from mission_cli.domain.branches.refs import poc_branch
    from mission_cli.wiring.compose import is_in_repository, open_homeless, open_repository
    from mission_cli.wiring.host import git_person, now, templates

    base = place.base or plan.base
    common: dict[str, Any] = {"templates": templates(), "now": now(), "planning": planning, "front": front or {}}
    if place.homeless or not is_in_repository(place.repo):
        store = open_homeless(create=True)
        if store is None:
            raise AssertionError("open_homeless(create=True) returned None")
        common |= {"person": place.actor or git_person(place.repo), "shared": True}
        return create(plan, store=store, base=lambda _: base, **common)
    _refuse_unknown(place, base, plan.preferences.runner)
    opened = open_repository(place.repo, create=True, vouched=place.vouched)
    chosen = base or opened.default_base()
    if not chosen:
        raise UsageError("no branch is checked out", hint="name the base branch: --base main")
    ctx = opened.context
    beside = plan.mode == "poc" and not base and not ctx.code.is_dedicated(chosen)
    common |= {"used": lambda mission: ctx.code.heads(mission, chosen).begun, "shared": bool(ctx.settings.remote)}
    common |= {"there": there_in(ctx, chosen, plan.preferences.runner)}
    return create(
        with_runner(plan, ctx.default_runner()),
        store=opened.state,
        person=place.actor or ctx.person(),
        base=poc_branch if beside else (lambda _: chosen),
        repo=os.fspath(opened.checkout.name),
        **common,
    )


def draft_mission(plan: Plan, place: Place) -> tuple[MissionId, str]:
    """Return id and file of the mission that `make_mission` would make. Writes nothing."""
    from mission_cli.app.commands.create import draft
    from mission_cli.document.plans.plan import with_runner
    from mission_cli.domain.branches.refs import poc_branch
    from mission_cli.wiring.compose import is_in_repository, open_homeless, open_unmade
    from mission_cli.wiring.host import git_person, now, templates

    base, person = place.base or plan.base, place.actor or git_person(place.repo)
    common: dict[str, Any] = {"templates": templates(), "now": now(), "person": person}
    if place.homeless or not is_in_repository(place.repo):
        home = open_homeless()
        return draft(plan, taken=home.snapshot().missions if home else (), base=lambda _: base, **common)
    _refuse_unknown(place, base, plan.preferences.runner)
    opened = open_unmade(place.repo, vouched=place.vouched)
    chosen = base or opened.default_base()
    beside = plan.mode == "poc" and not base and not opened.context.code.is_dedicated(chosen)
    return draft(
        with_runner(plan, opened.context.default_runner()),
        taken=opened.state.snapshot().missions if opened.state.layout.git_dir.is_dir() else (),
        base=poc_branch if beside else (lambda _: chosen),
        repo=os.fspath(opened.checkout.name),
        there=there_in(opened.context, chosen, plan.preferences.runner),
        **common,
    )


def _refuse_unknown(place: Place, base: str, runner: str) -> None:
    """Raise UsageError if a base branch or a runner was named that does not exist. Changes nothing."""
    from mission_cli.app.given import configured_runner, existing_base
    from mission_cli.wiring.compose import open_unmade

    if base or runner:
        ctx = open_unmade(place.repo, vouched=place.vouched).context
        _ = base and existing_base(ctx, base), runner and configured_runner(ctx, runner)
