"""A question of the interview, and how an answer to it is read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, did_you_mean, one_line
from mission_cli.domain.errors import UsageError
from mission_cli.domain.interview.amounts import budget_text, hours_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST = 4000
"""Characters of an answer."""
LONGEST_LINE = 400
"""Characters of a line of a list, each of which becomes a line of the plan."""
_MOST_LINES = 20


class Form(StrEnum):
    """What an answer to a question is."""

    CHOICE = "choice"
    """One of the options, by its value."""
    TEXT = "text"
    """A text; options are examples."""
    LINES = "lines"
    """Any number of lines; options are some that are likely."""
    BUDGET = "budget"
    """Amounts such as `$60, 8 h, 50M tokens`, or `unlimited`."""
    HOURS = "hours"
    """A number of hours, such as `8 h`, or `unlimited`."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that a question offers."""

    value: str
    """The answer itself."""
    text: str = ""
    """What it means."""
    recommended: bool = False
    because: str = ""
    """Why it is recommended, if that depends on the goal or the repository."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; its id is the key of its answer in a file."""

    id: str
    text: str
    why: str
    """Why it is asked."""
    form: Form
    options: tuple[Option, ...] = ()
    optional: bool = True
    """Whether it may be skipped; otherwise nothing can be assumed for it."""
    label: str = ""
    """What the answer is called, for lists of answers."""

    @property
    def recommended(self) -> str:
        """The answer that is taken if a person only confirms; empty if none is recommended."""
        values = [option.value for option in self.options if option.recommended]
        return "\n".join(values if self.form is Form.LINES else values[:1])


def numbered(question: Question, text: str) -> str:
    """Return an answer in which numbers of options are replaced by these, where the options are shown with numbers.

    `2` is the second option. In lists, `1, 3` are two of them, and each part between semicolons or lines may be one.
    Raises UsageError for a number without an option.
    """
    if question.form is Form.LINES:
        parts = [part.strip() for line in text.split("\n") for part in line.split(";")]
        return "\n".join(option for part in parts if part for option in _listed(question, part))
    plain = text.strip()
    if not _is_number(plain) or (question.form in {Form.BUDGET, Form.HOURS} and int(plain) > len(question.options)):
        return text
    return _option(question, plain)


def _listed(question: Question, part: str) -> list[str]:
    words = [word.strip() for word in part.split(",")]
    if all(map(_is_number, words)):
        return [_option(question, word) for word in words]
    return [part]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 4  # noqa: PLR2004 - no question has a thousand options


def _option(question: Question, word: str) -> str:
    if not 1 <= int(word) <= len(question.options):
        hint = f"choose 1 to {len(question.options)}, or write it in words"
        raise UsageError(f"there is no option {word}", hint=hint)
    return question.options[int(word) - 1].value


def read(question: Question, text: str) -> str:
    """Return an answer as it is kept; an empty one takes what is recommended. Raises UsageError with a hint."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip() or question.recommended
    if not plain:
        if question.optional:
            return ""
        raise UsageError(f"`{question.id}` is empty", hint=f"{question.text} This has no default")
    if len(plain) > LONGEST:
        raise UsageError(f"`{question.id}` has {counted(len(plain), 'character')}", hint=f"at most {LONGEST} are kept")
    if question.form is Form.CHOICE:
        return _chosen(question, plain)
    if question.form is Form.LINES:
        return _lines(question, plain)
    return _READ[question.form](plain)


def _chosen(question: Question, text: str) -> str:
    """Return the one option that a text begins, or is."""
    word = text.casefold()
    values = [option.value for option in question.options]
    found = [value for value in values if value == word] or [value for value in values if value.startswith(word)]
    if len(found) == 1:
        return found[0]
    near = did_you_mean(word, values)
    hint = f"{near} use one of {', '.join(values)}".strip()
    raise UsageError(f"`{question.id}` is `{one_line(text, 60)}`, which is not one of its options", hint=hint)


def _lines(question: Question, text: str) -> str:
    lines = list(dict.fromkeys(line for raw in text.split("\n") if (line := raw.strip().removeprefix("- ").strip())))
    if len(lines) > _MOST_LINES:
        raise UsageError(f"`{question.id}` has {counted(len(lines), 'line')}", hint=f"at most {_MOST_LINES} are kept")
    for line in lines:
        if len(line) > LONGEST_LINE:
            words = f"a line of `{question.id}` has {counted(len(line), 'character')}"
            raise UsageError(words, hint=f"at most {LONGEST_LINE} are kept: make several lines of it")
    return "\n".join(lines)


_READ: Mapping[Form, Callable[[str], str]] = {
    Form.TEXT: str,
    Form.BUDGET: budget_text,
    Form.HOURS: hours_text,
}
