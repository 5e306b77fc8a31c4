"""What a button does that stands for a command of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.http.web.actions import ACTIONS
from mission_cli.surfaces.http.web.rendering import address

if TYPE_CHECKING:
    from mission_cli.domain.notice import Advice, Remedy
    from mission_cli.surfaces.http.web.site import Visit


@dataclass(frozen=True, slots=True)
class Button:
    """A way to the page of an action."""

    label: str
    to: str


_LABELS = {
    "start": "Start…",
    "resume": "Resume…",
    "land": "Look and land…",
    "approve": "Decide…",
    "reject": "Decide…",
    "answer": "Answer…",
    "retry": "Try again…",
    "skip": "Skip…",
}
"""By the command. Each leads to a page with what it means, and the button that does it."""


def button_of(visit: Visit, advice: Advice, mission: str, repo: str) -> Button | None:
    """Return the button for the first command of an advice that the pages have and the visitor may give."""
    for remedy in advice.remedies:
        to = _address(remedy, mission, repo)
        if to and visit.may(ACTIONS[remedy.command].operation.scope):
            return Button(_LABELS[remedy.command], to)
    return None


def _address(remedy: Remedy, mission: str, repo: str) -> str:
    """Return the address of the action that a command means; empty if it is about another mission or more than that."""
    words = [arg for arg in remedy.args if not arg.startswith("-")]
    if remedy.command not in _LABELS or not words:
        return ""
    named, _, feature = words[0].partition("/")
    if named != mission:
        return ""
    query = {"feature": feature}
    if remedy.command in {"approve", "reject"} and len(words) > 1:
        query["gate"] = words[1]
    if remedy.command == "answer" and len(words) > 1:
        query["number"] = words[1]
    return address("missions", mission, "do", remedy.command, repo=repo, **query)
