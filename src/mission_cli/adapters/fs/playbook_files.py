"""Playbook files in folders of the repository, of the person and of the program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import DocumentError, NotFoundError
from mission_cli.ports.playbooks import PlaybookFile

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDINGS = (".yaml", ".yml", ".json")
_MOST_BYTES = 2 << 20
_IS_ONE = pattern(r"^[ \t{]*[\"']?playbook[\"']?[ \t]*:", 0)


class PlaybookFolders:
    """Playbook files, by the folders of their origins, the preferred one first."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def found(self) -> list[PlaybookFile]:
        """Return all files. What has no key `playbook`, such as a playbook of another tool, is left out."""
        return [
            PlaybookFile(path.stem, origin, os.fspath(path))
            for origin, folder in self._folders.items()
            for path in _files(folder)
            if _is_playbook(path)
        ]

    def text(self, file: PlaybookFile) -> str:
        """Return the text of a file."""
        return text_of(file.path)


def text_of(path: str) -> str:
    """Return the text of a file. Raises NotFoundError and DocumentError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise DocumentError(f"the file has more than {_MOST_BYTES} bytes", where=path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError("the file is not UTF-8", where=f"{path}:{line}", hint="save it as UTF-8") from error


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS and path.is_file())
    except OSError:
        return []


def _is_playbook(path: Path) -> bool:
    """Whether a file has the key of a playbook at its top; one that cannot be read is shown with its problem."""
    try:
        text = text_of(os.fspath(path))
    except (NotFoundError, DocumentError):
        return True
    return any(_IS_ONE.match(line) for line in text.splitlines() if not line[:1].isspace() or path.suffix == ".json")
