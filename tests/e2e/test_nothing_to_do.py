"""A pulse with nothing to do, as the kernel sees it: no socket, no process, nothing of ours but the fast path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {money_usd: 4}
preferences: {land: auto}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""


@pytest.fixture
def strace() -> str:
    """The program that writes down system calls; the test is skipped with what to do where it is missing."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed: apt install strace")
    if subprocess.run([found, "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace may not trace here: allow ptrace (docker run --cap-add SYS_PTRACE)")
    return found


@pytest.fixture
def driven(person: Person) -> Person:
    """Somebody whose mission is finished, and a pulse has seen that."""
    person.worker(HONEST)
    person.plan(PLAN)
    person.start()
    person.run()
    assert person.process("pulse").code == 0
    return person


def traced(strace: str, calls: str, person: Person, log: Path, *words: str) -> list[str]:
    """Lines of the calls that a command made, with everything that it started."""
    command = [strace, "-f", "-qq", "-o", os.fspath(log), "-e", f"trace={calls}", "-e", "signal=none"]
    mission = [sys.executable, "-P", "-m", "mission_cli", *words]
    subprocess.run([*command, *mission], cwd=person.repo, check=True, capture_output=True)
    return log.read_text().splitlines()


@pytest.mark.parametrize("words", [("pulse",), ("pulse", "--all", "--quiet")])
def test_an_idle_pulse_opens_no_socket_and_starts_nothing(
    driven: Person, strace: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    calls = traced(strace, "network,process", driven, tmp_path / "log", *words)
    names = [re.sub(r"^\d+ +(?P<name>\w+)\(.*", r"\g<name>", call) for call in calls]
    assert names == ["execve", "exit_group"]


def test_the_trace_would_show_a_socket_and_a_process(driven: Person, strace: str, tmp_path: Path) -> None:
    code = "import socket, subprocess; socket.socket().close(); subprocess.run(['true'])"
    log = tmp_path / "log"
    command = [strace, "-f", "-qq", "-o", os.fspath(log), "-e", "trace=network,process", sys.executable, "-c", code]
    subprocess.run(command, cwd=driven.repo, check=True)
    text = log.read_text()
    assert "socket(AF_INET" in text
    assert "execve(" in text.partition("socket(")[2]


def test_an_idle_pulse_opens_none_of_our_modules_but_three(driven: Person, strace: str, tmp_path: Path) -> None:
    calls = traced(strace, "openat", driven, tmp_path / "log", "pulse")
    opened = {
        found[1] for call in calls if (found := re.search(r'mission_cli/(?:__pycache__/)?([\w/]+)[.\w-]*\.pyc?"', call))
    }
    assert opened == {"__init__", "__main__", "fastpath"}
