"""Name the server of `mission mcp` in the settings of an agent, in place: everything else stays as it was written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.home import json_of, toml_of
from mission_cli.adapters.agents.json_text import with_member, without_member
from mission_cli.adapters.agents.stream import as_dict
from mission_cli.ports.agents.agent import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HEADER = pattern(r"^[ \t]*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JsonSettings:
    """A JSON file, perhaps with comments."""

    key: str
    """The object with one member for each server."""
    made: Callable[[Sequence[str]], dict[str, Any]]

    def entry(self, text: str) -> object:
        """Return what the settings say about our server."""
        return as_dict(_read(text).get(self.key)).get(SERVER)

    def names(self, text: str) -> Sequence[str]:
        """Return the names of all servers."""
        return [*as_dict(json_of(text).get(self.key))]

    def wanted(self, command: Sequence[str]) -> object:
        """Return what they say about a server that this command starts."""
        return self.made(command)

    def with_server(self, text: str, command: Sequence[str]) -> str:
        """Return the settings with our server."""
        if self.entry(text) == self.made(command):
            return text
        new = with_member(text, (self.key, SERVER), self.made(command))
        return _same_but(json_of(text), json_of(new), new, self.key, self.made(command))

    def without_server(self, text: str) -> str:
        """Return the settings without our server."""
        new = without_member(text, (self.key, SERVER))
        return _same_but(json_of(text), json_of(new), new, self.key, None)


@dataclass(frozen=True, slots=True)
class TomlSettings:
    """A TOML file with a table for each server."""

    key: str

    def entry(self, text: str) -> object:
        """Return what the settings say about our server."""
        return as_dict(_read_toml(text).get(self.key)).get(SERVER)

    def names(self, text: str) -> Sequence[str]:
        """Return the names of all servers."""
        return [*as_dict(toml_of(text).get(self.key))]

    def wanted(self, command: Sequence[str]) -> object:
        """Return what they say about a server that this command starts."""
        return {"command": command[0], "args": list(command[1:])}

    def with_server(self, text: str, command: Sequence[str]) -> str:
        """Return the settings with our server, as the last table."""
        if self.entry(text) == self.wanted(command):
            return text
        bare = self.without_server(text)
        gap = "" if not bare or bare.endswith("\n\n") else "\n" if bare.endswith("\n") else "\n\n"
        first, rest = (json.dumps(part, ensure_ascii=False) for part in (command[0], list(command[1:])))
        new = f"{bare}{gap}[{self.key}.{SERVER}]\ncommand = {first}\nargs = {rest}\n"
        return _same_but(_read_toml(text), toml_of(new), new, self.key, self.wanted(command))

    def without_server(self, text: str) -> str:
        """Return the settings without the tables of our server, and without the empty line before the first one."""
        old = _read_toml(text)
        if SERVER not in as_dict(old.get(self.key)):
            return text
        ours = pattern(rf"^[ \t]*\[[ \t]*{self.key}[ \t]*\.[ \t]*\"?{SERVER}\"?[ \t]*(?:\]|\.)", re.MULTILINE)
        new = text
        while (found := ours.search(new)) is not None:
            after = _HEADER.search(new, found.end())
            head, tail = new[: found.start()], new[after.start() :] if after else ""
            new = (head.removesuffix("\n") if head.endswith("\n\n") and not tail else head) + tail
        return _same_but(old, toml_of(new), new, self.key, None)


def _read(text: str) -> dict[str, Any]:
    found = json_of(text)
    if not found and text.strip():
        without_member(text, (SERVER,))  # raises the error that says where
    return found


def _read_toml(text: str) -> dict[str, Any]:
    found = toml_of(text)
    if not found and any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        raise ValueError("it is not TOML")
    return found


def _same_but(old: dict[str, Any], new: dict[str, Any], text: str, key: str, wanted: object) -> str:
    """Return the new text. Raises ValueError if it says anything else than the old one with that server."""
    servers = {name: one for name, one in as_dict(old.get(key)).items() if name != SERVER}
    servers |= {SERVER: wanted} if wanted is not None else {}
    expected = {name: value for name, value in old.items() if name != key}
    there = {name: value for name, value in new.items() if name != key}
    if there != expected or as_dict(new.get(key)) != servers:
        raise ValueError("it is written in a way that cannot be changed safely")
    return text
