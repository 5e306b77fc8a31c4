"""Jobs in memory: the folder of a job is on the disk, the supervisor that holds its lock is not."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS, TREES, Tree
from tests.kit.fakes.hosts import PATIENCE
from tests.kit.fakes.life import Death, Kind, Life
from tests.kit.fakes.objects import Commit
from tests.kit.house import house

from mission_cli._support.text import stamp
from mission_cli.adapters.agents.question import with_asked
from mission_cli.adapters.executors.jobs.slots import SLOTS
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha
from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteSummary, results_of, summary
from mission_cli.domain.runs.jobs import AgentReport, Exit, Job
from mission_cli.domain.runs.usage import Tally, Usage
from mission_cli.domain.status import Cause, EndReason, JobKind, JobState
from mission_cli.ports.executor import JobSpec, LogPart, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.kit.fakes.clock import HostClock
    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.hosts import Park
    from tests.kit.fakes.life import Fate
    from tests.kit.fakes.objects import Objects

JOBS = "jobs"
KICK = "runtime/kick"
"""What asks for a pulse, as `fakes.runtime` has it."""
FIRST_PORT = 24000
_READY = timedelta(seconds=2)
SERVES = 10 * 24 * 3600.0
"""Seconds for which a server runs that nobody stops: longer than any preview may."""
_SWEEP = timedelta(seconds=1)


@dataclass(frozen=True)
class Outcome:
    """What an agent is going to do in one attempt: steps of equal length, then a commit."""

    seconds: float = 60.0
    files: Mapping[str, str] = field(default_factory=dict)
    """What it commits; nothing: no commit."""
    uncommitted: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    costs: tuple[Decimal, ...] = ()
    """Dollars, step by step; empty: it reports none."""
    late: int = 0
    """Steps that go on after the one that breaks its cap, because what it reports comes late."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """Of all steps together, by kind."""
    cause: Cause | None = None
    reset_at: str = ""
    completes: str = ""
    prints: tuple[str, ...] = ()
    """Lines that it prints when it begins."""
    answer: str = ""
    """Its last message."""
    asked: str = ""
    """What it writes into the file MISSION_ASK."""


Script = Callable[[JobSpec], Outcome]


@dataclass
class Truth:
    """What really happened, whatever anybody writes down. No power cut reaches it."""

    starts: list[str] = field(default_factory=list)
    """Runs of workers, one entry for each time that one really began."""
    paid: dict[str, Decimal] = field(default_factory=dict)
    """Dollars by run."""


@dataclass(frozen=True)
class Mark:
    """A file of a job that is there or not; `at` is when it was written."""

    at: datetime


class Phase(StrEnum):
    """What a supervisor does next."""

    BEGIN = "begin"
    START = "start"
    SERVE = "serve"
    FINISH = "finish"


@dataclass
class Supervisor:
    """The keeper of one job: what it does next, and when that is due."""

    key: str
    due: datetime
    phase: Phase = Phase.BEGIN
    outcome: Outcome = field(default_factory=Outcome)
    began: datetime | None = None
    port: int = 0
    """The port that it holds."""
    offered: datetime | None = None
    """Since when its host cannot be reached."""


class JobHost:
    """Everything that happens to jobs on one host while no pulse looks: supervisors work, die, and end."""

    def __init__(
        self, disk: Disk, objects: Objects, clock: HostClock, *, name: str, script: Script, fate: Fate, truth: Truth
    ) -> None:
        self.disk, self.objects, self.clock = disk, objects, clock
        self.name, self.script, self.fate, self.truth = name, script, fate, truth
        self.supervisors: dict[str, Supervisor] = {}
        self.slots = 4
        self.nonces = 0
        self.park: Park | None = None
        """Other machines on which jobs run that name one; None: there are none."""
        self.shows = Outcome(seconds=SERVES)
        """What the server of a preview does, or the command that deploys it."""
        self.claim_elsewhere: Callable[[str, str], str | None] | None = None
        """Asks the remote, where there is one. Raises ToolError when that is not possible."""
        self._phases = {
            Phase.BEGIN: self._begin,
            Phase.START: self._start,
            Phase.SERVE: self._serve,
            Phase.FINISH: self._finish,
        }

    # Supervisors

    def spawn(self, key: str) -> None:
        """Start the supervisor of a job; it holds the job's lock from now on."""
        self.supervisors[key] = Supervisor(key, self.clock.time.now)

    def next_due(self) -> datetime | None:
        """When the next supervisor has something to do; no clock that somebody sets matters to that."""
        return min((self._due(s) for s in self.supervisors.values()), default=None)

    def work(self) -> None:
        """Let every supervisor do what is due now. Raises Death when the whole host goes down."""
        while True:
            now = self.clock.time.now
            due = [s for s in self.supervisors.values() if self._due(s) <= now]
            if not due:
                return
            first = min(due, key=lambda s: (self._due(s), s.key))
            try:
                self._phases[first.phase](first)
            except Death as death:
                if death.kind is not Kind.KILL:
                    raise
                self.die(first.key)

    def die(self, key: str) -> None:
        """The supervisor of a job is killed; what it ran dies with it."""
        supervisor = self.supervisors.pop(key, None)
        if supervisor is not None:
            self._bill(supervisor)
            self.disk.write(f"{JOBS}/{key}/heartbeat", Mark(self.clock.now()), sync=False)

    def _due(self, supervisor: Supervisor) -> datetime:
        if supervisor.began is not None and self.disk.has(f"{JOBS}/{supervisor.key}/cancel"):
            if self.park is not None and self.park.is_away(self._spec(supervisor.key).place):
                return supervisor.due  # the host does not hear of it yet
            return self.clock.time.now
        return supervisor.due

    # The life of a job, as `adapters.executors.supervisor` has it

    def _begin(self, me: Supervisor) -> None:
        spec = self._spec(me.key)
        if self.disk.has(f"{JOBS}/{me.key}/exit"):
            del self.supervisors[me.key]
            return
        self._step(me, "begins")
        if spec.kind != "check" and self.disk.has(f"{JOBS}/{me.key}/started"):
            self._end(me, Exit(EndReason.LOST, detail="its supervisor died"))
            return
        if self.park is not None and spec.place and not self._reached(me, self.park, spec.place):
            return
        if spec.kind in SLOTS and not spec.place and len(self.at_work(spec.kind)) >= self.slots:
            me.due = self.clock.time.now + _SWEEP
            return
        if spec.kind in {"worker", "review", "preview", "hook"}:
            try:
                refused = self.claim(me.key)
            except ToolError as error:
                refused = str(error)
            if refused:
                here = self.name in refused
                reason = EndReason.LOST if here else EndReason.NOT_STARTED
                self._end(me, Exit(reason, detail=refused), unknown=here)
                return
            self._step(me, "has claimed")
        me.phase = Phase.START

    def _reached(self, me: Supervisor, park: Park, place: str) -> bool:
        """Whether the host of a job takes it now; after a while that is given up, as long as nothing was sent."""
        now, one = self.clock.time.now, park.hosts.get(place)
        if one is not None:
            one.hear(self.clock.now())
        if one is not None and one.there:
            return True
        me.offered = me.offered or now
        me.due = now + _SWEEP * 20
        if one is None or now - me.offered >= PATIENCE:
            self._end(me, Exit(EndReason.NOT_STARTED, detail=f"{place} was never reached"))
        return False

    def placed(self) -> dict[str, list[str]]:
        """The keys of the jobs on other machines that have not ended, by machine."""
        found: dict[str, list[str]] = {}
        for key in self.supervisors:
            place = self._spec(key).place
            if place:
                found.setdefault(place, []).append(key)
        return found

    def claim(self, key: str) -> str:
        """Claim an attempt, as often as one likes. Returns why it is not ours, or the empty string."""
        self.nonces += 1
        self.disk.create(f"{JOBS}/{key}/claim", f"{self.name} {self.nonces}")
        mine = self.disk.read(f"{JOBS}/{key}/claim", str) or ""
        self.disk.create(f"{REFS}/claims/{key}", mine)
        other = self.disk.read(f"{REFS}/claims/{key}", str)
        if other == mine and self.claim_elsewhere is not None:
            other = self.claim_elsewhere(key, mine) or mine
        return "" if other == mine else f"{key} is already claimed: {other}"

    def sleep(self, span: timedelta) -> None:
        """The host slept: everything on it goes on where it was."""
        self.clock.asleep += span
        for supervisor in self.supervisors.values():
            supervisor.due += span
            supervisor.began = supervisor.began + span if supervisor.began else None

    def _start(self, me: Supervisor) -> None:
        spec = self._spec(me.key)
        place = spec.tree.name or me.key
        self.disk.remove(f"{TREES}/{place}")
        self.disk.write(f"{TREES}/{place}", Tree(Sha(spec.tree.commit) if spec.tree.branch else None, spec.tree.branch))
        self._step(me, "has a tree")
        if self.disk.has(f"{JOBS}/{me.key}/cancel"):
            self._end(me, Exit(EndReason.CANCELLED))
            return
        now = self.clock.time.now
        if not self.disk.create(f"{JOBS}/{me.key}/started", Mark(self.clock.now())) and spec.kind != "check":
            self._end(me, Exit(EndReason.LOST, detail="it was started before"))
            return
        self._step(me, "says that it starts")
        if spec.kind != "check":
            self.truth.starts.append(me.key)
        me.began = now
        if spec.kind == "preview":
            me.outcome = self.shows
        else:
            me.outcome = self.script(spec) if spec.kind != "check" else Outcome(seconds=1.0)
        me.due = now + timedelta(seconds=self._length(spec, me.outcome))
        me.phase = Phase.FINISH
        if spec.service.ready_s and me.due > now + _READY:
            taken = {other.port for other in self.supervisors.values()}
            me.port = next(port for port in itertools.count(FIRST_PORT) if port not in taken)
            me.due, me.phase = now + _READY, Phase.SERVE
        if me.outcome.prints:
            self.disk.write(f"{JOBS}/{me.key}/log", "".join(f"{line}\n" for line in me.outcome.prints), sync=False)
        self._step(me, "runs")

    def _serve(self, me: Supervisor) -> None:
        """Its server listens from now on, unless somebody has stopped it."""
        spec = self._spec(me.key)
        if not self.disk.has(f"{JOBS}/{me.key}/cancel"):
            self.disk.write(f"{JOBS}/{me.key}/serves", me.port)
            self._step(me, "serves")
            self.disk.write(KICK, self.clock.now(), sync=False)
        assert me.began is not None
        me.due, me.phase = me.began + timedelta(seconds=self._length(spec, me.outcome)), Phase.FINISH

    def _finish(self, me: Supervisor) -> None:
        spec, outcome = self._spec(me.key), me.outcome
        if self.park is not None and self.park.is_away(spec.place):
            self.park.hosts[spec.place].hear(self.clock.now())
            me.due = self.clock.time.now + _SWEEP * 20  # its result is there, and comes when it can be fetched
            return
        self._bill(me)
        seconds = (self.clock.time.now - (me.began or self.clock.time.now)).total_seconds()
        if self.disk.has(f"{JOBS}/{me.key}/cancel"):
            self._leave(me, outcome.uncommitted)
            self._end(me, Exit(EndReason.CANCELLED, seconds=seconds))
        elif spec.kind == "check":
            files = self.objects.get(Sha(spec.tree.commit)).files
            tests = suite(spec, files)
            code, words = judge(spec, files) if tests is None else (int(tests.failed > 0), "a suite ran")
            self.disk.write(f"{JOBS}/{me.key}/log", words)
            told = tests if _dice(spec.key, 4) else None  # a suite that says nothing about its tests, now and then
            self._end(me, Exit(EndReason.EXIT, code, seconds=seconds, tests=told))
        elif _steps_within(spec, outcome) < len(outcome.costs):
            self._leave(me, outcome.files)
            self._end(me, Exit(EndReason.OVER_BUDGET, seconds=seconds))
        elif spec.caps.deadline_s and outcome.seconds > spec.caps.deadline_s:
            self._leave(me, outcome.files)
            self._end(me, Exit(EndReason.DEADLINE, seconds=seconds))
        else:
            if outcome.files:
                self._commit(me, outcome)
                self._step(me, "has committed")
            self._leave(me, outcome.uncommitted)
            self._end(me, Exit(EndReason.EXIT, outcome.code, seconds=seconds))

    def _end(self, me: Supervisor, end: Exit, *, unknown: bool = False) -> None:
        """Write how a job ended; `unknown`: it may have been at work, and its log is gone."""
        spec = self._spec(me.key)
        self._step(me, "has ended it")
        started = self.disk.read(f"{JOBS}/{me.key}/started", Mark)
        saved = self._save(me.key) if spec.kind == "worker" else ""
        if spec.kind == "preview":
            self.disk.remove(f"{TREES}/{spec.tree.name or me.key}")
        now = stamp(self.clock.now())
        report = AgentReport(
            usage=Usage(usd=None) if unknown else self._usage(me.key, me.outcome.tokens),
            last_words=me.outcome.answer,
            answer=me.outcome.answer,
            cause=me.outcome.cause,
            detail=str(me.outcome.cause or ""),
            reset_at=me.outcome.reset_at,
            steps=len(self._paid(me, me.began)) if me.began is not None else 0,
        )
        report = with_asked(report, me.outcome.asked if end.reason is EndReason.EXIT else "")
        began = stamp(started.at) if started else ""
        self.disk.write(f"{JOBS}/{me.key}/exit", replace(end, started=began, ended=now, saved=saved, report=report))
        self.supervisors.pop(me.key, None)
        self._step(me, "has written how it ended")

    def _step(self, me: Supervisor, what: str) -> None:
        Life(self.fate).step(f"supervisor of {me.key} {what}")

    def _spec(self, key: str) -> JobSpec:
        spec = self.disk.read(f"{JOBS}/{key}/spec", JobSpec)
        assert spec is not None, f"{key} is supervised and was never asked for"
        return spec

    def at_work(self, kind: str) -> list[str]:
        """The jobs that hold a slot now of those that jobs of this kind share."""
        kinds = [other for other, name in SLOTS.items() if name == SLOTS[JobKind(kind)]]
        begun = [s for s in self.supervisors.values() if s.phase is not Phase.BEGIN and not self._spec(s.key).place]
        return [s.key for s in begun if any(self._is(s, other) for other in kinds)]

    def supervised(self, kind: str) -> list[str]:
        """The same with those that wait for a slot."""
        return [s.key for s in self.supervisors.values() if self._is(s, kind)]

    def _is(self, supervisor: Supervisor, kind: str) -> bool:
        return self._spec(supervisor.key).kind == kind

    def _length(self, spec: JobSpec, outcome: Outcome) -> float:
        steps = _steps_within(spec, outcome)
        seconds = outcome.seconds * steps / len(outcome.costs) if outcome.costs else outcome.seconds
        return min(seconds, spec.caps.deadline_s) if spec.caps.deadline_s else seconds

    # What it leaves

    def _bill(self, me: Supervisor) -> None:
        """Write down what the steps that are over have cost."""
        if not me.outcome.costs or me.began is None:
            return
        paid = sum(self._paid(me, me.began), Decimal(0))
        self.truth.paid[me.key] = paid
        self.disk.write(f"{JOBS}/{me.key}/usage", paid)

    def _paid(self, me: Supervisor, began: datetime) -> tuple[Decimal, ...]:
        """What each step that is over has cost."""
        costs = me.outcome.costs
        length = me.outcome.seconds / max(1, len(costs))
        over = int((self.clock.time.now - began).total_seconds() / length + 1e-6) if length else len(costs)
        return costs[: min(over, _steps_within(self._spec(me.key), me.outcome))]

    def tally(self, key: str) -> Tally | None:
        """What an agent at work has used; the supervisor of a check reads nothing."""
        me = self.supervisors.get(key)
        if me is None or me.began is None or not self._spec(key).program.agent:
            return None
        paid, prints = self._paid(me, me.began), me.outcome.prints
        if not paid and not prints:
            return None
        action = prints[-1] if prints else ""
        return Tally(sum(paid, Decimal(0)), last_event=stamp(self.clock.now()), action=action)

    def _usage(self, key: str, tokens: Mapping[str, int]) -> Usage | None:
        usd = self.disk.read(f"{JOBS}/{key}/usage", Decimal)
        return Usage(usd=usd, tokens=tokens, source="file") if usd is not None else None

    def _commit(self, me: Supervisor, outcome: Outcome) -> None:
        spec = self._spec(me.key)
        files = {**self.objects.get(Sha(spec.tree.commit)).files, **outcome.files}
        message = f"work\n\nCompletes-feature: {outcome.completes}\n" if outcome.completes else "work\n"
        tip = self.objects.add(Commit(files, (Sha(spec.tree.commit),), message, PROGRAM, self.clock.now()))
        self.disk.write(f"{TREES}/{spec.tree.name or me.key}", Tree(tip, spec.tree.branch))

    def _leave(self, me: Supervisor, files: Mapping[str, str]) -> None:
        name = f"{TREES}/{self._spec(me.key).tree.name or me.key}"
        tree = self.disk.read(name, Tree)
        if files and tree is not None:
            self.disk.write(name, replace(tree, uncommitted=tuple(sorted(files.items()))), sync=False)

    def _save(self, key: str) -> str:
        """Keep what is not committed as a commit of the code repository."""
        spec = self._spec(key)
        tree = self.disk.read(f"{TREES}/{spec.tree.name or key}", Tree)
        if tree is None or not tree.uncommitted:
            return ""
        parent = tree.tip or Sha(spec.tree.commit)
        files = {**self.objects.get(parent).files, **dict(tree.uncommitted)}
        words = f"Uncommitted work of {key}\n"
        saved = self.objects.add(Commit(files, (parent,), words, PROGRAM, self.clock.now()))
        self.disk.write(f"{REFS}/wip/{key}", saved)
        return saved


class MemoryExecutor:
    """What a pulse sees of the jobs of its host."""

    def __init__(self, host: JobHost, life: Life) -> None:
        self._host, self._disk, self._life = host, host.disk, life

    def submit(self, spec: JobSpec) -> None:
        """Start a supervisor for the job, unless one is there or the job has ended; one by hand needs none."""
        folder = f"{JOBS}/{spec.key}"
        if spec.key in self._host.supervisors or self._disk.has(f"{folder}/exit"):
            return
        self._disk.create(f"{folder}/spec", spec)
        self._life.step("executor: request written")
        if spec.kind == "hand":
            self._take(spec)
        else:
            self._host.spawn(spec.key)

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """An answer for every key."""
        return {key: self._look(key) for key in keys}

    def cancel(self, key: str) -> None:
        """Ask the supervisor to stop the job. One by hand ends at once."""
        if self._disk.has(f"{JOBS}/{key}/by-hand"):
            self._end_by_hand(key, EndReason.CANCELLED)
        else:
            self._disk.write(f"{JOBS}/{key}/cancel", Mark(self._host.clock.now()), sync=False)

    def wait(self, key: str) -> None:
        """Let time go on until nobody looks after the job any more."""
        while key in self._host.supervisors:
            due = self._host.next_due()
            assert due is not None
            self._host.clock.time.pass_by(max(timedelta(0), due - self._host.clock.time.now))
            self._host.work()

    def standing(self, key: str) -> Standing | None:
        """How its tree stands, or None when it is gone."""
        tree = self._disk.read(f"{TREES}/{key}", Tree)
        return Standing(f"{TREES}/{key}", tree.branch, tuple(n for n, _ in tree.uncommitted)) if tree else None

    def hand_back(self, key: str) -> None:
        """End a job by hand as done."""
        self._end_by_hand(key, EndReason.EXIT)

    def logs(self, key: str, tail: int) -> str:
        """The end of its output."""
        return (self._disk.read(f"{JOBS}/{key}/log", str) or "")[-tail:]

    def kept_files(self, key: str) -> Mapping[str, bytes]:  # noqa: ARG002 - as the port has it
        """Nothing: no check here leaves files."""
        return {}

    def read_log(self, key: str, offset: int) -> LogPart:
        """Its output from a byte on; nothing is ever dropped from it."""
        folder = f"{JOBS}/{key}"
        raw = (self._disk.read(f"{folder}/log", str) or "").encode()[offset:]
        ended = self._disk.has(f"{folder}/exit") or not self._disk.has(f"{folder}/spec")
        return LogPart(raw.decode("utf-8", "replace"), offset + len(raw), ended)

    def tally(self, key: str) -> Tally | None:
        """What it has used so far."""
        return self._host.tally(key)

    def tree(self, key: str) -> str:
        """Where the job works, or empty when that is not there."""
        spec = self._disk.read(f"{JOBS}/{key}/spec", JobSpec)
        place = f"{TREES}/{spec.tree.name or key}" if spec else ""
        return place if place and self._disk.has(place) else ""

    def running(self) -> list[str]:
        """Keys of all jobs that somebody looks after now."""
        return [key for key in sorted(self._host.supervisors) if not self._disk.has(f"{JOBS}/{key}/exit")]

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Folders of jobs."""
        return [f"{JOBS}/{key}" for key in keys]

    def results(self, keys: Sequence[str]) -> list[str]:
        """Their ends."""
        return [f"{JOBS}/{key}/exit" for key in keys]

    def _take(self, spec: JobSpec) -> None:
        folder = f"{JOBS}/{spec.key}"
        if self._disk.has(f"{folder}/started"):
            return
        self._disk.write(f"{folder}/by-hand", Mark(self._host.clock.now()))
        refused = self._host.claim(spec.key)
        if refused:
            self._disk.write(f"{folder}/exit", Exit(EndReason.NOT_STARTED, detail=refused))
            return
        self._life.step("executor: claimed by hand")
        before = self._disk.read(f"{TREES}/{spec.tree.continues}", Tree) if spec.tree.continues else None
        tree = replace(before, branch=spec.tree.branch) if before else Tree(Sha(spec.tree.commit), spec.tree.branch)
        self._disk.write(f"{TREES}/{spec.key}", tree)
        self._disk.write(f"{folder}/started", Mark(self._host.clock.now()))

    def _end_by_hand(self, key: str, reason: EndReason) -> None:
        if self._disk.has(f"{JOBS}/{key}/exit"):
            return
        saved = self._host._save(key)  # noqa: SLF001 - the other half of this fake
        started = self._disk.read(f"{JOBS}/{key}/started", Mark)
        end = Exit(
            reason,
            code=0 if reason is EndReason.EXIT else None,
            started=stamp(started.at) if started else "",
            ended=stamp(self._host.clock.now()),
            saved=saved,
            report=AgentReport(usage=Usage(usd=None, source="by hand")),
        )
        self._disk.write(f"{JOBS}/{key}/exit", end)

    def _place(self, key: str) -> str:
        spec = self._disk.read(f"{JOBS}/{key}/spec", JobSpec)
        return spec.place if spec is not None else ""

    def _look(self, key: str) -> Job:
        folder = f"{JOBS}/{key}"
        if not self._disk.has(f"{folder}/spec"):
            return Job(JobState.UNKNOWN)
        end = self._disk.read(f"{folder}/exit", Exit)
        if end is not None:
            return Job(JobState.ENDED, exit=end, tail=self.logs(key, 8000), started=end.started)
        started = self._disk.read(f"{folder}/started", Mark)
        began = stamp(started.at) if started else ""
        if key in self._host.supervisors and self._host.park is not None and self._host.park.is_away(self._place(key)):
            return Job(JobState.UNREACHABLE, started=began)
        if key in self._host.supervisors:
            port = self._disk.read(f"{folder}/serves", int) or 0
            return Job(JobState.RUNNING if began else JobState.WAITING, started=began, port=port)
        if started is None:
            return Job(JobState.UNKNOWN)
        if self._disk.has(f"{folder}/by-hand"):
            return Job(JobState.RUNNING, started=began)
        sign = self._disk.read(f"{folder}/heartbeat", Mark) or started
        return Job(JobState.GONE, started=began, quiet_since=sign.at)


def judge(spec: JobSpec, files: Mapping[str, str]) -> tuple[int, str]:
    """(exit code, words) of a criterion on files: `file` and `grep` by the inspector; `true`, `false` and `test -f` by the shell."""
    if spec.program.argv[0] == "/bin/sh":
        words = spec.program.argv[2].split()
        if words[:1] in (["true"], ["false"]):
            return int(words[0] == "false"), ""
        if spec.program.argv[2].startswith("npm test -- --grep "):
            wanted = spec.program.argv[2].split()[-1]
            return int(f"{wanted}.js" not in files), f"the tests of {wanted}.js"
        if words[:2] == ["make", "test"]:
            return int("Makefile" not in files or "bad" in files.get("state.txt", "")), "FAILED: the state is not good"
        if words[:2] == ["test", "-f"]:
            return int(words[2] not in files), ""
        return house(words[1:], files) if words[:1] == ["house"] else (127, f"{words[0]}: not found")
    wanted = json.loads(spec.program.argv[-1])
    if wanted["kind"] == "http":  # what was deployed answers, unless its address says that it is sick
        return int("sick" in wanted["http"]["url"]), "expected 200, found 502"
    if wanted["kind"] == "file":
        missing = [p for p in wanted["paths"] if not files.get(p)]
        return (
            (1, f"{missing[0]} does not exist")
            if missing
            else (0, f"{', '.join(wanted['paths'])}: exists and is not empty")
        )
    found = re.compile(wanted["pattern"], re.MULTILINE)
    hit = any(found.search(files.get(p, "")) for p in wanted["paths"])
    return int(hit is bool(wanted["negated"])), "found" if hit else "no match"


FLAKY = ("now and then", "seldom")
"""The tests of a suite that may fail in the first run on a tree, and pass in the next."""


def suite(spec: JobSpec, files: Mapping[str, str]) -> SuiteSummary | None:
    """What `suite FILE` reports: the test `content` fails as long as the file is not good, others in the first run, maybe."""
    program = spec.program.argv
    words = program[2].split() if program[0] == "/bin/sh" and len(program) > 2 else []
    if words[:1] != ["suite"]:
        return None
    check, _, tried = spec.key.rpartition(".")
    failed = {name for number, name in enumerate(FLAKY) if tried == "1" and not _dice(f"{name} {check}", 2 + number)}
    failed |= set() if "good" in files.get(words[1], "") else {"content"}
    states = {name: CaseState.FAILED if name in failed else CaseState.PASSED for name in ("content", *FLAKY)}
    return summary(results_of([CaseResult(name, state) for name, state in states.items()], "JUnit XML"))


def _dice(text: str, sides: int) -> int:
    return blake2b(text.encode(), digest_size=2).digest()[0] % sides


def _steps_within(spec: JobSpec, outcome: Outcome) -> int:
    """How many steps an attempt takes before it is stopped: the one that breaks its cap is seen when it is over, or later."""
    spent = Decimal(0)
    for number, cost in enumerate(outcome.costs, 1):
        spent += cost
        if spec.caps.max_usd and spent > Decimal(spec.caps.max_usd):
            return min(number + outcome.late, len(outcome.costs))
    return len(outcome.costs)
