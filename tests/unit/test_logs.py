"""Logs of jobs: read part by part while they grow and lose their middle."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.executors.jobs import log as log_module
from mission_cli.adapters.executors.jobs.log import Log, read_part

if TYPE_CHECKING:
    from pathlib import Path

HEAD, TAIL, PART = 1000, 500, 64


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a few lines reach."""
    for name, size in (("_HEAD", HEAD), ("_TAIL", TAIL), ("_PART", PART + 100)):
        monkeypatch.setattr(log_module, name, size)


def lines(first: int, last: int) -> list[str]:
    return [f"line {number:05} ä" for number in range(first, last)]


def fill(path: Path, what: list[str]) -> None:
    with closing(Log(path)) as log:
        for line in what:
            log.write(line.encode())


def whole(path: Path, offset: int = 0) -> tuple[str, int]:
    """Everything from an offset on, in parts."""
    found = ""
    while True:
        text, offset = read_part(path, offset)
        if not text:
            return found, offset
        found += text


def test_a_log_without_a_gap_is_read_in_parts_that_cut_no_character(tmp_path: Path) -> None:
    fill(tmp_path / "out.log", lines(0, 30))
    text, size = whole(tmp_path / "out.log")
    assert (text.splitlines(), size) == (lines(0, 30), (tmp_path / "out.log").stat().st_size)
    assert read_part(tmp_path / "missing", 7) == ("", 7)


def test_who_follows_misses_nothing_that_a_log_loses_and_who_comes_later_reads_the_note(tmp_path: Path) -> None:
    path, followed, offset = tmp_path / "out.log", "", 0
    with closing(Log(path)) as log:
        for line in lines(0, 1000):
            log.write(line.encode())
            log.flush()
            text, offset = whole(path, offset)
            followed += text
    assert followed.splitlines() == lines(0, 1000)
    assert offset == len(followed.encode())
    text, end = whole(path)
    assert end == offset
    [note] = [line for line in text.splitlines() if "left out" in line]
    head, tail = text.encode()[:HEAD].decode(errors="replace"), text.partition(f"{note}\n")[2]
    assert followed.encode()[:HEAD].decode(errors="replace") == head
    assert followed.endswith(tail)
    dropped = int(note.split()[0].strip("["))
    assert HEAD + dropped + len(tail.encode()) == offset
    for inside in (HEAD, HEAD + 1, HEAD + dropped // 2, HEAD + dropped - 1):
        assert whole(path, inside) == (f"\n{note}\n{tail}", offset)
    assert whole(path, HEAD + dropped) == (tail, offset)
    assert whole(path, offset + 5) == ("", offset + 5)


def test_an_offset_holds_while_a_log_is_being_shortened(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    fill(path, lines(0, 100))
    size = path.stat().st_size
    with path.open("r+b") as half:
        half.truncate(HEAD)
    assert read_part(path, size) == ("", size)
