"""Replace a file that a person may be saving at the same time: the person's version always wins."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from typing import TYPE_CHECKING, TypeVar

from mission_cli.adapters.fs.atomic import random_hex, read_bytes, sync_folder, write_new

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2
_ROUNDS = 8
_NOTHING = "nothing"


def _one_mount(act: Callable[[Path], T], path: Path, folder: Path) -> T:
    """Call `act` with the folder for copies, or with the file's folder if the former is on another mount."""
    try:
        return act(folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return act(path.parent)


def replace_unless_changed(path: Path, expect: bytes, new: bytes, *, temp_folder: Path) -> bool:
    """Replace `expect` by `new`. False if the file held something else; then it stays as it was.

    The new file is swapped in and the old one compared: if it is not what was expected, it is put back.
    """
    return _one_mount(lambda folder: _replace(path, expect, new, folder), path, temp_folder)


def _replace(path: Path, expect: bytes, new: bytes, temp_folder: Path) -> bool:
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        return False
    temp = _temp(path, temp_folder, expect, new)
    write_new(temp, new, mode=mode)
    try:
        _swap(temp, path)
        if read_bytes(temp) == expect:
            sync_folder(path.parent)
            return True
        _put_back(path, temp, new)
        return False
    finally:
        temp.unlink(missing_ok=True)


def remove_unless_changed(path: Path, expect: bytes, *, temp_folder: Path) -> bool:
    """Remove a file; call `sync_folder` to make that durable. False if it held something else; then it stays.

    The file is moved aside first and compared there.
    """
    return _one_mount(lambda folder: _remove(path, expect, folder), path, temp_folder)


def _remove(path: Path, expect: bytes, temp_folder: Path) -> bool:
    if read_bytes(path) != expect:
        return False
    temp = _temp(path, temp_folder, expect, None)
    try:
        path.rename(temp)
    except FileNotFoundError:
        return True
    gone = read_bytes(temp) == expect
    if not gone:
        _link(temp, path)  # fails if a person saved again meanwhile: theirs is newer
    temp.unlink()
    return gone


def finish_changing(path: Path, *, temp_folder: Path) -> None:
    """Finish an interrupted change: restore what a person saved meanwhile, and remove the temporary copies.

    The name of each copy contains hashes of the expected and of the new content.
    """
    for folder in {temp_folder, path.parent}:
        for temp in folder.glob(f".{_key(os.fsencode(path))}.*.mission"):
            _, _, _, expect, new, _ = temp.name.split(".")
            out, there = read_bytes(temp), read_bytes(path)
            if out is not None and _key(out) not in {expect, new}:
                if there is None and new == _NOTHING:
                    _link(temp, path)
                elif there is not None and _key(there) == new:
                    _put_back(path, temp, there)
            temp.unlink()


def rework_file(
    path: Path, old: bytes | None, new: bytes, rework: Callable[[bytes], bytes | None], *, temp_folder: Path
) -> str:
    """Bring a work tree's file from `old` to `new`, keeping a person's edits.

    Returns what happened: `written`; `kept`: the person's version stays; `merged`: the change was applied to the
    person's version.
    """
    for _ in range(_ROUNDS):
        now = read_bytes(path)
        if now == new:
            return "written"
        if now is None:
            if old is not None:
                return "kept"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not _one_mount(lambda folder: _create(path, new, folder), path, temp_folder):
                continue
            sync_folder(path.parent)
            return "written"
        want = new if now == old else rework(now)
        if want is None or want == now:
            return "kept"
        if replace_unless_changed(path, now, want, temp_folder=temp_folder):
            return "written" if now == old else "merged"
    return "kept"


def _create(path: Path, new: bytes, temp_folder: Path) -> bool:
    """Create a file with its content in one step; False if it exists."""
    temp = _temp(path, temp_folder, b"", new)
    write_new(temp, new)
    try:
        return _link(temp, path)
    finally:
        temp.unlink()


def _temp(path: Path, folder: Path, expect: bytes, new: bytes | None) -> Path:
    """Return a name for a temporary copy, on the same device, that identifies the file and both contents."""
    folder.mkdir(parents=True, exist_ok=True)
    same = folder.stat().st_dev == path.parent.stat().st_dev
    wanted = _NOTHING if new is None else _key(new)
    name = f".{_key(os.fsencode(path))}.{random_hex(6)}.{_key(expect)}.{wanted}.mission"
    return (folder if same else path.parent) / name


def _key(content: bytes) -> str:
    from hashlib import blake2b

    return blake2b(content, digest_size=12).hexdigest()


def _link(temp: Path, path: Path) -> bool:
    try:
        os.link(temp, path)
    except FileExistsError:
        return False
    return True


def _put_back(path: Path, temp: Path, ours: bytes) -> None:
    """Swap until what comes out is what was put in last: then no one saved in between, and `path` is the newest."""
    last_put, hand = ours, read_bytes(temp)
    for _ in range(_ROUNDS):
        _swap(temp, path)
        out = read_bytes(temp)
        if out == last_put:
            return
        last_put, hand = hand or b"", out


def _swap(one: Path, two: Path) -> None:
    """Exchange two files in one step. Without system support, `one` replaces `two` and gets its old content."""
    done = _native_swap(os.fsencode(one), os.fsencode(two))
    if done:
        return
    old = read_bytes(two)
    new = read_bytes(one)
    if new is not None:
        one.replace(two)
    if old is not None:
        write_new(one, old)


def _native_swap(one: bytes, two: bytes) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        call = getattr(library, "renamex_np", None)
        code = call(one, two, _RENAME_SWAP) if call else -1
    else:
        call = getattr(library, "renameat2", None)
        code = call(_AT_FDCWD, one, _AT_FDCWD, two, _RENAME_EXCHANGE) if call else -1
    if code == 0:
        return True
    number = ctypes.get_errno()
    if call and number not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        raise OSError(number, os.strerror(number), os.fsdecode(two))
    return False
