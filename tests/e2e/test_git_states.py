"""States of git that break tools: the work is right, or a message says what to do; nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST, Person, make_person

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
HOOKS = [
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg"),
    *("commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update"),
    *("post-receive", "post-update", "reference-transaction", "pre-auto-gc", "post-rewrite", "post-index-change"),
    "fsmonitor-watchman",
]


def assert_done(person: Person, *, landed: bool = True) -> None:
    """A mission of one feature goes its whole way, and lands."""
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    assert person.run(ok=None).facts["status"] == "completed", person.mission("why", "m", ok=None).out
    assert person.causes() == [("1.1-a1", "done")]
    if landed:
        assert person.git("show", "main:1.1.txt") == "1.1 by attempt 1"
        assert person.git("status", "--porcelain") == ""
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    assert person.git("fsck", "--no-dangling", cwd=person.repo / "missions") == ""


def test_without_a_branch_the_base_has_to_be_named(person: Person) -> None:
    person.worker(HONEST)
    person.git("checkout", "-q", "--detach")
    place = person.repo.parent / "m.yaml"
    place.write_text(ONE)
    words = ("new", "--plan", os.fspath(place), "--id", "m", "--runner", "script")
    answer = person.mission(*words, ok=(2,))
    assert answer.err == "error: no branch is checked out\n hint: name the base branch: --base main\n"
    person.mission(*words, "--base", "main")
    person.start()
    assert person.run().facts["status"] == "completed"
    assert person.git("show", "main:1.1.txt") == "1.1 by attempt 1"
    assert not (person.repo / "1.1.txt").exists()


def test_a_bare_repository(person: Person, tmp_path: Path) -> None:
    bare = Person(tmp_path / "bare.git")
    person.git("clone", "--quiet", "--bare", os.fspath(person.repo), os.fspath(bare.repo))
    bare.worker(HONEST)
    user = Path(os.environ["HOME"]) / ".config/mission"
    user.mkdir(parents=True)
    (bare.repo / ".mission.toml").rename(user / "config.toml")
    bare.plan(ONE)
    bare.start()
    assert bare.mission("run", "m", "--json").facts["status"] == "completed"
    assert bare.git("show", "main:1.1.txt") == "1.1 by attempt 1"


def test_a_shallow_clone(person: Person, tmp_path: Path) -> None:
    person.commit("More", **{"notes.txt": "more\n"})
    shallow = Person(tmp_path / "shallow")
    person.git("clone", "--quiet", "--depth=1", f"file://{person.repo}", os.fspath(shallow.repo))
    assert_done(shallow)
    assert shallow.git("rev-parse", "--is-shallow-repository") == "true"
    assert shallow.git("fsck", "--connectivity-only", "--no-dangling") == ""


def test_a_partial_clone_with_a_sparse_checkout(person: Person, tmp_path: Path) -> None:
    person.git("config", "uploadpack.allowFilter", "true")
    person.commit("Old", **{"old.txt": "old\n", "deep/keep.txt": "keep\n"})
    person.git("rm", "-q", "old.txt")
    person.commit("New", **{"notes.txt": "new\n"})
    partial = Person(tmp_path / "partial")
    person.git("clone", "-q", "--filter=blob:none", "--sparse", f"file://{person.repo}", os.fspath(partial.repo))
    assert "?" in partial.git("rev-list", "--objects", "--missing=print", "--no-walk", "main")
    assert_done(partial)
    assert not (partial.repo / "deep").exists()
    old = person.git("rev-parse", "main~1:old.txt")
    assert f"?{old}" in partial.git("rev-list", "--objects", "--missing=print", "main").splitlines()


def test_a_repository_with_a_submodule_and_one_that_is_a_submodule(person: Person, tmp_path: Path) -> None:
    inner = make_person(tmp_path / "inner")
    allow = ("-c", "protocol.file.allow=always")
    person.git(*allow, "submodule", "--quiet", "add", os.fspath(inner.repo), "sub")
    person.commit("Add a submodule")
    assert_done(person)
    assert person.git("submodule", "status").startswith(f" {inner.git('rev-parse', 'HEAD')} sub")
    within = Person(person.repo / "sub")
    within.tables = person.tables
    (within.repo / ".mission.toml").write_text((person.repo / ".mission.toml").read_text())
    place = person.repo.parent / "m.yaml"
    within.mission("new", "--plan", os.fspath(place), "--id", "m", "--runner", "script")
    within.start()
    assert within.mission("run", "m", "--json").facts["status"] == "completed"
    assert within.git("show", "main:1.1.txt") == "1.1 by attempt 1"
    assert (person.repo / ".git/modules/sub/mission-state.git").is_dir()
    (within.repo / ".mission.toml").unlink()
    assert person.git("status", "--porcelain") == " M sub"


def test_hooks_of_every_kind_that_fail_are_never_run(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    for git_dir in (person.repo / ".git", person.repo / ".git/mission-state.git"):
        (git_dir / "hooks").mkdir(exist_ok=True)
        for name in HOOKS:
            hook = git_dir / "hooks" / name
            hook.write_text(f"#!/bin/sh\necho {name} >> {person.repo.parent}/hooked\nexit 1\n")
            hook.chmod(0o755)
    person.start()
    assert person.run().facts["status"] == "completed"
    assert (person.repo / "1.1.txt").exists()
    assert not (person.repo.parent / "hooked").exists()


@pytest.mark.parametrize("scope", by_day(["--global", "--local"], 1))
def test_settings_of_git_that_change_what_it_does(person: Person, scope: str) -> None:
    for name, value in {
        "commit.gpgSign": "true",
        "tag.gpgSign": "true",
        "gpg.program": "/bin/false",
        "user.signingKey": "nobody",
        "log.showSignature": "true",
        "merge.verifySignatures": "true",
        "merge.ff": "false",
        "pull.rebase": "true",
        "push.gpgSign": "if-asked",
        "core.autocrlf": "true",
        "core.ignoreCase": "true",
        "core.quotePath": "true",
        "core.abbrev": "4",
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "/bin/false",
        "diff.renames": "copies",
        "status.showUntrackedFiles": "no",
        "status.short": "true",
        "status.branch": "true",
        "log.follow": "true",
        "log.decorate": "full",
        "index.version": "4",
        "core.splitIndex": "true",
        "core.untrackedCache": "true",
        "fetch.prune": "true",
        "fetch.recurseSubmodules": "true",
        "transfer.fsckObjects": "true",
        "merge.conflictStyle": "diff3",
        "advice.detachedHead": "true",
        "init.defaultBranch": "trunk",
    }.items():
        person.git("config", scope, name, value)
    (person.repo / "lines.txt").write_bytes(b"one\r\ntwo\r\n")
    person.git("add", "lines.txt")
    person.git("commit", "--quiet", "--no-gpg-sign", "-m", "Lines")
    assert_done(person)
    assert "saved: ''\n" in (person.repo / "missions/m/runs/1.1-a1.md").read_text()


@only_at_night
def test_a_branch_called_missions_is_no_state_of_ours(person: Person, tmp_path: Path) -> None:
    person.git("branch", "missions")
    clone = Person(tmp_path / "clone")
    person.git("clone", "--quiet", os.fspath(person.repo), os.fspath(clone.repo))
    clone.set('remote = "origin"\nremote_every = "0s"')
    clone.worker(HONEST)
    clone.plan(ONE)
    answer = clone.mission("start", "m", "--headless", ok=(1,))
    words = (
        'the branch `missions` of the remote does not contain missions (rename that branch there, or set remote = "")'
    )
    assert f"error: nothing was started: {words}\n" in answer.err
    assert clone.starts() == []
    assert clone.git("ls-tree", "--name-only", "missions", cwd=clone.repo / "missions") == "m"
    person.git("branch", "-m", "missions", "mine")
    clone.mission("start", "m", "--headless")
    assert clone.run().facts["status"] == "completed"
    assert person.git("ls-tree", "--name-only", "missions") == "m"


def test_a_branch_called_mission_is_in_the_way_of_ours_and_that_is_said(person: Person) -> None:
    person.git("branch", "mission")
    person.worker(HONEST)
    person.plan(ONE)
    answer = person.mission("start", "m", "--headless", ok=(3,))
    assert answer.err == (
        "error: the branch `mission` exists, so git cannot create `mission/m/work`\n"
        " hint: rename it: git branch -m mission NEW-NAME\n"
    )
    person.git("branch", "-m", "mission", "mine")
    person.start()
    assert person.run().facts["status"] == "completed"


@only_at_night
def test_an_index_that_another_program_locks(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    head = person.state_head()
    lock = person.repo / ".git/mission-state.git/index.lock"
    lock.write_text("")
    answer = person.mission("start", "m", "--headless", ok=(4,))
    assert answer.err == (
        f"error: the index of the mission files is locked\n hint: if no git is running there: rm {lock.resolve()}\n"
    )
    assert (person.state_head(), lock.read_text()) == (head, "")
    lock.unlink()
    code = person.repo / ".git/index.lock"
    code.write_text("")
    person.start()
    status = person.run(ok=(3,)).facts
    assert status["waiting_for"][0]["name"] == f"git is running in {person.repo.resolve()} (index.lock)"
    code.unlink()
    assert person.run().facts["status"] == "completed"


@only_at_night
def test_a_ref_that_a_dead_git_has_left_locked(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    head = person.state_head()
    lock = person.repo / ".git/mission-state.git/refs/heads/missions.lock"
    lock.write_text("")
    answer = person.mission("start", "m", "--headless", ok=(1,))
    assert "missions.lock': File exists." in answer.err
    assert person.state_head() == head
    lock.unlink()
    person.start()
    assert person.run().facts["status"] == "completed"


def test_two_ids_that_differ_only_in_their_case_are_one(person: Person) -> None:
    person.plan(ONE, identity="m")
    place = person.repo.parent / "m.yaml"
    answer = person.mission("new", "--plan", os.fspath(place), "--id", "M", "--runner", "script", ok=(2,))
    assert answer.err == "error: a mission `M` exists already\n hint: choose another --id\n"


def test_a_repository_whose_ids_are_sha256(tmp_path: Path) -> None:
    person = Person(tmp_path / "long")
    person.repo.mkdir()
    person.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    person.commit("Begin", **{"notes.txt": "hello\n"})
    assert_done(person)
    assert len(person.git("rev-parse", "main")) == 64


@only_at_night
def test_a_merge_that_is_open_in_the_mission_files_is_waited_for(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    missions = person.repo / "missions"
    person.git("switch", "-q", "-c", "other", cwd=missions)
    (missions / "note.txt").write_text("other\n")
    person.git("add", "note.txt", cwd=missions)
    person.git("commit", "-q", "-m", "Other", cwd=missions)
    person.git("switch", "-q", "missions", cwd=missions)
    (missions / "note.txt").write_text("mine\n")
    person.git("add", "note.txt", cwd=missions)
    person.git("commit", "-q", "-m", "Mine", cwd=missions)
    person.git("merge", "other", cwd=missions, ok=(1,))
    head = person.state_head()
    answer = person.mission("start", "m", "--headless", ok=(4,))
    assert answer.err.splitlines()[-2:] == [
        f"error: cannot write mission files: a merge is not finished in {missions.resolve()}",
        " hint: finish it; missions then continue",
    ]
    assert person.state_head() == head
    (missions / "note.txt").write_text("both\n")
    person.git("commit", "-q", "-am", "Both", cwd=missions)
    person.start()
    assert person.run().facts["status"] == "completed"
    assert (missions / "note.txt").read_text() == "both\n"


def test_an_index_with_conflicts_and_no_merge_keeps_them_while_we_go_on(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    missions = person.repo / "missions"
    for folder, name in ((missions, "m/mission.md"), (person.repo, "notes.txt")):
        place = folder / name
        text = place.read_text()
        place.write_text(text + "stashed\n")
        person.git("stash", cwd=folder)
        place.write_text(text + "committed\n")
        person.git("commit", "-q", "-am", "Mine", cwd=folder)
        person.git("stash", "pop", cwd=folder, ok=(1,))
    before = [
        (person.git("ls-files", "-u", cwd=f), person.git("stash", "list", cwd=f)) for f in (missions, person.repo)
    ]
    assert all(unmerged for unmerged, _ in before)
    person.start()
    person.run(ok=None)
    after = [(person.git("ls-files", "-u", cwd=f), person.git("stash", "list", cwd=f)) for f in (missions, person.repo)]
    assert after == before
    assert "stashed" in person.file().read_text()
    assert "<<<<<<<" in person.file().read_text()
    assert person.loaded().mission.status in {"completed", "active"}
    assert person.git("show", "main:1.1.txt", ok=(0, 128)) in {"", "1.1 by attempt 1"}
    assert person.causes() == [("1.1-a1", "done")]


@only_at_night
def test_line_ends_of_a_persons_copies_stay_while_mission_files_move_on(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.git("config", "core.autocrlf", "true", cwd=person.repo / "missions")
    file = person.file()
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    person.start()
    assert person.run().facts["status"] == "completed"
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    now = file.read_bytes()
    assert now.count(b"\r\n") == now.count(b"\n")
    assert b"\r" not in person.git("show", "missions:m/mission.md", cwd=person.repo / "missions").encode()
    assert b"status: completed" in now
