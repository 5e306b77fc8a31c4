"""Check the preconditions for a start; the consent screen and the command use the same checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import command_line, counted, stamp
from mission_cli.app.commands.reachable import refuse_unreachable
from mission_cli.app.hosts.problems import host_problems
from mission_cli.app.optional import all_criteria, missing_package
from mission_cli.document.changes import SetFront
from mission_cli.document.checking.lint import weak_criterion
from mission_cli.document.reading.values_in_force import as_scalar
from mission_cli.domain.branches.refs import poc_branch, work_branch
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import NO_ADVICE, advise, do
from mission_cli.domain.routing import runners
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.domain.timing.moments import FORMS, read_moment
from mission_cli.engine.context import runner_obstacle, unknown_runner
from mission_cli.engine.guards.elsewhere import obstacle_for
from mission_cli.planner.core.decisions import Hold

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.app.transaction import Wanted
    from mission_cli.document.changes import Change
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.notice import Advice
    from mission_cli.domain.problems import Problem
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads


def refuse_start(ctx: Context, address: Address) -> None:
    """Raise BlockedError with the first reason why the mission cannot start."""
    mission, where = address.mission, address.stored.path
    harmless = {found.words for found in mission.in_force.overruled if found.counts}
    errors = [p for p in address.loaded.errors() if p.message not in harmless]
    if errors or address.loaded.refused:
        words = errors[0].at(where) if errors else where
        raise BlockedError(f"the file has {counted(len(errors), 'error')}: {words}", hint=do("lint", mission.id))
    if not mission.milestones or not any(mission.features()):
        raise BlockedError(
            f"{mission.id} has no features", hint=advise("add milestones and features: ", do("edit", mission.id))
        )
    if not mission.limits.any_cap:
        hint = advise("name one, as a number or unlimited: ", do("set", mission.id, "budget.money_usd", "USD"))
        raise BlockedError(f"{mission.id} has no budget cap", hint=hint)
    _refuse_without_base(mission)
    heads = ctx.code.heads(mission.id, mission.base)
    if heads.in_the_way:
        words = f"the branch `{heads.in_the_way}` exists, so git cannot create `{work_branch(mission.id)}`"
        raise BlockedError(words, hint=f"rename it: {command_line('git', 'branch', '-m', heads.in_the_way)} NEW-NAME")
    if mission.base != poc_branch(mission.id) and heads.base is None:
        raise no_base(mission.base, heads, renamed=do("set", mission.id, "base", heads.renamed))
    for name in runners(mission, ctx.default_runner()):
        _refuse_runner(ctx, mission, name)
    if mission.status not in {MissionStatus.ACTIVE, MissionStatus.PAUSED} and (start := heads.work or heads.base):
        refuse_unreachable(ctx, mission, start)
    _refuse_criteria(mission)
    if is_elsewhere(mission.host, ctx.machine.me()) and mission.status is MissionStatus.ACTIVE:
        raise BlockedError(f"{mission.id} is run by {mission.host}", hint=do("takeover", mission.id))


def no_base(base: str, heads: Heads, *, renamed: Advice = NO_ADVICE) -> BlockedError:
    """Return the error for a base branch that does not exist; `renamed` helps if it has another name now."""
    if heads.unborn:
        hint = advise("it has no commit yet: ", command_line("git", "commit", "--allow-empty", "-m", "First commit"))
        return BlockedError(f"the base branch `{base}` does not exist", hint=hint)
    if heads.renamed:
        words = f"the base branch `{base}` does not exist: it was renamed to `{heads.renamed}`"
        return BlockedError(words, hint=renamed)
    hint = advise("create it: ", command_line("git", "branch", base))
    return BlockedError(f"the base branch `{base}` does not exist", hint=hint)


def _refuse_criteria(mission: Mission) -> None:
    """Raise BlockedError for the first criterion that this installation cannot judge."""
    for criterion in all_criteria(mission):
        words, _, helps = missing_package(criterion.kind).rpartition(": ")
        if words:
            raise BlockedError(f"the criterion `{criterion.text}` cannot run here: {words}", hint=helps)


def weak_points(ctx: Context, address: Address) -> tuple[Problem, ...]:
    """Return warnings for criteria that cannot fail or that hide a failure, and for features that no host can take."""
    milestones = address.mission.milestones
    criteria = [c for m in milestones for c in (*m.criteria, *(c for f in m.features for c in f.criteria))]
    weak = [problem for c in criteria for problem in weak_criterion(c, (c.line, 1))]
    return (*weak, *host_problems(ctx, address.loaded))


def on_base(address: Address, base: str) -> Address:
    """Return the mission with the base branch that a person named, if the file names none.

    Raises UsageError if the file names a different one.
    """
    mission = address.mission
    if not base or base == mission.base:
        return address
    if mission.base:
        hint = advise("change `base` in the file: ", do("edit", mission.id))
        raise UsageError(f"the file says that {mission.id} starts from `{mission.base}`", hint=hint)
    return replace(address, loaded=replace(address.loaded, mission=replace(mission, base=base)))


def why_refused(ctx: Context, address: Address) -> Hold | None:
    """Return the hold that keeps a mission from being started or resumed, or None."""
    try:
        refuse_start(ctx, address)
    except BlockedError as error:
        return Hold("", HoldKind.START, error.message, unblock=error.hint, person=True)
    return None


def _refuse_without_base(mission: Mission) -> None:
    """Raise BlockedError if no base branch is named."""
    if mission.is_homeless:
        hint = advise("in its repository: ", do("attach", mission.id))
        raise BlockedError(f"{mission.id} belongs to no repository yet", hint=hint)
    if not mission.base:
        name_it = advise("name it: ", do("start", mission.id, "--base", "main"))
        raise BlockedError(f"{mission.id} has no base branch", hint=name_it)


def _refuse_runner(ctx: Context, mission: Mission, name: str) -> None:
    runner = ctx.settings.runners.get(name)
    if runner is None:
        missing = unknown_runner(ctx, name)
        raise BlockedError(f"{mission.id}: {missing.words}", hint=missing.remedy)
    here = runner_obstacle(ctx, name, runner)
    obstacle = here and obstacle_for(ctx, mission, name, here)
    if obstacle:
        raise BlockedError(obstacle.words, hint=obstacle.remedy)


def restored(address: Address, wanted: Wanted) -> Wanted:
    """Return a change that starts or resumes a mission, which also takes it out of the archive."""
    if not address.mission.archived or not (wanted.changes or address.mission.status is MissionStatus.ACTIVE):
        return wanted
    return replace(wanted, changes=(*wanted.changes, SetFront(("archived",), "")))


def pause_at(ctx: Context, text: str) -> tuple[Change, ...]:
    """Return what lets a mission pause by itself at a time that a person wrote; nothing without one.

    Raises UsageError for a text that is not a time, or a time that has passed.
    """
    found = moment_ahead(ctx, text)
    return (SetFront(("pause_at",), as_scalar(found)),) if found else ()


def moment_ahead(ctx: Context, text: str) -> str:
    """Return a time that a person wrote, or how long from now, as a stamp; empty for an empty text.

    Raises UsageError for a text that is not a time, or a time that has passed.
    """
    if not text.strip():
        return ""
    now = ctx.clock.now().astimezone(ctx.clock.zone)
    at = read_moment(text, now) or read_moment(f"+{text}", now)
    if at is None or at <= now:
        raise UsageError(f"`{text.strip()}` is not a time in the future", hint=f"{FORMS}; or how long: 8h")
    return stamp(at)
