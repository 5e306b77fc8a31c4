"""What foreign moves of the state branch changed in missions, and the entries of the commit that undoes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.loose_objects import TREE
from mission_cli.adapters.git.repo.objects import LINK
from mission_cli.adapters.git.state.snapshot_reader import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.adapters.git.repo.objects import Entry, Objects
    from mission_cli.domain.ids import MissionId, Sha
    from mission_cli.ports.git.state import Foreign, Texts

FILES = ("100644", "100755")
"""Modes of regular files."""


def changed_files(
    objects: Objects, folders: Sequence[str], before: Sha | None, after: Sha | None
) -> dict[MissionId, dict[str, Texts]]:
    """Return the texts of mission files that differ, before and after, by mission and path."""
    found: dict[MissionId, dict[str, Texts]] = {}
    roots = [""] if "" in folders else folders
    for root in roots:
        old, new = (objects.entries(commit, root) if commit else {} for commit in (before, after))
        for path, was, now in _differing(objects, old, new, f"{root}/" if root else ""):
            owner = owner_of(path)
            if owner is not None:
                found.setdefault(owner, {})[path] = (_text(objects, was), _text(objects, now))
    return found


def _differing(
    objects: Objects, old: Mapping[str, Entry], new: Mapping[str, Entry], start: str
) -> Iterator[tuple[str, Entry | None, Entry | None]]:
    """Yield (path, entry before, entry after) of changed entries except folders; equal folders are not read."""
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        below = [objects.folder(one[1]) if one and one[0] == TREE else {} for one in (was, now)]
        if any(below):
            yield from _differing(objects, below[0], below[1], f"{start}{name}/")
        files = [None if one is None or one[0] == TREE else one for one in (was, now)]
        if any(files):
            yield f"{start}{name}", files[0], files[1]


def _text(objects: Objects, entry: Entry | None) -> str | None:
    if entry is None or entry[0] == LINK or entry[0] not in FILES:
        return None
    return next((one.decode("utf-8", "surrogateescape") for one in objects.blobs([entry[1]]).values()), None)


def left_out(objects: Objects, foreign: Foreign) -> list[Sha]:
    """Return the commits that the branch was moved away from and no longer contains."""
    before = [move.before for move in foreign.moves if move.before]
    lost = [one for one in before if not foreign.head or not objects.is_ancestor(one, foreign.head)]
    return list(dict.fromkeys(lost))


def entries_of(objects: Objects, texts: Mapping[str, str | None]) -> dict[str, Entry | None]:
    """Return the tree entries for these files; a file replaces a folder of the same name with all that is in it."""
    kept = {path for path, text in texts.items() if text is not None}
    return {
        path: None if text is None else (FILES[0], objects.store(text.encode("utf-8", "surrogateescape")))
        for path, text in texts.items()
        if text is not None or not any(path.startswith(f"{one}/") for one in kept)
    }
