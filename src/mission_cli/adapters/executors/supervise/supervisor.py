"""The supervisor of one job: makes its tree, runs it, stops it, ends leftovers, writes the exit file, starts a pulse.

It may be killed at any time; the next supervisor continues from the files:
- no `started` file: it begins again;
- a `started` file of a worker or a planning round: it ends the remaining processes and saves the work; the job is lost;
- a `started` file of a check: the check runs again;
- an exit file: nothing is left to do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.executors.jobs.claims import claim
from mission_cli.adapters.executors.jobs.folder import JobFolder
from mission_cli.adapters.executors.jobs.kept_files import take_in
from mission_cli.adapters.executors.jobs.slots import SLOTS, take_slot
from mission_cli.adapters.executors.jobs.tree_copy import copy_in
from mission_cli.adapters.executors.sandbox import settings_trust
from mission_cli.adapters.executors.supervise import test_reports
from mission_cli.adapters.executors.supervise.at_work import FOLDER_GONE, AtWork
from mission_cli.adapters.executors.supervise.job_environment import (
    MARKER,
    command_of,
    is_boxed,
    never_ran,
    open_status,
    why_not,
)
from mission_cli.adapters.executors.supervise.watch import Stop, Watch, cut_short
from mission_cli.adapters.fs.atomic import create_whole, read_tail
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.proc import control, scan
from mission_cli.adapters.proc.run import start_child
from mission_cli.domain.errors import MissionError
from mission_cli.domain.paths import SETTINGS_FILE
from mission_cli.domain.runs.jobs import AgentReport, Exit, Left
from mission_cli.domain.runs.usage import Tally, Usage
from mission_cli.domain.status import EndReason, JobKind

if TYPE_CHECKING:
    from subprocess import Popen

    from mission_cli.adapters.executors.jobs.limits import Limits
    from mission_cli.adapters.executors.jobs.output import Output
    from mission_cli.adapters.executors.supervise.job_costs import Account
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.ports.agents.agent import Agent

_SLOT_SECONDS = 0.5
_TREE_SECONDS = 0.1
_FIRST_RUN_SECONDS = 0.1
_CANNOT_EXECUTE = 127
_DETAIL = 2000
_SAVES = 2
"""Attempts to save uncommitted work: the git process that does it may be killed."""
_PATIENCE = 0.2
"""How long processes of a job may take to end after it, in seconds; a sandbox ends after what it started."""


def supervise(folder: Path, lock: int) -> int:
    """Run the job in `folder` to its end. `lock` is the descriptor of its lock, already held."""
    os.set_inheritable(lock, False)  # noqa: FBT003 - positional by its signature
    job = JobFolder(folder)
    request = job.read_request()
    if request is None or job.read_exit() is not None:
        return 0
    _Supervisor(job, lock, *request).run()
    return 0


class _Supervisor(AtWork):
    def run(self) -> None:
        control.become_subreaper(on=True)
        while not self._tree_lock.take(self._around.mark):
            self._bell.rest(_TREE_SECONDS)  # the process in the tree notices that its folder was replaced, and ends
        if self._job.read_exit() is not None:
            self._tree_lock.give_back()
            return
        if self._once and self._job.started.exists():
            end = Exit(EndReason.LOST, detail="its supervisor died")
        else:
            end = self._live()
            self._close_egress()
        leftovers = self._sweep()
        if self._spec.kind is JobKind.CHECK:
            with suppress(OSError):
                take_in(self._job.usage.parent, self._job.kept)
        left, saved = self._collect() if self._worker else (None, "")
        if self._once and not self._worker:  # before the exit file: planning uses the tree again
            trees.remove_tree(self._tree)
        moved = not (self._code / "HEAD").exists()  # then the next pulse there finds a job without supervisor
        if (self._once and not moved) or self._has_folder():  # a check whose folder was removed runs again
            if not self._job.spec.exists():
                self._job.write_request(self._spec, self._around)
            self._job.write_exit(
                replace(
                    end,
                    started=self._began or self._recorded_start(),
                    ended=_now(),
                    seconds=round(self._seconds(), 3),
                    leftovers=leftovers,
                    missing=self._missing,
                    left=left,
                    saved=saved,
                    report=self._report(end),
                    tests=self._tests(end),
                )
            )
        settings_trust.leave(Path(self._around.unboxed), self._spec.key)
        self._release()

    def _report(self, end: Exit) -> AgentReport:
        """Return what the agent reported; what it cost is unknown if it was at work and its log is gone."""
        if self._began:
            return end.report
        if end.reason is EndReason.LOST and end.detail == FOLDER_GONE:
            return AgentReport(usage=Usage(usd=None))
        return self._account().from_log(end.code)

    # The life of a job

    def _live(self) -> Exit:
        try:
            self._sweep(before=True)
            self._check_stop()
            self._take_slot()
            self._claim()
            self._lease_port()
            self._make_tree()
            self._refuse_conditions()
            self._open_egress()
            self._setup()
            self._mark_started()
            return self._execute(self._spec.program.argv, self._job.stdin, _in(self._spec.caps.deadline_s), main=True)
        except Stop as stop:
            return Exit(stop.reason, stop.code, detail=stop.detail, report=AgentReport())
        except (MissionError, OSError) as error:
            return Exit(EndReason.NOT_STARTED, detail=str(error)[:_DETAIL])

    def _refuse_conditions(self) -> None:
        words = why_not(self._spec, self._around) or self._values[2]
        if words:
            raise Stop(EndReason.NOT_STARTED, words)

    def _take_slot(self) -> None:
        if self._spec.kind not in SLOTS:
            return
        while True:
            taken = take_slot(Path(self._around.slots), self._around.slot_count, self._spec.kind)
            if taken is not None:
                self._slot_number, self._slot = taken
                return
            self._beat()
            self._bell.rest(_SLOT_SECONDS)
            self._check_stop()

    def _claim(self) -> None:
        if self._spec.kind not in {JobKind.WORKER, JobKind.REVIEW, JobKind.PREVIEW, JobKind.HOOK}:
            return
        refused = claim(self._job, self._spec.key, self._around)
        if refused:
            raise Stop(EndReason.LOST, FOLDER_GONE) if refused.here else Stop(EndReason.NOT_STARTED, refused.words)

    def _make_tree(self) -> None:
        trees.make_tree(
            self._code,
            self._tree,
            commit=self._spec.tree.commit,
            branch=self._spec.tree.branch,
            base_name=self._spec.tree.base_name,
        )
        source = Path(self._around.checkout) if self._around.checkout else None
        self._missing = tuple(copy_in(source, self._tree, self._spec.tree.copy))
        self._job.reports.mkdir(parents=True, exist_ok=True)

    def _setup(self) -> None:
        if not self._spec.tree.setup:
            return
        seconds = self._spec.tree.setup_deadline_s or self._spec.caps.deadline_s
        self._job.write_tally(Tally(action=f"setup: {self._spec.tree.setup}"))
        end = self._execute(("/bin/sh", "-c", self._spec.tree.setup), Path(os.devnull), _in(seconds))
        self._job.tally.unlink(missing_ok=True)
        if end.reason is not EndReason.EXIT:
            raise Stop(end.reason, end.detail, end.code)
        if end.code != 0:
            tail = read_tail(self._job.log, 500).strip()
            words = f"setup `{self._spec.tree.setup}` ended with {end.code}: {tail}"
            raise Stop(EndReason.SETUP_FAILED, words, end.code)

    def _mark_started(self) -> None:
        self._check_stop()
        self._began = _now()
        self._since = test_reports.moment(self._job)
        self._clock = time.monotonic()
        facts = f'{{"at": "{self._began}", "pid": {os.getpid()}, "boot": "{scan.boot_id()}"}}\n'
        if not is_boxed(self._spec, self._around):
            settings = Path(self._around.checkout) / SETTINGS_FILE if self._around.checkout else None
            settings_trust.enter(Path(self._around.unboxed), self._spec.key, settings)
        if not create_whole(self._job.started, facts.encode()) and self._once:
            raise Stop(EndReason.LOST, "it was started before")

    def _execute(self, argv: tuple[str, ...], stdin: Path, deadline: float | None, *, main: bool = False) -> Exit:
        agent = AGENTS.get(self._spec.program.agent) if main else None
        self._wait_for_first_run(agent)
        status = open_status(self._job, self._spec, self._around)
        child = self._start(argv, stdin, status, main=main)
        from mission_cli.adapters.executors.jobs.log import (  # imported while the agent starts
            Log,
        )
        from mission_cli.adapters.executors.jobs.output import Output
        from mission_cli.adapters.executors.supervise.job_costs import describer
        from mission_cli.adapters.secrets.screen import Scrubber

        output = Output(
            child,
            Log(self._job.log),
            Scrubber(self._rules_of_output),
            describe=describer(agent) if agent else None,
            reads_all=agent is not None,
        )
        account = self._account()
        limits = account.limits(agent)
        reason, detail = EndReason.EXIT, ""
        try:
            self._watch(output, limits, account, main=main).until_end(child, deadline)
        except Stop as stop:
            self._end(child, self._grace(stop.reason))
            reason, detail = stop.reason, stop.detail
        output.drain()
        limits.take(output.lines, output.notes)
        limits.look(account.usage_text())
        account.keep(limits, output)
        output.close()
        if never_ran(status) and reason is EndReason.EXIT and child.returncode > 0:
            reason, detail = (
                EndReason.NOT_STARTED,
                f"cannot create the sandbox: {read_tail(self._job.log, 500).strip()}",
            )
        code = self._code_of(child.returncode)
        report = limits.report(
            code if reason is EndReason.EXIT else None, output.transcript(), cut_short=cut_short(reason, code, limits)
        )
        return Exit(reason, code, detail=detail, report=account.clean(report))

    def _wait_for_first_run(self, agent: Agent | None) -> None:
        """Wait while another job's first run of the agent prepares the home folder."""
        self._beat()
        while agent and not self._first.may_start():
            self._bell.rest(_FIRST_RUN_SECONDS)
            self._check_stop()
            self._beat()
        self._check_stop()

    def _start(self, argv: tuple[str, ...], stdin: Path, status: int | None, *, main: bool) -> Popen[bytes]:
        egress = self._egress if main else None
        before = egress.bridge if egress is not None else ()
        try:
            return start_child(
                command_of(
                    argv, self._job, self._spec, self._around, self._tree, status=status, before=before, main=main
                ),
                cwd=self._tree,
                env=self._environment(main=main),
                stdin=stdin if stdin.exists() else Path(os.devnull),
                before_exec=control.die_with_parent(),
                keep=[*([status] if status is not None else []), *(egress.kept if egress is not None else [])],
            )
        except OSError as error:
            words = f"`{argv[0]}` cannot be executed: {error.strerror}"
            raise Stop(EndReason.NOT_STARTED, words, _CANNOT_EXECUTE) from error

    def _watch(self, output: Output, limits: Limits, account: Account, *, main: bool) -> Watch:
        return Watch(
            output,
            limits,
            self._bell,
            usage=account.usage_text,
            check=self._checks(main=main),
            beat=self._beat,
            keep=partial(account.keep, limits, output),
            said=self._first.is_under_way,
        )

    def _end(self, child: Popen[bytes], grace: float) -> None:
        control.end_group(child.pid, signal.SIGTERM)
        ends = time.monotonic() + grace
        while child.poll() is None and time.monotonic() < ends:
            time.sleep(0.02)  # poll until the deadline above
        control.end_group(child.pid, signal.SIGKILL)
        child.wait()

    # Afterwards

    def _sweep(self, *, before: bool = False) -> int:
        """End the job's remaining processes, and return how many there were; `before`: nothing was started yet."""

        def left() -> list[int]:
            marks = {self._around.mark, self._tree_lock.mark_before} - {""}
            marked = (pid for mark in marks for pid in scan.carrying(MARKER, mark))
            return list({*marked, *(() if before else scan.descendants(os.getpid()))})

        return control.end_all(left, grace=min(1.0, self._around.grace_s), patience=0.0 if before else _PATIENCE)

    def _collect(self) -> tuple[Left, str]:
        """Collect what the attempt left, now that its processes have ended. This takes too long for a pulse."""
        around, spec, words = self._around, self._spec, ""
        from mission_cli.adapters.git.code.collect import Screen, collect_and_save

        if self._values[2] and self._job.started.exists():
            return Left(trouble=f"its commits cannot be searched for secrets: {self._values[2]}"[:_DETAIL]), ""
        screen = Screen(self._rules, around.secret_exceptions, around.largest)
        for _ in range(_SAVES):
            try:
                return collect_and_save(self._code, self._tree, spec.key, start=spec.tree.commit, screen=screen)
            except Exception as error:  # noqa: BLE001 - the exit file must be written whatever the tree contains
                print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - its own log
                words = str(error)
        return Left(trouble=words[:_DETAIL] or "it cannot be read"), ""

    def _tests(self, end: Exit) -> SuiteSummary | None:
        """Read the results of the tests of a check that ran to its end."""
        if not (self._spec.program.tests and self._began and end.reason is EndReason.EXIT):
            return None
        return test_reports.read_tests(self._job, self._spec, self._tree, self._since, self._rules)

    def _release(self) -> None:
        """Release the slot, start a pulse, and clean up."""
        if self._slot is not None:
            os.close(self._slot)
        control.become_subreaper(on=False)
        if self._port is not None:
            self._port.give_back()
        self._start_pulse()
        self._job.forget_environment()
        if self._spec.kind in {JobKind.CHECK, JobKind.PREVIEW}:
            trees.remove_tree(self._tree)
        self._tree_lock.give_back()

    # Small things


def _now() -> str:
    """Return the same as `_support.text.stamp` for this moment, without a module that is slow to import."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _in(seconds: int) -> float | None:
    """The monotonic time after so many seconds; None for 0, which sets no limit."""
    return time.monotonic() + seconds if seconds else None
