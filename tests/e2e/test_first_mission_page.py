"""docs/first-mission.md works: its files are written, its commands run in order, and they print what it shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).resolve().parents[2] / "docs/first-mission.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_A_PERSON = {"mission run greeter": 3}
"""The exit codes that are not 0."""


def steps() -> list[tuple[str, str, str]]:
    """Return the page in order, as (file, its text, "") and ("", command, what it prints)."""
    found: list[tuple[str, str, str]] = []
    for language, name, text in BLOCK.findall(PAGE):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                found.append(("", command, shown))
        elif name:
            found.append((name, text, ""))
    return found


def pattern(shown: str) -> str:
    """Return an expression for an output: `…` is any text, on a line of its own any lines."""
    return re.sub(r"(?m)^…\\\n", "(?:.*\n)*", re.escape(shown)).replace("…", ".*")


def execute(person: Person, command: str) -> tuple[int, str, str]:
    """Return the exit code, the output and the errors of a command that the page shows."""
    program, *words = shlex.split(command)
    if program == "mission":
        answer = person.mission(*words, ok=None)
        return answer.code, answer.out, answer.err
    done = subprocess.run([program, *words], cwd=person.repo, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Person]:
    """Somebody with an empty folder."""
    someone = Person(tmp_path / "repo")
    someone.repo.mkdir()
    yield someone
    someone.leave()


def test_the_page_does_what_it_shows(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        for name, value in {"SANDBOX": "off", "MIN_FREE_MEMORY_MIB": "0", "MIN_FREE_DISK_MIB": "0"}.items():
            patch.setenv(f"MISSION_{name}", value)
        for name, text, shown in steps():
            if name:
                reader.write(name, text)
                continue
            code, out, err = execute(reader, text)
            assert code == NEEDS_A_PERSON.get(text, 0), f"$ {text}\n{out}{err}"
            assert re.fullmatch(pattern(shown), out.rstrip("\n") + "\n" * bool(out)), (
                f"$ {text}\n{out}{err}\nbut the page shows:\n{shown}"
            )


def test_no_command_and_no_file_of_the_page_is_left_out() -> None:
    assert len([command for name, command, _ in steps() if not name]) == PAGE.count("\n$ ")
    assert [name for name, _, _ in steps() if name] == ["worker.py", ".mission.toml", "plan.yaml"]
