"""Coding agents as pure translators: request to command, output lines to what happened, what it cost, how it ended."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.runs import AgentReport


class Bill(StrEnum):
    """How it comes to light what an agent costs."""

    OWN = "own"
    """It says dollars itself."""
    TOKENS = "tokens"
    """It says tokens, and they are paid by list prices."""
    FILE = "file"
    """It costs nothing but what it writes into the file MISSION_USAGE."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per token by kind (input, output, cache_read, cache_write); empty where nobody knows."""

    per_token: Mapping[str, Decimal] = field(default_factory=dict)

    def cost(self, tokens: Mapping[str, int]) -> Decimal | None:
        """The cost of tokens by kind; None without prices. Reasoning is paid like output."""
        if not self.per_token:
            return None
        output = self.per_token.get("output", Decimal(0))
        rates = {"reasoning": output, **self.per_token}
        return sum((rates.get(kind, Decimal(0)) * count for kind, count in tokens.items()), Decimal(0))


@dataclass(frozen=True, slots=True)
class Request:
    """One run of an agent."""

    prompt: str
    title: str
    model: str
    """As the agent calls it; empty: its own default."""
    command: tuple[str, ...]
    tree: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    sandboxed: bool = False
    session: str = ""
    """A conversation to go on with."""
    slash_command: str = ""
    """Run this command of the agent's, with the prompt as its argument."""
    project_settings: bool = False
    """Load the repository's own agent settings, hooks and MCP servers."""
    max_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """What to start."""

    argv: tuple[str, ...]
    stdin: str
    env: Mapping[str, str] = field(default_factory=dict)
    probe: str = ""
    """Name of a look at what the agent does not say in its output (`executors.probes`)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a run stands."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal | None = Decimal(0)
    cut_in_a_row: int = 0
    """Steps whose stream broke off, without one that ended well since."""
    estimated: Mapping[str, int] = field(default_factory=dict)
    """Those of `tokens` that nobody counted: what broken steps must have cost."""
    limited: str = ""
    """The agent waits by itself for a rate limit to end, and has said nothing since: the words for it."""
    reset_at: str = ""
    """When that limit ends, ISO 8601, if it was told."""
    open_step: bool = False
    """A step was seen to begin, and is not over."""


@dataclass(frozen=True, slots=True)
class Access:
    """What of the person's home an agent needs: paths relative to it, and variables by prefix.

    A path of `write` that ends with a slash is a folder that is made where it is missing.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    """Settings that it reads and wants to write beside: what it writes there is gone when it ends."""
    env: tuple[str, ...] = ()
    first_makes: str = ""
    """A file that its first run in a home makes, and that two first runs at the same time trip over."""


class Reader(Protocol):
    """Reads the output of one run, line by line, while it runs."""

    def line(self, text: str) -> None:
        """Take one line of standard output."""
        ...

    def note(self, text: str) -> None:
        """Take one line of standard error."""
        ...

    def tally(self) -> Tally:
        """Where the run stands."""
        ...

    def report(self, code: int | None) -> AgentReport:
        """How the run went, now that it has ended with this exit status."""
        ...


class Agent(Protocol):
    """One agent adapter. No input or output."""

    access: Access
    bill: Bill
    retry_window_s: int
    """For how long it may retry by itself without a sign; silence below that is never a stall."""
    resumes: bool
    """A conversation can be gone on with, and the second bill does not repeat the first one."""

    def invocation(self, request: Request) -> Invocation:
        """The command for a request."""
        ...

    def reader(self, *, prompt_size: int, prices: Prices) -> Reader:
        """What reads the output of one run."""
        ...

    def describe(self, line: str) -> str:
        """One line of output as people want to read it; empty to leave it out."""
        ...

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """The command with which a person steps into the conversation (`session` empty: begins one); may be empty.

        As for workers the tree's own agent settings, hooks and MCP servers count only with `project_settings`.
        """
        ...
