"""What every stage of supervising a job uses: its folder, its clock, and whether it has to stop."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.executors.jobs.folder import (
    JobFolder,
    Surroundings,
    tree_path,
)
from mission_cli.adapters.executors.jobs.tree_lock import TreeLock
from mission_cli.adapters.executors.supervise.first_run import FirstRun
from mission_cli.adapters.executors.supervise.job_environment import (
    environment_of,
    has_network,
    is_boxed,
    port_of,
)
from mission_cli.adapters.executors.supervise.watch import (
    Stop,
)
from mission_cli.adapters.fs.atomic import read_json
from mission_cli.adapters.fs.locks import is_same_file
from mission_cli.adapters.proc.run import start_detached
from mission_cli.adapters.proc.wakeup import Bell
from mission_cli.domain.errors import MissionError
from mission_cli.domain.notice import do
from mission_cli.domain.paths import STOP_FILE
from mission_cli.domain.status import EndReason, JobKind
from mission_cli.fastpath import KICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.adapters.executors.jobs.port_lease import Lease
    from mission_cli.adapters.executors.supervise.egress import Egress
    from mission_cli.adapters.executors.supervise.job_costs import Account
    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.ports.executor import JobSpec

FOLDER_GONE = "the folder of its job was removed while it was running"
_SPENDS = frozenset({EndReason.OVER_BUDGET, EndReason.TOO_MANY_STEPS, EndReason.CUT})
_SPENDER_GRACE = 0.2
"""Seconds that a run gets to end by itself if every further step would exceed a cap."""
_STOP_GRACE = 2.0
"""Seconds to end when everything is stopped."""
_SIGNALLED = 128


class AtWork:
    """One job that is being supervised."""

    def __init__(self, job: JobFolder, lock: int, spec: JobSpec, around: Surroundings) -> None:
        self._job, self._lock, self._spec, self._around = job, lock, spec, around
        self._code = Path(around.code)
        self._tree = tree_path(Path(around.trees), spec.tree.name or spec.key)
        self._tree_lock = TreeLock(self._tree)
        self._began = ""
        self._since = 0
        """The moment before the check began, see `test_reports`."""
        self._clock = time.monotonic()
        self._slot: int | None = None
        self._slot_number = 0
        self._port: Lease | None = None
        self._egress: Egress | None = None
        self._missing: tuple[str, ...] = ()
        self._bell = Bell()
        self._first = FirstRun(AGENTS.get(spec.program.agent), around)

    @cached_property
    def _rules(self) -> SecretRules:
        """What must not be in a commit, a log or a report."""
        from mission_cli.adapters.secrets.screen import SecretRules

        return SecretRules(self._known)

    @cached_property
    def _rules_of_output(self) -> SecretRules:
        """The same with the addresses of the proxy, which are of no use once the job has ended."""
        if self._egress is None:
            return self._rules
        from mission_cli.adapters.secrets.screen import SecretRules

        return SecretRules({**self._known, **self._egress.tokens})

    @cached_property
    def _known(self) -> dict[str, str]:
        from mission_cli.adapters.secrets.screen import known_secrets

        known = known_secrets(self._around.environment, self._spec.program.env, self._spec.program.own)
        own = {os.environ[name]: name for name in self._around.withheld if os.environ.get(name)}
        read = {value: name for values in self._values[:2] for name, value in values.items()}
        return {**known, **own, **read}

    @cached_property
    def _values(self) -> tuple[dict[str, str], dict[str, str], str]:
        """The secrets of the program, by variable, and the keys of its proxy, by name; and why one cannot be read."""
        program = self._spec.program
        if not (program.secrets or program.keys):
            return {}, {}, ""
        from mission_cli.adapters.executors.supervise.values import read_values

        try:
            keys = {key.name: key.reference for key in program.keys}
            return read_values(program.secrets, self._around), read_values(keys, self._around), ""
        except MissionError as error:
            return {}, {}, error.message

    @property
    def _worker(self) -> bool:
        return self._spec.kind is JobKind.WORKER

    @property
    def _once(self) -> bool:
        return self._spec.kind in {JobKind.WORKER, JobKind.PLAN, JobKind.REVIEW, JobKind.PREVIEW, JobKind.HOOK}

    def _account(self) -> Account:
        from mission_cli.adapters.executors.supervise.job_costs import Account

        return Account(self._job, self._spec, self._environment(), self._rules_of_output)

    def _code_of(self, code: int) -> int:
        """Return an exit status. The sandbox turns death by a signal into 128 plus its number."""
        boxed = is_boxed(self._spec, self._around)
        return _SIGNALLED - code if boxed and _SIGNALLED < code < _SIGNALLED + signal.NSIG else code

    def _grace(self, reason: EndReason) -> float:
        """Return how many seconds the job gets to end by itself."""
        if reason in _SPENDS:
            return _SPENDER_GRACE
        return min(_STOP_GRACE, self._around.grace_s) if self._all_stopped() else self._around.grace_s

    def _check_stop(self) -> None:
        if self._job.cancel.exists():
            raise Stop(EndReason.CANCELLED)
        if self._all_stopped():
            raise Stop(EndReason.CANCELLED, f"everything was stopped: {do('stop', '--all')}")
        if self._bell.terminated:
            raise Stop(EndReason.EXIT, "the supervisor received SIGTERM", -int(signal.SIGTERM))

    def _all_stopped(self) -> bool:
        return (self._code / "mission" / STOP_FILE).exists()

    def _lease_port(self) -> None:
        if self._spec.service.ready_s:
            from mission_cli.adapters.executors.jobs.port_lease import lease_port

            self._port = lease_port(Path(self._around.slots), self._spec.key)

    def _open_egress(self) -> None:
        """Start the proxy that adds the keys of the program."""
        if self._spec.program.keys:
            from mission_cli.adapters.executors.supervise.egress import Egress

            inside = not has_network(self._spec, self._around)
            self._egress = Egress(self._job, self._spec.program.keys, self._values[1], self._around, inside=inside)

    def _close_egress(self) -> None:
        if self._egress is not None:
            self._egress.close()

    def _checks(self, *, main: bool) -> Callable[[], None]:
        """Return what is called while a process runs: it raises Stop if the job should end."""
        if not main or self._port is None:
            return self._check_stop
        from mission_cli.adapters.executors.supervise.service import Readiness

        readiness = Readiness(self._job, self._spec, self._port.port, self._start_pulse)

        def check() -> None:
            self._check_stop()
            readiness.look()

        return check

    def _start_pulse(self) -> None:
        """Start a pulse, unless everything is stopped or pulses of their own wait for the job."""
        if not self._around.tick or self._spec.kind is JobKind.PLAN or self._all_stopped():
            return
        with suppress(OSError):
            runtime = self._code / "mission"
            runtime.mkdir(exist_ok=True)
            (runtime / KICK).touch()  # a pulse that does not watch this job uses its slot, too
            log = runtime / "pulse.log"
            own = {name: os.environ[name] for name in self._around.withheld if name in os.environ}
            given = {**self._around.environment, **own}
            env = {name: value for name, value in given.items() if name not in self._around.of_key_file}
            start_detached(self._around.tick, cwd=self._code, env=env, log=log)

    def _environment(self, *, main: bool = True) -> dict[str, str]:
        port = self._port.port if self._port is not None else port_of(self._around, self._slot_number)
        given = environment_of(self._job, self._spec, self._around, self._tree, port, main=main)
        if main:
            given |= self._values[0]
        return self._egress.environment(given) if main and self._egress is not None else given

    def _seconds(self) -> float:
        if self._began:
            return time.monotonic() - self._clock
        started = self._recorded_start()
        if not started:
            return 0.0
        began = parse_stamp(started)
        if began is None:
            return 0.0
        last = self._job.heartbeat.stat().st_mtime if self._job.heartbeat.exists() else began.timestamp()
        return max(0.0, last - began.timestamp())

    def _recorded_start(self) -> str:
        raw = read_json(self._job.started)
        at = raw.get("at") if isinstance(raw, dict) else None
        return str(at) if at and parse_stamp(str(at)) else self._tree_lock.since_before

    def _has_folder(self) -> bool:
        """Whether the job's folder is still the original one; `.git/mission` may be deleted at any time."""
        return is_same_file(self._job.lock, self._lock)

    def _beat(self) -> None:
        if not self._has_folder():
            raise Stop(EndReason.LOST if self._began else EndReason.NOT_STARTED, FOLDER_GONE)
        self._job.heartbeat.touch()
