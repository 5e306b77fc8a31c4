"""The program for hosts: the same bytes each time, complete in itself, and without anything that is not in Python."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.hosts.ssh import placing
from mission_cli.adapters.executors.remote.node.main import node
from mission_cli.adapters.executors.remote.ship import make_program, program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EVERYTHING = """\
import pkgutil, sys
import mission_cli
assert mission_cli.__file__.startswith(sys.argv[1]), mission_cli.__file__
names = [one.name for one in pkgutil.walk_packages(mission_cli.__path__, "mission_cli.")]
parts = ("supervise", "executors.local", "executors.jobs", "executors.sandbox", "executors.remote.node", "git", "agents")
for name in names:
    if any(f".{part}" in name for part in parts) and not name.endswith("__main__"):
        __import__(name)
from mission_cli.adapters.agents import AGENTS
assert all(AGENTS[name] for name in AGENTS)
from mission_cli.adapters.secrets.screen import SecretRules
assert SecretRules({}).kind("sk-ant-" + "a1B2" * 8) == "Anthropic key"
print(sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"mission_cli"}))
"""

LITTLE = 'ulimit -f 16; exec "$@"'
"""As on a full disk: no file can be longer than 8 or 16 KiB."""


def test_nothing_half_stays_where_a_disk_is_full(tmp_path: Path) -> None:
    packed = tmp_path / "mission.pyz"
    packed.write_bytes(make_program())
    root = tmp_path / "root"
    argv = ["/bin/sh", "-c", LITTLE, "sh", sys.executable, "-I"]
    words = [os.fspath(packed), "_node", "--root", os.fspath(root), "run", "c", "m/1.1-a1", "x"]
    done = subprocess.run([*argv, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, [*(root / "program").iterdir()]) == (1, [])
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    placed = [*argv, placing.__file__, os.fspath(root), "mission-0af.pyz", digest]
    assert subprocess.run(placed, input=packed.read_bytes(), capture_output=True, check=False).returncode == 1
    assert [path.name for path in root.iterdir()] == ["program"]


def test_the_program_is_put_there_after_the_folder_was_removed(tmp_path: Path) -> None:
    root, digest = tmp_path / "cache" / "mission", hashlib.sha256(b"a program").hexdigest()
    argv = [sys.executable, "-I", "-S", placing.__file__, os.fspath(root), "mission-0af.pyz", digest]
    for packed, said in ((b"", b"missing"), (b"a program", b"here"), (b"", b"here")):
        assert subprocess.run(argv, input=packed, capture_output=True, check=True).stdout == said
    assert (root.stat().st_mode & 0o777, (root / "mission-0af.pyz").read_bytes()) == (0o700, b"a program")


def test_the_program_is_the_same_each_time_and_made_once(tmp_path: Path) -> None:
    packed, digest = program(tmp_path)
    assert packed == make_program()
    [kept] = tmp_path.glob("program-*.pyz")
    kept.write_bytes(b"kept")
    assert program(tmp_path)[0] == b"kept"
    assert len(digest) == 32


def test_the_program_imports_nothing_but_python_and_itself(tmp_path: Path) -> None:
    packed, digest = program(tmp_path)
    place = tmp_path / "mission.pyz"
    place.write_bytes(packed)
    words = ["-I", "-S", os.fspath(place), "_node", "--root", os.fspath(tmp_path / "root"), "run", "c", "../x", "url"]
    said = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (1, "these are not the names of a job\n")
    home = tmp_path / "root/program" / digest
    code = f"import sys; sys.path.insert(0, sys.argv[1])\n{EVERYTHING}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, home], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1:], done.stderr) == (["['__main__']"], "")


def test_a_command_that_cannot_be_carried_out_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--root", os.fspath(tmp_path / "root")]
    assert node([*root, "dance"]) == 2
    assert node([*root, "run", "clone", "../../etc", "url"]) == 1
    assert node([*root, "run", "clone", "m/1.1-a1", "--upload-pack=x"]) == 1
    names = "these are not the names of a job\n"
    assert capsys.readouterr().err == f"unknown command: --root {root[1]} dance\n{names}{names}"
