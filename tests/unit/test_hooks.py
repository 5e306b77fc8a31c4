"""Hooks and watchers: commands before and after the steps of a mission, and one action for each event."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission
from tests.kit.fakes.life import Death, Fate, Kind
from tests.kit.missions import WORK, feature, milestone, mission, observation, plan_of, record
from tests.kit.nightly import NIGHTLY

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.why import explain
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.hooks.rules import MOST_DUE, WATCHABLE, Due, Hooks, Watcher, as_fact, due_of
from mission_cli.domain.news.rules import EVENTS
from mission_cli.domain.noted import HOOKS_DUE
from mission_cli.domain.status import FeatureStatus, JobKind, MilestoneStatus, MissionStatus
from mission_cli.engine.attempts.jobs import review_job, worker_job
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.effects import RunHook
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.decide import decide
from mission_cli.settings import check, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Words; $(touch pwned)
budget: {time_hours: 10}
preferences: {runner: script, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: "env:HOME", criteria: ["file: `1.1.txt`"]}]
"""
ALL = "".join(f'{side}_{point} = "{side} {point}"\n' for point in ("start", "dispatch", "validation", "landing") for side in ("before", "after"))  # fmt: skip


class World:
    """A host with hooks; `ran` are the commands of hooks in the order in which they really began, with their facts."""

    def __init__(
        self,
        settings: str,
        plan: str = PLAN,
        fate: Fate | None = None,
        does: Callable[[JobSpec], Outcome | None] | None = None,
    ) -> None:
        self.ran: list[tuple[str, dict[str, str]]] = []
        self.does = does
        self.host: Host = make_host(self.works, fate=fate)
        self.host.settings = replace(parse(settings, "s.toml", SETTINGS), notify="")
        make_mission(self.host, plan)
        lifecycle.start(self.host.context(), "m")

    def works(self, spec: JobSpec) -> Outcome:
        """Do what a hook or a worker does."""
        if spec.kind is JobKind.HOOK:
            facts = {
                n: v for n, v in spec.program.env.items() if n not in {"MISSION_ID", "MISSION_START", "MISSION_AT"}
            }
            self.ran.append((spec.program.argv[-1], facts))
            return (self.does(spec) if self.does else None) or Outcome(10.0)
        name = spec.program.env["MISSION_FEATURE"]
        assert self.ran or not self.host.settings.hooks.before_dispatch
        return Outcome(60.0, {f"{name}.txt": spec.key}, completes=name)

    def go_on(self, rounds: int = 12) -> Mission:
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

    def waiting(self) -> list[tuple[str, str, str]]:
        """What waits for a person, and the command that helps."""
        return [(str(o.kind), o.name, str(o.unblock)) for _, o in everything_waiting(self.host.context())]


def test_every_hook_runs_once_at_its_step_and_is_told_facts() -> None:
    world = World(f"[hooks]\n{ALL}")
    assert world.go_on(24).status is MissionStatus.COMPLETED
    assert [
        (command, " ".join(f"{n[8:]}={v[:7]}" for n, v in facts.items())) for command, facts in world.ran
    ] == snapshot(
        [
            ("before start", "HOOK=before_"),
            ("before dispatch", "HOOK=before_ FEATURE=1.1 ATTEMPT=1 RUNNER=script"),
            ("after start", "HOOK=after_s"),
            ("after dispatch", "HOOK=after_d FEATURE=1.1 ATTEMPT=1 RUNNER=script"),
            ("before validation", "HOOK=before_ MILESTONE=1 COMMIT=2c942a0"),
            ("before landing", "HOOK=before_ COMMIT=2c942a0"),
            ("after validation", "HOOK=after_v MILESTONE=1 RESULT=passed COMMIT=2c942a0 ROUND=0"),
            ("after landing", "HOOK=after_l COMMIT=2c942a0"),
        ]
    )
    assert world.mission.noted.get(HOOKS_DUE, "") == ""
    assert [row.event for row in world.mission.progress if row.event.startswith("hook.")] == snapshot(
        ["hook.passed", "hook.ended", "hook.ended", "hook.ended", "hook.ended"]
    )


def test_without_hooks_nothing_of_them_is_written() -> None:
    world = World("")
    now = world.go_on()
    assert now.status is MissionStatus.COMPLETED
    assert [key for key in now.noted if "hook" in key] == []
    assert world.ran == []


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome(5.0, code=3, prints=("one", "\x1b[31mno disk\x1b[0m", "")), "exit 3: "),
        (Outcome(1e6), "deadline"),
    ],
)
def test_a_command_that_does_not_pass_holds_the_step_with_its_output_until_a_person_or_a_change(
    outcome: Outcome, why: str
) -> None:
    bad = [outcome]
    world = World('[hooks]\nbefore_dispatch = "check it"\n', does=lambda _: bad[0] if bad else None)
    assert [str(f.status) for f in world.go_on(8).features()] == ["pending"]
    assert len(world.ran) == 1
    [(kind, name, helps)] = world.waiting()
    assert (kind, helps) == ("hook", "mission resume m")
    assert name.startswith(f"1.1: the command before_dispatch of 1.1 did not pass ({why}")
    snapshot_now = world.host.context().state.snapshot()
    reason = explain(world.host.context(), snapshot_now, resolve(snapshot_now, "m/1.1")).reason
    assert reason is not None
    assert f"1.1: {reason.detail}" == name, "the one reason is this"
    bad.clear()
    assert [str(f.status) for f in world.go_on(4).features()] == ["pending"]
    said = features.resume(world.host.context(), "m").words
    assert said == "m is active already; the commands before its steps run again"
    assert world.go_on(12).status is MissionStatus.COMPLETED
    assert len(world.ran) == 2


def test_another_command_is_a_change() -> None:
    world = World('[hooks]\nbefore_validation = "no"\n', does=lambda s: Outcome(1.0, code=1) if s.program.argv[-1] == "no" else None)  # fmt: skip
    now = world.go_on()
    assert [(str(m.status), [str(f.status) for f in m.features]) for m in now.milestones] == [("active", ["done"])]
    world.host.settings = replace(
        world.host.settings, hooks=replace(world.host.settings.hooks, before_validation="yes")
    )
    assert world.go_on().status is MissionStatus.COMPLETED
    assert [command for command, _ in world.ran] == ["no", "yes"]


def test_a_command_after_a_step_that_fails_holds_nothing_and_is_said() -> None:
    world = World('[hooks]\nafter_dispatch = "tell"\n', does=lambda _: Outcome(1.0, code=1, prints=("no network",)))
    now = world.go_on()
    assert now.status is MissionStatus.COMPLETED
    assert [row.details for row in now.progress if row.event == "hook.failed"] == snapshot(
        ["after_dispatch MISSION_FEATURE=1.1 MISSION_ATTEMPT=1 MISSION_RUNNER=script did not pass (exit 1: no network)"]
    )


def deaths() -> list[int]:
    """Steps of a whole life with hooks."""
    fate = Fate()
    world = World(f"[hooks]\n{ALL}", fate=fate)
    first = fate.steps
    world.go_on(16)
    return list(range(first, fate.steps, 31 if NIGHTLY else 307))


@pytest.mark.parametrize("kind", list(Kind))
def test_whoever_dies_no_command_after_a_step_runs_twice_and_each_step_had_its_command_before(kind: Kind) -> None:
    for death in deaths():
        fate = Fate({death: kind})
        world = World(f"[hooks]\n{ALL}", fate=fate)
        for _ in range(3):
            try:
                world.go_on(16)
            except Death as dead:
                if dead.kind is Kind.POWER_CUT:
                    world.host.power_cut()
                continue
            break
        world.go_on(16)
        assert world.mission.status is MissionStatus.COMPLETED, (death, kind)
        count = Counter((command, tuple(facts.items())) for command, facts in world.ran if command.startswith("after"))
        assert not [one for one, times in count.items() if times > 1], (death, kind)
        commands = [command for command, _ in world.ran]
        assert set(commands) >= {f"before {point}" for point in ("start", "dispatch", "validation", "landing")}
        ended = [row.event for row in world.mission.progress if row.event in {"hook.ended", "hook.failed"}]
        attempts = int(next(world.mission.features()).worker.rpartition("a")[2])
        assert len(ended) == 3 + attempts, (death, kind)


FAILING = PLAN.replace('file: `1.1.txt`"]}', 'file: `never.txt`"]}')


def test_a_watcher_runs_its_command_once_for_each_event() -> None:
    settings = 'attempts = 1\n[watchers.pager]\non = ["feature.failed", "mission.*"]\ndo = "run: page"\n'
    world = World(settings, FAILING)
    world.go_on()
    assert world.ran == snapshot(
        [
            (
                "page",
                {
                    "MISSION_HOOK": "watch",
                    "MISSION_WATCHER": "pager",
                    "MISSION_EVENT": "feature.failed",
                    "MISSION_FEATURE": "1.1",
                },
            )
        ]
    )
    features.retry(world.host.context(), "m/1.1")
    world.go_on()
    assert [facts["MISSION_EVENT"] for _, facts in world.ran] == ["feature.failed", "feature.failed"]


def test_a_watcher_retries_a_feature_once_and_pauses() -> None:
    settings = 'attempts = 1\n[watchers.again]\non = ["feature.failed"]\ndo = "retry"\n'
    world = World(settings, FAILING)
    now = world.go_on(16)
    assert [str(f.status) for f in now.features()] == ["failed"]
    assert [(row.event, row.details) for row in now.progress if "watcher" in row.details] == snapshot(
        [
            ("watcher.acted", "watcher again, on feature.failed of 1.1: it is tried again"),
            ("feature.retried", "the watcher again retries 1.1"),
            ("hook.ended", "the watcher again retries 1.1"),
        ]
    )
    assert world.host.jobs.truth.starts == ["m/1.1-a1", "m/1.1-a2"]
    world = World(settings.replace('"retry"', '"pause"'), FAILING)
    assert world.go_on().status is MissionStatus.PAUSED
    assert world.waiting()[0][1] == snapshot(
        "watcher again, on feature.failed of 1.1: 1.1-a1 ended with criteria_failed; 1.1 is failed: file: `never.txt`: never.txt does not exist"
    )


def test_a_watcher_is_for_the_missions_that_it_names() -> None:
    watcher = Watcher("a", ("gate.*",), "pause", ("crm*",))
    assert [watcher.sees(event, name) for event, name in (("gate.failed", "crm-1"), ("gate.failed", "web"), ("x", "crm"))] == [True, False, False]  # fmt: skip
    assert Watcher("a", ("gate.*",), "pause").sees("gate.failed", "web")


def test_the_limit_of_a_hook_reaches_its_job() -> None:
    limits: list[int] = []

    def note(spec: JobSpec) -> None:
        limits.append(spec.caps.deadline_s)

    World('[hooks]\nbefore_start = "x"\ntimeout = "90s"\n', does=note).go_on(3)
    assert limits == [90]


def test_more_than_can_be_due_is_left_out_and_counted() -> None:
    waiting = ", ".join(Due("watch", {"MISSION_EVENT": f"e{n}"}).text for n in range(MOST_DUE))
    hooks = Hooks({"after_dispatch": "x"}, (Watcher("pager", ("gate.*",), "run: y"),))
    policy = Policy(runners=plan_policy().runners, hook_rules=hooks)
    some = mission(feature("1.1"), noted={HOOKS_DUE: waiting})
    plan = plan_of(some, policy)
    notes = [m.details for m in plan.transitions if isinstance(m, Note) and m.event == "hook.failed"]
    assert notes == [f"after_dispatch MISSION_FEATURE=1.1 MISSION_ATTEMPT=1 MISSION_RUNNER=script is left out: {MOST_DUE} commands are due"]  # fmt: skip


def plan_policy() -> Policy:
    """The policy of the kit."""
    from tests.kit.missions import POLICY

    return POLICY


def test_a_command_that_is_gone_from_the_settings_is_no_longer_due() -> None:
    some = mission(feature("1.1"), noted={HOOKS_DUE: "after_landing MISSION_COMMIT=abc"})
    plan = plan_of(some)
    assert [(str(m.event), m.details) for m in plan.transitions if isinstance(m, Note)] == [
        ("hook.ended", "after_landing MISSION_COMMIT=abc is left out: there is no such command")
    ]


def test_what_is_due_of_a_finished_mission_still_runs() -> None:
    hooks = Hooks({"after_landing": "x"})
    done = milestone(1, MilestoneStatus.PASSED, feature("1.1", FeatureStatus.DONE))
    some = mission(status=MissionStatus.COMPLETED, milestones=(done,), noted={HOOKS_DUE: "after_landing MISSION_COMMIT=abc"})  # fmt: skip
    plan = decide(some, observation(), Policy(hook_rules=hooks))
    [act] = plan.effects
    assert isinstance(act, RunHook)
    assert (act.command, act.facts) == ("x", (("MISSION_HOOK", "after_landing"), ("MISSION_COMMIT", "abc")))


@pytest.mark.parametrize(("model", "told"), [("opus", "opus"), ("a/b:free", "a/b:free"), ("env:HOME", ""), ("file:/etc/passwd", "")])  # fmt: skip
def test_a_model_is_no_reference_to_a_key(model: str, told: str) -> None:
    ctx = make_host(lambda _: Outcome()).context()
    for job in (worker_job, review_job):
        spec = job(ctx, mission(feature("1.1")), record("1.1-a1", model=model, head=WORK))
        assert spec.program.env["MISSION_MODEL"] == told


@pytest.mark.parametrize("text", ["env:HOME", "file:/etc/passwd", "a b,c=d", "x\ny", "$(id)", "", "…"])
def test_a_fact_is_one_word_and_never_a_reference(text: str) -> None:
    fact = as_fact(text)
    assert fact
    assert not set(fact) & set(" ,=:\n$()/")
    assert due_of(Due("watch", {"MISSION_SUBJECT": fact}).text).facts == {"MISSION_SUBJECT": fact}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[watchers.a]\non = []\ndo = "pause"', "the setting `watchers.a.on` is empty"),
        ('[watchers.a]\non = ["feature.fail"]\ndo = "pause"', "`watchers.a.on` has 'feature.fail', which matches no event that watchers see"),
        ('[watchers.a]\non = ["gate.*"]\ndo = "explode"', "the setting `watchers.a.do` is 'explode'"),
        ('[watchers.a]\non = ["gate.*"]\ndo = "run:"', "the setting `watchers.a.do` is 'run:'"),
        ('[watchers.a]\non = ["gate.*"]\ndo = "notify: ops"', "`watchers.a.do` names the rule 'ops', which does not exist"),
        ('[watchers.a]\non = ["gate.*"]\ndo = "retry"', "`watchers.a` retries, but never sees feature.failed"),
        ('[watchers."a b"]\non = ["gate.*"]\ndo = "pause"', "'watchers.a b' is not a valid name of a watcher"),
        ('[hooks]\ntimeout = "0s"', "the setting `hooks.timeout` is 0"),
        ('[hooks]\nbefore_lunch = "x"', "unknown setting `hooks.before_lunch`"),
    ],
)  # fmt: skip
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises((UsageError, DocumentError)) as caught:
        check(parse(text, "s.toml"))
    assert (caught.value.message.removeprefix("s.toml:2:1: "), bool(caught.value.hint)) == (words, True)


def test_watchers_see_only_events_that_there_are() -> None:
    assert set(WATCHABLE) <= set(EVENTS)
