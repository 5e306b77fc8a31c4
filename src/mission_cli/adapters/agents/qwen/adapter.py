"""Qwen Code: `qwen --output-format stream-json`, one JSON event per line.

Observed with version 0.24: it reads stdin to its end and adds two line ends. `--safe-mode` keeps out settings, hooks,
extensions, context files and servers of the repository, but starts the servers of `--mcp-config`. It reports tokens
but no cost; input includes cached tokens. It repeats a request up to four times, and only the `result` line has the
tokens of all of them. It waits for a `retry-after` of hours without an event; only its debug log tells it. A stream
that is cut has no usage at all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.qwen import PROGRAM, server
from mission_cli.adapters.agents.qwen.log import QwenLog
from mission_cli.adapters.agents.qwen.reader import QwenReader
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.adapters.agents.unlisted import UnlistedModels
from mission_cli.ports.agents.agent import SERVER, Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices

_NEVER = ("ask_user_question", "cron_create", "loop_wakeup", "enter_worktree")
_SHELL = "run_shell_command"


class QwenAgent(UnlistedModels):
    """The adapter for Qwen Code."""

    title = "Qwen Code"
    program = (PROGRAM,)
    install = "npm install --global @qwen-code/qwen-code"
    log_in = "qwen"

    bill = Bill.TOKENS
    access = Access(
        scratch=(".qwen",),
        write=(".qwen/projects/", ".qwen/debug/"),
        env=("QWEN_", "OPENAI_", "DASHSCOPE_", "ANTHROPIC_", "GEMINI_", "GOOGLE_"),
    )
    retry_window_s = 120
    takes_agents = False
    resumes = True
    only_boxed = False
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with a mode that never asks and without the repository's agent settings."""
        argv = [*request.command, "--output-format", "stream-json"]
        for tool in _NEVER:
            argv += ["--exclude-tools", tool]
        mode = ["yolo"] if request.sandboxed else ["auto-edit", "--allowed-tools", _SHELL]
        argv += ["--approval-mode", *mode]
        argv += [] if request.project_settings else ["--safe-mode"]
        argv += ["--mcp-config", json.dumps({"mcpServers": {SERVER: server(request.tools)}})] if request.tools else []
        argv += ["--model", request.model] if request.model else []
        argv += ["--resume", request.session] if request.session else []
        env = {"QWEN_CODE_SUPPRESS_YOLO_WARNING": "1", "QWEN_DEBUG_LOG_FILE": "1"}
        prompt = f"/{request.slash_command} {request.prompt}" if request.slash_command else request.prompt
        return Invocation(tuple(argv), prompt, {**env, **request.env})

    def reader(self, *, prompt_size: int, prices: Prices) -> QwenReader:
        """Return a reader for the events of one run."""
        return QwenReader(Ledger(prompt_size=prompt_size, prices=prices), prices)

    def log_reader(self) -> QwenLog:
        """Return a reader of the log of one run."""
        return QwenLog()

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's conversation, to be started in the tree."""
        del tree
        words = () if project_settings else ("--safe-mode",)
        return (*command, *words, *(["--resume", session] if session else []))


AGENT = QwenAgent()
