"""One round of a follower: push requests, start, cancel, look, fetch results, clean up. Each step can be repeated.

A request is pushed before its host is asked to start it. Exactly one result is accepted for each: of a job that its
host says to be gone, this machine creates the result itself, and whatever still runs there comes too late.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, stamp
from mission_cli.adapters.executors.remote.arrival import arrived, clean, make_store, refs_of
from mission_cli.adapters.executors.remote.exchange.names import USUAL_ROOT
from mission_cli.adapters.executors.remote.exchange.request import make_request
from mission_cli.adapters.executors.remote.exchange.result import make_result
from mission_cli.adapters.executors.remote.followed import Phase, mark_clean, mark_to_clean
from mission_cli.adapters.executors.remote.launcher import Launch, LaunchState
from mission_cli.adapters.executors.remote.mirror import Mirror
from mission_cli.adapters.executors.remote.ship import program
from mission_cli.adapters.fs.atomic import random_hex, read_json
from mission_cli.adapters.git.remote.far_refs import FarRefs, NoAnswerError
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import HostKind
from mission_cli.domain.paths import STOP_FILE
from mission_cli.domain.runs.jobs import AgentReport, Exit, Left
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.remote.exchange.request import Terms
    from mission_cli.adapters.executors.remote.followed import Followed
    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.adapters.git.code.collect import Screen
    from mission_cli.domain.hosts.host import Host
    from mission_cli.ports.executor import JobSpec

_OVER = frozenset({LaunchState.ENDED, LaunchState.GONE, LaunchState.UNKNOWN})
_OUTPUTS = 20
"""How many jobs are asked for their output in one round."""
_RESTARTS = 3
_RECOVERIES = 2
_AGAIN_S = 30.0
_SPARE_S = 1800
"""How much longer than its deadline a host lets a job run, for what happens before and after it."""
_WORDS = 300
_FETCHED = "refs/arrived/"


class Asking:
    """What a follower asks of one host. `end` is called with a job and how it ended."""

    def __init__(
        self,
        host: Host,
        launcher: Callable[[], Launcher],
        *,
        code: Path,
        folder: Path,
        clone: str,
        terms: Callable[[JobSpec], Terms],
        screen: Screen,
        end: Callable[[Followed, Exit], None],
    ) -> None:
        self._host, self._make_launcher, self._code, self._folder = host, launcher, code, folder
        self._clone, self._terms, self._screen, self._end = clone, terms, screen, end
        self._git = Git(code, durable=True)
        self._launcher: Launcher | None = None
        self._argv: tuple[str, ...] = ()
        self._there = ""
        self._far: FarRefs | None = None
        self._arriving: FarRefs | None = None
        self._store = folder / "arriving.git"
        self._mirrors: dict[str, Mirror] = {}
        self._turn = 0
        self.has_started = False
        """Whether a job was started or has ended since this was set to False."""

    def round(self, jobs: Mapping[str, Followed]) -> bool:
        """Do what can be done now; return whether something happened. Raises UnreachableError and ToolError."""
        self._connect()
        busy = self._push([one for one in jobs.values() if one.progress.phase in {Phase.NEW, Phase.PUSHING}])
        over = self._start([one for one in jobs.values() if one.progress.phase is Phase.REQUESTED])
        started = [one for one in jobs.values() if one.progress.phase is Phase.STARTED]
        self._cancel(started)
        over.update(self._look(started))
        if over:
            self._settle(over)
        self._forget(clean(self._folder, self._clone, self._exchange(), self._git))
        self.has_started |= busy or bool(over)
        return busy or bool(over)

    def free(self) -> int | None:
        """Return how many more jobs would start."""
        return self._ready().free()

    def never_left(self, one: Followed) -> bool:
        """Whether certainly nothing of a job has left this machine."""
        return one.progress.phase is Phase.NEW

    def close(self) -> None:
        """Close what is open."""
        if self._launcher is not None:
            self._launcher.close()

    # The way to the host

    def _connect(self) -> None:
        if self._far is not None:
            return
        launcher = self._ready()
        self._argv = launcher.prepare(*program(self._code / "mission" / "program"))
        exchange = launcher.exchange()
        self._there = exchange.there
        self._arriving = FarRefs(make_store(self._code, self._store), exchange.url, exchange.env)
        self._far = FarRefs(self._code, exchange.url, exchange.env)

    def _ready(self) -> Launcher:
        if self._launcher is None:
            self._launcher = self._make_launcher()
        return self._launcher

    def _exchange(self) -> FarRefs:
        if self._far is None:
            raise NoAnswerError("the exchange is not known yet")
        return self._far

    # From the request to the start

    def _push(self, jobs: Sequence[Followed]) -> bool:
        """Push requests. One that is there already was pushed for the same job, and stays."""
        wanted: dict[str, str] = {}
        for one in jobs:
            try:
                made = make_request(self._git, one.spec, self._terms(one.spec), self._screen.rules)
            except ToolError as error:
                self._end(one, Exit(EndReason.NOT_STARTED, detail=error.message))
                continue
            one.advance(Phase.PUSHING)
            wanted[one.names.request] = made
        if not wanted:
            return False
        pushed = [one for one in jobs if one.names.request in wanted]
        there = self._exchange().listed([ref for one in pushed for ref in refs_of(one.names)])
        for one in pushed:
            if one.names.claim in there and one.names.request not in there:
                self._end(one, self._used(one, there))
                del wanted[one.names.request]
        self._exchange().create(wanted)
        for one in pushed:
            if one.names.request in wanted:
                one.advance(Phase.REQUESTED)
        return True

    def _used(self, one: Followed, there: Mapping[str, str]) -> Exit:
        """Return the end of a job whose key was claimed before it was requested, or whose result was taken before."""
        unknown = AgentReport(usage=Usage(usd=None))
        if one.names.result not in there:
            return Exit(
                EndReason.NOT_STARTED, detail=f"{one.key} is already claimed: at the exchange of {self._host.name}"
            )
        tip = self._git.commit_of(Area.TIPS.of(one.key)) or ""
        words = "its result was taken, and the folder of its job is gone"
        return Exit(EndReason.LOST, detail=words, left=Left(tip=tip), report=unknown)

    def _start(self, jobs: Iterable[Followed]) -> dict[str, tuple[Followed, LaunchState]]:
        """Start jobs; return those that must not start any more, or that the host refused."""
        over: dict[str, tuple[Followed, LaunchState]] = {}
        for one in jobs:
            if self._is_unwanted(one) and one.progress.generation == 1:
                over[one.key] = (one, LaunchState.UNKNOWN)
                continue
            try:
                self._ready().start(self._launch(one))
            except ToolError as error:
                if isinstance(error, NoAnswerError):
                    raise
                one.detail = error.message
                one.progress.restarts = _RESTARTS + 1
                over[one.key] = (one, LaunchState.UNKNOWN)
                continue
            one.advance(Phase.STARTED)
            self.has_started = True
        return over

    def _launch(self, one: Followed) -> Launch:
        caps, tree = one.spec.caps, one.spec.tree
        seconds = caps.deadline_s + (tree.setup_deadline_s or caps.deadline_s) + _SPARE_S if caps.deadline_s else 0
        root = self._host.root or USUAL_ROOT
        words = ("_node", "--root", root, "run", one.names.clone, one.key, self._there)
        return Launch(one.id, one.key, (*self._argv, *words), needed=self._host.needed, deadline_s=seconds)

    def _is_unwanted(self, one: Followed) -> bool:
        return one.job.cancel.exists() or (self._code / "mission" / STOP_FILE).exists()

    def _cancel(self, jobs: Iterable[Followed]) -> None:
        """Tell the host about jobs that are to end, again after a while."""
        for one in jobs:
            now = time.monotonic()
            if self._is_unwanted(one) and (not one.told_at or now - one.told_at > _AGAIN_S):
                with suppress(ToolError):  # it may have ended; what became of it is asked next
                    self._ready().cancel(one.id)
                one.told_at, one.progress.cancelled = now, True
                one.save()

    # What runs, and what has ended

    def _look(self, jobs: Sequence[Followed]) -> dict[str, tuple[Followed, LaunchState]]:
        """Mirror what runs, some jobs in each round; return what does not run any more."""
        if not jobs:
            return {}
        looks = self._ready().look([one.id for one in jobs])
        over = {}
        running = []
        for one in jobs:
            look = looks.get(one.id)
            if look is None:
                continue  # nothing is concluded from that
            one.detail = one_line(look.detail, _WORDS) or one.detail
            if look.state in _OVER:
                over[one.key] = (one, look.state)
            elif look.state is LaunchState.RUNNING:
                running.append(one)
        first = self._turn % len(running) if running else 0
        for one in islice([*running[first:], *running[:first]], _OUTPUTS):
            self._mirror(one)
        self._turn += _OUTPUTS
        return over

    def _mirror(self, one: Followed, *, whole: bool = False) -> None:
        mirror = self._mirrors.setdefault(one.key, Mirror(one, _now, self._screen.rules.scrub))
        while True:
            try:
                part, after = self._ready().output(one.id, mirror.offset)
            except ToolError:  # the host has lost it; the result has its end
                return
            if part or after != mirror.offset:
                mirror.take(part, after)
            if not part or not whole:
                return

    def _settle(self, over: MutableMapping[str, tuple[Followed, LaunchState]]) -> None:
        """Fetch results; where there is none, find out whether there can still be one, or create it."""
        names = [one.names for one, _ in over.values()]
        there = self._exchange().listed([ref for name in names for ref in (name.result, name.claim)])
        missing = {one.names.result: made for one, state in over.values() if (made := self._own(one, state, there))}
        created = self._exchange().create({ref: made for ref, made in missing.items() if ref not in there})
        there |= {ref: missing[ref] for ref, ours in created.items() if ours}
        for one, state in over.values():
            if one.names.result in there:
                self._finish(one, there[one.names.result], gone=state is not LaunchState.ENDED)

    def _own(self, one: Followed, state: LaunchState, there: Mapping[str, str]) -> str:
        """Return the result that this machine gives a job without one; empty if the job goes on, or has a result."""
        if one.names.result in there:
            return ""
        progress, claimed = one.progress, one.names.claim in there
        if not claimed and state is LaunchState.UNKNOWN and self._may_start(one) and progress.restarts < _RESTARTS:
            progress.restarts += 1
            one.advance(Phase.REQUESTED)
            return ""
        if self._host.kind is HostKind.SSH and progress.generation <= _RECOVERIES and (claimed or self._may_start(one)):
            self._recover(one)
            return ""
        if claimed:
            words = f"host {self._host.name} lost it: {one.detail or state}"
            return self._made(one, Exit(EndReason.LOST, detail=words, report=AgentReport(usage=Usage(usd=None))))
        nonce = self._git.store(f'{{"run": "{one.key}", "host": "", "nonce": "{random_hex(12)}"}}\n'.encode())
        if not self._exchange().create({one.names.claim: nonce})[one.names.claim]:
            return ""  # it has begun just now
        if self._is_unwanted(one):
            return self._made(one, Exit(EndReason.CANCELLED))
        words = one.detail or f"host {self._host.name} did not start it"
        return self._made(one, Exit(EndReason.NOT_STARTED, detail=words))

    def _may_start(self, one: Followed) -> bool:
        """Whether a job of which nothing has begun may be started again."""
        return not self._is_unwanted(one) and one.progress.restarts <= _RESTARTS

    def _recover(self, one: Followed) -> None:
        """Have a job started under another id: on the same machine, it continues from its folder there."""
        one.progress.generation += 1
        one.progress.stream = one.progress.log = 0
        one.told_at = 0.0
        self._mirrors.pop(one.key, None)
        one.advance(Phase.REQUESTED)

    def _made(self, one: Followed, end: Exit) -> str:
        return make_result(self._git, one.key, end, log=b"", parents=[one.spec.tree.commit])

    def _finish(self, one: Followed, oid: str, *, gone: bool) -> None:
        """Take a result in, and end the job."""
        if not gone:
            self._mirror(one, whole=True)
        if self._arriving is None:
            raise NoAnswerError("the exchange is not known yet")
        ref = f"{_FETCHED}{one.key}"
        self._arriving.fetch({one.names.result: ref})
        end, log = arrived(one, ref, code=self._code, store=self._store, screen=self._screen)
        mirror = self._mirrors.pop(one.key, None) or Mirror(one, _now, self._screen.rules.scrub)
        mirror.complete(log)
        now, began = _now(), _began(one)
        if one.progress.cancelled and end.reason is EndReason.EXIT and end.code:
            end = replace(end, reason=EndReason.CANCELLED)  # some hosts signal each process of a job at once
        end = replace(end, started=began or (now if end.started else ""), ended=now)
        mark_to_clean(self._folder, one.key, ids=one.ids, result=oid)
        self._end(one, end)

    def _forget(self, cleaned: Mapping[str, Sequence[str]]) -> None:
        """Have the host forget ids, by the keys of their jobs."""
        for key, ids in cleaned.items():
            for job in ids:
                with suppress(ToolError):  # what it keeps is its own affair
                    self._ready().forget(job)
            mark_clean(self._folder, key)


def _began(one: Followed) -> str:
    raw = read_json(one.job.started)
    return str(raw.get("at", "")) if isinstance(raw, dict) else ""


def _now() -> str:
    return stamp(datetime.now(UTC))
