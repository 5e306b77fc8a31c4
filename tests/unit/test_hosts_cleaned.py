"""What mission left on a host is removed, and nothing else; never while attempts need it."""

from __future__ import annotations

import fcntl
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.loopback_host import LoopbackHost, LoopbackLauncher

from mission_cli._support.dataclass import asdict, replace
from mission_cli.adapters import hosts as module
from mission_cli.adapters.executors.hosts.ssh.removing import clean
from mission_cli.adapters.executors.remote.followed import mark_open, mark_to_clean, to_clean
from mission_cli.adapters.executors.remote.follower import LOCK
from mission_cli.adapters.executors.remote.host_state import HOST, write_place
from mission_cli.adapters.fs.atomic import write_json
from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.hosts import LocalHosts
from mission_cli.app.hosts import commands
from mission_cli.app.hosts.results import CleanedHost, CleanedPart
from mission_cli.domain.errors import BlockedError, BusyError, NotFoundError, ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains
from mission_cli.domain.hosts.host import Host, HostKind
from mission_cli.surfaces.reporting.hosts import cleaned_text

if TYPE_CHECKING:
    from pathlib import Path

MINE = ("0123456789abcdef", "abcdef")


def filled(home: Path) -> Path:
    """A host as attempts of two clones leave it, in a folder that has other things, too."""
    root = home / ".cache" / "mission"
    for name in (*MINE, "fedcba"):
        for part in ("code.git/HEAD", "jobs/m/1.1-a1/lock", "runs/m-m-1-1-a1/lock", "trees/m/1.1-a1/file"):
            (root / name / part).parent.mkdir(parents=True)
            (root / name / part).write_text("x")
        (root / name / "runs/m-m-1-1-a1/key").write_text("m/1.1-a1")
    (root / "program" / "0af").mkdir(parents=True)
    for name in ("mission-0af.pyz", "node-id", "program/0af/__main__.py", "notes.txt"):
        (root / name).write_text("four")
    (root / "photos" / "code.git").mkdir(parents=True)
    (root / "photos" / "me.png").write_text("")
    return root


def wanted(**more: Any) -> dict[str, Any]:
    """What a launcher asks for."""
    return {"clones": MINE, "everything": False, "dry_run": False, "unread": {}, **more}


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_the_folders_of_this_clone_go_and_the_rest_stays_until_all_is_wanted(tmp_path: Path) -> None:
    root = filled(tmp_path)
    before = names(root)
    told = clean(root, wanted(dry_run=True))
    assert names(root) == before
    (root / MINE[1] / "trees/m").chmod(0o500)
    assert clean(root, wanted()) == told
    mine = [("files of this clone", f"{root}/{name}") for name in MINE]
    why = "another clone uses it; --all removes it, too"
    kept = [("files of another clone", f"{root}/fedcba"), ("program", os.fspath(root))]
    assert [one[:2] for one in told["removed"]] == mine
    assert [(one[0], one[1], one[3]) for one in told["kept"]] == [(*one, why) for one in kept]
    assert names(root) == ["fedcba", "mission-0af.pyz", "node-id", "notes.txt", "photos", "program"]
    assert clean(root, wanted(everything=True))["kept"] == []
    assert names(root) == ["notes.txt", "photos"], "mission did not make them"
    for name in ("notes.txt", "photos/me.png"):
        (root / name).unlink()
    (root / "photos/code.git").rmdir()
    (root / "photos").rmdir()
    assert clean(root, wanted()) == {"busy": [], "unread": [], "removed": [], "kept": []}
    assert not root.exists()
    assert clean(root, wanted())["removed"] == []


def test_a_death_midway_leaves_only_what_the_next_run_removes(tmp_path: Path) -> None:
    root = filled(tmp_path)
    (root / MINE[0]).rename(root / f".gone-{MINE[0]}")
    (root / f".gone-{MINE[0]}" / "code.git/HEAD").unlink()
    found = clean(root, wanted(everything=True))["removed"]
    assert [one[0] for one in found] == [
        "files of this clone",
        "files of another clone",
        "rest of an earlier removal",
        "program",
    ]
    assert names(root) == ["notes.txt", "photos"]


@pytest.mark.parametrize("lock", ["jobs/m/1.1-a1/lock", "runs/m-m-1-1-a1/lock"])
def test_nothing_is_removed_where_a_job_runs_or_a_result_was_not_taken_over(tmp_path: Path, lock: str) -> None:
    root = filled(tmp_path)
    before = names(root)
    unread = {"fedcba": ["m/1.1-a1"]}
    with (root / "fedcba" / lock).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert clean(root, wanted(everything=True))["busy"] == ["m/1.1-a1"]
        assert names(root) == before
        assert clean(root, wanted(unread=unread))["busy"] == [], "another clone is none of its business"
    assert clean(root, wanted(everything=True, unread=unread))["unread"] == ["m/1.1-a1"]
    assert "fedcba" in names(root)


class Box:
    """A host in a folder, whose exchange is named in the settings; `hosts` as a process sees them."""

    def __init__(self, folder: Path) -> None:
        self.there, self.runtime = LoopbackHost(folder / "host"), folder / ".git/mission"
        self.folder, self.exchange = self.runtime / "hosts/box", folder / "exchange.git"
        for bare in (folder / ".git", self.exchange):
            subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
        self.host = Host("box", HostKind.SSH, os.fspath(self.there.folder), exchange=os.fspath(self.exchange))
        self.folder.mkdir(parents=True)
        self.use()

    def use(self) -> None:
        """As after attempts there, whose results were taken over: refs of this clone and of another one."""
        write_json(self.folder / HOST, asdict(self.host))
        (self.there.folder / "root").mkdir()
        git = Git(self.exchange)
        for clone in ("abcdef", "fedcba"):
            for name, text in (("claims", b"nonce"), ("results", b"settled\n")):
                git.run("update-ref", f"refs/mission/{name}/{clone}/m/1.1-a1", git.store(text))

    def refs(self) -> list[str]:
        """The refs at the exchange."""
        return Git(self.exchange).text("for-each-ref", "--format=%(refname:lstrip=2)").splitlines()

    def hosts(self, *names: str) -> LocalHosts:
        """What the settings with these hosts make of it."""
        now = datetime(2026, 11, 30, tzinfo=UTC)
        return LocalHosts(
            dict.fromkeys(names, self.host),
            self.runtime,
            environment={},
            runners={},
            now=lambda: now,
            me=lambda: "here:abcdef",
        )

    def clean(self, *names: str, **more: bool) -> Cleaned:
        """Clean it, with these hosts in the settings."""
        how = {"everything": False, "discard": False, "dry_run": False, **more}
        return self.hosts(*names).clean("box", **how)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A host that was used."""
    monkeypatch.setattr(module, "LAUNCHERS", dict.fromkeys(HostKind, LoopbackLauncher))
    return Box(tmp_path)


def test_a_host_is_as_before_the_first_attempt_even_if_the_settings_name_it_no_more(box: Box) -> None:
    gone = Cleaned(removed=(Remains("folder", "root"), Remains("2 refs", os.fspath(box.exchange))))
    refs = box.refs()
    assert box.clean("box", dry_run=True) == gone
    assert (box.refs(), box.hosts("box").looks()[0].used) == (refs, True)
    mark_to_clean(box.folder, "m/1.1-a1", purge=True)
    assert box.clean() == gone
    assert box.refs() == ["claims/fedcba/m/1.1-a1", "results/fedcba/m/1.1-a1"]
    assert (to_clean(box.folder), box.hosts("box").looks()[0].used) == ({}, False)
    assert box.clean("box") == Cleaned()
    with pytest.raises(NotFoundError, match="there is no host `box`"):
        box.clean()
    box.use()
    assert box.clean("box") == gone


def test_a_host_is_not_cleaned_while_something_of_this_clone_is_on_its_way(box: Box) -> None:
    busy = Cleaned(busy=("m/1.2-a1",))
    mark_open(box.folder, "m/1.2-a1")
    assert box.clean("box") == busy
    (box.folder / "open" / "m%2F1.2-a1").unlink()
    job = box.runtime / "jobs/m/1.2-a1"
    job.mkdir(parents=True)
    (job / "spec.json").write_text("{}")
    write_place(job, "box")
    assert box.clean("box") == busy
    (job / "exit.json").write_text("{}")
    lock = try_lock(box.folder / LOCK)
    assert lock is not None
    with pytest.raises(BusyError, match="the follower of box is at work there"):
        box.clean("box")
    unlock(lock)
    git = Git(box.exchange)
    git.run("update-ref", "refs/mission/results/abcdef/m/1.3-a1", git.store(b"a result"))
    assert box.clean("box") == Cleaned(unread=("m/1.3-a1",))
    box.there.cut()
    with pytest.raises(ToolError, match="box cannot be reached: no route to the host"):
        box.clean("box", discard=True)
    box.there.restore()
    assert box.clean("box", discard=True).removed[-1] == Remains("3 refs", os.fspath(box.exchange))


def test_people_are_told_what_keeps_a_host_from_being_cleaned(box: Box) -> None:
    ctx = replace(make_host(lambda _: Outcome(60.0, {})).context(), hosts=box.hosts("box"))
    mark_open(box.folder, "m/1.1-a1")
    with pytest.raises(BlockedError, match=r"1 attempt is on box: m/1\.1-a1") as error:
        commands.clean(ctx, "box")
    assert str(error.value.hint) == "keep new ones away, and wait: mission hosts drain box"
    (box.folder / "open" / "m%2F1.1-a1").unlink()
    git = Git(box.exchange)
    git.run("update-ref", "refs/mission/results/abcdef/m/1.3-a1", git.store(b"a result"))
    with pytest.raises(BlockedError, match=r"results on box were not taken over: m/1\.3-a1") as error:
        commands.clean(ctx, "box")
    assert str(error.value.hint) == "take them over with mission pulse, or add --discard"
    done = commands.clean(ctx, "box", discard=True)
    assert cleaned_text(done) == f"removed folder: root\nremoved 3 refs: {box.exchange}"
    assert cleaned_text(commands.clean(ctx, "box")) == "nothing of mission is on box"
    left = CleanedHost(
        "box", dry_run=True, removed=[], kept=[CleanedPart("program", "/x\x1b[2J", 2048, "remove it there")]
    )
    assert cleaned_text(left) == "kept program: /x\ufffd[2J, 2 KiB\n  remove it there"
