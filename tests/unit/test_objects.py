"""What kept gits say and write is what git says when it is asked anew: nothing of ours is remembered too long."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.git.repo.objects import Objects
from mission_cli.adapters.proc.scan import descendants
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from pathlib import Path

_ODD = ['a"b', "tab\there", "ä ö", "sp ace", "-dash", "back\\slash", "b", "b.c", "b-c"]


def run(folder: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository with files of odd names in folders that sort in ways of their own."""
    folder = tmp_path / 'with "quotes"\nand lines'
    folder.mkdir()
    run(folder, "init", "-q", f"--object-format={request.param}")
    for name in _ODD:
        (folder / name).mkdir()
        (folder / name / "file").write_text(name)
        (folder / f"{name}.txt").write_text(name)
    run(folder, "add", "-A")
    run(folder, "commit", "-q", "-m", "x")
    return folder


@pytest.fixture
def objects(repository: Path) -> Objects:
    return Objects(Git(repository / ".git"), repository / ".git/temp")


def test_all_files_as_git_lists_them(repository: Path, objects: Objects) -> None:
    listed = run(repository, "ls-tree", "-r", "-z", "HEAD").split("\0")
    expected = {line.split("\t", 1)[1]: (line.split()[0], line.split()[2]) for line in listed if line}
    assert objects.files("HEAD") == expected
    assert objects.files("HEAD", "b") == {"b/file": expected["b/file"]}
    assert objects.entry("HEAD", "sp ace/file") == expected["sp ace/file"]
    assert objects.entry("HEAD", "sp ace.txt/file") is None
    assert objects.entries("HEAD", "not/there") == {}
    assert objects.files("0" * 40) == {}


def test_contents_by_any_name(repository: Path, objects: Objects) -> None:
    names = [f"HEAD:{name}.txt" for name in _ODD]
    assert objects.blobs([*names, "HEAD:none", "HEAD:two\nlines"]) == dict(
        zip(names, map(str.encode, _ODD), strict=True)
    )
    many = [f"HEAD:{name}/file" for name in _ODD] * 4
    assert objects.blobs(many) == {f"HEAD:{name}/file": name.encode() for name in _ODD}
    assert run(repository, "rev-parse", "HEAD") == objects.commit_of("HEAD")
    assert objects.commit_of("HEAD:b.txt") is None
    assert objects.commit_of("refs/heads/none") is None


def test_a_changed_tree_is_the_one_that_an_index_would_have_written(repository: Path, objects: Objects) -> None:
    blob = objects.store(b"new\n\xff\0")
    changes = {"b/file": ("100644", blob), "b/deep/er/file": ("100755", blob), "a/new": ("100644", blob)}
    gone = {'a"b/file': None, "tab\there.txt": None, "never/there": None}
    made = objects.changed_tree("HEAD", {**changes, **gone})
    lines = [f"{mode} {oid}\t{path}\0" for path, (mode, oid) in changes.items()]
    lines += [f"0 {'0' * len(blob)}\t{path}\0" for path in gone]
    data = "".join(lines).encode()
    subprocess.run(["git", "update-index", "-z", "--index-info"], cwd=repository, input=data, check=True)
    assert made == run(repository, "write-tree")
    assert run(repository, "fsck", "--strict", "--no-dangling") == ""


def test_nothing_left_is_the_empty_tree(repository: Path, objects: Objects) -> None:
    empty = run(repository, "hash-object", "-t", "tree", os.devnull)
    assert objects.changed_tree("HEAD", dict.fromkeys(objects.files("HEAD"))) == empty
    assert objects.changed_tree(None, {}) == empty


def test_what_others_do_meanwhile_is_seen(repository: Path, objects: Objects) -> None:
    before = objects.commit_of("HEAD")
    run(repository, "commit", "-q", "--allow-empty", "-m", "y")
    after = run(repository, "rev-parse", "HEAD")
    assert objects.commit_of("HEAD") == after != before
    run(repository, "pack-refs", "--all")
    run(repository, "gc", "-q", "--prune=now")
    (repository / "b/file").write_text("later")
    run(repository, "commit", "-q", "-a", "-m", "z")
    assert objects.blobs(["HEAD:b/file"]) == {"HEAD:b/file": b"later"}
    assert objects.is_ancestor(after, run(repository, "rev-parse", "HEAD"))
    assert not objects.is_ancestor(run(repository, "rev-parse", "HEAD"), after)


def test_a_git_that_was_killed_is_started_anew(repository: Path, objects: Objects) -> None:
    head = objects.commit_of("HEAD")
    blob = objects.store(b"x")
    for pid in descendants(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    assert objects.commit_of("HEAD") == head
    assert objects.store(b"x") == blob
    assert run(repository, "cat-file", "-p", blob) == "x"


def test_another_repository_in_its_place_is_asked(repository: Path, objects: Objects, tmp_path: Path) -> None:
    objects.commit_of("HEAD")
    shutil.copytree(repository, tmp_path / "copy")
    run(tmp_path / "copy", "commit", "-q", "--allow-empty", "-m", "elsewhere")
    (repository / ".git").rename(tmp_path / "old")
    (tmp_path / "copy/.git").rename(repository / ".git")
    assert objects.commit_of("HEAD") == run(repository, "rev-parse", "HEAD")


def test_a_missing_repository_is_said(tmp_path: Path) -> None:
    objects = Objects(Git(tmp_path), tmp_path)
    with pytest.raises(ToolError, match="git cat-file: fatal: not a git repository"):
        objects.commit_of("HEAD")


def test_what_is_not_packed_is_read_without_git(repository: Path) -> None:
    run(repository, "commit", "-q", "--allow-empty", "-m", "y")
    run(repository, "branch", "mission/m/work")
    run(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/mission/m/work")
    run(repository, "pack-refs", "--all")
    run(repository, "branch", "mission/m/1.1-a1")
    head, branch = run(repository, "rev-parse", "HEAD", "HEAD^").split(), run(repository, "branch", "--show-current")
    gitless = Objects(Git(repository / ".git", extra={"PATH": ""}), repository / ".git/temp")
    for name in (branch, "mission/m/work", "alias", "mission/m/1.1-a1"):
        assert gitless.commit_of(f"refs/heads/{name}") == head[0], name
    assert gitless.commit_of("refs/heads/none") is None
    assert gitless.commit_of(head[1]) == head[1] == gitless.parent_of(head[0])
    assert gitless.parent_of(head[1]) == ""
    whole = Objects(Git(repository / ".git"), repository / ".git/temp")
    assert gitless.files(head[0]) == whole.files("HEAD") != {}
    folder = gitless.entry(head[0], "b")
    assert folder is not None
    assert gitless.blobs([f"{folder[1]}:file"]) == {f"{folder[1]}:file": b"b"}


@pytest.mark.parametrize(
    "name", ["refs/heads/a..b", "refs/heads/a@{1}", "refs/heads/a~1", "refs/heads/../HEAD", "main"]
)
def test_a_name_that_git_interprets_is_left_to_git(repository: Path, name: str) -> None:
    gitless = Objects(Git(repository / ".git", extra={"PATH": ""}), repository / ".git/temp")
    with pytest.raises(ToolError, match="cannot be started"):
        gitless.commit_of(name)


def test_where_files_do_not_say_all_git_is_asked(repository: Path, tmp_path: Path) -> None:
    run(repository, "commit", "-q", "--allow-empty", "-m", "y")
    head, before = run(repository, "rev-parse", "HEAD", "HEAD^").split()
    run(repository, "clone", "-q", "--depth=1", "--no-local", ".", str(tmp_path / "shallow"))
    assert Objects(Git(tmp_path / "shallow/.git"), tmp_path).parent_of(head) == ""
    run(repository, "replace", "--graft", head)
    assert Objects(Git(repository / ".git"), tmp_path).parent_of(head) == ""
    run(repository, "replace", "-d", head)
    assert Objects(Git(repository / ".git"), tmp_path).parent_of(head) == before
    loose = repository / ".git/objects" / head[:2] / head[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"cut off")
    with pytest.raises(ToolError):
        Objects(Git(repository / ".git"), tmp_path).files(head)


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q")
    objects = Objects(Git(tmp_path / ".git"), tmp_path)
    blob, made = objects.store(b"x"), list[Sha]()
    for number in range(200):
        tree = objects.changed_tree(None, {f"{number}": ("100644", blob)})
        made.append(objects.commit(tree, made[-1:], "x\n", author=PROGRAM, committer=PROGRAM))
    for number, commit in enumerate(made):
        assert objects.entries(commit) == {f"{number}": ("100644", blob)}
    assert len(vars(objects)["_trees"]) < 200
    assert run(tmp_path, "fsck", "--strict", "--no-dangling", made[-1]) == ""


def test_what_was_pruned_before_a_ref_pointed_to_it_is_written_again(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q")
    objects = Objects(Git(tmp_path / ".git"), tmp_path / ".git/temp")
    entries = {name: ("100644", objects.store(name.encode())) for name in ("a", "b")}
    tree = objects.changed_tree(None, entries)
    run(tmp_path, "gc", "-q", "--prune=now")
    objects.keep()
    assert run(tmp_path, "ls-tree", "--name-only", tree) == "a\nb"
    assert run(tmp_path, "cat-file", "blob", entries["b"][1]) == "b"
