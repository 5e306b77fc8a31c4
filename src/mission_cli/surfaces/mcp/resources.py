"""What clients can read of each mission: its file, its report, and its context for a new conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from mission_cli._support.dataclass import dataclass
from mission_cli.app.addressing import resolve
from mission_cli.domain.errors import NoMissionsError, NotFoundError
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.briefing import Briefing
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.mcp.desk import Desk

SCHEME = "mission://"
TEMPLATE = SCHEME + "{mission}/{part}"
MIME = "text/markdown"


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to read."""

    uri: str
    name: str
    title: str


def resources(desk: Desk) -> Sequence[Resource]:
    """Return what can be read of each mission of the repository, by id."""
    try:
        missions = sorted(desk.look().context.state.snapshot().missions)
    except NoMissionsError:
        return []
    return [
        Resource(f"{SCHEME}{quote(mission, safe='')}/{part}", f"{mission}/{part}", f"{title} of {mission}")
        for mission in missions
        for part, (title, _) in PARTS.items()
    ]


def read(desk: Desk, uri: str) -> str:
    """Return the text of a resource. Raises NotFoundError if there is none."""
    mission, _, part = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or part not in PARTS:
        hint = f"resources are {SCHEME}ID/{{{','.join(PARTS)}}}"
        raise NotFoundError(f"there is no resource {clean(uri)}", hint=hint)
    ctx = desk.look().context
    snapshot = ctx.state.snapshot()
    name = unquote(mission)
    if name not in snapshot.missions:
        raise NotFoundError(f"there is no mission `{clean(name)}`")
    return PARTS[part][1](ctx, resolve(snapshot, name))


def _file(ctx: Context, address: Address) -> str:
    del ctx
    return address.stored.text


def _report(ctx: Context, address: Address) -> str:
    from mission_cli.app.report.report import mission_report
    from mission_cli.surfaces.reporting.shown import values_of

    return ctx.templates.render("report.md.j2", values_of(mission_report(ctx, address), {}, opened=False))


def _context(ctx: Context, address: Address) -> str:
    from mission_cli.app.report.briefing import briefing
    from mission_cli.app.report.fitting import MAX_TOKENS, fitted
    from mission_cli.surfaces.reporting.context import context_values

    def shown(some: Briefing) -> str:
        return clean(ctx.templates.render("context.md.j2", context_values(some)))

    return shown(fitted(briefing(ctx, ctx.state.snapshot(), address, MAX_TOKENS), lambda some: len(shown(some))))


PARTS: Mapping[str, tuple[str, Callable[[Context, Address], str]]] = {
    "file": ("File", _file),
    "report": ("Report", _report),
    "context": ("Context", _context),
}
"""The last part of an address: its title, and what makes its text."""
