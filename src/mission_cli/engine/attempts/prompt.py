"""The prompts of attempts, reviews and judgments, from the mission and what is known of earlier attempts."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.domain.branches.refs import run_branch
from mission_cli.domain.ids import Sha, attempt_name
from mission_cli.domain.judgments.rules import ADVISER, JudgmentKind
from mission_cli.domain.research.topics import SECTION as RESEARCH
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.resources.rows import named_resource
from mission_cli.domain.routing import is_research, reviewers, workers
from mission_cli.domain.skills.choosing import line_of
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.engine.attempts.handover import handover_of
from mission_cli.engine.drafts.given import NOTHING, Given, shown_drafts
from mission_cli.engine.findings import folder_of, shown
from mission_cli.engine.recording.signals import for_prompt
from mission_cli.planner.attempts.causes import RULES
from mission_cli.planner.core.phases import sender_of
from mission_cli.planner.judgments.diagnosis import diagnoses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.routing import Route
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.skills.standing import Standing
    from mission_cli.domain.tables import InputRequest, Member
    from mission_cli.engine.context import Context

_LONGEST_EVIDENCE = 3000
_LONGEST_DIFF = 40_000
_MARKS = (45, 90, 120)
_MOST_SIBLINGS, _LONGEST_TITLE = 100, 160
_MOST_KNOWN = 50
"""Rows of `## Research` in a prompt."""


def siblings(mission: Mission, number: str) -> str:
    """Return the other features of a mission as JSON, for the tools of a worker; the first 100 of them."""
    others = [f for f in mission.features() if f.number != number]
    facts = [
        {
            "number": f.number,
            "title": one_line(f.title, _LONGEST_TITLE),
            "status": str(f.status or f.raw_status),
            "depends": [*f.depends],
        }
        for f in others[:_MOST_SIBLINGS]
    ]
    return json.dumps(facts)


def prompt_for(  # noqa: PLR0913 - everything that a prompt is made of
    ctx: Context,
    mission: Mission,
    record: RunRecord,
    records: Sequence[RunRecord],
    found: Mapping[str, str] = MappingProxyType({}),
    *,
    pull: str = "",
    brief: str = "",
    data: Mapping[str, str] = MappingProxyType({}),
    given: Given = NOTHING,
    skills: Sequence[Standing] = (),
) -> str:
    """Return the prompt of an attempt: what its worker has to know, and how to finish.

    `found`: the findings of other workers of the mission. `pull`: what is wrong with its pull request.
    `brief`: which document of a phase it writes.
    `data`: what was stored with the waits of the feature. `given`: the drafts that it gets.
    `skills`: what earlier missions learned that fits the feature.
    """
    feature = mission.feature(record.feature)
    milestone = mission.milestone_holding(record.feature)
    if feature is None or milestone is None:
        raise ValueError(f"{record.feature} is not in the mission")
    earlier = [r for r in records if r.feature == record.feature and r.attempt < record.attempt and r.cause]
    handover = handover_of(ctx, mission, record, earlier)
    minutes = record.deadline_s // 60
    values: dict[str, Any] = {
        "mission": mission,
        "milestone": milestone,
        "feature": feature,
        **_others(mission, milestone, feature),
        "run": record.run,
        "base": record.base,
        "attempt": record.attempt,
        "branch": run_branch(record.run),
        "minutes": minutes,
        "marks": [m for m in _MARKS if m < minutes],
        "earlier": [_feedback(r) for r in earlier if r.cause is not Cause.DONE],
        "handover": handover,
        "rest_only": bool(earlier) and earlier[-1].cause is not None and RULES[earlier[-1].cause].safety,
        "member": _member_of(ctx, list(workers(mission, feature)), record),
        "research": is_research(mission, feature),
        "folder": folder_of(mission.id),
        "found": shown(found, mission, feature),
        "topic": topic_in(mission, feature),
        "known": [row.cells for row in mission.kept if row.section == RESEARCH][:_MOST_KNOWN],
        "pull": pull,
        "brief": brief,
        "skills": "\n".join(map(line_of, skills)),
        "answers": [r for r in mission.requests if r.feature == feature.number and not r.open and r.response],
        **_told(mission, milestone, feature, records),
        "signals": for_prompt((w for w in mission.waits if w.feature == feature.number), data),
        "mail": ctx.post.sender,
        **_given(ctx, mission, feature),
        **shown_drafts(ctx, record, given),
    }
    if record.conversation:
        return ctx.templates.render("prompts/answered.md.j2", values | _continued(record, earlier, values["answers"]))
    return ctx.templates.render("prompts/full-loop.md.j2", values)


def _continued(
    record: RunRecord, earlier: Sequence[RunRecord], answers: Sequence[InputRequest]
) -> dict[str, RunRecord | InputRequest | None]:
    """Return what an attempt that continues a conversation adds: the attempt that asked, and the answer to it."""
    asked = next(r for r in reversed(earlier) if r.session == record.conversation)
    begin = f"{attempt_name(asked.run)}: "
    return {"asked": asked, "told": next((r for r in answers if r.prompt.startswith(begin)), None)}


def _told(mission: Mission, milestone: Milestone, feature: Feature, records: Sequence[RunRecord]) -> dict[str, Any]:
    """Return what people, advice of models and phases told the worker of a feature."""
    phases = {sender_of(phase) for phase in mission.phases}
    messages = [m for m in mission.messages if m.feature == feature.number]
    return {
        "messages": [m for m in messages if m.sender not in phases and m.sender != ADVISER],
        "advice": [*(m.text for m in messages if m.sender == ADVISER), *diagnoses(milestone, feature, records)],
        "refused": [m for m in messages if m.sender in phases],
    }


def _others(mission: Mission, milestone: Milestone, feature: Feature) -> dict[str, Any]:
    """Return the other features: of the milestone, those with files, and those that are done."""
    others = [f for f in milestone.features if f.number != feature.number]
    return {
        "siblings": others,
        "others": [f for f in others if f.files and not f.finished],
        "done": [f for f in mission.features() if f.status is FeatureStatus.DONE and f.number != feature.number],
    }


def _given(ctx: Context, mission: Mission, feature: Feature) -> dict[str, Any]:
    """Return what a worker has and has not: resources, purchases, files."""
    return {
        "resources": [r for need in feature.needs if (r := named_resource(mission.resources, need)) is not None],
        "purchases": ctx.payments.name,
        "bought": [row for row in mission.purchases if row.feature == feature.number],
        "missing": list(ctx.machine.not_in_checkout(ctx.settings.tree.copy)),
        "protect": list(ctx.settings.protect),
    }


def review_prompt(ctx: Context, mission: Mission, record: RunRecord) -> str:
    """Return the prompt of a review: the change, the criteria and their evidence, and none of the worker's words."""
    feature = next((f for f in mission.features() if f.number == record.about), None)
    milestone = next((m for m in mission.milestones if str(m.number) == record.about), None)
    diff = ctx.code.diff(Sha(record.base), Sha(record.head))
    values = {
        "mission": mission,
        "what": "feature" if feature else "milestone" if milestone else "mission",
        "owner": record.about if feature or milestone else "",
        "member": _member_of(ctx, list(reviewers(mission)), record),
        "feature": feature,
        "title": feature.title if feature else milestone.name if milestone else mission.title,
        "description": feature.description if feature else "",
        "criteria": record.criteria,
        "dimensions": mission.reviews.dimensions,
        "evidence": record.evidence,
        "base": record.base,
        "diff": diff[:_LONGEST_DIFF] or "(it changes nothing)",
        "cut": len(diff) > _LONGEST_DIFF,
        "minutes": max(1, record.deadline_s // 60),
        "example": _example(mission),
    }
    return ctx.templates.render("prompts/review.md.j2", values)


def judgment_prompt(ctx: Context, mission: Mission, record: RunRecord) -> str:
    """Return the prompt of a judgment: what it is asked, and what it is to know, quoted as data."""
    from mission_cli.domain.judgments.answers import example_of, schema_of  # imports pydantic

    kind = JudgmentKind(record.asks)
    values = {
        "mission": mission,
        "about": record.about,
        "facts": record.evidence,
        "minutes": max(1, record.deadline_s // 60),
        "example": example_of(kind),
        "schema": schema_of(kind),
    }
    return ctx.templates.render(f"prompts/judgments/{kind}.md.j2", values)


def _member_of(ctx: Context, ways: Sequence[tuple[Route, Member | None]], record: RunRecord) -> Member | None:
    """Return the row of the team that does a job: the one whose route the record has, else the first one's."""
    for route, member in ways:
        runner = route.runner or ctx.default_runner()
        settings = ctx.settings.runners.get(runner)
        model = settings.models.get(route.tier, route.tier) if settings else route.tier
        if (runner, model) == (record.runner, record.model):
            return member
    return ways[0][1] if ways and not record.reviewing else None


def _example(mission: Mission) -> str:
    """Return an answer as JSON that shows every field."""
    scores = {dimension.name: 4 for dimension in mission.reviews.dimensions}
    finding = {
        "title": "The total is wrong for an empty list",
        "body": "total() returns None, and the caller adds it to a number.",
        "file": "src/total.py",
        "first_line": 12,
        "last_line": 14,
        "priority": 1,
        "confidence": 0.9,
        "command": "python3 -c 'from total import total; assert total([]) == 0'",
        "pre_existing": False,
    }
    answer = {
        "criteria": [{"id": "c1", "scores": scores, "reason": "Why, in one or two sentences."}],
        "findings": [finding],
        "summary": "The whole in one sentence.",
    }
    return json.dumps(answer, indent=2)


def _feedback(record: RunRecord) -> dict[str, object]:
    return {
        "attempt": record.attempt,
        "cause": str(record.cause),
        "detail": record.detail,
        "head": record.head,
        "saved": record.saved,
        "evidence": record.evidence[-_LONGEST_EVIDENCE:],
    }
