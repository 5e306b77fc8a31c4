"""A person walks through the web page in a real Chromium, from a goal to the landed work."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.plans import good
from tests.kit.serving import ended, server

from mission_cli.domain.criteria.extras import BROWSERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page
    from tests.kit.people import Person

PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"
CHROMIUM = pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="needs Chromium: apt-get install chromium")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"
PLAN = f"""\
title: Word counter
goal: A command that counts words.
budget: {{money_usd: 9}}
preferences: {{land: ask, runner: script}}
gates: [{{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], rule: Is the layout right?}}]
milestones:
  - name: Counting
    validation: ["file: `1.2.txt`"]
    features:
      - {{title: Count the words of a text, criteria: ["file: `1.1.txt`"]}}
      - {{title: "Read a text from a file {HOSTILE}", criteria: ["file: `1.2.txt`"]}}
"""
PROGRAM = """\
import os, subprocess, sys
from pathlib import Path

sys.stdin.read()
feature = os.environ.get("MISSION_FEATURE")
if feature:
    Path(f"{feature}.txt").write_text("good\\n")
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", feature], check=True)
else:
    print(ANSWER)
"""
"""Writes the plan, and does the work."""
SIZES = {
    "desktop": {"viewport": {"width": 1100, "height": 800}, "color_scheme": "light"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
        "has_touch": True,
        "is_mobile": True,
    },
}
TAKE = bool(os.environ.get("MISSION_PICTURES"))
"""Whether the pictures of the docs are taken anew."""
OF_THE_DOCS = {"needs-me", "mission", "land"}
LONG_MS = 90_000
"""How long a person waits for work."""


@dataclass
class Walk:
    """One person in a browser, and everything that goes wrong in it."""

    page: Page
    size: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda one: self.wrong.append(one.text) if one.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def look(self, name: str) -> None:
        """Check the page that is open, and take its picture for the docs."""
        axe: Any = import_module("axe_playwright_python.sync_playwright")  # it has no types
        found = axe.Axe().run(self.page).response["violations"]
        self.wrong += [f"{name}: {one['id']}: {one['nodes'][0]['html']}" for one in found]
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is wider than the screen"
        if TAKE and name in OF_THE_DOCS:
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}-{self.size}.png", animations="disabled")

    def press(self, name: str) -> None:
        """Press a button by its name, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link by the start of its name, as soon as it is there."""
        link = self.page.get_by_role("link", name=name).first
        link.wait_for(timeout=LONG_MS)
        with self.page.expect_navigation():
            link.click()

    def wait(self, text: str) -> None:
        """Wait until the page shows a text, without reloading it."""
        self.page.get_by_text(text).first.wait_for(timeout=LONG_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


def walk(person: Person, walker: Walk, facts: dict[str, Any]) -> None:
    """Go from the goal to the landed work."""
    page = walker.page
    page.goto(facts["page"])
    page.wait_for_url(f"{facts['url']}/")
    walker.follow("New")
    page.get_by_text("Everything in one form").click()
    page.get_by_label("What is the goal?").fill(f"A command that counts words {HOSTILE}")
    walker.look("new")
    walker.press("Write a plan")
    walker.wait("Stage 3")  # as soon as the model has answered
    walker.look("plan")
    page.get_by_text("Edit it").click()
    page.get_by_label("The plan, YAML").fill(PLAN)
    walker.press("Save the plan")
    walker.look("changed plan")
    walker.press("Approve the plan")
    walker.wait("Word counter")
    walker.follow("Start…")
    walker.wait("at most $9")
    walker.look("start")
    walker.press("Start")
    walker.wait("checkpoint `look` is reached")  # the page was not loaded again
    walker.look("mission")
    page.get_by_text("As a table").click()
    page.get_by_role("link", name="Cancel…").focus()
    person.mission(
        "ask", "word-counter/1.2", "Which encoding do the files have?", "--option", "utf-8=of most", "--option", "ask"
    )
    walker.wait("Which encoding do the files have?")
    assert page.get_by_text("As a table").locator("xpath=..").get_attribute("open") is not None
    assert page.locator(":focus").inner_text() == "Cancel…"
    page.goto(facts["url"])
    walker.look("needs-me")
    walker.follow("Answer…")
    page.get_by_label("utf-8").check()
    walker.look("answer")
    walker.press("Answer")
    page.goto(facts["url"])
    walker.follow("Approve…")
    page.get_by_label("Comment (may be empty)").fill(HOSTILE)
    walker.look("approve")
    walker.press("Approve")
    page.goto(facts["url"])
    walker.follow("Land…")
    walker.wait("2 features in")
    walker.look("land")
    walker.press("Land")
    walker.wait("completed")
    walker.look("completed")
    look_back(walker)


def look_back(walker: Walk) -> None:
    """Look at what happened, and go back to the mission."""
    page, mission = walker.page, walker.page.url
    walker.follow("1 attempt")
    walker.wait("file: `1.1.txt`")
    walker.look("attempt")
    assert page.locator(".diff-file").count() == 1
    for name in ("History", "Report"):
        page.goto(mission)
        walker.follow(name)
        walker.look(name)
    for path in (f"{mission}/do/ask", f"{mission}/do/add-milestone", "/do/stop-all"):
        page.goto(urljoin(mission, path))
        walker.look(path)
    page.goto(mission)


@only_at_night
@CHROMIUM
@pytest.mark.nightly
@pytest.mark.parametrize("size", SIZES)
def test_a_person_walks_from_a_goal_to_the_landed_work(person: Person, size: str) -> None:
    program = person.repo.parent / "agent.py"
    program.write_text(PROGRAM.replace("ANSWER", repr(good())))
    command = json.dumps([sys.executable, os.fspath(program)])
    person.tables = [f'[runners.script]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n']
    person.save_settings()
    person.mission("init")
    with server(person) as (facts, process):
        with chromium() as browser:
            context: BrowserContext = browser.new_context(**SIZES[size])  # type: ignore[arg-type]  # by their names
            context.set_default_timeout(20_000)
            walker = Walk(context.new_page(), size)
            walk(person, walker, facts)
            assert walker.wrong == []
            assert by_keyboard(walker.page)[:3] == ["Skip to the content", "Needs me", "Missions"]
        code, log = ended(process)
    assert code == 0, log
    person.rest()
    assert person.log()[0].startswith("Merge mission") or "Word counter" in person.log()[0]
    approvals = [
        (one.gate, one.comment) for one in person.loaded("word-counter").mission.approvals if one.gate == "look"
    ]
    assert approvals == [("look", HOSTILE)]


def by_keyboard(page: Page) -> list[str]:
    """The names of what gets the focus one after the other, each of which is visible then."""
    page.reload()
    found = []
    for _ in range(8):
        page.keyboard.press("Tab")
        at = page.locator(":focus")
        assert at.is_visible()
        found.append(at.inner_text())
    return found


PRINTS = """\
import os, sys, time
from pathlib import Path

sys.stdin.read()
print("the first line", flush=True)
while not Path(GO).exists():
    time.sleep(0.05)  # until the test has seen the line
print("the second line", flush=True)
while not Path(GO + "-end").exists():
    time.sleep(0.05)  # until the test has seen the line
"""
"""Prints a line, and another one when it is told to."""


@only_at_night
@CHROMIUM
def test_the_log_of_a_running_attempt_grows_on_the_page_without_being_asked_for(person: Person) -> None:
    """The stream says that something was printed; between two lines the page asks for nothing."""
    go, program = person.repo.parent / "go", person.repo.parent / "agent.py"
    program.write_text(PRINTS.replace("GO", repr(os.fspath(go))))
    command = json.dumps([sys.executable, os.fspath(program)])
    person.tables = [f'[runners.script]\nkind = "command"\ncommand = {command}\ndeadline = "100s"\n']
    person.save_settings()
    person.plan(PLAN)
    person.start()
    with server(person) as (facts, process), chromium() as browser:
        walker = Walk(browser.new_context().new_page(), "desktop")
        page, asked = walker.page, list[str]()
        page.goto(facts["page"])
        page.wait_for_url(f"{facts['url']}/")
        page.goto(f"{facts['url']}/missions/m/attempts/1.1-a1")
        walker.wait("the first line")
        page.on("request", lambda request: asked.append(request.url))
        for _ in range(5):  # what was printed before the stream began is asked for once
            asked.clear()
            page.wait_for_timeout(4000)
            if not asked:
                break
        assert asked == [], "it does not poll"
        go.touch()
        walker.wait("the second line")
        assert any("/log?" in one for one in asked)
        assert walker.wrong == []
        (go.parent / "go-end").touch()
        walker.wait("noop")
        assert ended(process)[0] == 0
