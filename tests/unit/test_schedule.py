"""Crontabs, units and environment files as texts."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mission_cli.adapters.fs.env_file import (
    make_environment,
    missing_key,
    read_environment,
)
from mission_cli.adapters.schedule import units
from mission_cli.adapters.schedule.capture import account, captured, fitted
from mission_cli.adapters.schedule.crontab import Crontab
from mission_cli.adapters.schedule.line import LONGEST, MARK, find_line, job_of, line_of, with_line, without_line
from mission_cli.domain.errors import DocumentError
from mission_cli.ports.schedule import Job

if TYPE_CHECKING:
    from pathlib import Path

JOB = Job(
    ("/opt/100% mine/bin/python", "-P", "-m", "mission_cli", "pulse", "--all", "--quiet"),
    {"PATH": "/usr/bin:/o'dd $HOME `x`", "HOME": "/home/ada"},
    "/home/ada/.local/state/mission/cron.log",
)
ODD = [
    b"",
    b"# mine\n",
    b"0 5 * * * backup",
    b"0 5 * * * backup\r\nMAILTO=ada\r\n",
    b"\n\n  # comment\n@reboot start\n\n",
    b"PATH=/nowhere\nSHELL=/bin/fish\n* * * * * date +\\%F%stdin%\n",
    b"# caf\xe9 \x00 \x0b\x0c\x85\n*/5 * * * * x # mission: not ours\n",
    f"# about {MARK} in the middle\n".encode(),
]
TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, categories=("L", "N", "P", "S", "Zs")), min_size=1
)


@pytest.mark.parametrize("crontab", ODD)
def test_every_other_line_of_a_crontab_stays_as_it_is(crontab: bytes) -> None:
    line = line_of(JOB)
    ended = crontab if not crontab or crontab.endswith(b"\n") else crontab + b"\n"
    once = with_line(crontab, line)
    assert once == line.encode() + b"\n" + ended
    assert with_line(once, line) == once
    assert with_line(once.replace(b"/home/ada", b"/home/eve"), line) == once
    assert without_line(once) == ended
    assert without_line(crontab) == crontab


@given(st.binary())
def test_whatever_a_crontab_holds_it_holds_afterwards(crontab: bytes) -> None:
    line = line_of(JOB)
    assert without_line(with_line(crontab, line)) in {crontab, crontab + b"\n"}


def test_the_line_of_a_crontab() -> None:
    assert line_of(JOB) == snapshot(
        "* * * * * PATH='/usr/bin:/o'\"'\"'dd $HOME `x`' HOME=/home/ada '/opt/100\\% mine/bin/python' -P -m mission_cli pulse --all --quiet >>/home/ada/.local/state/mission/cron.log 2>&1 # mission: `mission cron remove` takes this line away"
    )


@given(TEXTS, TEXTS)
def test_what_is_written_into_a_line_or_a_unit_is_read_back(folder: str, value: str) -> None:
    job = Job((f"/{folder}", "pulse", "--all"), {"PATH": f"/{value}", "TZ": value}, f"/{folder}/cron.log")
    found = find_line(with_line(b"# mine\n", line_of(job)))
    assert found is not None
    assert found.live
    assert job_of(found.command) == job
    assert units.job_of(units.service_of(job)) == job


def test_a_line_that_somebody_switched_off_or_changed() -> None:
    line = line_of(JOB)
    off = find_line(f"#{line}\n".encode())
    assert off is not None
    assert not off.live
    spaced = find_line(line.replace("* * * * *", "  */2   *\t* * *  ").encode() + b" \r\n")
    assert spaced is not None
    assert job_of(spaced.command) == JOB
    assert job_of("PATH='/usr/bin") is None


def test_a_path_that_is_too_long_loses_what_no_program_is_in(tmp_path: Path) -> None:
    folders = [tmp_path / f"{n:03}-{'x' * 60}" for n in range(30)]
    for folder in folders:
        folder.mkdir()
    agent = folders[20] / "agent"
    agent.write_text("")
    agent.chmod(0o755)
    path = ":".join([*map(os.fspath, folders), "/usr/bin", "relative", os.fspath(tmp_path / "gone"), "/usr/bin"])
    found = captured({"PATH": path, "HOME": "/home/ada", "TZ": "UTC", "SECRET_KEY": "x"}, "/home/ada")
    assert found == {"PATH": ":".join([*map(os.fspath, folders), "/usr/bin"]), "TZ": "UTC"}
    job, left_out = fitted(Job(("/usr/bin/python3",), found, "/log"), ["agent", "no-such-program"])
    kept = job.set["PATH"].split(":")
    assert len(line_of(job)) <= LONGEST
    assert {os.fspath(folders[20]), os.fspath(folders[0]), "/usr/bin"} <= set(kept)
    assert sorted([*kept, *left_out]) == sorted(found["PATH"].split(":"))


def test_the_units_of_systemd(tmp_path: Path) -> None:
    assert units.service_of(JOB) == snapshot("""\
# made by `mission cron install --with systemd`; `mission cron remove` removes it
[Unit]
Description=One pulse over all repositories with missions

[Service]
Type=oneshot
KillMode=process
Environment="PATH=/usr/bin:/o'dd $HOME `x`"
Environment="HOME=/home/ada"
ExecStart=/usr/bin/env "/opt/100%% mine/bin/python" "-P" "-m" "mission_cli" "pulse" "--all" "--quiet"
StandardOutput=append:/home/ada/.local/state/mission/cron.log
StandardError=append:/home/ada/.local/state/mission/cron.log
""")
    assert units.timer() == snapshot("""\
# made by `mission cron install --with systemd`; `mission cron remove` removes it
[Unit]
Description=Every minute a pulse over all repositories with missions

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
""")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt install systemd")
    program = tmp_path / '100% "mine"'
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    job = Job((os.fspath(program), "$HOME"), JOB.set, os.fspath(tmp_path / "a%b.log"))
    for name, text in ((units.SERVICE, units.service_of(job)), (units.TIMER, units.timer())):
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--user",
            "--man=no",
            *(os.fspath(tmp_path / n) for n in (units.SERVICE, units.TIMER)),
        ],
        env={**os.environ, "XDG_RUNTIME_DIR": os.fspath(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_environment_file_is_made_once_and_read_without_a_shell(tmp_path: Path) -> None:
    place = tmp_path / "config/env"
    assert make_environment(place)
    assert place.stat().st_mode & 0o777 == 0o600
    assert read_environment(place) == {}
    place.write_text('# c\n\nexport A = $(date) # no comment\nB=\'x = "y"\'\nC=""\n D=1\r\n')
    assert not make_environment(place)
    assert read_environment(place) == {"A": "$(date) # no comment", "B": 'x = "y"', "C": "", "D": "1"}
    assert read_environment(tmp_path / "none") == {}
    place.write_text("A=1\nsk-ant-oops\n")
    with pytest.raises(DocumentError) as error:
        read_environment(place)
    assert error.value.message == f"{place}:2:1: this line is not NAME=value"


def test_a_reference_to_a_key_that_leads_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "env"
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "key").write_text("k\n")
    around = {"HAVE": "1", "EMPTY": "", "HOME": os.fspath(tmp_path)}
    good = {"A": "env:HAVE", "B": f"file:{tmp_path / 'key'}", "C": "file:~/key", "D": "plain"}
    assert missing_key(good, around, file) is None
    for value in ("env:NONE", "env:EMPTY", f"file:{tmp_path / 'empty'}", "file:~/none"):
        assert missing_key({**good, "K": value}, around, file) is not None


def test_a_view_reads_the_crontab_again_when_it_may_have_changed(tmp_path: Path) -> None:
    table, calls, spool, now = tmp_path / "table", tmp_path / "calls", tmp_path / "spool", [0.0]
    program = tmp_path / "crontab"
    program.write_text(f'#!/bin/sh\necho >> "{calls}"\ncat "{table}"\n')
    program.chmod(0o755)
    spool.mkdir()
    table.write_text(f"{line_of(JOB)}\n")
    names = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    known = Crontab(names, account(), spools=[os.fspath(spool)], clock=lambda: now[0])
    unknown = Crontab(names, account(), spools=[], clock=lambda: now[0])

    def read(crontab: Crontab) -> tuple[bool, int]:
        before = len(calls.read_text()) if calls.exists() else 0
        found = crontab.installed()
        return found is not None, len(calls.read_text()) - before

    assert [read(known), read(known), read(unknown), read(unknown)] == [(True, 1), (True, 0), (True, 1), (True, 0)]
    now[0] += 2
    assert [read(known), read(unknown)] == [(True, 0), (True, 1)]
    table.write_text("")
    (spool / "ada").write_text("")
    assert [read(known), read(unknown)] == [(False, 1), (True, 0)], "one knows of the change, and one looked just now"
    now[0] += 2
    assert [read(known), read(unknown)] == [(False, 0), (False, 1)]
    now[0] += 20
    assert read(known) == (False, 1)
