"""A person's own agents and scripts, and the files of agents that coding agents read. Nothing is overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.agents import FILES
from mission_cli.adapters.fs.atomic import create_whole, read_foreign
from mission_cli.domain.agents.drafts import is_path
from mission_cli.domain.agents.workspace import AGENTS, LARGEST, SCRIPTS
from mission_cli.domain.errors import ToolError
from mission_cli.ports.outside.own_agents import OwnFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.ports.agents.agent import GivenAgent

_MOST = 200
"""How many files of a folder are read."""


class OwnAgentFiles:
    """The folders `agents/` and `scripts/` below the person's folder of settings."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home, self._environment = home, environment

    def texts(self) -> Mapping[str, str]:
        """Return the texts of the person's own, by path."""
        found: dict[str, str] = {}
        for folder in (AGENTS, SCRIPTS):
            try:
                names = sorted(one.name for one in (self._home / folder).iterdir())[:_MOST]
            except OSError:
                continue
            for name in names:
                raw = _read(self._home / folder / name, LARGEST[folder]) if is_path(f"{folder}/{name}") else None
                if raw is not None:
                    found[f"{folder}/{name}"] = raw.decode("utf-8", "surrogateescape")
        return found

    def look(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> Sequence[OwnFile]:
        """Return the files of a promotion, with what is there now."""
        return [OwnFile(str(place), _state(place, raw)) for place, raw in self._files(path, text, native, agents)]

    def put(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> None:
        """Write those that are missing. Raises ToolError."""
        for place, raw in self._files(path, text, native, agents):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                create_whole(place, raw, mode=0o755 if path.startswith(f"{SCRIPTS}/") else 0o644)
            except OSError as error:
                raise ToolError(f"cannot write {place}: {error.strerror}") from error

    def _files(
        self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]
    ) -> Iterator[tuple[Path, bytes]]:
        if not is_path(path):
            return
        yield self._home / path, text.encode("utf-8", "surrogateescape")
        for agent in agents if native is not None else ():
            folder = FILES[agent].agents_folder(self._environment) if agent in FILES else ""
            if folder and native is not None:
                yield Path(folder) / f"{native.name}.md", FILES[agent].agent_text(native).encode()


def _read(place: Path, most: int) -> bytes | None:
    raw = read_foreign(place, most + 1)
    return raw if raw is not None and len(raw) <= most else None


def _state(place: Path, raw: bytes) -> str:
    """Return whether a file is there, and whether it says the same; a link to nowhere is something else."""
    if not place.exists() and not place.is_symlink():
        return "missing"
    return "same" if read_foreign(place, len(raw) + 1) == raw else "other"
