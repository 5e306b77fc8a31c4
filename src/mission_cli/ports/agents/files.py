"""What an agent keeps on a machine: logins, settings, slash commands, agents of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.ports.agents.agent import GivenAgent
    from mission_cli.ports.agents.usage import Unreported


class ToolSettings(Protocol):
    """How an agent writes the servers whose tools it uses (MCP). Methods raise ValueError for unreadable texts."""

    def entry(self, text: str) -> object:
        """Return what its settings say about our server; None if nothing."""
        ...

    def names(self, text: str) -> Sequence[str]:
        """Return the names of all servers in its settings; none if they cannot be read. Never raises."""
        ...

    def wanted(self, command: Sequence[str]) -> object:
        """Return what they say about a server that this command starts."""
        ...

    def with_server(self, text: str, command: Sequence[str]) -> str:
        """Return the settings with our server; everything else stays as it was written."""
        ...

    def without_server(self, text: str) -> str:
        """Return the settings without our server; everything else stays as it was written."""
        ...


class AgentFiles(Protocol):
    """What an agent keeps on a machine, in the home folder and in variables of an environment. Starts nothing."""

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with, without secrets; empty if it is not logged in."""
        ...

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return its model for each tier where the settings name none; an empty one: it chooses itself."""
        ...

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a function from a session to the usage that the output leaves out; empty where it cannot be read."""
        ...

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of slash commands of a person or of a project; empty if it has none."""
        ...

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of agents of a person or of a project; empty if it has none."""
        ...

    def agent_text(self, agent: GivenAgent) -> str:
        """Return the file of an agent for that folder; empty if it has none."""
        ...

    @property
    def tools(self) -> ToolSettings | None:
        """How it writes the servers whose tools it uses; None if it uses none."""
        ...

    @property
    def instructions(self) -> str:
        """The file of a repository that tells it how to work there; empty if it reads none."""
        ...

    @property
    def skills(self) -> str:
        """The folder of a repository in which it reads skills; empty if it reads none."""
        ...

    @property
    def agents(self) -> str:
        """The folder of a repository in which it reads agents; empty if it reads none."""
        ...

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return its file that names them, of a person or of a project; empty if it has none."""
        ...
