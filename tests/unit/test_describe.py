"""What `mission init` shows of a repository; and that GitPython is imported for it alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.describe import Described, describe

if TYPE_CHECKING:
    from pathlib import Path


def git(place: Path, *words: str) -> None:
    subprocess.run(["git", "-C", place, *words], check=True, capture_output=True)


def test_branch_and_remotes_are_told_and_logins_are_not(tmp_path: Path) -> None:
    git(tmp_path, "init", "--initial-branch=trunk")
    assert describe(tmp_path) == Described("trunk")
    git(tmp_path, "remote", "add", "origin", "https://ada:secret@git.example/a/b.git")
    git(tmp_path, "remote", "add", "spare", "git@git.example:a/b.git")
    remotes = (("origin", "https://git.example/a/b.git"), ("spare", "git@git.example:a/b.git"))
    assert describe(tmp_path) == Described("trunk", remotes)
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty", "-m", "x")
    git(tmp_path, "checkout", "--detach")
    assert describe(tmp_path) == Described("", remotes)


def test_what_cannot_be_read_is_not_described(tmp_path: Path) -> None:
    assert describe(tmp_path) == Described()
    assert describe(tmp_path / "missing") == Described()


def test_no_pulse_imports_what_few_of_them_need() -> None:
    """GitPython, and pydantic with the models of plans, which are a third of the imports."""
    code = "import sys, mission_cli.wiring.compose, mission_cli.surfaces.plain, mission_cli.engine.loop\nprint({'git', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
