"""A mission moves by cron alone, and where cron cannot work, `status` and `doctor` say what to do."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST, make_person
from tests.kit.rooms import open_room

import mission_cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Answer, Person
    from tests.kit.rooms import Room

PLAN = """\
title: Two files
budget: {money_usd: 4}
preferences: {max_parallel_workers: 1, land: auto}
milestones:
  - name: Files
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""
KEYED = """\
if FEATURE == "1.1":
    (OUTSIDE / "arrived").write_text(os.environ["WORKER_KEY"])
"""
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin"
UNDER_ENV_I = {"HOME": "/root", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def room(person: Person) -> Iterator[Room]:
    """A room with a cron of its own."""
    with open_room(person.repo) as found:
        yield found


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Path]:
    """A folder on this shell's PATH that no cron would know of, with a name that cron and shells trip over."""
    folder = tmp_path / "100% 'odd' tools"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{_SYSTEM_PATH}")
        yield folder


def keyed_worker(person: Person, tools: Path, *sources: str) -> None:
    """A runner whose program is found by PATH only, and whose key is in the environment file only."""
    person.worker(*sources)
    program = tools / "agent-of-mine"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{person.repo.parent / "script.py"}"\n')
    program.chmod(0o755)
    env = '{WORKER_KEY = "env:KEY_FOR_CRON"}'
    person.tables = [f'[runners.script]\nkind = "command"\ncommand = ["agent-of-mine"]\nenv = {env}\n']
    person.save_settings()


def keep_key(value: str) -> Path:
    """Put the key into the environment file."""
    place = Path(os.environ["HOME"]) / ".config/mission/env"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"# keys\nKEY_FOR_CRON={value}\n")
    place.chmod(0o600)
    return place


@contextmanager
def nobody_else_ticks(person: Person) -> Iterator[None]:
    """Hold the lock of the loop: a pulse leaves a kick and goes."""
    person.runtime.mkdir(exist_ok=True)
    with (person.runtime / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def until_completed(person: Person) -> None:
    """Return when the mission is completed; whoever moves it, we don't."""
    while str(person.loaded().mission.status) != "completed":
        person.rest()


def planned(person: Person, tools: Path) -> None:
    """A mission that is planned, and whose worker says with which key it works."""
    os.mkfifo(person.repo.parent / "arrived")
    keyed_worker(person, tools, KEYED, HONEST)
    keep_key("'100% secret'")
    person.plan(PLAN)


def shown(person: Person, text: str, *more: tuple[str, str]) -> str:
    """A text without what differs from run to run."""
    for old, new in (
        *more,
        (os.environ["PATH"], "PATH"),
        (os.environ["HOME"], "HOME"),
        (os.fspath(person.repo.parent), "TMP"),
        (sys.executable, "PYTHON"),
    ):
        text = text.replace(old, new)
    text = re.sub(r"(git +)[\d.]+, \S+", r"\1VERSION, PLACE", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?( UTC)?", "TIME", text)


@only_at_night
@pytest.mark.timeout(240)
def test_debians_cron_brings_a_mission_from_planned_to_completed(person: Person, room: Room, tools: Path) -> None:
    planned(person, tools)
    assert room.mission("cron", "install", "--with", "cron").code == 0
    with nobody_else_ticks(person):
        person.start()
    assert person.starts() == []
    room.start_cron()
    assert (person.repo.parent / "arrived").read_text() == "100% secret"
    until_completed(person)
    assert person.starts() == ["m/1.1-a1", "m/1.2-a1"]
    assert (person.repo / "1.2.txt").read_text() == "1.2 by attempt 1\n"
    answer = room.mission("cron", "status")
    assert answer.code == 0, answer
    assert (Path(os.environ["HOME"]) / ".local/state/mission/cron.log").read_text() == ""


def test_under_env_i_the_installed_line_does_a_mission_without_a_hand(person: Person, room: Room, tools: Path) -> None:
    planned(person, tools)
    with nobody_else_ticks(person):
        person.start()
    assert person.starts() == []
    answer = room.mission("cron", "install", "--with", "cron")
    assert answer.code == 0, answer
    assert (person.repo.parent / "arrived").read_text() == "100% secret"
    until_completed(person)
    assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done")]
    line = room.crontab().decode()
    assert line.startswith("* * * * * PATH='" + os.fspath(tools).replace("%", r"\%").replace("'", "'\"'\"'"))
    assert "secret" not in line
    idle = room.run(
        "/usr/bin/env", "-i", *(f"{k}={v}" for k, v in UNDER_ENV_I.items()), "/bin/sh", "-c", shell_command(line)
    )
    assert (idle.code, idle.out, idle.err) == (0, "", "")


def shell_command(line: str) -> str:
    """What cron hands to the shell."""
    return line.rstrip("\n").removeprefix("* * * * * ").replace(r"\%", "%")


CHANGED_MEANWHILE = 4
"""Its hint is to try again."""


def test_install_status_and_remove_say_what_they_do(person: Person, room: Room, tools: Path) -> None:
    before = b'# mine\nMAILTO=""\nPATH=/nowhere\n# dos\r\n17 3 * * * date +\\%F >/dev/null # 5 % \xe9\n\n'
    room.write_crontab(before)
    person.mission("init")
    assert tools.is_dir()
    answer = room.mission("cron", "install")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("error: no schedule works here: cron: no cron daemon is running; systemd: ")
    assert answer.err.endswith("\n hint: start cron, or run pulses in the background: mission run --detach\n")
    assert "→ mission run --detach\n" in room.mission("cron", "status").out
    assert room.crontab() == before
    room.start_frozen_cron()
    answer = next(a for a in (room.mission("cron", "install") for _ in range(3)) if a.code != CHANGED_MEANWHILE)
    assert answer.code == 0, answer
    assert shown(person, answer.out) == snapshot("""\
tested in the environment of cron: it works. From now on it runs every minute:
* * * * * PATH='TMP/100\\% '"'"'odd'"'"' tools:/usr/local/bin:/usr/bin:/bin:/usr/sbin' HOME=HOME LANG=C.UTF-8 TZ=UTC PYTHON -P -m mission_cli pulse --all --quiet >>HOME/.local/state/mission/cron.log 2>&1 # mission: `mission cron remove` takes this line away
keys: HOME/.config/mission/env (created, readable only for you: put keys for agents there)
""")
    assert room.crontab().split(b"\n", 1)[1] == before
    assert shown(person, room.mission("cron", "status").out) == snapshot("""\
* * * * * PATH='TMP/100\\% '"'"'odd'"'"' tools:/usr/local/bin:/usr/bin:/bin:/usr/sbin' HOME=HOME LANG=C.UTF-8 TZ=UTC PYTHON -P -m mission_cli pulse --all --quiet >>HOME/.local/state/mission/cron.log 2>&1 # mission: `mission cron remove` takes this line away
ok       cron   PYTHON -P -m mission_cli pulse --all --quiet
ok       pulse  the last one ran less than 5 min ago
everything is ok
""")
    key_file = Path(os.environ["HOME"]) / ".config/mission/env"
    assert key_file.stat().st_mode & 0o777 == 0o600
    key_file.write_text("A=1\n")
    assert shown(person, room.mission("cron", "install").out).splitlines()[-1] == snapshot(
        "keys: HOME/.config/mission/env (unchanged)"
    )
    assert key_file.read_text() == "A=1\n"
    assert room.mission("cron", "remove").out == snapshot("cron: removed; running workers continue\n")
    assert room.crontab() == before
    assert room.mission("cron", "remove").out == snapshot("nothing was installed\n")
    answer = room.mission("cron", "status")
    assert (answer.code, answer.out) == snapshot(
        (
            1,
            """\
warning  schedule  nothing starts pulses: missions advance only when a worker ends or you run `mission pulse` or `run`
                   → mission cron install
0 wrong, 1 warning
""",
        )
    )


def test_a_line_that_does_not_work_is_not_installed(person: Person, room: Room, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    python = os.fspath(tmp_path / "venv/bin/python")
    here = [os.fspath(Path(mission_cli.__file__).parents[1]), sysconfig.get_path("purelib")]
    room.start_frozen_cron()
    room.write_crontab(b"# mine\n")
    only_here = {**os.environ, "PYTHONPATH": ":".join(here)}
    answer = room.run(python, "-P", "-m", "mission_cli", "cron", "install", env=only_here)
    assert (answer.code, answer.out) == (1, "")
    assert shown(person, answer.err) == snapshot("""\
error: a trial run of the scheduled pulse ended with 1: TMP/venv/bin/python: No module named mission_cli
 hint: nothing was changed; fix that and try again (details: mission doctor --as-cron)
""")
    assert room.crontab() == b"# mine\n"
    assert room.mission("cron", "status").code == 1


def waiting(person: Person, room: Room, tools: Path) -> None:
    """A mission that is active, and a cron that was installed and does not tick just now."""
    keyed_worker(person, tools, HONEST)
    keep_key("secret")
    person.plan(PLAN)
    room.start_frozen_cron()
    assert room.mission("cron", "install").code == 0
    with nobody_else_ticks(person):
        person.start()


def tick(room: Room) -> Answer:
    """What cron would do."""
    return room.run("/bin/sh", "-c", shell_command(room.crontab().decode()), env=UNDER_ENV_I)


def below(status: str) -> str:
    """What stands below the budget."""
    return "\nsandbox:" + status.partition("\nsandbox:")[2]


def looks(person: Person, room: Room, *more: tuple[str, str]) -> dict[str, str]:
    """What `status`, `doctor` and `doctor --as-cron` say, without the picture of the plan."""
    status = below(room.mission("status", "m").out)
    here = room.mission("doctor", "--offline")
    there = room.mission("doctor", "--offline", "--as-cron")
    texts = {"status": status, "doctor": f"{here.code}\n{here.out}", "as cron": f"{there.code}\n{there.out}{there.err}"}
    return {name: shown(person, text, *more) for name, text in texts.items()}


@only_at_night
def test_a_broken_path_under_cron(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    line = re.sub(r"PATH=.*? HOME=", "PATH=/usr/bin:/bin HOME=", room.crontab().decode())
    room.write_crontab(line.encode())
    assert tick(room).code == 0
    found = looks(person, room)
    assert found["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

cron: as cron starts it, the runner's program `agent-of-mine` is not on PATH
  → mission cron install (it takes over the PATH of this shell)
""")
    assert found["doctor"] == snapshot("""\
1
ok       git            VERSION, PLACE
ok       identity       Ada <ada@example.org>
ok       clock          TIME
ok       keys           HOME/.config/mission/env
ok       cron           PYTHON -P -m mission_cli pulse --all --quiet
ok       pulse          the last one ran less than 5 min ago
warning  sandbox        off (sandbox = "off"): workers can do what you can do on this machine
ok       room           enough memory and disk for a worker
ok       tools          `mission mcp` serves agents, and workers have none (mcp.workers)
ok       state          1 mission
ok       runner script  TMP/100% 'odd' tools/agent-of-mine
wrong    runner script  as cron starts it, the runner's program `agent-of-mine` is not on PATH
                        → mission cron install (it takes over the PATH of this shell)
1 wrong, 1 warning
""")
    assert found["as cron"] == snapshot("""\
1
ok       git            VERSION, PLACE
ok       identity       Ada <ada@example.org>
ok       clock          TIME
ok       keys           HOME/.config/mission/env
ok       cron           PYTHON -P -m mission_cli pulse --all --quiet
ok       pulse          the last one ran less than 5 min ago
warning  sandbox        off (sandbox = "off"): workers can do what you can do on this machine
ok       room           enough memory and disk for a worker
ok       tools          `mission mcp` serves agents, and workers have none (mcp.workers)
ok       state          1 mission
wrong    runner script  the runner's program `agent-of-mine` is not on PATH
                        → install it, or fix .mission.toml
1 wrong, 1 warning
checked in the environment of cron, with PATH=/usr/bin:/bin
put keys into HOME/.config/mission/env; `mission cron install` copies the PATH of this shell
""")


@only_at_night
def test_a_path_under_cron_without_git(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    line = re.sub(r"PATH=.*? HOME=", "PATH=/nowhere HOME=", room.crontab().decode())
    room.write_crontab(line.encode())
    assert tick(room).code == 1
    found = looks(person, room)
    assert found["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

cron: as cron starts it, the runner's program `agent-of-mine` is not on PATH
  → mission cron install (it takes over the PATH of this shell)

the last pulse failed: `git` was not found
  → install git, or put it on PATH
""")
    assert found["as cron"] == snapshot("""\
1
wrong    git         `git` was not found
                     → install git, or put it on PATH
wrong    identity    `git` was not found
                     → install git, or put it on PATH
ok       clock       TIME
ok       keys        HOME/.config/mission/env
ok       cron        PYTHON -P -m mission_cli pulse --all --quiet
warning  cron        folders of its PATH no longer exist: /nowhere
                     → mission cron install
ok       pulse       the last one ran less than 5 min ago
wrong    repository  `git` was not found
                     → install git, or put it on PATH
3 wrong, 1 warning
checked in the environment of cron, with PATH=/nowhere
put keys into HOME/.config/mission/env; `mission cron install` copies the PATH of this shell
""")
    assert room.mission("cron", "install").code == 0
    assert "the last pulse failed" not in room.mission("status", "m").out


@only_at_night
def test_a_missing_key(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    keep_key("")
    assert tick(room).code == 0
    found = looks(person, room)
    assert found["status"] == snapshot("""\

Waiting for you
  1.1: WORKER_KEY refers to $KEY_FOR_CRON, which is not set
    put KEY_FOR_CRON=… into HOME/.config/mission/env

sandbox: off (sandbox = "off"): workers can do what you can do on this machine
""")
    assert found["doctor"] == snapshot("""\
1
ok       git            VERSION, PLACE
ok       identity       Ada <ada@example.org>
ok       clock          TIME
ok       keys           HOME/.config/mission/env
ok       cron           PYTHON -P -m mission_cli pulse --all --quiet
ok       pulse          the last one ran less than 5 min ago
warning  sandbox        off (sandbox = "off"): workers can do what you can do on this machine
ok       room           enough memory and disk for a worker
ok       tools          `mission mcp` serves agents, and workers have none (mcp.workers)
ok       state          1 mission
wrong    runner script  WORKER_KEY refers to $KEY_FOR_CRON, which is not set
                        → put KEY_FOR_CRON=… into HOME/.config/mission/env
1 wrong, 1 warning
""")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY_FOR_CRON", "only in this shell")
        again = shown(person, room.mission("cron", "install").out)
        assert again.partition("(unchanged)\n")[2] == snapshot("""\
wrong    cron  as cron starts it, WORKER_KEY refers to $KEY_FOR_CRON, which is not set
               → put KEY_FOR_CRON=… into HOME/.config/mission/env
1 wrong, 0 warnings
""")
        assert looks(person, room)["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

cron: as cron starts it, WORKER_KEY refers to $KEY_FOR_CRON, which is not set
  → put KEY_FOR_CRON=… into HOME/.config/mission/env
""")


@only_at_night
def test_an_agent_that_is_gone(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    (tools / "agent-of-mine").unlink()
    found = looks(person, room)
    assert found["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

runner: the runner's program `agent-of-mine` is not on PATH
  → install it, or fix .mission.toml
""")
    assert tick(room).code == 0
    found = looks(person, room)
    assert found["status"] == snapshot("""\

Waiting for you
  1.1: the runner's program `agent-of-mine` is not on PATH
    install it, or fix .mission.toml

sandbox: off (sandbox = "off"): workers can do what you can do on this machine
""")
    assert found["as cron"] == snapshot("""\
1
ok       git            VERSION, PLACE
ok       identity       Ada <ada@example.org>
ok       clock          TIME
ok       keys           HOME/.config/mission/env
ok       cron           PYTHON -P -m mission_cli pulse --all --quiet
ok       pulse          the last one ran less than 5 min ago
warning  sandbox        off (sandbox = "off"): workers can do what you can do on this machine
ok       room           enough memory and disk for a worker
ok       tools          `mission mcp` serves agents, and workers have none (mcp.workers)
ok       state          1 mission
wrong    runner script  the runner's program `agent-of-mine` is not on PATH
                        → install it, or fix .mission.toml
1 wrong, 1 warning
checked in the environment of cron, with PATH=PATH
put keys into HOME/.config/mission/env; `mission cron install` copies the PATH of this shell
""")


@only_at_night
def test_a_cron_that_has_gone_silent(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    sign = Path(os.environ["HOME"]) / ".local/state/mission/ticked"
    long_ago = sign.stat().st_mtime - 7200
    os.utime(sign, (long_ago, long_ago))
    found = looks(person, room)
    assert found["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

cron: it has not started a pulse for 2 h
  → mission doctor --as-cron
""")
    assert found["doctor"] == snapshot("""\
1
ok       git            VERSION, PLACE
ok       identity       Ada <ada@example.org>
ok       clock          TIME
ok       keys           HOME/.config/mission/env
ok       cron           PYTHON -P -m mission_cli pulse --all --quiet
wrong    pulse          the last one ran 2 h ago; one is due every minute
                        → check that cron is running; its log is HOME/.local/state/mission/cron.log
warning  sandbox        off (sandbox = "off"): workers can do what you can do on this machine
ok       room           enough memory and disk for a worker
ok       tools          `mission mcp` serves agents, and workers have none (mcp.workers)
ok       state          1 mission
ok       runner script  TMP/100% 'odd' tools/agent-of-mine
1 wrong, 1 warning
""")
    long_ahead = long_ago + 14400 + 90
    os.utime(sign, (long_ahead, long_ahead))
    assert " behind the last pulse\n" in room.mission("doctor", "--offline").out
    os.utime(sign, (long_ago, long_ago))
    room.write_crontab(b"#" + room.crontab())
    assert looks(person, room)["status"] == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

cron: the entry is disabled: #* * * * * PATH='TMP/100\\% '"'"'odd'"'"' tools:/usr/local/bin:/usr/bin:/bin:/usr/sbin' HOME=HOME LANG=C.UTF-8 TZ=UTC PYTHON -P -m mission_cli pulse --all --quiet >>HOME/.local/state/mission/cron.log 2>&1 # mission: `mission cron remove` takes this line away
  → mission cron install
""")


def test_doctor_as_json(person: Person, room: Room, tools: Path) -> None:
    waiting(person, room, tools)
    facts = room.mission("doctor", "--offline", "--json").facts
    assert (facts["schema"], facts["ok"], facts["cost"]) == (1, True, "")
    assert [f["subject"] for f in facts["findings"]] == snapshot(
        ["git", "identity", "clock", "keys", "cron", "pulse", "sandbox", "room", "tools", "state", "runner script"]
    )
    assert facts["findings"][-1] == {
        "level": "ok",
        "subject": "runner script",
        "words": os.fspath(tools / "agent-of-mine"),
        "todo": "",
    }
    assert room.mission("cron", "status", "--json").facts["installed"]["kind"] == "cron"


@only_at_night
def test_one_repository_never_stops_another(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    broken, vanished, emptied = (make_person(tmp_path / name) for name in ("broken", "vanished", "emptied"))
    for other in (broken, vanished, emptied):
        other.mission("init")
    (broken.repo / ".mission.toml").write_text("nonsense = 1\n")
    vanished.repo.rename(tmp_path / "moved")
    for entry in (emptied.repo / ".git").iterdir():
        entry.rename(tmp_path / f"was-{entry.name}")
    (emptied.repo / ".git").rmdir()
    with nobody_else_ticks(person):
        person.start()
    answer = person.process("pulse", "--all", "--quiet")
    assert answer.code == 1
    assert shown(person, answer.err) == snapshot("""\
TMP/broken: error: TMP/broken/.mission.toml:1:1: unknown setting `nonsense`
 hint: known are state, max_parallel_workers, sandbox, network, machine_workers, sandbox_read, sandbox_write, stuck_after, stall_after, max_steps, trees, remote, remote_every, protect, secret_exceptions, max_file_mib, hours, notify, attempts, validation_rounds, retry_delays, outage_delays, check_timeout, plan_max_usd, plan_deadline, request_lifetime, lost_grace, full_look, agree_after, min_free_memory_mib, min_free_disk_mib, identity, tree, runners
TMP/emptied is no longer a repository with missions: pulses will ignore it
TMP/vanished is no longer a repository with missions: pulses will ignore it
""")
    until_completed(person)
    again = person.process("pulse", "--all", "--quiet")
    assert shown(person, again.err) == snapshot("""\
TMP/broken: error: TMP/broken/.mission.toml:1:1: unknown setting `nonsense`
 hint: known are state, max_parallel_workers, sandbox, network, machine_workers, sandbox_read, sandbox_write, stuck_after, stall_after, max_steps, trees, remote, remote_every, protect, secret_exceptions, max_file_mib, hours, notify, attempts, validation_rounds, retry_delays, outage_delays, check_timeout, plan_max_usd, plan_deadline, request_lifetime, lost_grace, full_look, agree_after, min_free_memory_mib, min_free_disk_mib, identity, tree, runners
""")
    assert "unknown setting `nonsense`" in person.process("status", "--repo", os.fspath(broken.repo)).err
    trouble = (broken.repo / ".git/mission/trouble.json").read_text()
    assert "nonsense" in trouble


def test_an_idle_pulse_on_all_imports_nothing_and_leaves_a_sign(person: Person) -> None:
    person.mission("init")
    person.mission("pulse")
    argv = [sys.executable, "-P", "-X", "importtime", "-m", "mission_cli", "pulse", "--all", "--quiet"]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
    modules = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    ours = [m for m in modules if m.startswith("mission_cli")]
    assert (done.returncode, done.stdout, ours) == (0, "", ["mission_cli", "mission_cli.fastpath"])
    assert not {"subprocess", "typer", "rich"} & set(modules)
    assert (Path(os.environ["HOME"]) / ".local/state/mission/ticked").exists()


def test_something_is_due_and_nobody_ticks(person: Person) -> None:
    person.set('retry_delays = ["1h"]')
    person.worker("pass\n")
    person.plan(PLAN)
    person.start()
    person.rest()
    while person.causes() != [("1.1-a1", "noop")]:
        person.rest()
    person.rest()
    assert "a pulse has been due" not in person.mission("status", "m").out
    place = person.runtime / "idle.json"
    signature = json.loads(place.read_text())
    place.write_text(json.dumps({**signature, "wake": time.time() - 3665}))
    assert below(person.mission("status", "m").out) == snapshot("""\

sandbox: off (sandbox = "off"): workers can do what you can do on this machine

pulse: no pulse is scheduled on this machine
  → mission cron install, or in the background: mission run --detach m
""")
    assert person.mission("status", "m", "--json").facts["pulse"] == snapshot(
        [
            {
                "level": "warning",
                "subject": "pulse",
                "words": "no pulse is scheduled on this machine",
                "todo": "mission cron install, or in the background: mission run --detach m",
            }
        ]
    )
