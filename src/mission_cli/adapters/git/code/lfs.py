"""Objects of Git LFS: copied to the repository with the commits that point to them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import file_digest
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import random_hex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.code.leaks import Scanner
    from mission_cli.adapters.git.repo.command import Git

_ID = pattern(r"[0-9a-f]{64}")
_PIECE = 1 << 20


def bring(code: Path, sources: Sequence[Path], pointers: Mapping[str, tuple[str, int]], scanner: Scanner) -> list[str]:
    """Copy the LFS objects that new files point to from git dirs into the repository, each verified by its id.

    Returns the paths of files whose object was not found. What is copied is also scanned for secrets.
    """
    missing = []
    for name, (path, size) in pointers.items():
        if not _ID.fullmatch(name):
            continue
        target = _place(code, name)
        if target.is_file():
            continue
        found = next((place for source in sources if _is_whole(place := _place(source, name), name, size)), None)
        if found is None:
            missing.append(path)
            continue
        scanner.stream(_pieces(found), path)
        _copy(found, target)
    return missing


def wants_lfs(git: Git, tip: str, paths: Sequence[str]) -> list[str]:
    """Return those paths that the attributes in a commit assign to LFS."""
    index = git.git_dir / f"index-{random_hex(4)}"
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        git.run("read-tree", tip, env=env)
        asked = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
        out = git.run("check-attr", "--cached", "-z", "--stdin", "filter", stdin=asked, env=env).out
    finally:
        index.unlink(missing_ok=True)
    words = out.decode("utf-8", "surrogateescape").split("\0")
    return [path for path, value in zip(words[::3], words[2::3], strict=False) if value == "lfs"]


def _place(git_dir: Path, name: str) -> Path:
    return git_dir / "lfs/objects" / name[:2] / name[2:4] / name


def _is_whole(place: Path, name: str, size: int) -> bool:
    try:
        facts = place.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != size:
            return False
        with place.open("rb") as content:
            return file_digest(content, "sha256").hexdigest() == name
    except OSError:
        return False


def _pieces(place: Path) -> Iterator[bytes]:
    with place.open("rb") as content:
        while piece := content.read(_PIECE):
            yield piece


def _copy(found: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.{random_hex(4)}")
    try:
        with new.open("xb") as out:
            for piece in _pieces(found):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        new.replace(target)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
