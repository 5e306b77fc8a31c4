"""Worlds of many seeds: hosts, clocks, people, executors and a remote do what they like, and every law holds.

No attempt starts twice; what is known to be spent never falls; what was truly spent stays below the cap and the step
under way of each running worker; what the fast path takes for idle is idle; a world in which nothing goes wrong any
more ends, or says for whom, what or when it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.life import Fate
from tests.kit.fakes.runtime import is_idle
from tests.kit.nightly import NIGHTLY, by_day, only_at_night
from tests.sim.asked import AskSim
from tests.sim.batched import BatchSim
from tests.sim.bought import BuySim
from tests.sim.deployed import DeploySim
from tests.sim.drafted import DraftSim
from tests.sim.events import What, events_of, shrunk
from tests.sim.hooked import HookSim
from tests.sim.judged import JudgeSim
from tests.sim.mailed import MailSim
from tests.sim.needful import NeedSim
from tests.sim.outages import OutageSim
from tests.sim.phased import PhaseSim
from tests.sim.placed import PlaceSim
from tests.sim.previewed import PreviewSim
from tests.sim.pulled import MissionPullSim, PullSim
from tests.sim.researched import ResearchSim
from tests.sim.run import LENGTH, live, run
from tests.sim.scoped import ScopeSim
from tests.sim.shown import ShownSim
from tests.sim.sim import BrokenError, FlakySim, RecurringSim, ReviewSim, Sim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sim.events import Event

CHUNKS = 8 if NIGHTLY else 3
HALF = LENGTH if NIGHTLY else 120
"""By day, for worlds of one kind."""
WORLDS = 100_000 // LENGTH if NIGHTLY else CHUNKS


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.timeout(7200)
def test_every_law_holds_in_every_world(chunk: int, record_property: Callable[[str, object], None]) -> None:
    for seed in range(chunk, WORLDS, CHUNKS):
        counts = run(seed)
        assert counts["ticks"] == LENGTH
        record_property("counts", {f"sim: {what}": times for what, times in counts.items()})


@pytest.mark.parametrize("seed", by_day([1262, 1269, 2203, 3350], 1))
def test_every_law_holds_where_one_did_not(seed: int) -> None:
    """Work that had diverged was nobody's to decide; who could not ask the executor rested all the same.

    A command heard the remote again, and the pulses that had waited for it did not know. Somebody removed the verdict of
    a check that was counted on, and nobody looked.
    """
    live(seed, events_of(seed, LENGTH))


@pytest.mark.parametrize("seed", range(100, 120) if NIGHTLY else [101])
def test_every_law_holds_where_a_mission_recurs(seed: int) -> None:
    run(seed, HALF, RecurringSim)


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [306])
def test_every_law_holds_where_people_and_workers_ask(seed: int) -> None:
    """No question is lost, no number used twice, no answer read as that of another one, and nothing archived in use."""
    counts = run(seed, HALF, AskSim)
    assert counts["asked"] > 0


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [310])
def test_every_law_holds_where_workers_write_to_people_outside(seed: int) -> None:
    """No mail is sent twice, and none that is recorded as sent was not."""
    counts = run(seed, HALF, MailSim)
    assert counts["mails"] > 0 or NIGHTLY


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [304])
def test_every_law_holds_where_attempts_run_on_hosts(seed: int) -> None:
    """No host has more attempts than its cap, nothing starts on one that is drained, and nothing starts twice."""
    counts = run(seed, HALF, PlaceSim)
    assert counts["attempts on hosts"] > 0


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [309])
def test_every_law_holds_where_features_need_what_people_provide(seed: int) -> None:
    """No attempt starts while something that its feature needs is not available, and no other job gets a value."""
    counts = run(seed, HALF, NeedSim)
    assert counts["needing attempts"] > 0 or NIGHTLY


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [307])
def test_every_law_holds_where_something_is_bought(seed: int) -> None:
    """Nothing is charged twice, without an approval, or above a limit, and every charge is in the log."""
    counts = run(seed, HALF, BuySim)
    assert counts["cards"] > 0 or NIGHTLY


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [302])
def test_every_law_holds_where_commands_run_before_and_after_steps(seed: int) -> None:
    """No worker starts before the command before it has passed, and each command after a step runs once."""
    counts = run(seed, HALF, HookSim)
    assert counts["hooks"] > 0


@pytest.mark.parametrize("seed", range(300, 400) if NIGHTLY else [302])
def test_every_law_holds_where_attempts_are_judged_together(seed: int) -> None:
    """Nothing is integrated but on the tree on which it was judged, and no attempt pays for the work of another one."""
    counts = run(seed, HALF if NIGHTLY else 40, BatchSim)
    assert counts["judged together"] > 1 or NIGHTLY


@pytest.mark.parametrize("seed", range(200, 220) if NIGHTLY else [200])
def test_every_law_holds_where_agents_review(seed: int) -> None:
    counts = run(seed, HALF, ReviewSim)
    assert counts["reviews"] > 0


@only_at_night
@pytest.mark.timeout(7200)
def test_every_law_holds_where_vendors_have_outages() -> None:
    """No runner is used that the mission does not allow, none twice in one outage, and no commit is lost on the way."""
    counts = [run(seed, HALF, OutageSim) for seed in range(300, 330)]
    assert sum(one["moved"] for one in counts) > 20
    assert sum(one["taken over"] for one in counts) > 10


@only_at_night
@pytest.mark.timeout(7200)
def test_every_law_holds_where_a_model_judges() -> None:
    """No question is asked again after its answer, none above its share, and no cap, gate or criterion changes."""
    counts = [run(seed, HALF, JudgeSim) for seed in range(300, 340)]
    assert sum(one["judgments"] for one in counts) > 20
    assert sum(one["judgments decided"] for one in counts) > 5


@only_at_night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(300, 330))
def test_every_law_holds_where_missions_draft_agents(seed: int) -> None:
    """Each reason leads to one draft at most, and no commit has a row without its file or a file without its row."""
    counts = run(seed, HALF, DraftSim)
    assert counts["ticks"] == HALF


@pytest.mark.parametrize("seed", range(300, 400) if NIGHTLY else [301])
def test_every_law_holds_where_missions_have_phases(seed: int) -> None:
    """No approval counts for what it did not see, no phase is entered twice in a pass, nothing lands before its phase."""
    counts = run(seed, HALF, PhaseSim)
    assert counts["decisions about phases"] > 0


@pytest.mark.parametrize("seed", range(300, 400) if NIGHTLY else [305])
def test_every_law_holds_where_topics_are_found_out_before_the_work(seed: int) -> None:
    """Nothing that needs a topic starts before its whole document is there and approved, and no code comes of it."""
    counts = run(seed, HALF, ResearchSim)
    assert counts["worlds with documents"] > 0 or NIGHTLY


@pytest.mark.parametrize("seed", range(300, 340) if NIGHTLY else [300])
def test_every_law_holds_where_people_look_at_previews(seed: int) -> None:
    counts = run(seed, HALF, PreviewSim)
    assert counts["previews that ran"] > 0


@only_at_night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(300, 330))
def test_every_law_holds_where_missions_deploy(seed: int) -> None:
    """One deployment to a target runs at a time, none twice, and production waits for a person."""
    run(seed, HALF, DeploySim)


@only_at_night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(300, 330))
def test_every_law_holds_where_the_budget_does_not_pay_for_everything(seed: int) -> None:
    """The program raises no cap, leaves out only what an answer named, and nothing that is kept needs that."""
    counts = run(seed, HALF, ScopeSim)
    assert counts["ticks"] == HALF


@only_at_night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(300, 330))
def test_every_law_holds_where_files_for_readers_are_committed(seed: int) -> None:
    """After each pulse they are what the mission files say, no commit says nothing new, and clones agree in the end."""
    counts = run(seed, LENGTH, ShownSim)
    assert counts["commits of pages"] > 0


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.timeout(7200)
def test_every_law_holds_where_work_is_merged_by_pull_requests(
    chunk: int, record_property: Callable[[str, object], None]
) -> None:
    """480 ticks by day, 100,000 at night: people, checks, the queue and the way to the forge do what they like."""
    for seed in range(chunk, 100_000 // LENGTH if NIGHTLY else 4, CHUNKS):
        counts = run(seed, HALF, MissionPullSim if seed % 4 == 3 else PullSim)
        assert counts["ticks"] == HALF
        record_property("counts", {f"pulls: {what}": times for what, times in counts.items() if "forge" in what})


@only_at_night
def test_no_test_that_fails_twice_passes_where_others_are_flaky() -> None:
    """A flaky test is quarantined by name; work that is not good is never done, whatever is quarantined."""
    listed = [run(seed, LENGTH, FlakySim)["quarantined"] for seed in (range(200, 260) if NIGHTLY else (200, 211))]
    assert sum(listed) > len(listed) // 2


def test_a_world_is_the_same_whenever_it_is_made() -> None:
    assert run(1, 60) == run(1, 60)


class Forbidding(Sim):
    """A world with one law more: nobody may jump the clock while a pause is on."""

    paused: bool = False

    def tick(self, event: Event) -> None:
        """Look for it."""
        self.paused |= event.what is What.PAUSE
        if self.paused and event.what is What.JUMP:
            raise BrokenError("a jump in a pause")
        super().tick(event)


@only_at_night
def test_a_failure_names_its_seed_and_the_fewest_events_that_it_needs() -> None:
    with pytest.raises(BrokenError) as failure:
        run(6, LENGTH, Forbidding, shrink=True)
    first, count, *events = str(failure.value).splitlines()
    assert first == "seed 6: BrokenError: a jump in a pause"
    assert count == f"2 of {LENGTH} events:"
    assert ["What.PAUSE" in events[0], "What.JUMP" in events[1], len(events)] == [True, True, 2]


def test_shrinking_leaves_out_all_that_is_not_needed() -> None:
    events = events_of(0, 40)
    assert shrunk(events, lambda few: events[3] in few and events[17] in few) == [events[3], events[17]]


def test_a_job_that_its_executor_denies_is_submitted_once_in_a_pulse() -> None:
    sim = Sim(0)
    [host] = sim.hosts
    sim.go_on()
    sim.moods[host.jobs.name] = What.DENY
    steps: list[str] = []
    host.jobs.fate = Fate(watch=steps.append)
    sim.pulse(host)
    assert 1 <= steps.count("executor.submit:before") <= 3
    assert not is_idle(host.jobs), "what it asked for has changed nothing, so there is no rest"
