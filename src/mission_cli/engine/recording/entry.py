"""One thing that happened, as commits and logs record it."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: a trailer, a reason, and a row of the progress log where it is worth one."""

    event: str
    why: str
    run: str = ""
    logged: bool = True
    undoes: str = ""
    """The commit that it takes back."""
    decisions: tuple[str, ...] = ()
    """What was decided: rows of the Decision Log."""
    reason: str = ""
    """Why, for those rows; empty: what happened says it."""
