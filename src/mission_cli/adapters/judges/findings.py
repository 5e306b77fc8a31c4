"""How a judge ends: with a verdict as its exit status, and a message."""

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
    """Return the exception that ends a judge with a failure of the work."""
    return Judged(FAILED, f"failed: {words}")


def cannot(words: str) -> Judged:
    """Return the exception that ends a judge that cannot decide whether the criterion holds."""
    return Judged(CANNOT, f"cannot run: {words}")


def shown(text: str, limit: int = LONGEST_LINE) -> str:
    """Return foreign text for use in a message: one line without control characters."""
    return one_line(text, limit)


def quoted_log(lines: Iterable[str]) -> str:
    """Return the output of another program with a bar before each line, so that none looks like one of the judge."""
    return "\n".join(f"  | {shown(line)}" for line in lines)
