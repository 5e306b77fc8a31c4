"""What takes longer than a second says so: one line on the terminal of stderr, redrawn, and gone at the end."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

from mission_cli._support.text import show_duration
from mission_cli.surfaces.lines import GAP, cut, said
from mission_cli.surfaces.terminal import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.2
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ERASE = "\r\x1b[K"


@contextmanager
def progress(words: str, detail: Callable[[], str] = str, *, shown: bool = True) -> Iterator[None]:
    """Show words, the time so far and a changing detail while the block runs; only on a terminal, after a second."""
    stream = sys.stderr
    if not shown or not stream.isatty():
        yield
        return
    over = threading.Event()
    drawer = threading.Thread(target=_draw, args=(stream, words, detail, over), daemon=True)
    drawer.start()
    try:
        yield
    finally:
        over.set()
        drawer.join()


def progress_line(words: str, seconds: float, detail: str, width: int) -> str:
    """Return the line: a sign that turns, what is done, for how long, and what is known of it."""
    sign = _FRAMES[int(seconds / _EVERY_SECONDS) % len(_FRAMES)]
    parts = (said(words), show_duration(timedelta(seconds=seconds)), said(detail))
    return cut(f"{sign} {GAP.join(filter(None, parts))}", width - 1)


def _draw(stream: TextIO, words: str, detail: Callable[[], str], over: threading.Event) -> None:
    begun, drawn = time.monotonic(), False
    wait = _AFTER_SECONDS
    while not over.wait(wait):
        try:
            now = detail()
        except Exception:  # noqa: BLE001 - the work goes on, whatever cannot be told of it
            now = ""
        line = progress_line(words, time.monotonic() - begun, now, size_of(stream).width)
        stream.write(f"{_ERASE}{line}")
        stream.flush()
        drawn, wait = True, _EVERY_SECONDS
    if drawn:
        stream.write(_ERASE)
        stream.flush()
