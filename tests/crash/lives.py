"""Every life that a mission can have when processes die: explored from state to state, each state once.

What outlives a process is its host's disk, the jobs that run, and the time. What follows from them is always the
same, so a life is a path through states, and two deaths that leave the same state are one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, base_of
from tests.kit.fakes.life import Death, Fate, Kind
from tests.kit.fakes.runtime import PLACE, Signature, is_idle
from tests.kit.fakes.state import HEAD

from mission_cli.app.commands import gates, lifecycle
from mission_cli.app.commands.phases.documents import Given
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.ids import Sha
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.kit.fakes.objects import Commit

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Six files
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
      - {title: three, depends: ["1.1"], criteria: ["grep: `good` in `1.3.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt` `2.2.txt` `2.3.txt`"]
    features:
      - {title: four, criteria: ["grep: `good` in `2.1.txt`"]}
      - {title: five, criteria: ["grep: `good` in `2.2.txt`"]}
      - {title: six, depends: ["2.1", "2.2"], criteria: ["grep: `good` in `2.3.txt`"]}
"""
CRON = timedelta(minutes=1)
AGAIN = "again"
"""The gate that people reject the first time."""
_LONGEST = 2_000
StateId = int


def works(spec: JobSpec) -> Outcome:
    """What the workers do: everything is right but the first attempt at 1.2."""
    feature, attempt = spec.program.env["MISSION_FEATURE"], int(spec.program.env["MISSION_ATTEMPT"])
    word = "bad" if (feature, attempt) == ("1.2", 1) else "good"
    cost = (Decimal("0.3"), Decimal("0.2"))
    return Outcome(60.0, {f"{feature}.txt": f"{word}\n"}, costs=cost, completes=feature)


@dataclass(frozen=True)
class Segment:
    """What one process did from a state on: its steps, each with the state that a death there leaves, and the end."""

    steps: tuple[tuple[str, StateId], ...]
    end: StateId | None
    """None: there was nothing left to do."""


@dataclass(frozen=True)
class Step:
    """One step of a life: the segment that begins at a state, and the place in it."""

    start: StateId
    place: int
    name: str
    leaves: StateId


@dataclass
class Lives:
    """The states that were reached so far, and what follows from each."""

    _numbers: dict[object, StateId] = field(default_factory=dict)
    _hosts: dict[StateId, Host] = field(default_factory=dict)
    _segments: dict[StateId, Segment] = field(default_factory=dict)

    def number(self, host: Host) -> StateId:
        """The number of a state, a new one for one that nobody has seen."""
        return self._numbers.setdefault(host.fingerprint(), len(self._numbers))

    def keep(self, host: Host) -> StateId:
        """The number of a state that something will follow from."""
        number = self.number(host)
        if number not in self._hosts:
            self._hosts[number] = host.copy(Fate())
        return number

    def host(self, state: StateId) -> Host:
        """A state that was kept."""
        return self._hosts[state]

    def segment(self, state: StateId) -> Segment:
        """What happens next from a state, if nobody dies."""
        if state not in self._segments:
            steps: list[tuple[str, StateId]] = []
            host = self._hosts[state].copy(Fate(watch=lambda name: steps.append((name, self.number(host)))))
            end = self.keep(host) if act(host) else None
            self._segments[state] = Segment(tuple(steps), end)
        return self._segments[state]

    def life(self, state: StateId) -> Iterator[tuple[StateId, Segment]]:
        """All that happens from a state to the end, if nobody dies any more."""
        for _ in range(_LONGEST):
            segment = self.segment(state)
            yield state, segment
            if segment.end is None:
                return
            state = segment.end
        raise AssertionError("it does not come to an end")

    def steps(self, state: StateId) -> list[Step]:
        """Every step from a state to the end."""
        return [
            Step(start, place, name, leaves)
            for start, segment in self.life(state)
            for place, (name, leaves) in enumerate(segment.steps)
        ]

    def end(self, state: StateId) -> Host:
        """How it ends from a state."""
        for last, _ in self.life(state):
            state = last
        return self._hosts[state]

    def death(self, step: Step, kind: Kind) -> StateId:
        """Let somebody die at a step; return the state that is left."""
        host = self._hosts[step.start].copy(Fate({step.place: kind}))
        try:
            act(host)
        except Death:
            if kind is Kind.POWER_CUT:
                host.power_cut()
        return self.keep(host)


def act(host: Host) -> bool:
    """Do what comes next on a host: people, jobs, pulses, time. False when nothing will ever happen any more."""
    jobs = host.jobs
    due = jobs.next_due()
    if due is not None and due <= jobs.clock.time.now:
        jobs.work()
    elif status_of(host) is MissionStatus.PLANNING:
        lifecycle.start(host.context(), "m")
    elif host.errand is not None and host.errand(host):
        pass
    elif not is_idle(jobs):
        before = host.fingerprint()
        report = pulse(host.context())
        assert not report.bugs, "\n".join(report.bugs)
        assert not report.troubles, report.troubles
        if host.fingerprint() == before:
            jobs.clock.time.pass_by(CRON)
    elif status_of(host) in FINISHED_MISSION and not jobs.supervisors:
        return False
    elif gate := _gate_of(host):
        again = gate == AGAIN and not loaded(committed(host)["m/mission.md"]).mission.approvals
        given = Given(choose=2) if gate == "feature_selection" else Given()
        said = "once more" if again else ""
        gates.decide_gate(host.context(), "m", gate, approved=not again, comment=said, given=given)
    else:
        moments = [m for m in (due, wake_of(host)) if m is not None]
        assert moments, "it waits for nothing"
        jobs.clock.time.pass_by(max(timedelta(0), min(moments) - jobs.clock.now()))
    return True


def _gate_of(host: Host) -> str:
    """The gate of a phase that waits for people; empty if none does."""
    phase = current(loaded(committed(host)["m/mission.md"]).mission.phases)
    return phase.gate if phase is not None and phase.status is PhaseStatus.WAITING else ""


# What must be true of every state


@dataclass(frozen=True)
class End:
    """How a mission ended, as far as it is the same whoever died on the way."""

    status: str
    milestones: tuple[str, ...]
    features: tuple[tuple[str, str], ...]
    base: tuple[tuple[str, str], ...]
    open_runs: int
    edits: int
    """Files of the state's work tree that are not as they are committed."""


def end_of(host: Host) -> End:
    """Read it from state, base, and the work tree of the state."""
    ctx = host.copy(Fate()).context()
    snapshot = ctx.state.snapshot()
    assert snapshot.head is not None
    [stored] = snapshot.missions.values()
    mission = loaded(stored.text).mission
    records = map(read_run, ctx.state.runs(stored, snapshot.head).values())
    return End(
        str(mission.status),
        tuple(str(m.status) for m in mission.milestones),
        tuple((f.number, str(f.status)) for f in mission.features()),
        tuple(sorted(base_of(host).items())),
        sum(r is not None and r.open for r in records),
        len(ctx.state.edits()),
    )


def committed(host: Host) -> dict[str, str]:
    """The files of the state as they are committed."""
    head = host.jobs.disk.read(HEAD, str)
    return dict(host.jobs.objects.get(Sha(head)).files) if head else {}


@lru_cache(maxsize=4096)
def loaded(text: str) -> Loaded:
    """A mission file, read once."""
    return load(text)


def status_of(host: Host) -> MissionStatus | None:
    """How the mission stands."""
    return loaded(committed(host)["m/mission.md"]).mission.status


def wake_of(host: Host) -> datetime | None:
    """When the last pulse wanted to be woken."""
    signature = host.jobs.disk.read(f"{PLACE}/idle", Signature)
    return signature.wake if signature else None


def over_the_cap(before: Commit, after: Commit) -> list[str]:
    """The categories in which a commit that intends attempts promises more than its parent's caps let it."""
    if ".dispatched\n" not in after.message:
        return []
    cap = loaded(before.files["m/mission.md"]).mission.limits
    mission = loaded(after.files["m/mission.md"]).mission
    records = [r for p, t in after.files.items() if "/runs/" in p and (r := read_run(t)) is not None]
    now = account(cap, mission.spends, records)
    return [c for c in CATEGORIES if (limit := now.cap(c)) is not None and now.spent.of(c) + now.held.of(c) > limit]
