"""Look up and replace entries of git's index without a git process; what is stored in an unusual way is left to git."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.git.repo.objects import Entry

_HEADER, _PADDED = 12, 8
_MODE_AT, _ID_AT = 24, 40
_FLAGS, _SHA1 = 2, 20
_NAME_AT = _ID_AT + _SHA1 + _FLAGS
_LONGEST_NAME, _NOT_PLAIN = 0xFFF, 0xF000
"""In the flags: the length of the name; and stage, assumed unchanged, and further flags."""
_MAY_BE_LEFT_OUT = {b"TREE", b"EOIE", b"IEOT", b"UNTR", b"FSMN"}
"""Parts of an index that git makes again when it needs them."""
_VERSIONS = (2, 3)
"""In version 4, paths are shortened."""


def staged_entry(index: bytes, path: str, id_size: int) -> Entry | None:
    """Return the entry of a path, as in a tree; None if there is none without a conflict and without special flags.

    `index` is the content of the file, `id_size` the number of bytes of an object id.
    """
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8], "big") not in _VERSIONS:
        return None
    name = os.fsencode(path)
    before = _ID_AT + id_size + _FLAGS
    at = index.find(name + b"\0")
    while at >= 0:
        start = at - before
        flags = int.from_bytes(index[at - _FLAGS : at], "big")
        if start >= _HEADER and not (start - _HEADER) % _PADDED and flags == len(name):  # all other bits are 0
            mode = int.from_bytes(index[start + _MODE_AT : start + _MODE_AT + 4], "big")
            return f"{mode:o}", index[start + _ID_AT : start + _ID_AT + id_size].hex()
        at = index.find(name + b"\0", at + 1)
    return None


def is_as(place: Path, mode: str, content: bytes) -> bool:
    """Whether a file is a plain one with this mode and content."""
    try:
        facts = os.lstat(place)
        plain = stat.S_ISREG(facts.st_mode) and bool(facts.st_mode & stat.S_IXUSR) == (mode == "100755")
        return plain and facts.st_size == len(content) and place.read_bytes() == content
    except OSError:
        return False


class Index:
    """The entries of an index, by name, as they are stored."""

    def __init__(self, version: bytes, held: dict[bytes, bytes]) -> None:
        self._version, self._held = version, held

    def entry(self, path: str) -> Entry | None:
        """Return the entry of a path as in a tree, or None."""
        raw = self._held.get(os.fsencode(path))
        if raw is None:
            return None
        return f"{int.from_bytes(raw[_MODE_AT : _MODE_AT + 4], 'big'):o}", raw[_ID_AT : _ID_AT + _SHA1].hex()

    def with_entries(self, entries: Mapping[str, Entry]) -> bytes:
        """Return the index with some other entries. As after `git update-index`, nothing is known of their files.

        What is cached about trees is left out; git makes it again.
        """
        held = dict(self._held)
        for path, (mode, oid) in entries.items():
            name = os.fsencode(path)
            raw = bytes(_MODE_AT) + int(mode, 8).to_bytes(4, "big") + bytes(_ID_AT - _MODE_AT - 4)
            raw += bytes.fromhex(oid) + min(len(name), _LONGEST_NAME).to_bytes(_FLAGS, "big") + name
            held[name] = raw + bytes(_PADDED - len(raw) % _PADDED)
        body = b"DIRC" + self._version + len(held).to_bytes(4, "big") + b"".join(held[name] for name in sorted(held))
        return body + hashlib.sha1(body, usedforsecurity=False).digest()


def parsed_index(index: bytes) -> Index | None:
    """Return what an index holds; None if there is a conflict, or anything that is not known here."""
    end = len(index) - _SHA1
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8], "big") not in _VERSIONS:
        return None
    if hashlib.sha1(index[:end], usedforsecurity=False).digest() != index[end:]:
        return None
    held, at = dict[bytes, bytes](), _HEADER
    for _ in range(int.from_bytes(index[8:12], "big")):
        flags = int.from_bytes(index[at + _NAME_AT - _FLAGS : at + _NAME_AT], "big")
        size = flags & _LONGEST_NAME
        if flags & _NOT_PLAIN or size == _LONGEST_NAME:
            return None
        length = (_NAME_AT + size) // _PADDED * _PADDED + _PADDED
        held[index[at + _NAME_AT : at + _NAME_AT + size]] = index[at : at + length]
        at += length
    while at < end and index[at : at + 4] in _MAY_BE_LEFT_OUT:
        at += 8 + int.from_bytes(index[at + 4 : at + 8], "big")
    return Index(index[4:8], held) if at == end else None
