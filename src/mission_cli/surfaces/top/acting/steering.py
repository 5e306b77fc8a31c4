"""The keys that start, pause, continue and end missions, and steer the work on features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.domain.asking.options import Option
from mission_cli.domain.errors import UsageError
from mission_cli.domain.status import STARTED_MISSION, FeatureStatus, MissionStatus
from mission_cli.surfaces.lines import BLANK, paragraph
from mission_cli.surfaces.top.acting.action import Action, Question, failures, finished

if TYPE_CHECKING:
    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.acting.action import Said, Words
    from mission_cli.surfaces.top.repositories import Acting
    from mission_cli.surfaces.top.target import Target

_LATER, _NOW = "later", "now"
_OVER = frozenset({FeatureStatus.DONE, FeatureStatus.SKIPPED})
_BEGUN = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})
_PHASE = "--phase"


def of_missions() -> tuple[Action, ...]:
    """Return the keys for a mission."""
    return (
        Action(
            *("S", "start", "Start a mission, after showing what it will do.", "start", _can_start),
            act=_start,
            ask=_ask_start,
        ),
        Action(
            *("p", "pause", "Pause a mission: start nothing new.", "pause"),
            fits=lambda target: target.status == MissionStatus.ACTIVE,
            act=_pause,
            ask=_ask_pause,
            at_any_rate=True,
        ),
        Action(
            *("u", "resume", "Continue a mission that is paused, or that stopped itself.", "resume", _can_resume),
            act=_resume,
            ask=lambda _, target: Question(f"Continue {target.mission}", text="reason"),
        ),
        Action(
            *("C", "cancel", "End a mission; the work is kept.", "cancel"),
            fits=lambda target: target.status in STARTED_MISSION,
            act=_cancel,
            ask=lambda _, target: Question(f"End {target.mission}", text="reason"),
            before=_before_cancel,
            at_any_rate=True,
        ),
    )


def of_features() -> tuple[Action, ...]:
    """Return the keys for a feature."""
    return (
        Action(
            *("t", "retry", "Retry a feature with a fresh set of attempts, or retry a phase.", "retry", _can_retry),
            act=_retry,
            ask=lambda _, target: Question(f"Try {_subject(target)} again", text="reason"),
            before=_before_retry,
        ),
        Action(
            *("s", "skip", "Continue without a feature; the reason is recorded.", "skip"),
            fits=lambda target: bool(target.feature) and target.state not in _OVER,
            act=_skip,
            ask=lambda _, target: Question(f"Continue without {target.address}", text="reason", needed=True),
            before=_before_skip,
        ),
        Action(
            *("m", "tell", "Tell the worker of a feature something.", "tell"),
            fits=lambda target: bool(target.feature) and target.state not in _OVER,
            act=_tell,
            ask=lambda _, target: Question(f"Tell the worker of {target.address}", text="message", needed=True),
        ),
    )


def of_repositories() -> tuple[Action, ...]:
    """Return the keys for everything in a repository."""
    return (
        Action(
            *("X", "stop all", "Stop everything in the repository: nothing new starts.", "stop"),
            fits=lambda target: not target.stopped,
            act=lambda _, target, __: [target.repository.stop()],
            ask=_ask_stop,
            at_any_rate=True,
        ),
        Action(
            *("U", "lift STOP", "Let everything in the repository continue.", "resume"),
            fits=lambda target: target.stopped,
            act=_lift,
            ask=lambda _, target: Question(f"Lift STOP in {target.repository.name}?", yes=True),
            at_any_rate=True,
        ),
    )


def _subject(target: Target) -> str:
    return target.address if target.feature else f"the current phase of {target.mission}"


def _is_of_phase(target: Target) -> bool:
    return not target.feature and any(_PHASE in one.args for one in target.remedies("retry"))


# Missions


def _can_start(target: Target) -> bool:
    return bool(target.status) and target.status not in {MissionStatus.ACTIVE, MissionStatus.PAUSED}


def _ask_start(acting: Acting, target: Target) -> Question:
    from mission_cli.app.commands.start_checks import on_base, refuse_start, weak_points
    from mission_cli.app.queries.outlook import outlook
    from mission_cli.surfaces.views.consent import consent_lines

    ctx = acting.context
    address = resolve(ctx.state.snapshot(), target.mission)
    if not address.mission.base:
        address = on_base(address, acting.default_base())
    refuse_start(ctx, address)
    weak, ahead = weak_points(ctx, address), outlook(ctx, address.mission)

    def shown(width: int) -> list[Line]:
        notes = [row for problem in weak for row in paragraph(problem.at(address.stored.path), width, "yellow")]
        return [*consent_lines(ctx, address.loaded, ahead, width), *([BLANK, *notes] if notes else [])]

    return Question("Start?", shown, yes=True)


def _start(acting: Acting, target: Target, _: Said) -> Words:
    from mission_cli.app.commands.lifecycle import start

    mission = resolve(acting.context.state.snapshot(), target.mission).mission
    base = "" if mission.base else acting.default_base()
    return finished(acting, start(acting.context, target.mission, base=base))


def _ask_pause(_: Acting, target: Target) -> Question:
    ways = (Option(_LATER, "running workers finish what they do"), Option(_NOW, "they are stopped; their work is kept"))
    return Question(f"Pause {target.mission}: start nothing new", text="reason", options=ways)


def _pause(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import pause

    done = pause(acting.context, target.mission, reason=said.text, now=said.option == _NOW)
    return finished(acting, done, only=True)


def _can_resume(target: Target) -> bool:
    return target.status == MissionStatus.PAUSED or any("--all" not in r.args for r in target.remedies("resume"))


def _resume(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import resume

    return finished(acting, resume(acting.context, target.mission, reason=said.text))


def _before_cancel(ctx: Context, target: Target, _: Said) -> Consequence | None:
    from mission_cli.app.queries.before.consequences import of_cancel

    return of_cancel(ctx.state, ctx.executor.running(), target.mission)


def _cancel(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import cancel

    return finished(acting, cancel(acting.context, target.mission, reason=said.text), only=True)


# Features


def _can_retry(target: Target) -> bool:
    tried = target.attempts or target.state in {FeatureStatus.FAILED, *_OVER}
    return _is_of_phase(target) or (bool(target.feature) and bool(tried) and target.state not in _BEGUN)


def _before_retry(ctx: Context, target: Target, _: Said) -> Consequence | None:
    from mission_cli.app.queries.before.consequences import of_retry

    return of_retry(ctx, target.address) if target.feature else None


def _retry(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import retry
    from mission_cli.app.commands.phases.moves import retry_phase

    if not target.feature:
        return finished(acting, retry_phase(acting.context, target.mission, reason=said.text))
    return finished(acting, retry(acting.context, target.address, reason=said.text))


def _before_skip(ctx: Context, target: Target, _: Said) -> Consequence | None:
    from mission_cli.app.queries.before.consequences import of_skip

    return of_skip(ctx, target.address)


def _skip(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import skip

    return finished(acting, skip(acting.context, target.address, reason=said.text))


def _tell(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.steer.tell import tell

    return finished(acting, tell(acting.context, target.address, said.text))


# Repositories


def _ask_stop(acting: Acting, target: Target) -> Question:
    from mission_cli.app.queries.before.consequences import of_stop

    ctx = acting.context
    meant = of_stop(ctx.state, ctx.executor.running())
    words = meant.text if meant is not None else f"everything in {target.repository.name} stops"
    return Question("Stop?", lambda width: paragraph(f"{words}.", width), yes=True)


def _lift(acting: Acting, target: Target, _: Said) -> Words:
    from mission_cli.engine.loop import pulse

    if not target.repository.lift():
        raise UsageError("STOP was not set")
    report = pulse(acting.context) if not acting.problems else None
    return ["STOP is lifted", *failures(report)]
