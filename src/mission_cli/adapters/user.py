"""What belongs to the user, not to a repository: XDG folders, the key file, cron's log."""

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
    """Return the program's folder below the user's `config`, `data` or `state` folder, as XDG names them."""
    environment = os.environ if environment is None else environment
    defaults = {"config": ".config", "data": ".local/share", "state": ".local/state"}
    configured = environment.get(f"XDG_{kind.upper()}_HOME", "")
    root = Path(configured) if configured.startswith("/") else Path.home() / defaults[kind]
    return root / "mission"


def own_settings() -> Path:
    """Return the user's settings file."""
    return user_folder("config") / "config.toml"


def environment() -> dict[str, str]:
    """Return the environment for workers and checks: the key file, overridden by this process's environment."""
    return {**read_environment(key_file()), **own_environment()}


def own_environment() -> dict[str, str]:
    """Return the environment for processes of the program that read the key file themselves, such as pulses.

    What such a process starts, a notification for example, does not get the keys, and a key that is replaced in the
    file counts from then on.
    """
    return outside_of_git(os.environ)


def only_in_key_file() -> tuple[str, ...]:
    """Return the names of the variables of the key file that the environment of this process does not have."""
    return tuple(name for name in read_environment(key_file()) if name not in os.environ)


def key_file() -> Path:
    """Return the user's key file."""
    return user_folder("config") / "env"


def held_out_key() -> Path:
    """Return the file with the key that opens held-out criteria."""
    return user_folder("config") / "held-out.key"


def access_file() -> Path:
    """Return the file with the tokens of `mission serve`."""
    return user_folder("config") / "access.json"


def webhook_key_file() -> Path:
    """Return the file with the key from which the secrets of waits for webhooks are made."""
    return user_folder("config") / "webhook.key"


def shorten_log() -> None:
    """Rotate the log of scheduled pulses if it is long; one older log is kept."""
    log = user_folder("state") / "cron.log"
    with suppress(OSError):
        if log.stat().st_size > _LONG_LOG:
            log.replace(log.with_suffix(".log.1"))
