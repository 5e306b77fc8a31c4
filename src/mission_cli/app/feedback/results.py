"""Results of `mission feedback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """One draft of an issue."""

    mission: MissionId
    number: int
    signal: str
    target: str
    """Whose project can fix it: repository, mission, or `agent:NAME`."""
    title: str
    facts: Sequence[str]
    fingerprint: str
    status: str
    """draft, filed or discarded; observed: it is not in the mission file yet, because the mission has not ended."""
    issue: str
    """The address of the issue; empty: it was not filed."""
    project: str
    """Where it would be filed, as the settings say; empty: nowhere."""


@dataclass(frozen=True, slots=True)
class FeedbackList:
    """Drafts of one mission or of all."""

    drafts: Sequence[FeedbackView]


@dataclass(frozen=True, slots=True)
class FeedbackText:
    """One draft, and the issue that would be opened."""

    draft: FeedbackView
    body: str


@dataclass(frozen=True, slots=True)
class FeedbackFiled:
    """What became of a draft."""

    draft: FeedbackView
    words: str
    body: str
    """The text of the issue; empty if it is no longer needed."""
    address: str
    """Of the issue, or where a person can open it; empty: unknown."""
    filed: bool
    """Whether there is an issue."""
    commit: str
