"""Show the documents that people decide about: suggestions, requirements, and what was found out about topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.app.results.proposals import (
    RequiredMilestone,
    RequiredTask,
    RequirementsShown,
    SuggestedFeature,
    Suggestions,
    TopicShown,
)
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.notice import do
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.domain.problems import Problem
from mission_cli.domain.research.topics import document_of, topic_of, topics
from mission_cli.engine.phases.documents import documents_of
from mission_cli.interchange.proposals.requirements import read_requirements
from mission_cli.interchange.proposals.suggestions import read_suggestions

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.phases.look import Document
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot


def suggestions_of(ctx: Context, snapshot: Snapshot, address: Address) -> Suggestions:
    """Return the suggestions of a mission. Raises NotFoundError if there is no such document."""
    document = _document(ctx, snapshot, address, SUGGESTIONS)
    mission, path = address.mission.id, f"research/{SUGGESTIONS}"
    read = read_suggestions(document.text)
    if isinstance(read, Problem):
        return Suggestions(mission, path, document.blob, read.at(path))
    listed = [SuggestedFeature(n, s.title, s.why, s.effort, s.files) for n, s in enumerate(read.suggestions, 1)]
    return Suggestions(mission, path, document.blob, "", read.stack, read.structure, listed, read.notes)


def requirements_of(ctx: Context, snapshot: Snapshot, address: Address) -> RequirementsShown:
    """Return the requirements of a mission. Raises NotFoundError if there is no such document."""
    document = _document(ctx, snapshot, address, REQUIREMENTS)
    mission, path = address.mission.id, f"research/{REQUIREMENTS}"
    read = read_requirements(document.text)
    if isinstance(read, Problem):
        return RequirementsShown(mission, path, document.blob, read.at(path))
    milestones = [
        RequiredMilestone(
            milestone.name,
            [
                RequiredTask(f"{m}.{n}", f.title, f.description, f.estimate, f.depends, f.criteria)
                for n, f in enumerate(milestone.features, 1)
            ],
            milestone.validation,
        )
        for m, milestone in enumerate(read.plan.milestones, 1)
    ]
    warnings = [f"{p.message} ({p.hint})" if p.hint else p.message for p in read.warnings]
    return RequirementsShown(
        mission, path, document.blob, "", read.plan.title, read.plan.goal, milestones, warnings, read.notes
    )


def topic_shown(ctx: Context, snapshot: Snapshot, address: Address, name: str) -> TopicShown:
    """Return the document of a topic. Raises NotFoundError if there is none."""
    topic = topic_of(name)
    known = topics(address.mission)
    if topic not in known:
        hint = f"its topics: {', '.join(known)}" if known else "it has no topics"
        raise NotFoundError(f"{address.mission.id} has no topic `{one_line(name, 60)}`", hint=hint)
    document = _document(ctx, snapshot, address, document_of(topic))
    return TopicShown(address.mission.id, topic, f"research/{document_of(topic)}", document.blob, document.text)


def _document(ctx: Context, snapshot: Snapshot, address: Address, name: str) -> Document:
    found = documents_of(ctx.state.found(address.stored, snapshot.head), (name,)) if snapshot.head else {}
    if name not in found:
        words = f"{address.mission.id} has no `research/{name}`"
        raise NotFoundError(words, hint=do("status", address.mission.id))
    return found[name]
