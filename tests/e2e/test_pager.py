"""Long output on a terminal is shown in the person's pager, anything else is not."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tests.kit.people import HONEST
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = "title: T\nmilestones: [{name: A, features: [{title: a}]}]\n"


def test_the_pager_gets_what_does_not_fit(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with terminal(person.repo, MISSION_PAGER="sed 's/^/paged: /'") as window:
        ends = count(1)

        def shown(command: str) -> str:
            end = next(ends)
            window.line(f"clear; {command}; echo t''he end {end}")
            return window.see(f"the end {end}")

        assert "paged" not in shown("mission status")
        assert "paged:" in shown("mission help cli")
        assert "paged" not in shown("mission help cli | tail -1")
        assert "paged" not in shown("TERM=dumb mission help cli")
        assert "paged:" not in shown("MISSION_PAGER= mission help cli")
        assert "paged:" not in shown("MISSION_PAGER=cat mission help cli")
        assert "mission-schema" in shown("MISSION_PAGER=no-such-pager mission help cli")
