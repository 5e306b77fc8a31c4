"""Jobs: processes that run longer than a pulse, with an id, a supervisor and an exit file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.runs.jobs import Job
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.domain.status import JobKind


GIVEN = "/run/mission"
"""Where a sandbox shows the files that a job is given."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The clone in which a job works."""

    commit: str
    """The commit that it checks out."""
    branch: str = ""
    """The branch that is created in it; empty: detached."""
    base_name: str = ""
    """Another branch that it gets, to compare with."""
    name: str = ""
    """Its name, so that consecutive jobs work in the same place; empty: the key of the job."""
    setup: str = ""
    setup_deadline_s: int = 0
    """The deadline of its setup; 0: the same as that of the program."""
    copy: tuple[str, ...] = ()
    continues: str = ""
    """Key of an ended job whose tree a manual attempt continues in, on a new branch; empty or gone: a new tree."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a program uses without having it: a proxy outside the sandbox adds it to requests for one host."""

    name: str
    """The program finds the address to use in the variable NAME_URL."""
    reference: str
    """Where the value is; it is read when the program starts."""
    gate: str
    """Which host it is for, and in which header: `proxy https://api.example.com Authorization: Bearer {}`."""


OURSELVES = "@mission"


@dataclass(frozen=True, slots=True)
class Program:
    """What runs in the tree."""

    argv: tuple[str, ...] = ()
    """Empty: nothing; a person works there. A first word `OURSELVES` is this program, as the machine has it."""
    stdin: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the recorded environment; `env:NAME` and `file:PATH` refer to secrets."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """Variables with a JSON object each, which is merged into the one that the environment has."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Variables that each name a file of the job with this text."""
    own: Mapping[str, str] = field(default_factory=dict)
    """More of them, which the setup of the tree does not get. It does not run while a secret among them is missing."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """References to values that only the program gets, by variable. It does not run while one cannot be read."""
    keys: tuple[Key, ...] = ()
    """Only the program gets the use of them, not the setup of the tree."""
    agent: str = ""
    """The adapter that reads its output while it runs; empty: none."""
    prices: Mapping[str, str] = field(default_factory=dict)
    """Dollars per token by kind, if the agent reports no cost."""
    tests: str = ""
    """Under which name results of tests are kept, to compare those of later runs with; empty: they are not read."""


@dataclass(frozen=True, slots=True)
class Caps:
    """When a job is stopped; 0 or empty: never."""

    deadline_s: int = 0
    max_usd: str = ""
    max_tokens: int = 0
    max_steps: int = 0
    stall_s: int = 0
    """After so many seconds without output and without use of the CPU."""
    limited_s: int = 60
    """When it waits for a rate limit for longer than so many seconds."""


@dataclass(frozen=True, slots=True)
class SandboxAccess:
    """Whether a job runs in the sandbox, if this machine has one, and what it can reach there besides its tree."""

    on: bool = False
    read: tuple[str, ...] = ()
    """What it may read of the home folder."""
    write: tuple[str, ...] = ()
    """What it may change of the home folder."""
    scratch: tuple[str, ...] = ()
    """What it may read of the home folder, and change in a copy that is discarded."""
    env: tuple[str, ...] = ()
    """Prefixes of variables that it gets, besides the usual ones."""
    network: bool | None = None
    """Whether its program has a network; None: as the settings say. Without a sandbox, False keeps it from running."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Files that its program may read and run below `GIVEN`, by name; nothing without a sandbox."""
    only: str = ""
    """The only folder of its tree that its program may change; empty: the whole tree. Its commits are not limited."""


@dataclass(frozen=True, slots=True)
class Service:
    """The server that a program is: it gets a port of its own as MISSION_PORT, and has to listen there."""

    ready_s: int = 0
    """Seconds until it has to listen; 0: the program is no server."""
    health: str = ""
    """A path that also has to answer without an error; empty: listening is enough."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run. `key` identifies the job; submitting it twice starts it once."""

    key: str
    kind: JobKind
    """worker: claimed, uses a worker slot, never started twice. check: may run again.
    plan: never started twice, and its tree is discarded.
    hook: the same, and claimed.
    hand: claimed, without a process: a person works in its tree until `hand_back` or `cancel`.
    preview: claimed, uses no slot, never started twice, and its tree is discarded.
    """
    tree: Tree
    program: Program = field(default_factory=Program)
    caps: Caps = field(default_factory=Caps)
    sandbox: SandboxAccess = field(default_factory=SandboxAccess)
    service: Service = field(default_factory=Service)
    place: str = ""
    """The host on which a worker runs, by its name in the settings; empty: this machine."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the tree of a job."""

    tree: str
    branch: str
    """The branch that is checked out; empty if detached."""
    uncommitted: tuple[str, ...]
    """Changed and new files that are not committed, without ignored ones."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A part of the output of a job."""

    text: str
    next_offset: int
    """Where the next part begins."""
    ended: bool
    """Whether the job has ended, or does not exist; then a part without text is the last one."""


class Executor(Protocol):
    """Starts jobs and reports their state."""

    def submit(self, spec: JobSpec) -> None:
        """Start the job, or adopt what exists under its key. Raises ToolError if that fails."""
        ...

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """Return the state of every key; UNREACHABLE if it could not be found out."""
        ...

    def cancel(self, key: str) -> None:
        """Stop the job and keep its work; a job that is submitted later ends before it starts anything.

        Returns at once; `poll` tells when it has ended. Works without free disk space.
        """
        ...

    def wait(self, key: str) -> None:
        """Wait until the job has no supervisor; return at once if it has none."""
        ...

    def standing(self, key: str) -> Standing | None:
        """Return the state of its tree, or None if it is gone."""
        ...

    def hand_back(self, key: str) -> None:
        """End a manual attempt as done, and save uncommitted work. Does nothing if it has ended already."""
        ...

    def kept_files(self, key: str) -> Mapping[str, bytes]:
        """Return the files that a check has left for its mission, by name; empty if there are none."""
        ...

    def logs(self, key: str, tail: int) -> str:
        """Return the last `tail` characters of its output."""
        ...

    def read_log(self, key: str, offset: int) -> LogPart:
        """Return a part of its output that begins at `offset`.

        Offsets count the bytes of the whole output, from 0. Where a long log has lost its middle, a note stands in its
        place, once. Behind the end there is no text.
        """
        ...

    def tally(self, key: str) -> Tally | None:
        """Return what a running worker or planner has used so far; None before its first event and after its end."""
        ...

    def tree(self, key: str) -> str:
        """Return the path of its tree, links resolved; empty if it cannot be read."""
        ...

    def running(self) -> list[str]:
        """Return the keys of all jobs that have a supervisor now."""
        ...

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Return folders of jobs in which the fast path sees that a job has ended or its supervisor died."""
        ...

    def results(self, keys: Sequence[str]) -> list[str]:
        """Return the files that record how jobs ended."""
        ...
