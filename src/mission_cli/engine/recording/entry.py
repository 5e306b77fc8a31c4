"""One event, as commits and logs record it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.events import EventKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: a trailer, a reason, and a row of the progress log if `logged`."""

    event: EventKind
    why: str
    run: str = ""
    logged: bool = True
    about: tuple[str, ...] = ()
    """What it is about, where later decisions depend on it: a gate, a feature, attempts."""
    undoes: str = ""
    """The commit that it undoes."""
    decisions: tuple[str, ...] = ()
    """What was decided: rows of the Decision Log."""
    reason: str = ""
    """The rationale of those rows; empty: `why` is used."""
    alternatives: str = ""
    """What else was considered, in the same rows."""
    notify: tuple[str, ...] = ()
    """Whom the gate or feature that it is about names."""
