"""Gemini CLI: `gemini --output-format stream-json`, one JSON event per line.

Observed with version 0.61: it reads stdin to its end and adds two line ends. Its `result` line has tokens but no cost,
and tokens of thoughts only in the total. In a folder that it does not trust it asks before each use of git, so it has
to trust the tree. Then it would also load the repository's settings, so a file of settings that override all others
switches off hooks, servers, commands that list tools, extensions and context files.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.agents.gemini import ATTEMPTS, PROGRAM, server
from mission_cli.adapters.agents.gemini.log import GeminiLog
from mission_cli.adapters.agents.gemini.reader import GeminiReader
from mission_cli.adapters.agents.stream import Ledger
from mission_cli.adapters.agents.unlisted import UnlistedModels
from mission_cli.ports.agents.agent import SERVER, TOOL_VARIABLES, Access, Invocation
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from mission_cli.ports.agents.agent import Request
    from mission_cli.ports.agents.usage import Prices

_SETTINGS = "GEMINI_CLI_SYSTEM_SETTINGS_PATH"
_NONE = "none"
"""A name that no server, file or command has; an empty list would leave the repository's in force."""
_NO_PROJECT: dict[str, Any] = {
    "hooksConfig": {"enabled": False},
    "skills": {"enabled": False},
    "tools": {"discoveryCommand": "", "callCommand": ""},
    "context": {"fileName": [".mission-none"]},
    "advanced": {"ignoreLocalEnv": True},
}
_QUIET = {"general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False, "maxAttempts": ATTEMPTS}}


class GeminiAgent(UnlistedModels):
    """The adapter for Gemini CLI."""

    title = "Gemini CLI"
    program = (PROGRAM,)
    install = "npm install --global @google/gemini-cli"
    log_in = "gemini"

    bill = Bill.TOKENS
    access = Access(
        scratch=(".gemini",), write=(".gemini/tmp/", ".gemini/oauth_creds.json"), env=("GEMINI_", "GOOGLE_")
    )
    retry_window_s = 120
    takes_agents = False
    resumes = True
    only_boxed = False
    majors: tuple[int, ...] = ()

    def invocation(self, request: Request) -> Invocation:
        """Pass the prompt on stdin, with a mode that never asks and settings that override the repository's."""
        argv = [*request.command, "--output-format", "stream-json", "--approval-mode", "yolo", "--skip-trust"]
        argv += [] if request.project_settings else ["--extensions", _NONE, "--allowed-mcp-server-names", SERVER]
        argv += ["--model", request.model] if request.model else []
        argv += ["--resume", request.session] if request.session else []
        settings = _QUIET if request.project_settings else {**_QUIET, **_NO_PROJECT}
        if request.tools:
            variables = {name: f"${name}" for name in TOOL_VARIABLES}
            settings = {**settings, "mcpServers": {SERVER: {**server(request.tools), "env": variables, "trust": True}}}
        prompt = f"/{request.slash_command} {request.prompt}" if request.slash_command else request.prompt
        files = {_SETTINGS: json.dumps(settings)}
        return Invocation(tuple(argv), prompt, dict(request.env), files=files)

    def reader(self, *, prompt_size: int, prices: Prices) -> GeminiReader:
        """Return a reader for the events of one run."""
        return GeminiReader(Ledger(prompt_size=prompt_size, prices=prices))

    def log_reader(self) -> GeminiLog:
        """Return a reader of the log of one run."""
        return GeminiLog()

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command of the interactive program in the attempt's conversation, to be started in the tree."""
        del tree, project_settings  # it asks before it trusts a folder
        return (*command, *(["--resume", session] if session else []))


AGENT = GeminiAgent()
