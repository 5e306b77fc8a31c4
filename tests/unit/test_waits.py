"""Waits on pull requests: the rows of this repository's missions decide, and `lint` says what cannot be waited for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import make_mission
from tests.kit.fakes.others import ADA
from tests.kit.missions import NOW, feature, holds, mission, plan_of
from tests.kit.pulls import PLAN, Followed
from tests.unit.test_keys_act import committed
from tests.unit.test_signals import HEAD

from mission_cli._support.text import stamp
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.signal import signal
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.domain.forge.rows import PullRow, RowStatus
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.problems import Severity
from mission_cli.domain.status import MissionStatus, WaitStatus
from mission_cli.domain.tables import Wait
from mission_cli.planner.core.moves.waiting import MoveWait, StartWait
from mission_cli.ports.git.state import Write

ONE = FeatureNumber("1.1")
SECOND = """\
title: After it
budget: {time_hours: 10}
preferences: {runner: script}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""


def row(status: RowStatus) -> PullRow:
    return PullRow("1.2", "mission/a/pr/1.2", "main", "c" * 40, status, number=7)


@pytest.mark.parametrize("status", RowStatus)
def test_a_wait_for_a_pull_request_ends_when_the_forge_has_ended_it(status: RowStatus) -> None:
    some = mission(feature("1.1"), waits=(Wait(ONE, "pr:a/1.2", since=stamp(NOW)),))
    found = plan_of(some, awaited={"a/1.2": row(status)})
    moves = [(m.to, m.why) for m in found.transitions if isinstance(m, MoveWait)]
    assert moves == {
        RowStatus.MERGED: [(WaitStatus.RESOLVED, "pull request #7 of a/1.2 is merged")],
        RowStatus.DONE: [(WaitStatus.RESOLVED, "pull request #7 of a/1.2 is merged")],
        RowStatus.CLOSED: [(WaitStatus.FAILED, "pull request #7 of a/1.2 was closed without a merge")],
    }.get(status, [])
    if not moves:
        (hold,) = [h for h in found.holds if h.kind == "wait"]
        assert (hold.detail, hold.until) == ("it waits for pr:a/1.2", NOW + timedelta(hours=24))


@pytest.mark.parametrize("what", ["pr:a/1.2", "pr:a/9.9", "pr:7", "pr:nonsense"])
def test_what_is_not_known_holds_until_its_timeout(what: str) -> None:
    new = plan_of(mission(feature("1.1"), waits=(Wait(ONE, what),)))
    assert [m.since for m in new.transitions if isinstance(m, StartWait)] == [stamp(NOW)]
    assert holds(new, "1.1")[0] == ("wait", f"it waits for {what}")
    since = stamp(NOW - timedelta(hours=25))
    late = plan_of(mission(feature("1.1"), waits=(Wait(ONE, what, since=since),)))
    assert [m.to for m in late.transitions if isinstance(m, MoveWait)] == [WaitStatus.FAILED]


def test_lint_says_which_waits_do_not_end_by_themselves() -> None:
    features = "\n### Milestone 1: A\n\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | one | pending |\n"
    events = ("pr:m/1.2", "pr:7", "pr:#8", "pr:", "pr:m", "pr:m/1", "pr:m/x.y", "calendar:a.ics", "Bob", "person:Bob")
    rows = [f"| 1.1 | {event} | | | open |\n" for event in events]
    found = lint(load(f"# T\n\n## Milestones\n{features}{HEAD}{''.join(rows)}", "m"))
    assert [(p.line, p.severity, p.message) for p in found if p.line > 12] == snapshot(
        [
            (
                18,
                Severity.WARNING,
                "`pr:` does not name a pull request that can be waited for: only a signal ends this wait",
            ),
            (
                19,
                Severity.WARNING,
                "`pr:m` does not name a pull request that can be waited for: only a signal ends this wait",
            ),
            (
                20,
                Severity.WARNING,
                "`pr:m/1` does not name a pull request that can be waited for: only a signal ends this wait",
            ),
            (
                21,
                Severity.WARNING,
                "`pr:m/x.y` does not name a pull request that can be waited for: only a signal ends this wait",
            ),
            (
                22,
                Severity.WARNING,
                "`calendar:a.ics` does not name an event of a calendar that can be waited for: only a signal ends this wait",
            ),
            (23, Severity.WARNING, "`Bob` is not a known event: only a signal ends this wait"),
        ]
    )


def second_mission(followed: Followed) -> None:
    """Start the mission `n`, whose feature waits for the pull request of 1.1 of `m`."""
    host = followed.host
    make_mission(host, SECOND, "n")
    state = host.context().state
    stored = next(one for name, one in state.snapshot().missions.items() if name == "n")
    text = stored.text.rstrip("\n") + "\n" + HEAD + "| 1.1 | pr:m/1.1 | | 30d | open |\n"
    state.commit([Write(stored.path, text, stored.text)], message="Wait\n", expect=state.head(), author=ADA)
    lifecycle.start(host.context(), "n")


def ends(followed: Followed) -> list[str]:
    """What is logged of the end of its wait."""
    return [r.details for r in committed(followed.host, "n").progress if r.event in {"wait.resolved", "wait.failed"}]


@pytest.mark.parametrize("how", ["feature", "milestone", "mission"])
def test_one_mission_waits_for_the_pull_request_of_another_one(how: str) -> None:
    followed = Followed.begin(PLAN.replace("pull_requests: feature", f"pull_requests: {how}"))
    second_mission(followed)
    followed.pulse()
    assert committed(followed.host, "n").waits[0].open
    followed.until(ends)
    assert committed(followed.host, "n").waits[0].status == WaitStatus.RESOLVED
    (words,) = ends(followed)
    assert re.fullmatch(r"1\.1: pull request #\d+ of m/1\.1 is merged", words)


def test_the_pull_request_of_a_completed_mission_is_merged() -> None:
    followed = Followed.begin()
    followed.until(lambda one: one.mission.status is MissionStatus.COMPLETED)
    followed.pulses(2)
    second_mission(followed)
    followed.until(ends, most=3)
    assert ends(followed) == ["1.1: pull request #1 of m/1.1 is merged"]


def test_a_pull_request_that_was_closed_fails_the_wait_until_a_person_ends_it() -> None:
    followed = Followed.begin(PLAN.replace("land: auto", "land: ask"))
    second_mission(followed)
    followed.until(lambda one: one.opened())
    followed.world.site.close("ada", followed.pull_of("1.1").number)
    followed.until(ends)
    assert ends(followed) == ["1.1: pull request #1 of m/1.1 was closed without a merge"]
    signal(followed.host.context(), "n/1.1", reason="it is not needed")
    assert committed(followed.host, "n").waits[0].status == WaitStatus.RESOLVED
