"""Waits for calendars and for pull requests by number: asked less and less often, and never by an idle pulse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.fakes.others import ADA
from tests.kit.forge.trouble import Fault
from tests.kit.forge.world import World, memory_world
from tests.kit.missions import NOW, feature, mission, plan_of
from tests.unit.test_keys_act import committed, go_on
from tests.unit.test_signals import waiting

from mission_cli._support.text import stamp
from mission_cli.adapters.calendars import IcsCalendars
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import DocumentError, ToolError
from mission_cli.domain.forge.facts import MergeMethod
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.outside.facts import Occasion
from mission_cli.domain.status import WaitStatus
from mission_cli.domain.tables import Wait
from mission_cli.domain.timing.polling import LONGEST, SHORTEST, Poll, answered, failed, is_due
from mission_cli.domain.timing.waiting import CalendarWait, ReplyWait, calendar_wait, periods, pull_number, reply_wait
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import MoveWait
from mission_cli.ports.git.forge import NewPull
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

ONE = FeatureNumber("1.1")
DAY = timedelta(days=1)
ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:weekly@example.org
SUMMARY:Team meeting
DTSTART:20261102T100000Z
DTEND:20261102T110000Z
RRULE:FREQ=WEEKLY
EXDATE:20261123T100000Z
END:VEVENT
BEGIN:VEVENT
UID:release@example.org
SUMMARY:Release
DTSTART;VALUE=DATE:20261215
END:VEVENT
BEGIN:VEVENT
UID:often@example.org
SUMMARY:Tick
DTSTART:20261102T100000Z
RRULE:FREQ=SECONDLY
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class Web(IcsCalendars):
    """Calendars whose addresses answer with a text, or with nothing."""

    def __init__(self, text: str = ICS) -> None:
        self.text, self.asked = text, list[str]()

    def fetch(self, url: str) -> str:
        """Return the text, and count."""
        self.asked.append(url)
        if not self.text:
            raise ToolError("the calendar cannot be fetched: it is down", hint="open the URL in a browser")
        return self.text


def test_the_forms_of_waits_are_read_or_refused() -> None:
    assert [reply_wait(t) for t in ("email_reply:3", "email_reply:3/2", "email_reply:3/all", "email_reply:x")] == [
        ReplyWait("3"),
        ReplyWait("3", 2),
        ReplyWait("3", None),
        None,
    ]
    assert [pull_number(t) for t in ("pr:12", "pr:#12", "pr:0", "pr:m/1.1")] == [12, 12, None, None]
    half = timedelta(minutes=30)
    assert [
        calendar_wait(t)
        for t in (
            "calendar:a/b.ics#Release",
            "calendar:https://x.org/c.ics?k=1#r@x.org@end+30m",
            "calendar:a.ics#R@start-30m",
        )
    ] == [
        CalendarWait("a/b.ics", "Release", at_end=False, offset=timedelta(0)),
        CalendarWait("https://x.org/c.ics?k=1", "r@x.org", at_end=True, offset=half),
        CalendarWait("a.ics", "R", at_end=False, offset=-half),
    ]
    outside = ("calendar:../a.ics#R", "calendar:/etc/a.ics#R", "calendar:http://x.org/a.ics#R", "calendar:file:///a#R")
    assert [calendar_wait(t) for t in (*outside, "calendar:a.ics", "calendar:#R", "calendar:a.ics#R@start-x")] == [
        *[None] * 6,
        CalendarWait("a.ics", "R@start-x", at_end=False, offset=timedelta(0)),
    ]
    assert [periods(t, DAY) for t in ("", "2h", "3 × 24h", "3x1h", "soon", "99999999999h")] == [
        (1, DAY),
        (1, timedelta(hours=2)),
        (3, DAY),
        (3, timedelta(hours=1)),
        (1, DAY),
        (1, DAY),
    ]


def test_lint_checks_each_form() -> None:
    rows = ("calendar:x", "email_reply:Bob", "mission:", "webhook:", "person: ", "pr:x", "fax:1", "time:soon")
    text = "# T\n\n## Waits\n\n| Feature | Waiting for | Timeout | Status |\n|---|---|---|---|\n"
    good = (
        "calendar:a.ics#R",
        "email_reply:1/all",
        "mission:m",
        "webhook:ci",
        "person:Bob",
        "pr:7",
        "pr:#7",
        "pr:m/1.1",
    )
    text += "".join(f"| 1.1 | {row} | soon | open |\n" for row in rows[:1])
    text += "".join(f"| 1.1 | {row} | 3 × 24h | open |\n" for row in (*rows[1:], *good))
    found = [(p.message, p.hint) for p in lint(load(text, "m")) if p.line > 6 and "does not exist" not in p.message]
    assert found == snapshot(
        [
            (
                "`calendar:x` does not name an event of a calendar that can be waited for: only a signal ends this wait",
                "write calendar:FILE.ics#EVENT@start-30m, or an https URL as FILE.ics",
            ),
            ("the timeout `soon` of a wait cannot be read, so 24h counts", "write 2h, or 3 × 24h to be reminded twice"),
            (
                "`email_reply:Bob` does not name a mail that can be waited for: only a signal ends this wait",
                "write email_reply:NUMBER, email_reply:NUMBER/2 or email_reply:NUMBER/all",
            ),
            (
                "`mission:` does not name a mission that can be waited for: only a signal ends this wait",
                "write mission:ID",
            ),
            (
                "`webhook:` does not name a webhook that can be waited for: only a signal ends this wait",
                "write webhook:NAME",
            ),
            (
                "`person:` does not name a person that can be waited for: only a signal ends this wait",
                "write person:NAME",
            ),
            (
                "`pr:x` does not name a pull request that can be waited for: only a signal ends this wait",
                "write pr:MISSION/N.M with a feature of a mission, or pr:NUMBER",
            ),
            (
                "`fax:1` is not a known event: only a signal ends this wait",
                "known are time:…, calendar:…, mission:…, pr:…, person:…, webhook:…, email_reply:…",
            ),
            ("the time `soon` of a wait is not a date", "write it as 2026-11-20T10:00:00Z"),
        ]
    )


def test_a_poll_is_asked_less_and_less_often_and_never_later_than_the_longest_time() -> None:
    poll, now, waits = Poll(), NOW, list[timedelta]()
    for _ in range(40):
        assert is_due(poll, now)
        poll = answered(poll, "same", now)
        again = datetime.fromisoformat(poll.again)
        waits.append(again - now)
        assert not is_due(poll, again - timedelta(seconds=1))
        now = again
    assert waits[0] == SHORTEST
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST
    assert datetime.fromisoformat(answered(poll, "news", now).again) - now == SHORTEST
    troubles = [poll := failed(poll, "down", now) for _ in range(12)]
    waited = [datetime.fromisoformat(p.again) - now for p in troubles]
    assert (waited[0], waited[-1], poll.value) == (SHORTEST, LONGEST, "same")
    assert is_due(poll, now - timedelta(days=400)), "a moment from a wrong clock does not stop it"


@pytest.mark.parametrize(
    ("wanted", "since", "found"),
    [
        ("calendar:a.ics#Team meeting", "2026-11-16T09:00:00+00:00", "2026-11-16T10:00:00Z"),
        ("calendar:a.ics#weekly@example.org@start-30m", "2026-11-16T09:45:00+00:00", "2026-11-30T09:30:00Z"),
        ("calendar:a.ics#TEAM MEETING@end+1h", "2026-11-16T11:30:00+00:00", "2026-11-16T12:00:00Z"),
        ("calendar:a.ics#Release", "2026-11-16T09:00:00+00:00", "2026-12-14T23:00:00Z"),
        ("calendar:a.ics#Release", "2026-12-16T09:00:00+00:00", ""),
        ("calendar:a.ics#Other", "2026-11-16T09:00:00+00:00", ""),
    ],
)
def test_the_moment_of_an_event(wanted: str, since: str, found: str) -> None:
    """With recurrence, exceptions, all-day events in the zone of the machine, and offsets."""
    told = calendar_wait(wanted)
    assert told is not None
    moment = IcsCalendars().moment(ICS, told, datetime.fromisoformat(since), timezone(timedelta(hours=1)))
    assert (stamp(moment) if moment else "") == found


@pytest.mark.parametrize(
    ("text", "event"), [("no calendar", "R"), (ICS, "Tick"), ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT", "R")]
)
def test_what_is_no_calendar_or_recurs_each_second_is_refused(text: str, event: str) -> None:
    told = calendar_wait(f"calendar:a.ics#{event}")
    assert told is not None
    with pytest.raises(DocumentError, match=r"the calendar a\.ics cannot be read"):
        IcsCalendars().moment(text, told, NOW, UTC)


def test_a_wait_for_an_event_ends_when_it_has_come_and_has_no_timeout_before() -> None:
    def planned(at: datetime | None, since: datetime = NOW - 10 * DAY) -> list[WaitStatus]:
        wait = Wait(ONE, "calendar:a.ics#R", since=stamp(since))
        found = plan_of(mission(feature("1.1"), waits=(wait,)), occasions={"calendar:a.ics#R": Occasion(at)})
        return [move.to for move in found.transitions if isinstance(move, MoveWait)]

    assert planned(NOW + DAY) == []
    assert planned(NOW) == [WaitStatus.RESOLVED]
    assert planned(None) == [WaitStatus.FAILED]
    assert planned(None, NOW - timedelta(hours=1)) == []


def test_a_wait_with_periods_is_reminded_of_between_them() -> None:
    def planned(hours: int, *noted: str) -> list[str]:
        wait = Wait(ONE, "webhook:ci", since=stamp(NOW - timedelta(hours=hours)), timeout="3 × 24h")
        some = mission(feature("1.1"), waits=(wait,), noted=dict.fromkeys(noted, "x"))
        moves = [m for m in plan_of(some).transitions if isinstance(m, MoveWait | Note)]
        return [m.why for m in moves]

    assert [planned(hours) for hours in (23, 25, 49, 73)] == snapshot(
        [
            [],
            ["1.1 has waited 1 d for webhook:ci, 2 more of 1 d"],
            ["1.1 has waited 2 d for webhook:ci, 1 more of 1 d"],
            ["webhook:ci did not happen in time"],
        ]
    )


def with_file(host: Host, text: str) -> None:
    """Put a calendar into the mission's folder."""
    state = host.context().state
    path = state.snapshot().missions["m"].path.replace("mission.md", "assets/team.ics")  # type: ignore[index]  # it is there
    state.commit([Write(path, text)], message="Add a calendar\n", expect=state.head(), author=ADA)


def test_a_calendar_of_the_mission_releases_the_feature_when_its_event_begins() -> None:
    host = waiting("| 1.1 | calendar:assets/team.ics#Meeting | | | open |")
    start = host.jobs.clock.time.now + timedelta(minutes=10)
    with_file(host, ICS.replace("Release", "Meeting").replace(";VALUE=DATE:20261215", f":{start:%Y%m%dT%H%M%SZ}"))
    go_on(host, 4)
    assert committed(host).waits[0].open
    go_on(host, 4)
    done = committed(host)
    assert done.waits[0].status == WaitStatus.RESOLVED
    assert done.features().__next__().raw_status != "pending"


def test_an_address_is_asked_when_that_is_due_and_what_it_said_is_kept_while_it_is_down() -> None:
    host, web = waiting("| 1.1 | calendar:https://x.example/c.ics#Meeting | | | open |"), Web("")
    host.calendars = web
    go_on(host, 6)
    assert len(web.asked) == 2, "at once and after 5 minutes, not at each pulse"
    words = next(h.detail for c in pulse(host.context()).cases.values() for h in c.plan.holds if h.kind == "wait")
    assert words == (
        "it waits for calendar:https://x.example/c.ics#Meeting: "
        "the calendar cannot be fetched: it is down: open the URL in a browser"
    )
    start = host.jobs.clock.time.now + timedelta(hours=2)
    web.text = ICS.replace("Release", "Meeting").replace(";VALUE=DATE:20261215", f":{start:%Y%m%dT%H%M%SZ}")
    go_on(host, 20)
    web.text = ""
    asked = len(web.asked)
    go_on(host, 60)
    assert committed(host).waits[0].status == WaitStatus.RESOLVED
    assert len(web.asked) < asked + 8


def at_a_forge(host: Host) -> World:
    """Give a host a scripted forge."""
    first = host.jobs.disk.read(f"{REFS}/heads/main", str)
    assert first is not None
    host.forge = memory_world(host.jobs.objects, {"heads/main": first})
    return host.forge


@pytest.mark.parametrize(("form", "merge"), [("pr:1", True), ("pr:#1", False)])
def test_a_wait_for_a_number_ends_with_the_pull_request(form: str, merge: bool) -> None:  # noqa: FBT001 - a case
    host = waiting(f"| 1.1 | {form} | | | open |")
    world = at_a_forge(host)
    go_on(host, 3)
    assert next(h.detail for c in pulse(host.context()).cases.values() for h in c.plan.holds if h.kind == "wait") == (
        f"it waits for {form}: there is no pull request with that number"
    )
    world.people.commit("one", "ada", c_txt="c")
    pull = world.forge("ada").open(NewPull("one", "main", "Add c", ""))
    go_on(host, 10)
    assert committed(host).waits[0].open
    world.troubles.standing = Fault.LIMITED
    go_on(host, 10)
    world.troubles.standing = None
    if merge:
        world.site.merge("ada", pull.number, pull.head, MergeMethod.MERGE)
    else:
        world.site.close("ada", pull.number)
    go_on(host, 120)
    ended = committed(host).waits[0]
    assert ended.status == (WaitStatus.RESOLVED if merge else WaitStatus.FAILED)
    said = [row.details for row in committed(host).progress if row.event in {"wait.resolved", "wait.failed"}]
    assert said == [f"1.1: pull request #1 {'is merged' if merge else 'was closed without a merge'}"]
    assert [row for row in committed(host).progress if row.event == "wait.reminded"] == []
