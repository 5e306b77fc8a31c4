"""Atomic file writes: complete or not done at all, even after a power cut."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


_FOREIGN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


def write_whole(path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Replace a file: write a temporary file in the same folder, fsync, rename, fsync the folder.

    If not `durable`, the file is always complete but may be lost in a power cut.
    """
    temp = path.with_name(f".{path.name}.{random_hex(4)}")
    try:
        write_new(temp, content, mode=mode, durable=durable)
        temp.replace(path)
    except OSError:
        with suppress(OSError):
            temp.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def random_hex(size: int) -> str:
    """Return `size` random bytes, unpredictable, as hexadecimal digits."""
    return os.urandom(size).hex()


def write_new(path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Create a file that must not exist yet. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        if durable:
            out.flush()
            os.fsync(out.fileno())


def create_whole(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Create a file with its content in one step; False if it exists."""
    temp = path.with_name(f".{path.name}.{random_hex(4)}")
    write_new(temp, content, mode=mode)
    try:
        os.link(temp, path)
    except FileExistsError:
        return False
    finally:
        temp.unlink()
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and its parents durably; do nothing if it exists."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def write_json(path: Path, value: Any, *, mode: int = 0o644, durable: bool = True) -> None:
    """Replace a file with JSON."""
    content = _text(value).encode("utf-8", "surrogatepass")
    write_whole(path, content, mode=mode, durable=durable)


def _text(value: Any) -> str:
    """Format JSON with a line for each key. Not by `indent`, which runs in Python and takes ten times as long."""
    if not isinstance(value, dict):
        return _json(value)
    return "{\n " + ",\n ".join(f"{_json(str(name))}: {_json(fact)}" for name, fact in value.items()) + "\n}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_json(path: Path) -> Any:
    """Return the JSON of a file, or None if it is missing, incomplete or invalid."""
    try:
        return json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, RecursionError):
        return None


def refused_in(folder: Path) -> int:
    """Return the error number with which a folder would refuse a new file, or 0."""
    try:
        facts = os.statvfs(folder)
    except OSError:
        return 0
    if facts.f_flag & os.ST_RDONLY:
        return errno.EROFS
    if not os.access(folder, os.W_OK | os.X_OK):
        return errno.EACCES
    blocks, files = (facts.f_bavail, facts.f_favail) if os.geteuid() else (facts.f_bfree, facts.f_ffree)
    full = (facts.f_blocks and not blocks) or (facts.f_files and not files)
    return errno.ENOSPC if full else 0


def read_bytes(path: Path) -> bytes | None:
    """Return the content, or None if it is not a regular file: a pipe would block."""
    try:
        return path.read_bytes() if path.is_file() else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_foreign(path: Path, most: int, *, start: int = 0) -> bytes | None:
    """Return up to `most` bytes of a file of another program; None if it is not a regular file, or is a link.

    Never blocks, not even on a pipe.
    """
    try:
        handle = os.open(path, _FOREIGN)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as source:
        source.seek(start)
        return source.read(most)


def read_tail(path: Path, size: int) -> str:
    """Return the last `size` bytes as text, or the empty string."""
    try:
        with path.open("rb") as source:
            source.seek(0, os.SEEK_END)
            source.seek(max(0, source.tell() - size))
            return source.read().decode("utf-8", "replace")
    except OSError:
        return ""
