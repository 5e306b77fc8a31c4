"""The agents that are installed on a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class InstalledAgent:
    """An agent that is known by name, as it was found on this machine."""

    name: str
    title: str
    """Its name for people."""
    program: str
    """The path of its program; empty: it is not on PATH."""
    version: str
    """Empty: not known."""
    account: str
    """What it is logged in with, without secrets; empty: it is not logged in."""
    log_in: str
    """The command that logs a person in."""
    install: str
    """The command that installs it."""

    @property
    def usable(self) -> bool:
        """Whether it can work now."""
        return bool(self.program and self.account)


class AgentFinder(Protocol):
    """Finds out which agents this machine has, from PATH, files and variables. Uses no network."""

    def find(self, *, versions: bool = True) -> Sequence[InstalledAgent]:
        """Return every agent that is known by name, the preferred one first; without `versions` it starts nothing."""
        ...

    def account(self, agent: str, given: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Return what an agent is logged in with, where a runner gives it more variables; empty: not logged in.

        With `environment` instead of this process's.
        """
        ...

    def version(self, program: str) -> str:
        """Return the version of a program, from files or from what it said once; empty: not known."""
        ...


class NoAgents:
    """A machine without agents."""

    def find(self, *, versions: bool = True) -> Sequence[InstalledAgent]:
        """Return nothing."""
        del versions
        return ()

    def account(self, agent: str, given: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Return nothing."""
        del agent, given, environment
        return ""

    def version(self, program: str) -> str:
        """Return nothing."""
        del program
        return ""
