"""The reviews of one change: which are given, running or next, and when a person judges instead."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.shown import dollars
from mission_cli._support.text import counted, show_duration, span_of, stamp
from mission_cli.domain.budget.ledger import Refusal, amount_of, reserve_for_attempt, reserved
from mission_cli.domain.ids import REVIEWING, feature_number, run_id
from mission_cli.domain.noted import times_resumed
from mission_cli.domain.reviews.rules import REVIEWED_KINDS, family_of
from mission_cli.domain.reviews.weigh import Review, weigh
from mission_cli.domain.routing import reviewer_routes
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import Cause, RecordState
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.own_limits import within
from mission_cli.planner.mission.across import AGAIN, hold_of, lefts, outer_bounds
from mission_cli.planner.mission.money import stand
from mission_cli.planner.mission.workers import model_of, next_attempt, runner_of, why_none_starts, why_unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.routing import Route
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.policy import RunnerPolicy

_SPARE = 2
"""How many inconclusive reviews of a change are replaced; after one more, a person judges."""
_TRIES_OF_ONE = 2
"""How many failed reviews of a change end the requests to one reviewer."""
_DEADLINE = timedelta(minutes=30)
_LEAST = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Change:
    """What reviewers look at."""

    owner: str
    """A feature (`1.2`) or a milestone (`1`)."""
    name: str
    """Distinguishes this change from others of the same owner: an attempt, or a tree in one validation round."""
    since: Sha
    """The commit before the change."""
    made_by: tuple[RunRecord, ...]
    """The attempts that made it. Reviewers of other model families are preferred."""

    @property
    def is_feature(self) -> bool:
        """Whether it is the change of one feature."""
        return feature_number(self.owner) is not None


@dataclass(slots=True)
class Reviews:
    """The reviews of one change."""

    owner: str
    given: list[Review] = field(default_factory=list)
    running: list[RunRecord] = field(default_factory=list)
    next: list[RunRecord] = field(default_factory=list)
    """Reviews to start when slots are free."""
    unreadable: list[str] = field(default_factory=list)
    """Why earlier reviews of this change do not count."""
    given_up: str = ""
    """Why a person judges instead; empty while reviewers do."""
    wanted: int = 1

    @property
    def complete(self) -> bool:
        """Whether enough reviews have been given."""
        return len(self.given) >= self.wanted


def milestone_change(draft: Draft, milestone: Milestone, turn: str) -> Change | None:
    """Return everything since the start of a milestone as one change; None if the start commit is missing."""
    start = draft.observation.start_trees.get(milestone.started_at)
    if start is None:
        return None
    made_by = [r for r in draft.observation.records if r.milestone == milestone.number and r.cause is Cause.DONE]
    name = f"{draft.observation.work_tree} {turn}"
    return Change(str(milestone.number), name, start[0], tuple(r for r in made_by if not r.answering))


def is_reviewed(mission: Mission, criterion: Criterion) -> bool:
    """Whether reviewers judge a criterion in this mission."""
    return criterion.kind in REVIEWED_KINDS and bool(mission.reviews.reviewers) and not criterion.wrong


def reviewed_criteria(mission: Mission, owner: str) -> tuple[Criterion, ...]:
    """Return the criteria of a feature or milestone that reviewers judge, in the order of their ids."""
    feature = next((f for f in mission.features() if f.number == owner), None)
    milestone = next((m for m in mission.milestones if str(m.number) == owner), None)
    own = feature.criteria if feature else milestone.criteria if milestone else ()
    if milestone is not None and mission.poc and not own:
        own = tuple(c for f in milestone.features for c in f.criteria)
    return tuple(c for c in own if is_reviewed(mission, c))


def subject_of(mission: Mission, change: Change, criteria: Sequence[Criterion]) -> str:
    """Return a hash of the change and of everything that reviewers judge it by."""
    rules = mission.reviews
    parts = [change.owner, change.name, str(times_resumed(mission)), str(mission.executions), str(rules.threshold)]
    parts += [f"{criterion.text} {criterion.bound}" for criterion in criteria]
    parts += [f"{d.name} {d.weight} {d.rubric}" for d in rules.dimensions]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]


def reviews_of(draft: Draft, change: Change, criteria: Sequence[Criterion], commit: Sha, evidence: str) -> Reviews:
    """Return the reviews of a change by these criteria, with the records of the reviews that are still needed."""
    mission, rules = draft.mission, draft.mission.reviews
    subject = subject_of(mission, change, criteria)
    found = Reviews(change.owner, wanted=rules.per_feature if change.is_feature else rules.per_milestone)
    for record in draft.records_of(REVIEWING):
        if record.subject != subject:
            continue
        if record.open:
            found.running.append(record)
        elif review := _given(mission, record, criteria):
            found.given.append(review)
        else:
            found.unreadable.append(f"{record.runner}: {record.detail or record.cause}")
    missing = found.wanted - len(found.given) - len(found.running)
    if missing <= 0:
        return found
    if len(found.unreadable) > _SPARE:
        found.given_up = f"{counted(len(found.unreadable), 'review')} could not be used ({found.unreadable[-1]})"
        return found
    before = tuple(r for r in draft.records_of(REVIEWING) if r.subject == subject)
    _add_next(draft, _Needed(change, subject, commit, evidence, tuple(map(_asked, criteria)), before), found, missing)
    return found


def score_of(draft: Draft, owner: str) -> Decimal | None:
    """Return the score of an owner's last reviewed change: the mean over its criteria, or None without reviews."""
    mission, criteria = draft.mission, reviewed_criteria(draft.mission, owner)
    settled = [r for r in draft.records_of(REVIEWING) if r.about == owner and r.cause is Cause.DONE]
    given = [_given(mission, r, criteria) for r in settled if r.subject == settled[-1].subject]
    reviews = [review for review in given if review is not None]
    if not (criteria and reviews):
        return None
    scores = [weigh(reviews, f"c{n}", mission.reviews.dimensions).total for n in range(1, len(criteria) + 1)]
    return sum(scores, Decimal(0)) / len(scores)


def start_reviews(draft: Draft, reviews: Reviews) -> None:
    """Start the next reviews while slots are free, and hold the owner if one has to wait."""
    owner = reviews.owner
    for record in reviews.next:
        held = why_none_starts(draft)
        if held is not None:
            kind, words, until = held
            draft.hold(owner, kind, f"a review waits: {words}", until=until)
            break
        short = next(
            (x for x in lefts(draft, record.runner) if x.left < max(_LEAST, reserved(record, x.category))), None
        )
        if short is not None:
            wait = hold_of(owner, short)
            draft.hold(owner, wait.kind, f"a review waits: {wait.detail}", until=wait.until, unblock=wait.unblock)
            draft.wakes.append(draft.observation.now + AGAIN)
            break
        money = f"{dollars(record.reserve.usd)} and " if record.reserve.usd else ""
        most = f"{money}{show_duration(span_of(record.deadline_s))} at most"
        why = f"review {record.attempt} of {owner} by {reviewer(record)}: {most}"
        draft.transitions.append(Dispatch(record, "", why))


def reviewer(record: RunRecord) -> str:
    """Return runner and model of a review, such as `NAME:opus`."""
    return _name(record.runner, record.model)


def _name(runner: str, model: str) -> str:
    return f"{runner}:{model}" if model else runner


def _given(mission: Mission, record: RunRecord, criteria: Sequence[Criterion]) -> Review | None:
    """Return the review in a settled record; None if its answer does not count."""
    if record.cause is not Cause.DONE:
        return None
    from mission_cli.domain.reviews.answer import UnreadableError, read_answer  # pydantic: most pulses need none

    names = tuple(d.name for d in mission.reviews.dimensions)
    try:
        answer = read_answer(record.last_words, len(criteria), names)
    except UnreadableError:
        return None
    return Review(answer, reviewer(record), family_of(record.runner, record.model))


def _asked(criterion: Criterion) -> str:
    """Return a criterion as reviewers read it."""
    if criterion.kind in REVIEWED_KINDS:
        return criterion.text
    return f"{criterion.text} (an estimate from before the work, and it fails: is what it stands for there?)"


@dataclass(frozen=True, slots=True)
class _Needed:
    """What the missing reviews of a change are about, and the earlier reviews."""

    change: Change
    subject: str
    commit: Sha
    evidence: str
    criteria: tuple[str, ...]
    before: tuple[RunRecord, ...]
    """Every review of the same subject so far."""


def _add_next(draft: Draft, needed: _Needed, found: Reviews, missing: int) -> None:
    """Add the records of the missing reviews, or set why there can be none."""
    number = next_attempt(draft, REVIEWING) - 1
    for _ in range(missing):
        choice = _choose(draft, needed, found)
        reserve = choice if isinstance(choice, str) else _reserve(draft, needed, found, *choice)
        if isinstance(choice, str) or isinstance(reserve, Refusal | str):
            why = reserve.detail if isinstance(reserve, Refusal) else str(reserve)
            found.given_up = "" if found.running or found.next else f"no reviewer can be used: {why}"
            return
        route, runner = choice
        number += 1
        found.next.append(
            RunRecord(
                run=run_id(draft.mission.id, REVIEWING, number),
                state=RecordState.INTENDED,
                runner=route.runner,
                model=model_of(runner, route),
                host=draft.observation.me,
                base=needed.change.since,
                head=needed.commit,
                intended=stamp(draft.observation.now),
                deadline_s=reserve.deadline_s,
                reserve=reserve,
                about=needed.change.owner,
                subject=needed.subject,
                criteria=needed.criteria,
                evidence=needed.evidence,
            )
        )


def _choose(draft: Draft, needed: _Needed, found: Reviews) -> tuple[Route, RunnerPolicy] | str:
    """Return the next reviewer or why there is none: asked least often, then of another family than the workers'."""
    asked = [reviewer(record) for record in (*needed.before, *found.next)]
    failed = [reviewer(record) for record in needed.before if not record.open and record.cause is not Cause.DONE]
    workers = {family_of(record.runner, record.model) for record in needed.change.made_by}
    usable: list[tuple[tuple[int, bool, int], Route, RunnerPolicy]] = []
    why = "none is configured"
    for place, route in enumerate(reviewer_routes(draft.mission)):
        runner = runner_of(draft, route)
        model = model_of(runner, route)
        name = _name(route.runner, model)
        why_not = why_unusable(draft, runner, model)
        if why_not or failed.count(name) >= _TRIES_OF_ONE:
            why = why_not or f"{name} gave no answer that can be read"
            continue
        rank = (asked.count(name), family_of(route.runner, model) in workers, place)
        usable.append((rank, route, runner))
    if not usable:
        return why
    _, route, runner = min(usable, key=lambda one: one[0])
    return route, runner


def _reserve(
    draft: Draft, needed: _Needed, found: Reviews, route: Route, runner: RunnerPolicy
) -> Reserve | Refusal | str:
    """Return the reserve of one review: its share of the cap on all reviews of this change."""
    pct, made_by = draft.mission.reviews.budget_pct, needed.change.made_by
    state = stand(draft, found.next)
    limits = replace(state.limits, per_feature_usd=None)
    for category in ("usd", "tokens"):
        left, bound = state.left(category), sum((reserved(r, category) for r in made_by), Decimal(0)) * pct / 100
        if left is None or not bound:
            continue
        rest = bound - sum((_taken(r, category) for r in (*needed.before, *found.next)), Decimal(0))
        if rest <= 0:
            return f"{pct.normalize():f}% of what the work had reserved is used up"
        cap = state.spent.of(category) + state.held.of(category) + min(left, rest, bound / found.wanted)
        limits = replace(limits, usd=cap) if category == "usd" else replace(limits, tokens=cap)
    outer = [bound for bound in outer_bounds(draft, route.runner, found.next) if bound.left > 0]
    made = [
        reserve_for_attempt(
            within(replace(state, limits=limits), bounds),
            wall_limit=min(runner.deadline, _DEADLINE),
            worst_step=runner.step_cost(model_of(runner, route)),
        )
        for bounds in ((outer, ()) if outer else ((),))  # a review waits for a budget across missions
    ]
    return next((one for one in made if isinstance(one, Reserve)), made[0])


def _taken(record: RunRecord, category: str) -> Decimal:
    """Return the cost of a review, or its reserve while the cost is unknown."""
    amount = None if record.open else amount_of(record.usage, category)
    return reserved(record, category) if amount is None else amount
