"""The commands `/mission` and `/full-loop` for agents: where their files are, and who wrote them last.

A file written by this program contains the hash of its text, in a comment of the front matter that no model sees. If
the hash does not match, a person has changed the file, and it is theirs.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents import FILES, programs
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.templates import template_folder
from mission_cli.domain.errors import ToolError
from mission_cli.ports.slash_commands import CommandFile, FileState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES = ("mission", "full-loop")
_MARK = pattern(r"^# written by mission-cli, sha256 (?P<hash>[0-9a-f]{64})\n", re.MULTILINE)
_OPENING = "---\n"


class SlashCommandFiles:
    """The command files in one environment; each agent knows its folders."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def agents(self) -> list[str]:
        """Return the agents that have slash commands."""
        return [name for name in programs() if self._folder(name)]

    def files(self, agents: Sequence[str], project: str = "") -> list[CommandFile]:
        """Return the files of these agents for a person, or for a project. Raises ToolError if one cannot be read."""
        return [self._file(agent, name, project) for agent in agents for name in NAMES]

    def write(self, file: CommandFile) -> None:
        """Write the command; through a link, its target. Raises ToolError."""
        place = Path(file.path).resolve()
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, signed(file.name).encode())
        except OSError as error:
            raise ToolError(f"cannot write {file.path}: {error.strerror}") from error

    def remove(self, file: CommandFile) -> None:
        """Remove the command. Raises ToolError."""
        try:
            Path(file.path).unlink(missing_ok=True)
        except OSError as error:
            raise ToolError(f"cannot remove {file.path}: {error.strerror}") from error

    def _file(self, agent: str, name: str, project: str) -> CommandFile:
        path = f"{self._folder(agent, project)}/{name}.md"
        return CommandFile(agent, name, path, _state(Path(path), signed(name)))

    def _folder(self, agent: str, project: str = "") -> str:
        return FILES[agent].commands_folder(self._environment, project)


def signed(name: str) -> str:
    """Return the text of a command as this program writes it."""
    return marked((template_folder() / "commands" / f"{name}.md").read_text(encoding="utf-8"))


def marked(text: str) -> str:
    """Return a text that begins with front matter, with the mark added to it."""
    mark = f"# written by mission-cli, sha256 {_digest(text)}\n"
    return _OPENING + mark + text.removeprefix(_OPENING)


def _state(path: Path, ours: str) -> FileState:
    try:
        there = path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return FileState.MISSING
    except OSError as error:
        raise ToolError(f"cannot read {path}: {error.strerror}") from error
    if there == ours:
        return FileState.CURRENT
    mark = _MARK.search(there)
    rest = _MARK.sub("", there, count=1)
    return FileState.OLDER if mark and mark["hash"] == _digest(rest) else FileState.PERSONS


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
