"""The findings of workers: stored with the mission, shown to later workers, added to trees of checks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli.domain.ids import Sha
from mission_cli.domain.paths import findings_folders
from mission_cli.domain.research.topics import may_keep, readable
from mission_cli.planner.core.decisions import Settle
from mission_cli.ports.git.state import Write, research_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition

_LARGEST = 1_000_000
_MOST = 200
_SHOWN, _SHOWN_OF_ONE = 40_000, 8_000


def folder_of(mission: str) -> str:
    """Return the folder of a worker's tree for its findings."""
    return findings_folders(mission)[0].rstrip("/")


def kept(ctx: Context, case: Case, transitions: Sequence[Transition]) -> Iterator[Write]:
    """Yield the findings of done attempts as files of the mission.

    Files of more than 1 MB are left out, and so are changes of what belongs to the topic of another feature.
    """
    settled = [move for move in transitions if isinstance(move, Settle) and move.findings and move.record.head]
    before = ctx.state.found(case.stored, case.head) if settled else {}
    new: dict[str, str] = {}
    for move in settled:
        for path, text in ctx.code.read(Sha(move.record.head), move.findings[:_MOST]).items():
            name = path.partition("/research/")[2]
            if len(text) <= _LARGEST and may_keep(case.mission, move.record.feature, name):
                new[name] = text
    for name, text in new.items():
        if before.get(name) != text:
            yield Write(f"{research_folder(case.stored)}/{name}", text, before.get(name))


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
