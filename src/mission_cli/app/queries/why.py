"""Why a mission or a feature does not advance: the one reason to look at first, and everything else behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted
from mission_cli.app.commands.start_checks import why_refused
from mission_cli.app.commands.steer.sync import news_of_base
from mission_cli.app.deploys.views import deployments_of, words_of
from mission_cli.app.keeping import kept
from mission_cli.app.queries.needs.behind import features_behind
from mission_cli.app.queries.status import expected_of, flaky_of, until_deadline
from mission_cli.app.queries.troubles import unserved
from mission_cli.app.results.reasons import Choice, EndedAttempt, Held, Reason, Signal, Why
from mission_cli.domain.forecast.patterns import uses_patterns
from mission_cli.domain.forecast.vendors import moves_of
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import NO_ADVICE, do
from mission_cli.domain.status import Cause, HoldKind, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.guards.health import unscheduled
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.recording.signals import data_of
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.preview.follow import shown_at
from mission_cli.planner.release.order import holds_of
from mission_cli.planner.release.routes import routed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import Snapshot

_OF_RUNS = frozenset(
    {
        HoldKind.PULL,
        HoldKind.FORGE,
        HoldKind.RUNNING,
        HoldKind.REVIEW,
        HoldKind.EVIDENCE,
        HoldKind.LOST,
        HoldKind.EXECUTOR,
        HoldKind.REQUEST,
        HoldKind.CHECK,
        HoldKind.BY_HAND,
    }
)
_BESIDE = frozenset({HoldKind.HOOK, HoldKind.MAIL, HoldKind.JUDGMENT})
"""What the order of release does not know: it holds a step that is decided, or what a feature has to send."""
_OTHERS = frozenset({HoldKind.MILESTONE, HoldKind.DEPENDENCY, HoldKind.MISSION, HoldKind.SLOT})
"""What only says that something else comes first."""
_AT_WORK = frozenset({HoldKind.RUNNING, HoldKind.REVIEW, HoldKind.VALIDATING, HoldKind.FINAL})
"""Not an obstacle: the work goes on."""
_BROKEN = frozenset({HoldKind.ERROR, HoldKind.BUG, HoldKind.FILE, HoldKind.START})
_AFTER_FAILURE = frozenset({HoldKind.BACKOFF, HoldKind.ATTEMPTS, HoldKind.FAILED, HoldKind.BREAKER, HoldKind.PARKED})
_ELSEWHERE = frozenset({HoldKind.HOST, HoldKind.ERROR, HoldKind.LANDING, HoldKind.RECOVERY})
"""Holds for which it does not matter how many features are unfinished."""
_MOST_MOVES = 3
_GATES = frozenset({HoldKind.CHECKPOINT, HoldKind.APPROVAL, HoldKind.QUALITY, HoldKind.GATE})


def explain(ctx: Context, snapshot: Snapshot, address: Address) -> Why:
    """Return why a mission, milestone or feature does not advance. Raises NotFoundError for one that does not exist."""
    return kept(ctx, snapshot, address, "why", lambda case: _explained(ctx, snapshot, address, case))


def _explained(ctx: Context, snapshot: Snapshot, address: Address, case: Case) -> Why:
    if address.feature is not None:
        address.need_feature()
    elif address.milestone is not None:
        address.need_milestone()
    answers = _all_holds(ctx, case, address)
    found = list(_reasons(case, answers))
    lead = min(found, key=_rank, default=None)
    narrow = address.feature is not None or address.milestone is not None
    if lead is not None and narrow and _follows(lead):
        everything = _all_holds(ctx, case, replace(address, feature=None, milestone=None))
        root = min(_reasons(case, everything), key=_rank, default=None)
        found += [root] if root is not None and root.subject != lead.subject else []
    return Why(
        id=case.mission.id,
        why=tuple(Held(subject, holds) for subject, holds in answers),
        reason=_with_sync(ctx, case, lead),
        also=tuple(one for one in found if one is not lead),
        attempts=_ended(case, address.feature) if address.feature is not None else (),
        finished=tuple(_finished(case.mission, address)),
        pulse=tuple(unscheduled(ctx, case)),
        flaky=flaky_of(case.mission),
        forecast=_too_late(ctx, snapshot, case),
        signals=tuple(_signals(ctx, address, {subject for subject, _ in answers})),
        routes=tuple(_routes(ctx, case, address)),
        preview=shown_at(case.mission) if not narrow else "",
        deployments=tuple(words_of(one) for one in deployments_of(case.mission)) if not narrow else (),
    )


def _too_late(ctx: Context, snapshot: Snapshot, case: Case) -> Forecast | None:
    found = expected_of(ctx, snapshot, case) if until_deadline(case) is not None else None
    return found if found is not None and found.misses_by is not None else None


def _routes(ctx: Context, case: Case, address: Address) -> Iterable[str]:
    """Yield why a feature gets another tier than usual."""
    feature = case.mission.feature(address.feature) if address.feature is not None else None
    if feature is None:
        return
    moves = [m for m in moves_of(case.observation.records, case.observation.zone) if m[0].feature == feature.number]
    yield from (words for _, words in moves[-_MOST_MOVES:])
    if not uses_patterns(case.mission):
        return
    tried = [
        record
        for record in case.observation.records
        if record.feature == feature.number and record.routed and not record.instead_of
    ]
    yield from (f"attempt {record.attempt} at {feature.number}: {record.routed}" for record in tried[-1:])
    because = routed(Draft(case.mission, case.observation, policy_of(ctx)), feature)[1]
    if because and not feature.finished and not any(record.open for record in tried):
        yield f"the next attempt at {feature.number}: {because}"


def _signals(ctx: Context, address: Address, subjects: set[str]) -> Iterable[Signal]:
    waits = [wait for wait in address.mission.waits if wait.feature in subjects]
    data = data_of(ctx, address.stored, waits)
    return (Signal(w.feature, w.waiting_for, data[w.data]) for w in waits if w.data in data)


def why(ctx: Context, snapshot: Snapshot, address: Address) -> list[tuple[str, list[Hold]]]:
    """Return for the mission and each unfinished feature all its holds, in the order in which they are checked."""
    return _all_holds(ctx, _considered(ctx, snapshot, address), address)


def _considered(ctx: Context, snapshot: Snapshot, address: Address) -> Case:
    return consider(ctx, policy_of(ctx), snapshot, address.stored, address.loaded, look_only=True)


def _all_holds(ctx: Context, case: Case, address: Address) -> list[tuple[str, list[Hold]]]:
    policy = policy_of(ctx)
    found: list[tuple[str, list[Hold]]] = []
    ours = unserved(ctx, address.stored, address.loaded)
    general = [*ours, *(h for h in case.plan.holds if "." not in h.subject)]
    served = case.mission.managed and case.mission.status is MissionStatus.ACTIVE
    asleep = not served and not address.loaded.refused
    refused = why_refused(ctx, address) if asleep else None
    general = _possible(general, refused, case.mission.id)
    if refused is not None:
        general.insert(len(ours), refused)
    if is_elsewhere(case.mission.host, ctx.machine.me()):
        return [("", general)]
    if address.feature is None and general:
        found.append(("", general))
    for milestone in case.mission.milestones:
        if address.milestone is not None and milestone.number != address.milestone:
            continue
        for feature in milestone.features:
            if feature.finished or (address.feature is not None and feature.number != address.feature):
                continue
            mine = [h for h in case.plan.holds if h.subject == feature.number and h.kind in _OF_RUNS]
            draft = Draft(case.mission, case.observation, policy, running=case.plan.running)
            draft.holds += [h for h in case.plan.holds if h.kind is HoldKind.PURCHASE]  # they say more than the file
            beside = [h for h in case.plan.holds if h.subject == feature.number and h.kind in _BESIDE]
            own = [] if address.loaded.refused else mine or [*holds_of(draft, milestone, feature), *beside]
            holds = _possible([*ours, *own], refused, case.mission.id)
            found.append((feature.number, holds))
    return found


def _possible(holds: Sequence[Hold], refused: Hold | None, mission: str) -> list[Hold]:
    """Return the holds without the advice to `start` or `resume`, if that would be refused."""
    waking = {do("start", mission), do("resume", mission)} if refused is not None else set()
    return [replace(hold, unblock=NO_ADVICE) if hold.unblock in waking else hold for hold in holds]


def _reasons(case: Case, answers: Iterable[tuple[str, Sequence[Hold]]]) -> Iterable[Reason]:
    """Yield the reasons that do not only point to another one, each once; if there are only such, the first."""
    answers = list(answers)
    general = [hold for subject, holds in answers if not subject for hold in holds]
    firsts = [(subject, next(iter(holds), None)) for subject, holds in answers if subject]
    own = [(s, h) for s, h in firsts if h is None or not _follows(h)]
    if general:
        own = [(s, h) for s, h in own if h is not None and h.kind is not HoldKind.MISSION]
    found = [*((hold.subject, hold) for hold in general), *own] or firsts[:1]
    seen: set[object] = set()
    for subject, hold in found:
        if _same(subject, hold) not in seen:
            seen.add(_same(subject, hold))
            yield _reason(case, answers, subject, hold)


def _follows(held: Hold | Reason) -> bool:
    """Whether it only says that something else comes first."""
    return (held.kind in _OTHERS or held.kind in _GATES) and not held.person


def _same(subject: str, hold: Hold | None) -> object:
    """Return what a reason is recognized by: a gate, or what is broken, holds many features in the same way."""
    if hold is not None and hold.kind in _GATES:
        return hold.unblock
    return (hold.kind, hold.detail) if hold is not None and hold.kind in _BROKEN else (subject, hold)


def _reason(case: Case, answers: Iterable[tuple[str, Sequence[Hold]]], subject: str, hold: Hold | None) -> Reason:
    feature = next((f for f in case.mission.features() if f.number == subject), None)
    about = _held_by(hold, answers) if hold and hold.kind in _GATES else {subject}
    ended = _ended(case, subject) if feature is not None and hold and hold.kind in _AFTER_FAILURE else []
    return Reason(
        subject=subject,
        title=feature.title if feature else "",
        kind=hold.kind if hold else None,
        detail=hold.detail if hold else "nothing holds it: the next pulse continues it",
        until=hold.until if hold else None,
        person=hold.person if hold else False,
        waiting=0 if hold and hold.kind in _ELSEWHERE else len(features_behind(case.mission, about)),
        failed=ended[-1] if ended else None,
        choices=tuple(_choices(case.mission, subject, hold)),
    )


def _rank(reason: Reason) -> int:
    if reason.kind in _BROKEN:
        return 0
    if reason.person:
        return 1
    if reason.kind is HoldKind.JUDGMENT:
        return 5
    return 3 if reason.kind in _AT_WORK else 4 if reason.kind in _OTHERS else 2


def _choices(mission: Mission, subject: str, hold: Hold | None) -> Iterable[Choice]:
    """Yield what a person can do, the most useful first."""
    name = f"{mission.id}/{subject}"
    if hold is None:
        return
    if hold.kind in _AFTER_FAILURE and subject:
        yield Choice(do("logs", name), "the whole output")
        if hold.kind not in {HoldKind.BREAKER, HoldKind.PARKED}:
            yield Choice(do("retry", name), "try again now")
        yield Choice(do("open", name), "work on it yourself")
        yield Choice(do("skip", name, "--reason", "TEXT"), "do without it")
        return
    if hold.unblock:
        yield Choice(hold.unblock, "")
    for remedy in hold.unblock.remedies if hold.kind in _GATES else ():
        if remedy.command == "approve":
            yield Choice(do("reject", *remedy.args[:2]), "")


def _with_sync(ctx: Context, case: Case, lead: Reason | None) -> Reason | None:
    """Return the reason; after a failure with the commits of the base that the work lacks as one more choice."""
    if lead is None or lead.kind not in _AFTER_FAILURE:
        return lead
    mission = case.mission
    missing = news_of_base(ctx, ctx.code.heads(mission.id, mission.base))
    if not missing:
        return lead
    what = f"take {counted(len(missing), 'newer commit')} of {mission.base} into the work"
    return replace(lead, choices=(*lead.choices[:1], Choice(do("sync", mission.id), what), *lead.choices[1:]))


def _ended(case: Case, subject: str) -> list[EndedAttempt]:
    """Return how the attempts at a feature ended, in order; the last one with its output, if it failed."""
    records = [r for r in case.observation.records if r.feature == subject and r.cause is not None]
    records.sort(key=lambda r: r.attempt)
    said = records[-1].output if records and records[-1].cause is not Cause.DONE else ()
    return [
        EndedAttempt(r.attempt, str(r.cause), r.detail, said if r is records[-1] else (), r.ran_on) for r in records
    ]


def _held_by(gate: Hold, answers: Iterable[tuple[str, Sequence[Hold]]]) -> set[str]:
    """Return the features that a gate holds."""
    return {subject for subject, holds in answers if subject and any(h.unblock == gate.unblock for h in holds)}


def _finished(mission: Mission, address: Address) -> Iterable[str]:
    """Yield what is finished of what was asked about, in words."""
    if address.feature is not None:
        feature = address.need_feature()
        if feature.finished:
            yield f"{feature.number} is {feature.status}"
    elif address.milestone is not None:
        milestone = address.need_milestone()
        if milestone.finished:
            yield f"milestone {milestone.number} {'is ' if milestone.status == 'skipped' else ''}{milestone.status}"
    elif mission.status is MissionStatus.COMPLETED:
        yield f"{mission.id} is completed"
