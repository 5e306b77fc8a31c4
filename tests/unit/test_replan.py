"""Plan the rest again: only what has not begun, by meaning, in one edit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.sim.sim import head_of
from tests.unit.test_decision_log import told
from tests.unit.test_keys_act import committed, go_on, host_of
from tests.unit.test_plannings import soon
from tests.unit.test_scope import PLAN, dollar, files, statuses

from mission_cli.app.commands import features
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.replanning.apply import apply, proposed, rest_text
from mission_cli.app.replanning.wish import propose
from mission_cli.document.plans.plan import read_plan, write_plan
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.errors import BlockedError, ConflictError, UsageError

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.document.plans.model import Plan

ROOMY = PLAN.replace("money_usd: 5", "money_usd: 50")


def plan(text: str) -> Plan:
    """A plan that has no errors."""
    found = read_plan(text)
    assert found.plan is not None, found.problems
    return found.plan


@pytest.fixture
def halfway() -> Host:
    """A mission whose first milestone is done, and which is paused in the second one."""
    host = host_of(dollar, m=ROOMY)
    go_on(host, 8)
    features.pause(host.context(), "m")
    go_on(host, 4)
    assert [number for number, status in statuses(host).items() if status == "done"] == ["1.1", "1.2"]
    return host


THREE = "  - title: three\n    criteria:\n    - 'file: `2.1.txt`'\n"
SHIP = """\
- name: Ship
  features:
  - title: eight
    depends: ['2.1']
    criteria: ['file: `4.1.txt`']
"""


def changed(text: str) -> str:
    """The rest with one feature less, one changed and one more, and a new milestone."""
    shorter = text.replace(THREE, "").replace("- '1.2'", "- '1.1'").replace("- '1.3'", "- '1.2'")
    return shorter.replace("title: seven", "title: seven, but faster") + SHIP


def test_a_changed_rest_is_shown_by_meaning_and_becomes_the_plan_in_one_edit(halfway: Host) -> None:
    seen = rest_text(halfway.context(), "m")
    new = plan(changed(seen))
    found = proposed(halfway.context(), "m", new).found
    assert sorted(one.words for one in found.changes) == snapshot(
        ["+ 4.1 eight", "+ milestone 4 Ship", "- 2.1 three", "3.3 seven → seven, but faster"]
    )
    before, commits = committed(halfway), len(list(halfway.jobs.objects.line(head_of(halfway))))
    apply(halfway.context(), "m", seen, new, reason="it takes too long")
    after = committed(halfway)
    assert len(list(halfway.jobs.objects.line(head_of(halfway)))) == commits + 1
    assert statuses(halfway) == snapshot(
        {
            "1.1": "done",
            "1.2": "done",
            "2.1": "skipped",
            "2.2": "pending",
            "2.3": "pending",
            "3.1": "pending",
            "3.2": "skipped",
            "3.3": "pending",
            "4.1": "pending",
        }
    )
    assert {f.number: f.depends for f in after.features() if f.depends} == snapshot(
        {"2.3": ("2.2",), "3.1": ("2.3",), "4.1": ("3.1",)}
    )
    assert (after.limits, after.gates, after.milestones[0]) == (before.limits, before.gates, before.milestones[0])
    assert [c.text for c in after.milestones[2].criteria] == [c.text for c in before.milestones[2].criteria]
    assert {why for _, why in told(halfway)[2:]} == {"it takes too long; the alternative was to keep the plan (by Ada)"}
    assert sorted(row for row, _ in told(halfway)[2:]) == sorted(f"Re-plan: {one.words}" for one in found.changes)


def test_nothing_changes_without_a_change_and_what_is_removed_completely_is_skipped(halfway: Host) -> None:
    seen = rest_text(halfway.context(), "m")
    assert not proposed(halfway.context(), "m", plan(seen)).found
    assert apply(halfway.context(), "m", seen, plan(seen)).commit is None
    whole = plan(seen)
    apply(halfway.context(), "m", seen, whole.model_copy(update={"milestones": whole.milestones[:1]}))
    assert [str(m.status) for m in committed(halfway).milestones] == ["validating", "pending", "skipped"]


def test_what_cannot_be_applied_is_refused_and_nothing_changes(halfway: Host) -> None:
    seen = rest_text(halfway.context(), "m")
    whole = plan(seen)
    before = files(halfway)
    backwards = whole.model_copy(update={"milestones": whole.milestones[::-1]})
    with pytest.raises(BlockedError, match="milestones cannot change their order"):
        proposed(halfway.context(), "m", backwards)
    with pytest.raises(ConflictError, match="has changed since this plan was made"):
        apply(halfway.context(), "m", seen.replace("three", "drei"), whole)
    assert files(halfway) == before
    features.cancel(halfway.context(), "m")
    with pytest.raises(BlockedError, match="m is cancelled"):
        rest_text(halfway.context(), "m")


def test_a_model_proposes_a_rest_and_its_cost_is_in_the_mission(halfway: Host) -> None:
    """What it answers changes nothing but the log of what was spent; another cap in it is dropped."""
    seen = rest_text(halfway.context(), "m")
    wanted = plan(changed(seen) + "budget: {money_usd: 900}\n")
    judged = [m.model_copy(update={"validation": m.validation or ["file: `x.txt`"]}) for m in wanted.milestones]
    answers = ["no plan at all", write_plan(wanted.model_copy(update={"milestones": judged}))]
    halfway.jobs.script = lambda _: Outcome(30.0, answer=answers.pop(0), costs=(Decimal("0.05"),))
    before = committed(halfway)
    found = propose(halfway.context(), "m", "make it shorter", rest=soon(halfway))
    assert found.plan is not None, found.why
    assert (found.seen, found.plan.budget.money_usd) == (seen, 0)
    after = committed(halfway)
    assert (statuses(halfway), after.limits) == (
        {str(f.number): str(f.status) for f in before.features()},
        before.limits,
    )
    assert spent(after.spends).usd == spent(before.spends).usd + Decimal("0.10")
    assert {name for name in files(halfway) if "/plan-a" in name} == {"m/runs/plan-a1.md", "m/runs/plan-a2.md"}
    apply(halfway.context(), "m", found.seen, found.plan)
    assert statuses(halfway)["2.1"] == "skipped"


def test_a_model_is_asked_only_while_nothing_can_start_and_money_is_left(halfway: Host) -> None:
    with pytest.raises(UsageError):
        propose(halfway.context(), "m", " ", rest=soon(halfway))
    set_value(halfway.context(), "m", "budget.money_usd", "2")
    with pytest.raises(BlockedError, match="nothing is left of the cap in usd"):
        propose(halfway.context(), "m", "shorter", rest=soon(halfway))
    set_value(halfway.context(), "m", "budget.money_usd", "50")
    features.resume(halfway.context(), "m")
    with pytest.raises(BlockedError, match="m is active"):
        propose(halfway.context(), "m", "shorter", rest=soon(halfway))
