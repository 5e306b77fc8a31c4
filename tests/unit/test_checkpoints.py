"""Checkpoints and quality gates that a person rejects: their features go back to work with the comment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.domain.errors import UsageError
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Words
budget: {time_hours: 10}
preferences: {runner: script, land: auto}
gates:
  - {name: design, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], rule: Is the schema right?, notify: legal}
  - {name: copy, kind: checkpoint, after: ["1.1"], blocks: ["1.3"]}
  - {name: good, kind: quality, after: ["1.2"], blocks: [], rule: "minScore >= 5, condition: attempts > 1"}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
      - {title: three, criteria: ["file: `1.3.txt`"]}
"""


class World:
    """A host with the mission, and the prompts that workers got."""

    def __init__(self) -> None:
        self.prompts: dict[str, str] = {}
        self.host: Host = make_host(self.works)
        make_mission(self.host, PLAN)
        lifecycle.start(self.host.context(), "m")

    def works(self, spec: JobSpec) -> Outcome:
        """Write the name of the attempt."""
        self.prompts[spec.key.removeprefix("m/")] = spec.program.stdin
        name = spec.program.env["MISSION_FEATURE"]
        return Outcome(60.0, {f"{name}.txt": spec.key}, completes=name)

    def go_on(self, rounds: int = 6) -> Mission:
        """Let pulses and jobs go on; the mission then."""
        for _ in range(rounds):
            report = pulse(self.host.context())
            assert not report.bugs
            assert not report.troubles
            self.host.jobs.clock.time.pass_by(timedelta(minutes=2))
            self.host.jobs.work()
        return self.mission

    @property
    def mission(self) -> Mission:
        """As it is committed."""
        return resolve(self.host.context().state.snapshot(), "m").mission

    def decide(self, gate: str, *, approved: bool, comment: str = "") -> str:
        """What the command says."""
        return gates.decide_gate(self.host.context(), "m", gate, approved=approved, comment=comment).words

    def waiting(self) -> list[tuple[str, str]]:
        """What waits for a person, and the command that helps."""
        return [(one.name, str(one.unblock)) for _, one in everything_waiting(self.host.context())]


def statuses(mission: Mission) -> tuple[MissionStatus | None, list[str], list[str]]:
    return mission.status, [str(f.status) for f in mission.features()], [g.status for g in mission.gates]


def test_several_checkpoints_wait_at_once_and_all_are_shown() -> None:
    world = World()
    assert statuses(world.go_on()) == (
        MissionStatus.PAUSED,
        ["done", "pending", "pending"],
        ["waiting", "waiting", "pending"],
    )
    assert world.waiting() == snapshot(
        [
            ("checkpoint `design` is reached: Is the schema right? (for legal)", "mission approve m design"),
            ("`copy` waits for a person", "mission approve m copy"),
        ]
    )
    world.decide("copy", approved=True)
    assert statuses(world.mission)[0] is MissionStatus.PAUSED
    assert world.waiting() == snapshot(
        [("checkpoint `design` is reached: Is the schema right? (for legal)", "mission approve m design")]
    )
    world.decide("design", approved=True)
    assert statuses(world.go_on(9)) == (
        MissionStatus.ACTIVE,
        ["done", "done", "done"],
        ["approved", "approved", "failed"],
    )


def test_a_rejection_sends_the_features_back_with_the_comment_and_the_checkpoint_waits_again() -> None:
    world = World()
    world.go_on()
    assert world.decide("design", approved=False, comment="use plural names\n## for `tables`") == snapshot(
        "gate design is rejected: use plural names ## for `tables`; back to work: 1.1"
    )
    assert statuses(world.mission) == (
        MissionStatus.ACTIVE,
        ["pending", "pending", "pending"],
        ["pending", "waiting", "pending"],
    )
    now = world.go_on()
    assert statuses(now) == (MissionStatus.PAUSED, ["done", "pending", "pending"], ["waiting", "waiting", "pending"])
    told = world.prompts["1.1-a2"].partition("## Messages from a person about this feature\n")[2].partition("\n## ")[0]
    assert told == snapshot("""\

- Ada (2026-11-20T10:12:00Z): the gate `design` was rejected: use plural names ## for `tables`
""")
    work = now.approvals[0].commit
    assert [(a.at, a.gate, a.decision, a.by, a.comment) for a in now.approvals] == snapshot(
        [("2026-11-20T10:12:00Z", "design", "rejected", "Ada", "use plural names ## for `tables`")]
    )
    world.decide("design", approved=True)
    world.decide("copy", approved=True)
    now = world.go_on(9)
    assert [(a.gate, a.decision, bool(a.commit), a.commit == work) for a in now.approvals] == [
        ("design", "rejected", True, True),
        ("design", "approved", True, False),
        ("copy", "approved", True, False),
    ], "a decision is about the work that the person could see"


def test_what_failed_at_a_quality_gate_is_said_and_sent_back() -> None:
    world = World()
    world.go_on()
    world.decide("design", approved=True)
    world.decide("copy", approved=True)
    now = world.go_on(9)
    assert statuses(now) == (MissionStatus.ACTIVE, ["done", "done", "done"], ["approved", "approved", "failed"])
    assert [row.details for row in now.progress if row.event == "gate.failed"] == snapshot(
        ["gate good is failed: its condition does not hold: attempts > 1"]
    )
    assert world.waiting() == snapshot([("`good` is failed", "mission approve m good")])
    world.decide("good", approved=False, comment="once more")
    assert statuses(world.go_on(9)) == (
        MissionStatus.COMPLETED,
        ["done", "done", "done"],
        ["approved", "approved", "passed"],
    )
    assert "the gate `good` was rejected: once more" in world.prompts["1.2-a2"]


def test_resume_goes_on_with_what_no_checkpoint_blocks() -> None:
    world = World()
    world.go_on()
    world.decide("copy", approved=True)
    features.resume(world.host.context(), "m")
    assert statuses(world.go_on()) == (
        MissionStatus.ACTIVE,
        ["done", "pending", "done"],
        ["waiting", "approved", "pending"],
    )


@pytest.mark.parametrize("when", ["before", "approved", "no feature is done"])
def test_a_rejection_of_what_does_not_wait_only_closes_the_gate(when: str) -> None:
    world = World()
    if when == "approved":
        world.go_on()
        world.decide("design", approved=True)
    if when == "no feature is done":
        features.skip(world.host.context(), "m/1.1", reason="not needed")
        world.go_on()
    before = [str(f.status) for f in world.mission.features()]
    assert world.decide("design", approved=False) == "gate design is rejected"
    assert [str(f.status) for f in world.mission.features()] == before
    assert world.mission.gates[0].status == "rejected"


def test_a_comment_that_fits_no_message_is_refused() -> None:
    world = World()
    world.go_on()
    with pytest.raises(UsageError, match="the comment has 100000 characters"):
        world.decide("design", approved=False, comment="x" * 100_000)
