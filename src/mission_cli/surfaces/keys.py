"""Single keys from a terminal, without waiting for Enter; and the end of a program that uses one."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SEQUENCES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[D": "back",
    b"\x1bOD": "back",
    b"\x1b[C": "enter",
    b"\x1bOC": "enter",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "back",
    b"\x1b": "back",
    b"k": "up",
    b"j": "down",
}


@contextmanager
def raw_keys() -> Iterator[None]:
    """Let keys arrive at once and unseen, except Ctrl-C; Ctrl-Z does nothing. Restores the terminal at the end."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    now = termios.tcgetattr(handle)
    now[6][termios.VSUSP] = b"\x00"
    termios.tcsetattr(handle, termios.TCSANOW, now)
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def pressed() -> list[str]:
    """Return the keys that were pressed since the last call: names such as `up`, `enter`, `back`, or a letter."""
    typed = b""
    while select.select([sys.stdin], [], [], 0)[0]:
        part = os.read(sys.stdin.fileno(), 1024)
        if not part:
            break
        typed += part
    return names(typed)


def names(typed: bytes) -> list[str]:
    """Return the names of keys in what a terminal sent; sequences that are not known are left out."""
    found: list[str] = []
    while typed:
        known = next((s for s in sorted(_SEQUENCES, key=len, reverse=True) if typed.startswith(s)), b"")
        if known == b"\x1b" and typed[1:2] in {b"[", b"O"}:
            end = next((at for at, byte in enumerate(typed[2:], 2) if chr(byte).isalpha() or byte == ord("~")), None)
            typed = typed[end + 1 :] if end is not None else b""
        elif known:
            found.append(_SEQUENCES[known])
            typed = typed[len(known) :]
        else:
            found += [chr(typed[0])] if typed[:1].isascii() and chr(typed[0]).isprintable() else []
            typed = typed[1:]
    return found


@contextmanager
def gently() -> Iterator[None]:
    """Treat SIGHUP and SIGTERM as Ctrl-C, so that a job is ended and the terminal is as it was."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    usual = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for number in usual:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)
