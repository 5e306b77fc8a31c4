"""Attempts at a topic: the document that they have to leave, and what the mission file says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.research.documents import lacking, summary_of
from mission_cli.domain.research.topics import FoundOut, document_of, topic_in

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

_MOST_NAMED = 5


def sent_back(draft: Draft, record: RunRecord, feature: Feature, evidence: Evidence) -> str:
    """Return why an attempt at a topic has no result; empty if it has one, or if the feature has no topic."""
    topic = topic_in(draft.mission, feature)
    if not topic:
        return ""
    if evidence.commits:
        changed = ", ".join(evidence.changed[:_MOST_NAMED]) or "its commits"
        return f"research changes no code, and it changed {changed}"
    path, text = f"research/{document_of(topic)}", draft.observation.documents.get(record.run)
    if text is None:
        return f"it did not write {path}"
    missing = lacking(text)
    return f"{path} has no text under a heading for: {', '.join(missing)}" if missing else ""


def found_out(draft: Draft, record: RunRecord, feature: Feature | None) -> FoundOut | None:
    """Return what a finished attempt found out about its topic; None if its feature has none."""
    topic = topic_in(draft.mission, feature) if feature is not None else ""
    text = draft.observation.documents.get(record.run, "")
    return FoundOut(topic, summary_of(text)) if topic and text else None
