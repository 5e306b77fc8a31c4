"""What an attempt leaves is brought over only when all of it was read, holds no secret, and a clone of it is whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.code.collect import Screen, collect, collect_and_save
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.runs.jobs import Left

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = "m/1.1-a1"
KEY = "sk-ant-api03-" + "Ab3dEf6hIj" * 9
NAME = "ghp_" + "a1B2c3D4e5F6" * 3
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAA\n" * 3
PRIVATE += "-----END OPENSSH PRIVATE KEY-----\n"


@dataclass
class Lab:
    """A repository, and the tree of an attempt at it."""

    code: Path
    tree: Path
    start: str

    def git(self, *words: str, env: dict[str, str] | None = None, at: Path | None = None) -> str:
        """Git as the worker runs it."""
        done = subprocess.run(["git", *words], cwd=at or self.tree, env={**os.environ, **(env or {})}, capture_output=True, check=True)  # fmt: skip
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, name: str, content: str | bytes) -> None:
        """A file of the worker."""
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str = "work") -> str:
        """Commit all of it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def collect(self, *excepted: str, largest: int = 0) -> Left:
        """As a supervisor does it."""
        return collect(self.code, self.tree, RUN, start=self.start, screen=Screen(SecretRules(), excepted, largest))

    def save(self) -> tuple[Left, str]:
        """As a supervisor does it."""
        return collect_and_save(self.code, self.tree, RUN, start=self.start, screen=Screen(SecretRules()))

    def has(self, oid: str) -> bool:
        """Whether the repository has an object."""
        done = subprocess.run(["git", "cat-file", "-e", oid], cwd=self.code, capture_output=True, check=False)
        return done.returncode == 0

    def files(self, commit: str) -> list[str]:
        """What a clone of the repository finds in a commit of it."""
        return self.git("ls-tree", "-r", "--name-only", commit, at=self.code).splitlines()


def make_lab(folder: Path, **files: str) -> Lab:
    """A repository with these files and one more, and a tree at it."""
    repo = folder / "repo"
    repo.mkdir(parents=True)
    lab = Lab(repo / ".git", repo, "")
    lab.git("init", "--quiet")
    for name, text in {"a.txt": "a\n", **files}.items():
        lab.write(name, text)
    start = lab.commit("start")
    tree = folder / "trees" / RUN
    trees.make_tree(lab.code, tree, commit=start, branch=f"mission/{RUN}")
    return Lab(lab.code, tree, start)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A repository with one file, and a tree at it."""
    return make_lab(tmp_path)


def zipped(content: bytes) -> bytes:
    """A zip with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/key.txt", content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    """A tar with one file, packed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("key.txt")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


PLACES: dict[str, Callable[[str], str | bytes]] = {
    "a.py": lambda key: f"x = 1\nKEY = '{key}'\n",
    "far.txt": lambda key: "x" * 3_000_000 + "\n" + key + "\n" + "y" * 3_000_000,
    "long-line.txt": lambda key: "eyJ" * 100_000 + " " + key,
    "binary.bin": lambda key: bytes(range(256)) * 100 + key.encode() + bytes(range(256)) * 100,
    "utf16.txt": lambda key: f"key = {key}\n".encode("utf-16"),
    "utf16be.txt": lambda key: f"key = {key}\n".encode("utf-16-be"),
    "utf32.txt": lambda key: f"key = {key}\n".encode("utf-32"),
    "a.zip": lambda key: zipped(key.encode()),
    "a.jar": lambda key: zipped(zipped(key.encode())),
    "a.gz": lambda key: gzip.compress(key.encode()),
    "a.bz2": lambda key: bz2.compress(key.encode()),
    "a.xz": lambda key: lzma.compress(key.encode()),
    "a.tgz": lambda key: tarred(key.encode()),
}


@pytest.mark.parametrize("key", [KEY, PRIVATE], ids=["token", "private key"])
def test_a_secret_is_found_in_whatever_file_it_lies(lab: Lab, key: str) -> None:
    for name, make in PLACES.items():
        lab.write(name, make(key))
    tip = lab.commit()
    left = lab.collect()
    assert sorted({place.split(" ")[0].split(":")[0].split("/")[0] for place in left.secrets}) == sorted(PLACES)
    assert not lab.has(tip)
    assert lab.collect(*PLACES).secrets == ()
    assert lab.has(tip)


def test_a_secret_has_its_line(lab: Lab) -> None:
    lab.write("far.txt", "one line\n" * 400_000 + KEY + "\n")
    lab.commit()
    assert lab.collect().secrets == ("far.txt:400001 (Anthropic key)",)


def in_a_merge(lab: Lab) -> None:
    lab.write("b.txt", "b\n")
    lab.commit()
    lab.git("switch", "--quiet", "--create", "side", "HEAD~1")
    lab.write("c.txt", "c\n")
    lab.commit()
    lab.git("switch", "--quiet", f"mission/{RUN}")
    lab.git("merge", "--quiet", "--no-commit", "side")
    lab.write("conf.py", f"KEY = '{KEY}'\n")
    lab.commit("merge")


def taken_away_again(lab: Lab) -> None:
    lab.write("conf.py", f"KEY = '{KEY}'\n")
    lab.commit()
    (lab.tree / "conf.py").unlink()
    lab.commit()


def in_a_name(lab: Lab) -> None:
    lab.write(f"docs/{NAME}/x.txt", "")
    lab.commit()


def in_an_author(lab: Lab) -> None:
    lab.git("commit", "--quiet", "--allow-empty", "-m", "x", env={"GIT_AUTHOR_NAME": NAME})


def in_a_message(lab: Lab) -> None:
    lab.commit(f"work\n\nwith {KEY}")


def behind_a_tag(lab: Lab) -> None:
    lab.commit()
    lab.git("tag", "-a", "-m", f"with {KEY}", "t")
    (lab.tree / f".git/refs/heads/mission/{RUN}").write_text(lab.git("rev-parse", "t") + "\n")


@pytest.mark.parametrize("how", [in_a_merge, taken_away_again, in_a_name, in_an_author, in_a_message, behind_a_tag])
def test_a_secret_is_found_in_whatever_part_of_the_history_it_lies(lab: Lab, how: Callable[[Lab], None]) -> None:
    how(lab)
    left = lab.collect()
    assert left.secrets or left.trouble
    assert not any(word in f"{left}" for word in (KEY, NAME))
    refs = lab.git("for-each-ref", "--format=%(refname)", at=lab.code).split()
    assert refs == ["refs/heads/main"]


EXAMPLES = [
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.SflKxwRJSMeKKF2QT4fw",
    "OPENAI_API_KEY=sk-proj-" + "x" * 48,
    "ANTHROPIC_API_KEY=sk-ant-your-key-here-0123456789",
    "GITHUB_TOKEN=ghp_" + "x" * 36,
    r"P = '-----BEGIN RSA PRIVATE KEY-----.*?-----END'",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----",
]


def test_what_documentation_prints_is_no_secret(lab: Lab) -> None:
    for number, text in enumerate(EXAMPLES):
        lab.write(f"docs/{number}.md", f"{text}\n")
    tip = lab.commit()
    assert lab.collect() == Left(tip=tip)
    assert lab.has(tip)


@pytest.mark.parametrize("key", [KEY, PRIVATE], ids=["token", "private key"])
def test_a_secret_that_was_there_before_is_no_leak_and_another_one_beside_it_is(tmp_path: Path, key: str) -> None:
    lab = make_lab(tmp_path, old_env=f"A={key}\n")
    (lab.tree / "old_env").rename(lab.tree / "new_env")
    lab.write("more.txt", f"again: {key}\n")
    assert lab.commit() == lab.collect().tip
    assert lab.collect().secrets == ()
    lab.write("other.txt", key.replace("A", "B").replace("BEGIN", "BEGIN").replace("PRIVBTE", "PRIVATE"))
    lab.commit()
    assert [place.split(" ")[0].split(":")[0] for place in lab.collect().secrets] == ["other.txt"]


def test_what_cannot_be_read_is_not_brought_over(lab: Lab) -> None:
    lab.write("b.txt", "b\n" * 1000)
    tip = lab.commit()
    blob = lab.git("rev-parse", "HEAD:b.txt")
    (lab.tree / ".git/objects" / blob[:2] / blob[2:]).unlink()
    left = lab.collect()
    assert (left.tip, left.secrets) == ("", ())
    assert blob in left.trouble
    assert not lab.has(tip)


@pytest.mark.parametrize("name", ["a:b $HOME %20", '-x\n"#ä✓;\\'])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    lab = make_lab(tmp_path / name)
    lab.write("b.txt", "b\n")
    tip = lab.commit()
    assert lab.collect() == Left(tip=tip)
    lab.write("conf.py", f"KEY = '{KEY}'\n")
    lab.commit()
    assert lab.collect().secrets == ("conf.py:1 (Anthropic key)",)


def test_a_file_that_is_too_large_is_named_and_not_brought_over(lab: Lab) -> None:
    lab.write("big.bin", os.urandom(3 << 20))
    tip = lab.commit()
    words = ("big.bin is 3 MiB, larger than `max_file_mib` (2) allows",)
    assert lab.collect(largest=2 << 20) == Left(tip=tip, unfit=words)
    assert not lab.has(tip)
    assert lab.collect(largest=3 << 20) == Left(tip=tip)


# Repositories within the tree


def nested(lab: Lab, folder: str = "app") -> None:
    """What a scaffolder leaves."""
    lab.write(f"{folder}/page.txt", "the work\n")
    lab.git("init", "--quiet", at=lab.tree / folder)
    lab.git("add", "--all", at=lab.tree / folder)
    lab.git("commit", "--quiet", "-m", "Initial commit", at=lab.tree / folder)


def test_a_repository_in_the_commit_is_named_and_its_files_are_saved(lab: Lab) -> None:
    nested(lab)
    nested(lab, "app/deeper")
    lab.write("marker.txt", "x\n")
    tip = lab.commit()
    left, saved = lab.save()
    words = ("app is a nested repository: its files are not in the commit",)
    assert left == Left(tip=tip, unfit=words)
    assert lab.files(saved) == ["a.txt", "app/deeper/page.txt", "app/page.txt", "marker.txt"]
    assert trees_are_dirty(lab) == ["app"]


def trees_are_dirty(lab: Lab) -> list[str]:
    """What `gc` and `handback` see."""
    from mission_cli.adapters.git.code.save_work import uncommitted

    return uncommitted(lab.code, lab.tree)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_work_tree_of_the_worker_s_own_is_saved(lab: Lab, ignored: bool) -> None:  # noqa: FBT001 - a parameter
    if ignored:
        lab.write(".gitignore", ".claude/\n")
        lab.commit()
    lab.git("worktree", "add", "--quiet", "-b", "side", ".claude/worktrees/side")
    lab.write(".claude/worktrees/side/new.txt", "the work\n")
    left, saved = lab.save()
    assert left.unfit == ()
    assert ".claude/worktrees/side/new.txt" in lab.files(saved)
    assert trees_are_dirty(lab) == [".claude/worktrees/side"]


def test_a_submodule_counts_by_what_its_own_repository_has(tmp_path: Path) -> None:
    library = make_lab(tmp_path / "library")
    origin = library.code.parent
    repo = tmp_path / "lab/repo"
    lab = make_lab(tmp_path / "lab")
    allow = ("-c", "protocol.file.allow=always")
    lab.git(*allow, "submodule", "--quiet", "add", os.fspath(origin), "lib", at=repo)
    lab = Lab(lab.code, lab.tree, Lab(lab.code, repo, "").commit("with a submodule"))
    trees.make_tree(lab.code, lab.tree, commit=lab.start, branch=f"mission/{RUN}")
    lab.git(*allow, "submodule", "--quiet", "update", "--init")
    assert trees_are_dirty(lab) == []
    lab.write("lib/b.txt", "b\n")
    lab.git("add", "--all", at=lab.tree / "lib")
    lab.git("commit", "--quiet", "-m", "b", at=lab.tree / "lib")
    oid = lab.git("rev-parse", "HEAD", at=lab.tree / "lib")
    tip = lab.commit()
    left, saved = lab.save()
    assert left == Left(tip=tip, unfit=(f"lib points to {oid[:7]}, which {origin} does not have",))
    assert "lib/b.txt" in lab.files(saved)
    lab.git("push", "--quiet", "origin", "HEAD:refs/heads/new", at=lab.tree / "lib")
    assert lab.collect() == Left(tip=tip)


# Commits that no branch leads to


def test_commits_on_no_branch_are_named_and_saved(lab: Lab) -> None:
    lab.git("switch", "--quiet", "--detach")
    lab.write("b.txt", "b\n")
    detached = lab.commit()
    lab.git("switch", "--quiet", "--create", "side", lab.start)
    lab.write("c.txt", "c\n")
    deleted = lab.commit()
    lab.git("switch", "--quiet", f"mission/{RUN}")
    lab.git("branch", "--quiet", "-D", "side")
    left, saved = lab.save()
    assert left.tip == lab.start
    assert set(left.elsewhere) == {f"no branch any more ({oid[:7]})" for oid in (detached, deleted)}
    assert lab.has(detached)
    assert lab.has(deleted)
    assert set(lab.git("rev-list", f"{lab.start}..{saved}", at=lab.code).split()) == {detached, deleted, saved}


def test_a_detached_head_is_saved_with_what_is_not_committed(lab: Lab) -> None:
    lab.git("switch", "--quiet", "--detach")
    lab.write("b.txt", "b\n")
    head = lab.commit()
    lab.write("c.txt", "c\n")
    left, saved = lab.save()
    assert left.elsewhere == (f"a detached HEAD ({head[:7]})",)
    assert lab.files(saved) == ["a.txt", "b.txt", "c.txt"]


def test_an_amended_commit_is_not_called_lost(lab: Lab) -> None:
    lab.write("b.txt", "b\n")
    lab.commit()
    lab.git("commit", "--quiet", "--amend", "-m", "better")
    left, saved = lab.save()
    assert (left.elsewhere, left.tip, saved) == ((), lab.git("rev-parse", "HEAD"), "")


# Git dirs that are none


def a_pipe(dot: Path) -> None:
    os.mkfifo(dot / "pipe")


def a_link(dot: Path) -> None:
    dot.rename(dot.with_name("elsewhere.git"))
    dot.symlink_to("elsewhere.git")


def a_file(dot: Path) -> None:
    elsewhere = dot.parent.parent / "elsewhere.git"
    dot.rename(elsewhere)
    dot.write_text(f"gitdir: {elsewhere}\n")


def removed(dot: Path) -> None:
    shutil.rmtree(dot)


@pytest.mark.parametrize("what", [a_pipe, a_link, a_file, removed])
def test_the_files_are_saved_whatever_became_of_the_git_dir(lab: Lab, what: Callable[[Path], None]) -> None:
    lab.write("b.txt", "b\n")
    what(lab.tree / ".git")
    left, saved = lab.save()
    assert left.tip == ""
    assert {"a.txt", "b.txt"} <= set(lab.files(saved))


def test_what_git_cannot_add_keeps_nothing_else_from_being_saved(lab: Lab) -> None:
    lab.write("b.txt", "b\n")
    os.mkfifo(lab.tree / "pipe")
    lab.git("init", "--quiet", "empty")
    lab.write("empty/c.txt", "c\n")
    _, saved = lab.save()
    assert lab.files(saved) == ["a.txt", "b.txt", "empty/c.txt"]
