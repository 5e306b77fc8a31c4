"""Format what holds a mission and what waits for a person; mistakes and errors are red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.results.views import Waiting
    from mission_cli.planner.core.decisions import Hold

_MISTAKES = frozenset({"value", "file", "bug", "trouble", "pulse"})


def reasons(mission: str, answers: Sequence[tuple[str, Sequence[Hold]]]) -> Iterator[Text]:
    """Return the lines of `mission why`: for each subject its holds, in the order in which they are checked."""
    for subject, holds in answers:
        name = f"{mission}/{subject}" if subject else mission
        yield _line(f"{name}: {_first(holds)}", holds[0].kind if holds else "")
        if holds and holds[0].unblock:
            yield Text(clean(f"  → {holds[0].unblock}"))
        for hold in holds[1:]:
            yield _line(f"  then {hold.kind}: {hold.detail}", hold.kind)


def waiting_lines(found: Sequence[tuple[str, Waiting]]) -> Iterator[Text]:
    """Return the lines of `mission inbox`: what waits, and the command to type."""
    for mission, waiting in found:
        yield _line(f"{mission}: {waiting.name}", waiting.kind)
        if waiting.unblock:
            yield Text(clean(f"  → {waiting.unblock}"))


def _first(holds: Sequence[Hold]) -> str:
    if not holds:
        return "nothing holds it: the next pulse continues it"
    first = holds[0]
    until = f" (until {first.until:%Y-%m-%d %H:%M:%S} UTC)" if first.until else ""
    return f"{first.kind}: {first.detail}{until}"


def _line(words: str, kind: str) -> Text:
    return Text(clean(words), style="red" if kind in _MISTAKES else "")
