"""Secrets in what is about to enter the repository: every line that a commit adds, and its message."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from mission_cli.domain.patterns import pattern
from mission_cli.domain.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.adapters.git.command import Git
    from mission_cli.ports.secrets import Secrets

_PATCH = ("--patch", "--unified=0", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv", "--text")
_HUNK = pattern(r"@@ -\S+ \+(\d+)")
_PIECE = 4000


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret: where it stands, and of what kind it is; never what it says."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} ({self.kind})" if self.line else f"{self.path} ({self.kind})"


def leaks_in_commits(git: Git, start: str, tip: str, rules: Secrets, excepted: Sequence[str]) -> list[Leak]:
    """Return the secrets that any commit between adds, also where a later one takes it away again."""
    message = "--format=format:%x01message of %h%n%B%x01"
    out = git.run("log", *_PATCH, message, "--diff-merges=combined", f"{start}..{tip}").out
    return _leaks(out.decode("utf-8", "replace"), rules, excepted)


def leaks_in_index(git: Git, base: str, rules: Secrets, excepted: Sequence[str]) -> list[Leak]:
    """Return the secrets that the index adds to a tree."""
    out = git.run("diff-index", "--cached", *_PATCH, base).out
    return _leaks(out.decode("utf-8", "replace"), rules, excepted)


def _leaks(patch: str, rules: Secrets, excepted: Sequence[str]) -> list[Leak]:
    return [
        Leak(path, line, kind)
        for path, line, text in _added(patch)
        if not any(fnmatch.fnmatch(path, pattern) for pattern in excepted)
        and (kind := next(filter(None, map(rules.kind, _pieces(text))), ""))
    ]


def _added(patch: str) -> Iterator[tuple[str, int, str]]:
    """(path, line, text) of each added line; a message is the lines of a path `message of <commit>`, at line 0."""
    path, number, in_message, in_hunk = "", 0, False, False
    for raw in patch.split("\n"):
        if raw.startswith("\x01message of "):
            path, in_message, in_hunk = raw[1:], True, False
        elif in_message:
            yield path, 0, raw
            in_message = not raw.endswith("\x01")
        elif raw.startswith("diff --"):
            in_hunk = False
        elif not in_hunk and raw.startswith("+++ "):
            path = raw[4:].strip('"').removeprefix("b/").rstrip("\t")
        elif found := _HUNK.match(raw.replace("@@@", "@@")):
            number, in_hunk = int(found.group(1)), True
        elif in_hunk and raw.startswith("+"):
            yield path, number, raw[1:]
            number += 1


def _pieces(text: str) -> Iterator[str]:
    """A line in pieces that a rule can be run on in no time; they overlap by what a secret is long."""
    for start in range(0, max(1, len(text)), _PIECE):
        yield text[start : start + _PIECE + 200]
