"""What it costs to look: `mission status` beside a Typer hello-world, and `mission list` beside Backlog.md's list.

CPU of the processes, in turns; the median counts. Backlog.md (npm, pinned) is installed into a temporary folder;
where npm is missing, only our own time is printed.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pulse import command, driven, ratio, with_missions

from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

_PYTHON = [sys.executable, "-P"]
_MISSION = [*_PYTHON, "-m", "mission_cli"]
_MANY = 1_000
_REPOSITORIES = 50
_TRIES = 11
_BACKLOG = "backlog.md@1.52.0"
_HELLO = """\
import typer

app = typer.Typer()


@app.command()
def main(name: str = "world") -> None:
    print(f"Hello {name}")


app()
"""
_TASK = """\
---
id: TASK-{n}
title: Count the words of file {n}
status: Done
assignee: []
created_date: '2026-11-20 10:00'
labels: []
dependencies: []
ordinal: {n}000
---

## Description

Count words in a file.

## Acceptance Criteria
<!-- AC:BEGIN -->
- [x] #1 file {n}.txt exists
<!-- AC:END -->
"""


def main() -> int:
    """Print the table; 1 if a target is missed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(compose.__file__).parents[1], quiet=1)
    missed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, value, target in lines(Path(folder)):
            kept = target is None or value <= target
            missed += not kept
            said = f"≤ {target}" if target is not None else ""
            print(f"  {name:<77} {value:7.2f}   {said}{'' if kept else '   MISSED'}".rstrip(), flush=True)
    return 1 if missed else 0


def lines(folder: Path) -> Iterator[tuple[str, float, float | None]]:
    """Yield name, value and target; a target of None says something about another line."""
    person = driven(folder / "one")
    hello = folder / "hello.py"
    hello.write_text(_HELLO)
    greets = command([*_PYTHON, str(hello)], folder)
    yield (
        "`mission status` of one mission / Typer hello-world",
        ratio(command([*_MISSION, "status"], person.repo), greets),
        1.3,
    )
    yield from everywhere(person, folder / "everywhere")
    with_missions(person, _MANY)
    listed = command([*_MISSION, "list"], person.repo)
    program = backlog(folder / "npm")
    if program is None:
        yield (
            "seconds of CPU of `mission list` with 1,000 missions (no npm: Backlog.md not measured)",
            statistics.median(listed() for _ in range(_TRIES)),
            None,
        )
        return
    unread = person.runtime / "listed.json"

    def listed_at_first() -> float:
        unread.unlink(missing_ok=True)
        return listed()

    theirs = command([os.fspath(program), "task", "list", "--plain"], tasks(folder / "tasks", program))
    yield "`mission list` with 1,000 missions / Backlog.md's list of 1,000 tasks", ratio(listed, theirs), 0.5
    yield "  the first time, when it reads all the files", ratio(listed_at_first, theirs), None


def everywhere(person: Person, folder: Path) -> Iterator[tuple[str, float, float | None]]:
    """Yield what a list over many repositories costs, to a list of one of them."""
    places = [folder / str(number) for number in range(_REPOSITORIES)]
    for place in places:
        shutil.copytree(person.repo, place, symlinks=True)
    known = Path.home() / ".local/state/mission/repos.json"
    before = known.read_text()
    known.write_text(json.dumps([*map(os.fspath, places)]))
    one, all_of_them = (command([*_MISSION, "list", *words], places[0]) for words in ((), ("--all",)))

    def at_first() -> float:
        for place in places:
            (place / ".git/mission/lines.json").unlink(missing_ok=True)
        return all_of_them()

    name = f"`mission list --all` over {_REPOSITORIES} unchanged repositories / `mission list` of one"
    yield name, ratio(all_of_them, one), 2
    yield "  the first time, when it opens them all", ratio(at_first, one), None
    known.write_text(before)


def backlog(folder: Path) -> Path | None:
    """Install Backlog.md; None if there is no npm, or it cannot be had."""
    npm = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if npm is None:
        return None
    folder.mkdir()
    install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", os.fspath(folder), _BACKLOG]
    done = subprocess.run(install, check=False, capture_output=True)
    program = folder / "node_modules/.bin/backlog"
    return program if done.returncode == 0 and program.exists() else None


def tasks(folder: Path, program: Path) -> Path:
    """Make a repository with 1,000 committed tasks, without a remote."""
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run([program, "init", "Bench", "--defaults"], cwd=folder, check=True, capture_output=True)
    subprocess.run([program, "config", "set", "remoteOperations", "false"], cwd=folder, check=True, capture_output=True)
    for n in range(1, _MANY + 1):
        (folder / f"backlog/tasks/task-{n} - Count-the-words-of-file-{n}.md").write_text(_TASK.format(n=n))
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *person, "commit", "--quiet", "-m", "Tasks"], cwd=folder, check=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
