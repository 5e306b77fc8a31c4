"""Questions in a model's answer. They are worth no repair: one that cannot be read is dropped, and a note says so."""

from __future__ import annotations

from typing import Any

from mission_cli._support.text import one_line
from mission_cli.domain.interview.follow_ups import MOST, FollowUp

_LONGEST = 300
_MOST_OPTIONS = 4
_MOST_NUMBERS = 20


def read_questions(value: Any) -> tuple[tuple[FollowUp, ...], tuple[str, ...]]:
    """Return the questions in a value of the answer, and a note for each that was dropped."""
    if value is None:
        return (), ()
    if not isinstance(value, list):
        return (), ("dropped, because it is not a list: questions",)
    found: list[FollowUp] = []
    notes: list[str] = []
    for number, one in enumerate(value, 1):
        read = _read(one)
        if read is None or len(found) == MOST:
            why = "it lacks a question, why or assumed" if read is None else f"at most {MOST} are allowed"
            notes.append(f"dropped, because {why}: question {number}")
        elif read.question not in {known.question for known in found}:
            found.append(read)
    return tuple(found), tuple(notes)


def _read(one: Any) -> FollowUp | None:
    if not isinstance(one, dict):
        return None
    texts = [one.get(name) for name in ("question", "why", "assumed")]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return None
    question, why, assumed = (one_line(str(text), _LONGEST) for text in texts)
    options = tuple(one_line(text, _LONGEST) for text in _texts(one.get("options")))[:_MOST_OPTIONS]
    return FollowUp(question, why, assumed, options, tuple(_texts(one.get("criteria")))[:_MOST_NUMBERS], _features(one))


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text.strip() for text in values if isinstance(text, str) and text.strip()]


def _features(one: dict[Any, Any]) -> int:
    text = str(one.get("features") or "0").strip().removeprefix("+")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4):  # noqa: PLR2004 - no plan has a thousand features
        return 0
    return int(text)
