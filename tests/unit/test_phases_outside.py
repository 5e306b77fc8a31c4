"""A development from suggestions to the base, decided by links alone, with pages in the real server and a browser."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.host import base_of
from tests.kit.fakes.others import ADA
from tests.kit.pipeline import REQUIRED, Workers, begin
from tests.kit.served import DECIDERS, SERVE, Served, served
from tests.unit.test_keys_act import committed
from tests.unit.test_pipeline import at

from mission_cli._support.dataclass import replace
from mission_cli.engine.news.links import offers_to
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.fakes.host import Host

CHROMIUM = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as running:
        yield running


def development(web: Served, *, works: Workers | None = None) -> Host:
    """A mission that waits for the choice of a suggestion, on the server."""
    host = begin(works or Workers())
    host.settings = replace(host.settings, deciders=DECIDERS, serve=SERVE)
    assert at(host) == "awaiting_feature_approval waiting"
    web.show(host)
    return host


def link(host: Host, what: str, who: str = "ada") -> str:
    """The token of a new link for what the mission waits for."""
    [found] = [one.url for one in offers_to(host.context(), who, ["m"]) if one.label == what]
    return found.rpartition("/")[2]


def approvals(host: Host) -> list[tuple[str, str, str, str]]:
    return [(a.gate, a.decision, a.by, a.comment) for a in committed(host).approvals]


def test_a_development_is_decided_by_links_from_the_choice_to_the_merge(shared: Served) -> None:
    works = Workers()
    host = development(shared, works=works)
    token = link(host, "approve")
    page = shared.ask("GET", f"/decide/{token}").text
    assert re.findall(r"<strong>(.*)</strong> (.*?)\s*</span></label>", page) == [
        ("Count lines", "asked"),
        ("Undo", ""),
    ]
    found = shared.press(token)
    assert (found.status_code, "choose one of them" in found.text) == (422, True), "the link can be used again"
    assert shared.press(token, choose="9").status_code == 422
    assert shared.press(token, choose="2").status_code == 200
    assert approvals(host)[0][:3] == ("feature_selection", "approved", "ada")
    assert at(host) == "awaiting_prd_approval waiting"
    assert "Undo" in works.prompts["2.1"].partition("## The feature that a person chose")[2].partition("##")[0]
    token, changed = link(host, "approve"), REQUIRED.replace('"Undo steps."', '"Undo all steps."')
    broken = shared.press(token, requirements="{")
    assert broken.status_code == 422
    assert "the form" in broken.text
    assert shared.press(token, requirements=changed.replace("\n", "\r\n")).status_code == 200
    assert at(host) == "awaiting_code_approval waiting"
    token = link(host, "approve")
    assert "2 files" not in shared.ask("GET", f"/decide/{token}").text
    assert shared.press(token, comment="good").status_code == 200
    assert at(host) == "previewing waiting"
    assert shared.press(link(host, "approve")).status_code == 200
    assert at(host) == "completed"
    assert base_of(host)["3.1.txt"] == "undo\n"
    assert {by for _, _, by, _ in approvals(host)} == {"ada"}


def test_a_document_that_changed_after_the_message_voids_the_link(shared: Served) -> None:
    host = development(shared)
    token, no = link(host, "approve"), link(host, "reject")
    nonce = shared.nonce(token)
    assert shared.press(no, comment="none of them").status_code == 200
    assert shared.press(token, nonce=nonce, choose="1").status_code == 409, "she has rejected it"
    assert at(host) == "awaiting_feature_approval waiting", "the analysis was made again"
    assert shared.ask("GET", f"/decide/{token}").status_code == 409, "the phase was entered again"


@CHROMIUM
def test_a_browser_decides_on_the_page_and_nothing_else_runs_there(shared: Served) -> None:
    from playwright.sync_api import sync_playwright

    host = development(shared)
    hostile = json.dumps(
        {"suggestions": [{"title": "<img src=x onerror=alert(1)>", "why": "</label><script>alert(2)</script>"}]}
    )
    assert hostile
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 375, "height": 667})
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.goto(f"{shared.url}/decide/{link(host, 'approve')}")
            page.get_by_label("Undo").check()
            page.get_by_role("button", name="Approve").click()
            page.get_by_role("heading", name="Done").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert said == []
        finally:
            browser.close()
    assert approvals(host)[0][:3] == ("feature_selection", "approved", "ada")


def test_a_gate_for_two_takes_a_link_of_each_and_no_second_one_of_the_same_person(shared: Served) -> None:
    host = development(shared)
    state = host.context().state
    stored = next(iter(state.snapshot().missions.values()))
    text = stored.text.replace("1 approval; 3 revisions", "2 approvals; 3 revisions", 1)
    state.commit([Write(stored.path, text, stored.text)], message="Two\n", expect=state.head(), author=ADA)
    mine, again, other = link(host, "approve"), link(host, "approve"), link(host, "approve", "bob")
    assert shared.press(mine, choose="1").status_code == 200
    assert shared.press(again, nonce="1.x").status_code == 409
    assert at(host) == "awaiting_feature_approval waiting"
    assert shared.press(other, choose="1").status_code == 200
    assert at(host) == "awaiting_prd_approval waiting"
    assert [by for _, _, by, _ in approvals(host)] == ["ada", "bob"]
