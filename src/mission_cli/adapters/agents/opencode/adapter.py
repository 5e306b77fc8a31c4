"""opencode: `opencode run --format json`, one JSON event per line.

Observed with version 1.18: it reads stdin to its end. It exits with 0 even after an empty or truncated answer, a
rejected permission or an unknown agent. A cut-off stream ends a step with the reason `unknown` and no tokens, and the
next one begins at once, endlessly. It waits for a `retry-after` of hours without an event; only its log shows the
error. Usage of subagents is not in the stream, but at once in the session table of its database. With `--command` it
runs each !`…` in the text in a shell, even in the text passed to the command.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.agents.opencode import KEYS, PROGRAM, agent_of, server
from mission_cli.adapters.agents.opencode.log import OpencodeLog
from mission_cli.adapters.agents.opencode.reader import OpencodeReader
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.ports.agents.agent import SERVER, Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices

_ALLOW_ALL = {"*": "allow", "question": "deny", "doom_loop": "deny"}
_NO_PROJECT = {"OPENCODE_DISABLE_PROJECT_CONFIG": "1", "OPENCODE_DISABLE_CLAUDE_CODE": "1"}
_OUTSIDE_DENIED = {**_ALLOW_ALL, "external_directory": "deny"}


class OpencodeAgent:
    """The adapter for opencode."""

    title = "opencode"
    program = (PROGRAM,)
    install = "npm install --global opencode-ai"
    log_in = "opencode auth login"

    bill = Bill.OWN
    access = Access(
        scratch=(".config/opencode",),
        write=(".local/share/opencode/", ".local/state/opencode/", ".cache/opencode/"),
        env=("OPENCODE_", *KEYS),
        first_makes=".local/share/opencode/opencode.db",
    )
    retry_window_s = 120
    takes_agents = True
    resumes = True
    only_boxed = False
    majors: tuple[int, ...] = (1,)
    """From version 2 on, a server in the background may own the tools, outside of the sandbox."""

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with permissions that never ask and without the repository's agent settings."""
        argv = [*request.command, "run", "--format", "json", "--title", one_line(request.title, 80)]
        argv += ["--dir", request.tree] if request.tree else []
        argv += ["--model", request.model] if request.model else []
        argv += ["--session", request.session] if request.session else []
        argv += ["--command", request.slash_command] if request.slash_command else []
        permission = _ALLOW_ALL if request.sandboxed else _OUTSIDE_DENIED
        env = {
            "OPENCODE_PERMISSION": json.dumps(permission),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_TERMINAL_TITLE": "1",
            "OPENCODE_PRINT_LOGS": "1",
            "OPENCODE_LOG_LEVEL": "ERROR",
        }
        if not request.project_settings:
            env |= _NO_PROJECT
        prompt = request.prompt.replace("!`", "! `") if request.slash_command else request.prompt
        more = {"mcp": {SERVER: server(request.tools)}} if request.tools else {}
        more |= {"agent": {one.name: agent_of(one) for one in request.agents}} if request.agents else {}
        merged = {"OPENCODE_CONFIG_CONTENT": json.dumps(more)} if more else {}
        return Invocation(tuple(argv), prompt, {**env, **request.env}, merged)

    def reader(self, *, prompt_size: int, prices: Prices) -> OpencodeReader:
        """Return a reader for the events of one run."""
        return OpencodeReader(Ledger(prompt_size=prompt_size, prices=prices))

    def log_reader(self) -> OpencodeLog:
        """Return a reader of the log of one run."""
        return OpencodeLog()

    def list_models(self, command: tuple[str, ...]) -> Invocation:
        """Return the command that lists the models of the providers it is logged in to."""
        return Invocation((*command, "models"), "", {"OPENCODE_DISABLE_MODELS_FETCH": "1", **_NO_PROJECT})

    def models_in(self, output: str) -> list[str]:
        """Return the models, one a line."""
        return [line.strip() for line in output.splitlines() if "/" in line]

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's tree and conversation."""
        quiet = () if project_settings else ("env", *(f"{name}={value}" for name, value in _NO_PROJECT.items()))
        return (*quiet, *command, tree, *(["--session", session] if session else []))


AGENT = OpencodeAgent()
