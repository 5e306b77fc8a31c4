"""Pages of worlds of many seeds: what needs a person is on the first page, each with a way on that can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.browsing import Browser, at_home
from tests.kit.nightly import NIGHTLY, by_day
from tests.sim.events import events_of
from tests.sim.mailed import MailSim
from tests.sim.phased import PhaseSim
from tests.sim.pulled import PullSim
from tests.sim.sim import Sim

from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.results.waiting import Waiting

ALWAYS = "/do/stop-all"
"""Offered on each page, whatever needs a person."""
EVERY = 5
"""Ticks between two looks."""


def check(web: Browser, opened: dict[str, int]) -> int:
    """Look at the first page, and at the pages that it leads to; return how much needs a person there."""
    found = everything_waiting(web.host.context())
    page = web.open("/")
    assert web.status == 200, page.text
    needs = page.text.split("Missions Mission Status")[0]
    links = [to for to, _ in page.links if "/do/" in to and to != ALWAYS]
    for _, one in found:
        assert flat(one.name) in needs
        assert one.actions or flat(str(one.unblock)) in needs
    assert len(links) == sum(bool(one.actions) for _, one in found)
    for to in links:
        shown = web.open(to)
        opened[to.partition("?")[0]] = web.status
        assert web.status == 200 or (web.status == 409 and "Back to the mission" in shown.text), (to, shown.text)
    for mission in {mission for mission, _ in found}:
        shown = web.open(f"/missions/{mission}")
        assert all(flat(one.name) in shown.text for name, one in found if name == mission and is_own(one))
    return len(found)


def is_own(waiting: Waiting) -> bool:
    """Whether it is about one mission, and not about all."""
    return waiting.kind not in {"stopped", "pulse"}


def flat(text: str) -> str:
    """The text as it is read on a page."""
    return " ".join(clean(text).split())


@pytest.mark.parametrize("world", by_day([PhaseSim, Sim, PullSim, MailSim], 1))
@pytest.mark.timeout(7200)
def test_everything_that_needs_a_person_is_on_the_first_page(
    world: type[Sim], record_property: Callable[[str, object], None]
) -> None:
    needs, looks, opened = 0, 0, dict[str, int]()
    for seed in range(4) if NIGHTLY else [12]:
        sim = world(seed)
        for number, event in enumerate(events_of(seed, 250)[: 250 if NIGHTLY else 20]):
            sim.tick(event)
            if number % EVERY == EVERY - 1:
                looks += len(sim.hosts)
                needs += sum(check(at_home(host), opened) for host in sim.hosts)
    assert needs > (30 if NIGHTLY else 0)
    assert opened
    record_property("counts", {"states of which the page was looked at": looks, "needs on the page": needs})
