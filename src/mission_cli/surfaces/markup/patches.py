"""Read a unified diff as git prints it. A text of the changed files never counts as a line of the diff itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = "diff --git "
_HUNK = pattern(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)", re.DOTALL)
_ESCAPE = pattern(r'\\(?:([0-7]{3})|(["\\abtnvfr]))')
_NAMED = dict(zip('"\\abtnvfr', b'"\\\a\b\t\n\v\f\r', strict=True))
_KINDS = {"+": "added", "-": "removed", " ": "same", "": "same"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file."""

    kind: str
    """added, removed, same, or note: said about the line before it."""
    old: int
    """Its number before the change; 0: it was not there."""
    new: int
    text: str


@dataclass(slots=True)
class Hunk:
    """Lines next to each other."""

    context: str
    """What they belong to, such as the function."""
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class PatchedFile:
    """The change of one file."""

    path: str
    kind: str = "changed"
    """changed, new, deleted or renamed."""
    binary: bool = False
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """The number of its lines."""
        return sum(len(hunk.rows) for hunk in self.hunks)

    def count(self, kind: str) -> int:
        """Return the number of its lines of a kind."""
        return sum(row.kind == kind for hunk in self.hunks for row in hunk.rows)


def read_patch(text: str) -> list[PatchedFile]:
    """Return the files of a unified diff. What cannot be read is left out."""
    found: list[PatchedFile] = []
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith(_FILE):
            found.append(PatchedFile(_both(line.removeprefix(_FILE))))
        elif found and (hunk := _HUNK.fullmatch(line)):
            old, old_size, new, new_size, context = hunk.groups()
            sizes = int(old_size or 1), int(new_size or 1)
            found[-1].hunks.append(Hunk(context, [*_rows(lines, (int(old), int(new)), sizes)]))
        elif found and found[-1].hunks and line.startswith("\\ "):
            found[-1].hunks[-1].rows.append(Row("note", 0, 0, line[2:]))
        elif found:
            _head(found[-1], line)
    return found


def _rows(lines: Iterator[str], at: tuple[int, int], sizes: tuple[int, int]) -> Iterator[Row]:
    """Yield as many lines as the head of the hunk says, whatever they look like."""
    old, new = at
    old_end, new_end = old + sizes[0], new + sizes[1]
    while old < old_end or new < new_end:
        line = next(lines, None)
        if line is None:
            return
        mark, text = line[:1], line[1:]
        if mark == "\\":
            yield Row("note", 0, 0, text.strip())
            continue
        kind = _KINDS.get(mark, "same")
        yield Row(kind, old if kind != "added" else 0, new if kind != "removed" else 0, text)
        old += kind != "added"
        new += kind != "removed"


def _head(file: PatchedFile, line: str) -> None:
    word, _, rest = line.partition(" ")
    if line.startswith(("new file mode ", "deleted file mode ")):
        file.kind = "deleted" if word == "deleted" else word
    elif line.startswith("rename to "):
        file.kind, file.path = "renamed", _name(line.removeprefix("rename to "))
    elif line.startswith(("Binary files ", "GIT binary patch")):
        file.binary = True
    elif word in {"---", "+++"} and not file.hunks and (name := _name(rest)) != "/dev/null":
        file.path = name.partition("/")[2]


def _both(names: str) -> str:
    """Return the path in `a/PATH b/PATH`: both are the same, where nothing was renamed."""
    half = len(names) // 2
    return _name(names[:half]).partition("/")[2] or names


def _name(text: str) -> str:
    """Return a name without the quotes and escapes of git."""
    plain = text.removesuffix("\t")
    if len(plain) < 2 or plain[0] != '"' or plain[-1] != '"':  # noqa: PLR2004 - two quotes
        return plain
    parts, at, body = list[bytes](), 0, plain[1:-1]
    for one in _ESCAPE.finditer(body):
        byte = int(one[1], 8) & 255 if one[1] else _NAMED[one[2]]
        parts += [body[at : one.start()].encode("utf-8", "surrogateescape"), bytes([byte])]
        at = one.end()
    return b"".join([*parts, body[at:].encode("utf-8", "surrogateescape")]).decode("utf-8", "replace")
