"""Results of `mission show --suggestions`, `--prd` and `--research`: what people read before work starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class SuggestedFeature:
    """One feature that the analysis suggests."""

    number: int
    """What `mission approve ID GATE --choose` takes."""
    title: str
    why: str
    effort: str
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The result of the analysis (`mission show --suggestions`)."""

    mission: MissionId
    path: str
    """The document, from the folder of the mission file."""
    blob: str
    """The git id of the document, which an approval records."""
    problem: str
    """Why the document cannot be read, with its line; empty if it can."""
    stack: Sequence[str] = ()
    structure: Sequence[str] = ()
    suggestions: Sequence[SuggestedFeature] = ()
    notes: Sequence[str] = ()
    """What was left out, one sentence each."""


@dataclass(frozen=True, slots=True)
class TopicShown:
    """What was found out about a topic (`mission show --research TOPIC`)."""

    mission: MissionId
    topic: str
    path: str
    """The document, from the folder of the mission file."""
    blob: str
    """The git id of the document, which an approval records."""
    text: str


@dataclass(frozen=True, slots=True)
class RequiredTask:
    """One task; it becomes a feature."""

    number: str
    """Its place in the document, such as `1.2`."""
    title: str
    description: str
    estimate: str
    depends: Sequence[str]
    criteria: Sequence[str]


@dataclass(frozen=True, slots=True)
class RequiredMilestone:
    """One milestone with its tasks."""

    name: str
    tasks: Sequence[RequiredTask]
    validation: Sequence[str]


@dataclass(frozen=True, slots=True)
class RequirementsShown:
    """What is to be built (`mission show --prd`)."""

    mission: MissionId
    path: str
    """The document, from the folder of the mission file."""
    blob: str
    """The git id of the document, which an approval records."""
    problem: str
    """Why the document cannot be read, with its line; empty if it can."""
    title: str = ""
    summary: str = ""
    milestones: Sequence[RequiredMilestone] = ()
    warnings: Sequence[str] = ()
    """What `mission lint` would say about the criteria."""
    notes: Sequence[str] = ()
    """What was left out or changed, one sentence each."""
