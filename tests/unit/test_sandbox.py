"""The sandbox is one, for root too: what a job finds inside of it of home, checkout, keys and network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from tests.kit.agents import needs_bubblewrap

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
from mission_cli.adapters.executors.sandbox.choose import find_sandbox, ways_out
from mission_cli.adapters.executors.sandbox.sandbox import Room, wrap
from mission_cli.adapters.executors.supervise.git_settings import write_settings
from mission_cli.adapters.executors.supervise.job_environment import environment_of
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import JobSpec, Program, SandboxAccess, Tree
from mission_cli.settings import RunnerSettings, TreeSettings, parse


def inside(tmp_path: Path, script: str, *scratch: str, **more: Any) -> str:
    """Run a shell script in a room; return what it printed."""
    needs_bubblewrap()
    tree, objects = tmp_path / "tree", tmp_path / "objects"
    tree.mkdir()
    objects.mkdir()
    room = Room(tree, objects, Path(os.environ["HOME"]), scratch=scratch, copies=tmp_path / "copies")
    argv = wrap(find_sandbox(os.environ["PATH"]).command, ["/bin/sh", "-ec", script], replace(room, **more))
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_settings_that_a_person_has_not_are_not_there_and_can_be_made(tmp_path: Path) -> None:
    script = "ls -A ~; echo made > ~/.agent.json; cat ~/.agent.json"
    assert inside(tmp_path, script, ".agent", ".agent.json") == "made\n"
    assert not (Path.home() / ".agent.json").exists()


def test_settings_of_a_person_are_read_and_changes_to_them_vanish(tmp_path: Path) -> None:
    (Path.home() / ".agent.json").write_text("theirs\n")
    script = "cat ~/.agent.json; echo ours > ~/.agent.json; cat ~/.agent.json"
    assert inside(tmp_path, script, ".agent.json") == "theirs\nours\n"
    assert (Path.home() / ".agent.json").read_text() == "theirs\n"


def test_a_process_inside_does_not_get_out_and_the_answer_is_kept(tmp_path: Path) -> None:
    needs_bubblewrap()
    note = tmp_path / "state/sandbox.json"
    found = find_sandbox(os.environ["PATH"], note)
    assert found.command
    assert ways_out(found.command, os.environ["PATH"]) == []
    written = note.stat().st_mtime_ns
    assert find_sandbox(os.environ["PATH"], note) == found
    assert note.stat().st_mtime_ns == written


@pytest.mark.skipif(os.getuid() != 0, reason="only root keeps what it can do")
def test_the_probe_sees_what_root_can_do_in_a_weak_sandbox() -> None:
    needs_bubblewrap()
    assert ways_out((which("bwrap") or "",), os.environ["PATH"]) == [
        "keep root capabilities",
        "write to read-only folders",
        "mount file systems",
        "open hidden files by their handle",
    ]


def test_a_home_that_is_the_root_of_everything_hides_nothing_that_is_needed(tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.write_text("theirs")
    script = f"echo made > kept; cat kept; ls -d {beside} 2>/dev/null || echo hidden"
    assert inside(tmp_path, script, home=Path("/")) == "made\nhidden\n"
    assert (tmp_path / "tree/kept").read_text() == "made\n"


def test_of_the_checkout_only_the_program_itself_is_shown(tmp_path: Path) -> None:
    needs_bubblewrap()
    checkout, tree, objects = tmp_path / "checkout", tmp_path / "tree", tmp_path / "objects"
    for folder in (checkout / "bin", checkout / ".git/mission/jobs", tree, objects):
        folder.mkdir(parents=True)
    (checkout / "notes.txt").write_text("theirs")
    (checkout / ".git/mission/jobs/spec.json").write_text("MY_KEY")
    script = f"#!/bin/sh\ncd {checkout} && find . -type f | sort\n"
    for name in ("agent.sh", "bin/agent.sh"):
        (checkout / name).write_text(script)
        (checkout / name).chmod(0o755)
        argv = [os.fspath(checkout / name)]
        shown = {}
        for more_read in ((), (os.fspath(checkout),)):
            room = Room(
                tree=tree,
                objects=objects,
                home=Path(os.environ["HOME"]),
                path=f"{os.environ['PATH']}:{checkout}",
                repository=(checkout / ".git", checkout),
                private=checkout / ".git/mission",
                more_read=more_read,
            )
            words = wrap(find_sandbox(os.environ["PATH"]).command, argv, room)
            shown[more_read] = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        assert list(shown.values()) == [[f"./{name}"], sorted({"./agent.sh", f"./{name}", "./notes.txt"})]


@pytest.mark.parametrize(("network", "reached"), [(True, "reached"), (False, "refused")])
def test_without_the_network_only_its_own_loopback_is_there(tmp_path: Path, network: bool, reached: str) -> None:  # noqa: FBT001 - a case
    program = """
import socket, sys
def at(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return "reached"
    except OSError:
        return "refused"
own = socket.create_server(("127.0.0.1", 0))
print(at(int(sys.argv[1])), at(own.getsockname()[1]))
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"{sys.executable} -c '{program}' {server.getsockname()[1]}"
        assert inside(tmp_path, script, network=network) == f"{reached} reached\n"


def test_of_the_git_settings_only_who_one_is_and_how_files_are_written_is_shown(tmp_path: Path) -> None:
    place = Path.home() / ".gitconfig"
    place.write_text(
        '[user]\n\tname = "Ada \\"the first\\""\n\temail = ada@example.org\n[core]\n\teditor = vi\n\tautocrlf = input\n'
        '[http "https://example.org"]\n\textraheader = "Authorization: Bearer token"\n'
        '[url "https://me:token@example.org/"]\n\tinsteadOf = x:\n[filter "lfs"]\n\tclean = git-lfs clean -- %f\n'
    )
    script = 'git config --global --list | sort; test "$(git config user.name)" = \'Ada "the first"\''
    settings = write_settings(tmp_path / "copies")
    assert inside(tmp_path, script, git_settings=settings).splitlines() == [
        "core.autocrlf=input",
        "filter.lfs.clean=git-lfs clean -- %f",
        "user.email=ada@example.org",
        'user.name=Ada "the first"',
    ]


@pytest.mark.parametrize("bwrap", [(), ("bwrap",)])
def test_a_key_goes_to_whom_it_belongs_and_nobody_is_asked_anything(tmp_path: Path, bwrap: tuple[str, ...]) -> None:
    around = Surroundings(
        code="", checkout="", trees="", slots="", slot_count=1, host="", unboxed="", mark="m", bwrap=bwrap,
        environment={"PATH": "/bin", "MY_KEY": "k", "OPENAI_API_KEY": "o", "HTTPS_PROXY": "p", "EDITOR": "vi", "PAGER": "more"},
        keys=("MY_KEY", "OPENAI_API_KEY"),
    )  # fmt: skip
    spec = JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit=""), sandbox=SandboxAccess(on=True))
    seen = {}
    for name, one in {
        "nobody": spec,
        "codex": replace(spec, sandbox=SandboxAccess(on=True, env=("CODEX_", "OPENAI_"))),
        "named": replace(spec, program=Program(env=RunnerSettings(keys=("MY_KEY",)).given)),
        "check": replace(spec, kind=JobKind.CHECK, program=Program(env=TreeSettings(keys=("OPENAI_API_KEY",)).env)),
    }.items():
        env = environment_of(JobFolder(tmp_path), one, around, tmp_path, 0)
        seen[name] = [key for key in ("MY_KEY", "OPENAI_API_KEY") if key in env]
        assert (env["HTTPS_PROXY"], env["EDITOR"], env["GIT_EDITOR"], env["PAGER"]) == ("p", "true", "true", "cat")
        assert (env["GIT_TERMINAL_PROMPT"], env["GIT_ASKPASS"]) == ("0", "false")
    assert seen == {"nobody": [], "codex": ["OPENAI_API_KEY"], "named": ["MY_KEY"], "check": ["OPENAI_API_KEY"]}


def test_a_list_of_hosts_is_refused_with_the_reason() -> None:
    with pytest.raises(DocumentError, match="cannot be a list of hosts: limiting programs to host names") as refused:
        parse('network = ["example.org"]\n', "x.toml")
    assert (refused.value.where, str(refused.value.hint)) == ("x.toml:1:1", 'write "on" or "off"')
    assert parse('network = "off"\n', "x.toml").network == "off"


def test_a_version_manager_outside_of_the_home_is_shown_with_its_shims(tmp_path: Path) -> None:
    manager = tmp_path / "manager"
    for name in ("shims/tool", "libexec/tool"):
        (manager / name).parent.mkdir(parents=True)
        (manager / name).write_text(f'#!/bin/sh\n[ "$1" ] && echo "ran $1" || exec {manager}/libexec/tool "$0"\n')
        (manager / name).chmod(0o755)
    path = f"{manager}/shims:{os.environ['PATH']}"
    assert inside(tmp_path, f"PATH={path}; tool", path=path, home=tmp_path / "home") == f"ran {manager}/shims/tool\n"
