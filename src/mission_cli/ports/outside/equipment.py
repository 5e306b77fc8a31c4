"""What this machine has for agents: where they read skills and agents, their servers of tools, own playbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Equipment(Protocol):
    """Names only, never values: configurations contain keys. What cannot be read counts as missing."""

    def documents(self) -> Sequence[str]:
        """Return the files of a repository that tell agents how to work in it."""
        ...

    def skill_folders(self) -> Sequence[str]:
        """Return the folders of a repository in which agents read skills."""
        ...

    def agent_folders(self) -> Sequence[str]:
        """Return the folders of a repository in which agents read agents."""
        ...

    def servers(self, agent: str) -> Sequence[str]:
        """Return the names of the servers of tools that the person's configuration gives an agent."""
        ...

    def servers_file(self, agent: str) -> str:
        """Return the path of the file of a repository that names more; empty if there is none."""
        ...

    def servers_in(self, agent: str, text: str) -> Sequence[str]:
        """Return the names in the text of such a file."""
        ...

    def playbooks(self) -> Sequence[str]:
        """Return the names of the person's own playbooks."""
        ...


class NoEquipment:
    """A machine of which nothing is known."""

    def documents(self) -> Sequence[str]:
        """Return none."""
        return ()

    def skill_folders(self) -> Sequence[str]:
        """Return none."""
        return ()

    def agent_folders(self) -> Sequence[str]:
        """Return none."""
        return ()

    def servers(self, agent: str) -> Sequence[str]:
        """Return none."""
        del agent
        return ()

    def servers_file(self, agent: str) -> str:
        """Return none."""
        del agent
        return ""

    def servers_in(self, agent: str, text: str) -> Sequence[str]:
        """Return none."""
        del agent, text
        return ()

    def playbooks(self) -> Sequence[str]:
        """Return none."""
        return ()
