"""Ask the orchestrator's model a question, once, within its share of the budget; it never blocks other work."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import dollars
from mission_cli._support.text import parse_stamp, sha256_of, show_duration, span_of, stamp
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import Refusal, amount_of, reserve_for_attempt, reserved
from mission_cli.domain.ids import JUDGING, run_id
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.notice import NO_ADVICE, Advice
from mission_cli.domain.routing import orchestrator_route
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import Cause, HoldKind, RecordState
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.own_limits import Bound, within
from mission_cli.planner.judgments.limits import DEADLINE, MOST, is_given_up
from mission_cli.planner.mission.across import hold_of, lefts, outer_bounds
from mission_cli.planner.mission.money import stand
from mission_cli.planner.mission.workers import model_of, next_attempt, runner_of, why_none_starts, why_unusable

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from mission_cli.domain.budget.ledger import Account
    from mission_cli.domain.judgments.answers import Answer
    from mission_cli.domain.runs.usage import Reserve
    from mission_cli.planner.core.draft import Draft

_ALL_PCT = Decimal(100)
_LONGEST_FACTS = 30_000


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the orchestrator's model."""

    kind: JudgmentKind
    about: str
    """A feature (`1.2`), a milestone (`1`), or empty for the whole mission."""
    facts: str
    """What it is to know, quoted as data in its prompt."""
    subject: str
    """A hash of what is asked: the same question is asked once."""
    names: tuple[str, ...] = ()
    """The features that its answer may name."""
    paused: bool = False
    """Whether it is asked although the mission is paused, because that pause is what it is about."""


def subject_of(kind: JudgmentKind, about: str, *what: str) -> str:
    """Return a hash of what a question is about."""
    return sha256_of("\0".join((kind, about, *what)))[:20]


def judged(draft: Draft, question: Question) -> Answer | None:
    """Return the answer to a question; None if there is none yet, or none can be had.

    The first time a judgment is dispatched. If it cannot be, a hold says why, and nothing else waits for it.
    """
    asked = records_about(draft, question)
    answer = next(filter(None, map(answer_in, asked)), None)
    if answer is not None or any(record.open for record in asked) or is_given_up(asked):
        return answer  # the step that settles it holds for one that is open
    if not draft.mission.orchestrator.allows(question.kind) or _is_asked_now(draft, question):
        return None
    waits = _why_it_waits(draft, question)
    if waits is None:
        record = _record(draft, question)
        if isinstance(record, RunRecord):
            _start(draft, record)
            return None
        waits = _Waits(record)
    words = f"the orchestrator does not judge it ({question.kind}): {waits.words}"
    draft.hold(question.about, HoldKind.JUDGMENT, words, until=waits.until, unblock=waits.unblock)
    return None


def records_about(draft: Draft, question: Question) -> list[RunRecord]:
    """Return the judgments with the subject of a question, in the order in which they were asked."""
    return [record for record in draft.records_of(JUDGING) if record.subject == question.subject]


def answer_in(record: RunRecord) -> Answer | None:
    """Return the answer in a settled judgment; None if it has none that can be read."""
    kind = JudgmentKind.of(record.asks)
    if record.cause is not Cause.DONE or kind is None:
        return None
    from mission_cli.domain.judgments.answers import read_judgment  # pydantic: most pulses need none
    from mission_cli.domain.reviews.answer import UnreadableError

    try:
        return read_judgment(kind, record.last_words)
    except UnreadableError:
        return None


@dataclass(frozen=True, slots=True)
class _Waits:
    """Why a judgment is not asked for now."""

    words: str
    until: datetime | None = None
    unblock: Advice = NO_ADVICE


def _is_asked_now(draft: Draft, question: Question) -> bool:
    new = (move.record for move in draft.transitions if isinstance(move, Dispatch))
    return any(record.judging and record.subject == question.subject for record in new)


def _why_it_waits(draft: Draft, question: Question) -> _Waits | None:
    """Return why a judgment cannot start in this round, or None."""
    runner = orchestrator_route(draft.mission).runner
    parked = _parked_until(draft, runner)
    if parked is not None:
        return _Waits(f"{runner} is at its usage limit", parked)
    held = why_none_starts(draft, paused=question.paused)
    if held is not None:
        return _Waits(held[1], held[2])
    short = next((one for one in lefts(draft, runner) if one.left <= 0), None)
    if short is not None:
        wait = hold_of(question.about, short)
        return _Waits(wait.detail, wait.until, wait.unblock)
    return None


def _parked_until(draft: Draft, runner: str) -> datetime | None:
    """Return until when a provider accepts no further requests, as its last refusal said."""
    told = (r.reset_at for r in draft.observation.records if r.runner == runner and r.cause is Cause.RATE_LIMIT)
    until = max(filter(None, map(parse_stamp, told)), default=None)
    return until if until is not None and until > draft.observation.now else None


def _record(draft: Draft, question: Question) -> RunRecord | str:
    """Return the record of a judgment with its reserve, or why there can be none."""
    route, seen = orchestrator_route(draft.mission), draft.observation
    runner, number = runner_of(draft, route), next_attempt(draft, JUDGING)
    model = model_of(runner, route)
    commit = seen.work or seen.base
    if number > MOST:
        return f"{MOST} judgments are the most that one mission may ask for"
    if commit is None:
        return "no commit can be looked at yet"
    why_not = why_unusable(draft, runner, model)
    reserve = why_not or _reserve(draft, route.runner, min(runner.deadline, DEADLINE), runner.step_cost(model))
    if isinstance(reserve, str):
        return reserve
    return RunRecord(
        run=run_id(draft.mission.id, JUDGING, number),
        state=RecordState.INTENDED,
        runner=route.runner,
        model=model,
        host=seen.me,
        base=commit,
        head=commit,
        intended=stamp(seen.now),
        deadline_s=reserve.deadline_s,
        reserve=reserve,
        about=question.about,
        subject=question.subject,
        asks=str(question.kind),
        criteria=question.names,
        evidence=question.facts[:_LONGEST_FACTS],
    )


def _reserve(draft: Draft, runner: str, wall: timedelta, worst_step: Decimal | None) -> Reserve | str:
    """Return the reserve of one judgment: within all caps, and within the share of all judgments."""
    state, bounds = stand(draft), list[Bound]()
    for category in CATEGORIES:
        left, share = state.left(category), share_left(draft, state, category)
        if left is None or share is None:
            continue
        pct = f"{draft.mission.orchestrator.budget_pct.normalize():f}%"
        if share <= 0:
            return f"{pct} of the cap is the most for all judgments, and it is used up"
        whole = _share(draft, state, category)
        bounds.append(Bound("judgments", category, whole, min(left, share, max(share / 2, whole / 4))))
    state = replace(state, limits=replace(state.limits, per_feature_usd=None))
    bounds += outer_bounds(draft, runner)
    made = reserve_for_attempt(within(state, bounds), wall_limit=wall, worst_step=worst_step)
    return made.detail if isinstance(made, Refusal) else made


def share_left(draft: Draft, state: Account, category: str) -> Decimal | None:
    """Return what the next judgment may reserve of the share of all judgments; None without a cap."""
    if state.cap(category) is None:
        return None
    promised = [move.record for move in draft.transitions if isinstance(move, Dispatch) and move.record.judging]
    used = sum((_taken(r, category) for r in (*draft.records_of(JUDGING), *promised)), Decimal(0))
    return _share(draft, state, category) - used


def _share(draft: Draft, state: Account, category: str) -> Decimal:
    return (state.cap(category) or Decimal(0)) * draft.mission.orchestrator.budget_pct / _ALL_PCT


def _taken(record: RunRecord, category: str) -> Decimal:
    """Return the cost of a judgment, or its reserve while the cost is unknown."""
    amount = None if record.open else amount_of(record.usage, category)
    return reserved(record, category) if amount is None else amount


def _start(draft: Draft, record: RunRecord) -> None:
    money = f"{dollars(record.reserve.usd)} and " if record.reserve.usd else ""
    most = f"{money}{show_duration(span_of(record.deadline_s))} at most"
    of = f" of {record.about}" if record.about else ""
    draft.transitions.append(Dispatch(record, "", f"judgment {record.attempt}{of} ({record.asks}): {most}"))
