"""Notify a person who is not at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class News:
    """A notification about a mission."""

    mission: MissionId
    title: str
    event: str
    """landed, failed, paused, waiting, completed or cancelled."""
    words: str
    to: tuple[str, ...] = ()
    """Whom to notify, as named by the mission and by gates that wait."""


class Notifier(Protocol):
    """Sends notifications at least once: after a crash between two steps one is repeated."""

    def tell(self, news: News) -> None:
        """Send it without waiting; never raises."""
        ...
