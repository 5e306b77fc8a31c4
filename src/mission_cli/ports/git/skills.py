"""What is kept of skills beside git, and where else skills may be found. All of it can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.skills.choosing import ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.skills.standing import Past
    from mission_cli.ports.git.state import StateStore


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one mission told about skills, while its folder had this content."""

    content: str
    """`Stored.content` then."""
    past: Past | None
    """None: it is not completed."""


class Skills(Protocol):
    """The index of skills of one repository. Nothing in it raises: what cannot be read is made again."""

    def elsewhere(self) -> Iterable[tuple[str, StateStore]]:
        """Return the person's other repositories with their missions, by a name for people."""
        ...

    def learnt(self, place: str) -> Mapping[MissionId, Learnt]:
        """Return what was noted of the missions of a repository; empty: this one."""
        ...

    def note(self, place: str, found: Mapping[MissionId, Learnt]) -> None:
        """Store what the missions of a repository told, in place of what was noted before."""
        ...

    def search(self, words: Sequence[str], texts: Mapping[str, str]) -> Sequence[tuple[str, float]]:
        """Return the texts that have any of the words, the best match first, with a higher number for a better one."""
        ...


class PlainSkills:
    """Keeps nothing, knows no other repository, and searches without an index."""

    def elsewhere(self) -> Iterable[tuple[str, StateStore]]:
        """Return none."""
        return ()

    def learnt(self, place: str) -> Mapping[MissionId, Learnt]:
        """Return nothing: everything is read from git each time."""
        del place
        return {}

    def note(self, place: str, found: Mapping[MissionId, Learnt]) -> None:
        """Keep nothing."""

    def search(self, words: Sequence[str], texts: Mapping[str, str]) -> Sequence[tuple[str, float]]:
        """Return the texts by BM25."""
        return ranked(words, texts)
