"""`[tree] copy`: copy files that are not in git from the person's checkout to a tree: files, folders, patterns.

A link is copied as its target, even outside the checkout. Names without a match are reported and are not an error.
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
    """Copy what `names` match into a tree, unless a file of that name exists there; return names without a match."""
    missing = []
    for name in names:
        found = _meant(source, name) if source is not None else []
        missing += [] if found else [name]
        for origin in found:
            _copy(origin, tree, origin.relative_to(source or origin), ())
    return missing


def missing_in(source: Path | None, names: Sequence[str]) -> list[str]:
    """Return the names that match nothing in a checkout, or something outside it."""
    return [name for name in names if source is None or not _meant(source, name)]


def _meant(source: Path, name: str) -> list[Path]:
    """Return what a name matches: the file or folder of that name, otherwise everything that matches the pattern."""
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
    """Copy a file, or a folder with its content. `above`: the folders around it, to stop at links that lead back.

    Nothing is written through a link in the tree: it comes from a commit and may lead anywhere.
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
    """Return the entries of a folder, without `.git` and broken links."""
    return (entry for entry in sorted(folder.iterdir()) if entry.name != _GIT and entry.exists())
