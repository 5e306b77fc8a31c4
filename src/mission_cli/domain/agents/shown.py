"""The drafts of a mission and its folders, as `mission agents` and reports show them."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003 - the schemas of what commands print read the types

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class EffectShown:
    """What some attempts came to."""

    features: int
    attempts: int
    failures: int
    tokens: int
    attempts_per_feature: Decimal | None
    """Null without attempts."""
    tokens_per_feature: Decimal | None
    """Null without attempts."""


@dataclass(frozen=True, slots=True)
class DraftShown:
    """One draft of a mission."""

    name: str
    kind: str
    """agent or script."""
    path: str
    purpose: str
    promote: str
    """What was decided, and where it is; empty: nothing yet."""
    used: bool
    """Whether later attempts get it."""
    wrong: str
    """Why it is not used; empty if it is, or if it was discarded."""
    created: str
    source: str
    tools: tuple[str, ...]
    size: int
    """Bytes."""
    before: EffectShown
    """Attempts before it was made."""
    after: EffectShown
    """Attempts whose workers had it."""


@dataclass(frozen=True, slots=True)
class OwnShown:
    """An agent or script that was promoted in an earlier mission."""

    name: str
    kind: str
    path: str
    """`own:…` is among the person's own, `.mission/…` is in the repository."""
    description: str


@dataclass(frozen=True, slots=True)
class DraftsShown:
    """The drafts of one mission, and what was promoted before."""

    id: str
    drafts: tuple[DraftShown, ...]
    promoted: tuple[OwnShown, ...]


@dataclass(frozen=True, slots=True)
class FolderShown:
    """One folder of the workspace of a mission."""

    name: str
    files: int
    bytes: int
    largest: int
    """The most bytes that one file may have."""
