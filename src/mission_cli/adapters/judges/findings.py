"""How a judge ends: with a verdict as its exit status, and what it found in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

PASSED, FAILED, CANNOT = 0, 1, 2
LONGEST_LINE = 300


class Judged(Exception):  # noqa: N818 - not an error: how a judge ends
    """Raised to end a judge before everything is compared: `code` is its verdict."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


def failed(words: str) -> Judged:
    """Return the end of a judge because of the work."""
    return Judged(FAILED, f"failed: {words}")


def cannot(words: str) -> Judged:
    """Return the end of a judge that could not find out whether the criterion holds."""
    return Judged(CANNOT, f"cannot run: {words}")


def shown(text: str, limit: int = LONGEST_LINE) -> str:
    """Return text from outside as a message quotes it: one line without control characters."""
    return one_line(text, limit)


def quoted_log(lines: Iterable[str]) -> str:
    """Return lines that another program printed, so that none of them looks like a line of the judge."""
    return "\n".join(f"  | {shown(line)}" for line in lines)
