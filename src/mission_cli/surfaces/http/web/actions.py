"""The actions of the pages: each is an operation of the API, with a page that says what it means before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field
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
    """`line`, `text` for several lines, `lines` for a list of texts, `check`, or `choice` of `Meaning.choices`."""
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
    given: tuple[str, ...] = ()
    """Other inputs of the operation, which the address of the page has in its query, see `in_address`."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Other actions on the same page: their names, and the labels of their links."""


def in_address(name: str) -> str:
    """Return the name of an input in addresses, in which the guard takes some names for those of secrets."""
    return "what" if name == "key" else name


_WHY = Input("reason", "Reason (may be empty)")
_CRITERIA = Input("criteria", "Criteria, one on each line, such as `run: pytest -q`", "lines")
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
    _action(
        *("answer", "answer_request", "Answer", "Answer"),
        meaning=meaning.of_request,
        given=("number",),
        also={"withdraw": "Withdraw the question instead"},
    ),
    _action(
        *("withdraw", "withdraw_request", "Withdraw this question?", "Withdraw", _WHY),
        meaning=meaning.of_request,
        given=("number",),
    ),
    _action(
        *("retry", "retry_feature", "Try this again?", "Try again", _WHY),
        meaning=meaning.of_retry,
        given=("feature",),
        also={"skip": "Skip it instead"},
    ),
    _action(
        *("skip", "skip_feature", "Continue without this?", "Skip"),
        Input("reason", "Reason; it is recorded", required=True),
        meaning=meaning.of_skip,
        given=("feature",),
    ),
    _action(
        *("tell", "tell_worker", "Tell the worker something", "Send"),
        Input("message", "What the next attempt has to know", "text", required=True),
        meaning=meaning.of_feature,
        given=("feature",),
    ),
    _action("preview", "start_preview", "Show the finished work?", "Start the preview", given=("restart",)),
    _action("deploy", "deploy_mission", "Deploy the finished work?", "Deploy", given=("target",)),
    _action("drop-deployment", "drop_deployment", "Drop this deployment?", "Drop it", given=("target",)),
    _action("stop-preview", "stop_preview", "End the preview?", "End it"),
    _action(
        *("signal", "signal_wait", "Has it happened?", "It has happened", _WHY),
        meaning=meaning.of_feature,
        given=("feature", "event"),
    ),
    _action(
        *("advance-phase", "advance_phase", "Is this phase finished?", "It is finished"),
        Input("result", "Result (may be empty)"),
        meaning=meaning.of_given,
        given=("expected_phase",),
    ),
    _action("retry-phase", "retry_phase", "Begin this phase again?", "Begin again", _WHY),
    _action(
        *("skip-phase", "skip_phase", "Continue without this phase?", "Skip the phase"),
        Input("reason", "Reason; it is recorded", required=True),
        meaning=meaning.of_given,
        given=("phase",),
    ),
    _action(
        *("mail", "decide_mail", "Decide about this mail?", "Decide", _WHY),
        meaning=meaning.of_mail,
        given=("number", "decision"),
    ),
    _action(
        *("set", "change_mission", "Change this?", "Change it"),
        Input("value", "Value", required=True),
        meaning=meaning.of_set,
        given=("key", "value"),
    ),
    _action(
        *("add", "add_feature", "Add a feature", "Add it"),
        Input("title", "What is built", required=True),
        Input("description", "What the worker has to know", "text"),
        _CRITERIA,
        Input("milestone", "In which milestone", "choice"),
        meaning=meaning.of_added,
    ),
    _action(
        *("add-milestone", "add_milestone", "Add a milestone", "Add it"),
        Input("name", "What is reached with it", required=True),
        Input("features", "Titles of its features, one on each line", "lines"),
        _CRITERIA,
        Input("estimate", "Estimate, such as 2h (may be empty)"),
    ),
    _action(
        *("move", "move_feature", "Move this to another milestone?", "Move it"),
        Input("to", "To which milestone", "choice", required=True),
        meaning=meaning.of_move,
        given=("feature",),
    ),
    _action(
        *("ask", "ask_person", "Ask a person something", "Ask"),
        Input("prompt", "The question, with what one has to know", "text", required=True),
        Input("feature", "What waits for the answer", "choice"),
        Input("options", "Possible answers, one on each line, as `LABEL` or `LABEL=MEANING`; none: any text", "lines"),
        Input("free_text", "Any other text is an answer, too", "check"),
        Input("urgency", "How urgent it is", "choice"),
        Input("expires", "When it expires, such as 2h (may be empty)"),
        meaning=meaning.of_ask,
    ),
    _action("sync", "sync_mission", "Merge the base branch into the work now?", "Merge it", meaning=meaning.of_sync),
    _action("undo", "undo_decision", "Take the last decision back?", "Take it back", meaning=meaning.of_undo),
    _action(
        *("note", "note_event", "Note this in the journal?", "Note it"),
        Input("text", "What happened", required=True),
        meaning=meaning.of_note,
        given=("text",),
    ),
    _action("archive", "archive_mission", "Archive this mission?", "Archive", _WHY),
    _action("restore", "restore_mission", "Take this mission out of the archive?", "Restore", _WHY),
    _action("stop-all", "stop_all", "Stop everything?", "Stop everything"),
    _action("lift-stop", "lift_stop", "Lift STOP, so that work continues?", "Lift STOP"),
)
ACTIONS: Mapping[str, Action] = {one.name: one for one in _ALL}
BY_OPERATION: Mapping[str, Action] = {one.operation.name: one for one in _ALL}
