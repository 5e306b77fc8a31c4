"""Views and commands that stop work whatever people, files and disks are like."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day

from mission_cli.adapters.proc import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person


ENDLESS = """\
print("at work", flush=True)
time.sleep(600)
"""
ONE = """\
title: One feature
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
VIEWS = (
    "status m",
    "list",
    "inbox",
    "pr m",
    "why m",
    "logs m/1.1",
    "history m",
    "show m",
    "",
    "status m --json",
    "list --json",
)


def user_file(name: str) -> Path:
    """A file of the user's settings folder."""
    place = Path(os.environ["HOME"]) / ".config/mission" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def committed(person: Person, identity: str, content: bytes) -> None:
    """A person commits a mission file with this content."""
    person.file(identity).write_bytes(content)
    person.git("commit", "--quiet", "-am", "Mine", cwd=person.repo / "missions")


def unknown_setting(person: Person) -> None:
    person.write(".mission.toml", "max_paralel_workers = 3\n" + (person.repo / ".mission.toml").read_text())


def settings_with_markers(person: Person) -> None:
    person.write(".mission.toml", "<<<<<<< ours\n" + (person.repo / ".mission.toml").read_text())


def settings_in_latin_1(person: Person) -> None:
    place = person.repo / ".mission.toml"
    place.write_bytes("# größer\n".encode("latin-1") + place.read_bytes())


def impossible_setting(person: Person) -> None:
    person.set('sandbox = "perhaps"')


def impossible_identity(person: Person) -> None:
    person.set('identity = "me"')


def user_settings(person: Person) -> None:
    del person
    user_file("config.toml").write_text("attempts = many\n")


def keys_file(person: Person) -> None:
    del person
    user_file("env").write_text("this is no key\n")


def front_matter(person: Person) -> None:
    committed(person, "m", person.file().read_bytes().replace(b"\nstatus: active", b"\nstatus: [active", 1))


def markers_in_the_file(person: Person) -> None:
    committed(person, "m", b"<<<<<<< ours\n" + person.file().read_bytes() + b">>>>>>> theirs\n")


def file_in_latin_1(person: Person) -> None:
    committed(person, "m", person.file().read_bytes() + "\ngrößer\n".encode("latin-1"))


def empty_file(person: Person) -> None:
    committed(person, "m", b"")


def unknown_status(person: Person) -> None:
    committed(person, "m", person.file().read_bytes().replace(b"\nstatus: active", b"\nstatus: actve", 1))


def another_file(person: Person) -> None:
    (person.repo / "missions/broken").mkdir()
    person.write("missions/broken/mission.md", "---\nstatus: [active\n---\n# Broken\n")
    person.git("add", "broken", cwd=person.repo / "missions")
    committed(person, "broken", b"---\nid: [\nstatus: active\n---\n# Broken\n")


def no_runner(person: Person) -> None:
    person.tables = []
    person.save_settings()


WORLDS = [
    unknown_setting,
    settings_with_markers,
    settings_in_latin_1,
    impossible_setting,
    impossible_identity,
    user_settings,
    keys_file,
    front_matter,
    markers_in_the_file,
    file_in_latin_1,
    empty_file,
    unknown_status,
    another_file,
    no_runner,
]
STOPPED_IN = [settings_with_markers, keys_file, front_matter, markers_in_the_file, empty_file, unknown_status]
NOT_WRITABLE = {front_matter, markers_in_the_file, empty_file}
"""Files into which no status can be written."""


@pytest.fixture
def at_work(person: Person) -> Person:
    """Two missions with a worker each that goes on for ten minutes."""
    person.worker(ENDLESS, deadline="900s")
    for identity in ("m", "n"):
        person.plan(ONE, identity=identity)
        person.start(identity)
    wait_for_output(person, "m/1.1-a1", "n/1.1-a1")
    return person


def wait_for_output(person: Person, *runs: str) -> None:
    """Return when the workers have said that they are at work."""
    logs = [person.runtime / "jobs" / run / "out.log" for run in runs]
    while not all(log.exists() and "at work" in log.read_text() for log in logs):
        os.sched_yield()


def test_views_show_what_they_can_whatever_a_file_is_like(at_work: Person) -> None:
    person = at_work
    settings, files = (person.repo / ".mission.toml").read_bytes(), person.file().read_bytes()
    for ctx in by_day(WORLDS, 3):
        ctx(person)
        for words in VIEWS:
            shown = person.mission(*words.split(), ok=(0, 3))
            assert len(shown.err.splitlines()) <= 1, (ctx.__name__, words, shown.err)
            assert not shown.err or shown.err.startswith("warning: "), (ctx.__name__, words, shown.err)
            assert shown.out, (ctx.__name__, words)
        (person.repo / ".mission.toml").write_bytes(settings)
        for name in ("config.toml", "env"):
            user_file(name).unlink(missing_ok=True)
        if person.file().read_bytes() != files:
            committed(person, "m", files)


@pytest.mark.parametrize("ctx", by_day(STOPPED_IN, 2), ids=lambda w: w.__name__)
def test_what_runs_is_stopped_whatever_a_file_is_like(at_work: Person, ctx: Callable[[Person], None]) -> None:
    person = at_work
    ctx(person)
    paused = person.mission("pause", "m", "--now", ok=(1,) if ctx in NOT_WRITABLE else (0,))
    if ctx in NOT_WRITABLE:
        assert paused.err.startswith("error: m could not be marked as paused: ")
        assert re.search(r"; [1-9] running jobs? of it (was|were) told to end\n", paused.err)
    else:
        assert paused.out.endswith("m is paused\n")
    person.wait_for_job("m/1.1-a1")
    said = r"STOP is set: nothing new starts, [1-9] running jobs? told to end; lift it with `mission resume --all`\n"
    assert re.fullmatch(said, person.mission("stop", "--all").out)
    person.wait_for_job("n/1.1-a1")
    assert person.mission("list").out.startswith("STOPPED since ")


def test_a_bad_variable_of_the_environment_stops_no_stop(at_work: Person) -> None:
    env = {"MISSION_ATTEMPTS": "many", "MISSION_SANDBOX": "perhaps"}
    shown = at_work.process("status", "m", env=env)
    assert (shown.code, len(shown.err.splitlines())) == (0, 2)
    assert at_work.process("pause", "m", "--now", env=env).code == 0
    at_work.wait_for_job("m/1.1-a1")
    assert at_work.process("stop", "--all", env=env).code == 0
    at_work.wait_for_job("n/1.1-a1")


STARTED = """\
"$1" -P -m mission_cli start m --headless >/dev/null
until grep -qs "at work" .git/mission/jobs/m/1.1-a1/out.log; do :; done
"""
READ_ONLY = f"{STARTED}mount --bind .git .git\nuntil mount -o remount,ro,bind .git 2>/dev/null; do :; done  # busy while a pulse writes\n"
FULL = f"""\
mkdir "$KEPT"
mount -t tmpfs -o size=8m,nr_inodes=3000 none "$KEPT"
cp -a .git "$KEPT/disk"
mount --bind "$KEPT/disk" .git
{STARTED}
dd if=/dev/zero of="$KEPT/fill" bs=1k count=100000 2>/dev/null || true
"$1" -c 'import itertools, sys
for n in itertools.count(): open(f"{{sys.argv[1]}}/{{n}}", "w")' "$KEPT" 2>/dev/null || true
"""
AND_THEN = """\
code=0
"$@" || code=$?
exec 9<.git/mission/jobs/m/1.1-a1/lock
flock 9
exit $code
"""


@pytest.mark.parametrize(
    ("disk", "words", "said"),
    by_day(
        [
            (READ_ONLY, "stop --all", "error: STOP cannot be written: "),
            (READ_ONLY, "pause m --now", "error: m could not be marked as paused: "),
            (FULL, "stop --all", ""),
            (FULL, "cancel m --yes", "error: m could not be marked as cancelled: "),
        ],
        2,
    ),
)
def test_what_runs_is_ended_where_nothing_can_be_written(person: Person, disk: str, words: str, said: str) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounts of one's own need root and unshare: run the tests as root, in a container")
    person.worker(ENDLESS, deadline="900s")
    person.plan(ONE)
    python = [sys.executable, "-P", "-m", "mission_cli"]
    command = ["unshare", "--mount", "sh", "-ec", disk + AND_THEN, "sh", *python, *words.split()]
    env = {**os.environ, "KEPT": os.fspath(person.repo.parent / "kept")}
    done = subprocess.run(command, cwd=person.repo, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith(said), "Traceback" in done.stderr) == (bool(said), True, False), (
        done
    )
    assert re.search(r"\d+ running jobs? |nothing is running", done.stderr if said else done.stdout)
    assert not scan.commanded(sys.executable, os.fspath(person.repo.parent / "script.py"))
