"""A plan is discussed before it is approved: changed by the model or by hand, set, undone; each change is told by meaning."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.plans import HOPELESS, good
from tests.unit.test_plannings import made, planned, seen, soon, thinking

from mission_cli._support.dataclass import replace
from mission_cli.app.plannings import carry, discussing
from mission_cli.app.plannings.stored import PlanningState
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.errors import BlockedError, ConflictError, DocumentError, UsageError
from mission_cli.settings import RunnerSettings
from mission_cli.surfaces.views.planning.discussion import change_of, forecast_of, oddities

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.plannings.stored import StoredPlanning

TWO = """\
```yaml
title: Word counter
constraints: ["standard library only"]
milestones:
  - name: Stage 1
    estimate: 2h
    validation: ["file: `1.1.txt`"]
    features:
      - {title: Part 1.1, description: Write 1.1.txt., estimate: 1h, criteria: ["file: `1.1.txt`"]}
      - {title: Part 1.2, description: Write 1.2.txt., estimate: 1h, criteria: ["file: `1.2.txt`"], depends: ["1.1"]}
  - name: Stage 2
    estimate: 2h
    validation: ["file: `2.1.txt`"]
    features:
      - {title: Part 2.1, description: Write 2.1.txt., estimate: 2h, criteria: ["file: `2.1.txt`"]}
```
"""


def adjust(host: Host, name: str, wish: str) -> StoredPlanning:
    """Have the model change a plan."""
    discussing.wish_for(host.context(), name, wish)
    carry.carry_out(host.context(), name, soon(host))
    return carry.need(host.context(), name)


def told(host: Host, one: StoredPlanning) -> list[str]:
    """What is said of the last change, without the forecast, whose figures depend on the machine's workers."""
    prospect = discussing.prospect_of(host.context(), one)
    assert prospect is not None
    assert prospect.change is not None
    return [line for line in change_of(prospect.change, prospect.forecast) if not line.startswith("forecast")]


def test_a_change_is_told_by_meaning_with_its_cost_and_is_undone() -> None:
    host = thinking(good(), TWO)
    name = planned(host)
    first = carry.need(host.context(), name)
    one = adjust(host, name, "make it smaller")
    assert told(host, one) == snapshot(
        [
            "changed by the model: make it smaller",
            "  - milestone 3 Stage 3",
            "  - 2.2 Part 2.2",
            "  - 3.1 Part 3.1",
            "  - 3.2 Part 3.2",
            "  2.1 estimate: 1 h → 2 h",
            "milestones: 3 → 2; features: 6 → 3; work by estimate: 6 h → 4 h",
            "this change cost $0.05",
        ]
    )
    assert seen(host, name).cost.usd == Decimal("0.10")
    assert (one.state, one.wish, seen(host, name).undo) == (PlanningState.READY, "", 1)
    back = discussing.undo(host.context(), name)
    assert (back.plan, back.versions) == (first.plan, ())
    assert seen(host, name).cost.usd == Decimal("0.10"), "what was paid is paid"
    with pytest.raises(BlockedError, match="no change to undo"):
        discussing.undo(host.context(), name)
    mission = made(host, name)
    [stored] = host.context().state.snapshot().missions.values()
    assert spent(load(stored.text, mission).mission.spends).usd == Decimal("0.10")


def test_what_only_a_person_decides_stays_when_the_model_changes_a_plan() -> None:
    host = thinking(good(), TWO.replace("title: Part 1.2", "assign: eve, title: Part 1.2"))
    name = planned(host)
    text = carry.need(host.context(), name).plan.replace(
        "title: Part 1.1", "title: Part 1.1\n    assign: ann\n    model: opus"
    )
    text = text.replace("money_usd: 7.0", "money_usd: 9")
    discussing.edit(host.context(), name, text)
    one = adjust(host, name, "two milestones")
    plan = read_plan(one.plan).plan
    assert plan is not None
    assert (plan.goal, plan.budget.money_usd, plan.preferences.runner) == ("Count words", 9.0, "script")
    assert [(f.assign, f.model) for f in plan.milestones[0].features] == [("ann", "opus"), ("", "")]
    assert one.notes == ("dropped, because a model may not decide it: feature 1.2: assign: eve",)


def test_a_model_that_gives_no_plan_leaves_it_as_it_is() -> None:
    host = thinking(good(), HOPELESS, HOPELESS, TWO)
    name = planned(host)
    before = carry.need(host.context(), name).plan
    one = adjust(host, name, "make it smaller")
    assert (one.state, one.plan, one.versions) == (PlanningState.READY, before, ())
    assert one.error == "the model gave no plan: the answer contains no plan"
    assert seen(host, name).cost.usd == Decimal("0.15")
    one = adjust(host, name, "make it smaller")
    assert (one.plan != before, one.error) == (True, "")


def test_changes_cost_at_most_what_planning_may() -> None:
    host = thinking(good(), TWO)
    host.settings = replace(host.settings, plan_max_usd=Decimal("0.05"))
    name = planned(host)
    one = adjust(host, name, "make it smaller")
    assert one.error == snapshot(
        "the model was not asked: nothing is left to reserve: $0.05 spent and $0 reserved of $0.05; raise plan_max_usd, or edit the plan by hand"
    )
    assert list(host.jobs.truth.paid.values()) == [Decimal("0.05")]


def test_mode_and_caps_are_set_and_stay() -> None:
    host = thinking(good(), TWO)
    name = planned(host)
    one = discussing.settle(host.context(), name, {"mode": "poc"}, {"money_usd": "12"})
    assert told(host, one) == snapshot(
        [
            "set: mode poc, money_usd 12",
            "  mode: full → poc",
            "  cap in dollars: 7 → 12",
            "milestones: 3; features: 6; work by estimate: 6 h",
        ]
    )
    one = adjust(host, name, "two milestones")
    plan = read_plan(one.plan).plan
    assert plan is not None
    assert (plan.mode, plan.budget.money_usd, one.order.budget["money_usd"]) == ("poc", 12.0, "12")
    assert discussing.undo(host.context(), name).order.budget["money_usd"] == "12"
    assert discussing.undo(host.context(), name).order.budget["money_usd"] == "7"
    with pytest.raises(UsageError):
        discussing.settle(host.context(), name, {"mode": "fast"}, {})


def test_an_edit_has_to_be_a_plan_and_is_a_change() -> None:
    host = thinking(good())
    name = planned(host)
    text = carry.need(host.context(), name).plan
    with pytest.raises(DocumentError, match="is missing"):
        discussing.edit(host.context(), name, text.replace("title: Part 1.1", "titel: x"))
    assert discussing.edit(host.context(), name, text).versions == ()
    one = discussing.edit(host.context(), name, text.replace("title: Part 1.1", "title: By hand"))
    assert told(host, one) == snapshot(
        ["edited", "  1.1 Part 1.1 → By hand", "milestones: 3; features: 6; work by estimate: 6 h"]
    )


def test_a_change_that_died_is_found_again_and_paid_once() -> None:
    host = thinking(good(), TWO)
    name = planned(host)
    discussing.wish_for(host.context(), name, "two milestones")

    class DiedError(Exception):
        """The program."""

    def die() -> None:
        raise DiedError

    with pytest.raises(DiedError):
        carry.carry_out(host.context(), name, die)
    assert [one.id for one in discussing.waiting(host.context())] == [name]
    with pytest.raises(BlockedError, match="it is planning"):
        discussing.undo(host.context(), name)
    carry.carry_out(host.context(), name, soon(host))
    one = carry.need(host.context(), name)
    assert (len(one.versions), list(host.jobs.truth.paid.values())) == (1, [Decimal("0.05"), Decimal("0.05")])


def test_what_is_approved_is_what_was_shown() -> None:
    host = thinking(good(), TWO)
    name = planned(host)
    shown = carry.need(host.context(), name).plan
    adjust(host, name, "two milestones")
    with pytest.raises(ConflictError, match="the plan was changed meanwhile"):
        carry.approve(host.context(), name, lambda _plan, _records: ("m", "m"), seen=shown)
    assert host.context().state.snapshot().missions == {}


@pytest.mark.parametrize("wish", ["", "  ", "x" * 4001])
def test_a_wish_says_something_and_not_too_much(wish: str) -> None:
    host = thinking(good())
    name = planned(host)
    with pytest.raises(UsageError):
        discussing.wish_for(host.context(), name, wish)
    assert carry.need(host.context(), name).state is PlanningState.READY


def test_a_plan_that_is_doubtful_is_mended_once_and_counts_if_the_mended_one_is_none() -> None:
    doubtful = good().replace("file: `1.1.txt`", "run: `true`", 2)
    host = thinking(doubtful, good())
    name = planned(host)
    assert "run: `true`" not in carry.need(host.context(), name).plan
    host = thinking(doubtful, HOPELESS)
    name = planned(host)
    one = carry.need(host.context(), name)
    assert "run: `true`" in one.plan
    assert oddities(discussing.prospect_of(host.context(), one)) == snapshot(
        [
            "line 13: the criterion `run: `true``: `true` always passes (write a command that fails if the work is wrong)",
            "line 19: the criterion `run: `true``: `true` always passes (write a command that fails if the work is wrong)",
        ]
    )


def test_what_the_base_the_machine_and_the_forecast_say_of_a_plan() -> None:
    host = thinking(good())
    agent = RunnerSettings(kind="opencode", command=("opencode",))
    host.settings = replace(host.settings, runners={**host.settings.runners, "opencode": agent})
    one = carry.need(host.context(), planned(host))
    assert forecast_of(discussing.prospect_of(host.context(), one)) == "", "nothing is known of a program"
    text = one.plan.replace("runner: script", "runner: opencode").replace("money_usd: 7.0", "time_hours: 2")
    text = text.replace("file: `1.1.txt`", "run: `no-such-tool --check | no-such-filter`", 1)
    text = text.replace("file: `2.1.txt`", "file: `notes.txt`", 1).replace(
        "file: `3.1.txt`", "grep: `^hel+o` in `notes.txt`", 1
    )
    one = discussing.edit(host.context(), one.id, text.replace("file: `3.1.txt`", "grep: `hello` in `notes.txt`", 1))
    prospect = discussing.prospect_of(host.context(), one)
    assert oddities(prospect) == snapshot(
        [
            "line 4: half of such missions use more than 3 h 10 min, and the cap is 2 h (leave a fifth free for failed attempts and fixes: plan less, or raise the cap)",
            "line 4: the features are estimated at 6 h, which leaves nothing free of 2 h (a fifth is left for failed attempts and fixes: plan at most 1 h 36 min)",
            "line 13: the criterion `run: `no-such-tool --check | no-such-filter`` needs `no-such-filter`, which is not installed here, and nothing in the plan installs it (use another program, or name it in the feature that installs it, or under `resources`)",
            "line 13: the criterion `run: `no-such-tool --check | no-such-filter`` needs `no-such-tool`, which is not installed here, and nothing in the plan installs it (use another program, or name it in the feature that installs it, or under `resources`)",
            "line 30: the criterion `file: `notes.txt`` passes on the base, before any work (write one that only the work makes pass)",
            "line 53: the criterion `grep: `hello` in `notes.txt`` passes on the base, before any work (write one that only the work makes pass)",
        ]
    )
    assert forecast_of(prospect) == snapshot(
        "forecast: 24.3 M tokens in all (14.3 M tokens to 43.2 M tokens in 8 of 10 cases), 3 h 30 min to go (1 h 7 min to 15 h 35 min); no attempt has ended here yet: from 31 missions of another tool"
    )
    told = text.replace("title: Part 1.1", "title: Install no-such-tool and no-such-filter")
    one = discussing.edit(host.context(), one.id, told)
    assert not any("not installed" in line for line in oddities(discussing.prospect_of(host.context(), one)))
