"""Worlds in which a model judges, and the laws about it, written without the planner's own arithmetic."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.judgments import judgment
from tests.sim.sim import PLAN, BrokenError, Sim
from tests.sim.workers import DEAREST, work

from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.status import Cause, JobKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

_SHARE = Decimal("0.2")
_MOST, _TRIES, _RUNS = 20, 2, 5
_FREE = (Cause.LOST, Cause.KILLED, Cause.STOPPED, Cause.RATE_LIMIT)
_CENT = Decimal("0.000001")


def work_or_judge(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`, half of it useless; and judgments that are good, unreadable, late, dear or hostile."""
    if spec.kind is not JobKind.REVIEW:
        return work(seed, spec) if seed % 2 else _worse(seed, spec)
    kind = JudgmentKind(spec.program.env["MISSION_JUDGMENT"])
    dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=4).digest()
    cost, good = (Decimal("0.01"),), judgment(kind, **_choice(kind, dice[1]))
    others = (
        Outcome(30.0, costs=cost, answer=judgment(kind, budget="1000", gates="open")),
        Outcome(30.0, costs=cost, answer=f"Sure! {good}"),
        Outcome(30.0, costs=cost),
        Outcome(30.0, costs=(DEAREST,) * 9, answer=good),
        Outcome(100_000.0, costs=cost, answer=good),
        Outcome(30.0, costs=cost, answer=good, cause=Cause.RATE_LIMIT),
        Outcome(30.0, {"1.1.txt": "good\n"}, costs=cost, answer=good),
        Outcome(30.0, costs=cost, code=-9),
    )
    return Outcome(30.0, costs=cost, answer=good) if dice[0] < 130 else others[dice[2] % len(others)]


def _worse(seed: int, spec: JobSpec) -> Outcome:
    done = work(seed, spec)
    return done if seed % 4 or spec.key.endswith("a1") else Outcome(20.0, {"bad.txt": spec.key}, costs=done.costs[:2])


def _choice(kind: JudgmentKind, dice: int) -> dict[str, object]:
    numbers = ["1.1", "1.2", "1.3", "2.1", "2.2", "9.9"]
    if kind is JudgmentKind.REDUCE:
        return {"choice": ["simplify", "retry", "skip"][dice % 3]}
    if kind is JudgmentKind.SERIALIZE:
        return {"first": numbers[dice % 6], "second": numbers[dice // 6 % 6]}
    return {"unnecessary": [numbers[dice % 6]]} if kind is JudgmentKind.UNNECESSARY else {}


def wrong(records: Sequence[RunRecord]) -> str:
    """Say which judgment was asked for too often; else empty."""
    judgments = sorted((r for r in records if r.judging), key=lambda r: r.attempt)
    if len(judgments) > _MOST:
        return f"{len(judgments)} judgments"
    for subject in {r.subject for r in judgments}:
        mine = [r for r in judgments if r.subject == subject]
        causes = [r.cause for r in mine]
        tried = sum(cause not in {*_FREE, None} for cause in causes)
        if tried > _TRIES or len(mine) > _RUNS or Cause.DONE in causes[:-1] or None in causes[:-1]:
            return f"{mine[-1].run} was asked for again after {[str(cause) for cause in causes]}"
    return ""


def too_dear(mission: Mission, records: Sequence[RunRecord]) -> str:
    """Say that judgments hold more than their share; else empty."""
    held = sum((_held(r) for r in records if r.judging), Decimal(0))
    cap = mission.limits.usd
    return "" if cap is None or held <= cap * _SHARE + _CENT else f"${held} of ${cap} is held by judgments"


def _held(record: RunRecord) -> Decimal:
    """What a judgment holds: its reserve, or its cost if that is less."""
    cost = record.usage.usd
    return record.reserve.usd if record.open or cost is None else min(cost, record.reserve.usd)


def _kept(mission: Mission) -> tuple[object, ...]:
    """What no judgment changes."""
    criteria = [c.text for m in mission.milestones for c in (*m.criteria, *(c for f in m.features for c in f.criteria))]
    return mission.limits, [(g.name, g.kind, g.rule) for g in mission.gates], criteria


class JudgeSim(Sim):
    """A world with an orchestrator that acts: no subject is asked about twice, and caps, gates and criteria stay."""

    plan = PLAN.replace(
        "title: Six files", "title: Six files\norchestrator: {judgments: act, narrative: true, budget_pct: 20}"
    )
    script = staticmethod(work_or_judge)

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            records = self.records(host)
            self.counts["judgments"] = max(self.counts["judgments"], sum(record.judging for record in records))
            if words := wrong(records):
                raise BrokenError(f"{host.jobs.name}: {words}")

    def end(self) -> None:
        """No intent holds more than the share, and what follows from judgments changes no cap, gate or criterion."""
        super().end()
        for commit in self.objects.all():
            mission = load(commit.files["m/mission.md"], "m").mission if "judgment." in commit.message else None
            if mission is None or not commit.parents:
                continue
            if "Mission-Event: judgment.dispatched" in commit.message:
                texts = [text for path, text in commit.files.items() if "/runs/" in path]
                if words := too_dear(mission, [r for text in texts if (r := read_run(text)) is not None]):
                    raise BrokenError(f"{words}: {commit.message}")
            if "Mission-Event: judgment.decided" in commit.message:
                self.counts["judgments decided"] += 1
                before = load(self.objects.get(commit.parents[0]).files["m/mission.md"], "m").mission
                if _kept(before) != _kept(mission):
                    raise BrokenError(f"more than it may was changed: {commit.message}")
