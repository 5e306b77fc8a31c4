"""The account of a mission in the values that its template shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import counted, one_line, show_duration, stamp
from mission_cli.document.syntax.escape import code_span
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.notice import Remedy
from mission_cli.surfaces.views.text import money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.briefing import Briefing
    from mission_cli.domain.notice import Advice


def context_values(found: Briefing) -> dict[str, Any]:
    """Return what the template `context.md.j2` needs."""
    return {
        "b": found,
        "budget": [f"{category}: {money(category, amounts)}" for category, amounts in found.budget.items()],
        "attempts": lambda number: counted(number, "attempt"),
        "duration": show_duration,
        "parts": _parts,
        "program": PROGRAM.name,
        "time": stamp,
    }


def _parts(advice: Advice) -> Iterator[tuple[str, str, bool, str]]:
    """Yield (space before it, text, whether it is code, space behind it) for each part: commands are code."""
    for part in advice.parts:
        text = str(part)
        if isinstance(part, Remedy):
            yield "", code_span(one_line(text, len(text) + 1)), True, ""
        else:
            yield " " * text.startswith(" "), text, False, " " * (text.endswith(" ") and bool(text.strip()))
