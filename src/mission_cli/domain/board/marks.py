"""How a file that this program renders from mission files is told from a person's own: by a comment near its start."""

from __future__ import annotations

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.paths import MISSION_FOLDERS

README, BADGE, PAGE = "README.md", "mission-badge.svg", "dashboard.html"
FILES = (README, BADGE, PAGE)
"""The files that can be committed beside the mission files."""
_WORDS = "Made by mission from the mission files; edits are overwritten. Without this line, the file is yours."
_MARK = pattern(r"<!-- mission:([0-9a-f]{16}) [^<>\n]* -->")
_NEAR = 400
"""Characters at the start of a file in which the mark is looked for."""


def mark(source: str) -> str:
    """Return the mark of a file that was rendered from a source with this hash."""
    return f"<!-- mission:{source} {_WORDS} -->"


def source_of(text: str) -> str:
    """Return the hash of the source in the mark of a file; empty if the file is a person's own."""
    found = _MARK.search(text[:_NEAR])
    return found[1] if found else ""


def is_place(path: str) -> bool:
    """Whether a path of the store is that of a file which this program may render."""
    folder, _, name = path.rpartition("/")
    return name in FILES and (not folder or folder in MISSION_FOLDERS)


def is_same(one: str, other: str) -> bool:
    """Whether two rendered files are equal to a reader: everything but their marks."""
    return _MARK.sub("", one, count=1) == _MARK.sub("", other, count=1)


def one_of(path: str, ours: str, theirs: str) -> str | None:
    """Return one of two rendered files, the same in every clone; None if one of them is something else.

    The next pulse renders it again.
    """
    return max(ours, theirs) if is_place(path) and source_of(ours) and source_of(theirs) else None
