"""Clones of the mission files that went their own ways, and plain `git merge` with the driver."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.kit.edits import Hand, hand
from tests.kit.people import Person

from mission_cli.document.load import load
from mission_cli.document.merge_ranks import attempt_of

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.mission import Mission

PLAN = """\
title: Word counter
goal: Count words.
budget: {money_usd: 20}
resources: [{name: staging, type: server, status: needed}]
milestones:
  - name: Core
    validation: ["run: `true`", "manual: looks good"]
    features:
      - {title: Count, description: "Split at white space.", criteria: ["file: `wc.py`"]}
      - {title: Read, depends: ["1.1"]}
      - {title: Speed}
      - {title: Errors}
  - name: Rest
    features: [{title: Command line, depends: ["1.*"]}, {title: Manual}, {title: Release}]
"""
EDITS = 50
SEEDS = 12 if os.environ.get("MISSION_NIGHTLY") else 1


@dataclass
class Clones:
    """Three clones of one project, each with mission files of its own that came from the same place."""

    people: dict[str, Person]
    base: str
    hands: dict[str, Hand] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The file as it lies in a clone."""
        return self.people[name].file().read_bytes().decode()

    def commit(self, name: str, text: str, message: str = "Edit") -> None:
        """Save and commit it."""
        person = self.people[name]
        person.file().write_bytes(text.encode())
        person.git("commit", "--quiet", "--allow-empty", "-am", message, cwd=person.repo / "missions")

    def gather(self, name: str) -> None:
        """Fetch what the others have, as branches with their names."""
        person = self.people[name]
        for other, theirs in self.people.items():
            source = os.fspath(theirs.repo / ".git/mission-state.git")
            person.git("fetch", "--quiet", source, f"+missions:refs/heads/{other}", cwd=person.repo / "missions")

    def merge(self, name: str, order: tuple[str, ...], ok: tuple[int, ...] = (0,)) -> str:
        """Merge the clones one after the other with plain git; return the file."""
        person = self.people[name]
        missions = person.repo / "missions"
        person.git("checkout", "--quiet", "--detach", order[0], cwd=missions)
        for other in order[1:]:
            person.git("merge", "--quiet", "--no-edit", other, cwd=missions, ok=ok)
        return self.text(name)


@pytest.fixture
def clones(person: Person, tmp_path: Path) -> Clones:
    """Three clones of a project whose mission files are shared as a branch; each did `mission init`."""
    person.worker()
    person.plan(PLAN)
    person.git("push", "--quiet", os.fspath(person.repo), "missions", cwd=person.repo / "missions")
    people = {}
    for name in "abc":
        person.git("clone", "--quiet", os.fspath(person.repo), os.fspath(tmp_path / name))
        people[name] = Person(tmp_path / name)
        people[name].mission("init")
    return Clones(people, person.file().read_text())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_three_clones_with_fifty_edits_each_come_to_the_same_bytes_in_any_order(clones: Clones, seed: int) -> None:
    for name in "abc":
        someone = clones.hands[name] = hand(name, seed)
        for _ in range(EDITS):
            clones.commit(name, someone.edit(clones.text(name)))
    ends = {name: load(clones.text(name)).mission for name in "abc"}
    clones.gather("a")
    found = {clones.merge("a", order) for order in itertools.permutations("abc")}
    assert len(found) == 1
    loaded = load(found.pop())
    assert not loaded.refused
    assert not [p.message for p in loaded.problems if "are called" in p.message]
    assert any(h.retried for h in clones.hands.values())
    for name, mission in ends.items():
        _nothing_lost(mission, loaded.mission)
        _no_retry_lost(clones.hands[name], loaded.mission)


def _nothing_lost(before: Mission, merged: Mission) -> None:
    assert {(r.at, r.event, r.details) for r in before.progress} <= {
        (r.at, r.event, r.details) for r in merged.progress
    }
    assert {r.prompt for r in before.requests} <= {r.prompt for r in merged.requests}
    runs = [s.description.split()[0] for s in merged.spends]
    assert len(runs) == len(set(runs))
    assert {s.description.split()[0] for s in before.spends} <= set(runs)
    worked_on = {f.title for f in before.features() if attempt_of(f.worker)}
    assert worked_on <= {f.title for f in merged.features()}


def _no_retry_lost(someone: Hand, merged: Mission) -> None:
    features = {f.title: f for f in merged.features()}
    for title, last in someone.retried.items():
        feature = features[title]
        assert feature.tries_after >= last
        if attempt_of(feature.worker) <= feature.tries_after:
            assert feature.raw_status in {"pending", "skipped"}
