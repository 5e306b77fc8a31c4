"""Held-out criteria: sealed in the file, opened by the judge, and never told to a worker."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import EXIT, POLICY, feature, holds, milestone, mission, observation, record, run

from mission_cli._support.dataclass import replace
from mission_cli.adapters.secrets.seals import AgeSeals
from mission_cli.app.report.held_out import held_out_figures
from mission_cli.app.results.mission_report import HeldOutFigure
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.errors import ToolError
from mission_cli.domain.runs.jobs import CheckState
from mission_cli.domain.status import Cause, FeatureStatus, MilestoneStatus, Verdict
from mission_cli.domain.tables import HeldOut
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.moves.milestones import AddFix, MarkHeldOut, MoveMilestone
from mission_cli.planner.core.moves.mission import MoveMission
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

VISIBLE = run("pytest", baseline=Result(Verdict.FAILED, "2026-11-20T09:00:00Z", "0000000"))
HIDDEN = run("pytest tests/hidden")
SEALED = HeldOut(1, 1, "c2VhbGVk")


def validating(*sealed: HeldOut, rounds: int = 0) -> Mission:
    done = feature("1.1", FeatureStatus.DONE)
    one = milestone(1, MilestoneStatus.VALIDATING, done, criteria=(VISIBLE,), started_at="0000000", rounds=rounds)
    return mission(milestones=(one,), held_out=sealed)


def decided(some: Mission, verdict: Verdict | None = None, hidden: Criterion | None = HIDDEN) -> Decisions:
    """What follows when everything visible passes, and the hidden criterion has this verdict."""
    turn = turn_of(some)
    key = check_key(VISIBLE, "t", POLICY, some, turn)
    checks = {key: CheckState(1, EXIT, Verdict.PASSED)}
    if verdict is not None:
        words = "assert 3 == 4, tests/hidden/test_a.py"
        hidden_key = check_key(HIDDEN, "t", POLICY, some, f"held out, {turn}")
        checks[hidden_key] = CheckState(2, EXIT, verdict, words, failed=words if verdict is Verdict.FAILED else None)
    return decide(some, observation(checks=checks, held_out={1: hidden}), POLICY)


def test_it_runs_when_everything_else_has_passed_and_under_a_name_that_tells_nothing() -> None:
    some = validating(SEALED)
    plan = decided(some)
    [check] = [act for act in plan.effects if isinstance(act, RunCheck)]
    assert (check.criterion.command, check.criterion.text) == ("pytest tests/hidden", "held-out criterion 1")
    assert holds(plan, "1") == [("validating", "1 held-out criterion to judge")]
    assert not [move for move in plan.transitions if isinstance(move, MoveMilestone)]
    failing = decide(some, observation(held_out={1: HIDDEN}), POLICY)
    assert [act.criterion.text for act in failing.effects if isinstance(act, RunCheck)] == ["run: `pytest`"]


def test_a_pass_is_recorded_and_the_milestone_passes() -> None:
    plan = decided(validating(SEALED), Verdict.PASSED)
    [mark] = [move for move in plan.transitions if isinstance(move, MarkHeldOut)]
    assert (mark.number, mark.results) == (1, "passed 2026-11-20T10:00:00Z aaaaaaa")
    assert [move.to for move in plan.transitions if isinstance(move, MoveMilestone)] == ["passed"]


def test_a_failure_sends_the_work_back_without_telling_what_failed() -> None:
    some = validating(replace(SEALED, results="failed 2026-11-19T10:00:00Z bbbbbbb"))
    plan = decided(some, Verdict.FAILED)
    [fix] = [move for move in plan.transitions if isinstance(move, AddFix)]
    assert (fix.title, fix.criterion) == ("fix: what a held-out criterion of milestone 1 misses", None)
    told = f"{fix.title} {fix.evidence} {fix.why}"
    assert "hidden" not in told
    assert "assert" not in told
    [mark] = [move for move in plan.transitions if isinstance(move, MarkHeldOut)]
    assert mark.results == "failed 2026-11-19T10:00:00Z bbbbbbb; failed 2026-11-20T10:00:00Z aaaaaaa"
    assert [move.to for move in plan.transitions if isinstance(move, MoveMilestone)] == ["active"]
    last = decided(replace(some, milestones=(replace(some.milestones[0], rounds=2),)), Verdict.FAILED)
    assert [move.to for move in last.transitions if isinstance(move, MoveMilestone)] == ["failed"]
    assert [move.to for move in last.transitions if isinstance(move, MoveMission)] == ["paused"]


def test_what_cannot_be_opened_or_run_never_passes_and_says_so() -> None:
    closed = decided(validating(SEALED), hidden=None)
    assert holds(closed, "1") == [("check", "held-out criterion 1 cannot be opened on this machine")]
    assert not [move for move in closed.transitions if isinstance(move, MoveMilestone)]
    stuck = decided(validating(SEALED), Verdict.COULD_NOT_RUN)
    assert [move.to for move in stuck.transitions if isinstance(move, MoveMission)] == ["paused"]


def test_a_seal_opens_with_its_key_alone(tmp_path: Path) -> None:
    mine, other = AgeSeals(tmp_path / "a/held-out.key"), AgeSeals(tmp_path / "b/held-out.key")
    assert mine.unseal("c2VhbGVk") is None
    sealed = mine.seal("run: `pytest tests/hidden`")
    other.seal("x")
    assert mine.unseal(sealed) == "run: `pytest tests/hidden`"
    assert other.unseal(sealed) is None
    assert mine.seal("run: `pytest tests/hidden`") != sealed
    for spoilt in (sealed[:-8], "", "no base64!", base64.b64encode(b"age-encryption.org/v1\n").decode()):
        assert mine.unseal(spoilt) is None
    assert (tmp_path / "a/held-out.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a/held-out.key").write_text("nothing")
    with pytest.raises(ToolError, match="is not a key of age"):
        mine.seal("x")


def test_the_rows_are_read_by_their_columns() -> None:
    text = "---\nid: m\n---\n# M\n## Held-out Criteria\n| # | Milestone | Sealed | Results |\n|---|---|---|---|\n| 1 | 2 | `YQ==` | |\n| x | 2 | YQ== | |\n"
    assert [replace(one, line=0) for one in load(text, "m").mission.held_out] == [HeldOut(1, 2, "YQ==")]


def test_the_report_tells_for_each_model_what_only_fits_the_visible_criteria() -> None:
    sealed = (
        HeldOut(1, 1, "a", "failed 2026-11-20T10:00:00Z aaaaaaa; passed 2026-11-20T11:00:00Z bbbbbbb"),
        HeldOut(2, 1, "b", "passed 2026-11-20T10:00:00Z aaaaaaa"),
        HeldOut(3, 2, "c"),
    )
    some = mission(held_out=sealed)
    records = [
        record("1.1-a1", Cause.NOOP, runner="codex", model="gpt-5"),
        record("1.1-a2", Cause.DONE, runner="claude", model="opus"),
        record("1.2-a1", Cause.DONE, runner="script"),
        record("2.1-a1", Cause.DONE, runner="codex", model="gpt-5"),
    ]
    assert held_out_figures(some, records) == [
        HeldOutFigure("claude opus", 2, 1, 2),
        HeldOutFigure("script", 2, 1, 2),
    ]
