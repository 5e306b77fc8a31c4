"""Which rule wants which event, and when a message is due, late, collected or tried again: by a given clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count

import pytest
from tests.kit.missions import feature, mission

from mission_cli._support.dataclass import replace
from mission_cli.domain.errors import UsageError
from mission_cli.domain.news.conditions import FACTS, facts_of, holds, read_condition
from mission_cli.domain.news.outbox import (
    MOST_WAITING,
    Message,
    Outbox,
    batches,
    begun,
    failed,
    put,
    sent,
    wake_at,
    with_settings_of,
    without_gone,
)
from mission_cli.domain.news.rules import EVENTS, Rule, nameless, rules_for, severity_of, wants
from mission_cli.domain.status import FeatureStatus
from mission_cli.domain.tables import Spend
from mission_cli.domain.timing.hours import closes_at, never_end, opens_at, read_windows
from mission_cli.settings import NotificationSettings, Settings, check

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OPS = Rule("ops", ("a",), events=("*",))
_numbers = count()


def said(event: str = "milestone.passed", mission: str = "m") -> Message:
    """Another message."""
    return Message(str(next(_numbers)), mission, "Ship", event, "words", "")


def boxed(rule: Rule, *events: str, box: Outbox | None = None, now: datetime = NOON) -> Outbox:
    """An outbox into which one message for each event was put."""
    return put(box or Outbox(), [(said(event), [rule]) for event in events], now)


def sizes(box: Outbox, rule: Rule, now: datetime) -> list[list[str]]:
    """The events of each notification that is to be sent at a time."""
    return [[parcel.message.event for parcel in batch] for batch in batches(box, [rule], now)]


@pytest.mark.parametrize(
    ("rule", "wanted", "unwanted"),
    [
        (Rule("r"), ["mission.completed", "mission.waiting", "feature.failed"], ["milestone.passed", "feature.done"]),
        (Rule("r", events=("milestone.*",)), ["milestone.passed", "milestone.failed"], ["mission.failed"]),
        (Rule("r", events=("*.failed", "gate.waiting")), ["feature.failed", "gate.waiting"], ["gate.passed"]),
        (Rule("r", events=("*",), severity="warning"), ["request.asked", "wait.failed"], ["feature.done"]),
        (Rule("r", events=("*",), severity="error"), ["mission.stuck", "mission.failed"], ["mission.paused"]),
    ],
)
def test_globs_and_the_severity_choose_the_events(rule: Rule, wanted: list[str], unwanted: list[str]) -> None:
    assert [event for event in (*wanted, *unwanted) if wants(rule, event)] == wanted


def test_every_failure_is_an_error_and_every_event_has_a_severity() -> None:
    assert {severity_of(event) for event in EVENTS if event.endswith("failed")} == {"error"}
    assert {severity_of(event) for event in EVENTS} == {"info", "warning", "error"}


@pytest.mark.parametrize(
    ("mission", "named", "gates", "expected"),
    [
        ("crm", (), (), ["all", "crm"]),
        ("web", (), (), ["all"]),
        ("web", ("legal",), (), ["legal"]),
        ("web", ("ann",), (), ["all"]),
        ("web", ("ann", "crm"), ("legal",), ["crm", "legal"]),
        ("web", (), ("legal",), ["all", "legal"]),
        ("web", (), ("nobody",), ["all"]),
    ],
)
def test_a_mission_that_names_rules_goes_by_them_and_a_gate_adds_its_own(
    mission: str, named: tuple[str, ...], gates: tuple[str, ...], expected: list[str]
) -> None:
    rules = [Rule("all"), Rule("crm", missions=("crm*",)), Rule("legal", missions=("-",))]
    assert [rule.name for rule in rules_for(rules, mission, named, gates)] == expected
    assert nameless(("ann", "legal", "ann"), [rule.name for rule in rules]) == ["ann"]


@pytest.mark.parametrize(
    ("feature", "mission", "expected"),
    [
        ((), (), ["all"]),
        (("legal",), (), ["legal"]),
        (("legal", "inherit"), (), ["all", "legal"]),
        (("legal",), ("ops",), ["legal"]),
        (("legal", "inherit"), ("ops",), ["ops", "legal"]),
        (("legal", "inherit"), ("ops", "inherit"), ["all", "ops", "legal"]),
        (("inherit",), ("ops",), ["ops"]),
        ((), ("ops", "inherit"), ["all", "ops"]),
        (("nobody",), ("ops",), ["ops"]),
    ],
)
def test_the_narrowest_scope_chooses_the_rules_and_inherit_adds_the_wider_one(
    feature: tuple[str, ...], mission: tuple[str, ...], expected: list[str]
) -> None:
    rules = [Rule("all"), Rule("ops", missions=("-",)), Rule("legal", missions=("-",))]
    assert [rule.name for rule in rules_for(rules, "m", mission, (), feature)] == expected
    assert nameless(("inherit", "ops"), [rule.name for rule in rules]) == []


def test_the_cooldown_leaves_out_the_same_event_of_the_same_mission_and_no_other() -> None:
    rule = replace(OPS, cooldown=timedelta(minutes=10))
    box = boxed(rule, "mission.paused", "mission.paused", "mission.resumed")
    box = put(box, [(said("mission.paused", "other"), [rule])], NOON)
    box = boxed(rule, "mission.paused", box=box, now=NOON + timedelta(minutes=9))
    box = boxed(rule, "mission.paused", box=box, now=NOON + timedelta(minutes=10))
    events = [(parcel.message.mission, parcel.message.event) for parcel in box.parcels]
    assert events == [("m", "mission.paused"), ("m", "mission.resumed"), ("other", "mission.paused"), ("m", "mission.paused")]  # fmt: skip
    assert len(without_gone(box, [rule], NOON + timedelta(minutes=15)).last) == 1
    assert without_gone(box, [rule], NOON + timedelta(minutes=30)).last == {}


def test_a_message_is_in_once_for_each_channel_however_often_it_is_put_in() -> None:
    rule, message = replace(OPS, channels=("a", "b")), said()
    box = put(put(Outbox(), [(message, [rule])], NOON), [(message, [rule])], NOON)
    assert [(parcel.rule, parcel.channel) for parcel in box.parcels] == [("ops", "a"), ("ops", "b")]
    first, second = batches(box, [rule], NOON)
    assert [parcel.channel for parcel in sent(box, first).parcels] == ["b"]
    assert sent(sent(box, first), second).parcels == ()
    assert without_gone(box, [OPS], NOON).parcels == first


def test_in_quiet_hours_messages_wait_and_then_come_as_one() -> None:
    rule = replace(OPS, quiet=read_windows("22:00-07:00"))
    zone = timezone(timedelta(hours=-5))
    night, morning = datetime(2026, 11, 20, 23, 30, tzinfo=zone), datetime(2026, 11, 21, 7, 0, tzinfo=zone)
    box = boxed(rule, "milestone.passed", "mission.paused", now=night)
    assert sizes(box, rule, night) == []
    assert wake_at(box, [rule], night) == morning
    assert sizes(box, rule, morning - timedelta(seconds=1)) == []
    assert sizes(box, rule, morning) == [["milestone.passed", "mission.paused"]]
    day = boxed(rule, "milestone.passed", "mission.paused", now=morning)
    assert sizes(day, rule, morning) == [["milestone.passed"], ["mission.paused"]]


def test_a_digest_collects_from_its_first_message_on() -> None:
    rule = replace(OPS, digest=timedelta(hours=1))
    box = boxed(rule, "milestone.passed")
    box = boxed(rule, "mission.paused", box=box, now=NOON + timedelta(minutes=40))
    assert sizes(box, rule, NOON + timedelta(minutes=59)) == []
    end = NOON + timedelta(hours=1)
    assert wake_at(box, [rule], NOON) == end
    [batch] = batches(box, [rule], end)
    assert [parcel.message.event for parcel in batch] == ["milestone.passed", "mission.paused"]
    later = boxed(rule, "mission.resumed", box=sent(box, batch), now=end)
    assert wake_at(later, [rule], end) == end + timedelta(hours=1)


def test_a_failing_channel_is_tried_again_ever_later_and_takes_all_at_once_then() -> None:
    box, now, waits = boxed(OPS, "milestone.passed"), NOON, []
    for _ in range(14):
        [batch] = batches(box, [OPS], now)
        box = failed(begun(box, batch, now), batch, "no", now)
        assert box.parcels[0].begun == ""
        again = wake_at(box, [OPS], now)
        assert again is not None
        assert sizes(box, OPS, again - timedelta(seconds=1)) == []
        waits.append(again - now)
        now = again
    assert [wait // timedelta(minutes=1) for wait in waits] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440, 1440]  # fmt: skip
    box = boxed(OPS, "mission.paused", box=box, now=now)
    assert sizes(box, OPS, now) == [["milestone.passed", "mission.paused"]]
    assert box.failing[0].tries == 14
    assert sent(box, next(batches(box, [OPS], now))) == Outbox()


def test_a_change_of_the_settings_ends_the_wait_of_a_failing_channel() -> None:
    box = boxed(OPS, "milestone.passed")
    for _ in range(8):
        box = failed(box, box.parcels, "no", NOON)
    later = NOON + timedelta(minutes=5)
    assert sizes(with_settings_of(box, None), OPS, later) == []
    assert sizes(with_settings_of(box, NOON - timedelta(minutes=1)), OPS, later) == []
    assert sizes(with_settings_of(box, NOON + timedelta(minutes=4)), OPS, later) == [["milestone.passed"]]


def test_one_failing_channel_does_not_hold_another() -> None:
    rule = replace(OPS, channels=("a", "b"))
    box = boxed(rule, "milestone.passed")
    box = failed(box, next(batches(box, [rule], NOON)), "no", NOON)
    assert [batch[0].channel for batch in batches(box, [rule], NOON)] == ["b"]


def test_when_windows_close() -> None:
    at = {text: closes_at(read_windows(text), NOON) for text in ("", "22:00-07:00", "09:00-17:00", "11:00-12:30,12:30-13:00", "12:00-24:00", "13:00-12:30")}  # fmt: skip
    assert {text: f"{end:%d %H:%M}" if end else "" for text, end in at.items()} == {
        "": "",
        "22:00-07:00": "",
        "09:00-17:00": "20 17:00",
        "11:00-12:30,12:30-13:00": "20 13:00",
        "12:00-24:00": "21 00:00",
        "13:00-12:30": "20 12:30",
    }
    for text in ("22:00-07:00", "00:00-24:00", "09:00-12:00,12:00-09:00", "00:00-23:59"):
        windows = read_windows(text)
        for minute in range(0, 24 * 60, 7):
            now = NOON.replace(hour=minute // 60, minute=minute % 60)
            assert (closes_at(windows, now) is None) == (opens_at(windows, now) is not None)
        assert never_end(windows) == (text in {"00:00-24:00", "09:00-12:00,12:00-09:00"})


@pytest.mark.parametrize(
    ("text", "holds_for_it"),
    [
        ('{"field": "event", "value": "feature.failed"}', True),
        ('{"field": "event", "op": "!=", "value": "feature.failed"}', False),
        ('{"field": "spent_usd", "op": ">", "value": 5}', True),
        ('{"field": "spent_usd", "op": ">=", "value": "7.50"}', True),
        ('{"field": "spent_usd", "op": "<", "value": 7.5}', False),
        ('{"field": "title", "op": ">", "value": 1}', False),
        ('{"field": "words", "op": "includes", "value": "NO DISK"}', True),
        ('{"field": "feature", "op": "matches", "value": "1.*"}', True),
        ('{"field": "feature", "op": "not_exists"}', False),
        ('{"and": [{"field": "part", "value": "feature"}, {"not": {"field": "priority", "value": "low"}}]}', True),
        ('{"or": [{"field": "mode", "value": "poc"}, {"field": "done", "value": 2}]}', False),
    ],
)
def test_a_condition_is_about_facts(text: str, *, holds_for_it: bool) -> None:
    spends = (Spend("", "usd", Decimal("7.5")), Spend("", "usd", None), Spend("", "hours", Decimal(9)))
    some = mission(feature("1.1", FeatureStatus.FAILED), feature("1.2", FeatureStatus.DONE), spends=spends)
    facts = facts_of("feature.failed", "there is no disk", "1.1", some)
    assert facts.keys() == FACTS.keys()
    assert holds(read_condition(text), facts) is holds_for_it


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not JSON"),
        ("[]", "a condition is an object"),
        ("{}", "there is no fact null"),
        ('{"field": ["x"]}', "there is no fact"),
        ('{"field": "x", "value": 1}', 'there is no fact "x"'),
        ('{"field": "done", "op": "~", "value": 1}', 'there is no `op` "~"'),
        ('{"field": "done"}', "`==` takes a text or a number as value"),
        ('{"field": "done", "op": "exists", "value": 1}', "`exists` takes no value"),
        ('{"field": "done", "op": ">", "value": "many"}', "`>` compares numbers"),
        ('{"field": "done", "value": 1, "lunch": 1}', "the key `lunch` is not known"),
        ('{"and": [], "or": []}', "`and` stands alone"),
        ('{"not": [{}, {}]}', "`not` stands alone"),
        ('{"not": ' * 12 + "1" + "}" * 12, "it is more than 10 levels deep"),
        ("[" * 3000 + "]" * 3000, "it has more than 4000 characters"),
    ],
)
def test_a_condition_that_cannot_be_read_is_a_mistake_in_the_settings(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_condition(text)
    if text:
        with pytest.raises(UsageError, match=r"the setting `notifications\.ops\.when`"):
            check(Settings(notifications={"ops": NotificationSettings(("json://localhost",), when=text)}))


def test_a_channel_that_takes_nothing_keeps_the_newest_messages_and_counts_the_rest() -> None:
    rule, box = replace(OPS, channels=("a", "b")), Outbox()
    for number in range(MOST_WAITING + 3):
        box = put(box, [(replace(said(), id=str(number)), [rule])], NOON)
        box = begun(box, [p for p in box.parcels if p.message.id == "0"], NOON) if not number else box
        box = replace(box, parcels=tuple(p for p in box.parcels if p.channel == "a" or p.message.id == "0"))
    kept = [p.message.id for p in box.parcels if p.channel == "a"]
    assert (kept[:2], len(kept), box.left_out("ops", "a"), box.left_out("ops", "b")) == (["0", "4"], MOST_WAITING, 3, 0)
    assert without_gone(box, [replace(rule, channels=("b",))], NOON).dropped == {}
    assert sent(box, [p for p in box.parcels if p.channel == "a"]).dropped == {}
