"""What a person has chosen on the screen: a repository, a mission or a feature, and what waits for them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.app.results.waiting import Waiting
    from mission_cli.domain.notice import Remedy
    from mission_cli.surfaces.top.repositories import Repository


@dataclass(frozen=True, slots=True)
class Target:
    """What a key acts on."""

    repository: Repository
    mission: str = ""
    status: str = ""
    """Of the mission."""
    feature: str = ""
    """Its number; empty: the whole mission."""
    state: str = ""
    """The status of the feature."""
    attempts: int = 0
    """Of the feature."""
    waiting: tuple[Waiting, ...] = ()
    """What waits for a person there; one, if that itself is chosen."""
    stopped: bool = False
    """Whether STOP is set in the repository."""
    busy: str = ""
    """The number of the feature whose log is worth a look, if a mission is chosen."""
    landable: bool = False
    """Whether the mission is active, and a milestone has passed."""

    @property
    def address(self) -> str:
        """Mission and feature, as commands take them."""
        return f"{self.mission}/{self.feature}" if self.feature else self.mission

    def remedies(self, command: str) -> list[Remedy]:
        """Return what helps, if it is this command."""
        return [one for one in remedies_of(self.waiting) if one.command == command]


def remedies_of(waiting: Iterable[Waiting]) -> list[Remedy]:
    """Return the commands that help, nothing twice."""
    return list(dict.fromkeys(remedy for one in waiting for remedy in one.unblock.remedies))


def feature_in(waiting: Waiting) -> str:
    """Return the number of the feature that something is about; empty: it is about something else."""
    return waiting.subject if "." in waiting.subject else ""
