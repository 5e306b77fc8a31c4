"""The tools of a worker, in its sandbox: with its own feature, and without any access to the mission.

What it tells goes into files of its job, which its supervisor reads when the attempt has ended.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from mission_cli.domain.asking.told import LONGEST_NOTE, LONGEST_VALUE
from mission_cli.domain.errors import ToolError, UsageError
from mission_cli.surfaces.mcp.desk import Answer
from mission_cli.surfaces.mcp.given import Given, Nothing
from mission_cli.surfaces.mcp.told import Recorded, Sibling, Siblings
from mission_cli.surfaces.mcp.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK, NOTES, SIBLINGS = "MISSION_ASK", "MISSION_NOTES", "MISSION_SIBLINGS"
_MOST_BYTES = 60_000


class Option(Given):
    """A possible answer."""

    label: Annotated[str, Field(description="The answer, in a few words.", min_length=1)]
    description: Annotated[str, Field(description="What it means.")] = ""


class Asking(Given):
    """A question for a person."""

    question: Annotated[str, Field(description="The question, with what one has to know.", min_length=1)]
    options: Annotated[list[Option], Field(description="Possible answers; empty: any text.", default_factory=list)]
    free_text: Annotated[bool, Field(description="Whether a text that is not an option is an answer, too.")] = False
    urgency: Annotated[Literal["low", "normal", "high", "urgent"], Field(description="How urgent it is.")] = "normal"


class Noting(Given):
    """A note for the log."""

    text: Annotated[str, Field(description="What happened, in a sentence.", min_length=1, max_length=LONGEST_NOTE)]


class Naming(Given):
    """A result."""

    type: Annotated[Literal["file", "text", "url", "json", "media"], Field(description="What `value` is.")]
    label: Annotated[str, Field(description="What it is, for people.", min_length=1, max_length=LONGEST_NOTE)]
    value: Annotated[
        str, Field(description="A path in the repository, an address, or a text.", max_length=LONGEST_VALUE)
    ]


class WorkerDesk:
    """What the tools of a worker work with: the variables of its job."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def variable(self, name: str) -> str:
        """Return a variable of the job. Raises ToolError if this process does not belong to one."""
        found = self._environment.get(name, "")
        if not found:
            raise ToolError(f"{name} is not set: this is not the process of a worker")
        return found

    def add(self, line: Mapping[str, Any]) -> Answer:
        """Append a line to the file of notes."""
        place = Path(self.variable(NOTES))
        try:
            with place.open("a", encoding="utf-8", errors="replace") as out:
                if out.tell() > _MOST_BYTES:
                    raise UsageError("this attempt has told enough", hint="put the rest into files, and commit them")
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise ToolError(f"{place} cannot be written: {error.strerror}") from error
        return Answer(Recorded("recorded; the mission gets it when you have ended"))


def ask(desk: WorkerDesk, given: Asking) -> Answer:
    """Write the question into the file MISSION_ASK."""
    place = Path(desk.variable(ASK))
    told = {key: value for key, value in given.model_dump().items() if value}
    draft = place.with_name(f".{place.name}")
    try:
        if place.exists():
            raise UsageError("you have asked a question already", hint="end now; your next prompt has the answer")
        draft.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", errors="replace")
        draft.replace(place)
    except OSError as error:
        raise ToolError(f"{place} cannot be written: {error.strerror}") from error
    return Answer(Recorded("your question is recorded. End now: a person answers, and the next attempt continues"))


def log(desk: WorkerDesk, given: Noting) -> Answer:
    """Record a note for the log of the mission."""
    return desk.add({"note": given.text})


def report_outcome(desk: WorkerDesk, given: Naming) -> Answer:
    """Record a result for the section Outcomes."""
    return desk.add({"outcome": given.model_dump()})


def read_siblings(desk: WorkerDesk, given: Nothing) -> Answer:
    """Return the other features of the mission."""
    del given
    try:
        found = json.loads(desk.variable(SIBLINGS))
        siblings = [Sibling(one["number"], one["title"], one["status"], one["depends"]) for one in found]
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{SIBLINGS} cannot be read") from error
    return Answer(Siblings(desk.variable("MISSION_ID"), desk.variable("MISSION_FEATURE"), siblings))


_ALL = (
    Tool(
        "ask",
        "Ask a person",
        "Ask a person when you cannot continue without a decision that is not yours. Do not guess. Then end at once: "
        "the attempt does not count, and the answer is in the prompt of the next one.",
        Asking,
        "",
        ask,
        shape=Recorded,
    ),
    Tool(
        "report_outcome",
        "Report an outcome",
        "Name a result of your work for people: a file, an address, a number. It is shown in the report. It is no "
        "evidence: whether you are done is judged by the criteria.",
        Naming,
        "",
        report_outcome,
        shape=Recorded,
    ),
    Tool(
        "log",
        "Write to the log",
        "Record something important for the log of the mission, such as a decision that you made, or a trap.",
        Noting,
        "",
        log,
        shape=Recorded,
    ),
    Tool(
        "read_siblings",
        "Read the other features",
        "List the other features of the mission, with their status when you were started. What is done is in your "
        "branch already.",
        Nothing,
        "",
        read_siblings,
        reads=True,
        repeats=True,
        shape=Siblings,
    ),
)
WORKER_TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _ALL}
"""By name, in the order in which they are listed."""


def is_worker() -> bool:
    """Whether this process belongs to the job of a worker."""
    return ASK in os.environ
