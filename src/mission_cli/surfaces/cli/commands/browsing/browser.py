"""Open an address in the person's browser, and never wait for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Variables by which a program finds a screen, or a browser."""


def has_screen(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser can be opened here: not in a remote shell, or on a machine without a screen."""
    return sys.platform == "darwin" or any(environment.get(name) for name in _SHOWS)


def open_address(url: str) -> bool:
    """Open an address in the browser; return whether that was tried.

    A process of its own does it, without this terminal: some browsers return only when they are closed.
    """
    from mission_cli.wiring.host import start_detached

    if not has_screen():
        return False
    start_detached([sys.executable, "-P", "-m", "webbrowser", url], cwd="/", env=os.environ, log=Path(os.devnull))
    return True
