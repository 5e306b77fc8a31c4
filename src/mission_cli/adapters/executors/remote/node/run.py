"""Run one job of another machine here: fetch its request, supervise it as that machine would, push its result.

It may be killed at any time. Started again, it continues from the folder of the job:
- no request yet: it is fetched, unless there is a result already;
- no exit file: a supervisor runs, which knows what another one has begun;
- an exit file: the result is pushed; only one is ever accepted.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import mission_cli
from mission_cli.adapters.executors.jobs.claims import claim
from mission_cli.adapters.executors.jobs.folder import JobFolder, tree_path
from mission_cli.adapters.executors.remote.exchange.names import CLONE, Names
from mission_cli.adapters.executors.remote.exchange.request import read_request
from mission_cli.adapters.executors.remote.exchange.result import LOG_END, make_result
from mission_cli.adapters.executors.remote.node.around import compose, not_here
from mission_cli.adapters.executors.remote.node.repository import configure, make_bare, tidy
from mission_cli.adapters.executors.remote.node.stream import Stream
from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.remote.far_refs import FarRefs
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.proc import control
from mission_cli.adapters.proc.run import start_bound
from mission_cli.adapters.proc.wakeup import Bell, end_of
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import split_run_id
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import EndReason, JobKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen


T = TypeVar("T")
_PUMP_SECONDS = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_STARTS = 6
"""How many supervisors are started for a job before it is given up."""
_NO_REQUEST = 4


def run_job(root: Path, clone: str, key: str, exchange: str) -> int:
    """Run a job to its end and push its result; return the exit status. Raises ValueError for an invalid name."""
    if not CLONE.fullmatch(clone) or split_run_id(key) is None or exchange.startswith("-"):
        raise ValueError("these are not the names of a job")
    return _Run(root, Names(clone, key), exchange).run()


class _Run:
    def __init__(self, root: Path, names: Names, exchange: str) -> None:
        self._root, self._names, self._exchange = root, names, exchange
        self._place = root / names.clone
        self._job = JobFolder(self._place / "jobs" / names.key)
        self._code = make_bare(self._place, "code.git")
        self._git = Git(self._code, durable=True)
        self._far = FarRefs(self._code, exchange)
        self._bell = Bell()
        self._stream = Stream(self._job, sys.stdout.buffer)

    def run(self) -> int:
        """Fetch, supervise, push."""
        if self._job.read_request() is None and not self._patiently(self._receive):
            return _NO_REQUEST
        for _ in range(2 * _STARTS):
            if self._job.read_exit() is not None:
                break
            self._supervise()
        else:
            self._job.write_exit(Exit(EndReason.LOST, detail="its supervisor died again and again"))
        self._stream.pump()
        self._stream.pump(last=True)
        self._patiently(self._deliver)
        self._clean()
        return 0

    def _receive(self) -> bool:
        """Fetch the request and write the folder of the job; False if there is nothing to do."""
        names = self._names
        there = self._far.listed([names.request, names.result])
        if names.result in there or names.request not in there:
            _say("it has a result already" if names.result in there else f"there is no request {names.request}")
            self._clean()
            return False
        own = Area.REQUESTS.of(names.key)
        self._far.fetch({names.request: own})
        spec, terms = read_request(self._git, own)
        if spec.key != names.key or spec.kind is not JobKind.WORKER:
            raise ToolError("the request is for another job")
        configure(self._code, terms.git)
        if terms.base and spec.tree.base_name:
            self._git.run("update-ref", f"refs/heads/{spec.tree.base_name}", terms.base)
        around = compose(self._root, self._place, names.clone, terms, self._exchange)
        self._job.write_request(spec, around)
        why = not_here(spec, terms, around)
        if why:
            self._job.write_exit(Exit(EndReason.NOT_STARTED, detail=why))
        return True

    # Supervising

    def _supervise(self) -> None:
        """Run a supervisor to its end, or wait for the one that runs."""
        handle = try_lock(self._job.lock)
        if handle is None:
            self._rest(None)
            return
        try:
            if self._job.read_exit() is not None:
                return
            if self._job.count_start() > _STARTS:
                self._job.write_exit(Exit(EndReason.NOT_STARTED, detail=f"its supervisor ended {_STARTS} times"))
                return
            os.set_inheritable(handle, True)  # noqa: FBT003 - positional by its signature
            child = start_bound(
                [*program_command("_supervise"), os.fspath(self._job.path), str(handle)],
                cwd=self._job.path,
                env=os.environ,
                log=self._job.supervisor_log,
                before_exec=control.die_with_parent(),
                keep=[handle],
            )
        finally:
            unlock(handle)
        self._watch(child)

    def _watch(self, child: Popen[bytes]) -> None:
        ended = end_of(child.pid)
        try:
            while child.poll() is None:
                self._rest(ended)
        finally:
            if ended is not None:
                os.close(ended)

    def _rest(self, ended: int | None) -> None:
        """Wait a moment, print what is new, and pass on that the job was cancelled."""
        self._bell.rest(_PUMP_SECONDS, [ended] if ended is not None else [])
        if self._bell.terminated and not self._job.cancel.exists():
            self._job.cancel.touch()
        self._stream.pump()

    # The result

    def _deliver(self) -> bool:
        """Push the result, unless another machine has claimed the job; False if a result was there."""
        request, end = self._job.read_request(), self._job.read_exit()
        if request is None or end is None:
            raise ToolError("the folder of the job is gone")
        spec, around = request
        refused = claim(self._job, spec.key, around)
        if refused is not None and not refused.here:
            _say(refused.words)
            return False
        tip = self._git.commit_of(Area.TIPS.of(spec.key)) or ""
        log = _tail(self._job.log)
        parents = [one for one in (tip, end.saved) if one] or [spec.tree.commit]
        made = make_result(self._git, spec.key, end, log=log, parents=parents)
        accepted = self._far.create({self._names.result: made})[self._names.result]
        if not accepted:
            _say("its result was refused: the attempt had been given up, or it was pushed before")
        return accepted

    def _clean(self) -> None:
        """Remove tree, refs and folder: the result is at the exchange."""
        key, request = self._names.key, self._job.read_request()
        tree = tree_path(self._place / "trees", (request[0].tree.name if request else "") or key)
        trees.remove_tree(tree)
        for area in (Area.TIPS, Area.WIP, Area.REQUESTS, Area.CLAIMS):
            self._git.run("update-ref", "-d", area.of(key), ok=(0, 1, 128))
        shutil.rmtree(self._job.path, ignore_errors=True)
        tidy(self._code)

    def _patiently(self, act: Callable[[], T]) -> T | None:
        """Repeat what needs the exchange until it answers; None if the job was cancelled before it was received."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return act()
            except ToolError as error:
                _say(error.message)
            if self._bell.terminated and self._job.read_request() is None:
                return None
            self._bell.rest(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def program_command(*words: str) -> tuple[str, ...]:
    """Return a command line of this program; unpacked on a host, it is run by its folder."""
    home = Path(mission_cli.__file__).parents[1]
    if (home / "__main__.py").is_file():
        return (sys.executable, "-I", os.fspath(home), *words)
    return (sys.executable, "-P", "-m", "mission_cli", *words)


def _tail(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            source.seek(max(0, source.seek(0, os.SEEK_END) - LOG_END))
            return source.read()
    except FileNotFoundError:
        return b""


def _say(words: str) -> None:
    sys.stdout.buffer.write(f"mission: {words}\n".encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
