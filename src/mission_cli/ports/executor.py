"""Jobs: things that run for longer than a tick, with an id, a supervisor and an exit file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.runs import Job
    from mission_cli.domain.status import JobKind


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run. `key` is its one name; submitting it twice starts it once."""

    key: str
    kind: JobKind
    """worker: claimed, counted among the machine's slots, never started twice; check: may be run again;
    plan: never started twice, and nothing that it leaves in its tree is kept;
    hand: claimed, no process of ours: a person works in its tree until `hand_back` or `cancel`."""
    argv: tuple[str, ...]
    commit: str
    """What its tree is checked out at."""
    branch: str = ""
    """Branch that is made in its tree; empty: detached."""
    base_name: str = ""
    """Another branch that its tree shall know, to compare with."""
    tree: str = ""
    """Name of its tree, where jobs that follow each other shall find the same place; empty: its key."""
    stdin: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the recorded environment."""
    setup: str = ""
    copy: tuple[str, ...] = ()
    deadline_s: int = 0
    setup_deadline_s: int = 0
    """For its setup; 0: the same as `deadline_s`."""
    agent: str = ""
    """Adapter that reads its output while it runs; empty: nobody does."""
    probe: str = ""
    """How to see what the agent does not say in its output."""
    prices: Mapping[str, str] = field(default_factory=dict)
    """Dollars per token by kind, where the agent says no cost."""
    max_usd: str = ""
    """Stop when the usage is above; empty: no such cap."""
    max_tokens: int = 0
    max_steps: int = 0
    stall_s: int = 0
    """Stop after so many seconds without a sign and without use of the CPU; 0: never."""
    limited_s: int = 60
    """Stop an agent that waits by itself for a rate limit for longer than this."""
    sandbox: bool = False
    """Run inside of the sandbox, where this machine has one."""
    read: tuple[str, ...] = ()
    """Of the person's home, what it may read inside of the sandbox."""
    write: tuple[str, ...] = ()
    """Of the person's home, what it may change there."""
    scratch: tuple[str, ...] = ()
    """Of the person's home, what it may read, and change in a copy that is thrown away."""
    pass_env: tuple[str, ...] = ()
    """Prefixes of variables that it is given there, beside the usual ones."""
    continues: str = ""
    """Key of an ended job whose tree a job by hand goes on in, on a new branch; empty or gone: a fresh one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tree of a job stands."""

    tree: str
    branch: str
    """What is checked out; empty when it is detached."""
    uncommitted: tuple[str, ...]
    """Files that are changed or new and not committed; ignored ones don't count."""


class Executor(Protocol):
    """Starts jobs and knows what became of them."""

    def submit(self, spec: JobSpec) -> None:
        """Start the job, or adopt what exists under its key. Raises ToolError when it cannot be done."""
        ...

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """An answer for every key; UNREACHABLE where it could not be found out."""
        ...

    def cancel(self, key: str) -> None:
        """Stop the job, keep what it has done; one that is submitted later ends before it starts anything.

        Returns at once; `poll` tells when it has ended. Needs no room on the disk.
        """
        ...

    def wait(self, key: str) -> None:
        """Return when nobody looks after the job any more; at once when nobody does."""
        ...

    def standing(self, key: str) -> Standing | None:
        """How its tree stands, or None when it is gone."""
        ...

    def hand_back(self, key: str) -> None:
        """End a job by hand as done; what is not committed is saved. Nothing when it has ended already."""
        ...

    def logs(self, key: str, tail: int) -> str:
        """The last `tail` characters of its output."""
        ...

    def tree(self, key: str) -> str:
        """Where the job works, links resolved, or empty when that cannot be looked into."""
        ...

    def running(self) -> list[str]:
        """Keys of all jobs that somebody looks after now."""
        ...

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Folders of jobs; the fast path sees in them that a job has ended or its keeper died."""
        ...

    def results(self, keys: Sequence[str]) -> list[str]:
        """Files that say how jobs have ended."""
        ...
