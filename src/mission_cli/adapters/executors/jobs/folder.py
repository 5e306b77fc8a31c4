"""The folder of one local job: its request, its lock and its exit file. Used by executor and supervisor."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import asdict, dataclass, field, replace
from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.adapters.agents.figures import tokens
from mission_cli.adapters.executors.jobs.exit_file import exit_facts, exit_of, plain, usage_of
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json, write_whole
from mission_cli.domain.runs.usage import Tally, Usage
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import Caps, JobSpec, Key, Program, SandboxAccess, Service, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mission_cli.domain.runs.jobs import Exit

LONGEST_ACTION = 80
PLACE = "place.json"
"""The file in the folder of a job that names the host on which it runs."""
_SPEC = "spec.json"
_PARTS = ("tree", "program", "caps", "sandbox")
_LISTS = (
    "of_key_file",
    "tick",
    "keys",
    "withheld",
    "bwrap",
    "proxy",
    "sandbox_read",
    "sandbox_write",
    "secret_exceptions",
)
"""What `Surroundings` has as tuples."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a supervisor needs in addition to the job's specification; recorded when the job is submitted."""

    code: str
    """Common dir of the code repository."""
    checkout: str
    """Main work tree, the source of files to copy; empty for a bare repository."""
    trees: str
    """Folder in which trees are created."""
    slots: str
    """Folder of the machine's worker slots."""
    slot_count: int
    host: str
    unboxed: str
    """Folder that records jobs outside the sandbox."""
    remote: str = ""
    """The remote at which attempts are also claimed; empty: no other clone can start them."""
    clone: str = ""
    """On a host: the clone that drives the job. Claims at the exchange are below its name."""
    mark: str = ""
    """A value in the environment of everything that the job starts; unique among the jobs of this machine."""
    environment: Mapping[str, str] = field(default_factory=dict)
    of_key_file: tuple[str, ...] = ()
    """Names of variables in `environment` that come from the key file: pulses read it themselves."""
    keys: tuple[str, ...] = ()
    """Names of variables that only jobs get whose runner names them."""
    withheld: tuple[str, ...] = ()
    """Names of variables that resources refer to: they are in no file, and no program gets them by these names."""
    bwrap: tuple[str, ...] = ()
    """The sandbox program with the options that confine it; empty: there is no sandbox."""
    network: str = "on"
    sandbox_read: tuple[str, ...] = ()
    """More paths that can be read in the sandbox."""
    secret_exceptions: tuple[str, ...] = ()
    """Patterns of paths in which commits may contain what looks like a secret."""
    largest: int = 0
    """Largest size of a file in a commit, in bytes; 0: any size."""
    sandbox_write: tuple[str, ...] = ()
    proxy: tuple[str, ...] = ()
    """The command that runs the egress proxy of a job."""
    tick: tuple[str, ...] = ()
    """The command to run when the job has ended."""
    port_base: int = 41000
    grace_s: float = 5.0


def specs_below(jobs: Path) -> Iterator[Path]:
    """Yield the requests of all jobs, without looking into their folders. What is removed meanwhile is left out."""
    for place, folders, files in os.walk(jobs):
        if _SPEC in files:
            folders.clear()
            yield jobs / place / _SPEC


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Paths of the files of one job."""

    path: Path

    @property
    def spec(self) -> Path:
        """The request; written first."""
        return self.path / _SPEC

    @property
    def lock(self) -> Path:
        """Held by the supervisor from submission to its end."""
        return self.path / "lock"

    @property
    def claim(self) -> Path:
        """The content of the claim; kept so that a retry writes the same."""
        return self.path / "claim.json"

    @property
    def started(self) -> Path:
        """Written before the job's process is executed; for a worker at most once."""
        return self.path / "started.json"

    @property
    def exit(self) -> Path:
        """How the job ended; exists only when it has ended."""
        return self.path / "exit.json"

    @property
    def cancel(self) -> Path:
        """Its existence asks the supervisor to stop the job."""
        return self.path / "cancel"

    @property
    def by_hand(self) -> Path:
        """Its existence says that a person works on the job, without a supervisor."""
        return self.path / "by-hand"

    @property
    def heartbeat(self) -> Path:
        """Touched regularly while the supervisor lives."""
        return self.path / "heartbeat"

    @property
    def log(self) -> Path:
        """The output of the job."""
        return self.path / "out.log"

    @property
    def supervisor_log(self) -> Path:
        """The output of the supervisor itself."""
        return self.path / "supervisor.log"

    @property
    def stdin(self) -> Path:
        """The prompt."""
        return self.path / "stdin"

    @property
    def usage(self) -> Path:
        """The file MISSION_USAGE, in its own folder: the only folder here that the job may write to."""
        return self.path / "out" / "usage.json"

    @property
    def asked(self) -> Path:
        """The file MISSION_ASK, into which a worker writes its question to a person."""
        return self.usage.parent / "ask.json"

    @property
    def told(self) -> Path:
        """The file MISSION_NOTES, into which a worker writes notes and outcomes while it works."""
        return self.usage.parent / "notes.jsonl"

    @property
    def reports(self) -> Path:
        """The folder MISSION_REPORTS, to which a check may write reports of its tests."""
        return self.usage.parent / "reports"

    @property
    def starts(self) -> Path:
        """One byte for each supervisor that was started for the job."""
        return self.path / "starts"

    @property
    def sandbox_status(self) -> Path:
        """The status that the sandbox reports about its command."""
        return self.path / "sandbox.json"

    @property
    def bill(self) -> Path:
        """The highest cost seen so far; a later report never lowers it."""
        return self.path / "bill.json"

    @property
    def tally(self) -> Path:
        """The same cost, and what the job does now, for people: replaced every few seconds, not synced."""
        return self.path / "tally.json"

    @property
    def serves(self) -> Path:
        """The port of a server; exists once the server listens there."""
        return self.path / "serves.json"

    @property
    def kept(self) -> Path:
        """Files that a check has left for the mission."""
        return self.path / "kept"

    @property
    def requests(self) -> Path:
        """The requests that went through the proxy of the job."""
        return self.path / "requests.log"

    @property
    def copies(self) -> Path:
        """Copies of the person's settings for the duration of the run."""
        return self.path / "copies"

    def write_request(self, spec: JobSpec, surroundings: Surroundings) -> None:
        """Write the request, readable only by its owner because it contains the environment."""
        make_folder(self.path)
        write_whole(self.stdin, spec.program.stdin.encode("utf-8", "surrogateescape"), mode=0o600)
        facts = asdict(replace(spec, program=replace(spec.program, stdin="")))
        shown = {name: value for name, value in surroundings.environment.items() if name not in surroundings.withheld}
        around = asdict(replace(surroundings, environment=shown))
        write_json(self.spec, {"spec": facts, "surroundings": around}, mode=0o600)

    def read_request(self) -> tuple[JobSpec, Surroundings] | None:
        """Read the request; None if it is missing, incomplete or invalid."""
        raw = read_json(self.spec)
        try:
            spec, around = raw["spec"], dict(raw["surroundings"])
            for name in _LISTS:
                around[name] = tuple(around.get(name, ()))
            return spec_of(spec), Surroundings(**around)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def count_start(self) -> int:
        """Record the start of a supervisor; return how many were started, or 0 if one of them has begun the job."""
        if self.started.exists():
            return 0
        with self.starts.open("ab") as out:
            out.write(b".")
            return out.tell()

    def write_exit(self, end: Exit) -> None:
        """Write the exit file durably."""
        write_json(self.exit, exit_facts(end))

    def read_exit(self) -> Exit | None:
        """Read the exit file; None if there is none or it is invalid."""
        return exit_of(read_json(self.exit))

    def write_bill(self, usage: Usage) -> None:
        """Write the highest cost seen so far, durably."""
        write_json(self.bill, plain(asdict(usage)))

    def read_bill(self) -> Usage:
        """Read the highest cost seen so far; empty usage if there is none."""
        try:
            return usage_of(read_json(self.bill))
        except (TypeError, ValueError, AttributeError, ArithmeticError):
            return Usage()

    def write_tally(self, tally: Tally) -> None:
        """Replace the tally, as far as there is room; a reader never sees half of it."""
        with suppress(OSError):
            write_json(self.tally, plain(asdict(tally)), durable=False)

    def read_tally(self) -> Tally | None:
        """Read the tally; None if there is none or it is invalid."""
        raw = read_json(self.tally)
        try:
            used = usage_of(raw)
            last = parse_stamp(str(raw["last_event"]))
            action = one_line(str(raw["action"]), LONGEST_ACTION)
            return Tally(used.usd, used.tokens, tokens(raw["steps"]) or 0, stamp(last) if last else "", action)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            return None

    def write_port(self, port: int) -> None:
        """Record that the server listens on its port."""
        write_json(self.serves, {"port": port})

    def read_port(self) -> int:
        """Return the port on which the server listens; 0 if it does not."""
        raw = read_json(self.serves)
        port = raw.get("port") if isinstance(raw, dict) else None
        return port if isinstance(port, int) else 0

    def forget_environment(self) -> None:
        """Remove what may contain keys, the tally, and the job's usage folder: none is needed after the end."""
        import shutil

        with suppress(OSError):
            self.tally.unlink(missing_ok=True)
        for folder in (self.copies, self.usage.parent):
            shutil.rmtree(folder, ignore_errors=True)
        raw = read_json(self.spec)
        if isinstance(raw, dict):
            raw["surroundings"]["environment"] = {}
            write_json(self.spec, raw, mode=0o600)


def tree_path(trees: Path, key: str) -> Path:
    """Return the path of a job's tree."""
    return trees / key


def spec_of(raw: dict[str, Any]) -> JobSpec:
    """Read a specification from JSON. Raises KeyError, TypeError or ValueError."""
    parts: dict[str, dict[str, Any]] = {
        name: {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
        for name, facts in (*((part, raw[part]) for part in _PARTS), ("service", raw.get("service", {})))
    }
    return JobSpec(
        key=raw["key"],
        kind=JobKind(raw["kind"]),
        tree=Tree(**parts["tree"]),
        program=Program(**{**parts["program"], "keys": tuple(Key(**one) for one in parts["program"].get("keys", ()))}),
        caps=Caps(**parts["caps"]),
        sandbox=SandboxAccess(**parts["sandbox"]),
        service=Service(**parts["service"]),
        place=str(raw.get("place", "")),
    )
