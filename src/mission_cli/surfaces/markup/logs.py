"""Lines of a view as HTML, with the styles of a terminal as classes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mission_cli.surfaces.lines import STYLES, link_of
from mission_cli.surfaces.markup.elements import Html
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.surfaces.lines import Line, Span


def lines_html(lines: Iterable[Line]) -> Html:
    """Return lines of styled text, each ending with a line break, for an element that keeps white space."""
    return Html("".join("".join(map(_span, line)) + "\n" for line in lines))


def _span(span: Span) -> str:
    text, style = span
    told = escape(clean(text))
    classes = " ".join(f"l-{word}" for word in style.split() if word in STYLES)
    told = f'<span class="{classes}">{told}</span>' if classes and told else told
    url = link_of(style)
    return f'<a href="{escape(url)}" rel="noreferrer">{told}</a>' if url else told
