"""Content of packed files: zip (jar, whl, docx), gzip, bzip2, xz; read as streams, within limits.

A tar file stores its files uncompressed and needs no unpacking. A file that is broken, password-protected, nested too
deeply or too large is scanned as plain bytes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from contextlib import suppress
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 20
_MOST_PACKED, _MOST_UNPACKED = 64 << 20, 256 << 20
_MOST_FILES, _DEEPEST = 10_000, 3
_MEMORY = 32 << 20
_GZIP = b"\x1f\x8b"
_BROKEN = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError)


@dataclass(slots=True)
class _Room:
    """Bytes and files that may still be unpacked."""

    bytes: int = _MOST_UNPACKED
    files: int = _MOST_FILES


def inside(pieces: Iterable[bytes], name: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the file itself, then what it contains, each as (name, pieces). Read each to its end before the next."""
    yield from _inside(pieces, name, _Room(), _DEEPEST)


def _inside(pieces: Iterable[bytes], name: str, room: _Room, depth: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    source = iter(pieces)
    first = next(source, b"")
    whole = chain([first], source)
    if not depth or not first.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")):
        yield name, whole
        return
    with SpooledTemporaryFile(_PIECE) as copy:
        size = 0

        def copied() -> Iterator[bytes]:
            nonlocal size
            for piece in whole:
                size += len(piece)
                if size <= _MOST_PACKED:
                    copy.write(piece)
                yield piece

        yield name, copied()
        if size <= _MOST_PACKED:
            copy.seek(0)
            unpack = _zipped if first.startswith(b"PK") else _packed
            yield from unpack(copy, name, room, depth - 1)


def _packed(copy: IO[bytes], name: str, room: _Room, depth: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    head = copy.read(len(_GZIP))
    copy.seek(0)
    reader = (
        gzip.GzipFile(fileobj=copy, mode="rb") if head == _GZIP else bz2.BZ2File(copy) if head == b"BZ" else _xz(copy)
    )
    yield from _inside(_read(reader, room), f"{name} (unpacked)", room, depth)


def _xz(copy: IO[bytes]) -> IO[bytes]:
    """Unpack xz with a memory limit, whatever the file demands."""
    unpacker = lzma.LZMADecompressor(memlimit=_MEMORY)
    out = SpooledTemporaryFile(_PIECE)  # noqa: SIM115 - closed with the last reference
    with suppress(*_BROKEN):
        while not unpacker.eof and out.tell() < _MOST_UNPACKED:
            data = copy.read(_PIECE) if unpacker.needs_input else b""
            if not data and unpacker.needs_input:
                break
            out.write(unpacker.decompress(data, _PIECE))
    out.seek(0)
    return out


def _read(source: IO[bytes] | gzip.GzipFile, room: _Room) -> Iterator[bytes]:
    with suppress(*_BROKEN), source:
        while room.bytes > 0 and (piece := source.read(_PIECE)):
            room.bytes -= len(piece)
            yield piece


def _zipped(copy: IO[bytes], name: str, room: _Room, depth: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    import zipfile

    with suppress(*_BROKEN, zipfile.BadZipFile), zipfile.ZipFile(copy) as archive:
        for member in archive.infolist():
            room.files -= 1
            if room.files < 0 or room.bytes <= 0:
                return
            shown = f"{name}/{member.filename}"
            yield f"the name of {shown}", [member.filename.encode("utf-8", "surrogateescape")]
            if member.compress_type != zipfile.ZIP_LZMA:  # LZMA may demand any amount of memory
                with suppress(*_BROKEN, zipfile.BadZipFile):
                    yield from _inside(_read(archive.open(member), room), shown, room, depth)
