"""What a worker writes into the file MISSION_ASK to ask a person: a JSON object, or the question as plain text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line, parse_duration
from mission_cli.domain.asking.data import as_stored, canonical, is_too_large
from mission_cli.domain.asking.options import (
    LONGEST_DESCRIPTION,
    LONGEST_LABEL,
    Answers,
    Option,
    problem_of,
    read_options,
)
from mission_cli.domain.asking.urgency import URGENCIES

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ("question", "options", "free_text", "urgency", "expires", "context", "purchase")
LONGEST_QUESTION = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a worker."""

    question: str
    answers: Answers = Answers()
    urgency: str = ""
    """One of URGENCIES; empty: normal."""
    expires: str = ""
    """A duration such as `2h`; empty: as the settings say."""
    context: str = ""
    """JSON, as it is stored; empty without any."""
    purchase: str = ""
    """What it wants to be bought, JSON; empty: it asks a question."""


def read_asked(text: str) -> Asked | None:
    """Return the question in a file, None if it is empty. Never raises.

    What is no JSON object is the question itself. If a part of an object cannot be read, the rest still counts, and the
    question says what was left out: a person can answer, and no worker asks in vain.
    """
    if not text.strip():
        return None
    try:
        told = json.loads(canonical(text)) if not is_too_large(text) else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Asked(one_line(text, LONGEST_QUESTION))
    if told.get("purchase") is not None:
        return Asked(_to_buy(told["purchase"]), purchase=as_stored(told["purchase"]))
    problems: list[str] = []
    words = told.get("question")
    if not isinstance(words, str) or not words.strip():
        return Asked(one_line(text, LONGEST_QUESTION))
    answers = _answers(told, problems)
    urgency = _one_of(told, "urgency", problems)
    expires = told.get("expires", "")
    length = parse_duration(expires) if isinstance(expires, str) and expires else None
    if expires and (length is None or not length):
        problems.append("expires")
    problems += [key for key in told if key not in KEYS]
    lost = f" [not understood: {one_line(', '.join(problems), 80)}]" if problems else ""
    return Asked(
        one_line(words, LONGEST_QUESTION - len(lost)) + lost,
        answers,
        urgency,
        str(expires) if length else "",
        as_stored(told["context"]) if told.get("context") is not None else "",
    )


def _to_buy(told: object) -> str:
    """Return the question for people where nothing is bought by itself."""
    parts = told.items() if isinstance(told, dict) else [("purchase", told)]
    return one_line(f"may this be bought? {'; '.join(f'{name}: {text}' for name, text in parts)}", LONGEST_QUESTION)


def _answers(told: dict[str, Any], problems: list[str]) -> Answers:
    raw, free = told.get("options"), told.get("free_text")
    if free is not None and not isinstance(free, bool):
        problems.append("free_text")
    options: tuple[Option, ...] = ()
    try:
        options = tuple(_options(raw or []))
    except ValueError:
        problems.append("options")
    if problem_of(options):
        problems.append("options")
        options = ()
    return Answers(options, free=free is True or not options)


def _options(raw: object) -> Iterator[Option]:
    """Yield the options of a list of texts, and of objects with label and description. Raises ValueError."""
    if not isinstance(raw, list):
        raise ValueError("options")
    for one in raw:
        if isinstance(one, str) and one.strip():
            yield from read_options(f"{one.replace(';', ' ')};").options[:1]
        elif isinstance(one, dict) and isinstance(one.get("label"), str) and set(one) <= {"label", "description"}:
            told = one.get("description") or ""
            label = one_line(one["label"], LONGEST_LABEL)
            yield Option(label, one_line(told if isinstance(told, str) else str(told), LONGEST_DESCRIPTION))
        else:
            raise ValueError("options")


def _one_of(told: dict[str, Any], key: str, problems: list[str]) -> str:
    word = told.get(key)
    plain = word.strip().casefold() if isinstance(word, str) else ""
    if word and plain not in URGENCIES:
        problems.append(key)
        return ""
    return plain
