"""Consoles of Rich that follow the person's wishes for colors, and long views in a pager."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mission_cli.surfaces.terminal import is_forced, pager, write_or_page

if TYPE_CHECKING:
    from rich.console import RenderableType


def console(*, stderr: bool = False) -> Console:
    """Return the console for one of the two streams, which is looked up whenever something is printed."""
    more: dict[str, Any] = {}
    if is_forced() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        more = {"force_terminal": True, "force_interactive": (sys.stderr if stderr else sys.stdout).isatty()}
    elif os.environ.get("CLICOLOR") == "0":
        more = {"no_color": True}
    return Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False, **more)


def print_long(out: Console, view: RenderableType) -> None:
    """Print a view; on a terminal that it does not fit into, show it in the person's pager."""
    if not pager():
        out.print(view)
        return
    with out.capture() as captured:
        out.print(view)
    text = captured.get()
    write_or_page(text, fits=_lines(text, out.width) < out.height and out.file is sys.stdout)


def _lines(text: str, width: int) -> int:
    """Return how many lines of the terminal a text takes, at most: escape sequences are counted as characters."""
    return sum(1 + max(0, len(line) - 1) // max(1, width) for line in text.splitlines())
