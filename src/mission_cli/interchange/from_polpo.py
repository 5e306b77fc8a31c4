"""Read missions of Polpo (polpo.sh) as plans: its mission record, or the document in the record's `data`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line, parse_stamp
from mission_cli.document.plans.model import (
    Plan,
    PlanAgent,
    PlanFeature,
    PlanGate,
    PlanMilestone,
    PlanReviews,
)
from mission_cli.document.plans.problems import said as value_problem
from mission_cli.domain.ids import why_bad_id
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Problem
from mission_cli.interchange import criteria
from mission_cli.interchange.sources import (
    Source,
    Taken,
    parse,
)
from mission_cli.interchange.to_polpo import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

_SCORE = 3.0
"""Polpo's default for the score that a review must reach."""
_OF_THE_RECORD = frozenset({"updatedAt"})
"""What the first commit of the mission says here."""
_REVIEWS = pattern(r"\breview", re.IGNORECASE)
_STATUSES = frozenset({"scheduled", "recurring", "active", "paused", "completed", "failed", "cancelled"})
"""The statuses with the same meaning here; Polpo's `draft` becomes `planning`."""


class _Open(BaseModel):
    """A part of a file from any version of Polpo; unknown keys are kept, and reported as not imported."""

    model_config = ConfigDict(extra="allow")

    def unknown(self, where: str) -> Iterator[str]:
        """Yield the keys that were not imported."""
        for name, value in (self.model_extra or {}).items():
            if value not in (None, "", [], {}):
                yield f"{where}{name}: {one_line(str(value), 80)}"


class _Task(_Open):
    title: str = Field(min_length=1)
    description: str = ""
    assignTo: str = ""
    dependsOn: list[str] = []
    expectations: list[dict[str, Any]] = []
    expectedOutcomes: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    sideEffects: bool = False
    maxRetries: int | None = Field(default=None, ge=0, le=99)
    maxDuration: float | None = Field(default=None, gt=0)
    """Milliseconds."""


class _Agent(_Open):
    name: str = Field(min_length=1)
    role: str = ""
    model: str = ""
    maxConcurrency: int | None = None
    volatile: bool = False
    systemPrompt: str = ""
    skills: list[str] = []


class _Gate(_Open):
    name: str = Field(min_length=1)
    afterTasks: list[str] = []
    blocksTasks: list[str] = []
    message: str = ""
    duration: str = ""
    minScore: float | None = None
    requireAllPassed: bool = False
    condition: str = ""
    notifyChannels: list[str] = []

    def rule(self) -> str:
        """Return the rule of the gate as text."""
        if self.duration:
            return f"{self.duration}: {self.message}" if self.message else self.duration
        parts = [self.message]
        parts += [f"minScore >= {self.minScore:g}"] if self.minScore is not None else []
        parts += ["requireAllPassed"] if self.requireAllPassed else []
        parts += [f"condition: {self.condition}"] if self.condition else []
        return ", ".join(filter(None, parts))


class _Document(_Open):
    tasks: list[_Task] = Field(min_length=1)
    team: list[_Agent] = []
    checkpoints: list[_Gate] = []
    qualityGates: list[_Gate] = []
    delays: list[_Gate] = []


class _Rule(_Open):
    channels: list[str] = []


class _Notifications(_Open):
    rules: list[_Rule] = []

    def names(self) -> list[str]:
        """Return whom to notify, without duplicates."""
        return list(dict.fromkeys(one_line(name) for rule in self.rules for name in rule.channels))

    def left(self) -> Iterator[str]:
        """Yield the conditions of notifications, which were not imported: here every event is notified."""
        yield from self.unknown("notifications: ")
        for number, rule in enumerate(self.rules, 1):
            yield from rule.unknown(f"notifications: rule {number}: ")


class _Record(_Open):
    id: str = ""
    name: str = ""
    prompt: str = ""
    status: str = ""
    deadline: str = ""
    schedule: str = ""
    endDate: str = ""
    executionCount: int = Field(default=0, ge=0)
    notifications: _Notifications | None = None
    qualityThreshold: float | None = None
    createdAt: str = ""


_KINDS: tuple[tuple[str, Literal["checkpoint", "quality", "delay"]], ...] = (
    ("checkpoints", "checkpoint"),
    ("qualityGates", "quality"),
    ("delays", "delay"),
)


def read_polpo(text: str) -> Taken:
    """Return the plan for a mission of Polpo."""
    source = parse(text.lstrip("\ufeff"))
    if isinstance(source, Problem):
        return Taken(None, (source,))
    if not isinstance(source.value, dict):
        return Taken(
            None,
            (Problem(1, 1, "the file is not a JSON object", "a mission of Polpo has `tasks`, or `data` with them"),),
        )
    record, inner = source.value, source
    if "data" in record:
        found = _inner(source)
        if isinstance(found, Problem):
            return Taken(None, (found,))
        inner = found
    return read_document(inner, record, bare=inner is source)


def read_document(inner: Source, record: Mapping[str, Any], *, bare: bool) -> Taken:
    """Return the plan for the document of a mission; `record` describes it, and is the document itself if `bare`."""
    try:
        document = _Document.model_validate(inner.value)
        about = _Record.model_validate({k: v for k, v in record.items() if _is_about(k, bare=bare) and v})
    except ValidationError as error:
        return Taken(None, tuple(_problem(inner, e) for e in error.errors()))
    return _plan(document, about, inner)


def _is_about(key: str, *, bare: bool) -> bool:
    """Whether a key describes the mission; a bare document has some keys of a record in addition to its own."""
    return key in _Record.model_fields if bare else key != "data"


def _inner(source: Source) -> Source | Problem:
    """Return the document in a record: an object, or JSON in a string."""
    data = source.value["data"]
    if isinstance(data, dict):
        return Source(data, below(source, "data"))
    line, column = source.at("data")
    found = parse(data) if isinstance(data, str) else Problem(1, 1, "it is neither an object nor JSON in a string")
    if isinstance(found, Problem):
        return Problem(line, column, f"`data`, line {found.line}: {found.message}", found.hint)
    return Source(found.value, None, line)


def below(source: Source, name: str) -> Any:
    """Return the node of a key at the top of a file; None if there is none."""
    pairs = source.root.value if source.root is not None else []
    return next((value for key, value in pairs if key.value == name), None)


def _problem(source: Source, error: ErrorDetails) -> Problem:
    place = tuple(error["loc"])
    name = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    words, hint = value_problem(error)
    return Problem(*source.at(*place), f"`{name}` {words}", hint)


def _plan(document: _Document, about: _Record, source: Source) -> Taken:
    numbers: dict[str, str] = {}
    problems: list[Problem] = []
    left: list[str] = []
    for n, task in enumerate(document.tasks):
        if task.title in numbers:
            words = f"two tasks are called `{task.title}`, so dependencies on it are ambiguous"
            problems.append(Problem(*source.at("tasks", n, "title"), words))
        numbers.setdefault(task.title, f"1.{n + 1}")
    for n, task in enumerate(document.tasks):
        problems += _unknown(source, ("tasks", n, "dependsOn"), task.dependsOn, numbers)
    features = [_feature(task, numbers, left) for task in document.tasks]
    gates = []
    for key, kind in _KINDS:
        for n, gate in enumerate(getattr(document, key)):
            for side in ("afterTasks", "blocksTasks"):
                problems += _unknown(source, (key, n, side), getattr(gate, side), numbers)
            gates.append(_gate(gate, kind, numbers))
            left += gate.unknown(f"gate {gate.name}: ")
    left += [*_about(about, left_of=document), *(w for a in document.team for w in a.unknown(f"agent {a.name}: "))]
    if problems:
        return Taken(None, tuple(problems))
    if about.qualityThreshold is not None:
        every, rule = list(numbers.values()), f"minScore >= {about.qualityThreshold:g}"
        gates.append(PlanGate(name=THRESHOLD, kind="quality", after=every, rule=rule))
    title = one_line(about.name or about.prompt or document.tasks[0].title, 120)
    if about.id and (why := why_bad_id(about.id)):
        left.append(f"id: {one_line(about.id, 80)}: {why}")
    plan = Plan(
        title=title,
        id="" if why_bad_id(about.id) else about.id,
        goal=about.prompt or title,
        deadline=about.deadline,
        schedule=about.schedule,
        end_date=about.endDate,
        notify=about.notifications.names() if about.notifications else [],
        quality_threshold=min(max(about.qualityThreshold or 0, 0), 5),
        reviews=_reviews(document),
        team=[_agent(agent) for agent in document.team],
        gates=gates,
        milestones=[PlanMilestone(name="Tasks", features=features)],
    )
    return Taken(plan, (), tuple(left), _front(about))


def _front(about: _Record) -> dict[str, str | int]:
    """Return when the mission was made, and its status. `managed` is empty if it has one, so that nothing runs."""
    front: dict[str, str | int] = {"executions": about.executionCount} if about.executionCount else {}
    front |= {"created": about.createdAt} if parse_stamp(about.createdAt) else {}
    return front | ({"status": about.status, "managed": ""} if about.status in _STATUSES else {})


def _about(about: _Record, *, left_of: _Document) -> Iterator[str]:
    if about.status not in {"", "draft", *_STATUSES}:
        yield f"status: {about.status}; the mission is planned here, and nothing runs before `{do('start')}`"
    yield from about.notifications.left() if about.notifications else ()
    yield from (w for w in about.unknown("") if w.partition(":")[0] not in _OF_THE_RECORD)
    yield from (w for w in left_of.unknown("") if w.partition(":")[0] not in _Record.model_fields)


def _unknown(
    source: Source, place: tuple[str | int, ...], titles: list[str], numbers: Mapping[str, str]
) -> Iterator[Problem]:
    for n, title in enumerate(titles):
        if title not in numbers:
            words = f"`{'.'.join(str(p + 1) if isinstance(p, int) else p for p in place)}` names no task: `{title}`"
            yield Problem(*source.at(*place, n), words)


def _feature(task: _Task, numbers: Mapping[str, str], left: list[str]) -> PlanFeature:
    found: list[str] = []
    more: list[str] = []
    for wanted in [*task.expectations, *({"type": "metric", **m} for m in task.metrics)]:
        line = _criterion(wanted)
        estimated = wanted.get("confidence") == "estimated" and line and not line.startswith("review:")
        line = f"{line}\n  confidence: estimated" if estimated else line
        found.append(line or criteria.words(f"manual: {_words(wanted)}"))
        if not line:
            left.append(
                f"task {task.title}: a person will be asked, because no criterion can express it: {_words(wanted)}"
            )
    for outcome in task.expectedOutcomes:
        path = outcome.get("path")
        line = criteria.paths([path]) if isinstance(path, str) and outcome.get("required") is not False else None
        found += [line] if line else []
        told = [str(outcome[k]) for k in ("label", "description") if outcome.get(k)]
        more += [] if line else [f"Expected outcome ({outcome.get('type', 'file')}): {' - '.join(told)}"]
    left += task.unknown(f"task {task.title}: ")
    return PlanFeature(
        title=one_line(task.title),
        description="\n\n".join(filter(None, [task.description, *more])),
        criteria=found,
        depends=[numbers.get(name, name) for name in dict.fromkeys(task.dependsOn)],
        assign=one_line(task.assignTo),
        side_effects=task.sideEffects,
        limits=_limits(task),
    )


def _limits(task: _Task) -> str:
    """Return the limits of a task: Polpo counts retries after the first attempt, and milliseconds."""
    tries = [f"attempts {task.maxRetries + 1}"] if task.maxRetries is not None else []
    seconds = math.ceil((task.maxDuration or 0) / 1000)
    return ", ".join([*tries, *([f"duration {seconds}s"] if seconds else [])])


def _criterion(wanted: Mapping[str, Any]) -> str | None:
    match wanted:
        case {"type": "test" | "script", "command": str(command)} if command.strip():
            return criteria.command("run", command)
        case {"type": "file_exists", "paths": [*names]} if names and all(isinstance(n, str) for n in names):
            return criteria.paths([str(n) for n in names])
        case {"type": "metric", "command": str(command), "threshold": int() | float() as least}:
            return criteria.command("metric", command, f" >= {least:g}")
        case {"type": "llm_review"} if said_by_reviewer(wanted):
            threshold = wanted.get("threshold")
            least = threshold if isinstance(threshold, int | float) else _SCORE
            return f"review: {one_line(said_by_reviewer(wanted), 900)} (>= {least:g})"
    return None


def said_by_reviewer(wanted: Mapping[str, Any]) -> str:
    """Return what a reviewer should check: the criteria in words, and the dimensions."""
    dimensions = wanted.get("dimensions")
    named = [d for d in dimensions if isinstance(d, dict)] if isinstance(dimensions, list) else []
    parts = [str(wanted.get("criteria") or ""), *(f"{d.get('name', '')}: {d.get('description', '')}" for d in named)]
    return "; ".join(filter(None, parts))


def _words(wanted: Mapping[str, Any]) -> str:
    return one_line(", ".join(f"{key} {value}" for key, value in wanted.items()), 200)


def _gate(gate: _Gate, kind: Literal["checkpoint", "quality", "delay"], numbers: Mapping[str, str]) -> PlanGate:
    return PlanGate(
        name=one_line(gate.name),
        kind=kind,
        after=[numbers.get(t, t) for t in gate.afterTasks],
        blocks=[numbers.get(t, t) for t in gate.blocksTasks],
        rule=one_line(gate.rule(), 400),
        notify=one_line(", ".join(gate.notifyChannels)),
    )


def _reviews(document: _Document) -> PlanReviews:
    """Return who reviews, if a gate needs a score: agents without tasks whose name or role says so."""
    assigned = {task.assignTo for task in document.tasks}
    names = [
        f"@{one_line(agent.name)}"
        for agent in document.team
        if agent.name not in assigned and _REVIEWS.search(f"{agent.name} {agent.role}")
    ]
    scored = any(gate.minScore is not None for gate in document.qualityGates)
    return PlanReviews(reviewers=names, at_gates=True) if names and scored else PlanReviews()


def _agent(agent: _Agent) -> PlanAgent:
    most = str(agent.maxConcurrency) if agent.maxConcurrency else ""
    return PlanAgent(
        name=one_line(agent.name),
        role=agent.role,
        model=agent.model.replace(":", "/", 1),  # `provider:model` there, `provider/model` for most agents
        max_parallel=most,
        volatile=agent.volatile,
        skills=one_line(", ".join(agent.skills), 400),
        instructions=one_line(agent.systemPrompt, 2000),
    )
