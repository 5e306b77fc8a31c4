"""One call of a tool: who calls, which repository it is about, and what a person has decided."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import one_line
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import BlockedError, MissionError
from mission_cli.domain.host import Person
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.surfaces.as_json import json_body
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.wiring.opened import Opened

_LONGEST_NAME = 60
UNNAMED = "an MCP client"
"""A client that does not say its name."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before a decision is made: a text, and the form of the answer."""

    text: str
    fields: Mapping[str, Any]
    """JSON schemas of the fields of the form, by name; all but `comment` are required."""
    state: str = ""
    """What else it is about, such as a commit: an answer counts only for what was shown."""

    @property
    def mark(self) -> str:
        """A hash of all of it."""
        return sha256(repr((self.text, self.fields, self.state)).encode("utf-8", "replace")).hexdigest()

    @property
    def form(self) -> dict[str, Any]:
        """The JSON schema of the form."""
        needed = [name for name in self.fields if name != "comment"]
        return {"type": "object", "properties": dict(self.fields), "required": needed}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person answered to a question."""

    state: str
    """`AskFirstError.state` of the question."""
    accepted: bool
    content: Mapping[str, Any] = field(default_factory=dict)


class AskFirstError(Exception):
    """A tool needs the decision of a person, who has to be asked this first."""

    def __init__(self, question: Question, command: Advice, number: int = 0) -> None:
        super().__init__(question.text)
        self.question = question
        self.command = command
        """What the person types if the client cannot ask."""
        self.state = f"{number} {question.mark}"
        """What comes back with the answer: the number of the request that was made for it, or 0, and the hash."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a tool."""

    facts: Any
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The object that the command prints with `--json`; it holds only text that UTF-8 can express."""
        return dict(sound(json_body(self.facts, self.about)))


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user of `mission serve`, by their token."""

    name: str
    email: str
    scopes: frozenset[str]


class Desk:
    """What a tool works with."""

    def __init__(
        self,
        repo: Path,
        client: str = "",
        reply: Reply | None = None,
        *,
        can_ask: bool = False,
        visitor: Visitor | None = None,
    ) -> None:
        self.repo = repo
        self._visitor = visitor
        self.can_ask = can_ask
        """Whether the client can show a question to its person."""
        self.client = one_line(clean(client), _LONGEST_NAME).translate({ord(c): None for c in "<>()"}) or UNNAMED
        self._reply = reply
        self._asked = False

    def look(self) -> Opened:
        """Open the repository to show something; it works with invalid settings, too."""
        from mission_cli.wiring.compose import open_at_any_rate

        return open_at_any_rate(self.repo)

    def shown(self, opened: Opened, facts: Any) -> Answer:
        """Return the answer of a tool that shows something: it says whether everything is stopped."""
        return Answer(facts, {"stopped": opened.context.runtime.stopped()})

    def open(self, *, at_any_rate: bool = False, scope: Scope = Scope.MANAGE) -> Opened:
        """Open the repository to change something, in the name of the caller. Raises BlockedError for a worker."""
        from mission_cli.wiring.compose import open_repository

        self.refuse_others(scope)
        opened = self.look() if at_any_rate else open_repository(self.repo)
        return replace(opened, context=opened.context.acting_as(self.actor(opened.context.person())))

    def refuse_others(self, scope: Scope = Scope.MANAGE) -> None:
        """Raise BlockedError if a job of the repository calls, or a token that lacks the scope."""
        from mission_cli.wiring.job_ancestry import refuse_worker

        if self._visitor is not None and scope not in self._visitor.scopes:
            hint = do("access", "add", "NAME", "--scope", scope)
            raise BlockedError(f"the token of {self._visitor.name} lacks the scope {scope}", hint=hint)
        refuse_worker(self.repo)

    def stay_here(self, what: str) -> None:
        """Raise BlockedError if the caller may reach only this repository."""
        if self._visitor is not None:
            raise BlockedError(f"{what} is outside of the repository that this address serves")

    def actor(self, person: Person) -> Person:
        """Return who acts: the client for its person, or the person through the client once they have decided."""
        if self._visitor is not None:
            person = Person(self._visitor.name, self._visitor.email or f"{self._visitor.name}@localhost")
        name = f"{person.name} through {self.client}" if self._asked else f"{self.client} for {person.name}"
        return Person(name, person.email)

    def decide(self, ctx: Context, question: Question, command: Advice) -> Mapping[str, Any]:
        """Return the form that the person has filled in; empty if the settings let this client decide.

        Raises AskFirstError if the person has not been asked just this, BlockedError if they declined.
        """
        if self.client.casefold() in {name.casefold() for name in ctx.settings.mcp.deciding_clients}:
            return {}
        if self._reply is None or self._reply.state.partition(" ")[2] != question.mark:
            raise AskFirstError(question, command)
        said = self.said(question)
        if said is None:
            raise BlockedError("the person was asked and declined; nothing was changed")
        return said

    @property
    def number(self) -> int:
        """The number of the request that an earlier part of this call has made; 0: none."""
        return int(self._reply.state.partition(" ")[0]) if self._reply is not None else 0

    def said(self, question: Question) -> Mapping[str, Any] | None:
        """Return the form that the person has filled in; None if they declined, or were asked something else."""
        reply = self._reply
        if reply is None or not reply.accepted or reply.state.partition(" ")[2] != question.mark:
            return None
        self._asked = True
        return reply.content

    def confirm(self, opened: Opened, text: str, command: Advice, *, state: str = "") -> Opened:
        """Return the repository once the person has agreed to a decision. Raises as `decide` does."""
        said = self.decide(opened.context, Question(text, {"decision": YES_OR_NO}, state), command)
        if said.get("decision", "yes") != "yes":
            raise BlockedError("the person was asked and said no; nothing was changed")
        return self.decided(opened)

    def decided(self, opened: Opened) -> Opened:
        """Return the repository with the actor that a decision has: the person, if they were asked."""
        opened = replace(opened, context=replace(opened.context, actor=None))
        return replace(opened, context=opened.context.acting_as(self.actor(opened.context.person())))

    def finish(self, opened: Opened, done: Done, facts: Any = None, *, only: bool = False) -> Answer:
        """Run the pulse that a command calls for, and return what the command prints."""
        from mission_cli.app.pulses.after import follow_up
        from mission_cli.app.results.changes import Changed

        follow_up(replace(opened.context, actor=None), done, settings_valid=not opened.problems, only=only)
        return Answer(facts or Changed(done.address.mission.id, done.words, done.commit or ""))


YES_OR_NO = {"type": "string", "title": "Your decision", "enum": ["yes", "no"]}


def refused(client: str, asked: AskFirstError) -> MissionError:
    """Return the error for a client that may not decide, and cannot ask its person."""
    hint = advise("a person can type: ", asked.command, "; or list this client in `deciding_clients` of `[mcp]`")
    return BlockedError(f"only a person decides this, and {client} cannot ask one: {asked.question.text}", hint=hint)


def sound(value: Any) -> Any:
    """Return JSON with a question mark for each character that UTF-8 cannot express."""
    if isinstance(value, dict):
        return {sound(key): sound(one) for key, one in value.items()}
    if isinstance(value, list):
        return [sound(one) for one in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value
