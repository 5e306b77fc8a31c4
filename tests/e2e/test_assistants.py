"""What an assistant needs of missions: ask, answer and resume in any conversation; expiry; replies; missions alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.e2e.test_time import Hands
from tests.kit.people import HONEST

from mission_cli.engine.loop import pulse
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.engine.context import Context

PLAN = """\
title: Meeting
type: meeting
goal: Meet Ann and Bob.
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""
QUIET = """\
title: Meeting
budget: {time_hours: 1}
milestones: [{name: Only, validation: ["manual: it is good"], features: [{title: one}]}]
"""
"""Nothing runs, so no job ends and starts a pulse that looks at the real clock."""
ASKS = """
import json
if "Which day" not in PROMPT:
    told = {"question": "Which day?", "options": ["Monday", {"label": "Tuesday", "description": "Bob is late"}]}
    open(os.environ["MISSION_ASK"], "w").write(json.dumps(told))
    sys.exit(0)
write("1.1.txt", PROMPT.partition("Which day?: ")[2].split()[0])
commit()
"""
WAITS = """
## Waits

| Feature | Waiting for | Since | Timeout | Status |
|---|---|---|---|---|
| 1.1 | email_reply:ann | | 3d | open |
| 1.1 | email_reply:bob | | 3d | open |
| 1.1 | webhook:room | | 3d | open |
"""


def with_rows(person: Person, rows: str) -> None:
    person.file().write_text(person.file().read_text() + rows)
    person.git("commit", "--quiet", "-am", "Wait", cwd=person.repo / "missions")


def with_clock(person: Person) -> tuple[Context, Hands]:
    """The repository with hands on its clock."""
    (person.runtime / "clock.json").unlink(missing_ok=True)
    hands = Hands()
    return replace(open_repository(person.repo).context, clock=hands), hands


def look_after(ctx: Context, hands: Hands, span: timedelta) -> None:
    """Let time pass; then two pulses come that agree on it, and one that acts."""
    hands.pass_by(span)
    for _ in range(3):
        pulse(ctx)
        hands.pass_by(timedelta(minutes=1))


def test_what_was_asked_in_one_conversation_is_answered_and_goes_on_in_another(person: Person) -> None:
    person.worker(ASKS)
    person.set('agree_after = "10s"')
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))
    # the worker has asked, and conversation A ends; B is another process
    [line] = person.process("list", "--json").facts["missions"]
    assert (line["id"], line["needs_attention"], line["status"]) == ("m", True, "active")
    context = person.process("context", "m", "--json").facts
    [question] = context["questions"]
    assert context["goal"] == "Meet Ann and Bob."
    assert (question["prompt"], question["options"]) == ("1.1-a1: Which day?", ["Monday", "Tuesday: Bob is late"])
    assert {kind for event in context["events"] for kind in event["types"]} >= {"created", "blocked", "agent_message"}
    person.mission("answer", "m", "1", "Wednesday", ok=(2,))
    person.mission("answer", "m", "1", "tuesday, please")
    again = person.mission("answer", "m", "1", "Monday", ok=(2,)).err
    assert "request 1 is answered already, by" in again
    assert "tuesday, please" in again
    person.run()
    assert person.git("show", "main:1.1.txt") == "tuesday,"
    assert person.causes() == [("1.1-a1", "question"), ("1.1-a2", "done")]


def test_a_request_expires_and_takes_an_answer_after_that(person: Person) -> None:
    person.worker(HONEST)
    person.set('agree_after = "10s"')
    person.plan(QUIET)
    person.mission("ask", "m/1.1", "May it begin?", "--expires", "300d", "--option", "yes", "--option", "no")
    person.start()
    ctx, hands = with_clock(person)
    request = person.loaded().mission.requests[0]
    text = person.file().read_text().replace(request.expires, "2026-11-20T12:00:00Z")
    person.file().write_text(text.replace(request.asked, "2026-11-20T10:00:00Z"))
    person.git("commit", "--quiet", "-am", "Expire soon", cwd=person.repo / "missions")
    look_after(ctx, hands, timedelta(minutes=1))
    look_after(ctx, hands, timedelta(minutes=70))
    assert [r.event for r in person.loaded().mission.progress if "reminded" in r.event] == ["request.reminded"]
    look_after(ctx, hands, timedelta(hours=1))
    assert person.loaded().mission.requests[0].status == "expired"
    person.mission("answer", "m", "1", "yes")
    assert person.loaded().mission.requests[0].status == "answered"


def test_a_feature_starts_when_all_have_replied_and_the_same_reply_counts_once(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with_rows(person, WAITS)
    person.start()
    reply = json.dumps({"says": "Tuesday"})
    for number, event in enumerate(("email_reply:ann", "webhook:room"), 1):
        person.mission("signal", "m/1.1", "--event", event, "--data", reply)
        again = person.mission("signal", "m/1.1", "--event", event, "--data", reply)
        assert "it was signaled before with this data" in again.out
        assert person.mission("signal", "m/1.1", "--event", event, "--data", "1", ok=None).code != 0
        resolved = [row for row in person.loaded().mission.progress if row.event == "wait.resolved"]
        assert len(resolved) == number, "a duplicate, or another reply to the same wait, changes nothing"
    person.mission("pulse")
    assert person.starts() == [], "Bob has not replied"
    person.mission("signal", "m/1.1", "--event", "email_reply:bob", "--data", reply)
    person.run()
    assert person.causes() == [("1.1-a1", "done")]
    prompt = (person.repo / "missions/m/runs/1.1-a1.md").read_text()
    assert prompt.count('"says": "Tuesday"') == 3


def test_a_mission_of_which_nobody_thinks_is_archived_and_a_broken_one_beside_it_stops_nothing(person: Person) -> None:
    person.worker(HONEST)
    person.set('agree_after = "10s"')
    person.plan(PLAN.replace("features: [{title: one", "features: [{title: one, depends: []"))
    person.plan(PLAN.replace("type: meeting", "type: development"), identity="kept")
    person.plan(PLAN, identity="broken")
    broken = person.file("broken")
    broken.write_text(broken.read_text().replace("status: ", "status: [", 1))
    person.git("commit", "--quiet", "-am", "Break one", cwd=person.repo / "missions")
    ctx, hands = with_clock(person)
    hands.wall = ctx.state.history()[0].at + timedelta(minutes=1)
    look_after(ctx, hands, timedelta(days=7))
    assert person.mission("inbox", "--json", ok=(3,)).facts["inbox"][0]["id"] in {"m", "broken"}
    look_after(ctx, hands, timedelta(days=1))
    assert [one["id"] for one in person.mission("list", "--archived", "--json").facts["missions"]] == ["m"]
    assert {one["id"] for one in person.mission("list", "--json").facts["missions"]} == {"kept", "broken"}
    assert not person.loaded("kept").mission.archived
    person.mission("archive", "m", "--restore")
    assert (person.file().is_file(), person.loaded().mission.status) == (True, "planning")
