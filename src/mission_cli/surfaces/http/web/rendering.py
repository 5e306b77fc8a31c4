"""Templates: everything that is put into a page is escaped, and control characters are replaced."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mission_cli._support.shown import dollars
from mission_cli._support.text import counted, parse_stamp, show_duration
from mission_cli.surfaces.http.web.files import address_of
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_STYLED = frozenset(
    {
        *("active", "dispatched", "starting", "ready", "validating", "review", "done", "passed", "completed"),
        *("approved", "answered", "failed", "blocked", "rejected", "waiting", "waiting_human", "paused", "open"),
        "recovering",
    }
)
"""The statuses that the style sheet knows."""
_REST = "style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
POLICY = f"default-src 'none'; script-src 'self'; connect-src 'self'; {_REST}"
HTML = {"content-type": "text/html; charset=utf-8"}
HEADERS = {**HTML, "content-security-policy": POLICY}
"""Of a page; the guard adds the others."""
SCRIPTLESS = {**HTML, "content-security-policy": f"default-src 'none'; {_REST}"}
"""Of a page without scripts."""


def render(template: str, **values: Any) -> str:
    """Return the text of a page."""
    return str(_environment().get_template(template).render(values))


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    around = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    around.globals |= {"static": address_of, "address": address, "counted": counted}
    around.filters |= {"ago": ago, "until": until, "duration": duration, "web": web_address, "usd": dollars}
    around.filters |= {"percent": percent, "style": style}
    return around


def _printable(value: Any) -> Any:
    return clean(value) if type(value) is str else value


def address(*parts: str, **query: str) -> str:
    """Return the address of a page of this server: `address("missions", id, repo=repo)`. Empty values are left out."""
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    asked = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(asked)}" if asked else path


def ago(text: str, now: datetime) -> str:
    """Return how long ago a time of a mission file was, or its text if it is none."""
    at = parse_stamp(text) if text else None
    return f"{show_duration(max(now - at, now - now))} ago" if at is not None else text


def until(text: str, now: datetime) -> str:
    """Return when a time of a mission file comes, or how long ago it was."""
    at = parse_stamp(text) if text else None
    if at is None:
        return text
    return f"in {show_duration(at - now)}" if at >= now else ago(text, now)


def duration(span: timedelta | None) -> str:
    """Return how long something took; empty if that is unknown."""
    return "" if span is None else show_duration(span)


def percent(part: float) -> int:
    """Return a share from 0 to 1 in percent."""
    return round(part * 100)


def style(word: str) -> str:
    """Return the class of a status."""
    return word.replace("_", "-") if word in _STYLED else "other"


def web_address(text: str) -> str:
    """Return an address that a link may have; empty for everything that is not HTTP, such as scripts."""
    return text if text.startswith(("https://", "http://")) else ""
