"""The commands `/mission` and `/full-loop` for agents, and the tools in their settings: where, and who wrote them last.

A file written by this program contains the hash of its text, in a comment of the front matter that no model sees. If
the hash does not match, a person has changed the file, and it is theirs.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents import FILES, programs
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.fs.exchange import replace_unless_changed
from mission_cli.adapters.templates import template_folder
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import PROGRAM
from mission_cli.ports.slash_commands import TOOLS, CommandFile, FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mission_cli.ports.agents.files import ToolSettings

T = TypeVar("T")

NAMES = ("mission", "full-loop")
_MARK = pattern(r"^# written by mission-cli, sha256 (?P<hash>[0-9a-f]{64})\n", re.MULTILINE)
_OPENING = "---\n"
_SHARED = (PROGRAM, "mcp")
"""The command of the server in settings that others share, on whose machines this program is elsewhere."""


class SlashCommandFiles:
    """The command files in one environment; each agent knows its folders."""

    def __init__(self, environment: Mapping[str, str], server: Sequence[str]) -> None:
        self._environment = environment
        self._server = server
        """The command of the server of tools, for a person's settings."""

    def agents(self) -> list[str]:
        """Return the agents that have slash commands, or use tools."""
        return [name for name in programs() if self._folder(name) or FILES[name].tools is not None]

    def files(self, agents: Sequence[str], project: str = "") -> list[CommandFile]:
        """Return the files of these agents for a person, or for a project. Raises ToolError if one cannot be read."""
        return [file for agent in agents for file in self._of(agent, project)]

    def missing_package(self) -> str:
        """Return why the server cannot start here."""
        return "" if find_spec("mcp") else "the Python package mcp is not installed (extra mcp)"

    def write(self, file: CommandFile) -> None:
        """Write the command; through a link, its target. Raises ToolError."""
        place = Path(file.path).resolve()
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if file.name == TOOLS:
                self._change(file, lambda tools, text: tools.with_server(text, self._command(file)))
            else:
                write_whole(place, signed(file.name).encode())
        except OSError as error:
            raise ToolError(f"cannot write {file.path}: {error.strerror}") from error

    def remove(self, file: CommandFile) -> None:
        """Remove the command. Raises ToolError."""
        try:
            if file.name == TOOLS:
                self._change(file, lambda tools, text: tools.without_server(text))
            else:
                Path(file.path).unlink(missing_ok=True)
        except OSError as error:
            raise ToolError(f"cannot remove {file.path}: {error.strerror}") from error

    def _of(self, agent: str, project: str) -> Iterator[CommandFile]:
        """Yield the files of one agent."""
        if self._folder(agent, project):
            yield from (self._file(agent, name, project) for name in NAMES)
        path = FILES[agent].tools_file(self._environment, project)
        if path:
            file = CommandFile(agent, TOOLS, path, FileState.MISSING, shared=bool(project))
            yield replace(file, state=self._named(file))

    def _named(self, file: CommandFile) -> FileState:
        """Return whether settings name our server, and who wrote that."""
        tools = _tools(file.agent)
        entry = _changed(file, tools.entry, _text(file.path))
        if entry is None:
            return FileState.MISSING
        if entry == tools.wanted(self._command(file)):
            return FileState.CURRENT
        command = _command_in(entry)
        ours = _is_ours(command) and entry == tools.wanted(command)
        return FileState.OLDER if ours else FileState.PERSONS

    def _command(self, file: CommandFile) -> Sequence[str]:
        return _SHARED if file.shared else self._server

    def _change(self, file: CommandFile, change: Callable[[ToolSettings, str], str]) -> None:
        """Write changed settings; through a link, its target. Raises ToolError if they changed meanwhile."""
        place = Path(file.path).resolve()
        text = _text(file.path)
        new = _changed(file, partial(change, _tools(file.agent)), text)
        old, raw = (one.encode("utf-8", "surrogateescape") for one in (text, new))
        if not place.exists():
            write_whole(place, raw, mode=0o600)
        elif not replace_unless_changed(place, old, raw, temp_folder=place.parent):
            raise ToolError(f"{file.path} was changed at the same time", hint="run the command again")

    def _file(self, agent: str, name: str, project: str) -> CommandFile:
        path = f"{self._folder(agent, project)}/{name}.md"
        return CommandFile(agent, name, path, _state(Path(path), signed(name)))

    def _folder(self, agent: str, project: str = "") -> str:
        return FILES[agent].commands_folder(self._environment, project)


def _tools(agent: str) -> ToolSettings:
    found = FILES[agent].tools
    if found is None:
        raise AssertionError(f"{agent} uses no tools")
    return found


def _text(path: str) -> str:
    """Return the text of settings, any bytes of it; empty if there are none. Raises ToolError."""
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ToolError(f"cannot read {path}: {error.strerror}") from error


def _changed(file: CommandFile, change: Callable[[str], T], text: str) -> T:
    """Return what a change makes of settings. Raises ToolError if they cannot be read, or not be changed safely."""
    try:
        return change(text)
    except ValueError as error:
        raise ToolError(f"{file.path}: {error}", hint="correct it, or name other agents with --agent") from error


def _command_in(entry: object) -> list[str]:
    """Return the command of a server as an agent writes it: a list, or a program and its arguments."""
    found = entry if isinstance(entry, dict) else {}
    command, arguments = found.get("command"), found.get("args")
    words = [
        *(command if isinstance(command, list) else [command]),
        *(arguments if isinstance(arguments, list) else []),
    ]
    return [word for word in words if isinstance(word, str)]


def _is_ours(command: Sequence[str]) -> bool:
    """Whether a command starts the server of this program, in any installation."""
    return command[-1:] == ["mcp"] and (Path(command[0]).name == PROGRAM or "mission_cli" in command)


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
