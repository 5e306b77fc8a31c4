"""`[tree] copy`: files, folders, patterns and links are copied; what is not there is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.executors.jobs.tree_copy import copy_in, missing_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with what is not in git, and a tree beside it."""
    place, outside = tmp_path / "checkout", tmp_path / "outside"
    for name in (
        ".env",
        "fixtures/a/corpus.bin",
        "fixtures/.git/config",
        "packages/a/.env",
        "packages/b/.env",
        "[x]/y",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    (outside / "deep").mkdir(parents=True)
    (outside / "shared.env").write_text("shared")
    (outside / "deep/data").write_text("data")
    (place / ".env.shared").symlink_to(outside / "shared.env")
    (place / "linked").symlink_to(outside)
    (place / "fixtures/again").symlink_to(place / "fixtures")
    (place / "fixtures/nowhere").symlink_to("nothing")
    os.mkfifo(place / "fixtures/pipe")
    (place / "fixtures/run.sh").write_text("#!/bin/sh")
    (place / "fixtures/run.sh").chmod(0o555)
    (tmp_path / "tree").mkdir()
    return place


def copied(checkout: Path, *names: str) -> tuple[list[str], list[str]]:
    """(files of the tree, names of nothing)."""
    tree = checkout.parent / "tree"
    missing = copy_in(checkout, tree, names)
    assert missing == missing_in(checkout, names)
    return sorted(p.relative_to(tree).as_posix() for p in tree.rglob("*") if not p.is_dir()), missing


@pytest.mark.parametrize(
    ("name", "files"),
    [
        (".env", [".env"]),
        ("fixtures", ["fixtures/a/corpus.bin", "fixtures/run.sh"]),
        ("fixtures/", ["fixtures/a/corpus.bin", "fixtures/run.sh"]),
        ("packages/*/.env", ["packages/a/.env", "packages/b/.env"]),
        ("**/.env", [".env", "packages/a/.env", "packages/b/.env"]),
        ("[x]/y", ["[x]/y"]),
        (".env.shared", [".env.shared"]),
        ("linked", ["linked/deep/data", "linked/shared.env"]),
    ],
)
def test_whatever_a_name_stands_for_is_copied(checkout: Path, name: str, files: list[str]) -> None:
    assert copied(checkout, name) == (files, [])
    tree = checkout.parent / "tree"
    assert not any(place.is_symlink() for place in tree.rglob("*"))
    assert all((tree / file).read_bytes() == (checkout / file).read_bytes() for file in files)


@pytest.mark.parametrize(
    "name", ["not-there", "*.none", "../outside/shared.env", ".git/config", "", "fixtures/nowhere"]
)
def test_what_is_not_there_is_told(checkout: Path, name: str) -> None:
    assert copied(checkout, name, ".env") == ([".env"], [name])


def test_what_the_tree_has_stays_and_nothing_is_written_through_its_links(checkout: Path) -> None:
    tree, theirs = checkout.parent / "tree", checkout.parent / "theirs"
    theirs.mkdir()
    (tree / ".env").write_text("of the commit")
    (tree / "fixtures").symlink_to(theirs)
    (tree / "packages").mkdir()
    (tree / "packages/a").symlink_to(theirs)
    copied(checkout, ".env", "fixtures", "packages/*/.env")
    assert (tree / ".env").read_text() == "of the commit"
    assert list(theirs.iterdir()) == []


def test_a_bare_repository_has_nothing_to_copy(tmp_path: Path) -> None:
    assert copy_in(None, tmp_path, [".env"]) == missing_in(None, [".env"]) == [".env"]
