"""What the fakes take for synced is synced by the real ones: the kernel is asked for it before the name is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

_PROGRAM = """\
import sys
from pathlib import Path
from mission_cli.wiring.compose import open_repository
context = open_repository(Path(sys.argv[1]), create=True, ticking=False).context
base = context.code.heads("m", "main").base
{}
"""
DEEDS = {
    "work is made": ("context.code.make_work('m', base)", r"refs/heads/mission/m/work"),
    "the state is committed": (
        (
            "from mission_cli.ports.git.state import Write\n"
            "context.state.commit([Write('m/mission.md', 'x')], message='m', expect=context.state.head())"
        ),
        r"refs/heads/missions",
    ),
    "STOP is pressed": ("context.runtime.press_stop(on=True)", r"mission/STOP"),
}


COSTS = """\
import os
import time
from pathlib import Path

Path(os.environ["MISSION_USAGE"]).write_text('{"cost_usd": 1}')
print("told", flush=True)
while not Path(os.environ["GO"]).exists():
    time.sleep(0.05)
"""
SUBMIT = """\
from mission_cli.ports.executor import JobSpec, Program, Tree
program = Program(argv=(sys.executable, {script!r}), env={{"GO": {go!r}}}, agent="command")
tree = Tree(commit=base, branch="mission/m/1.1-a1")
context.executor.submit(JobSpec(key="m/1.1-a1", kind="worker", tree=tree, program=program))
context.executor.wait("m/1.1-a1")
"""


@pytest.mark.parametrize("deed", list(DEEDS))
def test_it_is_synced_before_it_has_its_name(person: Person, tmp_path: Path, deed: str) -> None:
    program, name = DEEDS[deed]
    trace = tmp_path / "trace"
    done = traced(person, trace, program)
    _, words = done.communicate()
    skip_where_nothing_can_be_traced(words)
    assert done.returncode == 0, words
    lines = trace.read_text().splitlines()
    named = next(n for n, line in enumerate(lines) if "rename" in line and re.search(rf'{name}"', line))
    source = re.search(r'"([^"]+)"', lines[named])
    assert source is not None
    assert any("sync(" in line and source[1].rpartition("/")[2] in line for line in lines[:named]), lines


def test_what_a_worker_has_cost_is_synced_while_it_is_at_work(person: Person, tmp_path: Path) -> None:
    trace, go, script = tmp_path / "trace", tmp_path / "go", tmp_path / "costs.py"
    script.write_text(COSTS)
    running = traced(person, trace, SUBMIT.format(go=os.fspath(go), script=os.fspath(script)))
    wanted = {"/1.1-a1/out.log>": False, "/1.1-a1/.bill.json.": False}
    while not all(wanted.values()) and running.poll() is None:
        lines = trace.read_text().splitlines() if trace.exists() else []
        wanted = {name: any("sync(" in line and name in line for line in lines) for name in wanted}
    go.touch()
    _, words = running.communicate()
    skip_where_nothing_can_be_traced(words)
    assert (running.returncode, wanted) == (0, dict.fromkeys(wanted, True)), words


def traced(person: Person, trace: Path, program: str) -> subprocess.Popen[str]:
    """A program with what it, and what it starts, asks the kernel to keep."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not there: install it (apt-get install strace)")
    open_repository(person.repo, create=True)
    words = ["strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,/^rename", "-o", os.fspath(trace)]
    return subprocess.Popen(
        [*words, sys.executable, "-c", _PROGRAM.format(program), os.fspath(person.repo)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).resolve().parents[2] / "src")},
    )


def skip_where_nothing_can_be_traced(words: str) -> None:
    """Say what a person can do about it."""
    if "PTRACE" in words or "ptrace" in words:
        pytest.skip("this machine does not let processes be traced: allow ptrace (--cap-add SYS_PTRACE)")
