"""What a job leaves running is ended and counted; what ends by itself is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mission_cli.adapters.proc import control

WAITS = [sys.executable, "-c", "import sys; sys.stdin.read(); print('by itself')"]


@pytest.mark.parametrize(("patience", "count", "said"), [(60.0, 0, "by itself\n"), (0.0, 1, "")])
def test_what_ends_by_itself_in_time_is_neither_told_nor_counted(patience: float, count: int, said: str) -> None:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        looks = iter([[process.pid], []])
        assert control.end_all(lambda: next(looks), grace=60.0, patience=patience) == count
        assert process.communicate()[0] == said
