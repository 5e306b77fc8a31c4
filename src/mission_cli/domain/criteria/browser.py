"""What a `browser` criterion opens, does and expects."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass

CHECKS = ("console", "requests", "links", "errors", "accessibility")
"""What is checked of every page unless a criterion ignores it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the script: open, fill, click, press, contains, lacks, visible or hidden."""

    verb: str
    target: str
    """An address, a selector, a key, or a text."""
    value: str = ""
    """What is filled in; may contain `$NAME`."""
    words: str = ""
    """As it was written, for messages."""


@dataclass(frozen=True, slots=True)
class BrowserCheck:
    """One page, and a script that begins there."""

    url: str
    """May contain `$NAME` of the variables of its check; a path alone is asked of its server."""
    steps: tuple[Step, ...] = ()
    viewports: tuple[tuple[int, int], ...] = ()
    """Widths and heights; the script runs once in each. Empty: one of the usual size."""
    ignore: tuple[str, ...] = ()
    """Those of `CHECKS` that are left out."""
    tolerance: float | None = None
    """How many percent of the last picture may differ; None: pictures are not compared."""
