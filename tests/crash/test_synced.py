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

from mission_cli.wiring import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

_PROGRAM = """\
import sys
from pathlib import Path
from mission_cli.wiring import open_repository
world = open_repository(Path(sys.argv[1]), create=True, ticking=False).world
base = world.code.heads("m", "main").base
{}
"""
DEEDS = {
    "work is made": ("world.code.make_work('m', base)", r"refs/heads/mission/m/work"),
    "the state is committed": (
        (
            "from mission_cli.ports.state import Write\n"
            "world.state.commit([Write('m/mission.md', 'x')], message='m', expect=world.state.head())"
        ),
        r"refs/heads/missions",
    ),
    "STOP is pressed": ("world.runtime.press_stop(on=True)", r"mission/STOP"),
}


@pytest.mark.parametrize("deed", list(DEEDS))
def test_it_is_synced_before_it_has_its_name(person: Person, tmp_path: Path, deed: str) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not there: install it (apt-get install strace)")
    open_repository(person.repo, create=True)
    program, name = DEEDS[deed]
    trace = tmp_path / "trace"
    words = ["strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,/^rename", "-o", os.fspath(trace)]
    done = subprocess.run(
        [*words, sys.executable, "-c", _PROGRAM.format(program), os.fspath(person.repo)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).resolve().parents[2] / "src")},
    )
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("this machine does not let processes be traced: allow ptrace (--cap-add SYS_PTRACE)")
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    named = next(n for n, line in enumerate(lines) if "rename" in line and re.search(rf'{name}"', line))
    source = re.search(r'"([^"]+)"', lines[named])
    assert source is not None
    assert any("sync(" in line and source[1].rpartition("/")[2] in line for line in lines[:named]), lines
