"""The actions of the pages: each is an operation of the API, with a page that says what it means before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.errors import NotFoundError
from mission_cli.surfaces.http.api.routes import operations
from mission_cli.surfaces.http.web import meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.surfaces.http.api.operation import Operation
    from mission_cli.surfaces.http.web.meaning import Meaning
    from mission_cli.surfaces.http.web.site import Held, Visit

_OPERATIONS: Mapping[str, Operation] = {one.name: one for one in operations()}


@dataclass(frozen=True, slots=True)
class Input:
    """A field of the form, named as in the operation."""

    name: str
    label: str
    kind: str = "line"
    """`line`, `text` for several lines, or `check`."""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its name in addresses, its operation, and its page."""

    name: str
    operation: Operation
    title: str
    button: str
    meaning: Callable[[Visit, Held], Meaning]
    inputs: tuple[Input, ...] = ()
    path: tuple[str, ...] = ()
    """Parameters of the path of the operation, which the address of the page has in its query."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Other actions on the same page: their names, and the labels of their links."""


_WHY = Input("reason", "Reason (may be empty)")
_COMMENT = Input("comment", "Comment (may be empty)", "text")


def _action(name: str, operation: str, title: str, button: str, *inputs: Input, **more: Any) -> Action:
    more.setdefault("meaning", meaning.nothing)
    return Action(name, _OPERATIONS[operation], title, button, inputs=inputs, **more)


_ALL = (
    _action("start", "start_mission", "Start this mission?", "Start", meaning=meaning.of_start),
    _action(
        *("pause", "pause_mission", "Pause this mission?", "Pause", _WHY),
        Input("now", "Also end running workers; their work is kept", "check"),
        meaning=meaning.of_pause,
    ),
    _action("resume", "resume_mission", "Continue this mission?", "Resume", _WHY),
    _action("cancel", "cancel_mission", "Cancel this mission?", "Cancel the mission", _WHY, meaning=meaning.of_cancel),
    _action(
        *("land", "land_mission", "Land this work?", "Land"),
        Input("squash", "As one commit, without the history of the work", "check"),
        meaning=meaning.of_land,
    ),
    _action(
        *("approve", "approve_gate", "Approve this?", "Approve", _COMMENT),
        meaning=meaning.of_gate,
        also={"reject": "Reject it instead"},
    ),
    _action(
        *("reject", "reject_gate", "Reject this?", "Reject"),
        Input("comment", "What should be different? Workers read it.", "text"),
        meaning=meaning.of_gate,
        also={"approve": "Approve it instead"},
    ),
    _action("answer", "answer_request", "Answer", "Answer", meaning=meaning.of_request, path=("number",)),
    _action(
        "retry", "retry_feature", "Try this again?", "Try again", _WHY, meaning=meaning.of_retry, path=("feature",)
    ),
    _action(
        *("skip", "skip_feature", "Go on without this?", "Skip"),
        Input("reason", "Reason; it is recorded", required=True),
        meaning=meaning.of_skip,
        path=("feature",),
    ),
    _action(
        *("tell", "tell_worker", "Tell the worker something", "Send"),
        Input("message", "What the next attempt has to know", "text", required=True),
        meaning=meaning.of_feature,
        path=("feature",),
    ),
    _action("preview", "start_preview", "Show the finished work?", "Start the preview"),
    _action("stop-preview", "stop_preview", "End the preview?", "End it"),
)
ACTIONS: Mapping[str, Action] = {one.name: one for one in _ALL}


def action(name: str) -> Action:
    """Return an action. Raises NotFoundError."""
    if name not in ACTIONS:
        raise NotFoundError(f"there is no action {name}", hint=f"there are {', '.join(ACTIONS)}")
    return ACTIONS[name]
