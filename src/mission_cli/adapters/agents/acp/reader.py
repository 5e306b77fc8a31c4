"""Read the events of `mission _acp`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import action, cause_of_error, noted, report
from mission_cli.adapters.agents.torn import Events
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause
from mission_cli.ports.agents.usage import StreamTally

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport

_SOURCE = "not reported: ACP"


class AcpReader:
    """Follows one turn. Its cost is unknown as soon as the agent has its prompt, because nothing reliable tells it."""

    def __init__(self) -> None:
        self._session = self._text = self._action = self._denied = ""
        self._error: dict[str, Any] = {}
        self._reason = ""
        self._steps = 0
        self._notes: list[str] = []
        self._events = Events()

    def line(self, text: str) -> None:
        """Process one line."""
        for event in self._events.of(text):
            self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if kind == "acp.session":
            self._session = str(event.get("id") or "")
        elif kind == "acp.text":
            self._text = str(event.get("text") or "")
            self._steps += 1
        elif kind == "acp.tool":
            self._action = action(event.get("kind"), event.get("title")) if event.get("title") else self._action
        elif kind == "acp.denied":
            self._denied = f"{event.get('title')}: {event.get('why')}"
        elif kind == "acp.error":
            self._error = event
        elif kind == "acp.end":
            self._reason = str(event.get("reason") or "end")

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._notes = noted(self._notes, text)

    def tally(self) -> StreamTally:
        """Return messages so far, and what the agent does."""
        return StreamTally(self._steps, {}, self._usage().usd, action=self._action, open_step=not self._reason)

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went. Success is exit 0 with a text, and no permission that was denied at last."""
        for event in self._events.rest() if code is not None else ():
            self._event(event)
        cause, detail = self._judged(code)
        return report(
            words=self._text or "\n".join(self._notes[-5:]),
            usage=self._usage(),
            session=self._session,
            steps=self._steps,
            cause=cause,
            detail=detail,
            reset_at=reset_time(detail) if cause is Cause.RATE_LIMIT else "",
        )

    def _usage(self) -> Usage:
        return Usage(usd=None if self._session else Usage().usd, source=_SOURCE)

    def _judged(self, code: int | None) -> tuple[Cause | None, str]:
        if self._error:
            words = str(self._error.get("message") or "error")
            notes = " ".join(self._notes)
            return cause_of_error(words if len(words) > 40 or not notes else f"{words} {notes}"), words  # noqa: PLR2004 - "Internal error"
        if self._reason == "refusal":
            return Cause.PERMISSION, "the model refused to answer"
        if self._reason in {"max_tokens", "max_turn_requests"}:
            return Cause.WRONG_OUTPUT, f"it ended early: {self._reason}"
        if self._denied and self._reason:
            return Cause.PERMISSION, f"a permission was denied: {self._denied}"
        if code is not None and code > 0:
            notes = " ".join(self._notes)
            return cause_of_error(notes) if notes else Cause.WRONG_OUTPUT, notes or f"exit {code}"
        if code == 0 and not self._reason:
            return Cause.PROVIDER_ERROR, "it ended without ending its turn"
        if code == 0 and not self._text.strip():
            return Cause.NOOP, "the answer was empty"
        return None, ""
