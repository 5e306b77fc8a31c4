"""The terminal behind standard output: its size, whether colors are wanted, and lines written to it without Rich."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from mission_cli.surfaces.lines import Size, height, painted, plain, unlinked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.surfaces.lines import Line

_LESS = {"LESS": "FRX"}
"""For `less`, unless the person has set it: leave at once if all fits, show colors, keep the screen."""
_LEAST_WIDTH = 30
_USUAL = (80, 24)


def size_of(stream: TextIO) -> Size:
    """Return the size of a terminal, at least 30 cells wide; no limits for a file or a pipe."""
    if not stream.isatty():
        return Size()
    try:
        width, height = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        width, height = _USUAL
    return Size(max(_LEAST_WIDTH, width or _USUAL[0]), height or _USUAL[1])


def is_forced() -> bool:
    """Whether CLICOLOR_FORCE asks for colors."""
    return os.environ.get("CLICOLOR_FORCE", "") not in {"", "0"}


def is_colored() -> bool:
    """Whether stdout gets colors: `NO_COLOR`, `TERM=dumb` and `CLICOLOR=0` say no, `CLICOLOR_FORCE` says yes."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_forced() or (sys.stdout.isatty() and os.environ.get("CLICOLOR") != "0")


def as_shown(lines: Iterable[Line]) -> str:
    """Return lines as text for stdout, with colors if it gets them."""
    return painted(lines) if is_colored() else plain(lines)


def write(lines: Iterable[Line]) -> None:
    """Write lines to stdout."""
    sys.stdout.write(as_shown(lines))
    sys.stdout.flush()


def write_long(lines: Sequence[Line]) -> None:
    """Write lines to stdout; on a terminal that they do not fit into, show them in the person's pager."""
    fits = height(lines, size_of(sys.stdout).width) < size_of(sys.stdout).height or not pager()
    write_or_page(as_shown(lines if fits else map(unlinked, lines)), fits=fits)


def write_or_page(text: str, *, fits: bool) -> None:
    """Write a text to stdout, or show it in the person's pager if it does not fit."""
    if fits:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _page(pager(), text)


def pager() -> str:
    """Return the pager's command line; empty if there is no terminal, or the person wants none."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        return ""
    wanted = os.environ.get("MISSION_PAGER", os.environ.get("PAGER"))
    if wanted is None:
        from shutil import which

        return "less" if which("less") else ""
    return "" if wanted.strip() in {"", "cat"} else wanted


_CANNOT_RUN = (126, 127)
"""What a shell returns for a program that is not executable or does not exist."""


def _page(command: str, text: str) -> None:
    from mission_cli.domain.errors import MissionError
    from mission_cli.wiring.host import feed

    try:
        code = feed(["/bin/sh", "-c", command], text, env={**_LESS, **os.environ})
    except MissionError:
        code = _CANNOT_RUN[0]
    if code in _CANNOT_RUN:
        sys.stdout.write(text)
