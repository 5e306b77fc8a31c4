"""What takes longer than a second says so on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import select
import sys
import threading

import pytest

from mission_cli.surfaces.progress import progress, progress_line


@pytest.mark.parametrize(
    ("seconds", "detail", "width", "shown"),
    [
        (1, "", 80, "⠴ cleaning up  1 s"),
        (95, "$0.12 so far, read src/app.py", 80, "⠴ cleaning up  1 min  $0.12 so far, read src/app.py"),
        (95, "$0.12 so far, read src/app.py", 30, "⠴ cleaning up  1 min  $0.12…"),
        (2, "\x1b[2J\nevil", 80, "⠋ cleaning up  2 s  \N{REPLACEMENT CHARACTER}[2J evil"),
    ],
)
def test_the_line_has_words_time_and_detail_and_fits(seconds: float, detail: str, width: int, shown: str) -> None:
    assert progress_line("cleaning up", seconds, detail, width) == shown


def everything(master: int) -> str:
    """What was written to the terminal, up to now."""
    shown = b""
    while select.select([master], [], [], 0)[0]:
        shown += os.read(master, 10_000)
    return shown.decode()


def test_nothing_is_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("cleaning up", lambda: pytest.fail("nobody looks")):
        pass
    assert capsys.readouterr() == ("", "")


def test_it_comes_after_a_second_and_goes_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    seen = threading.Event()

    def detail() -> str:
        seen.set()
        return "2 of 3"

    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("cleaning up", detail):
            assert seen.wait(60)
        with progress("quickly done", lambda: pytest.fail("it is over")):
            pass
        shown = everything(master)
    os.close(master)
    assert shown.startswith("\r\x1b[K")
    assert "cleaning up  1 s  2 of 3" in shown
    assert shown.endswith("\r\x1b[K")
    assert "quickly done" not in shown


def test_what_cannot_be_told_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    asked = threading.Event()

    def detail() -> str:
        asked.set()
        raise OSError

    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("cleaning up", detail):
            assert asked.wait(60)
        assert "cleaning up  1 s\r" in everything(master).replace("\x1b[K", "")
    os.close(master)
