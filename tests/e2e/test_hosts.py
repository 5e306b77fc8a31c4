"""A mission of which some features run on a host, which is drained and cannot be reached meanwhile."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.away import NEAR, Away
from tests.kit.people import HONEST

from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.executors.remote.executor import RemoteExecutor
from mission_cli.adapters.executors.remote.routed import RoutedExecutor
from mission_cli.app.commands import lifecycle
from mission_cli.app.hosts.commands import drain
from mission_cli.document.runs.record import read_run
from mission_cli.engine.loop import pulse
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

    from mission_cli.engine.context import Context

PLAN = """\
title: Four
budget: {money_usd: 5}
preferences: {runner: script, land: auto, max_parallel_workers: 4}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt` `1.4.txt`"]
    features:
      - {title: one, on: [gpu], criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
      - {title: three, on: [gpu], criteria: ["file: `1.3.txt`"]}
      - {title: four, on: [gpu], criteria: ["file: `1.4.txt`"]}
"""
WAITS = 'print("at work", flush=True)\nwhile not (OUTSIDE / "go").exists():\n    time.sleep(0.02)  # poll: the test writes the file\n'
PATIENCE = 90


@pytest.fixture
def away(person: Person, tmp_path: Path) -> Iterator[Away]:
    """A host with room for two, in the settings of the person."""
    made = Away(person, tmp_path)
    config = Path(os.environ["HOME"]) / ".config" / "mission" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[hosts.{NEAR}]\naddress = "{made.host.folder}"\nworkers = 2\nlabels = ["gpu"]\n')
    yield made
    made.leave()


def context(person: Person, away: Away) -> Context:
    """The ports of a new process, whose followers use the launcher of the test."""
    opened = compose.open_repository(person.repo, ticking=False)
    routed = opened.context.executor
    assert isinstance(routed, RoutedExecutor)
    local = routed._local  # noqa: SLF001 - the same jobs by another route
    assert isinstance(local, LocalExecutor)
    remote = RemoteExecutor(
        local,
        runtime=opened.checkout.runtime,
        hosts=lambda: {NEAR: away.describe()},
        surroundings=opened.surroundings,
        follower=[sys.executable, *away.follower, os.fspath(person.repo)],
        environment=os.environ,
    )
    executor = RoutedExecutor(local, lambda: remote, runtime=opened.checkout.runtime)
    return replace(opened.context, executor=executor)


def pulses_until(person: Person, away: Away, words: str, times: int = 1) -> None:
    """Let pulses come until so many features are held for this reason, or are done."""
    until, said = time.monotonic() + PATIENCE, [""]
    while sum(words in one for one in said) < times:
        assert time.monotonic() < until, said
        time.sleep(0.05)  # pulses come when something has happened, and the host is another process
        cases = pulse(context(person, away)).cases.values()
        said = [hold.detail for case in cases for hold in case.plan.holds] + [*person.features().values()]


def test_labels_send_features_to_a_host_and_what_happens_to_it_loses_nothing(person: Person, away: Away) -> None:
    person.worker(WAITS, HONEST)
    person.plan(PLAN)
    lifecycle.start(context(person, away), "m")
    pulses_until(person, away, "attempt 1 is running on `near`", 2)
    shown = person.mission("status", "m").out
    assert "script a1 on near for" in shown
    assert "every worker slot of `near` is taken" in shown, "1.4 waits: its cap is two"
    assert person.mission("hosts", "drain", NEAR).out.startswith("near takes nothing new; 2 attempts there go on")
    away.host.cut()
    pulses_until(person, away, "which cannot be reached: its result is awaited", 2)
    (person.repo.parent / "go").touch()
    pulses_until(person, away, "done")
    assert person.features() == {"1.1": "dispatched", "1.2": "done", "1.3": "dispatched", "1.4": "pending"}
    away.host.restore()
    pulses_until(person, away, "done", 3)
    assert person.features()["1.4"] == "pending", "nothing starts on a drained host"
    assert drain(context(person, away), NEAR, on=False).running == 0
    pulses_until(person, away, "done", 4)
    files = (person.runtime.parent.parent / "missions").rglob("1.*-a*.md")
    found = {one.run: one.ran_on for file in files if (one := read_run(file.read_text()))}
    assert found == {"m/1.1-a1": NEAR, "m/1.2-a1": "", "m/1.3-a1": NEAR, "m/1.4-a1": NEAR}
    assert sorted(person.starts()) == sorted(found), "each started once"
