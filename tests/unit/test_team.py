"""The team: limits of agents and features, escalation, agents for one mission, and leave for side effects."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission
from tests.kit.missions import NOW, feature, holds, mission, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import Cause, FeatureStatus, HoldKind, MissionStatus
from mission_cli.domain.tables import Member
from mission_cli.domain.team.limits import NO_LIMITS, OwnLimits, own_limits
from mission_cli.engine.loop import pulse
from mission_cli.interchange.from_polpo import read_polpo
from mission_cli.interchange.to_polpo import write_polpo
from mission_cli.planner.core.moves.features import Dispatch, MoveFeature
from mission_cli.planner.core.moves.waiting import Ask

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", NO_LIMITS),
        ("attempts 2", OwnLimits(attempts=2)),
        ("Attempts: 2; retry 5m 1h", OwnLimits(attempts=2, retry=(timedelta(minutes=5), HOUR))),
        ("duration PT1H, usd 5, hours 2.5", OwnLimits(duration=HOUR, usd=Decimal(5), hours=Decimal("2.5"))),
        *(
            (text, OwnLimits(wrong=f"`{text}` cannot be read as a limit"))
            for text in ("attempts 0", "attempts", "attempts 101", "retry", "retry soon", "duration 0s", "usd -1", "usd 1 2", "usd nan", "lunch 3")
        ),
        ("attempts 2, lunch 3", OwnLimits(attempts=2, wrong="`lunch 3` cannot be read as a limit")),
    ],
)  # fmt: skip
def test_limits_are_read_completely_or_not_at_all(text: str, limits: OwnLimits) -> None:
    assert own_limits(text) == limits


TEAM = (Member("ann", "builds", limits=own_limits("attempts 2, retry 30m, duration 20m, usd 5, hours 2")),)


def mine(limits: OwnLimits = NO_LIMITS) -> Mission:
    """A mission with two features of ann."""
    some = feature("1.1", assign="ann", limits=limits)
    return mission(some, feature("1.2", assign="ann"), team=TEAM)


def failed(name: str, usd: str = "1", hours: str = "0.1", **more: object) -> RunRecord:
    return record(name, Cause.CRITERIA_FAILED, signature=name, ended=stamp(NOW), usage=Usage(usd=Decimal(usd), hours=Decimal(hours)), **more)  # fmt: skip


def test_attempts_waits_and_duration_are_those_of_the_agent_unless_the_feature_has_its_own() -> None:
    started = [m.record for m in plan_of(mine()).transitions if isinstance(m, Dispatch)]
    assert [r.deadline_s for r in started] == [1200, 1200]
    own = mine(limits=own_limits("attempts 3, duration 5m"))
    assert [m.record.deadline_s for m in plan_of(own).transitions if isinstance(m, Dispatch)] == [300, 1200]
    assert holds(plan_of(mine(), records=(failed("1.1-a1"),)), "1.1") == [
        ("backoff", "the next attempt starts in 30 min")
    ]
    twice = (failed("1.1-a1"), failed("1.1-a2"))
    assert holds(plan_of(mine(), records=twice), "1.1") == [
        ("attempts", "2 of 2 attempts used up; the last ended with criteria_failed")
    ]
    assert holds(plan_of(own, records=twice), "1.1") == [("backoff", "the next attempt starts in 30 min")]


@pytest.mark.parametrize(("used", "held"), [("2", ""), ("5", "ann may use $5, and that is used or reserved")])
def test_an_agent_uses_no_more_than_its_dollars_over_all_its_features(used: str, held: str) -> None:
    done = record("1.1-a1", Cause.DONE, usage=Usage(usd=Decimal(used), hours=Decimal("0.1")))
    some = replace(mine(), milestones=(replace(mine().milestones[0], features=(feature("1.1", FeatureStatus.DONE, assign="ann"), feature("1.2", assign="ann"))),))  # fmt: skip
    plan = plan_of(some, records=(done,))
    started = [m.record.reserve.usd for m in plan.transitions if isinstance(m, Dispatch)]
    assert started == ([] if held else [Decimal(3)])
    assert holds(plan, "1.2") == ([("budget", held)] if held else [])


def test_what_runs_counts_with_its_reserve_and_hours_and_a_feature_may_have_an_amount_too() -> None:
    runs = record("1.1-a1", reserve=Reserve(usd=Decimal(5), hours=Decimal(2)))
    some = mission(feature("1.1", FeatureStatus.DISPATCHED, assign="ann"), feature("1.2", assign="ann"), team=TEAM)
    assert holds(plan_of(some, records=(runs,)), "1.2")[0] == ("budget", "ann may use $5, and that is used or reserved")
    alone = mission(feature("1.1", limits=own_limits("hours 1")))
    assert holds(plan_of(alone, records=(failed("1.1-a1", hours="1"),)), "1.1")[0] == (
        "budget",
        "1.1 may use 1 h, and that is used or reserved",
    )


def test_a_limit_that_cannot_be_read_holds_and_is_an_error() -> None:
    text = "---\nid: m\nbudget: {money_usd: 1}\n---\n# M\n## Team\n| Agent | Role | Limits |\n|---|---|---|\n| ann | | usd much |\n## Milestones\n### Milestone 1: One\n**Status:** active\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | One `[assign:ann]` | pending |\n| 1.2 | Two `[limits:attempts many]` | pending |\n"
    loaded = load(text, "m")
    assert [(p.line, p.message) for p in lint(loaded) if "limits" in p.message] == snapshot(
        [
            (9, "the limits of ann: `usd much` cannot be read as a limit"),
            (16, "the limits of 1.2: `attempts many` cannot be read as a limit"),
        ]
    )
    plan = plan_of(replace(loaded.mission, managed=True, base="main", status=MissionStatus.ACTIVE))
    assert [holds(plan, number)[0] for number in ("1.1", "1.2")] == snapshot(
        [
            (HoldKind.ROW, "its limits cannot be read: `usd much` cannot be read as a limit"),
            (HoldKind.ROW, "its limits cannot be read: `attempts many` cannot be read as a limit"),
        ]
    )


PLAN = """\
title: Words
budget: {time_hours: 10}
preferences: {runner: script, land: auto}
model_routing: {orchestrator: big, workers: small, escalate: "@architect, orchestrator"}
team:
  - {name: ann, role: builds, model: small, skills: "python, sql", instructions: "Write tests first."}
  - {name: architect, role: repairs, model: medium, volatile: true}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, assign: ann, criteria: ["file: `1.1.txt`"], limits: "attempts 1"}]
"""


class World:
    """A host with the mission; `prompts` are those of workers, by attempt."""

    def __init__(self, plan: str = PLAN, works_from: int = 1) -> None:
        self.prompts: dict[str, str] = {}
        self.works_from = works_from
        self.host: Host = make_host(self.works)
        models = {"small": "s-1", "medium": "m-1", "big": "b-1"}
        self.host.settings = replace(SETTINGS, notify="", runners={"script": replace(SETTINGS.runners["script"], models=models)})  # fmt: skip
        make_mission(self.host, plan)
        lifecycle.start(self.host.context(), "m")

    def works(self, spec: JobSpec) -> Outcome:
        """Fail until the attempt with that number."""
        self.prompts[spec.key.removeprefix("m/")] = spec.program.stdin
        number = spec.program.env["MISSION_FEATURE"]
        good = int(spec.program.env["MISSION_ATTEMPT"]) >= self.works_from
        return Outcome(60.0, {f"{number}.txt" if good else "notes.txt": spec.key}, completes=number)

    def go_on(self, rounds: int = 8) -> Mission:
        """Let pulses and jobs go on; the mission then."""
        for _ in range(rounds):
            report = pulse(self.host.context())
            assert not report.bugs
            self.host.jobs.clock.time.pass_by(timedelta(minutes=2))
            self.host.jobs.work()
        return self.mission

    @property
    def mission(self) -> Mission:
        """As it is committed."""
        return resolve(self.host.context().state.snapshot(), "m").mission


def test_tries_go_from_the_agent_to_the_next_one_to_the_orchestrator_and_to_a_person() -> None:
    world = World(works_from=9)
    now = world.go_on(24)
    assert [str(f.status) for f in now.features()] == ["failed"]
    roles = {name: [line for line in text.splitlines() if "role is" in line or "skills" in line or "tests first" in line] for name, text in world.prompts.items()}  # fmt: skip
    assert roles == snapshot(
        {
            "1.1-a1": ["Your role is ann: builds.", "Your skills: python, sql.", "Write tests first."],
            "1.1-a2": ["Your role is architect: repairs."],
            "1.1-a3": [],
        }
    )
    texts = world.host.context().state.runs(resolve(world.host.context().state.snapshot(), "m").stored, world.host.context().state.head())  # type: ignore[arg-type]  # it has one  # fmt: skip
    assert [next(line for line in text.splitlines() if line.startswith("model:")) for text in texts.values()] == ["model: s-1", "model: m-1", "model: b-1"]  # fmt: skip


def test_agents_for_one_mission_are_removed_when_it_is_completed() -> None:
    world = World()
    before, _ = write_polpo(world.mission)
    now = world.go_on()
    assert now.status is MissionStatus.COMPLETED
    assert [m.agent for m in now.team] == ["ann"]
    assert [row.details for row in now.progress if row.event == "agent.removed"] == ["architect was only for this mission, and is removed from the team"]  # fmt: skip
    after, _ = write_polpo(now)
    names = [[agent["name"] for agent in json.loads(one["data"])["team"]] for one in (before, after)]
    assert names == [["ann", "architect"], ["ann"]]


RISKY = PLAN.replace('title: one, assign: ann, criteria: ["file: `1.1.txt`"], limits: "attempts 1"', 'title: "Send it ⏎ $(id)", side_effects: true, criteria: ["file: `1.1.txt`"]')  # fmt: skip


def test_side_effects_wait_for_a_person_before_the_first_attempt() -> None:
    world = World(RISKY)
    now = world.go_on()
    assert world.host.jobs.truth.starts == []
    [request] = now.requests
    assert (request.prompt, request.options) == snapshot(
        ("1.1 Send it ⏎ $(id) has side effects that cannot be undone: start it on `script`?", ("start", "skip"))
    )
    features.answer(world.host.context(), "m", request.number, "start")
    assert world.go_on().status is MissionStatus.COMPLETED
    assert world.host.jobs.truth.starts == ["m/1.1-a1"]
    assert len(world.mission.requests) == 1


def test_a_person_may_say_no_to_side_effects() -> None:
    world = World(RISKY)
    [request] = world.go_on().requests
    features.answer(world.host.context(), "m", request.number, "skip")
    now = world.go_on(3)
    assert [str(f.status) for f in now.features()] == ["skipped"]
    assert world.host.jobs.truth.starts == []


def test_the_request_names_what_the_criteria_run_and_what_was_tried_needs_no_leave() -> None:
    from tests.kit.missions import run

    some = mission(feature("1.1", side_effects=True, criteria=(run("./send.sh --all"),)))
    [asked] = [m.request.prompt for m in plan_of(some).transitions if isinstance(m, Ask)]
    assert (
        asked
        == "1.1 title 1.1 has side effects that cannot be undone: start it on `script`?; its criteria run `./send.sh --all`"
    )
    before = replace(some, milestones=(replace(some.milestones[0], features=(replace(some.milestones[0].features[0], tries_after=1),)),))  # fmt: skip
    plan = plan_of(before, records=(failed("1.1-a1"),))
    assert [type(m) for m in plan.transitions if isinstance(m, Dispatch | Ask | MoveFeature)] == [Dispatch]


def test_what_polpo_says_of_agents_and_tasks_is_taken_along() -> None:
    document = {
        "tasks": [{"title": "One", "assignTo": "ann", "maxRetries": 2, "maxDuration": 90_500}],
        "team": [{"name": "ann", "role": "builds", "systemPrompt": "Write tests first.", "skills": ["python", "sql"]}],
    }
    taken = read_polpo(json.dumps(document))
    assert taken.plan is not None
    assert taken.left == ()
    one, ann = taken.plan.milestones[0].features[0], taken.plan.team[0]
    assert (one.limits, ann.instructions, ann.skills) == (
        "attempts 3, duration 91s",
        "Write tests first.",
        "python, sql",
    )
    host = make_host(lambda _: Outcome())
    from mission_cli.document.plans.plan import write_plan

    make_mission(host, write_plan(taken.plan))
    found = resolve(host.context().state.snapshot(), "m").mission
    assert found.feature(FeatureNumber("1.1")).limits == OwnLimits(attempts=3, duration=timedelta(seconds=91))  # type: ignore[union-attr]  # it is there
    assert json.loads(write_polpo(found)[0]["data"])["team"] == document["team"]
