"""Make the page about missions of one repository, or of all, and write it to a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean, sha256_of
from mission_cli.app.report.board import homeless_missions, missions_here
from mission_cli.domain.board.marks import PAGE, is_same, source_of
from mission_cli.domain.errors import MissionError, NotFoundError, UsageError
from mission_cli.engine.board.pages import rendered
from mission_cli.engine.board.read import arranged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mission_cli.domain.board.values import Board, BoardMission
    from mission_cli.engine.context import Context
    from mission_cli.ports.templates import Templates

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A page, and what is on it."""

    board: Board
    text: str


def page_here(ctx: Context, ids: Sequence[str] = ()) -> Made:
    """Return the page of a repository: all missions, or those with these ids or prefixes. Raises NotFoundError."""
    missions = missions_here(ctx)
    return _made(ctx.templates, _chosen(missions, ids) if ids else missions)


def page_of_all(contexts: Mapping[str, Context], templates: Templates) -> Made:
    """Return the page of several repositories, by their names, and of the missions without one."""
    from mission_cli.wiring.compose import open_homeless

    missions = [one for name, ctx in contexts.items() for one in missions_here(ctx, name)]
    homeless = open_homeless()
    missions += homeless_missions(homeless) if homeless is not None else []
    return _made(templates, missions)


def every_context(note: Callable[[str], object]) -> Iterator[tuple[str, Context]]:
    """Yield path and ports of each known repository; one that cannot be opened is reported to `note`."""
    from mission_cli.wiring.compose import open_at_any_rate, registry

    for place in filter(Path.is_dir, registry().all()):
        try:
            yield os.fspath(place), open_at_any_rate(place).context
        except MissionError as error:
            note(f"{place}: {error.message}")


def write_page(page: str, place: Path, *, force: bool = False) -> bool:
    """Write a page to a file, at once or not at all; return whether it differs from what is there.

    Raises UsageError if a file is in the way that is no such page, unless `force`, and if it cannot be written.
    """
    from mission_cli.wiring.host import write_whole

    place = place.resolve()
    try:
        old = _read(place)
        if old is not None and not source_of(old) and not force:
            hint = "name another file, or overwrite it: add --force"
            raise UsageError(f"{place} is not a page that mission has made", hint=hint)
        if old is not None and is_same(old, page) and source_of(old):
            return False
        write_whole(place, page.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}", hint="name another file") from error
    return True


def _read(place: Path) -> str | None:
    if not place.exists():
        return None
    with place.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")


def _made(templates: Templates, missions: Sequence[BoardMission]) -> Made:
    board = arranged(missions)
    source = sha256_of("\n".join(f"{one.repo} {one.id}" for one in board.missions))[:16]
    return Made(board, rendered(templates, board, source, [PAGE])[PAGE])


def _chosen(missions: Sequence[BoardMission], ids: Sequence[str]) -> list[BoardMission]:
    found: dict[str, BoardMission] = {}
    for text in ids:
        exact = [one for one in missions if one.id.casefold() == text.casefold()]
        near = exact or [one for one in missions if one.id.casefold().startswith(text.casefold())]
        if not near:
            hint = did_you_mean(text, [one.id for one in missions], "list them: mission list")
            raise NotFoundError(f"there is no mission `{text}` outside of the archive", hint=hint)
        if len(near) > 1:
            raise UsageError(f"`{text}` fits several missions", hint=", ".join(one.id for one in near))
        found[near[0].id] = near[0]
    return list(found.values())
