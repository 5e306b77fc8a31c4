"""What can follow on a command line: missions, features, gates, requests, runners, hosts and branches.

Standard library only, as in `fastpath`: a person waits for this after each Tab. Files are read, never git.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.fastpath import find_runtime
from mission_cli.surfaces.completion.table import AGENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

Candidates = list[tuple[str, str]]
"""(word, what it is)"""
_FOLDERS = ("missions", ".missions", "todo/missions")
_FINISHED = frozenset({"completed", "failed", "cancelled"})
_HEAD = 4096
"""How much of a mission file is read for its title and status, in bytes."""
_MOST = 500
"""The most missions that are offered."""


class Place:
    """The repository around a folder, and the missions in it; empty outside of a repository."""

    def __init__(self, folder: str) -> None:
        runtime = find_runtime(folder or ".")
        self._git = os.path.dirname(runtime)
        self._root = os.path.dirname(self._git) if os.path.basename(self._git) == ".git" else self._git
        self._files = dict(_mission_files(self._root)) if runtime else {}

    def missions(self) -> Candidates:
        """Return the ids of all missions with title and status; unfinished ones first."""
        found = [(name, *self._about(name)) for name in self._files]
        found.sort(key=lambda mission: (mission[2] in _FINISHED, mission[0]))
        return [(name, f"{title} ({status})" if status else title) for name, title, status in found]

    def parts(self, word: str, *, features: bool, milestones: bool, whole: bool) -> Candidates:
        """Return addresses such as `words/1.2` that a word may become; `words/` where several missions fit."""
        name, slash, _ = word.partition("/")
        fitting = [one for one in self._files if (one == name if slash else one.startswith(name))]
        alive = [one for one in self._files if self._about(one)[1] not in _FINISHED]
        found = [m for m in self.missions() if m[0] in fitting] if whole and not slash else []
        if slash or len(fitting) == 1:
            found += [p for one in fitting for p in self._addresses(one, f"{one}/", features, milestones)]
        elif not whole:
            found += [(f"{one}/", self._about(one)[0]) for one in fitting]
        if len(alive) == 1 and not slash and (not word or word[0].isdigit()):
            found = self._addresses(alive[0], "", features, milestones) + found
        return found

    def gates(self, mission: str) -> Candidates:
        """Return the gates of a mission with kind and status, and those of its phases with the phase."""
        text = self._text(mission)
        rows = _rows(text, "## Gates")
        found = {row[0]: f"{row[1]} {row[-1]}".strip() for row in rows if len(row) > 1}
        phases = [row for row in _rows(text, "## Phases") if len(row) > 5 and row[3]]  # noqa: PLR2004 - its columns
        return list((found | {row[3]: f"{row[1]} {row[5]}".strip() for row in phases}).items())

    def requests(self, mission: str) -> Candidates:
        """Return the numbers of the open questions of a mission."""
        rows = _rows(self._text(mission), "## Input Requests")
        return [(row[0], row[3]) for row in rows if len(row) > 7 and row[0].isdigit() and row[7] == "open"]  # noqa: PLR2004 - its columns

    def runners(self) -> Candidates:
        """Return the runners that the settings configure, and the agents that are known by name."""
        paths = (_own_settings(), os.path.join(self._root, ".mission.toml"))
        named = [name for path in paths for name in _tables(path, "runners")]
        return list((dict.fromkeys(AGENTS, "agent") | dict.fromkeys(named, "configured")).items())

    def hosts(self) -> Candidates:
        """Return the hosts in the person's own settings."""
        return [(name, "host") for name in _tables(_own_settings(), "hosts")]

    def branches(self) -> Candidates:
        """Return the branches of the repository, without those of missions."""
        top = os.path.join(self._git, "refs/heads")
        found = {os.path.relpath(os.path.join(at, name), top) for at, _, names in os.walk(top) for name in names}
        for line in _read(os.path.join(self._git, "packed-refs")).splitlines():
            name = line.partition(" refs/heads/")[2]
            found |= {name} if name else set()
        return [(name, "branch") for name in sorted(found) if name.partition("/")[0] != "mission"]

    def _about(self, mission: str) -> tuple[str, str]:
        """Return title and status from the beginning of a mission file."""
        told = {"title": "", "status": ""}
        for line in _read(self._files[mission], _HEAD).splitlines()[1:]:
            key, colon, value = line.partition(":")
            if line.startswith("---"):
                break
            if colon and key in told:
                told[key] = value.partition(" #")[0].strip().strip("\"'")
        return told["title"], told["status"]

    def _text(self, mission: str) -> str:
        """Return the file of the mission that a person named, if only by the beginning of its id."""
        fitting = [one for one in self._files if one.startswith(mission.partition("/")[0])]
        exact = [one for one in fitting if one == mission]
        named = exact or fitting
        return _read(self._files[named[0]]) if len(named) == 1 else ""

    def _addresses(self, mission: str, before: str, features: bool, milestones: bool) -> Candidates:  # noqa: FBT001 - both are passed on
        found: Candidates = []
        for line in _read(self._files[mission]).splitlines():
            if milestones and line.startswith("### Milestone "):
                number, _, name = line[len("### Milestone ") :].partition(":")
                found += [(f"{before}{number.strip()}", name.strip())] if number.strip().isdigit() else []
            elif features and line.startswith("|"):
                row = _cells(line)
                number = row[0] if len(row) > 3 else ""  # noqa: PLR2004 - number, title, task, status
                if number.replace(".", "", 1).isdigit() and "." in number:
                    found.append((f"{before}{number}", f"{row[1].partition(' `[')[0]} ({row[3] or 'pending'})"))
        return found


def _mission_files(root: str) -> Iterator[tuple[str, str]]:
    """Yield id and file of each mission in a repository."""
    count = 0
    for folder in _FOLDERS:
        try:
            names = sorted(os.listdir(os.path.join(root, folder)), reverse=True)
        except OSError:
            continue
        for name in names:
            path = os.path.join(root, folder, name)
            if name.endswith("-mission.md"):
                yield name[: -len("-mission.md")], path
            elif not name.startswith(".") and os.path.isfile(os.path.join(path, "mission.md")):
                yield name, os.path.join(path, "mission.md")
            count += 1
            if count > _MOST:
                return


def _tables(path: str, group: str) -> list[str]:
    """Return the names of the tables `[group.NAME]` of a settings file."""
    heads = (line.strip() for line in _read(path).splitlines())
    begin = f"[{group}."
    found = (head[len(begin) : head.index("]")] for head in heads if head.startswith(begin) and "]" in head)
    return list(dict.fromkeys(name.split(".")[0].strip('"') for name in found))


def _rows(text: str, heading: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of the tables below a heading, without headers."""
    inside = rows = False
    for line in text.splitlines():
        if line.startswith("## "):
            inside, rows = line.strip() == heading, False
        elif inside and line.startswith("|"):
            row = _cells(line)
            if set("".join(row)) <= set("-: "):
                rows = True
            elif rows:
                yield row
        else:
            rows = False


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _own_settings() -> str:
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    root = configured if configured.startswith("/") else os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(root, "mission/config.toml")


def _read(path: str, size: int = -1) -> str:
    try:
        with open(path, "rb") as source:
            return source.read(size).decode("utf-8", "replace")
    except OSError:
        return ""
