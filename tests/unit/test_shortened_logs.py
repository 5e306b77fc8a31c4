"""Logs are for people: no decision depends on a row of one, so a person may delete them all, at any time."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import base_of, make_host, make_mission
from tests.kit.fakes.others import ADA

from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.document.reading.load import load
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Everything that a log tells
budget: {money_usd: 3}
preferences: {runner: script, max_parallel_workers: 2, land: ask}
gates:
  - {name: look, kind: checkpoint, after: ["1.2"], blocks: ["2.1"]}
milestones:
  - name: First
    validation: ["file: `fixed.txt`"]
    features:
      - {title: a, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`", "manual: Is it pretty?"]}
  - name: Second
    features:
      - {title: c, criteria: ["file: `2.1.txt`"]}
"""
_LOGS = re.compile(r"^## (?:Progress|Decision|Recovery) Log$")


def works(spec: JobSpec) -> Outcome:
    """Fail at first, so that there are tries, a fix feature, and a warning about the budget."""
    number, attempt = spec.program.env["MISSION_FEATURE"], int(spec.program.env["MISSION_ATTEMPT"])
    text = "bad\n" if (number, attempt) == ("1.1", 1) else "good\n"
    files = {f"{number}.txt": text, **({"fixed.txt": "yes\n"} if number > "1.2" else {})}
    return Outcome(30.0, files, costs=(Decimal("0.4"),), completes=number)


def without_rows(text: str) -> str:
    """Return a mission file whose logs have no row."""
    kept: list[str] = []
    in_log = below = False
    for line in text.splitlines(keepends=True):
        if line.startswith("## "):
            in_log, below = bool(_LOGS.match(line.rstrip())), False
        if not (in_log and below and line.startswith("|")):
            kept.append(line)
        below = below or line.startswith(("|--", "| --"))
    return "".join(kept)


def shorten(host: Host) -> bool:
    """Delete every row of every log, as a person does; True where there was one."""
    state = host.context().state
    path = "m/mission.md"
    text = state.text_at(state.snapshot().missions[identity_of(host)], str(state.head()))
    short = without_rows(text)
    if short == text:
        return False
    state.commit([Write(path, short, text)], message="Shorten the logs\n", expect=state.head(), author=ADA)
    return True


def identity_of(host: Host) -> MissionId:
    return next(iter(host.context().state.snapshot().missions))


def mission_of(host: Host) -> Mission:
    state = host.context().state
    return load(state.snapshot().missions[identity_of(host)].text, "m").mission


def help_out(host: Host) -> list[str]:
    """What a person does: answer, approve, resume, land."""
    mission, done = mission_of(host), []
    for request in (r for r in mission.requests if r.open):
        features.answer(host.context(), "m", request.number, next(iter(request.options), "go on"))
        done.append(f"answer {request.number}")
    if mission.status is MissionStatus.PAUSED:
        waiting = [g.name for g in mission.gates if g.status == "waiting"]
        for name in waiting:
            gates.decide_gate(host.context(), "m", name, approved=True)
            done.append(f"approve {name}")
        if mission_of(host).status is MissionStatus.PAUSED:
            features.resume(host.context(), "m")
            done.append("resume")
    elif not done and all(m.finished for m in mission.milestones):
        gates.land(host.context(), "m")
        done.append("land")
    return done


def life(*, shortened: bool) -> tuple[object, ...]:
    """Run the mission to its end; return all that decides, and what the person did."""
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    did: list[str] = []
    deleted = 0
    for _ in range(400):
        assert not pulse(host.context()).bugs
        deleted += shortened and shorten(host)
        if mission_of(host).status in FINISHED_MISSION:
            break
        if not host.jobs.supervised("worker") and not host.jobs.supervised("check"):
            did += help_out(host)
        host.jobs.clock.time.pass_by(timedelta(seconds=20))
        host.jobs.work()
    mission = mission_of(host)
    assert bool(deleted) is shortened
    assert bool(mission.progress) is not shortened
    return (
        str(mission.status),
        [(m.number, str(m.status), m.rounds) for m in mission.milestones],
        [(f.number, str(f.status), f.worker) for f in mission.features()],
        [(g.name, g.status) for g in mission.gates],
        [(r.number, r.feature, r.status) for r in mission.requests],
        [(s.category, s.amount, s.description) for s in mission.spends],
        base_of(host),
        did,
    )


def test_a_person_may_delete_every_row_of_every_log_between_any_two_ticks() -> None:
    undisturbed = life(shortened=False)
    assert undisturbed[0] == "completed"
    assert undisturbed[-1] == ["answer 1", "approve look", "answer 2", "land"]
    assert life(shortened=True) == undisturbed
