"""People at work in the same repository: none of their bytes moves, and landing waits for them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Answer, Person

ONE = """\
title: One feature
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
LANDED = 1
WAITS = 0


def picture(person: Person) -> dict[str, str]:
    """Everything that is a person's: files, index, stash, branches, configuration, what is in progress."""
    facts = {
        os.fspath(p.relative_to(person.repo)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(person.repo.rglob("*"))
        if p.is_file() and ".git" not in p.parts and p.parts[len(person.repo.parts)] != "missions"
    }
    git_dir = person.repo / ".git"
    for name in ("HEAD", "config", "MERGE_HEAD", "rebase-merge/head-name", "COMMIT_EDITMSG"):
        path = git_dir / name
        facts[f".git/{name}"] = path.read_text() if path.exists() else "(none)"
    facts["status"] = person.git("status", "--porcelain=v2", "--ignored", "--untracked-files=all")
    facts["stash"] = person.git("stash", "list")
    facts["staged"] = person.git("ls-files", "--stage")
    return facts


def staged_file(person: Person) -> int:
    person.write("notes.txt", "staged\n")
    person.git("add", "notes.txt")
    return LANDED


def half_edited_file(person: Person) -> int:
    person.write("notes.txt", "half\n")
    person.git("add", "notes.txt")
    person.write("notes.txt", "half and more\n")
    return LANDED


def untracked_file_of_the_same_name(person: Person) -> int:
    person.write("1.1.txt", "mine, not in git\n")
    return WAITS


def ignored_file_of_the_same_name(person: Person) -> int:
    exclude = person.repo / ".git/info/exclude"
    exclude.write_text(exclude.read_text() + "/1.1.txt\n")
    person.write("1.1.txt", "mine, ignored\n")
    return WAITS


def open_rebase(person: Person) -> int:
    person.git("checkout", "-q", "-b", "topic", "HEAD~1")
    person.commit("Theirs", **{"notes.txt": "theirs\n"})
    person.git("checkout", "-q", "main")
    person.git("rebase", "topic", ok=(1,))
    return WAITS


def open_merge(person: Person) -> int:
    person.git("checkout", "-q", "-b", "topic", "HEAD~1")
    person.commit("Theirs", **{"notes.txt": "theirs\n"})
    person.git("checkout", "-q", "main")
    person.git("merge", "topic", ok=(1,))
    return WAITS


def another_branch(person: Person) -> int:
    person.git("checkout", "-q", "-b", "topic")
    person.write("topic.txt", "in work\n")
    return LANDED


def detached_head(person: Person) -> int:
    person.git("checkout", "-q", "--detach")
    return LANDED


def base_in_another_worktree(person: Person) -> int:
    person.git("checkout", "-q", "-b", "topic")
    other = person.repo.parent / "other"
    person.git("worktree", "add", "-q", os.fspath(other), "main")
    (other / "1.1.txt").write_text("mine, in the other tree\n")
    return WAITS


SITUATIONS = [
    staged_file,
    half_edited_file,
    untracked_file_of_the_same_name,
    ignored_file_of_the_same_name,
    open_rebase,
    open_merge,
    another_branch,
    detached_head,
    base_in_another_worktree,
]


@pytest.mark.parametrize("situation", by_day(SITUATIONS, 1), ids=lambda s: s.__name__)
def test_after_20_pulses_everything_of_a_person_is_as_it_was(
    person: Person, situation: Callable[[Person], int]
) -> None:
    person.commit("More", **{"notes.txt": "hello again\n"})
    person.worker(HONEST)
    person.plan(ONE)
    lands = situation(person)
    before = picture(person)
    base = person.git("rev-parse", "refs/heads/main")
    person.start()
    person.run(ok=(0, 3))
    for _ in range(20):
        person.mission("pulse")
    landed = person.git("rev-parse", "refs/heads/main") != base
    if not lands:
        assert picture(person) == before
        assert not landed
        waiting = person.mission("status", "m", "--json").facts["waiting_for"]
        assert [w["kind"] for w in waiting] == ["landing"], waiting
        return
    assert landed
    after = picture(person)
    own = {name for name in after if name not in before or after[name] != before[name]}
    assert own <= {"1.1.txt", "staged", "status"}, own
    assert person.mission("status", "m", "--json").facts["status"] == "completed"


def test_an_obstacle_taken_away_lets_the_landing_follow_by_itself(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    mine = person.write("1.1.txt", "mine\n")
    person.start()
    person.run(ok=(3,))
    place = person.repo.resolve()
    status = person.mission("status", "m", "--json").facts
    assert status["waiting_for"][0]["name"] == f"an untracked file of yours is in the way in {place}: 1.1.txt"
    mine.rename(person.repo.parent / "kept.txt")
    person.run()
    assert (person.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"
    assert person.git("status", "--porcelain") == ""


def test_landing_waits_for_a_look_unless_told_otherwise(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE.replace("land: auto", "land: ask"))
    base = person.git("rev-parse", "main")
    person.start()
    person.run(ok=(3,))
    assert person.git("rev-parse", "main") == base
    assert person.mission("inbox", ok=(3,)).out == (
        "m: everything is done and waits for you to land it\n  → mission land m\n"
    )
    person.mission("land", "m", "--yes")
    assert person.mission("status", "m", "--json").facts["status"] == "completed"
    assert (person.repo / "1.1.txt").exists()
    assert person.loaded().mission.approvals[0].by == "Ada"


def test_a_base_that_moved_meanwhile_is_merged_and_judged_before_it_lands(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE.replace("land: auto", "land: ask"))
    person.start()
    person.run(ok=(3,))
    mine = person.commit("Meanwhile", **{"notes.txt": "meanwhile\n"})
    person.mission("land", "m", "--yes", ok=(0, 3))
    person.run()
    assert person.git("merge-base", "--is-ancestor", mine, "main") == ""
    assert (person.repo / "notes.txt").read_text() == "meanwhile\n"
    assert (person.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"


def test_an_edit_that_is_committed_is_respected_and_stays_in_history_under_its_name(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    text = person.file().read_text()
    person.file().write_text(text.replace("| 1.1 | one", "| 1.1 | one, but better"))
    person.git("commit", "--quiet", "-am", "Say it better", cwd=person.repo / "missions")
    person.start()
    person.run()
    log = person.git("log", "--format=%an %s", "missions", cwd=person.repo / "missions").splitlines()
    assert "Ada Say it better" in log
    assert person.loaded().mission.milestones[0].features[0].title == "one, but better"
    history = person.mission("history", "m").out
    assert "Say it better [Ada]" in history


def test_an_edit_that_is_not_committed_is_kept_while_ours_go_on_beside_it(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    text = person.file().read_text()
    person.file().write_text(text.replace("One feature\n\n>", "One feature\n\nA note of mine.\n\n>"))
    status = person.mission("status", "m").out
    assert "1 uncommitted edit: m/mission.md (modified)" in status
    person.start()
    person.run()
    kept = person.file().read_text()
    assert "A note of mine." in kept
    assert "status: completed" in kept
    assert "A note of mine." not in person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    person.git("commit", "--quiet", "-am", "My note", cwd=person.repo / "missions")
    loaded = person.loaded()
    assert loaded.mission.status == "completed"
    assert "A note of mine." in loaded.layout.text


def edit(person: Person, old: str, new: str, ok: tuple[int, ...] = (0,)) -> Answer:
    """A person replaces these words with `mission edit`."""
    script = person.repo.parent / "editor.sh"
    script.write_text(f"sed -i 's/{old}/{new}/' \"$1\"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDITOR", f"sh {script}")
        return person.mission("edit", "m", ok=ok)


def save(person: Person, old: str, new: str) -> None:
    """A person changes the file on disk, and does not commit it."""
    text = person.file().read_text()
    assert old in text
    person.file().write_text(text.replace(old, new, 1))


@only_at_night
def test_edits_on_disk_of_the_editor_and_of_a_command_meet_in_any_order(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    save(person, "One feature\n\n>", "One feature\n\nA note on disk.\n\n>")
    edit(person, "time_hours: 1", "time_hours: 3")
    assert "A note on disk." not in person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    status = person.mission("status", "m").out
    state = os.fspath((person.repo / "missions").resolve())
    command = f"git -C {state} commit -m 'Edit m/mission.md' -- m/mission.md"
    assert f"1 uncommitted edit: m/mission.md (modified)\n  → {command}\n" in status
    person.start()
    person.mission("skip", "m/1.1", "--reason", "not now")
    save(person, "| 1.1 | one", "| 1.1 | one, but better")
    person.run(ok=None)
    done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True)  # noqa: S602 - as it is shown
    assert done.returncode == 0, done.stderr
    text = person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    for words in ("A note on disk.", "time_hours: 3", "one, but better", "not now"):
        assert words in text, words
    assert "not committed" not in person.mission("status", "m").out


def test_an_edit_on_disk_at_the_same_place_is_neither_overwritten_nor_taken_back(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    save(person, "| 1.1 | one", "| 1.1 | two")
    mine = person.file().read_text()
    refused = edit(person, "| 1.1 | one", "| 1.1 | three", ok=(3,))
    assert refused.err.startswith("error: your uncommitted edit changes the same place\n hint: commit it")
    assert person.file().read_text() == mine
    save(person, "status: planning", "status: paused")
    person.start()
    assert "status: paused" in person.file().read_text()
    assert "| 1.1 | two" in person.file().read_text()
    assert str(person.loaded().mission.status) == "active"


def test_mission_edit_commits_under_the_persons_name(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/money_usd: 0/money_usd: 7/" "$1"\n')
    editor.chmod(0o755)
    os.environ["EDITOR"] = os.fspath(editor)
    try:
        person.mission("edit", "m")
    finally:
        del os.environ["EDITOR"]
    assert person.loaded().mission.limits.usd == 7
    assert person.git("log", "-1", "--format=%an %s", "missions", cwd=person.repo / "missions") == "Ada edited by hand"


def test_mission_edit_refuses_a_text_with_errors_and_keeps_it(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    head = person.state_head()
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/| 1.1 | one/| 1.1 | one [depends:9.9]/" "$1"\n')
    editor.chmod(0o755)
    os.environ["EDITOR"] = os.fspath(editor)
    try:
        answer = person.mission("edit", "m", ok=(3,))
    finally:
        del os.environ["EDITOR"]
    assert "1.1 depends on `9.9`, which does not exist" in answer.err
    kept = Path(answer.err.rsplit("your text is kept in ", 1)[1].strip())
    assert "[depends:9.9]" in kept.read_text()
    assert person.state_head() == head


def test_a_feature_set_to_done_by_hand_is_accepted_logged_and_judged_all_the_same(person: Person) -> None:
    person.worker('write("1.1.txt", "really\\n")\ncommit()\n')
    person.plan(ONE)
    text = person.file().read_text()
    person.file().write_text(text.replace("pending | ", "done | "))
    person.git("commit", "--quiet", "-am", "It is done, believe me", cwd=person.repo / "missions")
    person.start()
    person.run()
    events = [(r.event, r.details) for r in person.loaded().mission.progress]
    assert ("feature.by_hand", "1.1 was set to done by Ada") in events
    assert person.features() == {"1.1": "done", "1.2": "done"}
    assert person.causes() == [("1.2-a1", "done")]
