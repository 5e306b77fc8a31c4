"""Any program as a worker: the prompt on stdin, `MISSION_*` in the environment, usage in the file MISSION_USAGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.agents.command.log import CommandLog
from mission_cli.adapters.agents.command.reader import CommandReader
from mission_cli.adapters.agents.unlisted import UnlistedModels
from mission_cli.ports.agents.agent import Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices


class CommandAgent(UnlistedModels):
    """The adapter for any command in the settings; it costs nothing unless it reports usage."""

    title = "command"
    program = ()
    install = log_in = ""
    bill = Bill.FILE
    access = Access()
    retry_window_s = 0
    takes_agents = False
    resumes = False
    only_boxed = False
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Run the command with the prompt on stdin, byte for byte."""
        return Invocation(tuple(request.command), request.prompt, dict(request.env))

    def reader(self, *, prompt_size: int, prices: Prices) -> CommandReader:
        """Return a reader that keeps the last lines; the cost is in the usage file."""
        del prompt_size, prices
        return CommandReader()

    def log_reader(self) -> CommandLog:
        """Return a reader of the log of one run."""
        return CommandLog()

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return an empty command: a program has no conversation to open."""
        del command, session, tree, project_settings
        return ()


AGENT = CommandAgent()
