"""Read the answer of a reviewer: one complete JSON document, or nothing. A part of an answer is never used.

The JSON schema of an answer is generated from the same models.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 100_000
"""The most characters of an answer."""
_MOST_FINDINGS = 50
_FENCED = pattern(r"```(?:json)?[ \t]*\n(.*)\n```\Z", re.DOTALL)
_Words = Field(min_length=1, max_length=4_000)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Scored(_Part):
    """The scores of one criterion."""

    id: str = Field(description="The id of the criterion, such as c1.")
    scores: dict[str, float] = Field(description="A score from 1 (bad) to 5 (good) for each dimension, by its name.")
    reason: str = Field(default="", max_length=4_000, description="Why, in one or two sentences.")


class Finding(_Part):
    """One problem that a reviewer reports in the change."""

    title: str = Field(min_length=1, max_length=300)
    body: str = _Words
    file: str = Field(default="", max_length=1_000, description="Path from the top of the repository.")
    first_line: StrictInt = Field(default=0, ge=0, le=10_000_000)
    last_line: StrictInt = Field(default=0, ge=0, le=10_000_000)
    priority: StrictInt = Field(ge=0, le=3, description="0: must not be merged. 3: a matter of taste.")
    confidence: float = Field(ge=0, le=1)
    command: str = Field(
        default="", max_length=2_000, description="A command that fails on this commit and passes before the change."
    )
    pre_existing: StrictBool = Field(default=False, description="Whether the problem was there before the change.")


class Answer(_Part):
    """The whole answer of a reviewer."""

    criteria: tuple[Scored, ...] = Field(max_length=200)
    findings: tuple[Finding, ...] = Field(default=(), max_length=_MOST_FINDINGS)
    summary: str = Field(default="", max_length=4_000)


class UnreadableError(ValueError):
    """The answer does not have the required form; no part of it counts."""


@lru_cache(maxsize=256)
def read_answer(text: str, criteria: int, dimensions: Sequence[str]) -> Answer:
    """Parse an answer about `criteria` criteria (c1, c2, …) in these dimensions.

    Raises UnreadableError unless the text is exactly one JSON document, or one such document in a code fence, and
    scores each criterion once in each dimension.
    """
    try:
        found = Answer.model_validate(document_in(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise UnreadableError(f"the answer has an error at {place}: {one_line(first['msg'], 200)}") from error
    _refuse_incomplete(found, criteria, dimensions)
    return found


def document_in(text: str, longest: int = LONGEST) -> object:
    """Return the JSON document that is the whole text, or is in the code fence that is. Raises UnreadableError."""
    if len(text) > longest:
        raise UnreadableError(f"the answer has {len(text)} characters, at most {longest} are read")
    body = text.strip()
    fenced = _FENCED.match(body) if body.startswith("```") and body.count("```") == 2 else None  # noqa: PLR2004 - a pair
    body = fenced[1] if body.startswith("```") and fenced and "\n" in body else body
    try:
        return json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the answer is not one JSON document: {one_line(str(error), 200)}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError if a name appears twice, because parsers use different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name appears twice in one object")
    return found


def _refuse_incomplete(answer: Answer, criteria: int, dimensions: Sequence[str]) -> None:
    wanted = [f"c{number}" for number in range(1, criteria + 1)]
    given = [scored.id for scored in answer.criteria]
    if sorted(given) != sorted(wanted):
        raise UnreadableError(f"the answer judges {', '.join(given) or 'nothing'} instead of {', '.join(wanted)}")
    for scored in answer.criteria:
        missing = [name for name in dimensions if name not in scored.scores]
        if missing:
            raise UnreadableError(f"{scored.id} has no score for {missing[0]}")
        odd = [name for name in dimensions if not 1 <= scored.scores[name] <= 5]  # noqa: PLR2004 - the range of scores
        if odd:
            raise UnreadableError(f"{scored.id} scores {odd[0]} with {scored.scores[odd[0]]:g}, not 1 to 5")
