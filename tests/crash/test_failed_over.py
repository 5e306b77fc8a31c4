"""A runner at its limit in the middle of a feature: if a process dies at any step, the other one finishes it once.

And of fifty such outages, how often the second vendor goes on with what the first one had committed.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, only_at_night
from tests.unit.test_failover import two_runners

from mission_cli.app.commands import lifecycle
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.ledger import spent as spent_in
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import Cause, MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.crash.lives import StateId

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Moved
budget: {money_usd: 20, time_hours: 20}
preferences: {runner: script, runners: [script, other], land: auto, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `more.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`", "grep: `good` in `more.txt`"]}
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"),),
    base=(("1.1.txt", "first\n"), ("more.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)
RUNS, FLOOR = 50, 0.95


def works(spec: JobSpec) -> Outcome:
    """The first runner is cut off with a commit and a change; the other one only does what is missing."""
    if spec.program.argv[0] == "script":
        usd = (Decimal("0.3"), Decimal("0.2"))
        files, more = {"1.1.txt": "first\n"}, {"more.txt": "half\n"}
        return Outcome(60.0, files, more, 1, usd, cause=Cause.RATE_LIMIT, reset_at="2026-12-20T10:00:00Z")
    return Outcome(60.0, {"more.txt": "good\n"}, costs=(Decimal("0.1"),), completes="1.1")


class Moved(Deaths):
    """A mission whose feature moves from one runner to the other."""

    def furnish(self, host: Host) -> None:
        """Two runners."""
        super().furnish(host)
        two_runners(host)

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end, every attempt that ran is paid once, and what was committed first was kept."""
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            files = committed(host)
            records = records_in(files)
            spent = spent_in(loaded(files["m/mission.md"]).mission.spends).usd
            known = [r.usage.usd for r in records if r.usage.usd is not None]
            assert spent == sum(known)
            if len(known) == len(records):
                assert spent == sum(host.jobs.truth.paid.values())
            assert all(r.starts for r in records if r.instead_of and not lost_before(r, records))


def records_in(files: Mapping[str, str]) -> list[RunRecord]:
    """The run records among files."""
    found = [r for name, text in files.items() if "/runs/" in name and (r := read_run(text)) is not None]
    return sorted(found, key=lambda r: r.attempt)


def lost_before(record: RunRecord, records: Iterable[RunRecord]) -> bool:
    """Whether the attempt before one left nothing to go on with: it was lost, or stopped before it began."""
    before = [r for r in records if r.attempt < record.attempt]
    last = before[-1] if before else None
    return last is None or not (last.head or last.saved or last.starts) or last.cause in {Cause.LOST, Cause.KILLED}


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
def test_a_death_at_every_step_of_a_mission_that_moves(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Moved(plan=PLAN, script=works)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    record_property("counts", dict(deaths.counts))


def outage(seed: int) -> tuple[bool, str]:
    """Whether the second vendor finished a feature without making a commit of the first one again, and what came."""
    dice = blake2b(f"{seed}".encode(), digest_size=8).digest()

    def scripted(spec: JobSpec) -> Outcome:
        if spec.program.argv[0] == "script":
            done = {"1.1.txt": "first\n"} if dice[0] % 4 else {}
            open_ = {"more.txt": "half\n"} if dice[1] % 3 else {}
            cause = Cause.RATE_LIMIT if dice[2] % 2 else Cause.PROVIDER_ERROR
            reset = "2026-12-20T10:00:00Z" if cause is Cause.RATE_LIMIT and dice[3] % 2 else ""
            return Outcome(20.0 + dice[4], done, open_, 1, (Decimal("0.2"),), cause=cause, reset_at=reset)
        there = objects.get(Sha(spec.tree.commit)).files
        missing = {} if "1.1.txt" in there else {"1.1.txt": "second\n"}
        return Outcome(20.0 + dice[5], {**missing, "more.txt": "good\n"}, costs=(Decimal("0.1"),), completes="1.1")

    host = make_host(scripted)
    objects = host.jobs.objects
    two_runners(host)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    for _ in range(60):
        pulse(host.context())
        host.jobs.clock.time.pass_by(timedelta(seconds=20))
        host.jobs.work()
    files = committed(host)
    records, mission = records_in(files), loaded(files["m/mission.md"]).mission
    first, rest = records[0], records[1:]
    done = mission.status is MissionStatus.COMPLETED and [r.cause for r in rest] == [Cause.DONE]
    kept = not first.head or not rest or objects.contains(Sha(rest[-1].head), Sha(first.head))
    return done and kept, f"{seed}: {mission.status}, {[(r.runner, str(r.cause)) for r in records]}, kept: {kept}"


@only_at_night
def test_the_second_vendor_goes_on_where_the_first_one_was_cut_off(
    record_property: Callable[[str, object], None],
) -> None:
    found = [outage(seed) for seed in range(RUNS)]
    rate = sum(good for good, _ in found) / RUNS
    record_property("counts", {f"cold-resume rate, percent of {RUNS} runs": round(rate * 100)})
    assert rate >= FLOOR, [words for good, words in found if not good]
