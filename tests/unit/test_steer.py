"""Steering a mission: what a person adds, moves, sets or tells is one commit, reads back as meant and can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.nightly import NIGHTLY
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli._support.text import one_line
from mission_cli.app.commands import features
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.steer.add import add_feature, add_milestone
from mission_cli.app.commands.steer.move import move
from mission_cli.app.commands.steer.tell import tell
from mission_cli.app.commands.undo import undo
from mission_cli.document.merging.difference import differences, sentences
from mission_cli.document.plans.model import PlanFeature
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Two stages
budget: {time_hours: 10, money_usd: 5}
preferences: {runner: script}
gates: [{name: look, kind: checkpoint, after: ["1.2"], blocks: ["2.1"]}]
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: "two | 2", description: "Do it.\\n\\n# Well", criteria: ["file: `1.2.txt`", "manual: Is it good?"]}
      - {title: three, depends: ["1.1"], criteria: ["file: `1.3.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features:
      - {title: four, depends: ["1.2", "two | 2"], criteria: ["file: `2.1.txt`"]}
"""


def planned() -> Host:
    """A host with the mission, not started."""
    host = make_host(honest)
    make_mission(host, PLAN, "m")
    return host


def text_of(host: Host) -> str:
    """The committed file."""
    return host.context().state.snapshot().missions["m"].text  # type: ignore[index]  # it is there, or the test fails


def changed(host: Host, command: Callable[[Context], object]) -> list[str]:
    """What a command changes, field by field; the logs are left out."""
    before = load(text_of(host), "m")
    command(host.context())
    after = load(text_of(host), "m")
    assert not after.errors()
    logs = ("Progress Log", "Decision Log")
    return sentences(one for one in differences(before, after) if not one.subject.startswith(logs))


def refused(host: Host, command: Callable[[Context], object]) -> str:
    """The message and the hint with which a command is refused; nothing is changed."""
    before = text_of(host)
    with pytest.raises(MissionError) as refusal:
        command(host.context())
    assert text_of(host) == before
    return f"{refusal.value.message} → {refusal.value.hint}"


def new(title: str, **more: object) -> PlanFeature:
    return PlanFeature(title=title, **more)  # type: ignore[arg-type]  # by name


WITH_ALL = new(
    "five", criteria=["file: `5.txt`", "run: true"], depends=["one", "1.3"], estimate="2h", description="## Say\nit"
)
COMMANDS: dict[str, Callable[[Context], Done]] = {
    "add": lambda ctx: add_feature(ctx, "m", WITH_ALL),
    "add to a milestone": lambda ctx: add_feature(ctx, "m/2", new("six")),
    "add-milestone": lambda ctx: add_milestone(ctx, "m", "Third", estimate="3h", criteria=["file: `3.txt`"]),
    "add-milestone with features": lambda ctx: add_milestone(ctx, "m", "Third", features=[new("a"), new("b")]),
    "move": lambda ctx: move(ctx, "m/1.3", 2),
    "move what is named": lambda ctx: move(ctx, "m/1.2", 2),
    "tell": lambda ctx: tell(ctx, "m/1.2", "Use the standard library,\nplease."),
    "set": lambda ctx: set_value(ctx, "m", "money_usd", "7"),
    "set a role": lambda ctx: set_value(ctx, "m", "workers", "opus"),
}


def test_each_command_is_one_commit_in_the_persons_name_with_a_decision() -> None:
    said = {}
    for name, command in COMMANDS.items():
        host = planned()
        done = command(host.context())
        event = host.context().state.history()[0]
        assert (event.commit, event.author.name) == (done.commit, "Ada")
        rows = [row["decision"] for row in rows_in(load(text_of(host), "m").layout, "Decision Log", "#", "decision")]
        said[name] = [done.words, *event.events, *rows]
    assert said == snapshot(
        {
            "add": [
                "1.4 five is added to milestone 1; the criterion `run: true`: `true` always passes (write a command that fails if the work is wrong)",
                "feature.added",
                "Add 1.4 five",
            ],
            "add to a milestone": [
                "2.2 six is added to milestone 2; feature 2.2 has no criterion (without `criteria:` any change with which the tests pass is accepted)",
                "feature.added",
                "Add 2.2 six",
            ],
            "add-milestone": [
                "milestone 3 Third is added; its features: mission add m TITLE --milestone 3",
                "milestone.added",
                "Add milestone 3 Third",
            ],
            "add-milestone with features": [
                "milestone 3 Third is added with 2 features",
                "milestone.added",
                "Add milestone 3 Third",
            ],
            "move": [
                "1.3 three is moved to milestone 2, as 2.2",
                "feature.moved",
                "Move 1.3 three to milestone 2, as 2.2",
            ],
            "move what is named": [
                "1.2 two | 2 is moved to milestone 2, as 2.2",
                "feature.moved",
                "Move 1.2 two | 2 to milestone 2, as 2.2",
            ],
            "tell": [
                "1.2 is told: Use the standard library, please. (its next attempt reads it)",
                "feature.told",
                "Tell the worker of 1.2: Use the standard library, please.",
            ],
            "set": ["m: budget.money_usd: 5 → 7", "mission.set", "budget.money_usd: 5 → 7"],
            "set a role": [
                "m: model_routing.workers: sonnet → opus",
                "mission.set",
                "model_routing.workers: sonnet → opus",
            ],
        }
    )


def test_what_each_command_changes_and_nothing_else() -> None:
    assert {name: changed(planned(), command) for name, command in COMMANDS.items()} == snapshot(
        {
            "add": ["1.4 new: five", "1.4 five words - → 2 lines"],
            "add to a milestone": ["2.2 new: six"],
            "add-milestone": ["milestone 3 new: Third"],
            "add-milestone with features": ["milestone 3 new: Third", "3.1 new: a", "3.2 new: b"],
            "move": ["1.3 gone: three", "2.2 new: three"],
            "move what is named": [
                "1.2 gone: two | 2",
                "2.1 depends 1.2 → 2.2",
                "2.2 new: two | 2",
                "1.2 two | 2 words 2 lines → -",
                "Gates look after 1.2 → 2.2",
                "2.2 two | 2 words - → 2 lines",
            ],
            "tell": ["Messages new: 2026-11-20T10:00:00Z · 1.2 · Ada · Use the standard library, please."],
            "set": ["mission budget.money_usd 5 → 7; in_force.money_usd - → 7"],
            "set a role": ["mission model_routing.workers sonnet → opus"],
        }
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_undo_takes_each_back(name: str) -> None:
    host = planned()
    before = load(text_of(host), "m")
    COMMANDS[name](host.context())
    undo(host.context(), "m")
    logs = ("Progress Log", "Decision Log")
    left = [one for one in differences(before, load(text_of(host), "m")) if not one.subject.startswith(logs)]
    assert [one for one in left if one.subject != "Messages" or one.what != "words"] == []


def test_what_is_added_while_it_runs_is_built() -> None:
    plan = PLAN.replace("gates:", "constraints: [] #").replace(', "manual: Is it good?"', "")
    host = host_of(honest, m=plan.replace("`1.3.txt`", "`x`"))
    go_on(host, 1)
    added = add_feature(host.context(), "m", new("five", criteria=["file: `1.4.txt`"], depends=["1.1"]))
    last = add_milestone(host.context(), "m", "Third", criteria=["file: `3.1.txt`"], features=[new("end")])
    moved = move(host.context(), "m/1.3", 2)
    assert [added.about, last.about, moved.about] == ["1.4", "3", "2.2"]
    go_on(host)
    mission = committed(host)
    assert {f.number: f.status for f in mission.features()} == dict.fromkeys(
        ["1.1", "1.2", "1.4", "2.1", "2.2", "3.1"], FeatureStatus.DONE
    )
    assert [m.status for m in mission.milestones] == [MilestoneStatus.PASSED] * 3
    assert refused(host, lambda ctx: add_feature(ctx, "m", new("late"))) == snapshot(
        "every milestone is finished → add a milestone: mission add-milestone m NAME --feature TITLE"
    )
    assert refused(host, lambda ctx: add_feature(ctx, "m", new("late"), milestone=1)) == snapshot(
        "milestone 1 is passed already → add a milestone: mission add-milestone m NAME --feature TITLE"
    )
    assert refused(host, lambda ctx: add_milestone(ctx, "m", "Empty")) == snapshot(
        "every milestone is finished: one without a feature would be validated at once → name its first feature: mission add-milestone m NAME --feature TITLE"
    )
    add_milestone(host.context(), "m", "More", criteria=["file: `4.1.txt`"], features=[new("more")])
    go_on(host)
    assert committed(host).milestones[3].status is MilestoneStatus.PASSED


def test_a_message_is_in_the_prompt_of_every_later_attempt() -> None:
    prompts: dict[str, str] = {}

    def reads(spec: JobSpec) -> Outcome:
        prompts[spec.key] = spec.program.stdin
        name = spec.program.env["MISSION_FEATURE"]
        return Outcome(60.0, {f"{name}.txt": name} if name != "1.3" or spec.key.endswith("a2") else {})

    host = host_of(reads, m=PLAN)
    go_on(host, 1)
    told = tell(host.context(), "m/1.1", "No *dependencies*, please.")
    assert told.words == snapshot(
        "1.1 is told: No *dependencies*, please. (attempt 1 is running and cannot take messages: the next attempt reads it)"
    )
    tell(host.context(), "m/1.3", "Be quick.\n\n## Rules\n- none")
    go_on(host)
    heading = "## Messages from a person about this feature"
    assert {key: heading in prompt for key, prompt in prompts.items()} == snapshot(
        {"m/1.1-a1": False, "m/1.2-a1": False, "m/1.3-a1": True, "m/1.3-a2": True}
    )
    part = prompts["m/1.3-a1"].partition(heading)[2].partition("\n## ")[0].strip()
    assert part == snapshot("- Ada (2026-11-20T10:02:00Z): Be quick. ## Rules - none")
    assert refused(host, lambda ctx: tell(ctx, "m/1.1", "late")) == snapshot(
        "1.1 is done: no attempt follows → to try it again: mission retry m/1.1"
    )


REFUSALS: dict[str, Callable[[Context], object]] = {
    "no title": lambda ctx: add_feature(ctx, "m", new("  ")),
    "a title that is too long": lambda ctx: add_feature(ctx, "m", new("long " * 80)),
    "an unknown milestone": lambda ctx: add_feature(ctx, "m", new("x"), milestone=7),
    "an unknown dependency": lambda ctx: add_feature(ctx, "m", new("x", depends=["9.9"])),
    "a later dependency": lambda ctx: add_feature(ctx, "m", new("x", depends=["2.1"])),
    "a criterion that cannot be read": lambda ctx: add_feature(ctx, "m", new("x", criteria=["run: `"])),
    "an estimate of ages": lambda ctx: add_feature(ctx, "m", new("x", estimate="99999999d")),
    "no name": lambda ctx: add_milestone(ctx, "m", " "),
    "a name that says more": lambda ctx: add_milestone(ctx, "m", "Third [independent]"),
    "a milestone's criterion": lambda ctx: add_milestone(ctx, "m", "Third", criteria=["run: `"]),
    "what others need": lambda ctx: move(ctx, "m/1.1", 2),
    "all of a milestone": lambda ctx: move(ctx, "m/2.1", 1),
    "to an unknown milestone": lambda ctx: move(ctx, "m/1.1", 7),
    "an unknown feature": lambda ctx: move(ctx, "m/7.1", 2),
    "a milestone": lambda ctx: move(ctx, "m/1", 2),
    "no message": lambda ctx: tell(ctx, "m/1.1", " \n "),
    "an endless message": lambda ctx: tell(ctx, "m/1.1", "x" * 5000),
    "a group of keys": lambda ctx: set_value(ctx, "m", "budget", "7"),
    "no role": lambda ctx: set_value(ctx, "m", "model_routing.wrokers", "opus"),
    "no number": lambda ctx: set_value(ctx, "m", "max_parallel_workers", "many"),
    "too many workers": lambda ctx: set_value(ctx, "m", "max_parallel_workers", "65"),
    "no choice": lambda ctx: set_value(ctx, "m", "land", "never"),
    "no date": lambda ctx: set_value(ctx, "m", "deadline", "soon"),
}


def test_refusals_name_the_reason_and_what_to_do() -> None:
    host = planned()
    assert {name: refused(host, command) for name, command in REFUSALS.items()} == snapshot(
        {
            "no title": "the title is empty → name what is built",
            "a title that is too long": "`title` has 400 characters → at most 300 are allowed",
            "an unknown milestone": "m has no milestone 7 → its milestones: 1, 2",
            "an unknown dependency": "1.4 depends on `9.9`, which does not exist → there are 1.1, 1.2, 1.3, 2.1",
            "a later dependency": "1.4 would never start: it depends on 2.1, and milestone 1 comes before 2 → name a milestone that is not later than what waits for it",
            "a criterion that cannot be read": "the criterion `run: `` of feature 1.4 cannot be read: it has a single backtick → write one command in one pair of backticks, run: `a && b`, or two criteria; instead of a backtick of the shell write $(…)",
            "an estimate of ages": "the estimate `99999999d` is longer than a hundred years → write hours, for example 4h",
            "no name": "the name is empty → name what is reached",
            "a name that says more": "the milestone `Third [independent]` would not be read back as it is → name it differently",
            "a milestone's criterion": "the criterion `run: `` of milestone 3 cannot be read: it has a single backtick → write one command in one pair of backticks, run: `a && b`, or two criteria; instead of a backtick of the shell write $(…)",
            "what others need": "1.3 would never start: it depends on 2.2, and milestone 1 comes before 2 → name a milestone that is not later than what waits for it",
            "all of a milestone": "milestone 2 would have no feature left → skip the feature, or add another one: mission add m/2 TITLE",
            "to an unknown milestone": "m has no milestone 7 → its milestones: 1, 2",
            "an unknown feature": "m has no feature 7.1 → its features: 1.1, 1.2, 1.3, 2.1",
            "a milestone": "name a feature → for example m/1.2",
            "no message": "the message is empty → mission tell m/1.1 MESSAGE",
            "an endless message": "the message has 5000 characters, at most 4000 are allowed → put the details into the feature's description: mission edit ID",
            "a group of keys": "`budget` has several keys → name one of budget.time_hours, budget.money_usd, budget.token_limit, budget.alert_threshold_pct, budget.when_short, budget.per_feature_usd",
            "no role": "`wrokers` is not a role of a model → use one of orchestrator, workers, research, validation, economy, escalate, patterns",
            "no number": "`preferences.max_parallel_workers` is not a number: `many` → write a number",
            "too many workers": "`preferences.max_parallel_workers` is `65`, which is not between 1 and 64 → mission set m preferences.max_parallel_workers VALUE",
            "no choice": "`preferences.land` is `never`, which is not known → use one of ask, auto",
            "no date": "`deadline` is not a date: `soon` → write it as 2026-11-20 or 2026-11-20T10:00:00Z",
        }
    )


def test_what_a_gate_would_make_wait_forever_is_not_moved() -> None:
    host = make_host(honest)
    make_mission(host, PLAN.replace('blocks: ["2.1"]', 'blocks: ["1.3"]').replace('"1.2", "two | 2"', '"1.1"'), "m")
    assert refused(host, lambda ctx: move(ctx, "m/1.2", 2)) == snapshot(
        "1.3 would never start: it waits at the gate `look` for 2.2, and milestone 1 comes before 2 → name a milestone that is not later than what waits for it"
    )


def test_what_has_started_is_not_moved() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 2)
    words = [refused(host, lambda ctx, n=n: move(ctx, f"m/1.{n}", 2)) for n in (1, 2)]  # type: ignore[misc]  # bound now
    assert words == snapshot(
        [
            "1.1 is dispatched → only a pending feature can be moved",
            "1.2 is dispatched → only a pending feature can be moved",
        ]
    )
    last = refused(host, lambda ctx: move(ctx, "m/2.1", 1))
    assert last == snapshot(
        "milestone 2 would have no feature left → skip the feature, or add another one: mission add m/2 TITLE"
    )


def test_a_finished_mission_can_be_extended_and_says_how_to_go_on() -> None:
    host = planned()
    features.cancel(host.context(), "m")
    assert add_feature(host.context(), "m", new("five")).words == snapshot(
        "1.4 five is added to milestone 1; feature 1.4 has no criterion (without `criteria:` any change with which the tests pass is accepted); m is cancelled, to continue it: mission start m"
    )
    assert committed(host).status is MissionStatus.CANCELLED


def test_what_is_there_already_changes_nothing() -> None:
    host = planned()
    before = text_of(host)
    assert move(host.context(), "m/1.1", 1).words == "1.1 is in milestone 1 already"
    assert set_value(host.context(), "m", "budget.money_usd", "5").words == "budget.money_usd is 5 already"
    assert text_of(host) == before


MARKDOWN = st.lists(
    st.sampled_from(
        [
            *("# ", "## Milestones", "### Milestone 9: x", "#### 1.1 y", "| a | b |", "|---|---|", "- [x] run: true"),
            *("`[depends:1.2]`", "[fixes:abc]", "[tries-after:9]", "[independent]", "[assign:x]", "\\[model:x]"),
            *("**Status:** done", "~~~", "```", "<!--", "-->", "&lt;!--", "---", "\n", "\r\n", " ", "\t", "|", "\\"),
            *("\\|", "`", "*", "_", "日本語", "👩‍👩‍👧‍👦", "é", "\x1b[31m", "\x00", "\u202e", "\u2028", "1.1", "F1: "),
        ]
    ),
    min_size=1,
    max_size=12,
).map("".join) | st.text(min_size=1, max_size=60)


@settings(max_examples=150 if NIGHTLY else 30, deadline=None)
@given(title=MARKDOWN, words=MARKDOWN)
def test_no_text_of_a_person_changes_the_structure(title: str, words: str) -> None:
    host = planned()
    before = committed(host)
    known = {f.number for f in before.features()}
    commands: list[Callable[[Context], Done]] = [
        lambda ctx: add_feature(ctx, "m", new(title, description=words)),
        lambda ctx: add_milestone(ctx, "m", title, features=[new(words)]),
        lambda ctx: tell(ctx, "m/1.1", words),
        lambda ctx: move(ctx, "m/1.3", 2),
    ]
    for command in commands:
        try:
            done = command(host.context())
        except UsageError:
            continue
        assert not load(text_of(host), "m").problems
        if not done.about.isdigit() and done.about not in {"1.1", "2.2"}:
            added = committed(host).feature(FeatureNumber(done.about))
            assert added is not None
            assert (added.title, added.status, added.depends, added.criteria) == (
                *(one_line(title), FeatureStatus.PENDING, (), ()),
            )
            known.add(added.number)
    after = committed(host)
    kept = {f.number: (f.title, f.status, f.description) for f in before.features()}
    assert {f.number: (f.title, f.status, f.description) for f in after.features() if f.number in kept} == {
        number: facts for number, facts in kept.items() if number != "1.3" or after.feature(FeatureNumber("1.3"))
    }
    said = [m.text for m in after.messages]
    assert said in ([], [one_line(words, len(words) + 1)])
