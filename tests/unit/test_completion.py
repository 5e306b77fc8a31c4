"""What completion offers; bash itself asks in `e2e/test_completion.py`."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli.surfaces.completion.answer import answer
from mission_cli.surfaces.completion.table import COMMANDS

if TYPE_CHECKING:
    from tests.kit.people import Person

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLAN = """\
title: "Words: é"
gates: [{name: my design, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Core
    features: [{title: Count, criteria: ["file: `a`"]}, {title: Print, depends: ["1.1"]}]
"""
ASKED = """

## Input Requests

| # | Asked | Feature | Prompt | Options | Urgency | Expires | Status | Response |
|---|---|---|---|---|---|---|---|---|
| 1 | | 1.1 | Which color? | | | | open | |
| 2 | | 1.1 | Which size? | | | | answered | big |
"""


@pytest.fixture
def desk(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person in a repository with the mission `words`."""
    person.worker("")
    person.plan(PLAN, identity="words")
    with person.file("words").open("a") as file:
        file.write(ASKED)
    monkeypatch.chdir(person.repo)
    return person


def offered(line: str, capsys: pytest.CaptureFixture[str], shell: str = "bash") -> list[str]:
    """What is offered for a line whose last word is being typed."""
    words = ["mission", *line.split(" ")]
    capsys.readouterr()
    assert answer(shell, len(words) - 1, words) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("st", ["start", "status", "stop"]),
        ("--json sta", ["start", "status"]),
        ("--repo . status ", ["words"]),
        ("--repo ", [":folders"]),
        ("status --repo ", [":folders"]),
        ("cron ", ["install", "remove", "status"]),
        ("cron status --as", []),
        ("status ", ["words"]),
        ("status x", []),
        ("status words ", []),
        ("logs ", ["1.1", "1.2", "words/1.1", "words/1.2"]),
        ("logs 1.", ["1.1", "1.2"]),
        ("logs words/", ["words/1.1", "words/1.2"]),
        ("why w", ["words", "words/1", "words/1.1", "words/1.2"]),
        ("validate words/", ["words/1"]),
        ("approve words ", ["my\\ design"]),
        ("answer wor ", ["1"]),
        ("answer words 1 ", []),
        ("list --st", ["--status"]),
        ("list --status pa", ["paused"]),
        ("new --runner ", ["opencode", "claude", "codex", "gemini", "qwen", "script"]),
        ("new --runner=c", ["--runner=claude", "--runner=codex"]),
        ("new --runner = c", ["claude", "codex"]),
        ("new --base ", ["main"]),
        ("new --mode=f", ["--mode=full"]),
        ("new --plan ", [":files"]),
        ("new -- --pl", []),
        ("import ", [":files"]),
        ("pulse words --dry-run w", ["words"]),
        ("merge-driver ", ["install"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("help mach", ["machines"]),
        ("no-such-command ", []),
        ("cron no-such-command ", []),
    ],
)
def test_bash_is_offered(desk: Person, capsys: pytest.CaptureFixture[str], line: str, expected: list[str]) -> None:
    del desk
    assert offered(line, capsys) == expected


def test_missions_come_first_by_whether_they_are_unfinished(desk: Person, capsys: pytest.CaptureFixture[str]) -> None:
    desk.plan(PLAN, identity="again")
    desk.mission("cancel", "again", "--yes")
    assert offered("status ", capsys) == ["words", "again"]
    assert offered("logs ", capsys) == ["1.1", "1.2", "words/", "again/"]
    assert offered("logs a", capsys) == ["again/1.1", "again/1.2"]


def test_zsh_and_fish_get_descriptions_that_no_terminal_obeys(desk: Person, capsys: pytest.CaptureFixture[str]) -> None:
    file = desk.file("words")
    file.write_text(file.read_text().replace('"Words', '"\x1b[31mWords'))
    assert offered("status ", capsys, "zsh") == ["words: [31mWords: é (planning)"]
    assert offered("status ", capsys, "fish") == ["words\t [31mWords: é (planning)"]
    assert offered("logs words/1.2", capsys, "fish") == ["words/1.2\tPrint (pending)"]
    assert offered("approve words ", capsys, "zsh") == ["my design:checkpoint pending"]


def test_nothing_is_offered_outside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert offered("status ", capsys) == []
    assert offered("approve m ", capsys) == []


def test_the_table_is_what_the_commands_say() -> None:
    runpy_table = runpy.run_path(str(DOCS / "completion.py"))
    assert runpy_table["TABLE"].read_text("utf-8") == runpy_table["table"](), "run `make docs`"
    kinds = {kind for _, arguments, _ in COMMANDS.values() for kind in arguments}
    assert {"mission", "feature", "part", "milestone", "gate", "request"} <= kinds


def test_neither_the_engine_nor_a_command_line_library_is_imported() -> None:
    code = "import sys; from mission_cli.__main__ import main; main(); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "_complete", "bash", "2", "mission", "logs", ""],
        check=True,
        capture_output=True,
        text=True,
    )
    ours = [name for name in done.stderr.split() if name.startswith("mission_cli")]
    assert sorted(ours) == [
        "mission_cli",
        "mission_cli.__main__",
        "mission_cli.fastpath",
        "mission_cli.surfaces",
        "mission_cli.surfaces.completion",
        "mission_cli.surfaces.completion.answer",
        "mission_cli.surfaces.completion.candidates",
        "mission_cli.surfaces.completion.table",
    ]
    assert {"typer", "rich", "pathlib", "re", "yaml", "git"} & {*done.stderr.split()} <= {"pathlib", "re"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_ask_the_program(person: Person, shell: str) -> None:
    script = person.mission("completion", shell).out
    assert f"_complete {shell}" in script
    assert person.mission("completion", shell, "--json").facts == {"schema": 1, "shell": shell, "script": script}


def test_a_shell_without_completion_is_an_error(person: Person) -> None:
    refused = person.mission("completion", "bsh", ok=(2,)).err
    assert refused == "error: there is no completion for the shell `bsh`\n hint: did you mean `bash`?\n"
