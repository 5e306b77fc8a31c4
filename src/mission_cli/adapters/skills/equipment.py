"""Read from the files of agents which skills, agents and servers of tools they have. Starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.agents import FILES
from mission_cli.adapters.agents.home import text_of
from mission_cli.ports.agents.agent import SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST = 50
_ANYWHERE = "/"
_ENDINGS = (".yaml", ".yml", ".json")


class LocalEquipment:
    """What is configured in one environment, and in the person's folder of settings."""

    def __init__(self, environment: Mapping[str, str], settings: Path) -> None:
        self._environment, self._settings = environment, settings

    def documents(self) -> Sequence[str]:
        """Return the files of all agents that are known."""
        return [files.instructions for files in FILES.values() if files.instructions]

    def skill_folders(self) -> Sequence[str]:
        """Return the folders of all agents that are known."""
        return [files.skills for files in FILES.values() if files.skills]

    def agent_folders(self) -> Sequence[str]:
        """Return the folders of all agents that are known."""
        return [files.agents for files in FILES.values() if files.agents]

    def servers(self, agent: str) -> Sequence[str]:
        """Return the names in the person's file."""
        place = FILES[agent].tools_file(self._environment) if agent in FILES else ""
        return self.servers_in(agent, text_of(Path(place))) if place else ()

    def servers_file(self, agent: str) -> str:
        """Return the path of the file of a repository."""
        place = FILES[agent].tools_file(self._environment, _ANYWHERE) if agent in FILES else ""
        return place.lstrip("/")

    def servers_in(self, agent: str, text: str) -> Sequence[str]:
        """Return the names; our own server is left out."""
        tools = FILES[agent].tools if agent in FILES else None
        return [name for name in tools.names(text) if name != SERVER][:_MOST] if tools is not None else ()

    def playbooks(self) -> Sequence[str]:
        """Return the names of the files in `playbooks/` below the person's settings."""
        try:
            files = sorted((self._settings / "playbooks").iterdir())
        except OSError:
            return ()
        return [path.stem for path in files if path.suffix in _ENDINGS][:_MOST]
