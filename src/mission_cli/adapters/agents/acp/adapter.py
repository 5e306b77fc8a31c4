"""Any agent that speaks ACP: `mission _acp` starts it, gives it the prompt, and prints its messages as events.

It is never the source of cost: the protocol reports none that could be checked, so the cost is unknown, and the
reserve of the attempt stays held, unless a usage file tells it. Nor does it contain anything: an agent that asks for
permission may also not ask. So it runs in the sandbox only.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.acp.log import AcpLog
from mission_cli.adapters.agents.acp.reader import AcpReader
from mission_cli.adapters.agents.unlisted import UnlistedModels
from mission_cli.ports.agents.agent import SERVER, Access, Invocation
from mission_cli.ports.agents.usage import Bill
from mission_cli.ports.executor import OURSELVES

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices


class AcpAgent(UnlistedModels):
    """The adapter for any command in the settings that speaks ACP on its standard input and output."""

    title = "ACP"
    program = ()
    install = log_in = ""
    bill = Bill.TOKENS
    access = Access()
    retry_window_s = 120
    takes_agents = False
    resumes = True
    only_boxed = True
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Run our client, which runs the agent."""
        argv = [OURSELVES, "_acp"]
        argv += ["--model", request.model] if request.model else []
        argv += ["--session", request.session] if request.session else []
        argv += ["--servers", _servers(request.tools)] if request.tools else []
        prompt = f"/{request.slash_command} {request.prompt}" if request.slash_command else request.prompt
        access = _access_of(request.command)
        return Invocation((*argv, "--", *request.command), prompt, dict(request.env), access=access)

    def reader(self, *, prompt_size: int, prices: Prices) -> AcpReader:
        """Return a reader for the events of one run."""
        del prompt_size, prices
        return AcpReader()

    def log_reader(self) -> AcpLog:
        """Return a reader of the log of one run."""
        return AcpLog()

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return nothing: the protocol is for programs."""
        del command, session, tree, project_settings
        return ()


def _access_of(command: tuple[str, ...]) -> Access | None:
    """Return what a program needs that is also known by name: its settings, logins and variables."""
    from mission_cli.adapters.agents import AGENTS, programs

    known = {program: name for name, program in programs().items()}
    name = known.get(os.path.basename(command[0])) if command else None  # noqa: PTH119 - of text, on any machine
    return AGENTS[name].access if name is not None else None


def _servers(command: tuple[str, ...]) -> str:
    """Return the server of tools; the client adds the variables that it needs."""
    return json.dumps([{"name": SERVER, "command": command[0], "args": [*command[1:]]}])


AGENT = AcpAgent()
