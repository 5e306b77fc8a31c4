"""What must survive a power cut is synced, its name included, before anything goes on that relies on it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
from mission_cli.adapters.fs.atomic import create_whole
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import EndReason, JobKind
from mission_cli.ports.executor import JobSpec, Tree
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[list[str]]:
    """Paths that this process has synced, in order, temporary names as `*`."""
    found: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        path = os.fspath(Path(f"/proc/self/fd/{handle}").readlink()).removeprefix(f"{tmp_path}/")
        folder, _, name = path.rpartition("/")
        found.append(f"{folder}/*" if name.startswith(".") and name.count(".") > 1 else path)
        real(handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield found


def test_the_panic_button_stays_pressed(tmp_path: Path, synced: list[str]) -> None:
    runtime = FolderRuntime(tmp_path / "mission", version="1", full_look=timedelta(minutes=15))
    runtime.press_stop(on=True)
    assert synced[-2:] == ["mission/*", "mission"]
    synced.clear()
    runtime.press_stop(on=False)
    assert synced == ["mission"]
    assert not runtime.stopped()


def test_request_start_and_exit_of_a_job(tmp_path: Path, synced: list[str]) -> None:
    job = JobFolder(tmp_path / "jobs/m/1.1-a1")
    around = Surroundings(code="", checkout="", trees="", slots="", slot_count=1, host="", unboxed="")
    job.write_request(JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit="")), around)
    folder = "jobs/m/1.1-a1"
    assert set(synced) == {os.fspath(tmp_path), "jobs", "jobs/m", f"{folder}/*", folder}
    for write in (lambda: create_whole(job.started, b"{}"), lambda: job.write_exit(Exit(EndReason.EXIT, 0))):
        synced.clear()
        write()
        assert synced == [f"{folder}/*", folder]


def test_a_ref_and_its_name(person: Person, synced: list[str]) -> None:
    code = person.repo / ".git"
    head = person.git("rev-parse", "HEAD")
    assert trees.claim(code, "m/1.1-a1", b"{}") is None
    below = [f"repo/.git/refs{rest}" for rest in ("/mission/claims/m", "/mission/claims", "/mission", "")]
    assert synced == below
    synced.clear()
    assert Git(code).swap_ref("refs/heads/mission/m/x", head, ZERO)
    assert synced == [], "where nothing relies on it"


def test_the_journal_before_the_state_branch_moves(person: Person, synced: list[str]) -> None:
    person.worker("")
    person.plan(
        """\
        title: One
        budget: {time_hours: 1}
        milestones: [{name: Only, validation: ["manual: fine"], features: [{title: one}]}]
        """
    )
    state = open_repository(person.repo).state
    moved = state.head()
    synced.clear()
    person.mission("skip", "m/1.1", "--reason", "why not")
    assert state.head() != moved
    place = "repo/.git/mission-state.git"
    journal, branch = synced.index(f"{place}/*"), synced.index(f"{place}/refs/heads")
    assert journal < synced.index(place) < branch
