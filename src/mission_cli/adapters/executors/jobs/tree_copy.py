"""`[tree] copy`: what is not in git and a tree needs, copied from the person's checkout: files, folders, patterns.

A link is copied as what it leads to, also out of the checkout. What a name leads to when nothing is there is told, and
never a reason to stop.
"""

from __future__ import annotations

import stat
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAGIC = frozenset("*?[")
_GIT = ".git"


def copy_in(source: Path | None, tree: Path, names: Sequence[str]) -> list[str]:
    """Copy what `names` stand for into a tree, where nothing has that name yet; return the names of nothing."""
    missing = []
    for name in names:
        found = _meant(source, name) if source is not None else []
        missing += [] if found else [name]
        for origin in found:
            _copy(origin, tree, origin.relative_to(source or origin), ())
    return missing


def missing_in(source: Path | None, names: Sequence[str]) -> list[str]:
    """The names that stand for nothing in a checkout, or for what lies outside of it."""
    return [name for name in names if source is None or not _meant(source, name)]


def _meant(source: Path, name: str) -> list[Path]:
    """What a name stands for: the very file or folder, else all that the pattern matches."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts or _GIT in parts or "\0" in name:
        return []
    if (source / name).exists():
        return [source / name]
    if not _MAGIC.intersection(name):
        return []
    return [
        place for place in sorted(source.glob(name)) if place.exists() and _GIT not in place.relative_to(source).parts
    ]


def _copy(origin: Path, tree: Path, name: Path, above: tuple[tuple[int, int], ...]) -> None:
    """Copy a file, or a folder with all that is in it. `above` are the folders around it: a link may lead back.

    Nothing is written through a link of the tree: that is somebody's commit, and may lead anywhere.
    """
    facts, target = origin.stat(), tree / name
    if any((tree / folder).is_symlink() for folder in (name, *name.parents)):
        return
    if stat.S_ISREG(facts.st_mode) and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        copyfile(origin, target)
        target.chmod(stat.S_IMODE(facts.st_mode) | stat.S_IWUSR)
    here = (facts.st_dev, facts.st_ino)
    if stat.S_ISDIR(facts.st_mode) and here not in above:
        for entry in _entries(origin):
            _copy(entry, tree, name / entry.name, (*above, here))


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder; no repository's own files, and no link that leads nowhere."""
    return (entry for entry in sorted(folder.iterdir()) if entry.name != _GIT and entry.exists())
