"""The answers to judgments: one JSON object of a fixed form for each kind, or nothing.

The schema in each prompt is generated from the same models. Texts are data: what shows them quotes them.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError, model_validator

from mission_cli._support.text import one_line
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.reviews.answer import UnreadableError, document_in

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 40_000
"""The most characters of an answer."""
_NUMBER = r"^[0-9]{1,9}\.[0-9]{1,9}$"


def _printable(text: object) -> object:
    """Refuse a text with control characters. Raises ValueError."""
    if isinstance(text, str) and not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("it contains control characters")
    return text


Line = Annotated[str, Field(min_length=1, max_length=300), BeforeValidator(_printable)]
Words = Annotated[str, Field(min_length=1, max_length=2_000), BeforeValidator(_printable)]
Number = Annotated[str, Field(pattern=_NUMBER)]


class Answer(BaseModel):
    """What every answer has. An unknown key makes an answer unreadable."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    reason: Words
    alternatives: tuple[Line, ...] = Field(default=(), max_length=5, description="What else could be done.")

    @property
    @abstractmethod
    def decision(self) -> str:
        """What it comes to, for the Decision Log."""


class Diagnosis(Answer):
    """Why a milestone failed its validation."""

    cause: Words = Field(description="The cause of the failure.")
    evidence: tuple[Line, ...] = Field(min_length=1, max_length=10, description="Files, lines and output that show it.")
    advice: Words = Field(description="What the next attempt should do.")

    @property
    def decision(self) -> str:
        """What it comes to."""
        return f"diagnosis: {self.cause}"


class Serialization(Answer):
    """Whether two features that conflict are built one after the other."""

    serialize: StrictBool
    first: Number = Field(description="Number of the feature that is built first.")
    second: Number = Field(description="Number of the feature that waits for it.")

    @property
    def decision(self) -> str:
        """What it comes to."""
        if not self.serialize:
            return f"{self.first} and {self.second} can be built at the same time"
        return f"build {self.second} after {self.first}"


class Reduction(Answer):
    """What to do with a feature whose attempts failed."""

    choice: Literal["retry", "simplify", "skip"]
    note: Words = Field(description="For the next worker: what a smaller version of the feature is, or another way.")

    @property
    def decision(self) -> str:
        """What it comes to."""
        return {"retry": "try it again", "simplify": "simplify it", "skip": "skip it"}[self.choice]


class Necessity(Answer):
    """Whether features that are not done yet are needed for the goal."""

    unnecessary: tuple[Number, ...] = Field(max_length=20, description="Numbers of features that are not needed.")

    @property
    def decision(self) -> str:
        """What it comes to."""
        named = ", ".join(self.unnecessary)
        return f"not needed for the goal: {named}" if named else "everything is needed"


class Step(BaseModel):
    """One milestone of a proposal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line
    what: Words


class Replan(Answer):
    """What the rest of the mission could be."""

    cause: Words = Field(description="Why the plan does not work.")
    rest: tuple[Step, ...] = Field(min_length=1, max_length=10, description="The milestones of the new rest, in order.")

    @property
    def decision(self) -> str:
        """What it comes to."""
        return f"a new rest: {'; '.join(step.title for step in self.rest)}"


class _Draft(Answer):
    """A file that is drafted, or why none is needed."""

    needed: StrictBool
    name: str = Field(default="", max_length=40, pattern=r"^([a-z][a-z0-9_-]*(\.[a-z]{1,4})?)?$")
    description: Annotated[str, Field(max_length=300), BeforeValidator(_printable)] = ""
    text: Annotated[str, Field(max_length=8_000), BeforeValidator(_printable)] = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse a draft without a name, a description or a text. Raises ValueError."""
        if self.needed and not (self.name and self.description.strip() and self.text.strip()):
            raise ValueError("a draft needs a name, a description and a text")
        return self


class AgentDraft(_Draft):
    """An agent file, or why none is needed."""

    tools: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], ...] = Field(default=(), max_length=20)

    @property
    def decision(self) -> str:
        """What it comes to."""
        return f"draft the agent {self.name}" if self.needed else "no agent is needed"


class ScriptDraft(_Draft):
    """A script, or why none is needed."""

    @property
    def decision(self) -> str:
        """What it comes to."""
        return f"draft the script {self.name}" if self.needed else "no script is needed"


class Narrative(Answer):
    """A short account of what happened."""

    text: Words

    @property
    def decision(self) -> str:
        """What it comes to."""
        return "write the narrative of the retrospective"


MODELS: Mapping[JudgmentKind, type[Answer]] = {
    JudgmentKind.DIAGNOSE: Diagnosis,
    JudgmentKind.REPLAN: Replan,
    JudgmentKind.REDUCE: Reduction,
    JudgmentKind.SERIALIZE: Serialization,
    JudgmentKind.UNNECESSARY: Necessity,
    JudgmentKind.DRAFT_AGENT: AgentDraft,
    JudgmentKind.DRAFT_SCRIPT: ScriptDraft,
    JudgmentKind.NARRATIVE: Narrative,
}
_WHY = {"reason": "Why, in one or two sentences.", "alternatives": ["Another way, in one line"]}
EXAMPLES: Mapping[JudgmentKind, Mapping[str, object]] = {
    JudgmentKind.DIAGNOSE: {
        "cause": "total() returns None for an empty list.",
        "evidence": ["src/total.py:12: return without a value", "the test test_empty failed"],
        "advice": "Return 0 for an empty list, and run the tests of src/total.py.",
    },
    JudgmentKind.REPLAN: {
        "cause": "The parser cannot be extended, so every feature after it fails.",
        "rest": [{"title": "Replace the parser", "what": "Parse with the standard library, then add the new fields."}],
    },
    JudgmentKind.REDUCE: {"choice": "simplify", "note": "Support UTF-8 only; other encodings can follow later."},
    JudgmentKind.SERIALIZE: {"serialize": True, "first": "1.2", "second": "1.3"},
    JudgmentKind.UNNECESSARY: {"unnecessary": ["1.4"]},
    JudgmentKind.DRAFT_AGENT: {
        "needed": True,
        "name": "date-rules",
        "description": "Knows how dates are stored in this repository.",
        "tools": ["read", "grep"],
        "text": "Dates are stored in UTC. Convert them only when they are shown.",
    },
    JudgmentKind.DRAFT_SCRIPT: {
        "needed": True,
        "name": "check_dates.py",
        "description": "Lists dates that are not in UTC.",
        "text": "print('nothing found')",
    },
    JudgmentKind.NARRATIVE: {"text": "The mission did what it was meant to do, after two failed validations."},
}
"""An answer of each kind without `reason` and `alternatives`."""


@lru_cache(maxsize=256)
def read_judgment(kind: JudgmentKind, text: str) -> Answer:
    """Parse an answer. Raises UnreadableError unless it is one JSON object of the form of its kind."""
    found = document_in(text, LONGEST)
    try:
        return MODELS[kind].model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the object"
        raise UnreadableError(f"the answer has an error at {place}: {one_line(first['msg'], 200)}") from error


def example_of(kind: JudgmentKind) -> str:
    """Return an answer as JSON that shows every field."""
    return json.dumps({**EXAMPLES[kind], **_WHY}, indent=2)


def schema_of(kind: JudgmentKind) -> str:
    """Return the JSON schema of an answer, as text."""
    return json.dumps(MODELS[kind].model_json_schema())
