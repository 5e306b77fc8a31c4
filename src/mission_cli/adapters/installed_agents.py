"""Find the agents of this machine, and complete the settings with what needs none for them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents import AGENTS, FILES, programs
from mission_cli.adapters.agents.home import json_of, text_of
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.env_file import resolved
from mission_cli.adapters.proc.run import run
from mission_cli.adapters.user import user_folder
from mission_cli.domain.errors import MissionError
from mission_cli.ports.agents.installed import InstalledAgent
from mission_cli.settings import RunnerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.settings import Settings

_PATIENCE = 10.0
"""Seconds for a program that is asked for its version."""
_VERSION = pattern(r"\d+\.\d+(?:\.\d+)?[0-9A-Za-z.+-]*")
_PACKAGE_LEVELS = 3
_NOTE = "versions.json"
"""In the person's state folder: what programs said about their version, by the look of their files."""


class LocalAgents:
    """The agents in one environment, which is that of workers."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def find(self, *, versions: bool = True) -> list[InstalledAgent]:
        """Return every agent that is known by name, the preferred one first."""
        known = programs()
        places = [_place(program, self._environment) for program in known.values()]
        told = self._versions(places) if versions else [""] * len(places)
        return [self._agent(*facts) for facts in zip(known, places, told, strict=True)]

    def installed(self) -> list[str]:
        """Return the names of the agents that are on PATH, the preferred one first."""
        return [name for name, program in programs().items() if _place(program, self._environment)]

    def account(self, agent: str, given: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Return what an agent is logged in with, where a runner gives it more variables; empty: not logged in."""
        around = self._environment if environment is None else environment
        return FILES[agent].account({**around, **_given(given, around)})

    def version(self, program: str) -> str:
        """Return the version of a program. One that no file tells is asked, and again only if its file has changed."""
        place = _place(program, self._environment)
        if not place:
            return ""
        told = version_in_files(Path(place))
        if told:
            return told
        real, note = Path(place).resolve(), user_folder("state", self._environment) / _NOTE
        state = real.stat()
        look = [state.st_ino, state.st_size, state.st_mtime_ns]
        known = read_json(note)
        known = known if isinstance(known, dict) else {}
        found = known.get(str(real))
        if isinstance(found, dict) and found.get("look") == look:
            return str(found.get("version") or "")
        version = self._version(place)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_json(note, {**known, str(real): {"look": look, "version": version}}, durable=False)
        return version

    def _agent(self, name: str, place: str, version: str) -> InstalledAgent:
        agent = AGENTS[name]
        account = self.account(name, {})
        return InstalledAgent(name, agent.title, place, version, account, agent.log_in, agent.install)

    def _versions(self, places: list[str]) -> list[str]:
        """Return the version of each program; those that no file tells are asked at the same time."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor() as pool:
            return [*pool.map(self._version, places)]

    def _version(self, place: str) -> str:
        if not place:
            return ""
        told = version_in_files(Path(place))
        if told:
            return told
        with suppress(MissionError):
            done = run([place, "--version"], cwd="/", env=dict(self._environment), timeout=_PATIENCE)
            found = _VERSION.search(done.out.decode("utf-8", "replace"))
            return found[0] if found and not done.code else ""
        return ""


def version_in_files(place: Path) -> str:
    """Return the version of a program by its npm package or by a folder of its path; empty if neither tells it."""
    real = place.resolve()
    for folder in [*real.parents][:_PACKAGE_LEVELS]:
        package = json_of(text_of(folder / "package.json"))
        if package.get("bin"):
            return str(package.get("version") or "")
    parts = (part for part in reversed(real.parts) if re.fullmatch(r"v?\d+\.\d+\.\d+", part))
    return next(parts, "").removeprefix("v")


def with_known_agents(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Return the settings with a runner for each agent on PATH or on a host, with commands and models that it lacks.

    A host has the agents that its `runners` name.
    """
    known = programs()
    told = {*settings.runners, *(name for host in settings.hosts.values() for name in host.runners)}
    found = [name for name, program in known.items() if name in told or _place(program, environment)]
    runners = {**{name: RunnerSettings() for name in found}, **settings.runners}
    done = {name: _completed(runner, runner.kind or name, environment) for name, runner in runners.items()}
    return replace(settings, runners=done)


def _completed(runner: RunnerSettings, kind: str, environment: Mapping[str, str]) -> RunnerSettings:
    program = programs().get(kind)
    if program is None or (runner.command and runner.models):
        return runner
    models = runner.models or _OwnModels(kind, {**environment, **_given(runner.given, environment)})
    return replace(runner, command=runner.command or (program,), models=models)


class _OwnModels(Mapping[str, str]):
    """The models that an agent is configured for; its files are read at first use, because few pulses need them."""

    def __init__(self, kind: str, environment: Mapping[str, str]) -> None:
        self._kind, self._environment = kind, environment

    @cached_property
    def _found(self) -> Mapping[str, str]:
        return FILES[self._kind].models(self._environment)

    def __getitem__(self, tier: str) -> str:
        return self._found[tier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _given(given: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a runner whose keys exist."""
    found = {}
    for name, value in given.items():
        with suppress(MissionError):
            found[name] = resolved(value, environment)
    return found


def _place(program: str, environment: Mapping[str, str]) -> str:
    return shutil.which(program, path=environment.get("PATH", os.defpath)) or ""
