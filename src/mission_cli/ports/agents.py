"""Coding agents as pure translators: a request to a command, output to events, cost and result."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.domain.runs import AgentReport

_LONGEST_ARGUMENTS, _LONGEST_ERROR = 160, 400


class Bill(StrEnum):
    """How the cost of an agent is found."""

    OWN = "own"
    """It reports dollars."""
    TOKENS = "tokens"
    """It reports tokens, which cost their list prices."""
    FILE = "file"
    """It costs only what it writes into the file MISSION_USAGE."""


KINDS_OF_PRICE = ("input", "output", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per token by kind (input, output, cache_read, cache_write); empty if unknown."""

    per_token: Mapping[str, Decimal] = field(default_factory=dict)
    table: str = ""
    """The day of the table that they are from, or `settings`; empty if unknown."""

    def cost(self, tokens: Mapping[str, int]) -> Decimal | None:
        """Return the cost of tokens by kind; None without prices. Reasoning costs as much as output."""
        if not self.per_token:
            return None
        output = self.per_token.get("output", Decimal(0))
        rates = {"reasoning": output, **self.per_token}
        return sum((rates.get(kind, Decimal(0)) * count for kind, count in tokens.items()), Decimal(0))


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


@dataclass(frozen=True, slots=True)
class StreamTally:
    """What the output of a run has reported so far."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal | None = Decimal(0)
    cut_in_a_row: int = 0
    """Consecutive steps whose stream broke off, without a complete step since."""
    estimated: Mapping[str, int] = field(default_factory=dict)
    """The part of `tokens` that is an estimate: what broken steps must have cost."""
    limited: str = ""
    """What the agent reported about a rate limit that it is waiting for; empty: none."""
    reset_at: str = ""
    """When that limit ends, ISO 8601, if reported."""
    open_step: bool = False
    """Whether a step has begun and is not over."""
    action: str = ""
    """The tool that it uses or used last, with what it is used on, as the agent wrote it; empty: not known."""


@dataclass(frozen=True, slots=True)
class Unreported:
    """Usage of a run that its output does not report. `sessions` counts subagents."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    sessions: int = 0
    before: Mapping[str, int] = field(default_factory=dict)
    """The part of `tokens` that was used before this run."""
    whole: bool = False
    """Whether it is the usage of the whole conversation, with what the output reports; else it is added to that."""
    limited: str = ""
    """What it says about a rate limit that the agent is waiting for without an event; empty: none."""
    reset_at: str = ""
    """When that limit ends, ISO 8601, if it says so."""


@dataclass(frozen=True, slots=True)
class InstalledAgent:
    """An agent that is known by name, as it was found on this machine."""

    name: str
    title: str
    """Its name for people."""
    program: str
    """The path of its program; empty: it is not on PATH."""
    version: str
    """Empty: not known."""
    account: str
    """What it is logged in with, without secrets; empty: it is not logged in."""
    log_in: str
    """The command that logs a person in."""
    install: str
    """The command that installs it."""

    @property
    def usable(self) -> bool:
        """Whether it can work now."""
        return bool(self.program and self.account)


class AgentFinder(Protocol):
    """Finds out which agents this machine has, from PATH, files and variables. Uses no network."""

    def find(self, *, versions: bool = True) -> Sequence[InstalledAgent]:
        """Return every agent that is known by name, the preferred one first; without `versions` it starts nothing."""
        ...

    def account(self, agent: str, given: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Return what an agent is logged in with, where a runner gives it more variables; empty: not logged in.

        With `environment` instead of this process's.
        """
        ...

    def version(self, program: str) -> str:
        """Return the version of a program, from files or from what it said once; empty: not known."""
        ...


class NoAgents:
    """A machine without agents."""

    def find(self, *, versions: bool = True) -> Sequence[InstalledAgent]:
        """Return nothing."""
        del versions
        return ()

    def account(self, agent: str, given: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        """Return nothing."""
        del agent, given, environment
        return ""

    def version(self, program: str) -> str:
        """Return nothing."""
        del program
        return ""


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


class LogKind(StrEnum):
    """What an entry of an agent's log is."""

    TEXT = "text"
    """What the model said."""
    TOOL = "tool"
    """A tool that it uses."""
    EDIT = "edit"
    """A file that it changed; `text` is its path."""
    RESULT = "result"
    """What a tool answered."""
    ERROR = "error"
    STEP = "step"
    """The end of a request to the model."""
    OTHER = "other"
    """A line that is not an event."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that an agent did, read from its output."""

    kind: LogKind
    text: str = ""
    """What was said or answered; of a tool what it is used on."""
    tool: str = ""
    """The name of the tool, as the agent writes it."""
    failed: bool = False
    """Whether a result is that of a tool that failed."""
    added: int = 0
    """Lines that an edit added, and those that it removed; both 0: not known."""
    removed: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    """What a step used, by kind."""
    usd: Decimal | None = None
    """What a step cost, in dollars; None: not known."""
    listed: bool = False
    """Whether the cost was computed from list prices, because the agent does not report it."""
    model: str = ""
    """The model of a step, if the agent says it."""

    def __str__(self) -> str:
        """Return it as plain text; empty for a step, and for a result that is not a failure."""
        match self.kind:
            case LogKind.TOOL:
                return f"● {self.tool} {one_line(self.text, _LONGEST_ARGUMENTS)}".rstrip()
            case LogKind.EDIT:
                return f"✎ {one_line(self.text, _LONGEST_ARGUMENTS)}{self.changed}"
            case LogKind.RESULT:
                return f"✗ {one_line(self.text, _LONGEST_ARGUMENTS)}" if self.failed else ""
            case LogKind.ERROR:
                return f"error: {one_line(self.text, _LONGEST_ERROR)}"
        return "" if self.kind is LogKind.STEP else self.text

    @property
    def changed(self) -> str:
        """Return the numbers of lines that an edit added and removed, as ` +12` and so on; empty if not known."""
        added, removed = f" +{self.added}" if self.added else "", f" −{self.removed}" if self.removed else ""  # noqa: RUF001 - a minus sign
        return added + removed


class LogReader(Protocol):
    """Reads the log of one run, in which both outputs are mixed."""

    def line(self, text: str) -> Sequence[LogEntry]:
        """Return what a line tells; nothing for one that tells people nothing."""
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


class ToolSettings(Protocol):
    """How an agent writes the servers whose tools it uses (MCP). Methods raise ValueError for unreadable texts."""

    def entry(self, text: str) -> object:
        """Return what its settings say about our server; None if nothing."""
        ...

    def names(self, text: str) -> Sequence[str]:
        """Return the names of all servers in its settings; none if they cannot be read. Never raises."""
        ...

    def wanted(self, command: Sequence[str]) -> object:
        """Return what they say about a server that this command starts."""
        ...

    def with_server(self, text: str, command: Sequence[str]) -> str:
        """Return the settings with our server; everything else stays as it was written."""
        ...

    def without_server(self, text: str) -> str:
        """Return the settings without our server; everything else stays as it was written."""
        ...


class AgentFiles(Protocol):
    """What an agent keeps on a machine, in the home folder and in variables of an environment. Starts nothing."""

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with, without secrets; empty if it is not logged in."""
        ...

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return its model for each tier where the settings name none; an empty one: it chooses itself."""
        ...

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a function from a session to the usage that the output leaves out; empty where it cannot be read."""
        ...

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of slash commands of a person or of a project; empty if it has none."""
        ...

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of agents of a person or of a project; empty if it has none."""
        ...

    def agent_text(self, agent: GivenAgent) -> str:
        """Return the file of an agent for that folder; empty if it has none."""
        ...

    @property
    def tools(self) -> ToolSettings | None:
        """How it writes the servers whose tools it uses; None if it uses none."""
        ...

    @property
    def instructions(self) -> str:
        """The file of a repository that tells it how to work there; empty if it reads none."""
        ...

    @property
    def skills(self) -> str:
        """The folder of a repository in which it reads skills; empty if it reads none."""
        ...

    @property
    def agents(self) -> str:
        """The folder of a repository in which it reads agents; empty if it reads none."""
        ...

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return its file that names them, of a person or of a project; empty if it has none."""
        ...
