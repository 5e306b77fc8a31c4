"""The commands `/mission` and `/full-loop` for agents: where their files are, and who wrote them last.

A file written by this program contains the hash of its text, in a comment of the front matter that no model sees. If
the hash does not match, a person has changed the file, and it is theirs.
"""

from __future__ import annotations

import hashlib
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.templates import template_folder
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("mission", "full-loop")
AGENTS = ("opencode", "claude")
_MARK = pattern(r"^# written by mission-cli, sha256 (?P<hash>[0-9a-f]{64})\n", re.MULTILINE)
_OPENING = "---\n"


class State(StrEnum):
    """Who wrote a command file last."""

    MISSING = "missing"
    CURRENT = "current"
    OLDER = "older"
    """Written by another version of this program."""
    PERSONS = "changed"


@dataclass(frozen=True, slots=True)
class CommandFile:
    """One command file of one agent."""

    agent: str
    name: str
    path: Path
    state: State


def look(agents: tuple[str, ...], environment: Mapping[str, str], project: Path | None = None) -> list[CommandFile]:
    """Return the files of these agents for a person, or for a project. Raises ToolError if one cannot be read."""
    found = []
    for agent in agents:
        folder = _project_folder(agent, project) if project else _persons_folder(agent, environment)
        for name in NAMES:
            path = folder / f"{name}.md"
            found.append(CommandFile(agent, name, path, _state(path, signed(name))))
    return found


def signed(name: str) -> str:
    """Return the text of a command as this program writes it."""
    return marked((template_folder() / "commands" / f"{name}.md").read_text(encoding="utf-8"))


def marked(text: str) -> str:
    """Return a text that begins with front matter, with the mark added to it."""
    mark = f"# written by mission-cli, sha256 {_digest(text)}\n"
    return _OPENING + mark + text.removeprefix(_OPENING)


def write(file: CommandFile) -> None:
    """Write the command; through a link, its target. Raises ToolError."""
    place = file.path.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, signed(file.name).encode())
    except OSError as error:
        raise ToolError(f"cannot write {file.path}: {error.strerror}") from error


def remove(file: CommandFile) -> None:
    """Remove the command. Raises ToolError."""
    try:
        file.path.unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(f"cannot remove {file.path}: {error.strerror}") from error


def _state(path: Path, ours: str) -> State:
    try:
        there = path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return State.MISSING
    except OSError as error:
        raise ToolError(f"cannot read {path}: {error.strerror}") from error
    if there == ours:
        return State.CURRENT
    mark = _MARK.search(there)
    rest = _MARK.sub("", there, count=1)
    return State.OLDER if mark and mark["hash"] == _digest(rest) else State.PERSONS


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _persons_folder(agent: str, environment: Mapping[str, str]) -> Path:
    """Return the folder that the agent itself uses: XDG for opencode, CLAUDE_CONFIG_DIR for Claude Code."""
    home = Path(environment.get("HOME") or Path.home())
    if agent == "opencode":
        config = environment.get("XDG_CONFIG_HOME", "")
        return (Path(config) if os.path.isabs(config) else home / ".config") / "opencode/commands"  # noqa: PTH117 - a text
    return Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude") / "commands"


def _project_folder(agent: str, project: Path) -> Path:
    return project / f".{agent}" / "commands"
