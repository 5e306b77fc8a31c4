"""The closed sets of words: statuses, attempt states, causes, verdicts."""

from __future__ import annotations

from enum import StrEnum


class MissionStatus(StrEnum):
    """What a mission file may store."""

    DRAFT = "draft"
    PLANNING = "planning"
    SCHEDULED = "scheduled"
    RECURRING = "recurring"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MilestoneStatus(StrEnum):
    """What `**Status:**` of a milestone may say."""

    PENDING = "pending"
    ACTIVE = "active"
    VALIDATING = "validating"
    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class FeatureStatus(StrEnum):
    """What the Status cell of a feature may say."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    REVIEW = "review"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


PRIORITIES = ("urgent", "high", "normal", "low")
"""Words of `priority`; the first goes first."""
FINISHED_FEATURE = frozenset({FeatureStatus.DONE, FeatureStatus.SKIPPED})
FINISHED_MILESTONE = frozenset({MilestoneStatus.PASSED, MilestoneStatus.SKIPPED})
WAITING_MISSION = frozenset({MissionStatus.SCHEDULED, MissionStatus.RECURRING})
FINISHED_MISSION = frozenset({MissionStatus.COMPLETED, MissionStatus.FAILED, MissionStatus.CANCELLED})


class RecordState(StrEnum):
    """What a run record stores: written twice, never in between."""

    INTENDED = "intended"
    SETTLED = "settled"


class Cause(StrEnum):
    """Why an attempt ended; the table in `planner.causes` says what follows."""

    DONE = "done"
    NOOP = "noop"
    WRONG_OUTPUT = "wrong_output"
    CRITERIA_FAILED = "criteria_failed"
    DEADLINE = "deadline"
    STALLED = "stalled"
    OVER_BUDGET = "over_budget"
    TOO_MANY_STEPS = "too_many_steps"
    CONFLICT = "conflict"
    QUESTION = "question"
    PERMISSION = "permission"
    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    PROVIDER_ERROR = "provider_error"
    INFRASTRUCTURE = "infrastructure"
    KILLED = "killed"
    LOST = "lost"
    TAMPERED = "tampered"
    STOPPED = "stopped"


class Verdict(StrEnum):
    """What judging a criterion came to; only PASSED and FLAKY are a pass."""

    PASSED = "passed"
    FLAKY = "flaky"
    """It failed, and passed when it was run again alone on the same tree."""
    FAILED = "failed"
    SKIPPED = "skipped"
    COULD_NOT_RUN = "could-not-run"


PASSES = frozenset({Verdict.PASSED, Verdict.FLAKY})
"""Verdicts that let work go on."""


class JobState(StrEnum):
    """What an executor knows about a job. UNREACHABLE means that it could not be asked."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    RUNNING = "running"
    GONE = "gone"
    ENDED = "ended"
    UNREACHABLE = "unreachable"


class EndReason(StrEnum):
    """Who or what ended a job's process."""

    EXIT = "exit"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    LOST = "lost"
    OVER_BUDGET = "over_budget"
    TOO_MANY_STEPS = "too_many_steps"
    STALLED = "stalled"
    CUT = "cut"
    LIMITED = "limited"
    SETUP_FAILED = "setup_failed"
    NOT_STARTED = "not_started"


class GateKind(StrEnum):
    """What a row of `## Gates` waits for."""

    CHECKPOINT = "checkpoint"
    APPROVAL = "approval"
    QUALITY = "quality"
    DELAY = "delay"


class CriterionKind(StrEnum):
    """How a criterion is judged."""

    RUN = "run"
    FILE = "file"
    GREP = "grep"
    HTTP = "http"
    BROWSER = "browser"
    METRIC = "metric"
    REVIEW = "review"
    MANUAL = "manual"
    TEXT = "text"


EXECUTABLE_KINDS = frozenset({CriterionKind.RUN, CriterionKind.FILE, CriterionKind.GREP, CriterionKind.METRIC})
