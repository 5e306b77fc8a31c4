"""Recorded rounds are decided again: by the same program without a difference, and what differs is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.life import Fate, Life
from tests.kit.fakes.others import ADA
from tests.kit.fakes.state import MemoryStateStore
from tests.sim.sim import PLAN

from mission_cli._support.text import sha256_of
from mission_cli.adapters.fs.noted.last_lines import append_line, kept_lines
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.verify.replay import replay
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.engine.observing.tick import Decided, decided_in, read_tick
from mission_cli.planner.core.decisions import Decisions
from mission_cli.planner.core.moves.mission import MoveMission
from mission_cli.ports.git.state import Write
from mission_cli.surfaces.reporting.replayed import replayed_lines

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.app.results.verification import Replayed
    from mission_cli.ports.executor import JobSpec


def work(spec: JobSpec) -> Outcome:
    """Fail at the first attempt of a feature, and do the work at the second."""
    env = spec.program.env
    files = {f"{env['MISSION_FEATURE']}.txt": "good\n"} if "MISSION_FEATURE" in env and spec.key[-1] != "1" else {}
    return Outcome(60.0, files)


@cache
def lived() -> tuple[Host, tuple[str, ...]]:
    """Return a host on which a mission has ended, and what was recorded of its rounds."""
    host = make_host(work)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    while not FINISHED_MISSION & {case.mission.status for case in pulse(host.context()).cases.values()}:
        host.jobs.clock.time.pass_by(timedelta(minutes=5))
        host.jobs.work()
    return host, tuple(host.lock.ticks["m"])


def replayed(*lines: str) -> Replayed:
    host, _ = lived()
    host.lock.ticks["m"] = list(lines)
    ctx = host.context()
    return replay(ctx, resolve(ctx.state.snapshot(), "m"))


def shown(found: Replayed) -> list[str]:
    return ["".join(text for text, _ in one) for one in replayed_lines(found, 200)]


def test_the_same_program_decides_each_round_as_it_did() -> None:
    _, lines = lived()
    found = replayed(*lines)
    assert found.same
    assert (found.ticks, found.unreadable) == (len(lines), 0)
    assert shown(found) == snapshot(["31 rounds since 2026-11-20T10:00:00Z decided again: 0 differences"])


def test_a_round_that_is_decided_otherwise_is_shown_with_both_decisions() -> None:
    _, lines = lived()
    facts = next(one for one in map(json.loads, lines) if [d[0] for d in one["decided"]].count("Dispatch") == 2)
    facts["observation"]["free_slots"] = 1
    facts["commit"] = "c" * 40
    found = replayed(json.dumps(facts), "{torn", json.dumps({**facts, "on": "0" * 40}))
    assert not found.same
    assert shown(found) == snapshot(
        [
            "2026-11-20T10:00:00Z  ccccccc",
            "then: Dispatch: attempt 1 at 1.2 two: $3.20 and 1 h at most",
            "now: nothing else",
            "",
            "1 round since 2026-11-20T10:00:00Z decided again: 1 difference; 2 rounds of another version or on a commit that is gone",
        ]
    )


def test_a_pause_for_a_change_without_effect_is_decided_again() -> None:
    """Another program puts the mission file back after each commit, so each round decides the same change."""
    host = make_host(work)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    [first] = host.context().state.snapshot().missions.values()
    other = MemoryStateStore(host.jobs.disk, host.jobs.objects, host.jobs.clock, Life(Fate()))

    def put_back(step: str) -> None:
        head = other.head()
        now = other.file(first.path, head) if step == "state.commit:after" and head else None
        if now and "status: paused" not in now:
            other.commit([Write(first.path, first.text, now)], message="Put back", expect=head, author=ADA)

    host.jobs.fate = Fate(watch=put_back)
    pulse(host.context())
    ctx = host.context()
    found = replay(ctx, resolve(ctx.state.snapshot(), "m"))
    assert ["MoveMission" in line for line in host.lock.ticks["m"]] == [False, False, True]
    assert shown(found) == snapshot(["3 rounds since 2026-11-20T10:00:00Z decided again: 0 differences"])


def test_a_decision_is_the_same_in_a_version_that_defines_its_class_in_another_module() -> None:
    plan = Decisions(transitions=(MoveMission(MissionStatus.PAUSED, "why"),))
    text = '{"class": "MoveMission", "to": {"class": "MissionStatus", "value": "paused"}, "why": "why"}'
    assert decided_in(plan) == (Decided("MoveMission", "why", sha256_of(text)[:12]),)


def test_only_classes_of_values_are_made_from_a_line() -> None:
    facts = json.loads(lived()[1][0])
    names = ("os:system", "engine.context:Context", "domain.ids:mission_id", "domain.errors:MissionError", "domain")
    for name in names:
        with pytest.raises(ValueError, match="not a class of values"):
            read_tick(json.dumps({**facts, "observation": {"class": name}}))


def test_no_recording_is_said() -> None:
    with pytest.raises(NotFoundError, match="no round of m was recorded in this clone"):
        replayed()


def test_of_a_long_file_the_newest_lines_are_kept(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "m.jsonl"
    assert kept_lines(place) == ()
    for number in range(100):
        append_line(place, f"line {number}", most=200)
    kept = kept_lines(place)
    assert kept[-1] == "line 99"
    assert kept == tuple(f"line {n}" for n in range(100 - len(kept), 100))
    assert place.stat().st_size <= 200
    assert place.stat().st_mode & 0o777 == 0o600
    with place.open("a") as file:
        file.write("torn")
    assert kept_lines(place) == kept
    (tmp_path / "folder").mkdir()
    append_line(tmp_path / "folder", "nothing is raised")
