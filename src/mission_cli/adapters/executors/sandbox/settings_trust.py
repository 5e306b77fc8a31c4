"""Jobs without a sandbox: after the first one starts, uncommitted settings of a person no longer apply.

Such a job could have written them. Settings that are not in git apply as they were when the job began. By `start`,
`resume`, `run` or `retry` while no such job runs, a person confirms the present settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import locked

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = "settings.toml"


def enter(folder: Path, key: str, settings: Path | None) -> None:
    """Record that a job begins. `settings` is the settings file in the checkout, or None.

    The folder appears complete or not at all, so that a reader always finds the kept settings.
    """
    with locked(_lock(folder)):
        if folder.is_dir():
            _mark(folder, key).touch()
            return
        from shutil import copyfile, rmtree

        draft = folder.with_suffix(".new")
        rmtree(draft, ignore_errors=True)  # left by a killed process
        draft.mkdir()
        if settings is not None and settings.is_file():
            copyfile(settings, draft / _KEPT)
        _mark(draft, key).touch()
        draft.rename(folder)


def leave(folder: Path, key: str) -> None:
    """Record that a job has ended."""
    _mark(folder, key).unlink(missing_ok=True)


def suspects(folder: Path) -> bool:
    """Whether a job without a sandbox may have changed the settings."""
    return folder.is_dir()


def vouch(folder: Path) -> None:
    """Accept the present settings as the person's own; do nothing while such a job runs."""
    if not folder.is_dir():
        return
    with locked(_lock(folder)):
        if folder.is_dir() and all(entry.name == _KEPT for entry in folder.iterdir()):
            from shutil import rmtree

            ended = folder.with_suffix(".old")
            rmtree(ended, ignore_errors=True)  # left by a killed process
            folder.rename(ended)
            rmtree(ended)


def kept_settings(folder: Path) -> Path:
    """Return the file with the settings from when the first of these jobs began; it may be missing."""
    return folder / _KEPT


def _lock(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _mark(folder: Path, key: str) -> Path:
    return folder / key.replace("/", "%")
