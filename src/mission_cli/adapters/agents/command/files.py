"""A program of which nothing is known: no login, no models, no slash commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.ports.agents.agent import GivenAgent


class CommandFiles:
    """Knows of no files."""

    tools = None
    skills, agents = "", ""
    instructions = ""

    def account(self, environment: Mapping[str, str]) -> str:
        """Return nothing: a program of any kind needs no login that is known here."""
        del environment
        return ""

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return nothing: it gets the tier itself, in MISSION_MODEL."""
        del environment
        return {}

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe that finds nothing: a program reports its cost in the usage file."""
        del environment
        return lambda session: Unreported()  # noqa: ARG005 - nothing depends on the session

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: it has no slash commands."""
        del environment, project
        return ""

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: it has no files of agents that are known here."""
        del environment, project
        return ""

    def agent_text(self, agent: GivenAgent) -> str:
        """Return nothing."""
        del agent
        return ""

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return nothing: it has no settings that are known here."""
        del environment, project
        return ""


FILES = CommandFiles()
