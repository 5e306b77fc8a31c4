"""What goes wrong between clones: answers that are lost, processes that die, remotes that lose what they had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_sharing import PLAN, at_work, host, let_go, starts
from tests.kit.killed import run_under
from tests.kit.nightly import only_at_night
from tests.kit.people import Person

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.clones import Hub

PULSE = ("pulse", "--quiet", "--repo")
LONG_AGO = "2026-01-01T00:00:00Z"


def see(person: Person) -> None:
    """Let a clone have its missions."""
    person.git("fetch", "--quiet")
    person.mission("list")


def no_workers(*people: Person) -> None:
    """Nobody's workers are started for the next hours."""
    soon = datetime.now(UTC).astimezone() + timedelta(hours=2)
    for person in people:
        person.set(f"hours = '{soon:%H}:00-{soon:%H}:30'")


@only_at_night
@pytest.mark.parametrize("later", ["ada", "ben"])
def test_who_dies_between_hearing_of_another_driver_and_joining_yields_all_the_same(
    hub: Hub, ada: Person, ben: Person, tmp_path: Path, later: str
) -> None:
    no_workers(ada, ben)
    first, second = (ben, ada) if later == "ada" else (ada, ben)
    ada.plan(PLAN)
    ada.mission("pulse")
    see(ben)
    first.start()
    first.rest()
    assert second.process("start", "m", "--headless", env={"MISSION_REMOTE": ""}).code == 0
    second.rest()
    assert run_under(second, tmp_path / "died", "share.fetch:after", *PULSE, os.fspath(second.repo)) == -signal.SIGKILL
    second.mission("pulse")
    assert second.loaded().mission.host == host(first)
    assert hub.refs["refs/heads/missions"] == second.state_head()


@only_at_night
def test_a_takeover_that_could_not_be_pushed_is_taken_back(hub: Hub, ada: Person, ben: Person) -> None:
    no_workers(ada)
    ada.plan(PLAN)
    ada.start()
    see(ben)
    hook = hub.path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nwhile read -r _ _ ref; do [ $ref != refs/heads/missions ] || exit 1; done\n")
    hook.chmod(0o755)
    refused = ben.mission("takeover", "m", ok=(1,)).err
    assert refused.startswith("error: nothing was started: cannot push to the remote `origin`: ")
    assert ben.loaded().mission.host == host(ada)
    hook.unlink()
    ben.mission("pulse")
    ada.mission("pulse")
    assert ada.loaded().mission.host == host(ada)
    assert any(line.startswith("the takeover of m could not be pushed and was undone") for line in ada.state_log())


@only_at_night
def test_what_is_done_has_to_be_somewhere_before_a_mission_is_taken_over(hub: Hub, ada: Person, ben: Person) -> None:
    at_work(ada)
    ada.mission("pause", "m")
    let_go(ada)
    for _ in range(3):
        ada.mission("pulse")
        ada.rest()
    assert ada.features() == {"1.1": "done", "1.2": "pending"}
    see(ben)
    subprocess.run(["git", "update-ref", "-d", "refs/heads/mission/m/work"], cwd=hub.path, check=True)
    assert ben.mission("takeover", "m", ok=(3,)).err == (
        "error: features of m are done, but mission/m/work, which contains them, is neither here nor at the remote\n"
        " hint: push it from the clone that has it: git push origin mission/m/work\n"
    )
    ada.git("push", "--quiet", "origin", "mission/m/work")
    ben.mission("takeover", "m")
    ben.mission("resume", "m")
    ben.run()
    assert ben.features() == {"1.1": "done", "1.2": "done"}
    assert starts(ada, ben) == ["m/1.1-a1", "m/1.2-a1"]


@only_at_night
def test_a_remote_that_was_emptied_gets_everything_again(hub: Hub, ada: Person) -> None:
    ada.plan(PLAN)
    ada.start()
    ada.run()
    before = {ref: oid for ref, oid in hub.refs.items() if ref.startswith(("refs/heads/mission", "refs/mission/wip"))}
    for ref in hub.refs:
        subprocess.run(["git", "update-ref", "-d", ref], cwd=hub.path, check=True)
    ada.plan(PLAN, identity="n")
    ada.mission("pulse")
    assert {ref: hub.refs.get(ref) for ref in before} == {**before, "refs/heads/missions": ada.state_head()}


@only_at_night
def test_an_attempt_that_was_written_anew_here_keeps_nobody_waiting(hub: Hub, ada: Person) -> None:
    ada.plan(PLAN)
    ada.start()
    ada.run()
    pushed = hub.refs["refs/heads/mission/m/1.1-a1"]
    ada.git("branch", "--force", "mission/m/1.1-a1", "main~2")
    no_workers(ada)
    ada.plan(PLAN, identity="n")
    ada.start("n")
    ada.mission("pulse")
    assert "remote" not in ada.mission("why", "n").out
    assert hub.refs["refs/heads/mission/m/1.1-a1"] == pushed
    assert hub.refs["refs/heads/missions"] == ada.state_head()


@only_at_night
def test_where_the_branch_of_the_work_is_gone_a_person_is_asked_and_nothing_is_started(ada: Person) -> None:
    at_work(ada)
    ada.mission("pause", "m")
    let_go(ada)
    for _ in range(3):
        ada.mission("pulse")
        ada.rest()
    work = ada.git("rev-parse", "mission/m/work")
    ada.git("branch", "--delete", "--force", "mission/m/work")
    ada.mission("resume", "m")
    assert ada.mission("run", "m", ok=(3,)).code == 3
    gone = "m/1.2: the branch mission/m/work is gone\n  → git branch mission/m/work COMMIT\n"
    assert gone in ada.mission("why", "m").out
    assert starts(ada) == ["m/1.1-a1"]
    ada.git("branch", "mission/m/work", work)
    ada.run()
    assert starts(ada) == ["m/1.1-a1", "m/1.2-a1"]


@only_at_night
def test_a_partial_clone_has_its_missions_whole(hub: Hub, ada: Person, tmp_path: Path) -> None:
    subprocess.run(["git", "config", "uploadpack.allowFilter", "true"], cwd=hub.path, check=True)
    no_workers(ada)
    ada.plan(PLAN)
    ada.start()
    repo = tmp_path / "eve" / "repo"
    subprocess.run(["git", "clone", "--quiet", "--filter=blob:none", f"file://{hub.path}", repo], check=True)
    eve = Person(repo)
    eve.set('remote = "origin"\nremote_every = "0s"')
    assert "Shared" in eve.mission("list").out
    ada.plan(PLAN, identity="n")
    ada.mission("pulse")
    eve.mission("pulse")
    assert eve.file("n").read_bytes() == ada.file("n").read_bytes()
    assert "?" not in {
        line[0]
        for line in eve.git("rev-list", "--objects", "--missing=print", "missions", cwd=repo / "missions").splitlines()
    }


def test_nothing_of_a_person_is_pushed_along(hub: Hub, ada: Person) -> None:
    ada.git("config", "push.followTags", "true")
    ada.git("tag", "--annotate", "private", "--message", "mine")
    ada.plan(PLAN)
    ada.start()
    ada.run()
    assert [ref for ref in hub.refs if ref.startswith("refs/tags/")] == []


@only_at_night
def test_who_drove_once_and_only_watches_rests_between_two_looks(ada: Person, ben: Person) -> None:
    for person in (ada, ben):
        person.set('remote_every = "300s"')
    ben.plan(PLAN, identity="n")
    ben.start("n")
    ben.run("n")
    at_work(ada)
    asked = ben.runtime / "asked.json"
    known = json.loads(asked.read_text())
    asked.write_text(json.dumps({**known, "at": LONG_AGO, "beaten": LONG_AGO}))
    (ben.runtime / "kick").touch()
    ben.mission("pulse")
    assert ben.mission("why", "m").out == f"m: it is run by {host(ada)}\n  → mission takeover m\n"
    rest = json.loads((ben.runtime / "idle.json").read_text())
    assert rest["wake"] > rest["written"] + 200
    let_go(ada)


@pytest.mark.parametrize("remote", ["https://ada:secret@example.org/x.git", "ext::touch /tmp/here", "-x", "a b"])
def test_the_setting_names_a_remote_and_is_no_address(ada: Person, remote: str) -> None:
    answer = ada.process("pulse", env={"MISSION_REMOTE": remote})
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "error: the setting `remote` is not the name of a git remote\n"
        " hint: write the name of a remote, not its URL; list the names: git remote\n"
    )


@only_at_night
def test_a_mission_that_no_clone_is_said_to_drive_waits_for_one(ada: Person) -> None:
    ada.plan(PLAN)
    ada.mission("pulse")
    file = ada.file()
    text = file.read_text()
    assert "managed: mission" in text
    text = text.replace("status: planning", "status: active")
    file.write_text(text)
    ada.git("commit", "--quiet", "--all", "-m", "By hand", cwd=file.parent)
    ada.mission("pulse")
    assert ada.mission("why", "m").out.splitlines()[:2] == [
        "m: no clone is set to drive it",
        "  → mission takeover m",
    ]
    assert ada.starts() == []
    ada.mission("takeover", "m")
    ada.run()
    assert ada.starts() == ["m/1.1-a1", "m/1.2-a1"]


@only_at_night
def test_work_that_went_different_ways_waits_for_a_person_and_goes_on_when_both_are_together(
    hub: Hub, ada: Person
) -> None:
    branch = "mission/m/work"
    hint = f"git fetch origin {branch}, git switch {branch}, git merge FETCH_HEAD"
    ada.plan(PLAN)
    no_workers(ada)
    ada.start()
    first = ada.git("rev-list", "--max-parents=0", "main")
    here, there = (ada.git("commit-tree", "-p", first, "-m", where, f"{first}^{{tree}}") for where in ("Here", "There"))
    ada.git("branch", "--force", branch, here)
    ada.git("push", "--quiet", "--force", "origin", f"{there}:refs/heads/{branch}")
    ada.set("hours = ''")
    assert ada.run(ok=(3,)).facts["status"] == "active"
    hold = next(h for h in ada.mission("why", "m", "--json").facts["why"][0]["holds"] if h["kind"] == "remote")
    assert hold["person"]
    assert hold["detail"] == (
        "nothing starts while the remote cannot be used: "
        f"{branch} here and at `origin` have diverged (merge them: {hint})"
    )
    assert ada.starts() == []
    for command in hint.split(", "):
        ada.git(*command.split()[1:])
    ada.git("switch", "-")
    assert ada.run().facts["status"] == "completed"
    assert hub.refs[f"refs/heads/{branch}"] == ada.git("rev-parse", branch)


@only_at_night
def test_finished_work_is_not_replaced_by_what_stands_at_the_remote(hub: Hub, ada: Person) -> None:
    ada.plan(PLAN)
    ada.start()
    ada.run()
    work = ada.git("rev-parse", "mission/m/work")
    first = ada.git("rev-list", "--max-parents=0", "main")
    other = ada.git("commit-tree", "-p", first, "-m", "By hand", f"{first}^{{tree}}")
    ada.git("push", "--quiet", "--force", "origin", f"{other}:refs/heads/mission/m/work")
    before = hub.refs["refs/heads/mission/m/work"]
    refused = ada.mission("takeover", "m", ok=(1, 2, 3)).err
    assert "have diverged" in refused
    assert ada.git("rev-parse", "mission/m/work") == work
    assert hub.refs["refs/heads/mission/m/work"] == before
