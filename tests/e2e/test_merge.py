"""Clones of the mission files that went their own ways, and plain `git merge` with the driver."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.edits import Hand, hand
from tests.kit.nightly import NIGHTLY, by_day, only_at_night
from tests.kit.people import Person

from mission_cli.document.merging.ranks import attempt_of
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import Sha
from mission_cli.wiring.compose import open_repository

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
SEEDS = 12 if NIGHTLY else 1


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


@only_at_night
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


def _edit(clones: Clones, name: str, *changes: tuple[str, str]) -> None:
    text = clones.text(name)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    clones.commit(name, text)


def _two_minds(clones: Clones) -> None:
    """Two clones of different opinion about a sentence, and of one log."""
    row = "| 1.1 | Count |  | pending |  | | |"
    log = "|-----------|-------|---------|\n| | | |"
    for name, row_now in (("a", row.replace("pending", "done")), ("b", row.replace("pending", "skipped"))):
        at = f"|-----------|-------|---------|\n| 2026-11-20T10:0{ord(name) - 97}:00Z | said | by {name} |"
        _edit(clones, name, (row, row_now), (log, at), ("Split at white space.", f"Split as {name} says."))
    clones.gather("a")


def test_only_words_against_words_are_left_to_a_person(clones: Clones) -> None:
    _two_minds(clones)
    text = clones.merge("a", ("a", "b"), ok=(1,))
    missions = clones.people["a"].repo / "missions"
    assert clones.people["a"].git("status", "--porcelain", cwd=missions) == "UU m/mission.md"
    assert [line for line in text.splitlines() if line not in clones.base.splitlines()] == snapshot(
        [
            "| 1.1 | Count |  | skipped |  | | |",
            "<<<<<<< ours",
            "Split as a says.",
            "=======",
            "Split as b says.",
            ">>>>>>> theirs",
            "| 2026-11-20T10:00:00Z | said | by a |",
            "| 2026-11-20T10:01:00Z | said | by b |",
        ]
    )


@pytest.mark.parametrize("program", by_day(["/nowhere/python -m mission_cli _merge", "false", "sh -c 'exit 7'"], 1))
def test_where_we_are_gone_git_merges_by_lines(clones: Clones, program: str) -> None:
    _two_minds(clones)
    missions = clones.people["a"].repo / "missions"
    command = clones.people["a"].git("config", "merge.mission.driver", cwd=missions)
    broken = program + command[command.index(" %O") :]
    clones.people["a"].git("config", "merge.mission.driver", broken, cwd=missions)
    with_us_gone = clones.merge("a", ("a", "b"), ok=(1,))
    clones.people["a"].git("merge", "--abort", cwd=missions)
    (clones.people["a"].repo / ".git/mission-state.git/info/attributes").unlink()
    plain = clones.merge("a", ("a", "b"), ok=(1,))
    named = {"<<<<<<< ours": "<<<<<<< HEAD", ">>>>>>> theirs": ">>>>>>> b"}
    assert [named.get(line, line) for line in with_us_gone.splitlines()] == plain.splitlines()


def test_the_driver_is_registered_where_the_files_live_and_once(person: Person) -> None:
    person.worker()
    person.plan(PLAN)
    said = [person.mission("merge-driver", "install").out.replace(os.fspath(person.repo), "REPO") for _ in range(2)]
    assert said == snapshot(
        [
            """\
written: REPO/.git/mission-state.git/config
written: REPO/.git/mission-state.git/info/attributes
""",
            "already registered in REPO/.git/mission-state.git\n",
        ]
    )
    state = person.repo / ".git/mission-state.git"
    assert (state / "info/attributes").read_text() == snapshot("""\
# mission files are merged by meaning (mission merge-driver install)
/*/mission.md merge=mission
/*-mission.md merge=mission
/**/runs/*.md merge=mission
""")
    command = person.git("config", "merge.mission.driver", cwd=person.repo / "missions")
    assert command.replace(sys.executable, "PYTHON") == snapshot(
        "PYTHON -P -m mission_cli _merge %O %A %B %L %P; case $? in 0) exit 0;; 3) exit 1;; esac; git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"
    )
    assert person.git("config", "merge.mission.driver", ok=(1,)) == ""
    assert person.mission("merge-driver", "remove", ok=(2,)).err == snapshot("""\
error: `remove` is not an action of merge-driver
 hint: mission merge-driver install
""")


def test_mission_files_in_place_are_merged_by_meaning_too_and_no_file_of_a_person_is_touched(person: Person) -> None:
    person.set('state = "here"')
    person.worker()
    person.plan(PLAN)
    (person.repo / ".git/info/attributes").write_text("*.png binary")
    person.mission("init")
    assert person.git("status", "--porcelain") == ""
    assert (person.repo / ".git/info/attributes").read_text().splitlines()[0] == "*.png binary"
    text = person.file().read_text()
    for branch, word in (("left", "done"), ("right", "dispatched")):
        person.git("checkout", "--quiet", "-b", branch, "main")
        person.file().write_text(text.replace("| 1.1 | Count |  | pending |", f"| 1.1 | Count |  | {word} |"))
        person.git("commit", "--quiet", "-am", word)
    person.git("merge", "--quiet", "--no-edit", "left")
    assert "| 1.1 | Count |  | done " in person.file().read_text()
    with pytest.raises(BlockedError, match="refs/heads/right also contains your code"):
        open_repository(person.repo).state.join(Sha(person.git("rev-parse", "left")), message="Join")


def test_an_edit_meets_the_loop_by_meaning(person: Person) -> None:
    """`mission edit`, while the file moves on in the very row that is edited."""
    person.worker()
    person.plan(PLAN)
    missions = person.repo / "missions"
    script = person.repo.parent / "editor.sh"
    script.write_text(
        f"cd {missions} && sed -i 's/| 1.1 | Count |  | pending |/| 1.1 | Count |  | skipped |/' m/mission.md\n"
        "git commit -qam 'Skip it'\n"
        'sed -i "s/| 1.1 | Count |/| 1.1 | Count all |/" "$1"\n'
    )
    assert person.process("edit", "m", env={"EDITOR": f"sh {script}", "VISUAL": ""}).code == 0
    assert "| 1.1 | Count all | " in person.file().read_text()
    assert person.features()["1.1"] == "skipped"


def test_a_head_from_elsewhere_is_joined_and_the_work_tree_follows(clones: Clones) -> None:
    """What the loop does when a push of the state branch is refused."""
    ada = clones.people["a"]
    missions = ada.repo / "missions"
    row = "| 1.1 | Count |  | pending |  | | |"
    _edit(clones, "b", (row, row.replace("pending", "skipped")), ("Split at white space.", "Split well."))
    bob = clones.people["b"].repo / "missions"
    (bob / "m/runs").mkdir()
    (bob / "m/runs/1.1-a1.md").write_text("theirs\n")
    (bob / "note.md").write_text("note\n")
    ada.git("add", ".", cwd=bob)
    ada.git("commit", "--quiet", "-m", "More", cwd=bob)
    clones.gather("a")
    theirs = Sha(ada.git("rev-parse", "b", cwd=missions))
    store = open_repository(ada.repo).state
    assert store.join(theirs, message="Join b") == theirs
    assert store.join(theirs, message="Join b") == theirs
    _edit(clones, "a", ("| 1.2 | Read ", "| 1.2 | Read all "))
    _edit(clones, "b", ("Split well.", "Split very well."))
    ada.git("rm", "--quiet", "note.md", cwd=bob)
    ada.git("commit", "--quiet", "-m", "Less", cwd=bob)
    clones.gather("a")
    ada.file().write_text(clones.text("a").replace("| 1.3 | Speed ", "| 1.3 | Speed! "))
    head = store.join(Sha(ada.git("rev-parse", "b", cwd=missions)), message="Join b")
    assert ada.git("log", "-1", "--format=%H %s", cwd=missions) == f"{head} Join b"
    assert ada.git("status", "--porcelain", cwd=missions) == " M m/mission.md"
    text = clones.text("a")
    assert [word in text for word in ("skipped", "Split very well.", "Read all", "Speed!")] == [True] * 4
    assert not (missions / "note.md").exists()
    ada.git("checkout", "--quiet", "m/mission.md", cwd=missions)
    _edit(clones, "a", ("Split very well.", "Split."))
    _edit(clones, "b", ("Split very well.", "Split!"))
    clones.gather("a")
    with pytest.raises(BlockedError, match=r"both sides changed the same place in m/mission\.md"):
        store.join(Sha(ada.git("rev-parse", "b", cwd=missions)), message="Join b")
    assert ada.git("status", "--porcelain", cwd=missions) == ""
