"""Claude Code: `claude -p --output-format stream-json`, one JSON event per line.

Observed with version 2.1: only the `result` line has the cost, and its `subtype` may be `success` although `is_error`
is true. Messages in the stream count one output token; the partial `message_delta` has the real count. An unknown model
and a cut-off stream exit with 0. In a resumed conversation, `modelUsage` and the total cost cover the whole
conversation; `model_usage_since_last_result` covers the run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.claude import PROGRAM, agent_of, server
from mission_cli.adapters.agents.claude.log import ClaudeLog
from mission_cli.adapters.agents.claude.reader import ClaudeReader
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.adapters.agents.unlisted import UnlistedModels
from mission_cli.ports.agents.agent import SERVER, TOOL_VARIABLES, Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices

_NEVER = "AskUserQuestion,EnterPlanMode,ScheduleWakeup,CronCreate"
_TOOLS = "Bash,Edit,Write,Read,Glob,Grep,NotebookEdit,Task,WebFetch,WebSearch,TodoWrite,Skill"

_NO_PROJECT = ("--setting-sources", "user", "--strict-mcp-config")


class ClaudeAgent(UnlistedModels):
    """The adapter for Claude Code."""

    title = "Claude Code"
    program = (PROGRAM,)
    install = "npm install --global @anthropic-ai/claude-code"
    log_in = "claude auth login"

    bill = Bill.OWN
    access = Access(
        scratch=(".claude", ".claude.json"),
        write=(".claude/projects/", ".claude/.credentials.json"),
        env=("ANTHROPIC_", "CLAUDE_", "DISABLE_", "AWS_BEDROCK_", "IS_SANDBOX"),
    )
    retry_window_s = 300
    takes_agents = True
    resumes = True
    """Its result line has the cost of the whole conversation, and apart from it what was used since the last result."""
    only_boxed = False
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with permissions that never ask and only the person's own settings."""
        argv = [*request.command, "-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]
        argv += ["--disallowedTools", _NEVER]
        if request.sandboxed:
            argv += ["--permission-mode", "bypassPermissions"]
        else:
            allowed = f"{_TOOLS},mcp__{SERVER}" if request.tools else _TOOLS
            argv += ["--permission-mode", "acceptEdits", "--allowedTools", allowed]
        argv += ["--mcp-config", _servers(request.tools)] if request.tools else []
        argv += ["--agents", json.dumps({one.name: agent_of(one) for one in request.agents})] if request.agents else []
        if not request.project_settings:
            argv += _NO_PROJECT
        argv += ["--model", request.model] if request.model else []
        argv += ["--resume", request.session] if request.session else []
        argv += ["--max-budget-usd", f"{request.max_usd:f}"] if request.max_usd else []
        env = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1"}
        if request.sandboxed:
            env["IS_SANDBOX"] = "1"
        if request.tools:
            env["ENABLE_TOOL_SEARCH"] = "false"  # otherwise the model has to search for them before it can use them
        prompt = f"/{request.slash_command} {request.prompt}" if request.slash_command else request.prompt
        return Invocation(tuple(argv), prompt, {**env, **request.env})

    def reader(self, *, prompt_size: int, prices: Prices) -> ClaudeReader:
        """Return a reader for the events of one run."""
        return ClaudeReader(Ledger(prompt_size=prompt_size, prices=prices))

    def log_reader(self) -> ClaudeLog:
        """Return a reader of the log of one run."""
        return ClaudeLog()

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's conversation, to be started in the tree."""
        del tree
        words = [] if project_settings else list(_NO_PROJECT)
        return (*command, *words, *(["--resume", session] if session else []))


def _servers(command: tuple[str, ...]) -> str:
    """Return the settings of the server of tools; Claude Code replaces `${NAME}` by the variable."""
    variables = {name: f"${{{name}}}" for name in TOOL_VARIABLES}
    return json.dumps({"mcpServers": {SERVER: {**server(command), "env": variables}}})


AGENT = ClaudeAgent()
