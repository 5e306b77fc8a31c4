"""What the test of a host asks about programs there, and what the answers mean."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.executors.hosts.ssh.findings import answers, questions
from mission_cli.adapters.executors.hosts.ssh.trouble import understand
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from pathlib import Path

USAGE = "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n           destination [command [argument ...]]\n"


@pytest.mark.parametrize("said", [USAGE, "remote username contains invalid characters\n"])
def test_an_address_that_ssh_does_not_accept_has_plain_words(said: str) -> None:
    found = understand(said, "ssh://box:99999")
    assert found.words.startswith("ssh does not accept the address")
    assert found.hint == "set the address to HOST, USER@HOST or ssh://USER@HOST:PORT"


RUNNERS = {
    "opencode": "opencode",
    "script": "begins work",
    "mine": "./scripts/agent",
    "gone": "no-such-program",
    "codex": "/no/such/codex",
}


def test_only_known_agents_are_started_to_find_out_whether_they_are_there(tmp_path: Path) -> None:
    bin_, host = tmp_path / "bin", Host("box", HostKind.SSH, "me@box")
    bin_.mkdir()
    for name, text in (("opencode", "echo 1.2.3"), ("begins work", "touch worked")):
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"}
    asked = ["/bin/sh", "-c", questions(host, RUNNERS)]
    said = subprocess.run(asked, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout
    found = {one.name: (one.ok, one.words) for one in answers(host, RUNNERS, said) if one.name in RUNNERS}
    assert found == {
        "opencode": (True, "1.2.3"),
        "script": (True, f"{bin_}/begins work"),
        "mine": (True, "part of the repository"),
        "gone": (False, "`no-such-program` is not on the PATH of your login shell there"),
        "codex": (False, "`/no/such/codex` is not on the PATH of your login shell there"),
    }
    assert not (tmp_path / "worked").exists()
