"""Agents that make their database at the first run in a home are let in one by one, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.executors.jobs.folder import Surroundings
from mission_cli.adapters.executors.supervise.first_run import FirstRun

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    slots, home = f"{tmp_path}/slots", {"HOME": f"{tmp_path}"}
    return Surroundings("", "", "", slots, slot_count=2, host="", unboxed="", environment=home)


def test_the_others_wait_until_the_first_one_is_under_way(around: Surroundings, tmp_path: Path) -> None:
    first, second, third = (FirstRun(AGENTS["opencode"], around) for _ in range(3))
    assert first.may_start()
    assert not second.may_start()
    made = tmp_path / ".local/share/opencode/opencode.db"
    made.parent.mkdir(parents=True)
    made.touch()
    assert not second.may_start(), "it is there, and not finished"
    first.is_under_way()
    assert second.may_start()
    assert third.may_start(), "nobody waits for a second run"


def test_one_that_ended_before_it_made_anything_gives_its_turn_to_the_next(around: Surroundings) -> None:
    first, second, third = (FirstRun(AGENTS["opencode"], around) for _ in range(3))
    assert first.may_start()
    first.is_under_way()
    assert second.may_start()
    assert not third.may_start()
    second.is_under_way()


@pytest.mark.parametrize("agent", ["claude", None])
def test_others_never_wait(around: Surroundings, agent: str | None) -> None:
    assert all(FirstRun(AGENTS[agent] if agent else None, around).may_start() for _ in range(2))
