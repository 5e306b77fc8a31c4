"""What a command is connected to: a stream that cannot show a character, and a terminal with a person in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

from mission_cli import __version__
from mission_cli.fastpath import is_idle

if TYPE_CHECKING:
    from tests.kit.people import Person

TITLE = "Größe 📏"
ONE = f"""\
title: "{TITLE}"
budget: {{time_hours: 1}}
milestones:
  - name: Only
    validation: ["manual: it is nice ✓"]
    features:
      - {{title: "ein 📐"}}
"""


@pytest.mark.parametrize("encoding", by_day(["latin-1", "ascii"], 1))
def test_what_a_stream_cannot_show_is_replaced_and_json_escapes_it(person: Person, encoding: str) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def run(*words: str) -> tuple[int, str, bytes]:
        command = [sys.executable, "-P", "-m", "mission_cli", *words]
        done = subprocess.run(command, cwd=person.repo, env=env, capture_output=True, check=False)
        return done.returncode, done.stdout.decode(encoding), done.stderr

    for words in ("status m", "list", "show m", "history m", "why m", "pulse"):
        code, out, err = run(*words.split())
        assert (code, err) == (0, b""), (words, out, err)
    assert "Gr\u00f6\u00dfe ?".encode(encoding, "replace").decode(encoding) in run("list")[1]
    assert json.loads(run("show", "m", "--json")[1])["mission"]["title"] == TITLE


@pytest.mark.parametrize("closed", by_day(["<&- >&- 2>&-", ">&-"], 1))
def test_a_closed_stream_or_a_reader_that_goes_is_no_error(person: Person, closed: str) -> None:
    person.plan(ONE)
    program = f'"{sys.executable}" -P -m mission_cli'
    for words in ("", "status m --json", "why m", "pulse", "help"):
        line = f"{program} {words}"
        script = f"exec 2>said; {{ {line} {closed}; }}; echo $? >&2; {{ {line} 2>&1; echo $? >&2; }} | true"
        subprocess.run(["sh", "-c", script], cwd=person.repo, stdout=subprocess.DEVNULL, check=True)
        first, second = (person.repo / "said").read_text().split()
        assert first == "0", words
        assert second in {"0", "141"}, words


def test_a_stop_is_carried_out_where_nothing_reads_what_it_says(person: Person) -> None:
    person.plan(ONE)
    program = f'"{sys.executable}" -P -m mission_cli'
    for words in ("stop --all >&-", "stop --all | true"):
        (person.runtime / "STOP").unlink(missing_ok=True)
        subprocess.run(["sh", "-c", f"{program} {words}"], cwd=person.repo, check=True)
        assert (person.runtime / "STOP").exists(), words


def test_a_current_folder_that_is_gone_is_an_error_and_stop_works_with_a_path(person: Person) -> None:
    person.plan(ONE)
    program = f'"{sys.executable}" -P -m mission_cli'
    for words in ("", "status m", "pulse", "stop --all", "pause m"):
        script = f"mkdir gone; cd gone; rmdir ../gone; exec {program} {words}"
        done = subprocess.run(["sh", "-c", script], cwd=person.repo, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (
            1,
            "error: the current folder no longer exists\n hint: change to another folder\n",
        ), words
    script = f'mkdir gone; cd gone; rmdir ../gone; exec {program} stop --all --repo "{person.repo}"'
    subprocess.run(["sh", "-c", script], cwd=person.repo, check=True)
    assert (person.runtime / "STOP").exists()


def test_a_pulse_that_a_person_types_on_a_terminal_looks_at_everything(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.mission("pulse")
    assert is_idle(os.fspath(person.runtime), __version__)
    signature = person.runtime / "idle.json"
    written = json.loads(signature.read_text())["written"]
    command = [sys.executable, "-P", "-m", "mission_cli", "pulse"]
    subprocess.run(command, cwd=person.repo, stdin=subprocess.DEVNULL, check=True)
    assert json.loads(signature.read_text())["written"] == written
    ours, theirs = os.openpty()
    try:
        subprocess.run(command, cwd=person.repo, stdin=theirs, check=True)
    finally:
        os.close(ours)
        os.close(theirs)
    assert json.loads(signature.read_text())["written"] > written
