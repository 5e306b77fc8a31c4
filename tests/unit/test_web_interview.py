"""The interview on the web page: one question a page, back, left out, changed, and the questions of the model."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from inline_snapshot import snapshot
from tests.kit.browsing import Browser, at_home, signed_in
from tests.kit.markup import Walk
from tests.kit.nightly import by_day
from tests.kit.plans import good
from tests.kit.served import USERS
from tests.unit.test_plannings import thinking

from mission_cli._support.dataclass import replace
from mission_cli.app.interview.answers import read_answers
from mission_cli.app.interview.kept import unfinished
from mission_cli.app.interview.order import order_of
from mission_cli.app.plannings.order import PlanOrder
from mission_cli.app.plannings.stored import read
from mission_cli.domain.interview.interview import Depth, Interview

if TYPE_CHECKING:
    from tests.kit.browsing import Parsed

HOSTILE = "<script>alert(1)</script>"
PROBES = {
    "greenfield": ["premortem", "journey", "must"],
    "enhancement": ["premortem", "journey", "must"],
    "migration": ["rollback", "integrity", "pace"],
    "research": ["decides", "deliverable", "timebox"],
    "infrastructure": ["outage", "rollback", "noticed"],
}


def begun(web: Browser, goal: str, depth: str = "deep") -> Parsed:
    """Give the goal; return the page of the second question."""
    return web.press(web.open("/new"), "Begin", goal=goal, depth=depth)


def asked(page: Parsed) -> str:
    """The id of the question on a page; empty if everything is answered."""
    return next((form.fields["question"] for form in page.forms if "question" in form.fields), "")


def ended(web: Browser, page: Parsed) -> Parsed:
    """Let the model go on until its plan is written; return the page."""
    assert web.last is not None
    where = web.last.request.url.path
    for _ in range(500):
        web.host.jobs.clock.time.pass_by(timedelta(minutes=1))
        web.host.jobs.work()
        page = web.open(where)
        if page.forms and ("Approve the plan" in page.text or "There is no plan" in page.text):
            return page
        time.sleep(0.01)  # polled until the deadline of the test
    raise AssertionError(page.text)


@pytest.mark.parametrize("kind", by_day([*PROBES], 1))
def test_every_class_is_asked_on_the_page_as_on_a_terminal_and_orders_the_same(kind: str) -> None:
    web = at_home(thinking(good()))
    page = begun(web, f"Count words {HOSTILE}")
    said = {"goal": f"Count words {HOSTILE}"}
    walked = ["class", "features", "mode", "budget", "constraints", "non_goals", *PROBES[kind]]
    for name in walked:
        assert asked(page) == name
        assert web.last is not None
        assert [one for tag, one in Walk(web.last.text).elements if tag == "script" and not one.get("src")] == []
        answer = {"class": kind, "budget": "$60, 8 h", "timebox": "2 h", "mode": "poc"}.get(name, f"Mine & {HOSTILE}")
        said[name] = answer
        more = {"choice": answer} if name in {"class", "mode"} else {"text": answer}
        form = next(form for form in page.forms if "question" in form.fields)
        unticked = {key: "" for key in form.fields if key.startswith("option-")}
        page = web.press(page, "Next", do="next", **unticked, **more)
    assert "Everything is answered" in page.text
    page = web.press(page, "Write a plan", runner="script", id="words")
    assert web.status == 200
    with web.host.context().runtime.plannings() as book:
        planned = next(iter(read(book.texts).values()))
    interview = read_answers(yaml.safe_dump(said), "a", Interview(Depth.DEEP))
    wanted = order_of(interview, PlanOrder("", {"id": "words"}, {}, "script"), answers=True)
    assert planned.order == replace(wanted, given=dict(wanted.given), budget=dict(wanted.budget))
    assert "A person was asked about the goal. Plan for these answers" in planned.prompt
    assert unfinished(web.host.context()) == []


def test_one_goes_back_leaves_out_changes_and_comes_back_later() -> None:
    web = at_home(thinking(good()))
    page = begun(web, "Move the store to SQLite", "normal")
    assert page.text.partition("Sign out ")[2] == snapshot(
        "New mission Question 2 of 8; the repository: no code yet What kind of work is it? Class greenfield something new, without code that it has to fit enhancement more, or better, of what exists migration recommended: the goal says `move` from one language, library, version or store to another research an answer or a decision; code only as far as it proves one infrastructure how it is built, deployed, watched and backed up It decides which risks are asked about, which features are suggested, and how the plan begins. Next Back Leave it out Your answers Goal Change Move the store to SQLite Each answer is stored at once. You can come back to this page later. Forget the answers"
    )
    page = web.press(page, "Next", do="next", choice="migration")
    assert asked(page) == "mode"
    page = web.press(page, "Back", do="back")
    assert (asked(page), page.forms[1].fields["choice"]) == ("class", "migration")
    page = web.press(page, "Next", do="next", choice="research")
    page = web.press(page, "Leave it out", do="skip")
    wrong = web.press(page, "Next", do="next", text="ten")
    assert (web.status, "`ten` is not an amount" in wrong.text, wrong.forms[1].fields["text"]) == (422, True, "ten")
    page = web.press(page, "Next", do="next", text="5")
    where = next(to for to, words in page.links if to.endswith("?question=class"))
    page = web.press(web.open(where), "Next", do="next", choice="infrastructure")
    assert asked(page) == "constraints"
    later = next(to for to, words in web.open("/new").links if words == "Move the store to SQLite")
    page = web.open(later)
    assert asked(page) == "constraints"
    page = web.press(page, "Forget the answers")
    assert "The answers are forgotten. Nothing was written." in page.text
    web.open(later)
    assert web.status == 404
    assert web.host.context().state.snapshot().missions == {}


def test_what_cannot_be_answered_is_said_and_nothing_is_kept_of_it() -> None:
    web = at_home(thinking(good()))
    for fields in ({"goal": " "}, {"goal": "x", "depth": "abyss"}):
        web.press(web.open("/new"), "Begin", **fields)
        assert web.status == 422
    assert unfinished(web.host.context()) == []
    page = begun(web, "x", "quick")
    assert asked(page) == "budget"
    where = str(web.last.request.url.path) if web.last is not None else ""
    web.press(page, "Next", do="skip")
    assert web.status == 422, "nothing can be assumed for the budget"
    web.press(page, "Next", do="next", question="nothing")
    assert web.status == 422
    with web.host.context().runtime.interviewing(where.rpartition("/")[2]):
        busy = web.press(page, "Next", do="next", choice="$20")
    assert (web.status, "these questions are being answered on a terminal" in busy.text) == (503, True)
    form_key = page.forms[1].fields["form_key"]
    early = web.client.post(f"{where}/plan", data={"form_key": form_key}, headers={"Origin": "http://127.0.0.1:8765"})
    assert (early.status_code, "a question is open" in early.text) == (422, True)
    reader = signed_in("reader", web.host, users=USERS)
    assert reader.open(where).forms[1:] == []


QUESTIONS = """\
questions:
  - {question: "Zebras, too?", why: "1.1 prints them.", assumed: "no", options: ["yes"], criteria: ["1.1"]}
  - {question: "A logo?", why: "It is nice.", assumed: "no"}
"""


def test_questions_of_the_model_are_answered_on_the_page_of_its_plan() -> None:
    web = at_home(thinking(good(more=QUESTIONS), good()))
    page = begun(web, "Count words")
    while asked(page):
        skip = asked(page) != "budget"
        page = web.press(page, "Leave it out" if skip else "Next", do="skip" if skip else "next", text="9")
    page = ended(web, web.press(page, "Write a plan", runner="script"))
    assert (
        "Questions of the model Zebras, too? 1.1 prints them. The plan assumes: no no yes Your own words" in page.text
    )
    assert "Assumed Zebras, too? no A logo? no" in page.text
    page = ended(web, web.press(page, "Answer", **{"ask-1": "yes"}))
    assert "Questions of the model" not in page.text
    assert "Assumed A logo? no" in page.text
    with web.host.context().runtime.plannings() as book:
        one = next(iter(read(book.texts).values()))
    assert len(one.records) == 2
    assert "The person has answered your questions:\n- Zebras, too? yes" in one.records[1]
    assert "Zebras, too? yes" in one.plan
