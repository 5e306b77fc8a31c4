"""What `mission top` costs with 50 active missions: CPU while nothing happens, and how soon it shows and obeys.

It runs in a pseudo-terminal of its own; CPU is that of its process, from /proc.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pulse import fresh, plan
from tests.kit.people import HONEST

from mission_cli.app.commands import features, lifecycle
from mission_cli.app.commands.create import create
from mission_cli.document.plans.plan import read_plan
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY = 50
_QUIET_SECONDS = 90
_TRIES = 7
_KEYS = 40
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the table; 1 if a target is missed."""
    missed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, value, target in lines(Path(folder)):
            missed += value > target
            print(f"  {name:<77} {value:7.3f}   ≤ {target}{'   MISSED' if value > target else ''}", flush=True)
    return 1 if missed else 0


def lines(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield name, value and target."""
    person = fresh(folder)
    person.worker(HONEST)
    ctx = open_repository(person.repo, create=True).context
    for number in range(_MANY):
        made = read_plan(plan(10)).plan
        assert made is not None
        made.id = f"m{number:02}"
        facts = {"store": ctx.state, "templates": ctx.templates, "now": ctx.clock.now(), "person": ctx.person()}
        create(made, base=lambda _: "main", **facts)
        lifecycle.start(ctx, made.id)
    argv = ["-P", "-m", "mission_cli", "top"]
    screen = pexpect.spawn(
        sys.executable,
        argv,
        cwd=person.repo,
        dimensions=(80, 120),
        env={**os.environ, "TERM": "xterm-256color"},
        encoding="utf-8",
    )
    screen.delaybeforesend = None
    begun = time.monotonic()
    screen.expect("m49", timeout=60)
    yield "seconds until it shows 50 active missions", time.monotonic() - begun, 6.0
    quiet(screen, 3)
    before = used(screen.pid)
    quiet(screen, _QUIET_SECONDS)
    yield "CPU while nothing happens, in percent of a core", (used(screen.pid) - before) / _QUIET_SECONDS * 100, 2.0
    waits = [obeys(screen, "j" if at % 2 else "k") for at in range(_KEYS)]
    yield "seconds from a key to the screen, median", statistics.median(waits), 0.1
    shown = []
    for number in range(_TRIES):
        quiet(screen, 0.5)
        features.cancel(ctx, f"m{number:02}")
        begun = time.monotonic()
        screen.expect("cancelled", timeout=30)
        shown.append(time.monotonic() - begun)
    yield "seconds from a commit to the screen, median", statistics.median(shown), 2.0
    screen.send("q")
    screen.expect(pexpect.EOF, timeout=30)


def obeys(screen: pexpect.spawn[str], key: str) -> float:
    """Press a key; return the seconds until something is drawn."""
    quiet(screen, 0.2)
    begun = time.monotonic()
    screen.send(key)
    screen.expect(".", timeout=30)
    return time.monotonic() - begun


def quiet(screen: pexpect.spawn[str], seconds: float) -> None:
    """Read what is drawn for so long."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        screen.expect([pexpect.TIMEOUT, ".+"], timeout=left)


def used(process: int | None) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    sys.exit(main())
