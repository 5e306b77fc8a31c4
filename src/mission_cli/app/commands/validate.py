"""Check a milestone on demand: `mission validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import stamp
from mission_cli.app.results.changes import JudgedCriterion, Validated
from mission_cli.domain.branches.against import Against
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.events import EventKind
from mission_cli.domain.evidence.verdicts import DEMAND
from mission_cli.domain.notice import do
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus, HoldKind, JobKind
from mission_cli.engine import assets
from mission_cli.engine.check_jobs import check_states
from mission_cli.engine.context import policy_of
from mission_cli.engine.effects import carry_out
from mission_cli.engine.halt import refuse_stopped
from mission_cli.engine.observing.judge_files import Judges
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.recording.decision_log import decided
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.evidence import verdicts_write
from mission_cli.engine.recording.record import changes_of, entry_of, log_rows, message, mission_write
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.moves.features import MoveFeature
from mission_cli.planner.core.moves.milestones import Mark, MarkCriteria
from mission_cli.planner.core.moves.waiting import Ask
from mission_cli.planner.milestones.flaky import list_flaky
from mission_cli.planner.milestones.judged_before import as_before
from mission_cli.planner.milestones.judging import judge, start_within_bounds, turn_of
from mission_cli.planner.milestones.judgment import Judged, Judgment, check_key, for_file
from mission_cli.planner.milestones.meant import ACCEPT_CHANGE
from mission_cli.planner.milestones.milestones import current_milestones, passed_criteria

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Milestone
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.policy import Policy


_IDLE = frozenset({FeatureStatus.PENDING, FeatureStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation in progress."""

    case: Case
    milestone: Milestone
    criteria: tuple[Criterion, ...]
    commit: Sha
    tree: str
    turn: str
    """Part of the key of each verdict: verdicts of another turn are not used."""
    against: Against = field(default_factory=Against)
    """The commit in which the files that criteria use are those of the base."""
    before: tuple[Criterion, ...] = ()
    """The criteria that are also run on `against`: these, and those of the milestones that have passed."""


def validate(ctx: Context, address: Address, *, report_only: bool, again: bool, wait: Callable[[], None]) -> Validated:
    """Check a milestone, by default the current one; commit the verdicts, unless `report_only`.

    `wait` is called between two looks at the running checks. Raises BlockedError if the milestone is not ready, or STOP
    is set.
    """
    current = current_milestones(address.mission) or address.mission.milestones[-1:]
    wanted = address.need_milestone() if address.milestone else current[0]
    validation = begin(ctx, address, wanted, report_only=report_only, again=again)
    while (judgment := step(ctx, validation)).starts or judgment.running:
        wait()
    if not report_only:
        conclude(ctx, validation, judgment.known)
    asked = [ask.prompt for ask in judgment.asks] + [request.prompt for request in judgment.asked]
    judged = [JudgedCriterion(j.criterion.text, j.criterion.kind, j.verdict, j.detail) for j in judgment.known]
    return Validated(wanted.number, validation.commit, judged, asked)


def begin(
    ctx: Context, address: Address, milestone: Milestone, *, report_only: bool, again: bool = False
) -> Validation:
    """Prepare a validation. Raises BlockedError if the milestone is not ready, or STOP is set.

    With `again` every criterion is run even if its verdict is known, and open fix features are allowed.
    """
    refuse_stopped(ctx)
    case = consider(ctx, policy_of(ctx), ctx.state.snapshot(), address.stored, address.loaded, look_only=True)
    unfinished = [f.number for f in milestone.features if not f.finished and not (again and f.fixes)]
    if unfinished and not report_only:
        hint = "to check it as it is, add --report-only"
        raise BlockedError(f"milestone {milestone.number} is not ready: {', '.join(unfinished)} not done", hint=hint)
    heads = ctx.code.heads(case.mission.id, case.mission.base)
    commit = heads.work or heads.base
    if commit is None:
        raise BlockedError("there is no commit to check yet", hint=do("start", case.mission.id))
    tree = ctx.code.code_tree(commit)
    found = ctx.checks.detect(ctx.code.glance(commit, ctx.checks.manifest_names))
    criteria = milestone.criteria or found
    turn = f"again {ctx.clock.now().isoformat()}" if again else turn_of(case.mission)
    judges = Judges(ctx, case.mission, heads, case.observation.records)
    draft = Draft(case.mission, replace(case.observation, detected={tree: found}), policy_of(ctx))
    before = tuple(dict.fromkeys([*criteria, *passed_criteria(draft, tree)]))
    return Validation(case, milestone, criteria, commit, tree, turn, judges.against(commit), before)


def step(ctx: Context, validation: Validation) -> Judgment:
    """Start the checks that are due; return the verdicts so far. Criteria that ask a person get no verdict here."""
    policy, case = policy_of(ctx), validation.case
    states = check_states(ctx, policy, case.mission, _wanted(validation, policy))
    free = ctx.machine.free_slots(JobKind.CHECK)
    draft = Draft(case.mission, replace(case.observation, checks=states, free_checks=free), policy)
    owner = str(validation.milestone.number)
    result = judge(
        draft,
        validation.criteria,
        owner=owner,
        commit=validation.commit,
        tree=validation.tree,
        turn=validation.turn,
    )
    if result.starts or result.running:
        start_within_bounds(draft, result)
    else:
        result = _as_before(draft, validation, result)
    for act in draft.effects:
        carry_out(ctx, case, act)
    return result


def _wanted(validation: Validation, policy: Policy) -> list[RunCheck]:
    """Return every check that may be needed, on the commit and on `against`."""
    sides = [(validation.commit, validation.tree, validation.criteria)]
    if validation.against.commit is not None:
        sides.append((validation.against.commit, validation.against.tree, validation.before))
    return [
        RunCheck(check_key(c, tree, policy, validation.case.mission, validation.turn), 1, c, commit, "")
        for commit, tree, criteria in sides
        for c in criteria
        if c.kind in EXECUTABLE_KINDS
    ]


def _as_before(draft: Draft, validation: Validation, result: Judgment) -> Judgment:
    """Return the result with the verdicts on `against`: a criterion that fails there has failed."""
    owner, against = str(validation.milestone.number), validation.against
    before = as_before(draft, against, validation.before, owner=owner, about="", turn=validation.turn)
    waits = any(hold.kind == HoldKind.REQUEST and hold.subject == owner for hold in draft.holds)
    asked = [move.request for move in draft.transitions if isinstance(move, Ask)] if waits else []
    if waits and not asked:
        asked = [r for r in draft.mission.requests if r.open and r.feature == owner and ACCEPT_CHANGE in r.prompt]
    failed = before.failures if before.against else []
    texts = {j.criterion.text for j in failed}
    return replace(
        result,
        known=[*(j for j in result.known if j.criterion.text not in texts), *failed],
        starts=[act for act in draft.effects if isinstance(act, RunCheck)],
        running=["the judge's files of the base"] if before.open and not waits else [],
        asked=[*result.asked, *asked],
    )


def conclude(ctx: Context, validation: Validation, known: list[Judged]) -> None:
    """Commit the verdicts to the mission file, and mark the fix features as done whose criteria pass."""
    at, person = stamp(ctx.clock.now()), ctx.person()
    marks = tuple(
        Mark(j.criterion, j.passes, Result(j.verdict, at, validation.commit[:7]), j.criterion.baseline, j.check)
        for j in known
        if j.criterion.index >= 0
    )
    if not marks:
        return
    words = f"milestone {validation.milestone.number} judged on demand (by {person.name})"
    transitions: list[Transition] = [MarkCriteria(str(validation.milestone.number), marks, "judged on demand")]
    entries = [Entry(EventKind.CRITERIA_JUDGED, words)]
    for move in _closed(validation.milestone, known):
        transitions.append(move)
        entries.append(Entry(EventKind.FEATURE_DONE, move.why))
    changes = [c for move in transitions for c in changes_of(validation.case.loaded, move, (), ctx.clock.now())]
    flaky = list(_flaky(ctx, validation, known))
    entries += flaky
    changes += log_rows(validation.case.loaded, flaky, ctx.clock.now())
    found = for_file(known, ctx.clock.now())
    stored = validation.case.stored
    writes = [
        mission_write(stored, changes),
        verdicts_write(stored, f"milestone {validation.milestone.number}", DEMAND, found, at),
    ]
    writes += assets.kept(ctx, validation.case, transitions)
    mission = validation.case.mission.id
    ctx.state.commit(writes, message=message(mission, entries), expect=validation.case.head, author=person)


def _flaky(ctx: Context, validation: Validation, known: list[Judged]) -> Iterator[Entry]:
    """Yield the decision to quarantine what was flaky, for each criterion with something that is not listed yet."""
    case = validation.case
    draft = Draft(case.mission, case.observation, policy_of(ctx))
    list_flaky(draft, known, str(validation.milestone.number))
    for move in draft.transitions:
        yield replace(entry_of(move), decisions=decided(case.mission, move, ()))


def _closed(milestone: Milestone, known: list[Judged]) -> list[MoveFeature]:
    """Return moves to done for the fix features with nothing left to fix, because their criteria pass."""
    passing = {j.criterion.text for j in known if j.passes}
    return [
        MoveFeature(f.number, FeatureStatus.DONE, f"{f.number} is done: `{f.criteria[0].text}` passes without it")
        for f in milestone.features
        if f.fixes and f.status in _IDLE and f.criteria and all(c.text in passing for c in f.criteria)
    ]
