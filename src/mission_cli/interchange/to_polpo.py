"""Write a mission as Polpo's record: tasks, team and gates; a milestone becomes a task that the next ones wait for."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from mission_cli._support.numbers import whole
from mission_cli.domain.status import CriterionKind, GateKind, MissionStatus
from mission_cli.domain.tables import REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.tables import Gate

_STATUS = {MissionStatus.PLANNING: "draft"}
THRESHOLD = "quality-threshold"
"""The gate that stands for the `qualityThreshold` of a record."""
_AT_LEAST = frozenset({">=", ">"})
_GATES = {GateKind.CHECKPOINT: "checkpoints", GateKind.APPROVAL: "checkpoints", GateKind.QUALITY: "qualityGates"}
_GATES |= {GateKind.DELAY: "delays"}


def write_polpo(mission: Mission) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the record, and what the record cannot represent."""
    titles = _titles(mission)
    tasks: list[dict[str, Any]] = []
    before: list[str] = []
    left: list[str] = []
    for milestone in mission.milestones:
        mine = list(_tasks(milestone, titles, [] if milestone.independent else before, left))
        tasks += mine
        ends = [task["title"] for task in mine]
        judged = _judge(milestone, ends, left)
        tasks += judged
        before = [task["title"] for task in judged] or ends or before
    document: dict[str, Any] = {"tasks": tasks, "team": list(_team(mission))}
    for gate in mission.gates:
        if not (gate.name == THRESHOLD and gate.min_score == mission.quality_threshold):
            _add_gate(document, gate, titles, left)
    left += _unsaid(mission)
    record = {
        "id": mission.id,
        "name": mission.title,
        "prompt": mission.goal,
        "status": _STATUS.get(mission.status, str(mission.status)) if mission.status else "draft",
        "deadline": mission.deadline,
        "schedule": mission.schedule,
        "endDate": mission.end_date,
        "executionCount": mission.executions,
        "qualityThreshold": float(mission.quality_threshold or 0),
        "notifications": {"rules": [{"channels": list(mission.notify)}]} if mission.notify else None,
        "createdAt": mission.created,
        "updatedAt": mission.progress[-1].at if mission.progress else mission.created,
        "data": json.dumps({k: v for k, v in document.items() if v}, ensure_ascii=False),
    }
    return {k: v for k, v in record.items() if v}, tuple(left)


def _titles(mission: Mission) -> dict[FeatureNumber, str]:
    """Return the features' titles; equal titles are followed by the feature's number."""
    count = Counter(f.title for f in mission.features())
    return {f.number: f"{f.title} ({f.number})" if count[f.title] > 1 else f.title for f in mission.features()}


def _tasks(
    milestone: Milestone, titles: Mapping[FeatureNumber, str], before: list[str], left: list[str]
) -> Iterator[dict[str, Any]]:
    for feature in milestone.features:
        expectations, metrics = _expectations(_written(feature), str(feature.number), left)
        if feature.finished:
            left.append(f"{feature.number} is {feature.raw_status}: in Polpo's record every task is open")
        task = {
            "title": titles[feature.number],
            "description": feature.description or feature.title,
            "assignTo": feature.assign,
            "dependsOn": [*before, *(titles[n] for n in feature.depends if n in titles)],
            "expectations": expectations,
            "metrics": metrics,
            "sideEffects": feature.side_effects,
        }
        left += [f"{feature.number}: model {feature.model}"] if feature.model else []
        yield {k: v for k, v in task.items() if v}


def _written(feature: Feature) -> tuple[Criterion, ...]:
    """Return the criteria that stand in the file; the gates of the record ask for the reviews that they need."""
    return tuple(criterion for criterion in feature.criteria if criterion.index >= 0)


def _judge(milestone: Milestone, after: list[str], left: list[str]) -> list[dict[str, Any]]:
    """Return the task with a milestone's criteria, because Polpo has no milestones; empty if there are none."""
    if not milestone.criteria:
        return []
    expectations, metrics = _expectations(milestone.criteria, f"milestone {milestone.number}", left)
    task = {
        "title": f"Validate milestone {milestone.number}: {milestone.name}",
        "description": f"Make sure that the criteria of milestone {milestone.number} hold; fix what does not.",
        "dependsOn": after,
        "expectations": expectations,
        "metrics": metrics,
    }
    return [{k: v for k, v in task.items() if v}] if expectations or metrics else []


def _expectations(
    criteria: tuple[Criterion, ...], where: str, left: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    expectations: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    for criterion in criteria:
        match criterion.kind:
            case _ if criterion.fields:
                left.append(f"{where}: {criterion.text}")
            case CriterionKind.RUN:
                expectations.append({"type": "test", "command": criterion.command})
            case CriterionKind.FILE:
                expectations.append({"type": "file_exists", "paths": list(criterion.paths)})
            case CriterionKind.METRIC if criterion.comparison in _AT_LEAST and criterion.bound is not None:
                metric = {"name": criterion.text, "command": criterion.command, "threshold": float(criterion.bound)}
                metrics.append(metric)
            case CriterionKind.REVIEW if criterion.bound is not None:
                words = criterion.text.partition(":")[2].rpartition("(")[0].strip()
                review = {"type": "llm_review", "criteria": words, "threshold": float(criterion.bound)}
                expectations.append(review)
            case _:
                left.append(f"{where}: {criterion.text}")
    return expectations, metrics


def _team(mission: Mission) -> Iterator[dict[str, Any]]:
    for row in mission.kept:
        if row.section == "Team" and row.cells.get("agent") and row.cells.get("volatile", "").casefold() != REMOVED:
            agent = {
                "name": row.cells["agent"],
                "role": row.cells.get("role"),
                "model": row.cells.get("model", "").replace("/", ":", 1),
                "maxConcurrency": whole(row.cells.get("max parallel", "")),
                "volatile": row.cells.get("volatile", "").casefold() in {"yes", "true"},
                "systemPrompt": row.cells.get("instructions"),
                "skills": [one for part in row.cells.get("skills", "").split(",") if (one := part.strip())],
            }
            yield {k: v for k, v in agent.items() if v}


def _add_gate(document: dict[str, Any], gate: Gate, titles: Mapping[FeatureNumber, str], left: list[str]) -> None:
    if gate.kind is None:
        left.append(f"gate {gate.name}: its kind is not known")
        return
    told: dict[str, Any] = {
        "name": gate.name,
        "afterTasks": [titles[n] for n in gate.after],
        "blocksTasks": [titles[n] for n in gate.blocks],
    }
    if gate.notify:
        told["notifyChannels"] = [name.strip() for name in gate.notify.split(",") if name.strip()]
    if gate.kind is GateKind.DELAY:
        told |= {"duration": gate.length} | ({"message": gate.message} if gate.message else {})
    elif gate.kind is GateKind.QUALITY:
        told["requireAllPassed"] = gate.all_passed
        told |= {"minScore": float(gate.min_score)} if gate.min_score is not None else {}
        if gate.condition or (gate.rule and not gate.all_passed and gate.min_score is None):
            told["condition"] = gate.condition or gate.rule
    elif gate.rule:
        told["message"] = gate.rule
    if gate.kind is GateKind.APPROVAL:
        left.append(f"gate {gate.name}: an approval becomes a checkpoint, in which a rejection has no effect")
    document.setdefault(_GATES[gate.kind], []).append(told)


def _unsaid(mission: Mission) -> Iterator[str]:
    if mission.limits.any_cap:
        yield "the budget: Polpo has no budgets"
    for name, lines in (("constraint", mission.constraints), ("non-goal", mission.non_goals)):
        yield from (f"{name}: {line}" for line in lines)
    if mission.phases:
        yield f"phases: {', '.join(phase.name for phase in mission.phases)}"
    if mission.needed_resources:
        yield f"resources: {', '.join(mission.needed_resources)}"
