"""The text of a mail as workers and people write it: a few headers, an empty line, the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, parse_duration, sha256_of
from mission_cli.domain.mail.addresses import address_of
from mission_cli.domain.timing.waiting import length_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RECIPIENTS, LONGEST_SUBJECT, LONGEST_TEXT = 10, 150, 20_000
_HASH = 16
_HEADERS = ("to", "subject", "wait", "timeout", "expect")
_WAITS = ("no", "one", "all")


class LetterError(ValueError):
    """What is wrong with the text of a mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is to be sent, or expected."""

    to: tuple[str, ...]
    subject: str
    text: str
    wait: str = "one"
    """Whose replies the feature waits for: `no`, `one`, `all` or a number."""
    timeout: str = ""
    """How long, as in `## Waits`."""
    expected: bool = False
    """Nothing is sent: `to` are those from whom a mail is expected."""

    @property
    def waits(self) -> bool:
        """Whether the feature waits for replies."""
        return self.wait != "no"

    def event(self, number: int) -> str:
        """Return the wait for replies to it, when it has a number."""
        return f"email_reply:{number}" + ("" if self.wait == "one" else f"/{self.wait}")


def read_letter(text: str) -> Letter:
    """Read a mail. Raises LetterError with what is wrong."""
    head, _, body = text.replace("\r\n", "\n").lstrip("\ufeff\n").partition("\n\n")
    values: dict[str, str] = {}
    for line in head.splitlines():
        name, colon, value = line.partition(":")
        key = name.strip().casefold()
        if not colon or key not in _HEADERS:
            raise LetterError(f"`{line[:60]}` is not a known header: use To, Subject, Wait, Timeout, Expect")
        if key in values:
            raise LetterError(f"the header {name.strip()} appears twice")
        values[key] = value.strip()
    return _checked(values, body.strip("\n"))


def _checked(values: dict[str, str], body: str) -> Letter:
    expected = "expect" in values
    if expected and "to" in values:
        raise LetterError("it has both To and Expect")
    letter = Letter(
        _recipients(values.get("expect", "") if expected else values.get("to", "")),
        " ".join(values.get("subject", "").split()),
        body,
        _wait(values.get("wait", "one")),
        values.get("timeout", ""),
        expected,
    )
    if not expected and (not letter.subject or not body.strip()):
        raise LetterError("it has no subject" if not letter.subject else "it has no text")
    if len(letter.subject) > LONGEST_SUBJECT or len(body) > LONGEST_TEXT:
        raise LetterError(f"subject or text are too long (at most {LONGEST_SUBJECT} and {LONGEST_TEXT} characters)")
    if not all(char.isprintable() or char in "\n\t" for char in letter.subject + body):
        raise LetterError("it contains control characters")
    if letter.timeout and parse_duration(length_of(letter.timeout)) is None:
        raise LetterError(f"the timeout `{letter.timeout[:40]}` cannot be read: write 2h, or 3 × 24h")
    return letter


def _recipients(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = tuple(dict.fromkeys(address_of(part) for part in parts))
    if not found or "" in found:
        bad = next((part for part in parts if not address_of(part)), "")
        raise LetterError(f"`{bad[:60]}` is not an address" if bad else "it names no recipient")
    if len(found) > MOST_RECIPIENTS:
        raise LetterError(f"it has {counted(len(found), 'recipient')}: at most {MOST_RECIPIENTS} are possible")
    return found


def _wait(text: str) -> str:
    word = text.casefold().strip()
    if word not in _WAITS and not (word.isdecimal() and 0 < int(word[:4]) <= MOST_RECIPIENTS):
        raise LetterError(f"Wait is `{text[:40]}`: write no, one, all or a number")
    return "one" if word == "1" else word


def letter_text(letter: Letter) -> str:
    """Return the text that `read_letter` reads, in one form: what a person approves."""
    head = [f"{'Expect' if letter.expected else 'To'}: {', '.join(letter.to)}", f"Subject: {letter.subject}"]
    head += [f"Wait: {letter.wait}"] if letter.wait != "one" else []
    head += [f"Timeout: {letter.timeout}"] if letter.timeout else []
    return "\n".join([*head, "", letter.text.rstrip("\n"), ""])


def file_of(number: int, text: str, *, key: str = "", kind: str = "txt") -> str:
    """Return the cell that names the file of a mail; its name contains the hash of the text."""
    middle = f"{key}-" if key else ""
    return f"assets/mail-{number}-{middle}{sha256_of(text)[:_HASH]}.{kind}"


def unaltered(file: str, texts: Iterable[tuple[str, str]]) -> str | None:
    """Return the text of a file of a mail among (name, text); None if it is missing, or not what its name says."""
    found = next((text for name, text in texts if f"assets/{name}" == file), None)
    return found if found is not None and f"-{sha256_of(found)[:_HASH]}." in file else None
