"""What has landed is in a fresh recursive clone of the base, and builds there, whatever the repository is like."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import Person, make_person

from mission_cli.adapters.git.repo.checkout import find_checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAN = """\
title: Build
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["run: `sh build.sh`"]
    features:
      - {title: one, criteria: ["run: `sh build.sh`"]}
"""
ALLOW = ("-c", "protocol.file.allow=always")
WORK = 'write("made.txt", "made\\n")\ncommit("work", "made.txt")\n'
MADE = "grep -qx made made.txt"


def usual(person: Person, build: str = MADE) -> Person:
    """The base has a build that fails until the work is there."""
    person.commit("Add the build", **{"build.sh": f"set -e\n{build}\n"})
    return person


def submodule(person: Person) -> Person:
    """The base has a submodule, whose own repository is one commit ahead."""
    inner = make_person(person.repo.parent / "inner")
    inner.commit("First", **{"lib.txt": "first\n"})
    person.git(*ALLOW, "submodule", "--quiet", "add", os.fspath(inner.repo), "sub")
    inner.commit("Second", **{"lib.txt": "second\n"})
    return usual(person)


def encoded(person: Person) -> Person:
    """Files that are UTF-16 in the work tree."""
    person.commit("Attributes", **{".gitattributes": "*.u16 text working-tree-encoding=UTF-16LE-BOM eol=crlf\n"})
    return usual(
        person, "test \"$(git cat-file -p HEAD:made.u16)\" = ünï\nhead -c 2 made.u16 | od -An -tx1 | grep -q 'ff fe'"
    )


def separate(person: Person) -> Person:
    """`.git` is a file."""
    person.git("init", "--quiet", "--separate-git-dir", os.fspath(person.repo.parent / "apart.git"))
    return usual(person)


def linked(person: Person) -> Person:
    """`.git` is a link."""
    (person.repo / ".git").rename(person.repo.parent / "apart.git")
    (person.repo / ".git").symlink_to(person.repo.parent / "apart.git")
    return usual(person)


def worktree_elsewhere(person: Person) -> Person:
    """The repository says where its work tree is."""
    separate(person)
    person.git("config", "core.worktree", os.fspath(person.repo))
    return person


def symbolic(person: Person) -> Person:
    """`main` is another name of `trunk`."""
    usual(person)
    person.git("branch", "-m", "main", "trunk")
    person.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    person.git("switch", "--quiet", "main")
    return person


def odd_history(person: Person) -> Person:
    """Two roots, a merge of three, a tag called like the base, and a replaced commit."""
    usual(person)
    person.git("checkout", "--quiet", "--orphan", "other")
    person.commit("Another root", **{"other.txt": "x\n"})
    for name in ("a", "b"):
        person.git("switch", "--quiet", "--create", name, "main")
        person.commit(name, **{f"{name}.txt": "x\n"})
    person.git("switch", "--quiet", "main")
    person.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "Join", "other")
    person.git("merge", "--quiet", "-m", "Three", "a", "b")
    person.git("tag", "main", "main~1")
    person.git("replace", "--graft", "a")
    return person


def sparse(person: Person) -> Person:
    """The folder of the work is not checked out."""
    person.commit("Folders", **{"deep/keep.txt": "x\n", "shown/keep.txt": "x\n"})
    usual(person, "grep -qx made deep/made.txt")
    person.git("sparse-checkout", "set", "shown")
    return person


def union(person: Person) -> Person:
    """Two features add to the same place of a file that git merges by union."""
    person.commit("Attributes", **{".gitattributes": "news.txt merge=union\n", "news.txt": "start\n"})
    return usual(person, "grep -q 1.1 news.txt || grep -q 1.2 news.txt")


Case = tuple["Callable[[Person], Person]", str]
ODD_NAMES = r"""
names = [b"a b.txt", b"caf\xe9.txt", "e\u0301.txt".encode(), b"new\nline.txt", b'"q".txt', b"-rf", b":(top)x", b"$HOME.txt"]
for name in names:
    with open(name, "w") as file:
        file.write("x")
commit()
write("made.txt", "made\n")
commit()
"""
CASES: dict[str, Case] = {
    "nested repositories and worktrees of the agent's own": (
        usual,
        'git("init", "-q", "vendor/lib")\ngit("-C", "vendor/lib", "commit", "-q", "--allow-empty", "-m", "x")\n'
        'git("worktree", "add", "-q", ".claude/worktrees/a")\n' + WORK,
    ),
    "a submodule as it was": (submodule, WORK),
    "a submodule at a newer commit that its repository has": (
        submodule,
        ('git("-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--remote", "sub")\n'
        'write("made.txt", "made\\n")\ncommit()\n'),
    ),
    "another encoding in the work tree": (
        encoded,
        'Path("made.u16").write_bytes("\\ufeffünï\\r\\n".encode("utf-16-le"))\ncommit()\n',
    ),
    "a git folder that is a file": (separate, WORK),
    "a git folder that is a link": (linked, WORK),
    "core.worktree": (worktree_elsewhere, WORK),
    "a base that is a symbolic ref": (symbolic, WORK),
    "an odd history": (odd_history, WORK),
    "a sparse checkout": (sparse, 'write("deep/made.txt", "made\\n")\ncommit()\n'),
    "odd names of files": (usual, ODD_NAMES),
    "links and modes": (
        lambda person: usual(person, "test -x tool.sh && ./tool.sh && test -L here && test ! -e nowhere/x"),
        ('write("tool.sh", "#!/bin/sh\\n")\nPath("tool.sh").chmod(0o755)\nPath("here").symlink_to("tool.sh")\n'
        'Path("nowhere").symlink_to("/not/there")\ncommit()\n'),
    ),
    "files that only their attributes make equal": (
        lambda person: usual(person, 'test "$(git ls-files --eol made.txt | cut -c1-4)" = i/lf'),
        'write(".gitattributes", "* text=auto eol=lf\\n")\nPath("made.txt").write_bytes(b"made\\r\\n")\ncommit()\n',
    ),
}  # fmt: skip
NIGHTLY = bool(os.environ.get("MISSION_NIGHTLY"))


def built(person: Person, branch: str = "main") -> Path:
    """A recursive clone of a branch, in which the build has passed."""
    fresh = person.repo.parent / "fresh"
    where = ("--recurse-submodules", "--branch", branch, f"file://{person.repo}", os.fspath(fresh))
    person.git(*ALLOW, "clone", "--quiet", *where)
    done = subprocess.run(["sh", "build.sh"], cwd=fresh, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert person.git("fsck", "--connectivity-only", "--no-dangling", cwd=fresh) == ""
    return fresh


@pytest.mark.parametrize("name", CASES if NIGHTLY else list(CASES)[2::10])
def test_what_has_landed_is_in_a_clone_and_builds(person: Person, name: str) -> None:
    prepare, source = CASES[name]
    prepare(person)
    person.set("attempts = 1")
    person.worker(source)
    person.plan(PLAN)
    person.start()
    assert person.run(ok=None).facts["status"] == "completed", person.mission("why", "m/1.1", ok=None).out
    fresh = built(person)
    mine, theirs = (person.git("rev-parse", f"{ref}^{{tree}}", cwd=p) for ref, p in (("refs/heads/main", person.repo), ("HEAD", fresh)))  # fmt: skip
    assert mine == theirs
    if (fresh / "sub").is_dir():
        assert (fresh / "sub/lib.txt").read_text() == ("second\n" if "newer" in name else "first\n")


@pytest.mark.parametrize("dot", [separate, linked])
def test_a_git_folder_elsewhere_is_found_from_the_tree_and_from_the_mission_files(
    person: Person, dot: Callable[[Person], Person]
) -> None:
    dot(person)
    person.worker(WORK)
    person.plan(PLAN)
    there = find_checkout(person.repo)
    assert (there.name, there.common_dir.resolve()) == (person.repo, person.repo.parent / "apart.git")
    assert find_checkout(person.repo / "missions/m") == there
    inside = Person(person.repo / "missions")
    assert inside.mission("status", "m", "--json").facts["runner"] == "script"


@pytest.mark.skipif(not NIGHTLY, reason="nightly: two missions' worth of work")
def test_work_that_git_merges_by_union_is_in_a_clone_and_builds(person: Person) -> None:
    union(person)
    person.worker('write("news.txt", f"start\\n{FEATURE}\\n")\ncommit()\n')
    two = '      - {title: one, criteria: ["grep: `1.1` in `news.txt`"]}\n      - {title: two, criteria: ["grep: `1.2` in `news.txt`"]}\n'
    head, _, _ = PLAN.partition("      - {title: one")
    person.plan(head.replace("{land: auto}", "{land: auto, max_parallel_workers: 2}") + two)
    person.start()
    assert person.run(ok=None).facts["status"] == "completed", person.mission("why", "m", ok=None).out
    fresh = built(person)
    assert sorted((fresh / "news.txt").read_text().split()) == ["1.1", "1.2", "start"]


def test_after_the_base_was_renamed_a_clone_of_its_new_name_builds(person: Person) -> None:
    usual(person)
    person.worker(WORK)
    person.plan(PLAN)
    person.git("branch", "-m", "main", "trunk")
    person.mission("set", "m", "base", "trunk")
    person.start()
    assert person.run(ok=None).facts["status"] == "completed", person.mission("why", "m", ok=None).out
    built(person, "trunk")
