"""Closed sets of values: statuses, attempt states, causes, verdicts."""

from __future__ import annotations

from enum import StrEnum


class MissionStatus(StrEnum):
    """The status of a mission, as its file stores it."""

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
    """The status of a milestone, as `**Status:**` stores it."""

    PENDING = "pending"
    ACTIVE = "active"
    VALIDATING = "validating"
    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class FeatureStatus(StrEnum):
    """The status of a feature, as its Status cell stores it."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    REVIEW = "review"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


PRIORITIES = ("urgent", "high", "normal", "low")
"""Values of `priority`, the most urgent one first."""
FINISHED_FEATURE = frozenset({FeatureStatus.DONE, FeatureStatus.SKIPPED})
FINISHED_MILESTONE = frozenset({MilestoneStatus.PASSED, MilestoneStatus.SKIPPED})
WAITING_MISSION = frozenset({MissionStatus.SCHEDULED, MissionStatus.RECURRING})
STARTED_MISSION = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED, *WAITING_MISSION})
"""What pulses may still advance."""
FINISHED_MISSION = frozenset({MissionStatus.COMPLETED, MissionStatus.FAILED, MissionStatus.CANCELLED})


class RecordState(StrEnum):
    """The state of a run record, which is written exactly twice."""

    INTENDED = "intended"
    SETTLED = "settled"


class Cause(StrEnum):
    """Why an attempt ended; `planner.attempts.causes` defines what each one means."""

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
    HOST = "host"
    """It did not start on the host that it was sent to; it says nothing about the feature or the runner."""
    WAITING = "waiting"
    """It asked for a mail and waits for a reply, or for a purchase."""


class Verdict(StrEnum):
    """The result of judging a criterion; only PASSED and FLAKY are a pass."""

    PASSED = "passed"
    FLAKY = "flaky"
    """It failed, then passed when it ran again alone on the same tree."""
    FAILED = "failed"
    SKIPPED = "skipped"
    COULD_NOT_RUN = "could-not-run"


PASSES = frozenset({Verdict.PASSED, Verdict.FLAKY})
"""Verdicts with which work continues."""


class HoldKind(StrEnum):
    """Why something is held: the steps of the order of release, and what else a view can name."""

    APPROVAL = "approval"
    """A gate waits for its approval."""
    AREA = "area"
    """A feature that is being worked on changes the same files."""
    ATTEMPTS = "attempts"
    """Every try is used up."""
    BACKOFF = "backoff"
    """The pause before the next try."""
    BASE = "base"
    """The base branch."""
    BREAKER = "breaker"
    """The runner failed too often in a row."""
    BUDGET = "budget"
    """No budget is left, or its record cannot be read."""
    BUG = "bug"
    """An error of the program."""
    BY_HAND = "by_hand"
    """A person works on the attempt."""
    CHECK = "check"
    """A criterion cannot be run."""
    CHECKPOINT = "checkpoint"
    """A checkpoint waits for a person."""
    CLOCK = "clock"
    """Two pulses have not confirmed the time yet."""
    CONFLICT = "conflict"
    """The base and the finished work conflict."""
    DELAY = "delay"
    """A delay has not passed."""
    DEPENDENCY = "dependency"
    """A dependency is not finished."""
    ERROR = "error"
    """A pulse cannot serve the mission."""
    EVIDENCE = "evidence"
    """The work of an attempt cannot be read."""
    EXECUTOR = "executor"
    """The executor does not answer."""
    FAILED = "failed"
    """The feature has failed."""
    FILE = "file"
    """The mission file cannot be read."""
    FINAL = "final"
    """The final validation."""
    FOREIGN = "foreign"
    """Another program, or a person, works on the feature."""
    FORGE = "forge"
    """The forge cannot be used."""
    GATE = "gate"
    """A gate of an unknown kind is not open."""
    HOOK = "hook"
    """A command before a step runs, or has failed."""
    HOST = "host"
    """Another clone drives the mission."""
    HOURS = "hours"
    """It is outside the working hours."""
    JUDGMENT = "judgment"
    """A judgment of the orchestrator runs, or cannot be asked for. Nothing waits for it."""
    LANDING = "landing"
    """Landing waits."""
    LOST = "lost"
    """The supervisor of an attempt does not answer."""
    MAIL = "mail"
    """A mail is not on its way."""
    MACHINE = "machine"
    """Memory or disk is short."""
    MILESTONE = "milestone"
    """An earlier milestone is not finished."""
    MISSION = "mission"
    """The mission itself: its status, or another mission."""
    PARKED = "parked"
    """A rate limit has not ended."""
    PAUSED = "paused"
    """A person, or a rule, paused the mission."""
    PHASE = "phase"
    """A phase is not finished, or waits for a person."""
    PLACE = "place"
    """None of the machines that a feature asks for takes it now."""
    PREVIEW = "preview"
    """A preview cannot start, or failed."""
    DEPLOY = "deploy"
    """A deployment waits, runs, or failed."""
    PULL = "pull request"
    """A pull request is not merged yet."""
    PURCHASE = "purchase"
    """A purchase is not decided or not paid."""
    QUALITY = "quality gate"
    """A quality gate waits for a person."""
    RECOVERY = "recovery"
    """A safety stop is open."""
    REMOTE = "remote"
    """The remote cannot be used."""
    REQUEST = "request"
    """A question waits for its answer."""
    RESOURCE = "resource"
    """Something that the mission needs is missing."""
    REVIEW = "review"
    """An attempt is being judged."""
    ROW = "row"
    """The row of the feature cannot be read."""
    RUNNER = "runner"
    """The runner cannot work."""
    RUNNING = "running"
    """An attempt is running."""
    SLOT = "slot"
    """Every slot is taken."""
    START = "start"
    """`mission start` refuses."""
    VALIDATING = "validating"
    """The milestone is being validated."""
    VALUE = "value"
    """A value that limits the mission does not count."""
    STALE = "stale"
    """The mission had no activity for its lifetime, or it is archived."""
    WAIT = "wait"
    """An external wait is not over."""
    WORK = "work"
    """The branch of finished work is missing or in the way."""


class LandMethod(StrEnum):
    """What landing makes of the finished work."""

    FORWARD = "forward"
    """No commit of its own if the base has not moved: automatic landing."""
    MERGE = "merge"
    """A merge commit, even if the base has not moved."""
    SQUASH = "squash"
    """One commit with everything, without the history of the work."""


class JobKind(StrEnum):
    """What a job is for; each kind has slots of its own."""

    WORKER = "worker"
    CHECK = "check"
    PLAN = "plan"
    REVIEW = "review"
    """An agent looks at finished work; only its answer counts."""
    HOOK = "hook"
    """A command of the settings before or after a step; claimed, and never started twice."""
    MANUAL = "hand"
    """A manual attempt: a tree, and no process."""
    PREVIEW = "preview"
    """A server that shows finished work, or what deploys it: started once, without a slot."""


class JobState(StrEnum):
    """What an executor knows about a job. UNREACHABLE means that its state could not be found out."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    RUNNING = "running"
    GONE = "gone"
    ENDED = "ended"
    UNREACHABLE = "unreachable"


class EndReason(StrEnum):
    """Why the process of a job ended."""

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
    """The kind of a row of `## Gates`."""

    CHECKPOINT = "checkpoint"
    APPROVAL = "approval"
    QUALITY = "quality"
    DELAY = "delay"


class GateStatus(StrEnum):
    """The first word of a gate's Status cell; after it there may be a time, or a name in parentheses."""

    PENDING = "pending"
    WAITING = "waiting"
    """The features before it are finished, and a person has to decide."""
    UNTIL = "until"
    """A delay that has begun; the time follows."""
    PASSED = "passed"
    FAILED = "failed"
    APPROVED = "approved"
    REJECTED = "rejected"
    OPEN = "open"
    """Written by people only, as is DONE."""
    DONE = "done"

    @classmethod
    def of(cls, text: str) -> GateStatus | None:
        """Return the status in a cell; PENDING for an empty one, None for a word that is not known."""
        word = text.casefold().split(" ")[0] or cls.PENDING
        return cls(word) if word in _GATE_WORDS else None


_GATE_WORDS = frozenset(GateStatus)
OPEN_GATE = frozenset({GateStatus.APPROVED, GateStatus.PASSED, GateStatus.OPEN, GateStatus.DONE})
"""A gate with such a status lets features start."""


class RequestStatus(StrEnum):
    """The status of a row of `## Input Requests`."""

    OPEN = "open"
    PENDING = "pending"
    """Written by people only."""
    EXPIRED = "expired"
    """Not answered in time; an answer is still accepted."""
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


OPEN_REQUEST = frozenset({RequestStatus.OPEN, RequestStatus.PENDING, RequestStatus.EXPIRED})
"""Statuses with which a request still waits for an answer."""


class WaitStatus(StrEnum):
    """The status of a row of `## Waits`."""

    OPEN = "open"
    WAITING = "waiting"
    """Written by people only, as is PENDING."""
    PENDING = "pending"
    RESOLVED = "resolved"
    FAILED = "failed"
    """It did not happen in time."""


OPEN_WAIT = frozenset({WaitStatus.OPEN, WaitStatus.WAITING, WaitStatus.PENDING})


class RecoveryStatus(StrEnum):
    """The status of a row of `## Recovery Log`."""

    OPEN = "open"
    RECOVERED = "recovered"
    SKIPPED = "skipped"


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


EXECUTABLE_KINDS = frozenset(
    {
        CriterionKind.RUN,
        CriterionKind.FILE,
        CriterionKind.GREP,
        CriterionKind.METRIC,
        CriterionKind.HTTP,
        CriterionKind.BROWSER,
    }
)
SERVED_KINDS = frozenset({CriterionKind.HTTP, CriterionKind.BROWSER})
"""The kinds whose judge asks a server; the variables of their checks are those of the server."""
