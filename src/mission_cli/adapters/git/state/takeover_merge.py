"""Merge of a mission that another clone took over: edits of persons here are kept, changes of the loop here are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import BlockedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Entry, Objects
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.state import Stored


def is_of(path: str, missions: Sequence[Stored]) -> bool:
    """Whether a file belongs to one of these missions."""
    return any(path in {m.path, f"{m.runs}.md"} or path.startswith(f"{m.runs.rpartition('/')[0]}/") for m in missions)


def persons_only(
    git: Git, objects: Objects, base: str, head: str, missions: Sequence[Stored], program: Person
) -> dict[str, Entry]:
    """Return the files of missions at `head` as if the loop had written nothing since `base`.

    Each commit of a person since then is applied again, field by field. Raises BlockedError on a conflict.
    """
    kept = {path: entry for path, entry in objects.files(base).items() if is_of(path, missions)}
    words = git.text("log", "--reverse", "--first-parent", "--format=%H %P%x09%an <%ae>", f"{base}..{head}")
    for line in words.splitlines():
        names, _, author = line.partition("\t")
        commit, *parents = names.split(" ")
        if author != str(program) and parents and parents[0]:
            _make_again(objects, kept, objects.files(parents[0]), objects.files(commit), missions)
    return kept


def with_driver(text: str, theirs: str, mission: MissionId) -> str:
    """Return a mission's text with the driver (`host`) of another one."""
    return patch.apply(text, [SetFront(("host",), load(theirs, mission).mission.host)], where=mission)


def driven_as(
    objects: Objects, joined: Mapping[str, Entry | None], theirs: Mapping[str, Entry], missions: Sequence[Stored]
) -> dict[str, Entry | None]:
    """Return the merged files of missions with the drivers that they have in `theirs`."""
    found: dict[str, Entry | None] = {}
    for mission in missions:
        here, there = joined.get(mission.path), theirs.get(mission.path)
        if here and there:
            blobs = objects.blobs([here[1], there[1]])
            text, other = (blobs[entry[1]].decode("utf-8", "surrogateescape") for entry in (here, there))
            new = with_driver(text, other, mission.id)
            found[mission.path] = (here[0], objects.store(new.encode("utf-8", "surrogateescape")))
    return found


def _make_again(
    objects: Objects,
    kept: dict[str, Entry],
    before: Mapping[str, Entry],
    after: Mapping[str, Entry],
    missions: Sequence[Stored],
) -> None:
    for path in {**before, **after}:
        was, now, here = before.get(path), after.get(path), kept.get(path)
        if now in (was, here) or not is_of(path, missions):
            continue
        if now is None:
            kept.pop(path, None)
        elif here in (was, None):
            kept[path] = now
        else:
            kept[path] = (now[0], objects.store(_merged(objects, path, was, now, here)))


def _merged(objects: Objects, path: str, was: Entry | None, now: Entry, here: Entry | None) -> bytes:
    from mission_cli.adapters.git.state.merging import merge_texts

    texts = objects.blobs([entry[1] for entry in (was, now, here) if entry])
    base, ours, theirs = (
        texts[entry[1]].decode("utf-8", "surrogateescape") if entry else "" for entry in (was, now, here)
    )
    merged = merge_texts(base, ours, theirs, path=path)
    if merged.conflicts:
        hint = f"merge it yourself in the folder of the missions: git merge {Area.REMOTE.of('missions')}"
        raise BlockedError(f"an edit of {path} here conflicts with the clone that took the mission over", hint=hint)
    return merged.text.encode("utf-8", "surrogateescape")
