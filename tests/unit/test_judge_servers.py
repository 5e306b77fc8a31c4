"""Servers of checks: started in the tree, waited for, and ended with all that they started; they never decide the verdict."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.proc import scan
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import EndReason, Verdict
from mission_cli.wiring.command_lines import isolated_command

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = StandardChecks(isolated_command("_inspect"), "/bin/bash", isolated_command("_judge"))
GOOD = """\
import http.server, os, sys
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok " + os.environ.get("NAME", "").encode())
print("ready soon", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Site).serve_forever()
"""
SHADOWS = "import os, sys\nprint('GET /: 200 OK')\nos._exit(0)\n"
MARK = "MISSION_MARK"


class Check:
    """One check that runs in a tree, beside others."""

    def __init__(self, tree: Path, *lines: str, **env: str) -> None:
        self._criterion = read_criterion(lines[0], more=lines[1:])
        assert self._criterion.wrong == ""
        self._mark = os.urandom(8).hex()
        around = {**os.environ, MARK: self._mark, "PYTHONPATH": ".", **env}
        self._process = subprocess.Popen(
            CHECKS.argv(self._criterion),
            cwd=tree,
            env=around,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[Verdict, str]:
        """The verdict, and the output without numbers; nothing that it started is left."""
        out, err = self._process.communicate(timeout=60)
        assert err == ""
        assert scan.carrying(MARK, self._mark) == []
        verdict, words = CHECKS.verdict(self._criterion, Exit(EndReason.EXIT, self._process.returncode), out)
        return verdict, re.sub(r"\b\d{4,}\b", "N", words).strip()


def test_servers_that_answer_die_never_listen_and_leave_children(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "web").mkdir(parents=True)
    (tree / "site.py").write_text(GOOD)
    (tree / "web/site.py").write_text(GOOD)
    python = sys.executable
    good = Check(
        tree, 'http: `/` 200 contains "ok Ada"', f"serve: exec {python} site.py $MISSION_PORT", "env: NAME=Ada"
    )
    folder = Check(tree, "http: `/` 200", f"serve: {python} site.py $MISSION_PORT", "cwd: web")
    dies = Check(tree, "http: `/` 200", "serve: echo cannot connect to the database; exit 3")
    mute = Check(tree, "http: `/` 200", "serve: echo compiling; exec sleep 60", "ready: 1s")
    missing = Check(tree, "http: `/` 200", "serve: no-such-server --port $MISSION_PORT")
    no_folder = Check(tree, "http: `/` 200", "serve: true", "cwd: missing")
    leaves = Check(
        tree,
        "http: `/` 404",
        f"serve: (setsid sleep 61 &) ; (setsid sh -c 'trap \"\" TERM; sleep 62' &) ; {python} site.py $MISSION_PORT",
    )
    daemon = Check(tree, "http: `/` 200", f"serve: (setsid {python} site.py $MISSION_PORT > /dev/null 2>&1 &)")
    assert good.end() == (Verdict.PASSED, 'GET http://localhost:N/: 200 OK\nas expected: contains "ok Ada"')
    assert folder.end() == (Verdict.PASSED, "GET http://localhost:N/: 200 OK")
    assert daemon.end()[0] is Verdict.PASSED
    assert dies.end() == (
        Verdict.FAILED,
        (
            "the last lines of `echo cannot connect to the database; exit 3`:\n"
            "  | cannot connect to the database\n"
            "failed: the server `echo cannot connect to the database; exit 3` ended with 3 before it was ready"
        ),
    )
    assert mute.end() == (
        Verdict.FAILED,
        (
            "the last lines of `echo compiling; exec sleep 60`:\n"
            "  | compiling\n"
            "failed: the server was never ready: `echo compiling; exec sleep 60` did not listen on port N within 1 s"
        ),
    )
    assert missing.end()[0] is Verdict.COULD_NOT_RUN
    assert no_folder.end()[0] is Verdict.FAILED, "the folder is part of the work"
    verdict, words = leaves.end()
    assert (verdict, "stopped after the server had ended: " in words) == (Verdict.FAILED, True)
    assert words.endswith("failed: expected 404, found 200")


def test_a_hostile_tree_or_server_never_passes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "mission_cli/adapters/judges").mkdir(parents=True)
    for name in (
        "mission_cli/__init__",
        "mission_cli/__main__",
        "httpx",
        "sitecustomize",
        "usercustomize",
        "json",
        "ssl",
    ):
        (tree / f"{name}.py").write_text(SHADOWS)
    (tree / "site.py").write_text(GOOD)
    says_pass = (
        "http: `/` 404",
        f"serve: echo 'GET /: 404 Not Found'; exec {sys.executable} -I site.py $MISSION_PORT",
    )
    kills = "serve: kill -9 $PPID; exec sleep 60"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        foreign = Check(tree, f"http: `http://localhost:{port}/` 200", "serve: exec sleep 60")
        shadowed = Check(tree, *says_pass)
        killer = Check(tree, "http: `/` 200", kills)
        assert foreign.end() == (
            Verdict.COULD_NOT_RUN,
            "cannot run: another program listens on port N already: ask http://localhost:$MISSION_PORT instead",
        )
    verdict, words = shadowed.end()
    assert (verdict, words.endswith("failed: expected 404, found 200")) == (Verdict.FAILED, True)
    assert killer.end()[0] is Verdict.COULD_NOT_RUN
