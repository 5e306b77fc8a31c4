"""Read a commit of the state: one entry for each mission, in one pass, and only the texts that are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.loose_objects import TREE
from mission_cli.adapters.git.repo.objects import LINK
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.paths import MISSION_FILE, MISSION_FOLDERS, is_mission_file
from mission_cli.ports.git.state import (
    Settled,
    Snapshot,
    Stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.adapters.git.repo.objects import Objects
    from mission_cli.domain.ids import Sha
    from mission_cli.ports.git.state import Texts


class Contents:
    """Reads snapshots of one store. Caches the texts of the last one by object id."""

    def __init__(self, objects: Objects, folders: Sequence[str]) -> None:
        self._objects = objects
        self._folders = folders
        self._known: dict[str, str] = {}
        self._last: dict[bool, tuple[Snapshot, Mapping[MissionId, Settled]]] = {}
        """The last snapshots: without settled missions, and with some."""
        self._places: dict[str, tuple[str, MissionId] | None] = {}

    def at(self, head: Sha, settled: Mapping[MissionId, Settled]) -> Snapshot:
        """Return the missions of a commit; those that are settled and unchanged are listed separately, unread."""
        last, asked = self._last.get(bool(settled), (Snapshot(None), settled))
        if last.head == head and (settled == asked or settled is last.settled):
            return last
        snapshot = self._snapshot(head, settled)
        self._last[bool(settled)] = (snapshot, settled)
        return snapshot

    def _snapshot(self, head: Sha, settled: Mapping[MissionId, Settled]) -> Snapshot:
        rest: dict[MissionId, Settled] = {}
        names: dict[str, tuple[str, str]] = {}
        for path, mission, name, content in sorted(self._entries(head)):
            was = settled.get(mission)
            if was is not None and content and was.content == content:
                rest[mission] = was
            else:
                names[path] = (name, content)
        self._read([name for name, _ in names.values()])
        missions: dict[MissionId, Stored] = {}
        for path, (name, content) in names.items():
            if name in self._known:
                stored = _stored(path, self._known[name], content)
                missions.setdefault(stored.id, stored)
            elif content and (entry := self._objects.folder(content).get("mission.md")) is not None:
                raise self._objects.lost("blob", entry[1])
        return Snapshot(head, missions, {m: s for m, s in rest.items() if m not in missions})

    def texts(self, commit: Sha, folder: str) -> dict[str, str]:
        """Return the texts of all files below a folder, by path."""
        names = {path: oid for path, (_, oid) in self._objects.files(commit, folder).items()}
        found = self._objects.blobs(list(dict.fromkeys(names.values())))
        return {path: found[oid].decode("utf-8", "surrogateescape") for path, oid in names.items() if oid in found}

    def _read(self, names: list[str]) -> None:
        """Load the texts of these blobs, and forget all others."""
        known = {name: self._known[name] for name in names if name in self._known}
        found = self._objects.blobs([name for name in dict.fromkeys(names) if name not in known])
        self._known = known | {name: blob.decode("utf-8", "surrogateescape") for name, blob in found.items()}

    def _entries(self, head: Sha) -> Iterator[tuple[str, MissionId, str, str]]:
        """Yield (path, mission, name of the blob, id of the mission's folder) of every entry that may be a mission."""
        seen: set[str] = set()
        for folder in self.folders:
            before = f"{folder}/" if folder else ""
            for entry, (mode, oid) in self._objects.entries(head, folder).items():
                place = self._place(f"{before}{entry}/mission.md" if mode == TREE else f"{before}{entry}")
                if place is not None and mode != LINK and place[0] not in seen:
                    seen.add(place[0])
                    yield (*place, f"{oid}:mission.md", oid) if mode == TREE else (*place, oid, "")

    @property
    def folders(self) -> list[str]:
        """The folders that may hold missions."""
        return ["", *MISSION_FOLDERS] if "" in self._folders else list(self._folders)

    def _place(self, path: str) -> tuple[str, MissionId] | None:
        """Return the path with its mission id if it is a mission file, otherwise None."""
        if path not in self._places:
            self._places[path] = (path, mission_of(path)) if is_mission_file(path) else None
        return self._places[path]


def mission_of(path: str) -> MissionId:
    """Return the mission id in the path of a mission file."""
    found = MISSION_FILE.match(path)
    if found is None:
        raise ToolError(f"{path} is not a mission file")
    return MissionId(found["id"] or found["flat_id"])


def owner_of(path: str) -> MissionId | None:
    """Return the id of the mission that a file of the store belongs to, even if that mission has no mission file."""
    folder = next((f"{one}/" for one in MISSION_FOLDERS if path.startswith(f"{one}/")), "")
    name, _, rest = path.removeprefix(folder).partition("/")
    if rest:
        return MissionId(name)
    return mission_of(path) if is_mission_file(path) else None


def by_owner(texts: Mapping[str, Texts]) -> dict[MissionId, dict[str, Texts]]:
    """Return texts by the mission that each belongs to; those that belong to none are left out."""
    found: dict[MissionId, dict[str, Texts]] = {}
    for path, text in texts.items():
        owner = owner_of(path)
        if owner is not None:
            found.setdefault(owner, {})[path] = text
    return found


def _stored(path: str, text: str, content: str) -> Stored:
    found = MISSION_FILE.match(path)
    if found is None:
        raise ToolError(f"{path} is not a mission file")
    mission = mission_of(path)
    folder = found["folder"] if found["id"] else found["flat"]
    return Stored(mission, path, text, f"{folder}{mission}/runs", content)
