"""STOP is seen everywhere and between any two acts; what keeps a pulse from serving a mission is named everywhere."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

from mission_cli.adapters.executors.jobs.folder import JobFolder
from mission_cli.app.commands.features import pause
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.status import EndReason
from mission_cli.engine import loop, report
from mission_cli.engine.halt import stop_jobs
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.planner.core.policy import Policy

ONE = """\
title: One feature
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
"""
DEAF = """\
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""
LONGEST_STOP = 10.0
"""Seconds from STOP to the last process: twice what is promised, a machine that runs tests is busy."""
LINE = re.compile(r"STOPPED since \d\d:\d\d by Ada: lift it with `mission resume --all`\Z")


def test_stop_is_the_first_line_of_every_view_and_a_key_of_its_json(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    person.rest()
    person.mission("stop", "--all")
    for view in ("", "status m", "list", "inbox", "why m", "logs m/1.1", "history m", "doctor --offline", "run m"):
        shown = person.mission(*view.split(), ok=None)
        assert LINE.match(shown.out.splitlines()[0]), (view, shown)
        facts = person.mission(*view.split(), "--json", ok=None).facts
        assert (facts["stopped"]["by"], len(facts["stopped"]["since"])) == ("Ada", 20), view
    person.mission("resume", "--all")
    assert json.loads(person.mission("status", "m", "--json").out)["stopped"] is None
    assert "STOPPED" not in person.mission("status", "m").out


def sets_stop(ctx: Context) -> None:
    ctx.runtime.press_stop(on=True)
    stop_jobs(ctx.executor)


def pauses_now(ctx: Context) -> None:
    pause(ctx, "m", now=True)


@pytest.mark.parametrize("deed", [sets_stop, pauses_now], ids=lambda d: d.__name__)
def test_nothing_starts_after_a_stop_that_comes_between_intent_and_submit(
    person: Person, monkeypatch: pytest.MonkeyPatch, deed: Callable[[Context], None]
) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    record = loop._record  # noqa: SLF001 - the gap between the intent and its submit has no other name
    done: list[str] = []

    def record_and(ctx: Context, policy: Policy, case: Case, report: report.Report) -> tuple[list[Transition], Sha]:
        found = record(ctx, policy, case, report)
        if not done and any(isinstance(move, Dispatch) for move in found[0]):
            done.append(deed.__name__)
            deed(open_repository(person.repo).context)
        return found

    monkeypatch.setattr(loop, "_record", record_and)
    person.mission("start", "m", "--headless")
    person.rest()
    assert done
    assert person.starts() == []


def test_after_stop_all_is_gone_within_seconds_and_no_pulse_is_started(person: Person) -> None:
    person.worker(DEAF, deadline="900s")
    names = ("m", "n")
    for identity in names:
        person.plan(ONE, identity=identity)
        person.start(identity)
    jobs = [person.runtime / "jobs" / identity / "1.1-a1" for identity in names]
    while not all((job / "started.json").exists() for job in jobs):
        os.sched_yield()
    began = time.monotonic()
    said = person.process("stop", "--all").out
    assert re.match(r"STOP is set: nothing new starts, [1-9] running jobs? told to end; lift it with ", said)
    for _ in range(2):  # one that was at work before may have started another one
        person.let_pulses_end()
    before = (person.runtime / "clock.json").read_bytes()
    for lock in sorted(person.runtime.glob("jobs/**/lock")):
        person.wait_for_job(lock.parent.relative_to(person.runtime / "jobs").as_posix())
    person.let_pulses_end()
    assert time.monotonic() - began < LONGEST_STOP
    assert {end.reason for job in jobs if (end := JobFolder(job).read_exit())} == {EndReason.CANCELLED}
    assert (person.runtime / "clock.json").read_bytes() == before, "each pulse writes down when it came"


def test_an_error_of_a_pulse_is_named_everywhere_and_ends_run(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    with monkeypatch.context() as broken:
        broken.setattr(loop, "with_prompts", cannot_be_written)
        person.mission("start", "m", "--headless", ok=(1,))
        ran = person.mission("run", "m", ok=(3,))
    assert ran.err == "error: m/mission.md:9: it cannot be written\n hint: mend it\n"
    error = "the last pulse could not serve the mission: m/mission.md:9: it cannot be written (mend it)"
    lines = person.mission("why", "m").out.splitlines()
    assert lines[:2] == [f"m: {error}", "  → mission edit m"]
    assert "nothing holds it" not in "\n".join(lines)
    assert f"m: {error}\n  → mission edit m\n" in person.mission("inbox", ok=(3,)).out
    assert error in " ".join(person.mission("list").out.split())
    assert error in person.mission("status", "m").out
    said = "error: the last pulse could not serve the mission: m/mission.md:9: it cannot be written (mend it)"
    assert said in person.mission("lint", "m", ok=(1,)).out
    person.file().write_text(person.file().read_text() + "\nMended.\n")
    person.git("commit", "--quiet", "-am", "Mended", cwd=person.repo / "missions")
    for view in ("lint m", "inbox", "why m", "list"):
        assert "could not serve the mission" not in person.mission(*view.split(), ok=None).out, view


def cannot_be_written(*args: object) -> None:
    """An error that only a person can mend."""
    del args
    raise DocumentError("it cannot be written", where="m/mission.md:9", hint="mend it")


def test_a_file_that_cannot_be_read_is_named_everywhere(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.file().write_text(person.file().read_text().replace("\nstatus: planning", "\nstatus: [planning", 1))
    person.git("commit", "--quiet", "-am", "Mine", cwd=person.repo / "missions")
    person.mission("pulse")
    for view in ("why m", "inbox", "list", "status m"):
        assert "the mission file cannot be read: " in person.mission(*view.split(), ok=(0, 3)).out, view
    assert "nothing holds it" not in person.mission("why", "m").out


def test_what_is_being_judged_is_said_to_be(person: Person) -> None:
    gate = person.repo.parent / "go"
    os.mkfifo(gate)
    person.worker(HONEST)
    person.plan(ONE.replace('"file: `1.1.txt`"]}', f'"run: `cat {gate}`"]}}', 1))
    person.start()
    person.wait_for_job("m/1.1-a1")
    person.let_pulses_end()
    shown = person.mission("why", "m/1.1").out
    assert shown == "m/1.1: attempt 1 has ended and is being judged\n"
    person.mission("stop", "--all")
