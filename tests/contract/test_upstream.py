"""The branches of pull requests at a remote: git and the one in memory do the same."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest
from tests.kit.fakes.code import REFS
from tests.kit.fakes.forge import MemoryUpstream
from tests.kit.fakes.host import make_host
from tests.kit.forge.commits import BareCommits, Commits, MemoryCommits
from tests.kit.forge.site import Site
from tests.kit.forge.world import World

from mission_cli.adapters.git.remote.upstream import GitUpstream
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.domain.errors import ToolError
from mission_cli.domain.forge.facts import MergeMethod
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import MissionId, Sha

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.ports.git.upstream import Upstream

M, BRANCH = MissionId("m"), "mission/m/1.1"


class Room(Protocol):
    """A clone and its remote."""

    @property
    def upstream(self) -> Upstream:
        """What is tested."""
        ...

    @property
    def there(self) -> Commits:
        """The remote."""
        ...

    def commit(self, parent: str, name: str, text: str) -> Sha:
        """Commit in the clone."""
        ...

    def push_there(self, branch: str, name: str, text: str, parent: str = "") -> Sha:
        """Let somebody else push a commit."""
        ...


@dataclass
class GitRoom:
    """Both on disk."""

    clone: Path
    upstream: GitUpstream
    there: BareCommits

    def commit(self, parent: str, name: str, text: str) -> Sha:
        """Commit in the clone, without a work tree."""
        made = BareCommits(self.clone / ".git")
        return Sha(made.commit(parent, {name: text}, f"Change {name}"))

    def push_there(self, branch: str, name: str, text: str, parent: str = "") -> Sha:
        """Commit at the remote."""
        made = self.there.commit(parent or self.there.branches()[branch], {name: text}, "Theirs")
        self.there.set_branch(branch, made)
        return Sha(made)


@dataclass
class MemoryRoom:
    """Both in memory."""

    upstream: MemoryUpstream
    there: MemoryCommits
    site: Site

    def commit(self, parent: str, name: str, text: str) -> Sha:
        """Commit beside all branches."""
        return Sha(self.there.commit(parent, {name: text}, f"Change {name}"))

    def push_there(self, branch: str, name: str, text: str, parent: str = "") -> Sha:
        """Commit at the remote."""
        made = self.there.commit(parent or self.there.branches()[branch], {name: text}, "Theirs")
        self.there.set_branch(branch, made)
        return Sha(made)


def git_room(folder: Path) -> GitRoom:
    """A bare repository and a clone of it."""
    there = BareCommits.make(folder / "there.git", {"a.txt": "a\n"})
    subprocess.run(["git", "clone", "--quiet", str(there.path), str(folder / "clone")], check=True)
    checkout = find_checkout(folder / "clone")
    return GitRoom(folder / "clone", GitUpstream(checkout, remote="origin", program=PROGRAM), there)


def memory_room() -> MemoryRoom:
    """A host and a forge."""
    host = make_host(lambda _: pytest.fail("nothing runs"))
    first = host.jobs.disk.read(f"{REFS}/heads/main", str)
    assert first is not None
    commits = MemoryCommits(host.jobs.objects, {"heads/main": first})
    world = World(Site(commits))
    return MemoryRoom(MemoryUpstream(host.jobs.disk, host.jobs.objects, world), commits, world.site)


@pytest.fixture(params=["git", "memory"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Room:
    """Each of them."""
    return git_room(tmp_path) if request.param == "git" else memory_room()


def fetched(room: Room) -> Sha:
    """Fetch, and return the base."""
    room.upstream.fetch(M, "main", [BRANCH])
    base = room.upstream.base(M)
    assert base is not None
    return base


def test_nothing_is_known_before_the_first_fetch(room: Room) -> None:
    assert (room.upstream.base(M), room.upstream.tip(BRANCH)) == (None, None)
    assert fetched(room) == room.there.branches()["main"]
    assert room.upstream.tip(BRANCH) is None
    assert room.upstream.is_ours(BRANCH)


def test_what_is_pushed_is_there_and_ours(room: Room) -> None:
    base = fetched(room)
    head = room.commit(base, "b.txt", "b\n")
    assert not room.upstream.has(BRANCH, head)
    assert room.upstream.push(BRANCH, head) == ""
    assert room.there.branches()[BRANCH] == head
    assert room.upstream.has(BRANCH, head)
    assert room.upstream.is_ours(BRANCH)
    fetched(room)
    assert room.upstream.tip(BRANCH) == head


def test_what_begins_anew_is_pushed_on_top_without_force(room: Room) -> None:
    base = fetched(room)
    first, second = room.commit(base, "b.txt", "b\n"), room.commit(base, "b.txt", "other\n")
    room.upstream.push(BRANCH, first)
    assert room.upstream.push(BRANCH, second) == ""
    there = room.there.branches()[BRANCH]
    assert room.there.contains(there, first)
    assert room.upstream.has(BRANCH, second)
    assert not room.upstream.has(BRANCH, first)
    assert room.upstream.push(BRANCH, second) == "", "the same again changes nothing"
    assert room.there.branches()[BRANCH] == there


def test_what_somebody_else_pushed_is_seen_and_never_overwritten(room: Room) -> None:
    base = fetched(room)
    room.upstream.push(BRANCH, room.commit(base, "b.txt", "b\n"))
    theirs = room.push_there(BRANCH, "c.txt", "c\n")
    assert room.upstream.push(BRANCH, room.commit(base, "b.txt", "new\n")) != ""
    assert room.there.branches()[BRANCH] == theirs
    fetched(room)
    assert not room.upstream.is_ours(BRANCH)
    assert room.upstream.delete(BRANCH) == f"{BRANCH} has commits of someone else"
    assert room.upstream.take(BRANCH) == theirs
    assert room.upstream.is_ours(BRANCH)


def test_a_rewritten_branch_is_somebody_elses(room: Room) -> None:
    base = fetched(room)
    room.upstream.push(BRANCH, room.commit(base, "b.txt", "b\n"))
    room.push_there(BRANCH, "c.txt", "c\n", base)
    fetched(room)
    assert not room.upstream.is_ours(BRANCH)


@pytest.mark.parametrize("method", list(MergeMethod))
def test_work_has_arrived_however_it_was_merged(room: Room, method: MergeMethod) -> None:
    base = fetched(room)
    head = room.commit(base, "b.txt", "b\n")
    room.upstream.push(BRANCH, head)
    assert not room.upstream.arrived(base, head)
    other = room.push_there("main", "c.txt", "c\n")
    merged, conflicts = room.there.merge(other, head, method, "Merge")
    assert conflicts == ()
    room.there.set_branch("main", merged)
    assert room.upstream.arrived(fetched(room), head)


def test_a_deleted_branch_is_gone(room: Room) -> None:
    base = fetched(room)
    room.upstream.push(BRANCH, room.commit(base, "b.txt", "b\n"))
    assert room.upstream.delete(BRANCH) == ""
    assert BRANCH not in room.there.branches()
    assert room.upstream.tip(BRANCH) is None
    assert room.upstream.delete(BRANCH) == "", "again"


def test_a_branch_that_somebody_deleted_is_gone_after_a_fetch(room: Room) -> None:
    base = fetched(room)
    room.upstream.push(BRANCH, room.commit(base, "b.txt", "b\n"))
    room.there.delete_branch(BRANCH)
    fetched(room)
    assert room.upstream.tip(BRANCH) is None
    assert room.upstream.delete(BRANCH) == ""


def test_files_and_folders_are_found(room: Room) -> None:
    head = room.commit(fetched(room), ".github/workflows/ci.yml", "on: push\n")
    assert room.upstream.present(head, [".github/workflows", ".gitlab-ci.yml"])
    assert not room.upstream.present(head, [".gitlab-ci.yml", "docs"])


def test_a_remote_that_is_gone_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    room = git_room(tmp_path)
    base = fetched(room)
    head = room.commit(base, "b.txt", "b\n")
    room.upstream.push(BRANCH, head)
    room.there.path.rename(tmp_path / "away.git")
    with pytest.raises(ToolError, match="the remote `origin`"):
        fetched(room)
    with pytest.raises(ToolError, match="the remote `origin`"):
        room.upstream.push(BRANCH, room.commit(base, "c.txt", "c\n"))
    with pytest.raises(ToolError, match="the remote `origin`"):
        room.upstream.delete(BRANCH)
    assert (room.upstream.base(M), room.upstream.tip(BRANCH)) == (base, head)
