"""Missions without a person: a lifetime, a notice, a grace period, and an archive that deletes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import NOW, feature, mission, observation, record
from tests.unit.test_keys_act import committed
from tests.unit.test_reasons import begun, go_on, inbox, works
from tests.unit.test_timeline import awake, told

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.commands.steer.archive import archive, restore
from mission_cli.app.commands.steer.tell import note
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.listing import lines_of
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import UsageError
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.domain.timing.lifetimes import lifetime_of
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mission import Archive, Note
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.planner.core.decisions import Decisions

DAY = 86400.0
HOUR = 3600.0
PLAN = """\
title: Meet
type: meeting
budget: {money_usd: 30}
preferences: {runner: script, land: ask}
milestones: [{name: Core, validation: ["manual: Is it fine?"], features: [{title: a}]}]
"""
PLAIN = PLAN.replace("type: meeting", "type: development")


@pytest.mark.parametrize(
    ("kind", "text", "days"),
    [
        ("quick", "", 1),
        ("meeting", "", 7),
        ("project", "", 14),
        ("research", "", None),
        ("research", "type", 30),
        ("development", "", None),
        ("development", "type", None),
        ("development", "3d", 3),
        ("meeting", "none", None),
        ("meeting", "36h", 1.5),
        ("meeting", "soon", None),
        ("meeting", "0h", None),
    ],
)
def test_a_lifetime_is_that_of_the_type_or_the_files_own(kind: str, text: str, days: float | None) -> None:
    assert lifetime_of(kind, text) == (None if days is None else timedelta(days=days))


def at(seconds: float, **more: object) -> Decisions:
    """What is decided so long after a person last did something, when two ticks agree on the time."""
    line = told(awake((0, 1000), (60, 1060), (seconds - 60, 940 + seconds), (seconds, 1000 + seconds)))
    records = more.pop("records", ())
    facts = {"lifetime": "7d", "features": (feature("1.1"),), **more}
    some = mission(*facts.pop("features"), **facts)  # type: ignore[misc]  # a tuple of features
    return decide(some, observation(now=line.last.wall, timeline=line, engaged=NOW, records=records), Policy())


STALE = {f"mission.stale {stamp(NOW)}": stamp(NOW + timedelta(days=7))}


def ends(plan: Decisions) -> list[str]:
    return [type(m).__name__ for m in plan.transitions if isinstance(m, Note | Archive)]


@pytest.mark.parametrize(
    "status", [MissionStatus.DRAFT, MissionStatus.PLANNING, MissionStatus.ACTIVE, MissionStatus.PAUSED]
)
def test_it_is_said_once_at_the_end_of_its_lifetime_and_archived_a_day_later(status: MissionStatus) -> None:
    assert ends(at(7 * DAY - 60, status=status)) == []
    told_ = at(7 * DAY + 60, status=status)
    assert [(m.event, m.about) for m in told_.transitions if isinstance(m, Note)] == [("mission.stale", (stamp(NOW),))]
    waiting = at(7 * DAY + 60, status=status, noted=STALE)
    assert ends(waiting) == []
    assert [(h.kind, h.person, str(h.unblock)) for h in waiting.holds if h.kind == "stale"] == snapshot(
        [(HoldKind.STALE, True, "mission note m 'still wanted', or mission archive m")]
    )
    over = at(8 * DAY + 60, status=status, noted=STALE)
    assert [(m.pauses) for m in over.transitions if isinstance(m, Archive)] == [status is MissionStatus.ACTIVE]
    assert not [m for m in over.transitions if isinstance(m, Dispatch)]


@pytest.mark.parametrize(
    "more", [{"lifetime": ""}, {"lifetime": "none"}, {"schedule": "0 3 * * 1"}, {"status": MissionStatus.COMPLETED}]
)
def test_what_asks_for_no_lifetime_recurs_or_is_over_is_never_archived(more: dict[str, object]) -> None:
    assert ends(at(900 * DAY, **more)) == []
    assert ends(at(900 * DAY, noted=STALE, **more)) == []


def test_nothing_is_archived_while_an_attempt_is_open_and_nothing_starts() -> None:
    two = (feature("1.1"), feature("1.2"))
    plan = at(9 * DAY, noted=STALE, features=two, records=(record("1.1-a1"),))
    assert ends(plan) == []
    assert not [m for m in plan.transitions if isinstance(m, Dispatch)]
    assert "archived when its attempts end" in next(h.detail for h in plan.holds if h.kind == "stale")


def test_it_is_looked_at_as_often_as_it_asks_for() -> None:
    def wakes(text: str) -> timedelta | None:
        plan = decide(mission(feature("1.1"), check_every=text), observation(shortage="no room"), Policy())
        return None if plan.wake_at is None else plan.wake_at - NOW

    usual = wakes("")
    assert wakes("soon") == usual
    assert wakes("5s") == min(timedelta(minutes=1), usual or timedelta(minutes=1))
    some = decide(mission(check_every="5m"), observation(), Policy())
    assert some.wake_at == NOW + timedelta(minutes=5)


def days(host: Host, number: float) -> None:
    host.jobs.clock.time.pass_by(timedelta(days=number))
    go_on(host, 3)


def test_nobody_cares_then_it_is_archived_and_comes_back_as_it_was() -> None:
    host = begun(works, PLAN, pulses=20)
    days(host, 6)
    assert "mission.stale" not in {row.event for row in committed(host).progress}
    days(host, 1.1)
    assert [row.details for row in committed(host).progress if row.event == "mission.stale"] == snapshot(
        ["there was no activity for 7 d 2 h: it is archived after Sat 2026-11-28 12:32"]
    )
    assert "stale" in {waiting.kind for _, waiting in everything_waiting(host.context())}
    before = committed(host)
    days(host, 1.1)
    gone = committed(host)
    assert (gone.status, bool(gone.archived)) == ("paused", True)
    assert inbox(host) == ""
    assert [(one.id, bool(one.archived), one.needs_attention) for one in lines_of(host.context())] == [
        ("m", True, False)
    ]
    days(host, 100)
    assert committed(host) == gone, "nothing more happens to it"
    features.resume(host.context(), "m")
    go_on(host, 3)
    back = committed(host)
    assert (back.status, back.archived) == ("active", "")
    assert [f.status for f in back.features()] == [f.status for f in before.features()]
    assert list(back.requests) == list(before.requests)
    assert back.noted[f"mission.stale {stamp(NOW)}"]


@pytest.mark.parametrize("deed", ["answer", "note", "commit"])
def test_whatever_a_person_does_with_it_begins_a_new_lifetime(deed: str) -> None:
    host = begun(works, PLAN, pulses=20)
    days(host, 7.1)
    if deed == "answer":
        features.answer(host.context(), "m", 1, "fail")
    elif deed == "note":
        note(host.context(), "m", "still wanted")
    else:
        from tests.unit.test_requests import rewritten

        rewritten(host, ("# Meet", "# Meet again"))
    days(host, 5)
    assert not committed(host).archived
    assert sum(row.event == "mission.stale" for row in committed(host).progress) == 1
    days(host, 2.1)
    assert sum(row.event == "mission.stale" for row in committed(host).progress) == 2


def test_a_mission_without_a_lifetime_does_not_change_by_a_commit() -> None:
    host = begun(works, PLAIN, pulses=20)
    head = host.context().state.head()
    days(host, 3)  # its request expires
    some = committed(host)
    days(host, 400)
    assert committed(host) == some
    assert head is not None


def test_a_plan_that_nobody_starts_is_archived_and_started_again() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    days(host, 7.1)
    days(host, 1.1)
    assert (committed(host).status, bool(committed(host).archived)) == ("planning", True)
    lifecycle.start(host.context(), "m")
    assert (committed(host).status, committed(host).archived) == ("active", "")


def test_a_person_archives_and_restores() -> None:
    host = begun(works, PLAIN, pulses=0)
    assert archive(host.context(), "m", reason="not now").words == snapshot(
        "m is archived: not now; mission archive m --restore takes it out of the archive"
    )
    assert archive(host.context(), "m").commit is None
    assert committed(host).status == "paused"
    make_mission(host, PLAIN, "n")
    ctx = host.context()
    assert resolve(ctx.state.snapshot()).mission.id == "n", "the one that is not archived is meant"
    assert restore(host.context(), "m").words == snapshot("m is no longer archived; to continue it: mission resume m")
    assert restore(host.context(), "m").commit is None
    with pytest.raises(UsageError):
        resolve(host.context().state.snapshot())


def test_what_needs_a_person_comes_first_then_what_is_urgent() -> None:
    host = begun(works, PLAIN, pulses=20)
    for name, priority in (("a", "low"), ("b", "urgent"), ("c", "normal")):
        make_mission(host, f"priority: {priority}\n{PLAIN}", name)
    found = [(one.id, one.needs_attention, one.priority) for one in lines_of(host.context())]
    assert found == [("m", True, "normal"), ("b", False, "urgent"), ("c", False, "normal"), ("a", False, "low")]
    assert [one.id for one in lines_of(host.context())] == [one[0] for one in found], "also from what was kept"
    with pytest.raises(UsageError) as error:
        resolve(host.context().state.snapshot())
    assert str(error.value.hint) == "the missions here: b, c, m, a"


def test_values_that_cannot_be_read_are_reported() -> None:
    front = "---\nid: m\nlifetime: soon\ncheck_every: 0m\narchived: later\n---\n# T\n"
    assert [f"{p.message}; {p.hint}" for p in load(front, "m").problems if "`" in p.message][:3] == snapshot(
        [
            "`lifetime` is `soon`, which is not a duration; write 7d, type, none",
            "`check_every` is `0m`, which is not a length of time; write 7d",
            "`archived` is not a date: `later`; write it as 2026-11-20 or 2026-11-20T10:00:00Z",
        ]
    )
