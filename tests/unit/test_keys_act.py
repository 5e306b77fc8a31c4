"""What a person writes into the front matter, an annotation or a row of the team decides something."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import POLICY, feature, holds, mission, observation, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.retrospective.facts import facts_of
from mission_cli.domain.retrospective.told import sections_of
from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import FeatureStatus, GateKind, JobState, MissionStatus
from mission_cli.domain.tables import Gate, Member
from mission_cli.engine.attempts.prompt import prompt_for
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
"""
ONE = """\
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""


TWO = replace(POLICY, runners={name: RunnerPolicy() for name in ("script", "other")})


def host_of(works: Callable[[JobSpec], Outcome], **plans: str) -> Host:
    """A host on which these missions are started."""
    host = make_host(works)
    for name, plan in plans.items():
        make_mission(host, plan, name)
        lifecycle.start(host.context(), name)
    return host


def go_on(host: Host, ticks: int = 24) -> None:
    """Let pulses and jobs go on for some minutes."""
    for _ in range(ticks):
        report = pulse(host.context())
        assert not report.bugs
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()


def committed(host: Host, name: str = "m") -> Mission:
    """A mission as it is committed."""
    return load(host.context().state.snapshot().missions[name].text, name).mission  # type: ignore[index]  # it is there, or the test fails


def honest(spec: JobSpec) -> Outcome:
    """A worker that makes `x` or the file of its feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {"x": spec.program.env["MISSION_ID"], f"{name}.txt": name}, completes=name)


# Front matter


def test_the_urgent_mission_is_served_first() -> None:
    begun: list[str] = []

    def works(spec: JobSpec) -> Outcome:
        begun.append(spec.program.env["MISSION_ID"])
        return honest(spec)

    host = make_host(works)
    host.jobs.slots = 1
    for priority in ("low", "normal", "urgent", "high"):
        make_mission(host, f"priority: {priority}\n{PLAN}{ONE}", f"{len(priority)}-{priority}")
        lifecycle.start(host.context(), f"{len(priority)}-{priority}")
    go_on(host)
    assert [name.partition("-")[2] for name in begun] == ["urgent", "high", "normal", "low"]


@pytest.mark.parametrize(
    ("more", "land", "pauses"),
    [
        ("", "auto", []),
        ("autonomous: false", "ask", [1]),
        ("autonomous: false", "auto", [1, 2]),
        ("autonomous: true", "auto", []),
    ],
)
def test_a_mission_that_is_not_autonomous_pauses_after_each_milestone(more: str, land: str, pauses: list[int]) -> None:
    two = "".join(
        f'  - {{name: N{n}, validation: ["file: `{n}.1.txt`"], features: [{{title: t{n}, criteria: ["file: `{n}.1.txt`"]}}]}}\n'
        for n in (1, 2)
    )
    host = host_of(honest, m=f"{more}\n{PLAN.replace('script}', f'script, land: {land}}}')}milestones:\n{two}")
    seen_pauses = []
    for _ in range(3):
        go_on(host)
        now = committed(host)
        if now.status is not MissionStatus.PAUSED:
            break
        seen_pauses.append(sum(m.finished for m in now.milestones))
        words = (
            f"milestone {seen_pauses[-1]} passed, and the mission is not autonomous: look at it, then mission resume m"
        )
        assert now.progress[-1].details == words
        features.resume(host.context(), "m")
    assert seen_pauses == pauses
    assert [m.finished for m in committed(host).milestones] == [True, True]
    assert (committed(host).status is MissionStatus.COMPLETED) is (land == "auto")


@pytest.mark.parametrize(
    ("text", "autonomous"),
    [("", True), ("autonomous:", True), ("autonomous: true", True), ("autonomous: Yes", True), ("autonomous: false", False), ("autonomous: off", False), ("autonomous: flase", False)],
)  # fmt: skip
def test_what_is_not_clearly_autonomous_asks_a_person(text: str, *, autonomous: bool) -> None:
    assert load(f"---\nid: m\n{text}\n---\n# M\n", "m").mission.autonomous is autonomous


def test_the_hook_is_told_whom_mission_and_gates_name() -> None:
    plan = """\
notify: [ann, "#ops"]
gates: [{name: Look at it, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], rule: Is the design right?, notify: design team}]
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}]
"""
    host = host_of(honest, m=PLAN + plan)
    go_on(host)
    approve = "mission approve m 'Look at it'"
    words = f"checkpoint `Look at it` is reached: Is the design right? (for design team): {approve}"
    told = [(news.event, news.words, news.to) for news in host.news.told]
    assert ("paused", words, ("ann", "#ops", "design team")) in told
    gates.decide_gate(host.context(), "m", "look at it", approved=True)
    go_on(host)
    assert committed(host).status is MissionStatus.ACTIVE
    assert {news.to for news in host.news.told[len(told) :]} == {("ann", "#ops")}


def test_a_gate_says_its_message_and_for_whom_it_is() -> None:
    gate = Gate(
        "copy",
        GateKind.APPROVAL,
        (FeatureNumber("1.1"),),
        (FeatureNumber("1.2"),),
        "Legal reads it",
        "waiting",
        notify="legal",
    )
    plan = plan_of(mission(feature("1.1", FeatureStatus.DONE), feature("1.2"), gates=(gate,)))
    waiting = next(h for h in plan.holds if h.subject == "")
    assert (waiting.detail, str(waiting.unblock)) == (
        "`copy` waits for a person: Legal reads it (for legal)",
        "mission approve m copy",
    )
    assert gate.message == "Legal reads it"
    assert replace(gate, kind=GateKind.DELAY, rule="PT5M").message == ""


def test_research_goes_to_its_own_tier() -> None:
    models = {"workers": "sonnet", "research": "haiku"}
    fix = feature("1.3", fixes="12345678", research=True)
    some = mission(feature("1.1", research=True), feature("1.2"), fix, models=models)
    assert dispatched(replace(some, preferences=replace(some.preferences, max_parallel_workers=3))) == [
        ("1.1", "script", "haiku"),
        ("1.2", "script", "sonnet"),
        ("1.3", "script", "sonnet"),
    ]
    assert dispatched(mission(feature("1.1"), feature("1.2", model="opus"), models=models, kind="research")) == [
        ("1.1", "script", "haiku"),
        ("1.2", "script", "opus"),
    ]


# The team


def dispatched(some: Mission, **more: object) -> list[tuple[str, str, str]]:
    """Feature, runner and model of every attempt that is started."""
    plan = decide(some, observation(**more), TWO)
    return [(m.record.feature, m.record.runner, m.record.model) for m in plan.transitions if isinstance(m, Dispatch)]


def test_a_feature_goes_to_the_member_of_the_team_that_it_is_assigned_to() -> None:
    team = (Member("Ann", "Builds", "other", "opus", 1), Member("bob", model="haiku"))
    assigned = [
        feature("1.1", assign="ann"),
        feature("1.2", assign="ANN"),
        feature("1.3", assign="bob"),
        feature("1.4", assign="nobody"),
    ]
    some = mission(*assigned, team=team, models={"workers": "sonnet"})
    some = replace(some, preferences=replace(some.preferences, max_parallel_workers=9))
    assert dispatched(some, free_slots=9) == [
        ("1.1", "other", "opus"),
        ("1.3", "script", "haiku"),
        ("1.4", "script", "sonnet"),
    ]
    assert holds(decide(some, observation(free_slots=9), TWO), "1.2") == [
        ("slot", "Ann is working on 1 feature, and may work on 1")
    ]
    running = record("1.2-a1")
    busy = replace(
        some,
        milestones=(
            replace(some.milestones[0], features=(assigned[0], replace(assigned[1], status=FeatureStatus.DISPATCHED))),
        ),
    )
    assert dispatched(busy, free_slots=9, records=(running,), jobs={running.run: Job(JobState.RUNNING)}) == []
    text = "---\nid: m\n---\n# M\n## Team\n| Agent | Role | Runner | Model | Max parallel |\n|---|---|---|---|---|\n| Ann | Builds | `other` | opus | 1 |\n| | | | | |\n| bob | | | haiku | some |\n"
    assert load(text, "m").mission.team == team


# What workers read


def test_a_worker_reads_all_that_the_file_says_about_the_work() -> None:
    text = """\
goal: Words are counted
success_criteria: ["it counts a million words in a second"]
non_goals: ["a graphical interface"]
constraints: ["only the standard library"]
team: [{name: ann, role: Builds the core}]
preferences: {runner: script, tech_stack: [python, click], deploy_target: pypi, test_framework: pytest, ci_provider: github, coding_style: black}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, assign: ann, criteria: ["file: `x`"]}]}]
"""
    host = host_of(honest, m=PLAN.partition("preferences")[0] + text)
    prompt = prompt_for(host.context(), committed(host), record("1.1-a1"), ())
    about = prompt[prompt.index("Your role is") : prompt.index("## Milestone")]
    assert about == (
        "Your role is ann: Builds the core.\n\n## The goal of the mission\n\nWords are counted\n\n"
        "The goal is reached when:\n\n- it counts a million words in a second\n\n"
        "These are not goals; do not work on them:\n\n- a graphical interface\n\n"
    )
    constraints = prompt[prompt.index("## Constraints") : prompt.index("## Rules")]
    assert [line for line in constraints.splitlines() if line.startswith("- ")] == [
        "- only the standard library",
        "- tech stack: python, click",
        "- deploy target: pypi",
        "- test framework: pytest",
        "- ci provider: github",
        "- coding style: black",
    ]


# Resources and estimates


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("full", "- Document what you add or change, where the repository documents such things."),
        (
            "poc",
            "- Take the shortest path to something that works. The only documentation is a README of a few lines.",
        ),
    ],
)
def test_a_worker_is_told_how_much_documentation_the_mode_wants(mode: str, line: str) -> None:
    host = host_of(honest, m=f"{PLAN}mode: {mode}\n{ONE}")
    prompt = prompt_for(host.context(), committed(host), record("1.1-a1"), ())
    assert [one for one in prompt.splitlines() if "ocument" in one] == [line]


def test_a_needed_resource_holds_the_mission() -> None:
    some = mission(feature("1.1"), needed_resources=("domain name",))
    assert holds(plan_of(some), "1.1") == [("resource", "the resource `domain name` is needed")]


def test_estimates_are_compared_with_what_the_work_took() -> None:
    some = mission(feature("1.1", FeatureStatus.DONE, estimate_hours=Decimal("2.5")))
    written = "\n".join(line for told in sections_of(facts_of(some, ())) for line in told.lines)
    assert "Time (hours): 0 s; estimated 2 h 30 min, 100 % less." in written
