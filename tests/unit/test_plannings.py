"""Plans that a model writes for the API: once, for at most what planning may cost, and what a restart finds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host
from tests.kit.plans import HOPELESS, good
from tests.kit.served import Memory

from mission_cli._support.dataclass import replace
from mission_cli.app.plannings import carry
from mission_cli.app.plannings.order import PlanOrder
from mission_cli.app.plannings.stored import PlanningState, written
from mission_cli.document.reading.load import load
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.errors import BlockedError, MissionError, NotFoundError, UsageError
from mission_cli.domain.host import Person
from mission_cli.surfaces.http.planners import Planners

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.plannings.results import Planning
    from mission_cli.ports.executor import JobSpec

ORDER = PlanOrder("Count words", {"goal": "Count words", "mode": "full"}, {"money_usd": "7"}, "script")
WRONG = [
    PlanOrder(" "),
    PlanOrder("x", {"mode": "fast"}),
    PlanOrder("x", {"id": "A/B"}),
    PlanOrder("x", {}, {"money_usd": "much"}),
]
ADA = Person("Ada", "ada@example.org")


def thinking(*answers: str) -> Host:
    """A host whose runner gives these answers, for five cents each."""
    left = list(answers)

    def answer(_: JobSpec) -> Outcome:
        return Outcome(30.0, answer=left.pop(0), costs=(Decimal("0.05"),))

    return make_host(answer)


def soon(host: Host) -> Callable[[], None]:
    """What lets a minute pass on a host."""

    def rest() -> None:
        host.jobs.clock.time.pass_by(timedelta(minutes=1))
        host.jobs.work()

    return rest


def planned(host: Host, order: PlanOrder = ORDER) -> str:
    """Have a plan written; return the id."""
    one = carry.begin(host.context().acting_as(ADA), order, "main")
    carry.carry_out(host.context(), one.id, soon(host))
    return one.id


def made(host: Host, name: str) -> str:
    """Approve a planning; return the id of its mission."""
    desk = Memory([host])
    one, _ = carry.approve(
        host.context(), name, lambda plan, records: desk.make(plan, host.jobs.name, ADA, planning=records)
    )
    return one.mission


def seen(host: Host, name: str) -> Planning:
    """How people see a planning."""
    ctx = host.context()
    return carry.looked_at(ctx, carry.need(ctx, name), "r")


def test_a_plan_becomes_a_mission_once_with_what_it_cost() -> None:
    host = thinking(good())
    name = planned(host)
    found = seen(host, name)
    assert (found.status, found.by, found.cost.usd, found.most_usd) == ("ready", "Ada", Decimal("0.05"), Decimal(1))
    assert found.plan is not None
    assert (found.plan["goal"], found.plan["budget"]) == ("Count words", {"money_usd": 7.0})
    assert host.context().state.snapshot().missions == {}
    mission = made(host, name)
    [stored] = host.context().state.snapshot().missions.values()
    assert spent(load(stored.text, mission).mission.spends).usd == Decimal("0.05")
    assert (seen(host, name).status, seen(host, name).mission) == ("approved", mission)
    with pytest.raises(BlockedError, match="it was approved"):
        made(host, name)


def test_the_model_is_asked_once_more_and_then_it_has_failed() -> None:
    host = thinking(HOPELESS, HOPELESS)
    found = seen(host, planned(host))
    assert (found.status, found.error, found.hint, found.plan) == snapshot(
        (PlanningState.FAILED, "the answer contains no plan", "planning cost $0.10 and 0 tokens, in 2 min", None)
    )
    assert found.cost.usd == Decimal("0.10")
    with pytest.raises(BlockedError, match="there is no plan"):
        made(host, found.id)


def test_planning_costs_at_most_what_it_may() -> None:
    host = thinking(HOPELESS, good())
    host.settings = replace(host.settings, plan_max_usd=Decimal("0.05"))
    found = seen(host, planned(host))
    assert (found.status, found.error, found.hint) == snapshot(
        (
            PlanningState.FAILED,
            "the answer contains no plan",
            "it was not asked again: nothing is left to reserve: $0.05 spent and $0 reserved of $0.05; planning cost $0.05 and 0 tokens, in 1 min",
        )
    )
    assert list(host.jobs.truth.paid.values()) == [Decimal("0.05")]


def test_what_a_server_left_is_carried_out_by_the_next_one_for_one_price() -> None:
    host = thinking(good())
    one = carry.begin(host.context(), ORDER, "main")

    class DiedError(Exception):
        """The server."""

    def die() -> None:
        raise DiedError

    with pytest.raises(DiedError):
        carry.carry_out(host.context(), one.id, die)
    assert seen(host, one.id).status == "planning"
    carry.carry_out(host.context(), one.id, soon(host))
    assert seen(host, one.id).status == "ready"
    assert list(host.jobs.truth.paid.values()) == [Decimal("0.05")]


def test_two_servers_carry_out_one_planning_once() -> None:
    host = thinking(good())
    one = carry.begin(host.context(), ORDER, "main")
    tried: list[str] = []

    def rest() -> None:
        carry.carry_out(host.context(), one.id, lambda: tried.append("twice"))
        soon(host)()

    carry.carry_out(host.context(), one.id, rest)
    assert (seen(host, one.id).status, tried) == ("ready", [])


def test_a_planning_that_is_dropped_is_stopped_and_leaves_nothing() -> None:
    host = thinking(good())
    one = carry.begin(host.context(), ORDER, "main")

    def drop() -> None:
        if one.id in carry.known(host.context()):
            carry.drop(host.context(), one.id)
        soon(host)()

    carry.carry_out(host.context(), one.id, drop)
    assert carry.known(host.context()) == {}
    assert host.context().state.snapshot().missions == {}
    assert host.context().executor.running() == []
    with pytest.raises(NotFoundError):
        carry.need(host.context(), one.id)


def test_an_approval_that_died_is_found_again() -> None:
    host = thinking(good())
    name = planned(host)
    before = carry.need(host.context(), name)
    mission = made(host, name)
    with host.context().runtime.plannings() as book:  # as if the server had died after the commit
        book.note(name, written(replace(before, state=PlanningState.APPROVING)))
    with pytest.raises(BlockedError, match=f"it is the mission {mission}"):
        made(host, name)
    assert seen(host, name).mission == mission
    other = thinking(good())
    name = planned(other)
    with other.context().runtime.plannings() as book:  # as if it had died before
        book.note(name, written(replace(carry.need(other.context(), name), state=PlanningState.APPROVING)))
    assert made(other, name) in other.context().state.snapshot().missions


@pytest.mark.parametrize("order", WRONG)
def test_a_wrong_order_costs_nothing(order: PlanOrder) -> None:
    host = thinking()
    with pytest.raises(UsageError):
        carry.begin(host.context(), order, "main")
    assert carry.known(host.context()) == {}


def test_not_too_many_models_are_asked_at_once() -> None:
    host = thinking()
    for _ in range(carry.MOST_AT_ONCE):
        carry.begin(host.context(), ORDER, "main")
    with pytest.raises(BlockedError, match="plans are being written here already"):
        carry.begin(host.context(), ORDER, "main")


def test_what_cannot_be_asked_is_said_before_anything_is_stored() -> None:
    host = thinking()
    host.context().runtime.press_stop(on=True)
    with pytest.raises(MissionError, match="stopped"):
        carry.begin(host.context(), ORDER, "main")
    assert carry.known(host.context()) == {}


def test_a_new_server_goes_on_with_what_the_one_before_has_left() -> None:
    host = thinking(good())
    one = carry.begin(host.context(), ORDER, "main")
    desk = Planners(Memory([host]), rest=soon(host))
    desk.go_on()
    desk.join()
    assert desk.one(one.id).status == "ready"


def test_files_that_cannot_be_read_are_no_plannings() -> None:
    host = thinking()
    with host.context().runtime.plannings() as book:
        for name, text in (("a", "{"), ("b", "[]"), ("c", '{"class": "Person", "name": "x"}'), ("d", "[" * 9999)):
            book.note(name, text)
    assert carry.known(host.context()) == {}
