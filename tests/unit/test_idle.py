"""The idle signature: what it trusts stat for, and where it reads."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.fastpath import (
    has_come,
    is_busy,
    is_coming,
    is_idle,
)

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def ref(tmp_path: Path) -> Path:
    file = tmp_path / "ref"
    file.write_text(OLD)
    return file


@pytest.fixture
def runtime(tmp_path: Path) -> FolderRuntime:
    (tmp_path / "mission").mkdir()
    return FolderRuntime(tmp_path / "mission", version="1", full_look=timedelta(minutes=15))


def test_a_change_within_one_tick_of_the_clock_is_seen(ref: Path, runtime: FolderRuntime, tmp_path: Path) -> None:
    looks = runtime.looks([os.fspath(ref)])
    runtime.rest(looks=looks, jobs=[], wake_at=None)
    assert is_idle(os.fspath(tmp_path / "mission"), "1")

    ref.write_text(NEW)
    looks[os.fspath(ref)][:4] = runtime.looks([os.fspath(ref)])[os.fspath(ref)][:4]  # stat cannot tell the two apart
    runtime.rest(looks=looks, jobs=[], wake_at=None)
    assert not is_idle(os.fspath(tmp_path / "mission"), "1")

    ref.write_text(OLD)
    looks[os.fspath(ref)][:4] = runtime.looks([os.fspath(ref)])[os.fspath(ref)][:4]
    runtime.rest(looks=looks, jobs=[], wake_at=None)
    assert is_idle(os.fspath(tmp_path / "mission"), "1")


def test_a_change_behind_which_somebody_put_the_time_back_is_seen(
    ref: Path, runtime: FolderRuntime, tmp_path: Path
) -> None:
    before = ref.stat()
    runtime.rest(looks=runtime.looks([os.fspath(ref)]), jobs=[], wake_at=None)
    ref.write_text(NEW)
    os.utime(ref, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_idle(os.fspath(tmp_path / "mission"), "1")


@pytest.mark.parametrize("there", [True, False])
def test_a_file_that_comes_or_goes_is_seen(ref: Path, runtime: FolderRuntime, tmp_path: Path, *, there: bool) -> None:
    if not there:
        ref.unlink()
    runtime.rest(looks=runtime.looks([os.fspath(ref)]), jobs=[], wake_at=None)
    assert is_idle(os.fspath(tmp_path / "mission"), "1")
    if there:
        ref.unlink()
    else:
        ref.write_text(NEW)
    assert not is_idle(os.fspath(tmp_path / "mission"), "1")


def test_what_cannot_be_read_is_not_idle(tmp_path: Path) -> None:
    assert not is_idle(os.fspath(tmp_path / "mission"), "1")
    (tmp_path / "mission").mkdir()
    for text in ("", "{}", "[]", '{"version": "1", "written": 0, "due": 9e99, "looks": 3, "jobs": []}'):
        (tmp_path / "mission/idle.json").write_text(text)
        assert not is_idle(os.fspath(tmp_path / "mission"), "1")


def test_who_finds_another_pulse_at_work_kicks_it_and_goes(runtime: FolderRuntime, tmp_path: Path) -> None:
    folder = os.fspath(tmp_path / "mission")
    assert not is_busy(folder), "nobody ever was"
    with runtime.lock() as ours:
        assert ours
        assert is_busy(folder)
    assert runtime.take_pulse_request(), "whoever had the lock looks again"
    assert not is_busy(folder)
    assert not runtime.take_pulse_request()


def test_of_pulses_that_start_at_once_one_comes_and_hears_of_the_others(runtime: FolderRuntime, tmp_path: Path) -> None:
    folder = os.fspath(tmp_path / "mission")
    assert not is_coming(folder), "the first one goes on"
    assert is_coming(folder), "the second one leaves word"
    with runtime.lock() as ours:
        assert ours
        assert runtime.take_pulse_request()
        assert not is_coming(folder), "it has come: who starts now sees the lock"
        assert is_busy(folder)
    has_come()
    assert runtime.take_pulse_request()


def test_who_was_on_its_way_and_comes_too_late_serves_whom_nobody_heard(runtime: FolderRuntime, tmp_path: Path) -> None:
    folder = os.fspath(tmp_path / "mission")
    assert not is_coming(folder)
    other = FolderRuntime(tmp_path / "mission", version="1", full_look=timedelta(minutes=15))
    with other.lock():
        assert not is_coming(folder), "to its lock: that one had come"
    has_come()
    assert not is_coming(folder)
    with other.lock(), runtime.lock() as ours:
        assert not ours
    assert not is_coming(folder), "nobody is on the way any more"
    has_come()
