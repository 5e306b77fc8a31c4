"""The summary that `start` shows before it starts a mission: about a dozen lines."""

from __future__ import annotations

import shlex
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.shown import dollars, hours, quantity_of
from mission_cli._support.text import counted, show_duration
from mission_cli.app.pull_requests import proposed_at_start, pulls_words
from mission_cli.document.checking.inert import inert
from mission_cli.domain.branches.refs import run_branch, work_branch
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.hosts.look import usable
from mission_cli.domain.phases.table import landing_phase
from mission_cli.domain.problems import Severity
from mission_cli.domain.routing import runners
from mission_cli.domain.status import FeatureStatus, MissionStatus
from mission_cli.domain.timing.schedule import next_due
from mission_cli.engine.context import policy_of
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.release.routes import first_reserves
from mission_cli.surfaces.lines import line, said, wrap
from mission_cli.surfaces.views.text import forecast_words, menu_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.outlook import Outlook
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.lines import Line

_NONE = Decimal(0)
_NAME = 9
_INDENT = _NAME + 2
_LEAST_TEXT = 16


def consent_lines(ctx: Context, loaded: Loaded, ahead: Outlook, width: int) -> list[Line]:
    """Return one paragraph each for what a start means."""
    found: list[Line] = []
    for name, words in consent_facts(ctx, loaded, ahead):
        rows = wrap(said(words), max(_LEAST_TEXT, width - _INDENT) if width else 0)
        found += [line((f"{'' if at else name:>{_NAME}}  ", "dim"), row) for at, row in enumerate(rows)]
    return found


def consent_facts(ctx: Context, loaded: Loaded, ahead: Outlook) -> list[tuple[str, str]]:
    """Return names and texts of command, sandbox, branches, pushes, most it can cost, how to stop, and so on."""
    mission = loaded.mission
    runner, *further = (ctx.settings.runners[name] for name in runners(mission, ctx.default_runner()))
    workers = 1 if mission.poc else mission.preferences.max_parallel_workers or ctx.settings.max_parallel_workers
    caps = [
        quantity_of(category, cap)
        for category, cap in (
            ("usd", mission.limits.usd),
            ("hours", mission.limits.hours),
            ("tokens", mission.limits.tokens),
        )
        if cap is not None
    ]
    landing = "only when you run `mission land`"
    if mission.preferences.land == "auto":
        landing = f"automatically after each {'feature' if mission.poc else 'milestone'}"
    pauses = "" if mission.autonomous else ", pausing for a person after each milestone"
    proposes = proposed_at_start(ctx, loaded)
    if proposes is not Proposing.NONE:
        landing = "when the forge merges a pull request"
    elif (phase := landing_phase(mission.phases)) is not None:
        landing = f"in the phase `{phase.name}`"
    return [
        (
            "mission",
            f"{mission.title} ({mission.id}): {_size(mission)}{pauses}",
        ),
        (
            "runs",
            _each(ctx, _begun(mission), shlex.join(runner.command), workers)
            + "".join(f"; then {shlex.join(one.command)}" for one in further),
        ),
        ("sandbox", ctx.machine.sandbox().words),
        ("in", f"separate clones below {ctx.settings.trees or 'your state folder'}; your checkout is not touched"),
        *_hosts(ctx, mission),
        *([("copies", _copies(ctx))] if ctx.settings.tree.copy else []),
        ("branches", f"{work_branch(mission.id)} and one per attempt; {mission.base} moves {landing}"),
        *([("proposes", pulls_words(ctx, mission, proposes))] if proposes is not Proposing.NONE else []),
        ("pushes", _pushes(ctx, mission, proposes)),
        ("costs", f"at most {' and '.join(caps)}" if caps else "no limit: the file says unlimited"),
        *_likely(ahead),
        *([("estimated", _estimated(ahead))] if ahead.hours else []),
        ("until", _until(mission)),
        *([("again", _again(ctx, mission))] if mission.recurs else []),
        ("judged", _judged(mission)),
        *(("kept", words) for words in kept_words(loaded)),
        ("stop", f"mission pause {mission.id}, or everything at once: mission stop --all"),
        *(("note", f"{notice.text} → {notice.remedy}") for notice in ahead.notices),
    ]


def _hosts(ctx: Context, mission: Mission) -> Iterator[tuple[str, str]]:
    """Yield the hosts that get code and prompts of the mission."""
    found = usable(ctx.hosts.looks(), mission.preferences.hosts, poc=mission.poc)
    if found:
        each = ", ".join(f"{look.name} ({look.where or look.kind}, up to {look.workers})" for look in found)
        yield "hosts", f"attempts may also run on {each}; these get the code and the prompts"


def _size(mission: Mission) -> str:
    features = sum(1 for _ in mission.features())
    return f"{counted(len(mission.milestones), 'milestone')}, {counted(features, 'feature')}"


def _estimated(ahead: Outlook) -> str:
    rest = f", and {counted(ahead.unestimated, 'feature')} without an estimate" if ahead.unestimated else ""
    return f"{hours(ahead.hours)} of work{rest}"


def _likely(ahead: Outlook) -> Iterator[tuple[str, str]]:
    if ahead.forecast is not None:
        yield "forecast", forecast_words(ahead.forecast)
    if ahead.menu:
        yield "pays for", "; ".join(menu_words(ahead.menu))
    cost = ahead.cost
    if cost is not None and (ahead.forecast is None or ahead.forecast.usd is None):
        middle, high = dollars(cost.p50_usd), dollars(cost.p90_usd)
        basis = f"from {counted(cost.features, 'feature')} done here"
        yield "likely", f"about {middle}; nine of ten such missions cost at most {high} ({basis})"


def _begun(mission: Mission) -> Mission:
    """Return the mission as its next execution begins: every feature of a recurring mission is pending again."""
    if not (mission.recurs and mission.executions) or mission.status in {MissionStatus.ACTIVE, MissionStatus.PAUSED}:
        return mission
    stages = (replace(m, features=tuple(map(_once_more, m.features))) for m in mission.milestones)
    return replace(mission, milestones=tuple(stages))


def _once_more(feature: Feature) -> Feature:
    stays = feature.fixes or feature.status is FeatureStatus.SKIPPED
    return feature if stays else replace(feature, status=FeatureStatus.PENDING)


def _each(ctx: Context, mission: Mission, command: str, workers: int) -> str:
    """Return the command and the most that one attempt may use, as it would be reserved now."""
    if all(feature.finished for feature in mission.features()):
        return "no worker: every feature is done or skipped; all criteria are checked again"
    observation = Observation(now=ctx.clock.now(), me=ctx.machine.me(), free_slots=workers)
    reserves = first_reserves(mission, policy_of(ctx), observation)
    if not reserves:
        return f"{command}, once the budget is raised: nothing is left for an attempt"
    longest = max((r.deadline_s for r in reserves), default=0)
    words = [_range("usd", [r.cap_usd for r in reserves])] if mission.limits.usd is not None else []
    if mission.limits.tokens is not None:
        words.append(_range("tokens", [Decimal(r.cap_tokens) for r in reserves]))
    words.append(show_duration(timedelta(seconds=longest)))
    shared = mission.limits.any_cap and not mission.limits.per_feature_usd and len(reserves) > 1
    why = " (twice its share by estimate)" if shared and len(words) > 1 else ""
    return f"{command}, {workers} at a time, each for at most {' and '.join(words)}{why}"


def _range(category: str, caps: list[Decimal]) -> str:
    """Return the caps of all features as one amount, or as a range."""
    least, most = (quantity_of(category, end) for end in (min(caps, default=_NONE), max(caps, default=_NONE)))
    return most if least == most else f"{least} to {most}"


def _copies(ctx: Context) -> str:
    names = ctx.settings.tree.copy
    missing = ctx.machine.not_in_checkout(names)
    there = ", ".join(name for name in names if name not in missing) or "nothing"
    return f"{there} into each clone" + (f"; NOT in your checkout: {', '.join(missing)}" if missing else "")


def kept_words(loaded: Loaded) -> tuple[str, ...]:
    """Return one line for each part of the file that is not read as it was meant, or has no effect yet."""
    doubtful = [problem for problem in loaded.problems if problem.severity is Severity.WARNING]
    found = sorted([*doubtful, *inert(loaded)])
    return tuple(dict.fromkeys(f"line {problem.line}: {problem.message}" for problem in found))


def _until(mission: Mission) -> str:
    late = f"its deadline {mission.deadline} has passed, or " if mission.deadline else ""
    return f"it is done, or {late}the budget is at its threshold of {mission.limits.alert_pct}%"


def _again(ctx: Context, mission: Mission) -> str:
    due = next_due(mission.schedule, ctx.clock.now(), ctx.clock.zone)
    if due is None:
        return f"never: the schedule `{mission.schedule}` cannot be read"
    first = f"{due.astimezone(ctx.clock.zone):%a %Y-%m-%d %H:%M}, by `{mission.schedule}`"
    return (
        f"{first}{f' until {mission.end_date}' if mission.end_date else ''}; the caps are for all executions together"
    )


def _pushes(ctx: Context, mission: Mission, proposes: Proposing) -> str:
    if not ctx.share.remote and proposes is not Proposing.NONE:
        return f"judged work, to branches {run_branch(mission.id)}/… of {ctx.forge.remote or 'the forge'}"
    if not ctx.share.remote:
        return "nothing (mission init --remote NAME shares missions)"
    return f"the branches missions and {run_branch(mission.id)}/…, and refs/mission/…, to {ctx.share.remote}"


def _judged(mission: Mission) -> str:
    if mission.poc:
        return "by commits that name the feature they complete, and by the check of each milestone"
    return "by running the criteria on the merged work; a worker's own report does not count"
