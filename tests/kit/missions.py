"""Missions, observations and records in memory, for rules that are proved without files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import stamp
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import FeatureNumber, MissionId, RunId, Sha
from mission_cli.domain.mission import Feature, Limits, Milestone, Mission, Preferences
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import (
    Cause,
    CriterionKind,
    EndReason,
    FeatureStatus,
    JobState,
    MilestoneStatus,
    MissionStatus,
    RecordState,
    Verdict,
)
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.core.policy import Policy, RunnerPolicy
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.planner.core.decisions import Decisions

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WORK, BASE, TIP = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
POLICY = Policy(runners={"script": RunnerPolicy()})
GOOD = Evidence(TIP, commits=1, changed=("a",), substantial=True, candidate=TIP, tree="new", work=WORK)
EXIT = Job(JobState.ENDED, Exit(EndReason.EXIT, 0))


def feature(number: str, status: FeatureStatus = FeatureStatus.PENDING, **more: object) -> Feature:
    """A feature that is called by its number."""
    return Feature(FeatureNumber(number), f"title {number}", status, str(status), **more)  # type: ignore[arg-type]  # values of a case


def milestone(number: int, status: MilestoneStatus, *features: Feature, **more: object) -> Milestone:
    """A milestone with these features."""
    return Milestone(number, "One", status, str(status), features=features, **more)  # type: ignore[arg-type]  # values of a case


def mission(*features: Feature, **more: object) -> Mission:
    """An active mission of $20 with one active milestone, unless `more` says otherwise."""
    values: dict[str, object] = {
        "id": MissionId("m"),
        "title": "T",
        "status": MissionStatus.ACTIVE,
        "raw_status": "active",
        "base": "main",
        "managed": True,
        "limits": Limits(usd=Decimal(20)),
        "preferences": Preferences(max_parallel_workers=2, runner="script"),
        "milestones": (milestone(1, MilestoneStatus.ACTIVE, *features),),
        **more,
    }
    return Mission(**values)  # type: ignore[arg-type]  # values of a case


def observation(**more: object) -> Observation:
    """A quiet world with four free slots."""
    values: dict[str, object] = {
        "now": NOW,
        "me": "here",
        "base": BASE,
        "work": WORK,
        "work_tree": "t",
        "free_slots": 4,
    }
    return Observation(**{**values, **more})  # type: ignore[arg-type]  # values of a case


def record(name: str, cause: Cause | None = None, **more: object) -> RunRecord:
    """The record of an attempt; without a cause it is open."""
    state = RecordState.INTENDED if cause is None else RecordState.SETTLED
    values: dict[str, object] = {"runner": "script", "base": WORK, "intended": stamp(NOW), **more}
    return RunRecord(RunId(f"m/{name}"), state, cause=cause, **values)  # type: ignore[arg-type]  # values of a case


def plan_of(some: Mission, policy: Any = POLICY, **more: object) -> Decisions:
    """What is decided for a mission in a world."""
    return decide(some, observation(**more), policy)


def holds(plan: Decisions, subject: str) -> list[tuple[str, str]]:
    """(kind, words) of what holds something."""
    return [(h.kind, h.detail) for h in plan.holds if h.subject == subject]


def run(command: str, index: int = 0, **more: object) -> Criterion:
    """A criterion that is a command."""
    return Criterion(f"run: `{command}`", CriterionKind.RUN, command=command, index=index, **more)  # type: ignore[arg-type]  # values of a case


def personal(text: str, index: int = 0, kind: CriterionKind = CriterionKind.MANUAL, **more: object) -> Criterion:
    """A criterion that only a person can judge here."""
    return Criterion(text, kind, index=index, **more)  # type: ignore[arg-type]  # values of a case


def verdicts(some: Mission, tree: str, **found: tuple[Criterion, Verdict]) -> dict[str, CheckState]:
    """What was found out about criteria on a tree, by any names."""
    return {
        check_key(criterion, tree, POLICY, some, turn): CheckState(
            2, EXIT, verdict, f"{criterion.text}: {verdict}", failed="no" if verdict is Verdict.FAILED else None
        )
        for criterion, verdict in found.values()
        for turn in {"", turn_of(some)}
    }
