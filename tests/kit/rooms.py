"""A room with a cron of its own: the machine's crontabs and its cron are neither seen nor touched.

The files of the machine are there, its processes are not: whatever was started in the room ends with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import Answer
from tests.kit.schemas import check_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SERVER = Path(__file__).with_name("room_server.py")
_SPOOL = "/var/spool/cron/crontabs"


class Room:
    """Runs commands in the room."""

    def __init__(self, process: subprocess.Popen[bytes], repo: Path) -> None:
        self._process, self._repo = process, repo

    def run(self, *argv: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Answer:
        """Run a program to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        around = dict(os.environ) if env is None else dict(env)
        request = {"argv": argv, "cwd": os.fspath(self._repo), "env": around, "stdin": stdin.decode("latin-1")}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        out, err = (answer[name].encode("latin-1").decode("utf-8", "surrogateescape") for name in ("out", "err"))
        return Answer(answer["code"], out, err)

    def mission(self, *words: str, env: Mapping[str, str] | None = None) -> Answer:
        """Run our command line; `env` is added to the environment."""
        around = {**os.environ, **(env or {})}
        answer = self.run(sys.executable, "-P", "-m", "mission_cli", *words, env=around)
        check_output(words, answer.out)
        return answer

    def write_crontab(self, content: bytes) -> None:
        """Put a crontab where cron reads it, whatever `crontab` would say of it."""
        script = f"cat > {_SPOOL}/root; chmod 600 {_SPOOL}/root"
        assert self.run("/bin/sh", "-c", script, stdin=content).code == 0

    def crontab(self) -> bytes:
        """What cron reads, without the header that `crontab` puts before it; empty when there is nothing."""
        raw = self.run("/bin/sh", "-c", f"cat {_SPOOL}/root 2>/dev/null").out.encode("utf-8", "surrogateescape")
        lines = raw.splitlines(keepends=True)
        return b"".join(lines[3:] if lines and lines[0].startswith(b"# DO NOT EDIT") else lines)

    def start_cron(self) -> None:
        """Start Debian's cron; it looks at the crontabs at the beginning of each minute."""
        assert self.run("cron").code == 0

    def start_frozen_cron(self) -> None:
        """Start a cron that runs and never ticks."""
        script = "cron; until kill -STOP $(cat /run/crond.pid) 2>/dev/null; do :; done"
        assert self.run("/bin/sh", "-c", script).code == 0


@contextmanager
def open_room(repo: Path) -> Iterator[Room]:
    """A room whose commands run in a repository; the test is skipped where there can be none."""
    for program, package in (("bwrap", "bubblewrap"), ("cron", "cron"), ("crontab", "cron")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install {package}")
    if os.geteuid() != 0:
        pytest.skip("a cron of one's own needs root: run the tests as root, in a container")
    bwrap = ["bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent"]
    bwrap += ["--tmpfs", "/var/spool/cron", "--dir", _SPOOL, "--tmpfs", "/run", "--tmpfs", "/etc/cron.d"]
    bwrap += ["--ro-bind", os.devnull, "/etc/crontab"]
    argv = [*bwrap, sys.executable, os.fspath(_SERVER)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        room = Room(process, repo)
        assert room.run("/bin/sh", "-c", f"chgrp crontab {_SPOOL} && chmod 1730 {_SPOOL}").code == 0
        try:
            yield room
        finally:
            assert process.stdin is not None
            process.stdin.close()
