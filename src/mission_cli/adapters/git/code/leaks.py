"""Scan what is about to enter the repository for secrets, and for files that a clone could not use.

Every object that a commit adds to this repository is read once, as a stream: file contents and names, commits with
their authors and messages. An unreadable object raises ToolError, so that nothing is fetched without a scan.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.adapters.git.repo.loose_objects import TREE, parsed_tree
from mission_cli.adapters.git.repo.objects import LINK
from mission_cli.adapters.secrets.forms import REACH
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.proc.dialogue import Dialogue
    from mission_cli.adapters.secrets.forms import Found
    from mission_cli.adapters.secrets.screen import SecretRules

PIECE = 1 << 20
"""Bytes of a file that are in memory at once."""
_MOST = 20
"""The scan reports at most this many secrets."""
_MOST_TREE = 64 << 20
_LONGEST_NAME = 255
_NULS = 8
"""At least one NUL in this many bytes: the text is UTF-16 or UTF-32, or may contain some."""
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_MOST_POINTER = 1024


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret: its place and kind, never the secret itself."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} ({self.kind})" if self.line else f"{self.path} ({self.kind})"


@dataclass(slots=True)
class Scanned:
    """What a scan found in new objects."""

    leaks: list[Leak] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    """Messages about what a clone could not use: a file that is too large, a name that is too long for a disk."""
    pointers: dict[str, tuple[str, int]] = field(default_factory=dict)
    """LFS objects that files point to: (path, size) by id."""


class Scanner:
    """Scans new objects. Files that `excepted` matches may contain secrets; `largest` is in bytes, 0: any size."""

    def __init__(self, git: Git, start: str, rules: SecretRules, *, excepted: Sequence[str], largest: int) -> None:
        self._git, self._start, self._rules = git, start, rules
        self._excepted, self._largest = excepted, largest
        self._seen: set[tuple[str, bytes]] = set()
        self._names: set[str] = set()
        self._was: dict[bytes, bool] = {}
        self.scanned = Scanned()

    def commits(self, tip: str) -> Scanned:
        """Scan what a commit adds that no ref here has. Raises ToolError if it cannot be read completely."""
        listed = self._git.run("rev-list", "--objects", tip, "--not", self._start, "--all").out
        reader = self._git.dialogue("-c", f"core.bigFileThreshold={PIECE}", "cat-file", "--batch-command")
        try:
            for line in listed.splitlines():
                oid, _, path = line.partition(b" ")
                self._object(reader, oid.decode(), path.decode("utf-8", "surrogateescape"))
        finally:
            reader.close()
        return self.scanned

    def files_with_secrets(self, entries: Iterable[tuple[str, str]]) -> list[str]:
        """Scan files given as (id, path); return the paths of those that contain a secret."""
        reader = self._git.dialogue("-c", f"core.bigFileThreshold={PIECE}", "cat-file", "--batch-command")
        found = []
        try:
            for oid, path in entries:
                self.scanned.leaks.clear()
                self._name(path)
                self._object(reader, oid, path)
                if self.scanned.leaks:
                    found.append(path)
        finally:
            reader.close()
        return found

    def stream(self, pieces: Iterable[bytes], path: str) -> None:
        """Scan one file that is not a git object."""
        from mission_cli.adapters.secrets.archives import inside

        for name, part in inside(pieces, path):
            self._content(part, name, of=path)

    def _object(self, reader: Dialogue, oid: str, path: str) -> None:
        kind, size = _header(reader, "info", oid)
        if kind == "blob" and 0 < self._largest < size:
            self.scanned.unfit.append(
                f"{self._shown(path)} is {size >> 20} MiB, larger than `max_file_mib` ({self._largest >> 20}) allows"
            )
            return
        if kind == "tree" and size > _MOST_TREE:
            raise ToolError(f"a folder of {size} bytes cannot be read")
        kind, size = _header(reader, "contents", oid)
        pieces = _pieces(reader, size)
        if kind == "blob" and size <= _MOST_POINTER:
            content = b"".join(pieces)
            self._pointer(content, path)
            self.stream([content], path)
        elif kind == "blob":
            self.stream(pieces, path)
        elif kind == "tree":
            self._tree(b"".join(pieces), path, len(oid) // 2)
        else:
            self._content(pieces, f"the {'message or author' if kind == 'commit' else kind} of {oid[:7]}", lines=False)

    def _tree(self, raw: bytes, folder: str, size: int) -> None:
        for name, (mode, _) in parsed_tree(raw, size).items():
            path = f"{folder}/{name}" if folder else name
            if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
                self.scanned.unfit.append(f"the name {self._shown(name)[:40]}… is too long for a disk")
            if mode not in {TREE, LINK}:
                self._name(path)

    def _name(self, path: str) -> None:
        """Scan the names of a file and its folders, each once."""
        if path in self._names:
            return
        self._names.add(path)
        self._content(
            [path.encode("utf-8", "surrogateescape")], f"the name of {self._shown(path)}", lines=False, of=path
        )

    def _pointer(self, content: bytes, path: str) -> None:
        if content.startswith(_POINTER):
            facts = dict(line.partition(b" ")[::2] for line in content.splitlines())
            name, size = facts.get(b"oid", b"").removeprefix(b"sha256:").decode("latin-1"), facts.get(b"size", b"")
            if size.isdigit():
                self.scanned.pointers[name] = (path, int(size))

    def _content(self, pieces: Iterable[bytes], path: str, *, lines: bool = True, of: str = "") -> None:
        """Scan a text in pieces, each with the end of the previous one: a secret may cross the border."""
        if any(pattern == (of or path) or fnmatch.fnmatch(of or path, pattern) for pattern in self._excepted):
            for _ in pieces:
                pass  # read to the end anyway: the next object follows in the stream
            return
        line, before = 1, b""
        for piece in pieces:
            text = before + piece
            for found in self._in(text):
                if len(self.scanned.leaks) < _MOST and self._is_new(path, found):
                    at = line + text.count(b"\n", 0, found.start) if lines else 0
                    self.scanned.leaks.append(Leak(self._shown(path), at, found.kind))
            before = text[-REACH:]
            line += text.count(b"\n", 0, len(text) - len(before))

    def _in(self, text: bytes) -> Iterator[Found]:
        yield from self._rules.find(text)
        if text.count(b"\0") * _NULS > len(text):  # UTF-16 and UTF-32: the characters of a key are ASCII
            yield from self._rules.find(text.replace(b"\0", b""))

    def _is_new(self, path: str, found: Found) -> bool:
        """Whether it is a real secret that was not reported yet and was not in the repository before."""
        if found.is_example or (path, found.secret) in self._seen:
            return False
        self._seen.add((path, found.secret))
        if found.secret not in self._was:
            words = ("grep", "--quiet", "--text", "--fixed-strings", "-f", "-", self._start)
            self._was[found.secret] = self._git.run(*words, stdin=found.secret + b"\n", ok=(0, 1, 128)).code == 0
        return not self._was[found.secret]

    def _shown(self, path: str) -> str:
        return self._rules.scrub(path)


def _header(reader: Dialogue, command: str, oid: str) -> tuple[str, int]:
    """Return kind and size of an object. Raises ToolError if it is missing."""
    reader.say(f"{command} {oid}\n".encode())
    words = reader.line().split(b" ")
    if len(words) != len(("oid", "kind", "size")):
        raise ToolError(f"git has no object {oid}")
    return words[1].decode(), int(words[2])


def _pieces(reader: Dialogue, size: int) -> Iterator[bytes]:
    """Yield the content that follows a header, and skip the line end after it."""
    left = size
    while left:
        piece = reader.exactly(min(left, PIECE))
        left -= len(piece)
        yield piece
    reader.exactly(1)
