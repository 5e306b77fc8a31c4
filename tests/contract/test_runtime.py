"""The runtime: one loop at a time, words that are left for it, and the rest that the fast path trusts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.deciding.grants import Choice, Grant, Ledger, Seen, Trace
from mission_cli.domain.forecast.figures import Past
from mission_cli.domain.forecast.memory import Kept, Read, Simulated
from mission_cli.domain.forecast.outcomes import Outcomes, Range
from mission_cli.domain.ids import MissionId
from mission_cli.domain.news.outbox import Failing, Message, Outbox, Parcel
from mission_cli.domain.status import MissionStatus
from mission_cli.domain.timing.timeline import follow
from mission_cli.ports.git.state import Settled, Write
from mission_cli.ports.runtime import Asked, Listed, Trouble

if TYPE_CHECKING:
    from tests.contract.places import Place

HOUR = timedelta(hours=1)


def rest(place: Place, *, in_hours: int | None = None) -> None:
    """Rest over the head of the state, until some hour."""
    ctx = place.context()
    looks = ctx.runtime.looks(ctx.state.watch())
    wake = None if in_hours is None else ctx.clock.now() + in_hours * HOUR
    ctx.runtime.rest(looks=looks, jobs=[], wake_at=wake)


def test_one_process_is_the_loop_and_who_comes_meanwhile_leaves_word(place: Place) -> None:
    one, other = place.context().runtime, place.context().runtime
    with one.lock() as ours:
        assert ours
        assert not one.take_pulse_request()
        with other.lock() as theirs:
            assert not theirs
    assert [one.take_pulse_request(), one.take_pulse_request()] == [True, False]
    with other.lock() as ours:
        assert ours


def test_idle_is_what_was_left_at_rest_and_nothing_else(place: Place) -> None:
    assert not place.idle()
    rest(place)
    assert place.idle()
    place.context().runtime.request_pulse()
    assert not place.idle()
    assert place.context().runtime.take_pulse_request()
    assert not place.idle(), "who took the word has not done what it asks for"
    rest(place)
    assert place.idle()
    assert not place.context().runtime.take_pulse_request()
    assert place.idle()
    place.context().runtime.press_stop(on=True)
    assert not place.idle()
    place.context().runtime.press_stop(on=False)
    assert place.idle()


def test_stop_says_since_when_and_by_whom_until_it_is_lifted(place: Place) -> None:
    runtime, now = place.context().runtime, place.context().clock.now()
    assert runtime.stopped() is None
    runtime.press_stop(on=True, by="Ann Example")
    runtime.press_stop(on=True, by="somebody else")
    found = place.context().runtime.stopped()
    assert found is not None
    since = parse_stamp(found.since)
    assert since is not None
    assert found.by == "Ann Example"
    assert abs(since - now) < timedelta(minutes=1)
    runtime.press_stop(on=False)
    assert place.context().runtime.stopped() is None


def test_what_no_file_tells_is_looked_at_by_each_pulse(place: Place) -> None:
    place.context().runtime.rest(looks={}, jobs=[], wake_at=None, again=True)
    assert not place.idle()


def test_idle_ends_when_the_state_moves_and_when_it_is_time(place: Place) -> None:
    rest(place, in_hours=1)
    assert place.idle()
    store = place.context().state
    store.commit([Write("m/mission.md", "---\nid: m\n---\n# m\n")], message="m\n", expect=store.head())
    assert not place.idle()
    rest(place, in_hours=-1)
    assert not place.idle()


def test_what_is_due_is_the_wake_up_or_the_kick(place: Place) -> None:
    ctx = place.context()
    assert ctx.runtime.due() is None
    rest(place)
    assert ctx.runtime.due() is None
    rest(place, in_hours=1)
    due = ctx.runtime.due()
    assert due is not None
    assert abs(due - ctx.clock.now() - HOUR) < timedelta(minutes=1)
    ctx.runtime.request_pulse()
    kicked = ctx.runtime.due()
    assert kicked is not None
    assert kicked < due


GRANT = Grant("d", "m", "request:1", Choice.ANSWER, "yes", "ada", Seen("c", "d"), "at", "at", "at")


def test_what_is_noted_is_found_by_the_next_process(place: Place) -> None:
    runtime = place.context().runtime
    settled = {MissionId("m"): Settled("c", MissionStatus.COMPLETED)}
    listed = {MissionId("m"): Listed("c", "m/mission.md", "A title", "active", 1, 2, 3, "0.50", 4)}
    troubles, told = (Trouble("at", "words", "hint"), Trouble("at", "more", "", "m", "c")), {"m": {"e": "w"}}
    message = Message("1", "m", "Title", "mission.paused", "words", "at")
    outbox = Outbox("head", (Parcel("ops", "c", message, "due"),), {"k": "at"}, (Failing("ops", "c", 1, "at", "why"),))
    asked = Asked("a", "b", {"h": ("s", 2)}, "p", person=True)
    line = follow(None, place.context().clock.moment(), least=timedelta(seconds=10))
    runtime.note_settled(settled)
    runtime.note_listed(listed)
    past = Past(3, 1, 5, 1e6, 90.0, 2.5, 1.5, "development", "claude opus")
    outcomes = Outcomes(Range(1.0, 2.0, 3.0), None, Range(4.0, 5.0, 6.0), Range(7.0, 8.0, 9.0), 400)
    forecasts = Kept({"m": Read("c", past), "n": Read("d", None)}, {"m": Simulated("key", outcomes)})
    assert runtime.forecasts() == Kept()
    runtime.note_forecasts(forecasts)
    runtime.note_troubles(troubles)
    runtime.note_told(told)
    runtime.note_outbox(outbox)
    runtime.note_asked(asked)
    runtime.note_timeline(line)
    runtime.note_look("head")
    assert runtime.turn() == ""
    runtime.note_turn("m")
    again = place.context().runtime
    assert (again.settled(), again.troubles(), again.told(), again.asked()) == (settled, troubles, told, asked)
    assert (again.listed(), again.outbox(), again.forecasts()) == (listed, outbox, forecasts)
    ledger = Ledger((GRANT,), (("d", "at"),), (Trace("at", "slack", "bob", "m/request:1", "why"),))
    with runtime.deciding() as book:
        assert book.ledger == Ledger()
        book.note(ledger)
        assert book.ledger == ledger
    with again.deciding() as book:
        assert book.ledger == ledger
    with runtime.plannings() as plans:
        plans.note("a", "one")
        plans.note("b", "two")
        plans.note("a", "")
        plans.note("never", "")
        assert dict(plans.texts) == {"b": "two"}
    with again.plannings() as plans:
        assert dict(plans.texts) == {"b": "two"}
    with runtime.carrying("b") as mine, again.carrying("b") as other, again.carrying("c") as third:
        assert (mine, other, third) == (True, False, True)
    with again.carrying("b") as mine:
        assert mine
    assert (again.timeline(), again.last_look(), again.turn()) == (line, "head", "m")
    again.note_troubles([])
    assert runtime.troubles() == ()
    assert runtime.keep("plans/m.md", "text").endswith("plans/m.md")


def test_interviews_are_kept_beside_plannings(place: Place) -> None:
    runtime, again = place.context().runtime, place.context().runtime
    with runtime.plannings() as plans:
        plans.note("b", "two")
    with runtime.interviews() as kept:
        kept.note("b", "three")
    with again.plannings() as plans, again.interviews() as kept:
        assert (dict(plans.texts), dict(kept.texts)) == ({"b": "two"}, {"b": "three"})
        kept.note("b", "")
        assert dict(kept.texts) == {}
    with runtime.interviewing("b") as mine, again.interviewing("b") as other, again.carrying("b") as another_kind:
        assert (mine, other, another_kind) == (True, False, True)


def test_a_process_can_tell_its_own_signature_from_that_of_another(place: Place) -> None:
    one, other = place.context(), place.context()
    assert one.runtime.rested_at() == (None, None)
    one.runtime.rest(looks={}, jobs=[], wake_at=None)
    present, own = one.runtime.rested_at()
    assert present == own is not None
    assert other.runtime.rested_at() == (present, None)
