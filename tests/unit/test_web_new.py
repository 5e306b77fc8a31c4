"""A new mission on the web page: the goal, the plan that a model writes, its approval, and no trace after an abort."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.browsing import Browser, at_home, signed_in
from tests.kit.markup import Walk
from tests.kit.plans import good
from tests.kit.served import USERS
from tests.unit.test_plannings import thinking

from mission_cli.domain.interview.modes import MODES, recommended

if TYPE_CHECKING:
    from tests.kit.browsing import Parsed

GOAL = "Count words <script>alert(1)</script>"
BEGIN, APPROVE, FORGET, STOP = "Write a plan", "Approve the plan", "Forget this plan", "Stop, and forget it"
SAVE, ADJUST = "Save the plan", "Have the model change it"


def begun(web: Browser, **fields: str) -> str:
    """Ask for a plan; return the address of its page."""
    web.press(web.open("/new"), BEGIN, **{"goal": GOAL, "runner": "script", "money_usd": "7", **fields})
    assert web.status == 200
    assert web.last is not None
    return web.last.request.url.path


def ended(web: Browser, where: str) -> Parsed:
    """Let the model go on until its plan is written; return the page."""
    for _ in range(500):
        web.host.jobs.clock.time.pass_by(timedelta(minutes=1))
        web.host.jobs.work()
        page = web.open(where)
        if "A plan is being written" not in page.text and "Being changed" not in page.text:
            return page
        time.sleep(0.01)  # polled until the deadline of the test
    raise AssertionError(page.text)


def test_a_goal_suggests_a_mode() -> None:
    goals = ("A prototype of a parser", "Is it feasible?", "Something QUICK", "A spike", "Epoch times", "Quicksort", "")
    assert [(one.mode, one.why) for one in map(recommended, goals)] == [
        ("poc", "prototype"),
        ("poc", "feasible"),
        ("poc", "quick"),
        ("poc", "spike"),
        *[("full", "")] * 3,
    ]
    web = at_home(thinking(good(), good()))
    assert "poc mode" in web.open(begun(web, goal="A quick look")).text
    assert "full mode" in web.open(begun(web, goal="A quick look", mode="full")).text


def test_a_goal_becomes_a_plan_and_then_a_mission_that_runs() -> None:
    web = at_home(thinking(good()))
    page = web.open("/new")
    assert all(words in page.text for words in MODES.values())
    assert page.forms[2].fields["money_usd"] == "20"
    where = begun(web, id="counter", priority="high")
    page = web.open(where)
    assert "hx-get" in str(page.tags)
    assert web.host.context().state.snapshot().missions == {}, "nothing is written before the approval"
    page = ended(web, where)
    assert web.last is not None
    Walk(web.last.text)
    assert "hx-get" not in str(page.tags)
    assert page.text.partition("Sign out ")[2] == snapshot(
        "New mission Word counter ready full mode, base main, by script (opus), for at most $1; $0.05, 0 tokens so far Count words <script>alert(1)</script> 3 milestones, 6 features, 6 h of work by estimate; at most $7 1 Stage 1 2h 1.1 Part 1.1 1h Write 1.1.txt. file: `1.1.txt` 1.2 Part 1.2 1h, after 1.1 Write 1.2.txt. file: `1.2.txt` Criteria of the milestone file: `1.1.txt` 2 Stage 2 2h 2.1 Part 2.1 1h Write 2.1.txt. file: `2.1.txt` 2.2 Part 2.2 1h, after 2.1 Write 2.2.txt. file: `2.2.txt` Criteria of the milestone file: `2.1.txt` 3 Stage 3 2h 3.1 Part 3.1 1h Write 3.1.txt. file: `3.1.txt` 3.2 Part 3.2 1h, after 3.1 Write 3.2.txt. file: `3.2.txt` Criteria of the milestone file: `3.1.txt` Constraints standard library only Change it What should be different? Have the model change it Mode full poc The most it may cost, in dollars Set mode and budget Edit it The plan, YAML Save the plan The mission may cost at most $7. Start it, too Approve the plan Change the goal… Forget this plan"
    )
    page = web.press(page, APPROVE, start="true")
    assert str(web.last.url.path) == "/missions/counter"
    assert "counter is made; planning cost $0.05. It has started." in page.text
    assert "It is the mission counter" in web.open(where).text
    assert "approved" in web.open("/new").text


def test_a_plan_can_be_changed_by_hand_or_forgotten() -> None:
    web = at_home(thinking(good(), good()))
    where = begun(web)
    page = ended(web, where)
    wrong = web.press(page, SAVE, plan="title: [")
    form = next(form for form in wrong.forms if SAVE in form.buttons)
    assert (web.status, "not valid YAML" in wrong.text, form.fields["plan"]) == (422, True, "title: [")
    page = web.open(where)
    text = next(form for form in page.forms if SAVE in form.buttons).fields["plan"]
    changed = next(line for line in text.splitlines() if line.startswith("title:"))
    old, page = page, web.press(page, SAVE, plan=text.replace(changed, "title: Mine").replace("\n", "\r\n"))
    assert "What has changed edited title: Word counter → Mine milestones: 3; features: 6" in page.text
    assert "the plan was changed meanwhile" in web.press(old, APPROVE).text
    page = web.press(web.open(where), APPROVE)
    assert "Mine" in page.text
    assert [*web.host.context().state.snapshot().missions] == ["mine"]
    where = begun(web, goal="Another", money_usd="unlimited")
    page = ended(web, where)
    to = next(to for to, words in page.links if words == "Change the goal…")
    again = web.open(to).forms[2]
    assert (again.fields["goal"], again.fields["money_usd"], again.fields["runner"]) == (
        "Another",
        "unlimited",
        "script",
    )
    assert "The plan is forgotten. Nothing was written." in web.press(web.open(where), FORGET).text
    web.open(where)
    assert web.status == 404
    assert [*web.host.context().state.snapshot().missions] == ["mine"]


def test_a_plan_is_changed_by_the_model_set_and_undone_on_the_page() -> None:
    web = at_home(thinking(good(), good(milestones=4)))
    where = begun(web)
    page = web.press(ended(web, where), ADJUST, wish="a <b>fourth</b> milestone")
    assert "Being changed: a <b>fourth</b> milestone" in page.text
    page = ended(web, where)
    assert (
        "What has changed changed by the model: a <b>fourth</b> milestone + milestone 4 Stage 4 + 4.1 Part 4.1"
        in page.text
    )
    assert "this change cost $0.05" in page.text
    page = web.press(page, "Set mode and budget", mode="poc", money_usd="$9")
    assert "What has changed set: mode poc, money_usd 9 mode: full → poc cap in dollars: 7 → 9" in page.text
    page = web.press(page, "Undo the last change")
    page = web.press(page, "Undo the last change")
    assert ("What has changed" in page.text, "3 milestones, 6 features" in page.text) == (False, True)
    assert "Undo the last change" not in page.text
    page = web.press(page, "Set mode and budget", money_usd="much")
    assert (web.status, "`much` is not a number" in page.text) == (422, True)


def test_a_model_is_stopped_when_its_plan_is_not_wanted_any_more() -> None:
    web = at_home(thinking(good()))
    where = begun(web)
    web.press(web.open(where), STOP)
    for _ in range(500):
        if not web.host.context().executor.running():
            break
        web.host.jobs.work()
        time.sleep(0.01)  # polled until the deadline of the test
    assert web.host.context().executor.running() == []
    assert web.host.context().state.snapshot().missions == {}


def test_what_cannot_be_planned_is_said_and_costs_nothing() -> None:
    web = at_home(thinking(good()))
    said = {}
    wrong = (
        {"goal": " "},
        {"money_usd": ""},
        {"money_usd": "much"},
        {"deadline": "someday"},
        {"id": "A/B"},
        {"mode": "x"},
        {"runner": "robot"},
    )
    for fields in wrong:
        given = {"goal": GOAL, "runner": "script", **fields}
        page = web.press(web.open("/new"), BEGIN, **given)
        assert web.status in {409, 422}, fields
        assert web.last is not None
        assert page.forms[2].fields["goal"] == given["goal"], "what was written is still there"
        walk = Walk(web.last.text)
        assert [one for tag, one in walk.elements if tag == "script" and not one.get("src")] == []
        said[str(fields)] = page.text.partition("Sign out New mission ")[2].partition(
            " What is the goal, in a sentence?"
        )[0]
    assert said == snapshot(
        {
            "{'goal': ' '}": "the goal is empty mission new 'A command that counts words, tested'",
            "{'money_usd': ''}": "the mission has no cap say how much it may cost, or write unlimited",
            "{'money_usd': 'much'}": "`much` is not a number money_usd is a number, or unlimited",
            "{'deadline': 'someday'}": "`deadline` is `someday`, which is not a time write 2026-12-01, 2026-12-01T18:00, tomorrow 18:00, friday 09:00, or +3d",
            "{'id': 'A/B'}": "'A/B' cannot be an id: only letters, digits, '.', '_' and '-' are allowed, and the first is a letter or digit choose another one",
            "{'mode': 'x'}": "`mode` is `x`, which is not known use one of full, poc",
            "{'runner': 'robot'}": "the runner `robot` is not configured add a table [runners.robot] to .mission.toml, or use another: script",
        }
    )
    assert web.host.context().executor.running() == []


def test_a_plan_that_exists_already_becomes_a_mission() -> None:
    web = at_home(thinking(good()))
    page = web.press(
        web.open("/new"),
        "Make the mission",
        plan='{"title": "Given", "milestones": [{"name": "A", "features": [{"title": "b"}]}]}',
    )
    assert "given is planned. Start it when you are ready." in page.text
    page = web.press(web.open("/new"), "Make the mission", plan="title: <b>")
    assert (web.status, page.forms[3].fields["plan"]) == (422, "title: <b>")


def test_only_people_who_may_manage_missions_make_some() -> None:
    web = signed_in("reader", thinking(good()), users=USERS)
    page = web.open("/new")
    assert "Your token does not allow this." in page.text
    key = page.forms[0].fields["form_key"]
    for path in (
        "/new",
        "/new/plan",
        *(f"/plannings/x/{name}" for name in ("approve", "drop", "adjust", "edit", "settle", "undo")),
    ):
        assert web.client.post(path, data={"form_key": key, "goal": "x", "money_usd": "1"}).status_code == 403
    manager = signed_in("manager", thinking(good()), users=USERS)
    where = begun(manager)
    assert "manager" in manager.open("/new").text
    page = ended(manager, where)
    manager.press(page, APPROVE)
    assert manager.host.context().state.history(limit=1)[0].author.name == "manager"


def test_a_mission_is_made_of_a_playbook_on_its_page() -> None:
    web = at_home(thinking())
    assert "/playbooks" in [to for to, _ in web.open("/new").links]
    listed = web.open("/playbooks")
    assert "/playbooks/cli-tool" in [to for to, _ in listed.links]
    page = web.open("/playbooks/cli-tool")
    make = "Make the mission"
    fields = next(form for form in page.forms if make in form.buttons).fields
    assert ("value-language" in fields, fields["value-max_usd"]) == (True, "30")
    refused = web.press(page, make, **{"value-name": "Not Good", "value-purpose": "<b>Counts</b>"})
    assert web.status == 422
    assert "`name`: `Not Good` does not match" in refused.text
    kept = next(form for form in refused.forms if make in form.buttons).fields
    assert (kept["value-name"], kept["value-purpose"]) == ("Not Good", "<b>Counts</b>")
    made = web.press(refused, make, **{"value-name": "words"})
    assert "words-a-command-line-tool is planned" in made.text
    assert [*web.host.context().state.snapshot().missions] == ["words-a-command-line-tool"]
    web.open("/playbooks/none")
    assert web.status == 404
