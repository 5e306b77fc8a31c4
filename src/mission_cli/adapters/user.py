"""What belongs to the user and not to a repository: folders as XDG names them, keys, the log of cron."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.env_file import read_environment
from mission_cli.adapters.proc.run import outside_of_git

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG_LOG = 1_000_000


def user_folder(kind: str, environment: Mapping[str, str] | None = None) -> Path:
    """Return our folder among the user's `config`, `data` or `state` folders, as XDG names them."""
    environment = os.environ if environment is None else environment
    defaults = {"config": ".config", "data": ".local/share", "state": ".local/state"}
    configured = environment.get(f"XDG_{kind.upper()}_HOME", "")
    root = Path(configured) if configured.startswith("/") else Path.home() / defaults[kind]
    return root / "mission"


def own_settings() -> Path:
    """The user's settings file."""
    return user_folder("config") / "config.toml"


def environment() -> dict[str, str]:
    """What workers and checks find around them: our own environment, and beneath it the user's environment file."""
    return {**read_environment(key_file()), **outside_of_git(os.environ)}


def key_file() -> Path:
    """The user's environment file, for keys."""
    return user_folder("config") / "env"


def shorten_log() -> None:
    """Put the log of scheduled pulses aside when it is long; the one before it goes."""
    log = user_folder("state") / "cron.log"
    with suppress(OSError):
        if log.stat().st_size > _LONG_LOG:
            log.replace(log.with_suffix(".log.1"))
