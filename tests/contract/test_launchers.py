"""Launchers: an id is started once, whatever answer is lost; what a host says of it is never a guess."""

from __future__ import annotations

import io
import os
import subprocess
import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.contract.launchers import AT_NIGHT, OUTPUT_ENDS_WITH_IT, RIGS
from tests.kit.nightly import NIGHTLY

from mission_cli.adapters.executors.remote.launcher import (
    Launch,
    LaunchLook,
    LaunchState,
    UnreachableError,
)
from mission_cli.domain.hosts.cleaning import Cleaning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from tests.contract.launchers import Rig

ONE, TWO = "mission-1-1-a1", "mission-1-1-a2"
OVER = {LaunchState.ENDED, LaunchState.GONE}
ENDLESS = ("/bin/sh", "-c", "trap 'echo told; kill $!; exit 3' TERM; echo up; sleep 600 & wait")
PATIENCE = 120


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """One host of each kind."""
    if request.param in AT_NIGHT and not NIGHTLY:
        pytest.skip("runs at night: `make nightly`")
    made = RIGS[request.param](tmp_path)
    yield made
    made.leave()


def launch(job: str, *argv: str, **env: str) -> Launch:
    """A command under an id."""
    return Launch(job, f"m/{job}", argv, env)


def until(rig: Rig, job: str, *states: LaunchState) -> LaunchLook:
    """Ask until the host says one of these states."""
    launcher, ends = rig.launcher, time.monotonic() + PATIENCE
    while (look := launcher.look([job])[job]).state not in states:
        assert time.monotonic() < ends, look
    launcher.close()
    return look


def until_printed(rig: Rig, job: str, words: bytes) -> bytes:
    """Ask until a command has printed some words; return everything that it printed."""
    launcher, ends = rig.launcher, time.monotonic() + PATIENCE
    while words not in (said := everything(rig, job)):
        assert time.monotonic() < ends, said
    launcher.close()
    return said


def everything(rig: Rig, job: str) -> bytes:
    """Return what a command has printed so far, as one who asks for one part after the other."""
    launcher, said, offset = rig.launcher, b"", 0
    while True:
        part, offset = launcher.output(job, offset)
        if not part:
            launcher.close()
            return said
        said += part


def states(rig: Rig, jobs: Collection[str]) -> dict[str, LaunchState]:
    """Ask for several ids at once."""
    return {job: look.state for job, look in rig.launcher.look(list(jobs)).items()}


def test_an_id_that_was_never_started_is_unknown(rig: Rig) -> None:
    assert states(rig, [ONE, TWO]) == {ONE: LaunchState.UNKNOWN, TWO: LaunchState.UNKNOWN}
    rig.launcher.cancel(ONE)
    rig.launcher.forget(ONE)
    assert states(rig, []) == {}


def test_a_command_runs_once_with_its_arguments_and_variables(rig: Rig) -> None:
    odd = "a 'b' \"c\" $HOME `id` \\ ü\n;&|*"
    once = launch(ONE, "/bin/sh", "-c", 'printf "[%s] %s|" "$1" "$TOLD"', "sh", odd, TOLD="a b'c")
    rig.launcher.start(once)
    rig.launcher.start(once)
    until(rig, ONE, *OVER)
    rig.launcher.start(once)
    assert until(rig, ONE, *OVER).state is LaunchState.ENDED
    assert f"[{odd}] a b'c|" in everything(rig, ONE).decode()
    assert everything(rig, ONE).count(b"a b'c|") == 1


def test_output_is_read_from_where_the_last_part_ended(rig: Rig) -> None:
    rig.launcher.start(launch(ONE, "/bin/sh", "-c", "echo first; echo second"))
    until(rig, ONE, LaunchState.ENDED)
    whole, end = rig.launcher.output(ONE, 0)
    assert b"first\nsecond\n" in whole
    assert rig.launcher.output(ONE, end) == (b"", end)
    middle = whole.index(b"second")
    assert rig.launcher.output(ONE, middle) == (whole[middle:], end)


def test_a_command_is_told_to_end_and_may_say_something_before_it_does(
    rig: Rig, request: pytest.FixtureRequest
) -> None:
    rig.launcher.start(launch(ONE, *ENDLESS))
    until_printed(rig, ONE, b"up\n")
    assert states(rig, [ONE]) == {ONE: LaunchState.RUNNING}
    rig.launcher.cancel(ONE)
    until(rig, ONE, *OVER)
    if request.node.callspec.params["rig"] not in OUTPUT_ENDS_WITH_IT:
        assert b"told\n" in everything(rig, ONE)
    rig.launcher.cancel(ONE)


def test_two_commands_run_side_by_side_and_one_that_ended_can_be_forgotten(rig: Rig) -> None:
    rig.launcher.start(launch(ONE, "/bin/sh", "-c", "echo done"))
    rig.launcher.start(launch(TWO, *ENDLESS))
    until_printed(rig, TWO, b"up\n")
    until(rig, ONE, *OVER)
    assert states(rig, [ONE, TWO]) == {ONE: LaunchState.ENDED, TWO: LaunchState.RUNNING}
    rig.launcher.forget(ONE)
    assert states(rig, [ONE, TWO])[TWO] is LaunchState.RUNNING
    rig.launcher.cancel(TWO)
    until(rig, TWO, *OVER)


def test_a_start_whose_answer_was_lost_is_adopted(rig: Rig) -> None:
    if not rig.lose_next_answer():
        pytest.skip("an answer cannot be lost here")
    with pytest.raises(UnreachableError):
        rig.launcher.start(launch(ONE, "/bin/sh", "-c", "echo began"))
    rig.launcher.start(launch(ONE, "/bin/sh", "-c", "echo began"))
    until(rig, ONE, LaunchState.ENDED)
    assert everything(rig, ONE).count(b"began\n") == 1


def test_what_runs_on_a_host_goes_on_while_the_host_cannot_be_reached(rig: Rig) -> None:
    rig.launcher.start(launch(ONE, *ENDLESS))
    until_printed(rig, ONE, b"up\n")
    if not rig.cut_network():
        pytest.skip("the network cannot be cut here")
    for ask in (
        lambda: rig.launcher.look([ONE]),
        lambda: rig.launcher.start(launch(TWO, "true")),
        lambda: rig.launcher.cancel(ONE),
    ):
        with pytest.raises(UnreachableError):
            ask()
    with suppress(UnreachableError):  # output may be somewhere else, where it can be read
        assert b"up\n" in rig.launcher.output(ONE, 0)[0]
    rig.restore()
    assert states(rig, [ONE, TWO]) == {ONE: LaunchState.RUNNING, TWO: LaunchState.UNKNOWN}
    rig.launcher.cancel(ONE)
    until(rig, ONE, *OVER)


def test_a_command_whose_machine_is_lost_is_gone(rig: Rig) -> None:
    rig.launcher.start(launch(ONE, *ENDLESS))
    until_printed(rig, ONE, b"up\n")
    if not rig.kill_node(ONE):
        pytest.skip("no machine can be lost here")
    assert until(rig, ONE, *OVER).state is LaunchState.GONE


def test_a_program_is_put_there_and_runs(rig: Rig) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__main__.py", "import sys\nprint('given', sys.argv[1:])\n")
    argv = rig.launcher.prepare(packed.getvalue(), "0" * 16)
    assert rig.launcher.prepare(packed.getvalue(), "0" * 16) == argv
    rig.launcher.start(launch(ONE, *argv, "a b", "c"))
    until(rig, ONE, *OVER)
    assert b"given ['a b', 'c']\n" in everything(rig, ONE)


def test_both_sides_reach_the_exchange(rig: Rig, tmp_path: Path) -> None:
    exchange = rig.launcher.exchange()
    assert rig.launcher.exchange() == exchange
    env = {**os.environ, **exchange.env}
    subprocess.run(["git", "init", "--quiet", tmp_path / "mine"], check=True)
    words = ["git", "-C", os.fspath(tmp_path / "mine")]
    blob = subprocess.run([*words, "hash-object", "-w", "--stdin"], input=b"text\n", capture_output=True, check=True)
    oid = blob.stdout.decode().strip()
    subprocess.run(
        [*words, "push", "--quiet", exchange.url, f"{oid}:refs/mission/claims/m/1.1-a1"], env=env, check=True
    )
    rig.launcher.start(launch(ONE, "git", "ls-remote", exchange.there, "refs/mission/claims/*"))
    until(rig, ONE, *OVER)
    assert f"{oid}\trefs/mission/claims/m/1.1-a1" in everything(rig, ONE).decode()


def test_a_host_says_what_it_has(rig: Rig) -> None:
    free = rig.launcher.free()
    assert free is None or free >= 0
    findings = rig.launcher.test({})
    assert findings
    assert all(finding.name and (finding.ok or finding.words) for finding in findings)


def test_what_it_left_is_removed_or_named(rig: Rig) -> None:
    launcher = rig.launcher
    launcher.prepare(b"print(1)", "0af1")
    done = launcher.clean(Cleaning(("here",), everything=True))
    launcher.close()
    assert all(one.where and one.why for one in done.kept)
    assert not done.busy
    assert not done.unread
