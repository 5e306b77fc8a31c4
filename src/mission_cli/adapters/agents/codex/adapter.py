"""Codex: `codex exec --json`, one JSON event per line.

Observed with version 0.169: it reports tokens but no cost, and only at the end of the turn; while it runs, they are in
its rollout file. An item of type `error` may be just a warning. In a resumed thread, usage is cumulative.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.codex import PROGRAM
from mission_cli.adapters.agents.codex.log import CodexLog
from mission_cli.adapters.agents.codex.reader import CodexReader
from mission_cli.adapters.agents.stream import Ledger, as_dict, as_list, parse_line
from mission_cli.ports.agents.agent import SERVER, TOOL_VARIABLES, Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices


class CodexAgent:
    """The adapter for Codex."""

    title = "Codex"
    program = (PROGRAM,)
    install = "npm install --global @openai/codex"
    log_in = "codex login"

    bill = Bill.TOKENS
    access = Access(scratch=(".codex",), write=(".codex/sessions/", ".codex/auth.json"), env=("CODEX_", "OPENAI_"))
    retry_window_s = 120
    takes_agents = False
    resumes = True
    """It reports the usage of the whole thread, and its files say what was used before."""
    only_boxed = False
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin. Codex's own sandbox is off, because it forbids commits."""
        argv = [*request.command, "exec"]
        argv += ["resume", request.session] if request.session else []
        argv += ["--json", "--skip-git-repo-check", "-c", 'approval_policy="never"']
        if request.sandboxed:
            argv += ["--dangerously-bypass-approvals-and-sandbox"]
        else:
            argv += ["-c", 'sandbox_mode="danger-full-access"']  # `exec resume` has no --sandbox
        argv += [] if request.project_settings else ["--ignore-rules"]
        for setting in _server(request.tools) if request.tools else ():
            argv += ["-c", setting]
        argv += ["--model", request.model] if request.model else []
        env = {"CODEX_SQLITE_HOME": "/tmp"} if request.sandboxed else {}  # noqa: S108 - a folder of the sandbox's own
        return Invocation((*argv, "-"), request.prompt, {**env, **request.env})

    def reader(self, *, prompt_size: int, prices: Prices) -> CodexReader:
        """Return a reader for the events of one run."""
        return CodexReader(Ledger(prompt_size=prompt_size, prices=prices))

    def log_reader(self) -> CodexLog:
        """Return a reader of the log of one run."""
        return CodexLog()

    def list_models(self, command: tuple[str, ...]) -> Invocation:
        """Return the command that prints the models."""
        return Invocation((*command, "debug", "models"), "")

    def models_in(self, output: str) -> list[str]:
        """Return the models of the JSON."""
        return [str(as_dict(model).get("slug")) for model in as_list(parse_line(output.strip()).get("models"))]

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's thread."""
        del project_settings  # Codex asks before it trusts a folder
        return (*command, *(["resume", session] if session else []), "-C", tree)


def _server(command: tuple[str, ...]) -> Iterator[str]:
    """Yield the settings of the server of tools; a list or text of JSON is one of TOML, too."""
    for name, value in (("command", command[0]), ("args", [*command[1:]]), ("env_vars", [*TOOL_VARIABLES])):
        yield f"mcp_servers.{SERVER}.{name}={json.dumps(value, ensure_ascii=False)}"


AGENT = CodexAgent()
