"""Read loose objects and refs from the files of a repository; git is asked for everything that is stored otherwise.

A question to a running git costs two changes of the process, and each waits where other programs work. What was made
last is not packed yet, so most of what views ask for is a file of its own.
"""

from __future__ import annotations

import os
import time
import zlib
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.fastpath import holds, look

if TYPE_CHECKING:
    from pathlib import Path

_OID = pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = pattern(r"refs/(?:heads|mission)/(?!\.)[^\x00-\x20~^:?*\[\\\x7f]+")
_ODD = ("..", "//", "/.", "@{")
_NOT_IN_REFS = (".lock", "/", ".")
_DEEPEST = 5
"""The longest chain of symbolic refs that is followed; the same limit as in git."""
_DIFFERENT = ("shallow", "info/grafts", "refs/replace", "reftable", "commondir")
"""Where one of these is there, history or refs are not what the files say."""
_CHECK_SECONDS = 5.0
_CHUNK = 1 << 20


class PlainFiles:
    """The files of one repository. Every answer may be None: then git has to be asked."""

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = os.fspath(git_dir)
        self._plain, self._checked = False, float("-inf")
        self._packed: dict[str, str] = {}
        self._packed_look: list[int | str] = []

    def object(self, oid: str) -> tuple[str, bytes] | None:
        """Return kind and content of a loose object."""
        if not is_oid(oid) or not self._is_plain():
            return None
        try:
            raw = read_whole(f"{self._git_dir}/objects/{oid[:2]}/{oid[2:]}")
            header, _, content = zlib.decompress(raw).partition(b"\0")
        except (OSError, zlib.error):
            return None
        kind, _, size = header.partition(b" ")
        return (kind.decode("ascii", "replace"), content) if size == b"%d" % len(content) else None

    def ref(self, name: str) -> str | None:
        """Return the id of HEAD, a branch or a ref below `refs/mission`, packed or not; empty if it does not exist."""
        for _ in range(_DEEPEST):
            if not (_is_ref(name) or name == "HEAD") or not self._is_plain():
                return None
            try:
                said = read_whole(f"{self._git_dir}/{name}").decode("utf-8", "surrogateescape").strip()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return self._packed_refs().get(name, "")
            except OSError:
                return None
            if not said.startswith("ref: "):
                return said if is_oid(said) else None
            name = said.removeprefix("ref: ")
        return None

    def refs_below(self, folder: str) -> list[str] | None:
        """Return the names of all refs below a folder, sorted."""
        if not _is_ref(folder.rstrip("/")) or not self._is_plain():
            return None
        start, names = f"{folder.rstrip('/')}/", set()
        for place, _, files in os.walk(f"{self._git_dir}/{start}"):
            at = place.removeprefix(f"{self._git_dir}/").rstrip("/")
            names |= {f"{at}/{name}" for name in files}
        names |= {name for name in self._packed_refs() if name.startswith(start)}
        return sorted(filter(_is_ref, names))

    def _packed_refs(self) -> dict[str, str]:
        """Return all packed refs; git replaces the file whole, after which it removes the files of single ones."""
        place = f"{self._git_dir}/packed-refs"
        if not self._packed_look or not holds(place, self._packed_look):
            seen = look(place)
            try:
                lines = read_whole(place).decode("utf-8", "surrogateescape").split("\n")
            except OSError:
                lines = []
            pairs = (line.partition(" ") for line in lines if line[:1] not in {"#", "^"})
            self._packed, self._packed_look = {name: oid for oid, _, name in pairs}, seen
        return self._packed

    def _is_plain(self) -> bool:
        """Whether the files say all; what changes that is seen after a few seconds, as by a git that is kept."""
        now = time.monotonic()
        if now >= self._checked + _CHECK_SECONDS:
            usual = all(os.path.lexists(f"{self._git_dir}/{name}") for name in ("HEAD", "objects"))
            there = any(os.path.lexists(f"{self._git_dir}/{name}") for name in _DIFFERENT)
            replaced = any(name.startswith("refs/replace/") for name in self._packed_refs())
            self._plain, self._checked = usual and not (there or replaced), now
        return self._plain


def read_whole(place: str) -> bytes:
    """Return the content of a file, without the objects that `pathlib` makes for it. Raises OSError."""
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(handle, _CHUNK):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def is_oid(name: str) -> bool:
    """Whether a text is the whole id of an object."""
    return _OID.fullmatch(name) is not None


def _is_ref(name: str) -> bool:
    """Whether a name can only mean this ref: git completes and interprets others."""
    if _REF.fullmatch(name) is None or name.endswith(_NOT_IN_REFS):
        return False
    return not any(part in name for part in _ODD) and ".lock/" not in name
