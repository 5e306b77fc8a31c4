"""A mission with files for readers: if a process dies at any step, they are in the end what the mission file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.kit.fakes.life import Fate, Kind
from tests.kit.nightly import by_day, only_at_night

from mission_cli._support.dataclass import replace
from mission_cli.domain.board.marks import FILES, is_same
from mission_cli.engine.board.keep import source_hash
from mission_cli.engine.board.pages import rendered
from mission_cli.engine.board.read import arranged, board_of
from mission_cli.settings import DashboardSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host


class ShownDeaths(Deaths):
    """The same deaths, on a host whose settings ask for the files."""

    def furnish(self, host: Host) -> None:
        """Ask for them."""
        host.settings = replace(host.settings, dashboard=DashboardSettings(commit=True, files=FILES))

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            ctx = self.lives.end(state).copy(Fate()).context()
            head = ctx.state.head()
            assert head is not None
            snapshot = ctx.state.at(head)
            wanted = rendered(ctx.templates, arranged(board_of(snapshot, "")), source_hash(snapshot))
            for name, text in wanted.items():
                there = ctx.state.file(name, head)
                assert there is not None
                assert is_same(there, text), name
            self.counts["ends with pages"] += 1


@only_at_night
@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    deaths = ShownDeaths()
    assert deaths.expected.status == "completed"
    deaths.every(kind)
    deaths.pairs(60, 1)
    assert deaths.counts["ends with pages"] > 0
    record_property("counts", dict(deaths.counts))
