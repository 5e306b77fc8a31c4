"""Several clones of one remote: one of them drives a mission, all see it, and any of them may take it over."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

from mission_cli.adapters.git.remote.share import claim_there
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.clones import Hub
    from tests.kit.people import Person

PLAN = """\
title: Shared
budget: {time_hours: 1}
preferences: {land: auto, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"], depends: ["1.1"]}
"""
SLOW_AT_FIRST = """\
if RUN == "m/1.1-a1":
    with open(OUTSIDE / "arrived", "w") as gate:
        gate.write("here")
    with open(OUTSIDE / "go") as gate:
        gate.read()
"""
"""The first attempt tells when it is at work, and goes on when it is told to."""


def host(person: Person) -> str:
    return open_repository(person.repo).context.machine.me()


def at_work(person: Person, plan: str = PLAN) -> None:
    """Start the mission of a plan; return when its first worker is at work, and stays there."""
    os.mkfifo(person.repo.parent / "arrived")
    os.mkfifo(person.repo.parent / "go")
    person.worker(SLOW_AT_FIRST, HONEST)
    person.plan(plan)
    person.start()
    assert (person.repo.parent / "arrived").read_text() == "here"


def looks_at(driver: Person, looker: Person) -> Iterator[int]:
    """Look until the last sign of the driver was seen five times; how often that was. Its pulses may still run."""
    times = 0
    while times < 5:
        looker.mission("pulse")
        asked = open_repository(looker.repo).context.runtime.asked()
        _, times = asked.signs[host(driver).rpartition(":")[2]]
        yield times


def let_go(person: Person) -> None:
    """Let the worker go on, to its end."""
    (person.repo.parent / "go").write_text("on")
    person.rest()


def starts(*people: Person) -> list[str]:
    return sorted(run for person in people for run in person.starts())


def agree(*people: Person) -> None:
    """Each looks until all have the same."""
    for _ in range(2):
        for person in people:
            person.rest()
            person.mission("pulse")
    assert len({person.state_head() for person in people}) == 1


@only_at_night
def test_without_a_remote_in_the_settings_nothing_is_pushed(hub: Hub, ada: Person) -> None:
    before = hub.refs
    ada.set('remote = ""')
    ada.plan(PLAN)
    assert "pushes  nothing (mission init" in ada.mission("start", "m", "--headless").out
    ada.run()
    assert hub.refs == before


def test_init_writes_down_by_which_remote_missions_are_shared(ada: Person) -> None:
    settings = ada.repo / ".mission.toml"
    settings.write_text("# mine\n[tree]\nsetup = ''\n")
    done = ada.mission("init", "--remote", "origin").out
    assert "shared through: origin; the next pulse pushes to it" in done
    line = 'remote = "origin"  # missions are shared through it: the branches mission/… and missions are pushed\n'
    assert settings.read_text() == f"{line}# mine\n[tree]\nsetup = ''\n"
    ada.mission("init", "--remote", "origin")
    assert settings.read_text().count("remote") == 1
    refused = ada.mission("init", "--remote", "other", ok=(2,)).err
    assert "says `remote = 'origin'`" in refused


@only_at_night
def test_what_one_clone_drives_all_see(hub: Hub, ada: Person, ben: Person) -> None:
    ada.plan(PLAN)
    ada.start()
    ada.run()
    assert hub.refs["refs/heads/missions"] == ada.state_head()
    assert hub.refs["refs/heads/mission/m/work"] == ada.git("rev-parse", "mission/m/work")
    assert {r for r in hub.refs if r.startswith("refs/mission/claims/")} == {
        "refs/mission/claims/m/1.1-a1",
        "refs/mission/claims/m/1.2-a1",
    }
    ben.git("fetch", "--quiet")
    assert "completed" in ben.mission("status", "m").out
    assert ben.state_head() == ada.state_head()
    assert ben.file().read_bytes() == ada.file().read_bytes()


def test_a_command_in_another_clone_reaches_the_one_that_drives(ada: Person, ben: Person) -> None:
    at_work(ada, PLAN.replace('validation: ["file: `1.1.txt` `1.2.txt`"]', 'validation: ["file: `1.1.txt`"]'))
    ben.git("fetch", "--quiet")
    ben.mission("skip", "m/1.2", "--reason", "not needed")
    assert ben.mission("why", "m").out == f"m: it is run by {host(ada)}\n  → mission takeover m\n"
    ada.mission("pulse")
    let_go(ada)
    ada.run()
    assert ada.features() == {"1.1": "done", "1.2": "skipped"}
    assert starts(ada, ben) == ["m/1.1-a1"]
    agree(ada, ben)


def test_a_second_clone_does_not_start_what_is_driven(ada: Person, ben: Person) -> None:
    ada.plan(PLAN)
    ada.mission("new", "--plan", os.fspath(ada.repo.parent / "m.yaml"), "--id", "other", "--runner", "script")
    ada.mission("pulse")
    ben.git("fetch", "--quiet")
    ben.mission("list")
    ada.start()
    refused = ben.mission("start", "m", "--headless", ok=(3,))
    assert refused.err == f"error: m is run by {host(ada)}\n hint: mission takeover m\n"
    ben.start("other")
    ben.run("other")
    ada.run()
    assert starts(ada) == ["m/1.1-a1", "m/1.2-a1"]
    assert starts(ben) == ["other/1.1-a1", "other/1.2-a1"]
    agree(ada, ben)


@only_at_night
def test_of_two_that_start_at_once_the_first_that_is_accepted_drives(ada: Person, ben: Person) -> None:
    soon = datetime.now(UTC).astimezone() + timedelta(hours=2)
    for person in (ada, ben):
        person.set(f"hours = '{soon:%H}:00-{soon:%H}:30'")  # who drives is asked here, and not what workers do
    ada.plan(PLAN)
    ada.plan(PLAN, identity="n")
    ada.mission("pulse")
    ben.git("fetch", "--quiet")
    for mission, first, second in (("m", ada, ben), ("n", ben, ada)):
        second.mission("pulse")
        first.start(mission)
        first.rest()
        assert second.process("start", mission, "--headless", env={"MISSION_REMOTE": ""}).code == 0
        second.rest()
        second.mission("pulse")
        assert second.loaded(mission).mission.host == host(first)
    agree(ada, ben)
    yielded = [line for line in ada.state_log() if line.endswith("became its driver first")]
    assert yielded, "the merge by meaning alone would have taken the later start"
    assert starts(ada, ben) == []


@only_at_night
def test_nothing_is_started_while_the_remote_cannot_be_asked(hub: Hub, ada: Person) -> None:
    ada.plan(PLAN, identity="other")
    hub.go_away()
    refused = ada.mission("start", "other", "--headless", ok=(1,))
    assert refused.err.startswith("error: nothing was started: git fetch: ")
    assert refused.err.endswith(" hint: mission doctor checks the remote\n")
    assert str(ada.loaded("other").mission.status) == "planning"
    hub.come_back()
    at_work(ada)
    hub.go_away()
    let_go(ada)
    ada.mission("pulse")
    assert "nothing starts while the remote cannot be used" in ada.mission("why", "m").out
    assert starts(ada) == ["m/1.1-a1"]
    hub.come_back()
    ada.run()
    assert starts(ada) == ["m/1.1-a1", "m/1.2-a1"]
    assert hub.refs["refs/heads/missions"] == ada.state_head()


@only_at_night
def test_a_silent_host_is_named_after_three_looks_and_its_mission_taken_over(
    hub: Hub, ada: Person, ben: Person
) -> None:
    at_work(ada)
    ben.git("fetch", "--quiet")
    lives, takes = f"m: it is run by {host(ada)}", "\n  → mission takeover m\n"
    for times in looks_at(ada, ben):
        silent = ", whose heartbeat has not been renewed recently" if times >= 3 else ""
        assert ben.mission("why", "m").out == lives + silent + takes
    assert ben.mission("pulse", "--exit-code", ok=(3,)).code == 3

    ben.mission("takeover", "m")
    ben.run()
    assert ben.causes() == [("1.1-a1", "lost"), ("1.1-a2", "done"), ("1.2-a1", "done")]
    assert starts(ada, ben) == ["m/1.1-a1", "m/1.1-a2", "m/1.2-a1"]
    assert ben.git("show", "main:1.1.txt") == "1.1 by attempt 2"

    ada.mission("pulse")
    ada.rest()
    assert (ada.runtime / "jobs/m/1.1-a1/exit.json").exists(), "what ran here in vain was stopped"
    agree(ada, ben)
    assert str(ada.loaded().mission.status) == "completed"
    assert hub.refs["refs/heads/mission/m/work"] == ben.git("rev-parse", "mission/m/work")


@only_at_night
def test_a_host_that_lives_leaves_new_signs(ada: Person, ben: Person) -> None:
    at_work(ada)
    ben.git("fetch", "--quiet")
    for _ in range(4):
        ada.mission("pulse")
        ben.mission("pulse")
    assert ben.mission("why", "m").out == f"m: it is run by {host(ada)}\n  → mission takeover m\n"


@only_at_night
def test_a_zombie_that_finishes_after_a_takeover_changes_nothing(hub: Hub, ada: Person, ben: Person) -> None:
    at_work(ada)
    hub.go_away()
    let_go(ada)
    hub.come_back()
    ben.git("fetch", "--quiet")
    ben.mission("takeover", "m")
    ben.run()
    taken = hub.refs["refs/heads/mission/m/work"]
    for _ in range(3):
        ada.mission("pulse")
        ada.rest()
    agree(ada, ben)
    assert hub.refs["refs/heads/mission/m/work"] == taken
    assert len(starts(ada, ben)) == len(set(starts(ada, ben)))
    assert ben.features() == {"1.1": "done", "1.2": "done"}


@only_at_night
def test_what_both_worded_differently_waits_for_a_person_and_starts_nothing(ada: Person, ben: Person) -> None:
    ada.plan(PLAN)
    ada.mission("pulse")
    ben.git("fetch", "--quiet")
    ben.mission("list")
    for person, words in ((ben, "Ben's words.\n"), (ada, "Ada's words.\n")):
        file = person.file()
        file.write_text(file.read_text().replace("# Shared\n", f"# Shared\n\n{words}", 1))
        person.git("commit", "--quiet", "--all", "-m", "Words", cwd=file.parent)
    ben.mission("pulse")
    refused = ada.mission("start", "m", "--headless", ok=(1,))
    assert "both sides changed the same place in m/mission.md" in refused.err
    missions = ada.repo / "missions"
    ada.git("merge", "refs/mission/remote/missions", cwd=missions, ok=(1,))
    file = ada.file()
    lines = [line for line in file.read_text().splitlines(keepends=True) if line[:7] not in {"<" * 7, "=" * 7, ">" * 7}]
    file.write_text("".join(lines))
    ada.git("commit", "--quiet", "--all", "--no-edit", cwd=missions)
    ada.start()
    ada.run()
    agree(ada, ben)
    assert "Ben's words." in ada.file().read_text()


def test_one_of_ten_claims_at_the_remote_wins(ada: Person, ben: Person) -> None:
    answers: dict[int, bytes | None] = {}

    def claim(number: int) -> None:
        code = (ada, ben)[number % 2].repo / ".git"
        answers[number] = claim_there(code, "origin", "m/1.1-a1", f"claim {number}".encode())

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [number for number, other in answers.items() if other is None]
    assert {other for other in answers.values() if other} == {f"claim {winner}".encode()}
    repeated = claim_there(ada.repo / ".git", "origin", "m/1.1-a1", f"claim {winner}".encode())
    assert repeated is None, "whose first answer was lost asks again, and has it"


@only_at_night
def test_an_attempt_that_is_claimed_at_the_remote_is_not_started(ada: Person, ben: Person) -> None:
    ben.git("fetch", "--quiet")
    claim_there(ben.repo / ".git", "origin", "m/1.1-a1", b'{"host": "elsewhere:123456"}')
    ada.plan(PLAN)
    ada.start()
    ada.run()
    assert starts(ada) == ["m/1.1-a2", "m/1.2-a1"]
    assert ada.causes() == [("1.1-a2", "done"), ("1.2-a1", "done")]


@only_at_night
def test_a_killed_pulse_has_pushed_all_or_is_caught_up_with(hub: Hub, ada: Person, tmp_path: Path) -> None:
    from tests.kit.killed import run_under

    ada.plan(PLAN)
    pulse = ("pulse", "--quiet", "--repo", os.fspath(ada.repo))
    for step in ("share.push:before", "share.push:after", "share.push_branches:after", "share.fetch:after"):
        mark = tmp_path / step.replace(":", "-")
        words = ("start", "m", "--headless") if step.endswith("before") else pulse
        while (code := run_under(ada, mark, step, *words)) == -signal.SIGKILL:
            ada.rest()
        assert code == 0
    ada.run()
    assert starts(ada) == ["m/1.1-a1", "m/1.2-a1"]
    assert hub.refs["refs/heads/missions"] == ada.state_head()
