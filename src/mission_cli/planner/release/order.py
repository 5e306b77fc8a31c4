"""The order of release: the first hold on a feature, and all of them for `mission why`.

mission → remote → row → milestone → quality gates → checkpoints → delays → waits → dependencies → resources →
budget → runner → tries → files → hours → slots
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars
from mission_cli._support.text import one_line, show_duration, span_of, stamp
from mission_cli.domain.budget.ledger import Refusal
from mission_cli.domain.forge.rows import RowStatus
from mission_cli.domain.ids import run_id
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import Cause, FeatureStatus, HoldKind, MissionStatus, RecordState
from mission_cli.domain.touch.score import as_expected
from mission_cli.planner.attempts.failover import carried
from mission_cli.planner.attempts.help_requests import going_on
from mission_cli.planner.core.effects import MoveWork
from mission_cli.planner.core.moves.features import Dispatch, MoveFeature
from mission_cli.planner.core.requests import Question, answer_to, ask, find_request
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.milestones.landing import lands_now
from mission_cli.planner.milestones.milestones import current_milestones
from mission_cli.planner.mission.workers import model_of, runner_of
from mission_cli.planner.placement.place import Nowhere, place_of
from mission_cli.planner.pulls.rows import row_of
from mission_cli.planner.release.holds import ORDER, is_foreign
from mission_cli.planner.release.routes import reserve_for, route_of, routed, usual_route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.planner.core.draft import Draft


START, SKIP = "start", "skip"
"""What a person may answer before a feature with side effects is started for the first time."""


def dispatch(draft: Draft) -> None:
    """Start every feature without a hold, in file order, while money and slots last.

    A round that settles an attempt starts nothing: its cost is recorded first, and the next round reads it. In a POC a
    feature starts from a base that contains the one before, so it starts after that is settled and has landed.
    """
    if draft.mission.status is not MissionStatus.ACTIVE or draft.settling or draft.takes_advice or lands_now(draft):
        return
    if draft.mission.poc and any(not record.by for record in draft.open_records()):
        return
    for milestone in current_milestones(draft.mission):
        for feature in milestone.features:
            held = {FeatureStatus.PENDING, FeatureStatus.FAILED, None}
            if feature.status in held or feature.broken or is_foreign(draft, feature):
                _consider(draft, milestone, feature)


def holds_of(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield everything that holds a feature, in the order of release."""
    for look in ORDER:
        yield from look(draft, milestone, feature)


def _consider(draft: Draft, milestone: Milestone, feature: Feature) -> None:
    hold = next(holds_of(draft, milestone, feature), None)
    if hold is not None and hold in draft.holds:
        return  # said before: what a purchase waits for
    if hold is not None:
        draft.hold(hold.subject, hold.kind, hold.detail, until=hold.until, unblock=hold.unblock, person=hold.person)
        return
    if _takes_the_base_along(draft, feature) or not _may_have_effects(draft, feature):
        return
    reserve = reserve_for(draft, feature)
    if isinstance(reserve, Refusal):
        return
    route, because = routed(draft, feature)
    place = place_of(draft, feature, route)
    if isinstance(place, Nowhere):
        return
    move_feature(FeatureStatus.PENDING, FeatureStatus.DISPATCHED)
    runner = runner_of(draft, route)
    attempt = 1 + max(
        [draft.observation.highest.get(feature.number, 0), *(r.attempt for r in draft.records_of(feature.number))]
    )
    run = run_id(draft.mission.id, feature.number, attempt)
    usual = usual_route(draft, feature)[0].runner
    begin = _start_of(draft, feature)
    base, starts = carried(draft, feature, begin)
    record = RunRecord(
        run=run,
        state=RecordState.INTENDED,
        runner=route.runner,
        model=model_of(runner, route),
        host=draft.observation.me,
        base=base or begin,
        starts=starts,
        intended=stamp(draft.observation.now),
        deadline_s=reserve.deadline_s,
        reserve=reserve,
        routed=because,
        expected=as_expected(draft.observation.touch.get(feature.number, ())),
        instead_of=usual if route.runner != usual else "",
        ran_on=place,
    )
    record = going_on(draft, feature, record)
    because = f"instead of {usual}: {because}" if record.instead_of else because
    money = f"{dollars(reserve.usd)} and " if reserve.usd else ""
    name = f"{feature.number} {feature.title}" + (f" on {place}" if place else "")
    promised = f"{money}{show_duration(span_of(record.deadline_s))} at most"
    draft.transitions.append(
        Dispatch(
            record,
            f"{record.runner} a{attempt}" + (f" on {place}" if place else ""),
            f"attempt {attempt} at {name}: {promised}{f'; {because}' if because else ''}",
        )
    )


def _may_have_effects(draft: Draft, feature: Feature) -> bool:
    """Whether a person allows the first attempt at a feature with side effects; if not, ask, or skip it as they say.

    A feature that was tried already was allowed then, or by an older version.
    """
    if not feature.side_effects or draft.records_of(feature.number):
        return True
    who = f"`{route_of(draft, feature).runner}`"
    runs = [c.from_top for c in feature.criteria if c.from_top]
    then = f"; its criteria run {', '.join(f'`{one_line(command, 80)}`' for command in runs[:3])}" if runs else ""
    prompt = f"{feature.number} {feature.title} has side effects that cannot be undone: start it on {who}?{then}"
    words = "it has side effects: a person allows its first attempt"
    request = find_request(draft.mission, feature.number, prompt)
    if request is None or request.open:
        request = request or ask(draft, Question(feature.number, prompt, (START, SKIP), words))
        help_by = answer_to(draft.mission, request)
        draft.hold(feature.number, HoldKind.REQUEST, words, unblock=help_by, person=True)
        return False
    if request.response.strip().casefold().split()[:1] == [START]:
        return True
    why = f"{feature.number} is skipped: request {request.number} was answered with {one_line(request.response, 100)}"
    draft.transitions.append(MoveFeature(feature.number, FeatureStatus.SKIPPED, why))
    return False


def _start_of(draft: Draft, feature: Feature) -> str:
    """Return the commit that an attempt starts from: finished work, or what its open pull request has.

    What conflicts with finished work is made again on top of it.
    """
    row, work = row_of(draft.mission, feature.number), draft.observation.work or ""
    look = draft.observation.pulls.get(feature.number)
    records = [r for r in draft.records_of(feature.number) if r.cause is not None]
    conflicts = look is not None and look.update is not None and look.update.commit is None
    if (
        row is None
        or row.status is not RowStatus.OPEN
        or conflicts
        or (records and records[-1].cause is Cause.CONFLICT)
    ):
        return work
    return row.head


def _takes_the_base_along(draft: Draft, feature: Feature) -> bool:
    """Merge new commits of the base into `work` before a failed feature is tried again; True if such a merge is due.

    A conflict does not hold the feature: the next milestone or the landing reports it.
    """
    merge, work = draft.observation.base_merge, draft.observation.work
    failed = any(r.cause not in {None, Cause.DONE} for r in draft.records_of(feature.number))
    if not failed or work is None or merge is None or merge.commit is None:
        return False
    if not any(isinstance(act, MoveWork) for act in draft.effects):
        why = f"{draft.mission.base} is merged in before {feature.number} is tried again"
        draft.effects.append(MoveWork(merge.commit, work, why))
    return True
