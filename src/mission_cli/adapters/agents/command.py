"""Any program as a worker: prompt on stdin, `MISSION_*` in the environment, usage in the file MISSION_USAGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.agents.usage import read_usage
from mission_cli.ports.agents import Invocation, Report

if TYPE_CHECKING:
    from mission_cli.ports.agents import Request

_LAST_WORDS = 2000


class CommandAgent:
    """Runs the command as it stands in the settings; it costs nothing unless it reports."""

    def invocation(self, request: Request) -> Invocation:
        """The command, with the prompt on stdin byte for byte."""
        return Invocation(tuple(request.command), request.prompt, dict(request.env))

    def report(self, output: str, usage_file: str) -> Report:
        """The end of its output, and what it wrote into its usage file."""
        return Report(output[-_LAST_WORDS:].strip(), read_usage(usage_file))
