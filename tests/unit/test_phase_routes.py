"""Every way in which a phase goes on, back, or to a person; and every decision that does not count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.kit.missions import NOW, WORK, feature, holds, milestone, mission, plan_of

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.ids import Sha
from mission_cli.domain.mission import Mission, Preferences
from mission_cli.domain.phases.look import Document, PhaseLook
from mission_cli.domain.phases.table import Phase, PhaseStatus, WorkerKind
from mission_cli.domain.status import FeatureStatus, GateKind, MilestoneStatus
from mission_cli.domain.tables import Approval, Gate
from mission_cli.planner.core.effects import Land
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.phases import MovePhase, RetryFeature, ReturnToPhase

ENTERED = NOW - timedelta(hours=2)
LATER = stamp(NOW - timedelta(hours=1))
OTHER = Sha("d" * 40)
DONE, PENDING, ACTIVE, WAITING = PhaseStatus.DONE, PhaseStatus.PENDING, PhaseStatus.ACTIVE, PhaseStatus.WAITING
PASSED = milestone(1, MilestoneStatus.PASSED, feature("1.1", FeatureStatus.DONE), passed_at=WORK[:12])
SECOND = milestone(2, MilestoneStatus.PASSED, feature("2.1", FeatureStatus.DONE), passed_at=WORK[:12])


def phase(name: str, status: PhaseStatus, kind: WorkerKind = WorkerKind.NONE, **more: object) -> Phase:
    """A phase that was entered two hours ago, unless it is pending."""
    entered = "" if status is PENDING else stamp(ENTERED)
    values: dict[str, object] = {"label": name, "kind": kind, "raw_status": str(status), "entered": entered, **more}
    return Phase(name, status=status, **values)  # type: ignore[arg-type]  # values of a case


def some(*phases: Phase, **more: object) -> Mission:
    """A mission with these phases and two passed milestones."""
    noted = {"budget.projected": LATER, **more.pop("noted", {})}  # type: ignore[dict-item]  # a mapping of texts
    return mission(**{"milestones": (PASSED, SECOND), "phases": phases, "noted": noted, **more})


def said(decision: str, by: str = "Ada", commit: str = WORK, at: str = LATER, comment: str = "") -> Approval:
    """A decision at the gate `look`."""
    return Approval(at, "look", decision, by, commit, comment)


def told(some: Mission, **more: object) -> list[tuple[str, ...]]:
    """What is decided about phases, in short."""
    look = {"phase": PhaseLook(WORK), **more}
    found: list[tuple[str, ...]] = []
    for move in plan_of(some, **look).transitions:
        match move:
            case MovePhase():
                found.append((move.name, str(move.to), move.result or ""))
            case ReturnToPhase():
                found.append(("back", move.target, ", ".join(move.reset), "counts" if move.counts else ""))
            case RetryFeature():
                found.append(("retry", move.number, move.sender, move.message))
            case AddFix():
                found.append(("fix", move.number, move.title, move.data))
            case MoveMilestone():
                found.append(("milestone", str(move.number), str(move.to)))
            case Note():
                found.append((str(move.event), move.details))
    return found


BUILD = phase("build", DONE, WorkerKind.MILESTONE, milestone=1)
REST = phase("rest", DONE, WorkerKind.MILESTONES)
CHECK = phase("check", DONE, WorkerKind.RUN, command="true")
LOOK = phase("look", WAITING, gate="look", on_reject="rest")
NO = said("rejected", comment="use tabs")
RESOLVED = ("approval.resolved", "the gate look is rejected by Ada: use tabs")
WHY = "the gate look is rejected by Ada: use tabs"

PLAN = (Gate("look", GateKind.APPROVAL, rule="document plan.md"),)
ROUTES: dict[str, tuple[Mission, list[tuple[str, ...]]]] = {
    "to one milestone: its features are tried again with the comment": (
        some(BUILD, REST, CHECK, replace(LOOK, on_reject="build"), approvals=(NO,)),
        [
            RESOLVED,
            ("back", "build", "build, rest, check, look", "counts"),
            ("retry", "1.1", "Ada", WHY),
            ("milestone", "1", "active"),
        ],
    ),
    "to all others: the last one of them gets a fix feature": (
        some(BUILD, REST, CHECK, LOOK, approvals=(NO,)),
        [
            RESOLVED,
            ("back", "rest", "rest, check, look", "counts"),
            ("fix", "2.2", "fix: the gate look is rejected by Ada: use tabs", WHY),
            ("milestone", "2", "active"),
        ],
    ),
    "to a command: it runs again": (
        some(BUILD, REST, CHECK, replace(LOOK, on_reject="check"), approvals=(NO,)),
        [RESOLVED, ("back", "check", "check, look", "counts")],
    ),
    "to itself: it is asked again": (
        some(BUILD, REST, replace(LOOK, on_reject="look"), approvals=(NO,)),
        [RESOLVED, ("back", "look", "look", "counts")],
    ),
    "a phase in between that a person skipped stays skipped": (
        some(BUILD, REST, phase("gone", PhaseStatus.SKIPPED), replace(LOOK, on_reject="rest"), approvals=(NO,)),
        [
            RESOLVED,
            ("back", "rest", "rest, look", "counts"),
            ("fix", "2.2", "fix: the gate look is rejected by Ada: use tabs", WHY),
            ("milestone", "2", "active"),
        ],
    ),
    "to nowhere: a person decides": (
        some(BUILD, REST, replace(LOOK, on_reject=""), approvals=(NO,)),
        [RESOLVED, ("look", "failed", f"{WHY}; it names no phase to go back to")],
    ),
    "to a phase that does not exist: a person decides": (
        some(BUILD, REST, replace(LOOK, on_reject="biuld"), approvals=(NO,)),
        [RESOLVED, ("look", "failed", f"{WHY}; it names no phase to go back to")],
    ),
    "to a later phase: a person decides": (
        some(BUILD, replace(LOOK, on_reject="rest"), phase("rest", PENDING, WorkerKind.MILESTONES), approvals=(NO,)),
        [RESOLVED, ("look", "failed", f"{WHY}; it names no phase to go back to")],
    ),
    "to a phase whose milestone was skipped: a person decides": (
        some(
            BUILD,
            replace(LOOK, on_reject="build"),
            milestones=(replace(PASSED, status=MilestoneStatus.SKIPPED),),
            approvals=(NO,),
        ),
        [RESOLVED, ("look", "failed", f"{WHY}; the phase `build` has no milestone to work on")],
    ),
    "after the revisions: a person decides": (
        some(BUILD, REST, LOOK, approvals=(NO,), noted={"phase.returned look": "3"}),
        [RESOLVED, ("look", "failed", f"{WHY}; 3 revisions did not help")],
    ),
    "after as many as its rule allows": (
        some(
            BUILD,
            REST,
            LOOK,
            approvals=(NO,),
            noted={"phase.returned look": "1"},
            gates=(Gate("look", GateKind.APPROVAL, rule="1 revision"),),
        ),
        [RESOLVED, ("look", "failed", f"{WHY}; 1 revision did not help")],
    ),
    "without a comment": (
        some(BUILD, REST, replace(LOOK, on_reject="look"), approvals=(said("rejected"),)),
        [("approval.resolved", "the gate look is rejected by Ada"), ("back", "look", "look", "counts")],
    ),
    "silence": (
        some(BUILD, replace(LOOK, on_reject="look"), gates=(Gate("look", GateKind.APPROVAL, rule="within 90m"),)),
        [
            ("approval.resolved", "the gate look was not approved within 1 h 30 min, which counts as rejected"),
            ("back", "look", "look", "counts"),
        ],
    ),
    "a document that is missing": (
        some(BUILD, replace(LOOK, on_reject="build"), gates=PLAN),
        [
            ("back", "build", "build, look", "counts"),
            ("retry", "1.1", "phase look", "the gate look has nothing to approve: `research/plan.md` is missing"),
            ("milestone", "1", "active"),
        ],
    ),
    "approved": (
        some(BUILD, replace(LOOK, result="all green"), approvals=(said("approved"),)),
        [
            ("approval.resolved", "the gate look is approved by Ada"),
            ("look", "done", "all green; approved by Ada"),
        ],
    ),
    "a milestone of a finished phase is open again": (
        some(BUILD, CHECK, LOOK, milestones=(replace(PASSED, status=MilestoneStatus.ACTIVE),)),
        [("back", "build", "build, check, look", "")],
    ),
    "a milestone is open again after the last phase": (
        some(BUILD, CHECK, milestones=(milestone(1, MilestoneStatus.ACTIVE, feature("1.1", FeatureStatus.FAILED)),)),
        [("back", "build", "build, check", "")],
    ),
    "a later phase has begun: it is pending": (
        some(BUILD, phase("now", ACTIVE), CHECK, phase("gone", PhaseStatus.SKIPPED), phase("next", PENDING)),
        [("back", "check", "check", "")],
    ),
    "the next phase is entered": (some(BUILD, phase("next", PENDING)), [("next", "active", "")]),
    "a mark is done at once": (some(BUILD, phase("next", ACTIVE)), [("next", "done", "")]),
    "a phase with a gate waits when its worker is done": (
        some(replace(BUILD, status=ACTIVE, gate="look")),
        [("build", "waiting", "milestone 1 passed")],
    ),
}


@pytest.mark.parametrize("name", ROUTES)
def test_a_route(name: str) -> None:
    given, expected = ROUTES[name]
    assert told(given) == expected


DOCUMENTS = PhaseLook("e" * 40, documents={"plan.md": Document("e" * 40, "the plan")})
ONLY_ADA = (Gate("look", GateKind.APPROVAL, rule="by Ada"),)
VOID: dict[str, tuple[Mission, PhaseLook, str]] = {
    "another commit": (
        some(LOOK, approvals=(said("approved", commit=OTHER),)),
        PhaseLook(WORK),
        "Ada approved the gate look, which does not count: it is about ddddddd, and the work is aaaaaaa now",
    ),
    "a rejection of another commit": (
        some(LOOK, approvals=(said("rejected", commit=OTHER),)),
        PhaseLook(WORK),
        "Ada rejected the gate look, which does not count: it is about ddddddd, and the work is aaaaaaa now",
    ),
    "no commit": (
        some(LOOK, approvals=(said("approved", commit=""),)),
        PhaseLook(WORK),
        "Ada approved the gate look, which does not count: it is about nothing, and the work is aaaaaaa now",
    ),
    "a beginning of a commit that is too short": (
        some(LOOK, approvals=(said("approved", commit="aaa"),)),
        PhaseLook(WORK),
        "Ada approved the gate look, which does not count: it is about aaa, and the work is aaaaaaa now",
    ),
    "an earlier version of the document": (
        some(LOOK, gates=PLAN, approvals=(said("approved"),)),
        DOCUMENTS,
        "Ada approved the gate look, which does not count: it is about aaaaaaa, and `plan.md` is eeeeeee now",
    ),
    "a person who may not decide": (
        some(LOOK, gates=ONLY_ADA, approvals=(said("approved", by="Eve"),)),
        PhaseLook(WORK),
        "Eve approved the gate look, which does not count: only Ada may decide",
    ),
}


@pytest.mark.parametrize("name", VOID)
def test_a_decision_that_does_not_count_is_said_once_and_the_gate_waits(name: str) -> None:
    given, look, words = VOID[name]
    plan = plan_of(given, phase=look)
    [note] = plan.transitions
    assert isinstance(note, Note)
    assert (note.event, note.details) == ("approval.void", words)
    assert [kind for kind, _ in holds(plan, "")] == ["approval"]
    noted = {**given.noted, **{f"approval.void {about}": LATER for about in note.about}}
    assert plan_of(replace(given, noted=noted), phase=look).transitions == (), "once"


@pytest.mark.parametrize(
    ("decision", "look"),
    [
        (said("approved", at=stamp(ENTERED)), PhaseLook(WORK)),  # the same second is before
        (said("approved", at="2026-11-19"), PhaseLook(WORK)),
        (said("approved", at="soon"), PhaseLook(WORK)),
        (said("maybe"), PhaseLook(WORK)),
        (replace(said("approved"), gate="other"), PhaseLook(WORK)),
    ],
)
def test_what_is_no_decision_of_this_pass_is_left_out_in_silence(decision: Approval, look: PhaseLook) -> None:
    assert plan_of(some(LOOK, approvals=(decision,)), phase=look).transitions == ()


@pytest.mark.parametrize(
    ("approvals", "look", "passes"),
    [
        ((said("approved", commit=WORK[:7]),), PhaseLook(WORK), True),
        ((said("approved", commit=OTHER),), PhaseLook(WORK, frozenset({OTHER})), True),
        ((said("approved"), said("approved")), PhaseLook(WORK), False),
        ((said("approved"), said("approved", by="Grace")), PhaseLook(WORK), True),
        ((said("approved"), said("approved", by="ADA ")), PhaseLook(WORK), False),
        ((said("approved"), said("approved", by="Grace", commit=OTHER)), PhaseLook(WORK), False),
        ((said("rejected"), said("approved"), said("approved", by="Grace")), PhaseLook(WORK), True),
    ],
)
def test_a_gate_counts_each_person_once_by_the_last_decision(
    approvals: tuple[Approval, ...], look: PhaseLook, *, passes: bool
) -> None:
    rule = "2 approvals" if len(approvals) > 1 else "1 approval"
    given = some(LOOK, approvals=approvals, gates=(Gate("look", GateKind.APPROVAL, rule=rule),))
    moves = [move for move in plan_of(given, phase=look).transitions if isinstance(move, MovePhase)]
    assert [move.to for move in moves] == ([DONE] if passes else [])


@pytest.mark.parametrize(
    ("rule", "kind", "words"),
    [
        ("2 aprovals", GateKind.APPROVAL, "the rule of the gate `look` cannot be read: `2 aprovals` is not known"),
        ("", GateKind.QUALITY, "the rule of the gate `look` cannot be read: the gate `look` is not an approval"),
        ("within soon", GateKind.APPROVAL, "the rule of the gate `look` cannot be read: `soon` is not a duration"),
    ],
)
def test_a_gate_whose_rule_cannot_be_read_passes_nobody(rule: str, kind: GateKind, words: str) -> None:
    given = some(LOOK, approvals=(said("approved"),), gates=(Gate("look", kind, rule=rule),))
    plan = plan_of(given, phase=PhaseLook(WORK))
    assert plan.transitions == ()
    assert holds(plan, "") == [("phase", words)]


# Work and landing in their phases


def test_only_the_milestones_of_the_active_phase_are_worked_on() -> None:
    first = milestone(1, MilestoneStatus.ACTIVE, feature("1.1"))
    second = milestone(2, MilestoneStatus.ACTIVE, feature("2.1"))
    rest = phase("rest", ACTIVE, WorkerKind.MILESTONES)
    one = phase("one", PENDING, WorkerKind.MILESTONE, milestone=1)

    def begun(*phases: Phase) -> list[str]:
        plan = plan_of(some(*phases, milestones=(first, second)), phase=PhaseLook(WORK))
        return [move.record.feature for move in plan.transitions if isinstance(move, Dispatch)]

    assert begun(rest, one) == ["2.1"]
    assert begun(replace(one, status=ACTIVE), replace(rest, status=PENDING)) == ["1.1"]
    assert begun(replace(rest, status=PENDING), one) == [], "a phase is entered first"
    assert begun(replace(rest, status=WAITING, gate="look"), one) == []
    assert begun() == ["1.1"], "without phases the first unfinished milestone is worked on"


LANDS = replace(PASSED, criteria=())
READY = Landing(LandState.FORWARD, WORK, "t")
GO = phase("go", DONE, gate="look")
MERGING = phase("merging", ACTIVE, WorkerKind.LANDING)


@pytest.mark.parametrize(
    ("phases", "approvals", "land", "lands"),
    [
        ((BUILD, MERGING), (), "auto", True),
        ((BUILD, MERGING), (), "ask", False),
        ((BUILD, replace(MERGING, status=PENDING)), (), "auto", False),
        ((BUILD, LOOK, replace(MERGING, status=PENDING)), (), "auto", False),
        ((BUILD, GO, MERGING), (said("approved"),), "ask", True),
        ((BUILD, GO, MERGING), (said("approved", commit=OTHER),), "ask", False),
        ((BUILD, GO, MERGING), (said("rejected"),), "ask", False),
        ((BUILD, GO, MERGING), (said("approved", at=stamp(ENTERED)),), "ask", False),
        ((BUILD, GO, phase("preview", PhaseStatus.SKIPPED, gate="seen"), MERGING), (said("approved"),), "ask", True),
        ((BUILD, replace(GO, status=PhaseStatus.SKIPPED), MERGING), (said("approved"),), "ask", False),
        (
            (BUILD, replace(GO, gate="prd_review"), MERGING),
            (replace(said("approved"), gate="prd_review"),),
            "ask",
            False,
        ),
        ((BUILD, MERGING), (Approval(LATER, "landing", "landing approved", "Ada", WORK),), "ask", True),
        ((BUILD,), (), "auto", True),
    ],
)
def test_work_lands_in_its_phase_alone_and_the_gate_before_it_approves_that(
    phases: tuple[Phase, ...], approvals: tuple[Approval, ...], land: str, *, lands: bool
) -> None:
    given = some(*phases, milestones=(LANDS,), approvals=approvals, preferences=Preferences(runner="script", land=land))
    plan = plan_of(given, phase=PhaseLook(WORK), target=WORK, landing=READY)
    assert [type(act) for act in plan.effects] == ([Land] if lands else [])


def test_a_mission_is_completed_after_its_last_phase() -> None:
    landed = {"phase": PhaseLook(WORK), "target": WORK, "landing": Landing(LandState.LANDED)}
    waiting = some(BUILD, MERGING, phase("completed", PENDING), milestones=(LANDS,))
    assert told(waiting, **landed) == [("merging", "done", "aaaaaaa is on main")]
    over = some(BUILD, replace(MERGING, status=DONE), phase("completed", DONE), milestones=(LANDS,))
    assert [type(move).__name__ for move in plan_of(over, **landed).transitions] == ["Finish"]
