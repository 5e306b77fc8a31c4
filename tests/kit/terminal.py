"""A terminal that a person sits at: a tmux server of its own with one window, run by keys, read as a screen."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_SECONDS = 100.0


@dataclass
class Terminal:
    """One window of 110 × 45 with a plain shell."""

    socket: str
    output: int
    """Becomes readable whenever something is drawn."""

    def tmux(self, *words: str) -> str:
        """Call tmux."""
        done = subprocess.run(["tmux", "-L", self.socket, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def type(self, *keys: str) -> None:
        """Press keys; `Enter`, `C-c` and the like by their names, anything else letter by letter."""
        self.tmux("send-keys", *keys)

    def line(self, text: str) -> None:
        """Type a line and press Enter."""
        self.tmux("send-keys", "-l", text)
        self.type("Enter")

    def screen(self) -> str:
        """What is to be seen now, without trailing blanks."""
        return self.tmux("capture-pane", "-p").rstrip()

    def see(self, *words: str, patience: float = _PATIENCE_SECONDS) -> str:
        """Wait until all the words are to be seen; return the screen."""
        ends = time.monotonic() + patience
        while not all(word in (screen := self.screen()) for word in words):
            left = ends - time.monotonic()
            ready, _, _ = select.select([self.output], [], [], max(0.0, left))
            assert ready, f"{words} did not come:\n{screen}"
            os.read(self.output, 1 << 16)
        return screen


def installed_path() -> str:
    """Return a `PATH` on which `mission` is, as where it was installed."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def terminal(folder: Path, **environment: str) -> Iterator[Terminal]:
    """A terminal whose shell stands in a folder; the server is gone afterwards."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: apt install tmux")
    socket = f"mission-{secrets.token_hex(6)}"
    pipe = folder.parent / f"{socket}.out"
    os.mkfifo(pipe)
    output = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    env = {
        **os.environ,
        "PATH": installed_path(),
        "PS1": "$ ",
        "ENV": "",
        "SHELL": "/bin/sh",
        "TERM": "screen-256color",
        **environment,
    }
    window = Terminal(socket, output)
    start = [
        "tmux",
        "-L",
        socket,
        "-f",
        os.devnull,
        "new-session",
        "-d",
        "-x",
        "110",
        "-y",
        "45",
        "-c",
        os.fspath(folder),
    ]
    subprocess.run([*start, "/bin/sh"], env=env, check=True)
    try:
        window.tmux("pipe-pane", f"cat > '{pipe}'")
        window.see("$")
        yield window
    finally:
        window.tmux("kill-server")
        os.close(output)
