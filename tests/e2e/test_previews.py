"""Previews: finished work that a person opens by a real request, started once, and gone with all it used."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests.kit.agents import needs_bubblewrap
from tests.kit.nightly import only_at_night

from mission_cli import __version__
from mission_cli.adapters.judges.ports import listeners
from mission_cli.adapters.proc import scan
from mission_cli.fastpath import is_worth_waiting

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: A page
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features:
      - {title: the page, criteria: ["file: `page.txt`"]}
"""
WORKER = """\
write("page.txt", "built by " + RUN)
commit()
"""
SERVER = """\
import http.server, os
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open("page.txt", "rb").read())
    def log_message(self, *a): pass
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["MISSION_PORT"])), Site).serve_forever()
"""


def built(person: Person, *lines: str) -> None:
    """A mission whose only feature is done; it waits for a person."""
    person.commit("A server", **{"serve.py": SERVER, "page.txt": "nothing yet"})
    person.worker(WORKER)
    person.tables.append("[preview]\n" + "".join(f"{line}\n" for line in lines))
    person.save_settings()
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))


def rows(person: Person) -> list[tuple[int, str, str]]:
    return [(row.number, str(row.status), row.reason) for row in person.loaded().mission.previews]


def until_over(person: Person) -> None:
    """Run pulses until no preview is left."""
    ends = time.monotonic() + 30
    while any(status != "closed" for _, status, _ in rows(person)) and time.monotonic() < ends:
        person.mission("pulse", ok=None)
        time.sleep(0.05)  # polled until the deadline above


def test_a_person_opens_the_work_before_it_lands(person: Person) -> None:
    built(
        person, f"run = '{sys.executable} serve.py'", 'path = "/index.html"', "cleanup = 'echo $MISSION_URL > ../gone'"
    )
    shown = person.mission("preview", "m", "--wait", "--json").facts["preview"]
    assert (shown["number"], shown["status"]) == (1, "ready")
    with urlopen(shown["url"]) as answer:  # noqa: S310 - what a browser does
        assert answer.read() == b"built by m/1.1-a1"
    for view in ("status", "why"):
        assert shown["url"] in person.mission(view, "m").out
    assert person.mission("list", "--json").facts["missions"][0]["preview"] == shown["url"]
    assert person.mission("logs", "m/preview").out == "serving\n"
    head = person.state_head()
    person.mission("pulse")
    assert is_worth_waiting(os.fspath(person.runtime), __version__), "an idle pulse costs nothing while it is up"
    assert person.mission("preview", "m").out.strip() == f"preview 1 of {shown['commit'][:7]} is ready: {shown['url']}"
    assert person.state_head() == head
    again = person.mission("preview", "m", "--restart", "--wait", "--json").facts["preview"]
    assert (again["number"], again["url"]) == (2, shown["url"]), "the next one gets the same port"
    person.mission("preview", "m", "--stop")
    until_over(person)
    assert rows(person) == [(1, "closed", "a newer preview replaces it"), (2, "closed", "stopped by Ada")]
    port = int(shown["url"].split(":")[2].split("/")[0])
    assert listeners(port) == set()
    assert not [pid for pid in scan.commanded("serve.py") if scan.carrying("MISSION_PREVIEW", "1")]


@only_at_night
def test_a_deployment_reports_later_and_only_with_its_token(person: Person) -> None:
    """The script starts something elsewhere, which calls back when it is done; afterwards the deployment is removed."""
    told = person.repo.parent / "told"
    built(
        person,
        f"""deploy = 'printf "%s\\n" "$MISSION_CALLBACK" "$MISSION_TOKEN" "$MISSION_COMMIT" > {told}; echo started'""",
        f"""cleanup = 'echo $MISSION_URL > {told}.gone'""",
    )
    person.mission("preview", "m")
    ends = time.monotonic() + 30
    while not (told.exists() and told.read_text().count("\n") == 3) and time.monotonic() < ends:
        time.sleep(0.05)  # polled until the deadline above
    callback, token, commit = told.read_text().splitlines()
    assert commit == person.loaded().mission.previews[0].commit
    assert token not in person.file().read_text()

    def report(token: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [*shlex.split(callback), *words, "--token-stdin"]
        return subprocess.run(argv, input=token, capture_output=True, text=True, check=False)

    forged = report("0" * 64, "ready", "--url", "https://evil.example")
    assert (forged.returncode, "its token belongs to no preview" in forged.stderr) == (3, True), forged.stderr
    done = report(token, "ready", "--url", "https://m.example.org/1")
    assert done.returncode == 0, done.stderr
    again = report(token, "failed", "--reason", "no")
    assert (again.returncode, "counted only while it started" in again.stderr) == (3, True), again.stderr
    assert "https://m.example.org/1" in person.mission("status", "m").out
    person.mission("cancel", "m", "--yes")
    until_over(person)
    assert rows(person) == [(1, "closed", "the mission is cancelled")]
    assert Path(f"{told}.gone").read_text() == "https://m.example.org/1\n"
    assert [e for e in person.state_log() if "refused" in e], "a forged report leaves a trace"


@only_at_night
def test_a_deploy_script_reports_by_itself_in_the_sandbox(person: Person) -> None:
    needs_bubblewrap()
    person.set('sandbox = "auto"')
    built(person, """deploy = '$MISSION_CALLBACK ready --url https://m.example.org/$MISSION_PREVIEW'""")
    answer = person.mission("preview", "m", "--wait", "--json").facts
    assert answer["preview"]["url"] == "https://m.example.org/1", answer


@only_at_night
def test_a_server_that_cannot_start_says_why(person: Person) -> None:
    built(person, "run = 'echo Error: no such module >&2; exit 3'")
    answer = person.mission("preview", "m", "--wait", ok=(1,)).out.splitlines()
    assert answer[-2].endswith("failed: it ended with 3: Error: no such module")
    assert answer[-1] == "Error: no such module"
    waiting = person.mission("inbox", ok=(3,)).out
    assert "preview 1 failed: it ended with 3" in waiting
    assert "mission preview m --restart" in waiting
    person.mission("preview", "m", "--stop")
    until_over(person)
    assert "preview" not in person.mission("inbox", ok=(3,)).out
