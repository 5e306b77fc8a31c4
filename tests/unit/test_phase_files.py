"""The table of phases in the file: what is read, what `lint` says, how two copies are merged, and where it begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.kit.missions import NOW, feature, holds, milestone, mission, plan_of

from mission_cli.adapters.git.state.merging import line_merge
from mission_cli.document.checking.lint import lint
from mission_cli.document.editing import patch
from mission_cli.document.merging.mission import merge
from mission_cli.document.plans.model import PlanPhase
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.phases.gates import FORM, GateRule, read_rule
from mission_cli.domain.phases.presets import PRESETS
from mission_cli.domain.phases.table import Phase, PhaseStatus, WorkerKind, progress
from mission_cli.domain.status import FeatureStatus, GateKind, MilestoneStatus
from mission_cli.domain.tables import Gate
from mission_cli.engine.executions import begin
from mission_cli.planner.core.moves.waiting import MoveGate

HEAD = """\
---
id: m
title: M
status: active
managed: mission
budget: {money_usd: 5}
---
# M

## Milestones

### Milestone 1: One

| # | Feature | Status |
|---|---|---|
| 1.1 | a | pending |

#### Validation Criteria

- [ ] file: `a`

#### 1.1 a

- [ ] file: `a`

## Phases

| # | Phase | Worker | Gate | On reject | Status | Entered | Exited |
|---|---|---|---|---|---|---|---|
"""
ROWS = {
    "an unknown worker": (
        ["| 1 | a | milestnes | | | | | |"],
        "the worker `milestnes` of the phase `a` is not known",
    ),
    "a command that is not whole": (
        ["| 1 | a | run: `make` `test` | | | | | |"],
        "the worker `run: `make` `test`` of the phase `a` cannot be read: it has 2 commands in backticks",
    ),
    "a milestone that does not exist": (
        ["| 1 | a | milestone 7 | | | | | |"],
        "the phase `a` names milestone 7, which does not exist",
    ),
    "an unknown phase in On reject": (
        ["| 1 | a | milestones | | | | | |", "| 2 | b | | g | aa | | | |"],
        "the phase `b` goes back to `aa`, which does not exist",
    ),
    "a later phase in On reject": (
        ["| 1 | a | milestones | | b | | | |", "| 2 | b | | | | | | |"],
        "the phase `a` goes back to `b`, which comes after it",
    ),
    "a gate named twice": (
        ["| 1 | a | milestones | g | | | | |", "| 2 | b | | G | | | | |"],
        "the gate `G` is named twice",
    ),
    "an unknown status": (
        ["| 1 | a | milestones | | | wating | | |"],
        "the phase `a` has the status `wating`, which is not known",
    ),
    "a phase without a name": (["| 1 | | milestones | g | | | | |"], "a phase without a name is left out"),
    "two phases with one name": (
        ["| 1 | a | milestones | | | | | |", "| 2 | A | | | | | | |"],
        "the phase `A` appears twice",
    ),
    "a milestone that no phase works on": (
        ["| 1 | a | landing | | | | | |"],
        "no phase works on milestone 1: it starts when the last phase is over",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_lint_names_what_cannot_work_with_line_column_and_hint(name: str) -> None:
    rows, words = ROWS[name]
    found = [p for p in lint(load(HEAD + "\n".join(rows) + "\n", "m")) if p.message.startswith(words)]
    assert len(found) == 1, [p.message for p in lint(load(HEAD + "\n".join(rows) + "\n", "m"))]
    [problem] = found
    assert problem.hint
    assert problem.line == (12 if name.startswith("a milestone that no") else 29 + len(rows) - (name[:7] == "a later"))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("2 aprovals", "the rule `2 aprovals` of the gate `g` cannot be read: `2 aprovals` is not known"),
        ("3 approvals; by ada", "the rule `3 approvals; by ada` of the gate `g` cannot be read: it needs 3 approvals by 1 of those who are named"),
        ("within 2h; within 3h", "the rule `within 2h; within 3h` of the gate `g` cannot be read: it says twice: within"),
    ],
)  # fmt: skip
def test_lint_names_a_rule_that_cannot_be_read(rule: str, words: str) -> None:
    gates = f"\n## Gates\n\n| Gate | Kind | Rule | Status |\n|---|---|---|---|\n| g | approval | {rule} | |\n"
    text = HEAD + "| 1 | a | milestones | g | | | | |\n" + gates
    assert words in [p.message for p in lint(load(text, "m"))]
    other = [p.message for p in lint(load(text.replace("approval |", "quality |"), "m"))]
    assert [words for words in other if words.endswith("belongs to the phase `a`, but is not an approval")]


def test_a_rule_is_read_whole_in_any_order_and_its_parts_are_separated_by_commas_too() -> None:
    wanted = GateRule(2, timedelta(days=2), ("ada", "grace"), 3, "plan.md")
    assert read_rule(FORM) == wanted
    assert read_rule("by ada, grace, document research/plan.md, 3 revisions, 2 approvals, within 48h") == wanted
    assert read_rule("", "prd_review") == GateRule(document="prd.json")
    assert [read_rule("by Ada").allows(person) for person in ("ada ", "Eve")] == [True, False]


def test_words_of_others_and_marks_are_read_and_no_column_has_to_be_there() -> None:
    text = HEAD.replace("On reject | Status | Entered | Exited", "Status").replace("|---|---|---|---|\n\n", "")
    text = text.replace("|---|---|---|---|---|---|---|---|", "|---|---|---|---|---|")
    rows = "| 1 | `a` | Milestone 1 | — | Completed (late) |\n| 2 | **b** | run: `make` (timeout 5m) | go | |\n"
    first, second = load(text + rows, "m").mission.phases
    assert (first.name, first.kind, first.milestone, first.gate, first.status) == (
        *("a", WorkerKind.MILESTONE, 1, ""),
        PhaseStatus.DONE,
    )
    assert (second.name, second.kind, second.command, second.timeout) == (
        *("b", WorkerKind.RUN, "make"),
        timedelta(minutes=5),
    )
    assert progress((first, second)) == 50


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_plan_without_a_problem(name: str) -> None:
    phases = [PlanPhase(name=p.name, worker=p.worker, gate=p.gate, on_reject=p.on_reject) for p in PRESETS[name]]
    rows = "\n".join(
        f"| {n} | {p.name} | {p.worker} | {p.gate} | {p.on_reject} | | | |" for n, p in enumerate(phases, 1)
    )
    more = "### Milestone 2: Two\n\n| # | Feature | Status |\n|---|---|---|\n| 2.1 | b | pending |\n\n## Phases"
    loaded = load(HEAD.replace("## Phases", more) + rows + "\n", "m")
    assert list(loaded.errors()) == []
    assert [p.name for p in loaded.mission.phases] == [p.name for p in phases]
    assert phases[-1].name == "completed"


# Two copies


MERGED = (
    HEAD
    + "| 1 | a | milestones | | | done | t1 | t2 |\n| 2 | b | | g | a | waiting | t2 | |\n| 3 | c | landing | | | | | |\n"
)
BACK = MERGED.replace("| done | t1 | t2 |", "| pending | | |").replace("| waiting | t2 | |", "| pending | | |")
AGAIN = BACK.replace("| pending | | |", "| active | t5 | |", 1)
PASSED = MERGED.replace("| waiting | t2 | |", "| done | t2 | t3 |").replace(
    "landing | | | | | |", "landing | | | active | t3 | |"
)
SKIPPED = MERGED.replace("| waiting | t2 | |", "| skipped | t2 | t4 |")


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        (BACK, PASSED, ["pending", "pending", "active"]),
        (AGAIN, BACK, ["active", "pending", "pending"]),
        (AGAIN, PASSED, ["active", "pending", "active"]),
        (BACK, SKIPPED, ["pending", "skipped", "pending"]),
        (PASSED, MERGED, ["done", "done", "active"]),
        (PASSED, SKIPPED, ["done", "skipped", "active"]),
    ],
)
def test_what_was_sent_back_wins_over_what_was_finished(ours: str, theirs: str, wanted: list[str]) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge(MERGED, one, other, line_merge())
        assert merged is not None
        assert not merged.conflicts
        assert [str(phase.status) for phase in load(merged.text, "m").mission.phases] == wanted


# With gates, and anew


def test_a_gate_of_a_phase_is_not_asked_with_the_features() -> None:
    one, two = FeatureNumber("1.1"), FeatureNumber("1.2")
    gates = (Gate("g", GateKind.APPROVAL, (one,), (two,), "by Ada", "pending"),)
    features = (feature("1.1", FeatureStatus.DONE), feature("1.2"))
    build = Phase("build", "build", kind=WorkerKind.MILESTONES, status=PhaseStatus.ACTIVE, entered="2026-11-20")
    given = mission(*features, gates=gates, phases=(build, Phase("look", "look", gate="G")))
    assert not [move for move in plan_of(given).transitions if isinstance(move, MoveGate)]
    assert holds(plan_of(given), "1.2") == []
    without = mission(*features, gates=gates)
    assert [move.to for move in plan_of(without).transitions if isinstance(move, MoveGate)] == ["waiting"]
    assert holds(plan_of(without), "1.2") == [("approval", "`g` is pending")]


def test_a_new_execution_begins_with_pending_phases_and_all_revisions() -> None:
    text = MERGED.replace("status: active", 'status: recurring\nschedule: "0 3 * * 1"\nexecutions: 1')
    text = text.replace("managed: mission", 'managed: mission\nnoted: {phase.returned b: "2"}')
    text = text.replace("| waiting | t2 | |", "| skipped | t2 | t4 |")
    after = load(patch.apply(text, list(begin(load(text, "m"), (), NOW))), "m").mission
    assert [(str(p.status), p.entered, p.exited) for p in after.phases] == [
        ("pending", "", ""),
        ("skipped", "t2", "t4"),
        ("pending", "", ""),
    ]
    assert after.noted["phase.returned b"] == "0"
    assert milestone(1, MilestoneStatus.PENDING).status is after.milestones[0].status


def test_a_plan_writes_the_table_and_its_mistakes_are_named_at_their_place() -> None:
    rest = "milestones: [{name: M, features: [{title: f}]}]\n"
    plan = read_plan(f"title: T\nphases: [{{name: a, worker: milestones, gate: g}}]\n{rest}")
    assert plan.plan is not None
    assert plan.plan.phases == [PlanPhase(name="a", worker="milestones", gate="g")]
    wrong = """\
title: T
gates: [{name: g, kind: approval, rule: 2 aprovals}]
phases:
  - {name: a, worker: milestone 2}
  - {name: b, gate: g, on_reject: aa}
  - {name: A, gate: g}
"""
    found = [
        (p.line, p.message) for p in read_plan(wrong + rest).problems if "phase" in p.message or "gate" in p.message
    ]
    assert found == [
        (2, "the rule `2 aprovals` of the gate `g` cannot be read: `2 aprovals` is not known"),
        (4, "the phase `a` names milestone 2, which does not exist"),
        (5, "the phase `b` goes back to `aa`, which does not exist"),
        (6, "the phase `A` appears twice"),
        (6, "the gate `g` is named twice"),
    ]


def test_after_and_blocks_of_the_gate_of_a_phase_are_named_as_without_effect() -> None:
    gates = "\n## Gates\n\n| Gate | Kind | After | Blocks | Rule | Status |\n|---|---|---|---|---|---|\n"
    text = HEAD + "| 1 | a | milestones | g | | | | |\n" + gates
    told = [p.message for p in lint(load(text + "| g | approval | 1.1 | | | |\n", "m"))]
    assert told == ["After and Blocks of the gate `g` have no effect"]
    assert lint(load(text + "| g | approval | | | 2 approvals | |\n", "m")) == ()
