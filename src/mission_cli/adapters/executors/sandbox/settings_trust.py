"""Jobs outside of the sandbox: from the first one on, a person's uncommitted settings count for nothing.

Such a job could have written them. Settings that are not in git count as they were when it began. A person who
acts by `start`, `resume`, `run` or `retry` while none runs says with it that the settings are theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import locked

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = "settings.toml"


def enter(folder: Path, key: str, settings: Path | None) -> None:
    """Note that a job begins. `settings` is the file as it lies in the checkout, or None.

    The folder is there with everything in it or not at all: who reads settings meanwhile finds the kept ones.
    """
    with locked(_lock(folder)):
        if folder.is_dir():
            _mark(folder, key).touch()
            return
        from shutil import copyfile, rmtree

        draft = folder.with_suffix(".new")
        rmtree(draft, ignore_errors=True)  # of one that was killed here
        draft.mkdir()
        if settings is not None and settings.is_file():
            copyfile(settings, draft / _KEPT)
        _mark(draft, key).touch()
        draft.rename(folder)


def leave(folder: Path, key: str) -> None:
    """Note that a job has ended."""
    _mark(folder, key).unlink(missing_ok=True)


def suspects(folder: Path) -> bool:
    """Whether a job outside of the sandbox may have written the settings."""
    return folder.is_dir()


def vouch(folder: Path) -> None:
    """A person says that the settings are theirs; nothing while such a job runs."""
    if not folder.is_dir():
        return
    with locked(_lock(folder)):
        if folder.is_dir() and all(entry.name == _KEPT for entry in folder.iterdir()):
            from shutil import rmtree

            ended = folder.with_suffix(".old")
            rmtree(ended, ignore_errors=True)  # of one that was killed here
            folder.rename(ended)
            rmtree(ended)


def kept_settings(folder: Path) -> Path:
    """Where the settings are that counted when the first of them began; may be missing."""
    return folder / _KEPT


def _lock(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _mark(folder: Path, key: str) -> Path:
    return folder / key.replace("/", "%")
