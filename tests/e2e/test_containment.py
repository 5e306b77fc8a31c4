"""A worker that tries what it must not do: none of it happens or gets into git, and each try is in the record."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import needs_bubblewrap
from tests.kit.people import HONEST

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

    from mission_cli.domain.runs.record import RunRecord

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
TOKEN = "ghp_" + "a1B2c3D4" * 4 + "e5F6"
PLAN = """\
title: One
budget: {money_usd: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
TRIES = """
import os, subprocess, sys, time
from pathlib import Path

def tries(name, act):
    try:
        print(name + ":", act() or "done", flush=True)
    except Exception as error:
        print(name + ":", type(error).__name__, flush=True)

def sh(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    return f"exit {done.returncode}"

REPO, HOME = Path(os.environ["THE_REPO"]), Path(os.environ["HOME"])
tries("ssh key", lambda: (HOME / ".ssh/id_ed25519").read_text())
tries("checkout", lambda: (REPO / "notes.txt").write_text("overwritten"))
tries("settings", lambda: (REPO / ".mission.toml").write_text("attempts = 99"))
tries("mission file", lambda: (REPO / "missions/m/mission.md").write_text("gone"))
tries("move main", lambda: sh("git", "-C", str(REPO), "commit", "--allow-empty", "-m", "mine"))
tries("main here", lambda: sh("git", "update-ref", "refs/heads/main", "HEAD"))
tries("stash", lambda: sh("git", "stash", "push", "-u"))
tries("push", lambda: sh("git", "push", "origin", "HEAD:main"))
tries("person's env", lambda: os.environ["DEPLOY_PASSWORD"])
tries("other processes", lambda: str(len([p for p in os.listdir("/proc") if p.isdigit()]) < 6))
subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("its own token is", os.environ["MY_TOKEN"], flush=True)
"""
HONEST_END = """
Path("1.1.txt").write_text("done")
sh("git", "add", "1.1.txt")
sh("git", "commit", "-qm", "Do 1.1")
"""
LEAKING_END = """
if os.environ["MISSION_ATTEMPT"] == "1":
    Path("config.py").write_text("# settings\\nTOKEN = '" + os.environ["MY_TOKEN"] + "'\\n")
    sh("git", "add", ".")
    sh("git", "commit", "-qm", "Add settings")
    Path("config.py").write_text("# settings\\nTOKEN = ''\\n")
    Path("draft.txt").write_text("still " + os.environ["MY_TOKEN"])
"""


@pytest.fixture(autouse=True)
def _secrets_around() -> Iterator[None]:
    """Secrets in the person's environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THE_TOKEN", TOKEN)
        patch.setenv("DEPLOY_PASSWORD", "correct horse battery")
        yield


def with_worker(person: Person, source: str, sandbox: str) -> None:
    """A worker in Python, without a file of its own, that is given a token by reference."""
    key = Path(os.environ["HOME"]) / ".ssh/id_ed25519"
    key.parent.mkdir()
    key.write_text(KEY)
    command = json.dumps([sys.executable, "-c", textwrap.dedent(source)])
    env = f'{{MY_TOKEN = "env:THE_TOKEN", THE_REPO = "{person.repo}"}}'
    person.tables = [f'[runners.script]\nkind = "command"\ncommand = {command}\nenv = {env}\ndeadline = "60s"\n']
    person.set(f'sandbox = "{sandbox}"')
    person.git("add", "--force", ".mission.toml")
    person.commit("Settings")


def record(person: Person, number: int) -> RunRecord:
    text = (person.repo / f"missions/m/runs/1.1-a{number}.md").read_text()
    found = read_run(text)
    assert found is not None
    return found


def everything_in_git(person: Person) -> str:
    """All that can be reached from any ref of the repository and of the mission's own."""
    places = [person.repo, person.repo / "missions"]
    return "".join(person.git("log", "--all", "-p", "--format=%B", cwd=place) for place in places)


def test_in_the_sandbox_nothing_of_it_happens_and_each_try_is_in_the_record(
    person: Person,
) -> None:
    needs_bubblewrap()
    with_worker(person, TRIES + HONEST_END, "required")
    person.plan(PLAN)
    settings = (person.repo / ".mission.toml").read_text()
    main = person.git("rev-parse", "main")
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "done")]
    assert record(person, 1).transcript == snapshot("""\
ssh key: FileNotFoundError
checkout: 11
settings: 13
mission file: FileNotFoundError
move main: exit 128
main here: exit 0
stash: exit 0
push: exit 128
person's env: KeyError
other processes: True
its own token is [secret: MY_TOKEN]\
""")
    assert (person.repo / "notes.txt").read_text() == "hello\n"
    assert (person.repo / ".mission.toml").read_text() == settings
    assert person.git("log", "--format=%an: %s", f"{main}..main") == snapshot("""\
script (sonnet): one (1.1)
Ada: Do 1.1\
""")
    assert person.git("stash", "list") == ""
    assert TOKEN not in everything_in_git(person)
    kept = [p for p in (person.repo / ".git/mission").rglob("*") if p.is_file() and TOKEN in p.read_text("latin-1")]
    assert kept == []


def test_a_program_outside_of_the_repository_is_shown_to_its_worker_and_nothing_beside_it(person: Person) -> None:
    needs_bubblewrap()
    (person.repo.parent / "beside.txt").write_text("hidden")
    person.worker('print("beside:", (OUTSIDE / "beside.txt").exists())\n', HONEST)
    person.set('sandbox = "required"')
    person.plan(PLAN)
    person.start()
    person.run()
    assert person.causes() == [("1.1-a1", "done")]
    assert record(person, 1).transcript == "beside: False"


def test_a_commit_that_holds_a_secret_is_refused_with_its_place(
    person: Person,
) -> None:
    needs_bubblewrap()
    with_worker(
        person,
        TRIES
        + LEAKING_END
        + HONEST_END.replace('sh("git", "add"', 'os.environ["MISSION_ATTEMPT"] == "1" or sh("git", "add"'),
        "required",
    )
    person.plan(PLAN)
    person.start()
    person.run()
    assert [record(person, n).detail for n in (1, 2)] == snapshot(
        [
            'its commits contain a secret: config.py:2 (MY_TOKEN); if it is not a secret, a person adds `secret_exceptions = ["config.py"]` to .mission.toml',
            "its work is on the branch of finished features",
        ]
    )
    assert TOKEN not in everything_in_git(person)
    first = record(person, 1)
    assert first.saved
    assert person.git("show", "--stat=80", "--format=%s", first.saved) == snapshot("""\
Uncommitted work of m/1.1-a1

 1.1.txt   | 1 +
 config.py | 2 ++
 2 files changed, 3 insertions(+)\
""")
    assert "config.py:2 (MY_TOKEN)" in record(person, 2).prompt
    assert TOKEN not in record(person, 2).prompt


def test_without_the_sandbox_it_is_said_and_uncommitted_edits_count_for_nothing(
    person: Person,
) -> None:
    edits = TRIES.replace('tries("move main"', '0 and tries("move main"')
    with_worker(person, edits + HONEST_END, "off")
    person.plan(PLAN)
    consent = person.mission("start", "m", "--headless").out
    assert [line for line in consent.splitlines() if "sandbox" in line] == snapshot(
        ['  sandbox  off (sandbox = "off"): workers can do what you can do on this machine']
    )
    person.run()
    assert person.causes() == [("1.1-a1", "done")]
    assert (person.repo / ".mission.toml").read_text() == "attempts = 99"
    assert person.loaded().mission.status == "completed"
    *_, said, how = person.mission("status", "m").out.splitlines()
    assert said == snapshot(
        "2 uncommitted edits: m/mission.md (modified), "
        ".mission.toml (counts once it is committed, because workers ran without a sandbox)"
    )
    assert how == f"  → git -C {person.repo}/missions commit -m 'Edit m/mission.md' -- m/mission.md"
    assert person.mission("status", "m", "--json").facts["sandbox"] == snapshot(
        'off (sandbox = "off"): workers can do what you can do on this machine'
    )
