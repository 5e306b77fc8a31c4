"""Jobs outside of the sandbox: from the first one on, a person's uncommitted settings count for nothing.

Such a job could have written them. Settings that are not in git count as they were when it began. A person who
acts by `start`, `resume`, `run` or `retry` while none runs says with it that the settings are theirs.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = "settings.toml"


def enter(folder: Path, key: str, settings: Path | None) -> None:
    """Note that a job begins. `settings` is the file as it lies in the checkout, or None."""
    with suppress(FileExistsError):
        folder.mkdir(parents=True)
        if settings is not None and settings.is_file():
            from shutil import copyfile

            copyfile(settings, folder / _KEPT)
    (folder / key.replace("/", "%")).touch()


def leave(folder: Path, key: str) -> None:
    """Note that a job has ended."""
    (folder / key.replace("/", "%")).unlink(missing_ok=True)


def suspects(folder: Path) -> bool:
    """Whether a job outside of the sandbox may have written the settings."""
    return folder.is_dir()


def vouch(folder: Path) -> None:
    """A person says that the settings are theirs; nothing while such a job runs."""
    if folder.is_dir() and all(entry.name == _KEPT for entry in folder.iterdir()):
        from shutil import rmtree

        rmtree(folder)


def kept_settings(folder: Path) -> Path:
    """Where the settings are that counted when the first of them began; may be missing."""
    return folder / _KEPT
