"""What `mission replay` found, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.surfaces.lines import BLANK, line, paragraph, said

if TYPE_CHECKING:
    from mission_cli.app.results.verification import Replayed
    from mission_cli.surfaces.lines import Line

_SHORT = 7


def replayed_lines(found: Replayed, width: int) -> list[Line]:
    """Return each round that is decided differently now, then the number of rounds."""
    lines: list[Line] = []
    for one in found.differences:
        lines.append(line((f"{one.at}  {one.commit[:_SHORT]}", "bold")))
        for word, decisions, style in (("then", one.recorded, "red"), ("now", one.now, "green")):
            for decision in decisions or ("nothing else",):
                lines += paragraph(f"{word}: {said(decision)}", width, style)
        lines.append(BLANK)
    rounds = counted(found.ticks, "round")
    words = f"{rounds} since {found.since} decided again: " if found.ticks else ""
    words += counted(len(found.differences), "difference") if found.ticks else "no round can be read"
    if found.unreadable:
        words += f"; {counted(found.unreadable, 'round')} of another version or on a commit that is gone"
    return [*lines, *paragraph(words, width, "bold green" if found.same else "bold red")]
