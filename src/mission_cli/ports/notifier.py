"""A word to a person who is not looking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class News:
    """Something that a person wants to know about a mission."""

    mission: MissionId
    title: str
    event: str
    """landed, failed, paused, waiting, completed or cancelled."""
    words: str
    to: tuple[str, ...] = ()
    """Who the mission, and the gates that wait, want to be told, as the file names them."""


class Notifier(Protocol):
    """Passes news on. At least once: a program that dies between two steps says it again."""

    def tell(self, news: News) -> None:
        """Pass it on without waiting for anybody; never raises."""
        ...
