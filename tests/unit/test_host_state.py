"""What is kept of each host in files, and what views and planner read from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.remote.host_state import (
    HostState,
    note_reached,
    note_tested,
    note_unreachable,
    placed_jobs,
    read_state,
    write_place,
)
from mission_cli.adapters.hosts import LocalHosts
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.hosts.host import Host, HostKind
from mission_cli.domain.hosts.look import HostLook

if TYPE_CHECKING:
    from pathlib import Path

AT = [f"2026-11-30T08:0{minute}:00Z" for minute in range(6)]


def test_a_state_says_since_when_a_host_is_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    assert read_state(folder) == HostState()
    note_reached(folder, AT[0], free=3)
    note_tested(folder, skew_s=-1.5, found=["opencode"], missing=["codex"])
    note_reached(folder, AT[1])
    told = HostState(since=AT[0], checked=AT[1], skew_s=-1.5, found=("opencode",), missing=("codex",))
    assert read_state(folder) == told
    note_unreachable(folder, AT[2], "Connection refused")
    note_unreachable(folder, AT[3], "No route to host")
    away = replace(told, reachable=False, problem="No route to host", since=AT[2], checked=AT[3])
    assert read_state(folder) == away
    note_reached(folder, AT[4], free=1)
    assert read_state(folder) == replace(told, since=AT[4], free=1, checked=AT[4])


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"reachable": 7, "free": true, "problem": 3, "since": [], "skew_s": "x", "found": 7}']
)
def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert read_state(tmp_path) == HostState()


def test_looks_join_settings_state_and_the_jobs_that_are_there(tmp_path: Path) -> None:
    box = Host("big-box", HostKind.SSH, "me@big-box", workers=3, labels=("gpu",), runners=("script*",))
    none = {"environment": {}, "runners": {}, "now": lambda: datetime(2026, 11, 30, tzinfo=UTC)}
    hosts = LocalHosts({"big-box": box, "other": Host("other", HostKind.SSH, "o")}, tmp_path, **none)  # type: ignore[arg-type]  # a table of arguments
    for key, host, ended in (("m/1.1-a1", "big-box", False), ("m/1.2-a1", "big-box", True), ("n/1.1-a2", "", False)):
        job = tmp_path / "jobs" / key
        job.mkdir(parents=True)
        (job / "spec.json").write_text("{}")
        if host:
            write_place(job, host)
        if ended:
            (job / "exit.json").write_text("{}")
    assert placed_jobs(tmp_path / "jobs") == {"big-box": ["m/1.1-a1"]}
    note_unreachable(tmp_path / "hosts/big-box", AT[1], "no route\n\x1b[2Jto it")
    hosts.drain("big-box", on=True)
    found = HostLook(
        "big-box",
        where="me@big-box",
        labels=("gpu",),
        runners=("script*",),
        workers=3,
        jobs=("m/1.1-a1",),
        problem="no route \ufffd[2Jto it",
        since=AT[1],
        checked=AT[1],
        drained=True,
    )
    assert [*hosts.looks()] == [found, HostLook("other", where="o")]
    hosts.drain("big-box", on=False)
    assert [one.state for one in hosts.looks()] == ["unreachable", "not tested"]
    with pytest.raises(NotFoundError) as caught:
        hosts.drain("big-bx", on=True)
    assert (str(caught.value), str(caught.value.hint)) == ("there is no host `big-bx`", "did you mean `big-box`?")


def test_a_probe_asks_one_thing_and_notes_whether_the_host_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.kit.loopback_host import LoopbackHost, LoopbackLauncher

    from mission_cli.adapters import hosts as module

    monkeypatch.setattr(module, "LAUNCHERS", dict.fromkeys(HostKind, LoopbackLauncher))
    there = LoopbackHost(tmp_path / "host")
    box = Host("box", HostKind.SSH, str(there.folder))
    hosts = LocalHosts(
        {"box": box}, tmp_path, environment={}, runners={}, now=lambda: datetime(2026, 11, 30, tzinfo=UTC)
    )
    assert [(one.name, one.ok) for one in hosts.test("box", whole=False)] == [("reachable", True)]
    there.cut()
    [finding] = hosts.test("box", whole=False)
    assert (finding.ok, bool(finding.words), bool(finding.hint)) == (False, True, True)
    assert hosts.looks()[0].state == "unreachable"
    there.restore()
    assert all(one.ok for one in hosts.test("box"))
    assert (hosts.looks()[0].state, there.ids()) == ("ready", [])
