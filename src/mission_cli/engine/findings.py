"""The findings of workers: stored with the mission, shown to later workers, added to trees of checks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli.domain.agents.workspace import FOLDERS, RESEARCH, size_of, too_large
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import Sha
from mission_cli.domain.paths import findings_folders
from mission_cli.domain.research.topics import may_keep, readable
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.mission import Note
from mission_cli.ports.git.state import Write, research_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition

_MOST = 200
_UNREAD = "it is a link, or too large to be read"
_SHOWN, _SHOWN_OF_ONE = 40_000, 8_000


def folder_of(mission: str) -> str:
    """Return the folder of a worker's tree for its findings."""
    return findings_folders(mission)[0].rstrip("/")


def kept(ctx: Context, case: Case, transitions: Sequence[Transition]) -> Iterator[Write]:
    """Yield the findings of done attempts as files of the mission.

    What is too large is left out, and so are changes of what belongs to the topic of another feature.
    """
    new, before, _ = _of_done(ctx, case, transitions)
    for name, text in new.items():
        if before.get(name) != text:
            yield Write(f"{research_folder(case.stored)}/{name}", text, before.get(name))


def refused(ctx: Context, case: Case, transitions: Sequence[Transition]) -> list[Note]:
    """Return a note for each finding that is too large to be kept, with the figures."""
    _, _, large = _of_done(ctx, case, transitions)
    return [Note(EventKind.WORKSPACE_REFUSED, f"{path} is not kept: {why}") for path, why in large.items()]


def _of_done(
    ctx: Context, case: Case, transitions: Sequence[Transition]
) -> tuple[dict[str, str], Mapping[str, str], dict[str, str]]:
    """Return the findings that done attempts leave, those that there are, and why others are not kept, by path."""
    settled = [move for move in transitions if isinstance(move, Settle) and move.findings and move.record.head]
    there = ctx.state.workspace(case.stored, case.head, *FOLDERS) if settled else {}
    sizes = {path: size_of(text) for path, text in there.items()}
    new: dict[str, str] = {}
    large: dict[str, str] = {}
    for move in settled:
        wanted = move.findings[:_MOST]
        texts = ctx.code.read(Sha(move.record.head), wanted)
        for path in wanted:
            name = path.partition("/research/")[2]
            if not may_keep(case.mission, move.record.feature, name):
                continue
            place, text = f"{RESEARCH}/{name}", texts.get(path)
            size = size_of(text) if text is not None else 0
            why = too_large(place, size, sum(sizes.values()) - sizes.get(place, 0)) if text is not None else _UNREAD
            if why or text is None:
                large[place] = why
            else:
                new[name], sizes[place] = text, size
    start = f"{RESEARCH}/"
    return new, {path.removeprefix(start): text for path, text in there.items() if path.startswith(start)}, large


def shown(found: Mapping[str, str], mission: Mission, feature: Feature) -> dict[str, str]:
    """Return the findings for the prompt of a feature, cut to the room there: the beginning of each, by path.

    Documents of topics that it does not need are left out.
    """
    left, parts = _SHOWN, {}
    for name in sorted(readable(mission, feature, found)):
        text = found[name]
        part = text[: min(left, _SHOWN_OF_ONE)]
        left -= len(part)
        parts[name] = part if part == text else f"{part}\n[… cut here: it has {len(text)} characters]"
    return parts


def in_tree(mission: str, found: Mapping[str, str]) -> dict[str, str]:
    """Return the findings by their path in a tree."""
    return {f"{folder_of(mission)}/{name}": text for name, text in found.items()}


def digest(found: Mapping[str, str]) -> str:
    """Return a hash of the findings; empty if there are none."""
    said = "".join(f"{name}\0{text}\0" for name, text in sorted(found.items()))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:12] if found else ""
