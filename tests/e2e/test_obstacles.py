"""An obstacle that is taken away is noticed by the very next pulse of cron, whatever it was."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import needs_bubblewrap
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST

from mission_cli import __version__
from mission_cli.fastpath import is_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person

    Back = Callable[[], object]
    """Takes an obstacle away."""

GATED = """\
with open(OUTSIDE / "gate") as gate:
    gate.read()
write(f"{FEATURE}.txt", f"{FEATURE}\\n")
commit()
"""
"""A worker that waits until somebody has written to the pipe `gate`."""
PLAN = """\
title: Many features, one after the other
budget: {time_hours: 100}
preferences: {max_parallel_workers: 1}
milestones:
"""


def user_file(name: str) -> Path:
    """A file of the user's settings folder."""
    place = Path(os.environ["HOME"]) / ".config/mission" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def later() -> str:
    """Hours of the day that are not now, and do not come soon."""
    hour = datetime.now(UTC).astimezone() + timedelta(hours=2)
    return f"{hour:%H}:00-{hour:%H}:30"


def settings(person: Person, *, closed: bool = False) -> None:
    """Write the user's settings: workers may start at no time of the next hours, or at any."""
    hours = later() if closed else ""
    program = person.repo.parent / "program"
    runner = f'[runners.script]\nkind = "command"\ncommand = ["{program}"]\nkeys = ["A_KEY"]\n'
    user_file("config.toml").write_text(f'hours = "{hours}"\n{runner}')


def renamed(place: Path) -> Back:
    """Move something away; it can be moved back."""
    away = place.with_name(f"{place.name}.away")
    place.rename(away)
    return lambda: away.rename(place)


def changed(place: Path, text: str) -> Back:
    """Write another text into a file; it can get its own again."""
    before = place.read_bytes()
    place.write_text(text)
    return lambda: place.write_bytes(before)


# What keeps a feature from being started


def a_runner_that_is_not_installed(person: Person) -> Back:
    return renamed(person.repo.parent / "program")


def a_key_that_is_missing(person: Person) -> Back:
    del person
    return changed(user_file("env"), "")


def a_keys_file_that_cannot_be_read(person: Person) -> Back:
    del person
    return changed(user_file("env"), "this is no key\n")


def settings_that_cannot_be_read(person: Person) -> Back:
    del person
    return changed(user_file("config.toml"), "hours = [\n")


def a_runner_without_settings(person: Person) -> Back:
    del person
    return changed(user_file("config.toml"), "")


def a_base_that_is_gone(person: Person) -> Back:
    person.git("branch", "--move", "main", "trunk")
    return lambda: person.git("branch", "--move", "trunk", "main")


def a_base_that_names_nothing(person: Person) -> Back:
    person.git("branch", "--move", "main", "trunk")
    person.git("symbolic-ref", "refs/heads/main", "refs/heads/gone")
    return lambda: person.git("update-ref", "refs/heads/gone", "trunk")


def a_conflict_with_the_base(person: Person) -> Back:
    at = person.git("rev-parse", "main")
    [running] = [number for number, status in person.features().items() if status == "dispatched"]
    person.commit("Theirs", **{f"{running}.txt": "theirs\n"})
    return lambda: person.git("reset", "--quiet", "--hard", at)


def a_branch_of_the_work_that_is_gone(person: Person) -> Back:
    at = person.git("rev-parse", "mission/m/work")
    person.git("branch", "--delete", "--force", "mission/m/work")
    return lambda: person.git("branch", "mission/m/work", at)


def a_file_with_an_error(person: Person) -> Back:
    state = person.repo / "missions"
    text = person.file().read_text()
    person.file().write_text(text.replace("\nstatus: active", "\nstatus: [active", 1))
    person.git("commit", "--quiet", "-am", "Mine", cwd=state)
    return lambda: person.git("revert", "--no-edit", "HEAD", cwd=state)


def a_merge_in_the_folder_of_missions(person: Person) -> Back:
    state = Path(person.git("rev-parse", "--absolute-git-dir", cwd=person.repo / "missions"))
    place = state / "MERGE_HEAD"
    place.write_text(f"{person.state_head()}\n")
    return place.unlink


def a_locked_index_of_missions(person: Person) -> Back:
    state = Path(person.git("rev-parse", "--absolute-git-dir", cwd=person.repo / "missions"))
    lock = state / "index.lock"
    lock.touch()
    return lock.unlink


def a_remote_out_of_reach(person: Person) -> Back:
    return renamed(person.repo.parent.parent / "hub.git")


def slots_that_others_have(person: Person) -> Back:
    del person
    place = Path(os.environ["HOME"]) / ".local/state/mission/slots/slot-0"
    handle = os.open(place, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return lambda: os.close(handle)


def a_stop(person: Person) -> Back:
    person.mission("stop", "--all")
    return (person.runtime / "STOP").unlink


def the_hours(person: Person) -> Back:
    settings(person, closed=True)
    return lambda: settings(person)


@dataclass(frozen=True)
class Obstacle:
    """What is put in, and what `why` says of it."""

    put: Callable[[Person], Back]
    said: str


HELD = [
    Obstacle(a_runner_that_is_not_installed, "the runner's program"),
    Obstacle(a_key_that_is_missing, "A_KEY refers to $A_KEY, which is not set"),
    Obstacle(a_keys_file_that_cannot_be_read, "env"),
    Obstacle(settings_that_cannot_be_read, "invalid TOML"),
    Obstacle(a_runner_without_settings, "there is no runner called `script`"),
    Obstacle(a_branch_of_the_work_that_is_gone, "mission/m/work"),
    Obstacle(a_file_with_an_error, "line "),
    Obstacle(a_merge_in_the_folder_of_missions, "a merge is not finished"),
    Obstacle(a_locked_index_of_missions, "index.lock"),
    Obstacle(a_remote_out_of_reach, "the remote cannot be used"),
    Obstacle(slots_that_others_have, "every worker slot of this machine is taken"),
    Obstacle(a_stop, "STOPPED since"),
    Obstacle(the_hours, "outside the hours"),
]
PARTS = 3
KEPT = [
    Obstacle(a_base_that_is_gone, "the base branch `main`"),
    Obstacle(a_conflict_with_the_base, "conflict"),
    Obstacle(a_base_that_names_nothing, "the base branch `main`"),
]


@pytest.fixture
def gate(ada: Person) -> Path:
    """A pipe: workers of the runner `script` wait until somebody has written to it."""
    program, gate = ada.repo.parent / "program", ada.repo.parent / "gate"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {ada.repo.parent / 'script.py'}\n")
    program.chmod(0o755)
    os.mkfifo(gate)
    user_file("env").write_text("A_KEY=a\n")
    ada.worker(GATED)
    ada.tables.clear()
    ada.set('remote_every = "5m"\nmachine_workers = 1')
    settings(ada)
    return gate


def let_go(person: Person, gate: Path, until: str) -> None:
    """Let the worker that waits end; return when what is left waits for this, as `why` says."""
    gate.write_text("go\n")
    for _ in range(8):
        person.rest()
        person.mission("pulse")
        said = person.mission("why", "m", ok=None).out
        if until in said:
            return
    raise AssertionError(said)


def expect(person: Person, obstacle: Obstacle, back: Back, following: str) -> None:
    """A pulse of cron starts nothing, and `why` says why; the one after the obstacle is taken away starts a feature."""
    name, job = obstacle.put.__name__, person.runtime / f"jobs/m/{following}-a1"
    person.process("pulse")
    why = person.mission("why", "m", ok=None)
    assert obstacle.said in why.out, (name, why)
    assert not job.exists(), name
    back()
    assert not is_idle(os.fspath(person.runtime), __version__), name
    pulse = person.process("pulse")
    person.let_pulses_end()  # it may have found another one at work, and left it a word
    assert job.exists(), (name, pulse, person.mission("why", "m", ok=None))


@pytest.mark.parametrize("part", by_day(range(PARTS), 1))
def test_what_keeps_a_feature_is_said_and_its_end_is_noticed_by_the_next_pulse(
    ada: Person, gate: Path, part: int
) -> None:
    obstacles = HELD[part::PARTS]
    features = ", ".join(f"{{title: t{n}}}" for n in range(len(obstacles) + 1))
    ada.plan(f"{PLAN}  - {{name: n, features: [{features}]}}\n")
    ada.start()
    for number, obstacle in enumerate(obstacles, 1):
        settings(ada, closed=True)
        let_go(ada, gate, "outside the hours")
        settings(ada)
        expect(ada, obstacle, obstacle.put(ada), f"1.{number + 1}")
    gate.write_text("go\n")


@only_at_night
@only_at_night
def test_what_keeps_a_milestone_is_said_and_its_end_is_noticed_by_the_next_pulse(ada: Person, gate: Path) -> None:
    stages = [
        f'  - {{name: n{n}, validation: ["file: `{n}.1.txt`"], features: [{{title: t{n}}}]}}\n'
        for n in range(1, len(KEPT) + 2)
    ]
    ada.plan(PLAN + "".join(stages))
    ada.start()
    for number, obstacle in enumerate(KEPT, 1):
        back = obstacle.put(ada)
        let_go(ada, gate, obstacle.said)
        expect(ada, obstacle, back, f"{number + 1}.1")
    gate.write_text("go\n")


ONE = f"{PLAN}  - {{name: n, features: [{{title: one}}]}}\n"
TOOLS = ("git", "sh", "true")
WEAK = """\
#!/bin/sh
[ -e "$0.allowed" ] || { echo "creating a new namespace failed" >&2; exit 1; }
exec bwrap "$@"
"""


def test_a_sandbox_that_is_required_is_looked_for_by_each_pulse(person: Person) -> None:
    needs_bubblewrap()
    tools = person.repo.parent / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    person.set('sandbox = "required"')
    person.tables.append('[runners.script]\nkind = "command"\ncommand = ["true"]\n')
    person.save_settings()
    person.plan(ONE)
    user_file("config.toml").write_text(f'hours = "{later()}"\n')
    person.start()
    user_file("config.toml").unlink()
    without = {"PATH": os.fspath(tools)}
    for said in ("bubblewrap is not installed", "bubblewrap does not work here: creating a new namespace failed"):
        person.process("pulse", env=without)
        why = person.process("why", "m/1.1", env=without).out
        assert f"a sandbox is required, but there is none: {said}" in why
        (tools / "bwrap").write_text(WEAK.replace("exec bwrap", f"exec {shutil.which('bwrap')}"))
        (tools / "bwrap").chmod(0o755)
    (tools / "bwrap.allowed").touch()
    pulse = person.process("pulse", env=without)
    assert (person.runtime / "jobs/m/1.1-a1").exists(), (pulse, person.process("why", "m/1.1", env=without))


PULSES = """\
"$@" start m --headless >/dev/null
rm "$HOURS"
[ ! -e "$KEPT" ] || dd if=/dev/zero of="$KEPT/fill" bs=1k count=100000 2>/dev/null || true
[ -e "$KEPT" ] || until mount -o remount,ro,bind .git 2>/dev/null; do :; done
status=0
"$@" pulse || status=$?
"$@" why m
echo "ended with $status"
"""
READ_ONLY = f"""\
mount --bind .git .git
{PULSES}
mount -o remount,rw,bind .git
"$@" pulse
"""
FULL = f"""\
mkdir "$KEPT"
mount -t tmpfs -o size=8m none "$KEPT"
cp -a .git "$KEPT/disk"
mount --bind "$KEPT/disk" .git
{PULSES}
rm "$KEPT/fill"
"$@" pulse
"""


@pytest.mark.parametrize(("disk", "said"), [(READ_ONLY, "Read-only file system"), (FULL, "No space left on device")])
def test_a_disk_that_can_be_written_again_is_noticed_by_the_next_pulse(person: Person, disk: str, said: str) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounts of one's own need root and unshare: run the tests as root, in a container")
    person.worker(HONEST)
    person.plan(ONE)
    user_file("config.toml").write_text(f'hours = "{later()}"\n')
    command = ["unshare", "--mount", "sh", "-ec", disk, "sh", sys.executable, "-P", "-m", "mission_cli"]
    there = {"KEPT": os.fspath(person.repo.parent / "kept"), "HOURS": os.fspath(user_file("config.toml"))}
    done = subprocess.run(
        command, cwd=person.repo, env={**os.environ, **there}, capture_output=True, text=True, check=False
    )
    first, _, rest = done.stdout.partition("ended with 1\n")
    assert said in first, done
    assert "attempt 1 at 1.1" in rest, done
