"""The folder of one local job: what was asked, who holds it, how it ended. Shared by executor and supervisor."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.fs.atomic import read_json, write_json, write_whole
from mission_cli.domain.runs import Exit
from mission_cli.domain.status import EndReason
from mission_cli.ports.executor import JobSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a supervisor needs beside the job itself; recorded when the job is submitted."""

    code: str
    """Common dir of the code repository."""
    checkout: str
    """Main work tree, for files to copy; empty for a bare repository."""
    trees: str
    """Folder in which trees are made."""
    slots: str
    """Folder of the machine's worker slots."""
    slot_count: int
    host: str
    mark: str = ""
    """Stands in the environment of everything that the job starts; no other job of this machine has it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    tick: tuple[str, ...] = ()
    """The command that is run when the job has ended."""
    port_base: int = 41000
    grace_s: float = 5.0


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Names of the files of one job."""

    path: Path

    @property
    def spec(self) -> Path:
        """The request, written first."""
        return self.path / "spec.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor from submission to its end."""
        return self.path / "lock"

    @property
    def claim(self) -> Path:
        """What the claim says; kept so that a retry says the same."""
        return self.path / "claim.json"

    @property
    def started(self) -> Path:
        """Written before the job's process is executed, never twice for a worker."""
        return self.path / "started.json"

    @property
    def exit(self) -> Path:
        """How it ended; when it is there, it is over."""
        return self.path / "exit.json"

    @property
    def cancel(self) -> Path:
        """Asks the supervisor to stop it."""
        return self.path / "cancel"

    @property
    def heartbeat(self) -> Path:
        """Touched while the supervisor lives."""
        return self.path / "heartbeat"

    @property
    def log(self) -> Path:
        """Everything that the job printed."""
        return self.path / "out.log"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor itself had to say."""
        return self.path / "supervisor.log"

    @property
    def stdin(self) -> Path:
        """The prompt."""
        return self.path / "stdin"

    @property
    def usage(self) -> Path:
        """MISSION_USAGE."""
        return self.path / "usage.json"

    def write_request(self, spec: JobSpec, surroundings: Surroundings) -> None:
        """Write what is asked for; readable for its owner only, it holds the environment."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.stdin, spec.stdin.encode("utf-8", "surrogateescape"), mode=0o600)
        facts = asdict(replace(spec, stdin=""))
        write_json(self.spec, {"spec": facts, "surroundings": asdict(surroundings)}, mode=0o600)

    def read_request(self) -> tuple[JobSpec, Surroundings] | None:
        """Read it back; None when it is missing or not whole."""
        raw = read_json(self.spec)
        if not isinstance(raw, dict):
            return None
        spec, around = dict(raw["spec"]), dict(raw["surroundings"])
        spec.update(argv=tuple(spec["argv"]), copy=tuple(spec["copy"]))
        around["tick"] = tuple(around["tick"])
        return JobSpec(**spec), Surroundings(**around)

    def write_exit(self, end: Exit) -> None:
        """Write how it ended, durably."""
        facts = asdict(end)
        facts.pop("usage")
        write_json(self.exit, facts)

    def read_exit(self) -> Exit | None:
        """How it ended, or None."""
        raw: Any = read_json(self.exit)
        if not isinstance(raw, dict):
            return None
        return Exit(**{**raw, "reason": EndReason(raw["reason"])})


def tree_path(trees: Path, key: str) -> Path:
    """Where the tree of a job lies."""
    return trees / key
