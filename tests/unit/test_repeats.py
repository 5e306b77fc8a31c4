"""The same change decided again and again stops the mission, once, with words; everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.sim.sim import PLAN

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.events import EventKind
from mission_cli.domain.status import MissionStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.observing.repeats import guarded
from mission_cli.planner.core.decisions import Decisions
from mission_cli.planner.core.moves.mission import MoveMission, Note
from mission_cli.planner.core.moves.waiting import Ask

if TYPE_CHECKING:
    from mission_cli.engine.case import Case


def case_of(*, started: bool) -> Case:
    host = make_host(lambda _: Outcome(1.0))
    make_mission(host, PLAN)
    ctx = host.context()
    if started:
        lifecycle.start(ctx, "m")
    snapshot = ctx.state.snapshot()
    [stored] = snapshot.missions.values()
    return consider(ctx, policy_of(ctx), snapshot, stored, load(stored.text, "m"))


def asked(number: int) -> Decisions:
    return Decisions(transitions=(Ask(InputRequest(number, "", "1", "which?"), "why"),))


def test_the_third_round_with_the_same_change_pauses_the_mission() -> None:
    case, streaks = case_of(started=True), dict[str, int]()
    for number in (1, 2):
        one = replace(case, plan=asked(number))
        assert guarded(one, streaks) is one
    [move] = guarded(replace(case, plan=asked(3)), streaks).plan.transitions
    assert isinstance(move, MoveMission)
    assert move.to is MissionStatus.PAUSED
    assert move.why == (
        "the same change was made 2 times without effect: 3: which?; "
        "mission lint m shows what is wrong in the file, then mission resume m"
    )


def test_changes_with_something_else_between_and_rounds_without_a_change_are_none_of_its_business() -> None:
    case, streaks = case_of(started=True), dict[str, int]()
    for number in range(9):
        plan = Decisions(transitions=(Note(EventKind.MISSION_EDITED, f"{number % 2}"),)) if number % 3 else Decisions()
        one = replace(case, plan=plan)
        assert guarded(one, streaks) is one


def test_where_the_mission_cannot_be_paused_it_is_an_error_with_its_file() -> None:
    case, streaks = case_of(started=False), dict[str, int]()
    one = replace(case, plan=asked(1))
    guarded(one, streaks)
    guarded(one, streaks)
    with pytest.raises(DocumentError) as error:
        guarded(one, streaks)
    assert error.value.message.endswith("the same change was made 2 times without effect: 1: which?")
