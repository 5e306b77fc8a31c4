"""Coding agents as pure translators: a request to a command, output to events, cost and result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.logs import LogReader
    from mission_cli.ports.agents.usage import Bill, Prices, StreamTally


@dataclass(frozen=True, slots=True)
class GivenAgent:
    """An agent that a run may ask. `tools` are names of `domain.agents.drafts.TOOLS`: it gets no others."""

    name: str
    description: str
    prompt: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One run of an agent."""

    prompt: str
    title: str
    model: str
    """The agent's name of the model; empty: the agent's default."""
    command: tuple[str, ...]
    tree: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    sandboxed: bool = False
    session: str = ""
    """Id of a conversation to continue."""
    slash_command: str = ""
    """A command of the agent to run, with the prompt as its argument."""
    project_settings: bool = False
    """Load the repository's own agent settings, hooks and MCP servers."""
    max_usd: Decimal | None = None
    tools: tuple[str, ...] = ()
    """The command of the server with the tools of a worker (MCP); empty: it gets none."""
    agents: tuple[GivenAgent, ...] = ()
    """Agents that it may ask, for this run only; empty for an agent that takes none."""


SERVER = "mission"
"""The name of that server for every agent, and of the server that a person's settings name."""
TOOL_VARIABLES = ("MISSION_ASK", "MISSION_NOTES", "MISSION_SIBLINGS", "MISSION_ID", "MISSION_FEATURE")
"""What that server has to find in its environment."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an agent needs of the home folder: paths relative to it; and of the environment: prefixes of variables.

    A path in `write` that ends with a slash is a folder, which is created if it is missing.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    """Settings that it reads and writes beside; what it writes there is discarded at its end."""
    env: tuple[str, ...] = ()
    first_makes: str = ""
    """A file that its first run in a home creates, and that two first runs at once would corrupt."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The command to start."""

    argv: tuple[str, ...]
    stdin: str
    env: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    """Variables with a JSON object each, which is merged into the one that the environment has."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Variables that each name a file of the job with this text."""
    access: Access | None = None
    """What the command needs, if that is not what its adapter says."""


class Reader(Protocol):
    """Reads the output of one run, line by line, while it runs."""

    def line(self, text: str) -> None:
        """Take one line of standard output."""
        ...

    def note(self, text: str) -> None:
        """Take one line of standard error."""
        ...

    def tally(self) -> StreamTally:
        """Return what the output has reported so far."""
        ...

    def report(self, code: int | None) -> AgentReport:
        """Return how the run went, after it has ended with this exit status."""
        ...


class Agent(Protocol):
    """One agent adapter. No input or output."""

    title: str
    """Its name for people."""
    program: tuple[str, ...]
    """Its command where the settings name none; empty: the settings must name one."""
    install: str
    """The command that installs it."""
    log_in: str
    """The command that logs a person in."""
    access: Access
    bill: Bill
    retry_window_s: int
    """How long it may retry by itself without output; silence below that is never a stall."""
    takes_agents: bool
    """Whether a run can be given agents of its own."""
    resumes: bool
    """Whether a conversation can be continued, with a bill that does not repeat the first one."""
    only_boxed: bool
    """Whether it runs in the sandbox only, because nothing else contains it."""
    majors: tuple[int, ...]
    """The major versions whose tools are known to run below its own process; empty: all of them."""

    def invocation(self, request: Request) -> Invocation:
        """Return the command for a request."""
        ...

    def reader(self, *, prompt_size: int, prices: Prices) -> Reader:
        """Return a reader for the output of one run."""
        ...

    def log_reader(self) -> LogReader:
        """Return a reader that tells, for people, what one run did."""
        ...

    def list_models(self, command: tuple[str, ...]) -> Invocation:
        """Return the command that lists its models without the network; without words if there is none."""
        ...

    def models_in(self, output: str) -> Sequence[str]:
        """Return the names of the models in the output of that command."""
        ...

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return the command with which a person opens the conversation (a new one if `session` is empty), or nothing.

        As for workers, the agent settings, hooks and MCP servers of the tree count only with `project_settings`.
        """
        ...
