"""The settings of each repository, to look at: they are changed in `.mission.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.settings.described import GROUPS, described, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.web.site import Site, Visit

_SECRET = ("secret", "token", "password", "user", "channels", "env")
"""Ends of the names of settings whose values are not shown, unless they only name a key."""
_NAMES_A_KEY = ("env:", "file:")


@dataclass(frozen=True, slots=True)
class Row:
    """One setting."""

    name: str
    value: str
    changed: bool
    """Whether it is not the default."""
    about: str


def routes(site: Site) -> list[Route]:
    """Return the route."""
    return [Route("/settings", site.show(_settings), methods=["GET"])]


def _settings(visit: Visit) -> Response:
    found = [(repo, ctx.settings_files, list(_groups(ctx))) for repo, ctx in visit.contexts()]
    return visit.page("settings.html", repositories=found)


def _groups(ctx: Context) -> Iterator[tuple[str, list[Row]]]:
    known = described()
    for heading, names in GROUPS.items():
        rows = []
        for name in names:
            table, _, key = name.rpartition(".")
            for owner, values in _tables(ctx.settings, table):
                value = getattr(values, key)
                full = f"{owner}.{key}" if owner else key
                rows.append(Row(full, _shown(key, value), value != known[name].value, known[name].about))
        yield heading.replace("`", ""), rows


def _tables(settings: Any, table: str) -> list[tuple[str, Any]]:
    """Return the tables of a name such as `tree`, `runners.NAME` or `prices."MODEL"`, each with its own name."""
    if not table:
        return [("", settings)]
    kind, _, placeholder = table.partition(".")
    if not placeholder:
        return [(table, getattr(settings, table))]
    named: Mapping[str, Any] = getattr(settings, kind)
    quote = '"' if placeholder.startswith('"') else ""
    return [(f"{kind}.{quote}{name}{quote}", one) for name, one in named.items()]


def _shown(key: str, value: Any) -> str:
    if key.endswith(_SECRET):
        parts = list(value.values()) if hasattr(value, "values") else [value] if isinstance(value, str) else list(value)
        return ", ".join(str(one) if str(one).startswith(_NAMES_A_KEY) else "set" for one in parts if one) or "empty"
    if hasattr(value, "items"):
        return ", ".join(f"{name} = {shown(one)}" for name, one in value.items()) or "empty"
    return shown(value)
