"""The journal of a mission in ten types, with what people and agents said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.missions import NOW, record
from tests.unit.test_keys_act import committed
from tests.unit.test_reasons import begun, go_on, works

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.app.commands.steer.tell import note, tell
from mission_cli.app.report.history import event_types, journal
from mission_cli.domain.errors import MissionError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha
from mission_cli.domain.news.types import TYPES, EventType, types_of
from mission_cli.domain.status import Cause
from mission_cli.ports.git.state import Event

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.results.reports import History

PLAN = """\
title: Two
budget: {money_usd: 30}
preferences: {runner: script, land: auto}
milestones: [{name: Core, validation: ["file: `1.1.txt`"], features: [{title: a, criteria: ["file: `1.1.txt`"]}]}]
"""


def history(host: Host) -> History:
    ctx = host.context()
    address = resolve(ctx.state.snapshot(), "m")
    return journal(ctx, address, ctx.state.history(address.stored, limit=100))


def test_each_kind_has_one_type_and_the_rest_changes_the_status() -> None:
    kinds = [kind for found in TYPES.values() for kind in found]
    assert len(kinds) == len(set(kinds))
    assert set(TYPES) == set(EventType) - {EventType.STATUS_CHANGED}


@pytest.mark.parametrize("kind", EventKind)
def test_the_types_of_a_commit(kind: EventKind) -> None:
    assert len(types_of([kind])) == 1
    assert types_of([]) == types_of(["of.another.version"]) == (EventType.STATUS_CHANGED,)
    assert types_of([kind, kind]) == types_of([kind])


def test_an_attempt_that_is_done_is_a_message_and_a_completed_task() -> None:
    done, other = record("1.1-a1", Cause.DONE, last_words="I did it."), record("1.1-a2")
    records = {str(done.run): done, str(other.run): other}
    kinds = (EventKind.ATTEMPT_SETTLED, EventKind.FEATURE_DISPATCHED)
    event = Event(Sha("a" * 40), NOW, PROGRAM, "x", kinds, ("m",), ("", ""), (done.run, other.run))
    assert event_types(event, records) == ("agent_message", "status_changed", "task_completed")
    turned = Event(Sha("a" * 40), NOW, PROGRAM, "x", kinds, ("m",), ("", ""), (other.run, done.run))
    assert event_types(turned, records) == ("agent_message", "status_changed")


def test_a_mission_from_its_creation_to_its_end() -> None:
    host = begun(works, PLAN, pulses=0)
    tell(host.context(), "m/1.1", "No dependencies, please.")
    ask(host.context(), "m", Given("May it land?"))
    features.answer(host.context(), "m", 1, "yes")
    features.pause(host.context(), "m")
    features.resume(host.context(), "m")
    note(host.context(), "m", "Legal agreed.")
    note(host.context(), "m/1.1", "Look here.")
    go_on(host, 30)
    assert committed(host).status == "completed"
    found = history(host).events[::-1]
    assert [(list(entry.types), entry.why[0] if entry.why else entry.subject) for entry in found] == snapshot(
        [
            ([EventType.CREATED], "m is planned: Two (by Ada)"),
            ([EventType.STATUS_CHANGED], "m is started (by Ada)"),
            ([EventType.STATUS_CHANGED], "milestone 1 starts at 16f9ad2"),
            ([EventType.STATUS_CHANGED], "attempt 1 at 1.1 a: $30 and 1 h at most"),
            ([EventType.USER_MESSAGE], "1.1 is told: No dependencies, please. (by Ada)"),
            ([EventType.BLOCKED], "1: May it land? (by Ada)"),
            ([EventType.USER_MESSAGE], "request 1 is answered: yes (by Ada)"),
            ([EventType.BLOCKED], "m is paused (by Ada)"),
            ([EventType.RESUMED], "m is resumed (by Ada)"),
            ([EventType.USER_MESSAGE], "Legal agreed. (by Ada)"),
            ([EventType.USER_MESSAGE], "1.1: Look here. (by Ada)"),
            ([EventType.STATUS_CHANGED], "negative control of milestone 1: 0 of 1 pass before any work"),
            ([EventType.STATUS_CHANGED], "1.1-a1 left 1 commit in 1 file"),
            ([EventType.AGENT_MESSAGE, EventType.STATUS_CHANGED, EventType.TASK_COMPLETED], "1.1-a1 is done"),
            ([EventType.STATUS_CHANGED], "every feature of milestone 1 is done or skipped"),
            ([EventType.TASK_COMPLETED, EventType.STATUS_CHANGED], "milestone 1 passed: 1 criterion on e0a2679"),
            ([EventType.COMPLETED], "every milestone passed, the final validation passed, and the work has landed"),
        ]
    )
    told = [run for entry in found for run in entry.runs if entry.types[0] is EventType.AGENT_MESSAGE]
    assert [(run.run, run.agent, run.conversation, run.words) for run in told] == snapshot(
        [("m/1.1-a1", "script sonnet", "", "")]
    )


def test_an_empty_or_endless_note_is_refused() -> None:
    host = begun(works, PLAN, pulses=0)
    for text in (" \n", "x" * 501):
        with pytest.raises(MissionError):
            note(host.context(), "m", text)
    assert json.dumps([row.event for row in committed(host).progress]).count("mission.noted") == 0
