"""What the program knows about the terminal: whether colors are wanted, and a pager for long output."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.lines import height
from mission_cli.surfaces.terminal import as_shown, is_forced, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from mission_cli.surfaces.lines import Line

_LESS = {"LESS": "FRX"}
"""For `less`, unless the person has set it: leave at once if all fits, show colors, keep the screen."""


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
    if not _pager():
        out.print(view)
        return
    with out.capture() as captured:
        out.print(view)
    text = captured.get()
    _write_or_page(text, fits=_lines(text, out.width) < out.height and out.file is sys.stdout)


def write_long(lines: Sequence[Line]) -> None:
    """Write lines to stdout; on a terminal that they do not fit into, show them in the person's pager."""
    size = size_of(sys.stdout)
    _write_or_page(as_shown(lines), fits=height(lines, size.width) < size.height or not _pager())


def _write_or_page(text: str, *, fits: bool) -> None:
    if fits:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _page(_pager(), text)


def _lines(text: str, width: int) -> int:
    """Return how many lines of the terminal a text takes, at most: escape sequences are counted as characters."""
    return sum(1 + max(0, len(line) - 1) // max(1, width) for line in text.splitlines())


def _pager() -> str:
    """Return the pager's command line; empty if there is no terminal, or the person wants none."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        return ""
    wanted = os.environ.get("MISSION_PAGER", os.environ.get("PAGER"))
    if wanted is None:
        return "less" if shutil.which("less") else ""
    return "" if wanted.strip() in {"", "cat"} else wanted


def _page(pager: str, text: str) -> None:
    from mission_cli.wiring.host import feed

    try:
        feed(["/bin/sh", "-c", pager], text, env={**_LESS, **os.environ})
    except MissionError:
        sys.stdout.write(text)
