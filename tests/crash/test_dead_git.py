"""A git of ours is killed while it holds the locks of a ref: the next tick knows that they are ours, and only those."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One file
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
GIT = """\
#!/bin/sh
# The real git, with a hook that is called while it holds the locks of the refs that it writes.
count=$#
for word in "$@"; do
    case $word in update-ref | fetch) set -- "$@" -c core.hooksPath={hooks} ;; esac
    set -- "$@" "$word"
done
shift $count
exec {git} "$@"
"""
HOOK = """\
#!/bin/sh
[ "$1" = prepared ] || exit 0
while read -r old new ref; do
    if [ "$ref" = "{ref}" ] && mkdir "{mark}" 2>/dev/null; then
        kill -9 $PPID
    fi
done
exit 0
"""
UNFINISHED = "write(f'{FEATURE}.txt', 'x')\ncommit()\nwrite('thought.txt', 'not committed')\n"


def deadly_git(folder: Path, ref: str) -> dict[str, str]:
    """An environment in which git is killed once, when it is about to write this ref."""
    real = shutil.which("git")
    hooks = folder / "hooks"
    hooks.mkdir(parents=True)
    for place, text in (
        (folder / "git", GIT.format(hooks=hooks, git=real)),
        (hooks / "reference-transaction", HOOK.format(ref=ref, mark=folder / "died")),
    ):
        place.write_text(text)
        place.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def locks(person: Person) -> list[str]:
    return [os.fspath(p) for p in (person.repo / ".git").rglob("*.lock") if "HEAD" in p.name or "refs" in p.parts]


REFS = ("refs/heads/missions", "refs/mission/tips/m/1.1-a1", "refs/mission/wip/m/1.1-a1")
MORE = ("refs/heads/mission/m/work", "refs/mission/claims/m/1.1-a1")


@pytest.mark.parametrize("ref", by_day([*REFS, *MORE], 2))
def test_a_git_killed_while_it_writes(person: Person, tmp_path: Path, ref: str) -> None:
    person.worker(UNFINISHED)
    person.plan(ONE)
    env = deadly_git(tmp_path / "bin", ref)
    for _ in range(5):
        if person.loaded().mission.status == "planning":
            person.process("start", "m", "--headless", env=env)
        person.process("run", "m", "--json", env=env)
        person.rest()
        if person.loaded().mission.status == "completed":
            break
    assert (tmp_path / "bin/died").exists()
    assert person.loaded().mission.status == "completed"
    assert person.starts() == ["m/1.1-a1"]
    saved = person.git("rev-parse", "--verify", "--quiet", "refs/mission/wip/m/1.1-a1^{commit}")
    assert person.git("show", f"{saved}:thought.txt") == "not committed"
    assert (person.repo / "1.1.txt").read_text() == "x"
    assert locks(person) == []


@pytest.mark.parametrize("name", ["refs/heads/missions.lock", "HEAD.lock"])
def test_a_lock_that_nobody_knows_is_told_of_and_left_alone(person: Person, name: str) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    lock = Path(os.path.realpath(person.repo)) / ".git/mission-state.git" / name
    lock.write_text("")
    head = person.state_head()
    answer = person.mission("skip", "m/1.1", "--reason", "why not", ok=(1,))
    assert f"Unable to create '{lock}': File exists." in answer.err
    assert not (lock.parents[0 if name == "HEAD.lock" else 2] / "mission-journal.json").exists()
    assert (lock.exists(), person.state_head()) == (True, head)
    lock.unlink()
    person.mission("skip", "m/1.1", "--reason", "why not")
    assert person.features() == {"1.1": "skipped"}
