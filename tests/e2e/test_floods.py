"""Jobs that print without end: deadline, cancel and STOP hold; memory and log stay small and say what is missing."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day

from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.status import EndReason, JobKind
from mission_cli.ports.executor import Caps, JobSpec, Program, Tree
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.engine.context import Context

_MIB = 1 << 20
FLOODS = {
    "lines": "while True: os.write(1, b'Please answer yes or no: ' * 40 + b'\\n')",
    "one line": "while True: os.write(1, b'eyJ' * 20000)",
    "short lines": "while True: os.write(1, b'y\\n' * 30000)",
    "both": "while True: os.write(1, b'out\\n' * 9000); os.write(2, b'err' * 9000)",
    "bursts": "while True: os.write(1, b'x' * 99 + b'\\n'); n += 1; n % 200000 or time.sleep(0.1)",
    "key": "while True: os.write(1, b'-----BEGIN RSA PRIVATE KEY-----\\n' + b'k' * 70000 + b'\\n')",
}
QUIET = "grep VmHWM /proc/$PPID/status"
LARGE = f"echo the first line; head -c 48M /dev/zero | tr '\\0' a | fold; echo; echo the last line; {QUIET}"
STUBBORN = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\n"


def world_of(person: Person) -> Context:
    return compose.open_repository(person.repo, create=True, ticking=False).context


def job(person: Person, name: str, *argv: str, deadline: int = 0) -> JobSpec:
    head = person.git("rev-parse", "main")
    return JobSpec(
        key=f"m/checks/{name}.1",
        kind=JobKind.CHECK,
        tree=Tree(commit=head),
        program=Program(argv=argv),
        caps=Caps(deadline_s=deadline),
    )


def end_of(ctx: Context, spec: JobSpec) -> Exit:
    ctx.executor.wait(spec.key)
    found = ctx.executor.poll([spec.key])[spec.key].exit
    assert found is not None
    return found


def flooding(person: Person, name: str, deadline: int = 0) -> JobSpec:
    source = f"import os, time; n = 0\n{FLOODS[name]}"
    return job(person, name.replace(" ", "-"), sys.executable, "-c", source, deadline=deadline)


def high_water(ctx: Context, spec: JobSpec) -> int:
    """MiB that its supervisor took at most, as the job itself saw it."""
    found = re.findall(r"VmHWM:\s+(\d+) kB", ctx.executor.logs(spec.key, 4000))
    return int(found[-1]) // 1024


@pytest.mark.parametrize("name", by_day(list(FLOODS), 3))
def test_a_deadline_holds_whatever_is_printed(person: Person, name: str) -> None:
    ctx, spec = world_of(person), flooding(person, name, deadline=1)
    ctx.executor.submit(spec)
    end = end_of(ctx, spec)
    assert end.reason is EndReason.DEADLINE
    assert end.seconds < 1 + 2
    assert (person.runtime / "jobs" / spec.key / "out.log").stat().st_size < 20 * _MIB


def test_memory_stays_and_the_log_has_both_ends_and_says_what_it_lacks(person: Person) -> None:
    ctx = world_of(person)
    quiet, large = job(person, "quiet", "/bin/sh", "-c", QUIET), job(person, "large", "/bin/sh", "-c", LARGE)
    for spec in (quiet, large):
        ctx.executor.submit(spec)
        assert end_of(ctx, spec).code == 0
    assert high_water(ctx, large) - high_water(ctx, quiet) < 64
    lines = (person.runtime / "jobs" / large.key / "out.log").read_text().splitlines()
    assert (lines[0], lines[-2]) == ("the first line", "the last line")
    notes = [
        (int(found[1]), found[2]) for line in lines if (found := re.match(r"\[(\d+) bytes were left out(.*)", line))
    ]
    kept = sum(len(line) + 1 for line in lines if set(line) == {"a"})
    missing = 48 * _MIB * 81 // 80 - kept - sum(size for size, _ in notes)
    assert missing > -100_000 * len(notes)
    at_limit = any("the log is at its limit" in words for _, words in notes)  # a note may be among what it dropped
    assert at_limit or missing < 100_000 * len(notes)
    assert kept < 20 * _MIB


@pytest.mark.parametrize("how", ["cancel", "stop"])
def test_whoever_floods_and_ignores_sigterm_is_gone_in_five_seconds(person: Person, how: str) -> None:
    ctx = world_of(person)
    spec = job(person, how, sys.executable, "-c", f"{STUBBORN}{FLOODS['lines']}")
    ctx.executor.submit(spec)
    while "deaf" not in ctx.executor.logs(spec.key, 1 << 24):
        assert ctx.executor.poll([spec.key])[spec.key].exit is None
    began = time.monotonic()
    if how == "stop":
        ctx.runtime.press_stop(on=True)
    else:
        ctx.executor.cancel(spec.key)
    end = end_of(ctx, spec)
    assert end.reason is EndReason.CANCELLED
    assert time.monotonic() - began < (5 if how == "stop" else 8)


def test_nothing_begins_after_stop(person: Person) -> None:
    ctx = world_of(person)
    ctx.runtime.press_stop(on=True)
    spec = job(person, "late", "/bin/sh", "-c", f"touch {person.repo.parent}/ran")
    ctx.executor.submit(spec)
    end = end_of(ctx, spec)
    assert (end.reason, end.detail) == (EndReason.CANCELLED, "everything was stopped: mission stop --all")
    assert not (person.repo.parent / "ran").exists()


def test_a_long_line_is_scrubbed_in_linear_time_and_wholly() -> None:
    rules = SecretRules()
    head, tail = "eyJ" * 200_000, "eyJ" * 400_000
    first, second = (_seconds(rules, text) for text in (head, tail))
    assert second < 4 * first
    token = f"eyJ{'a' * 40}.{'b' * 5000}.{'c' * 43}"
    mark, before = "[secret: JSON Web Token]", "x " * 3000
    assert rules.scrub(f"{before}{token}, {token} end") == f"{before}{mark}, {mark} end"


def _seconds(rules: SecretRules, text: str) -> float:
    began = time.process_time()
    rules.scrub(text)
    return time.process_time() - began
