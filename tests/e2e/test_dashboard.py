"""Missions without a server: the page that a command writes again, and the files that pulses commit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST
from tests.unit.test_board import EVIL, TEMPLATES, board

from mission_cli.domain.board.marks import BADGE, PAGE, README
from mission_cli.engine.board.pages import rendered

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Word counter
budget: {money_usd: 9}
milestones:
  - name: Only
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
"""
SETTING = f'[dashboard]\ncommit = true\nfiles = ["{README}", "{BADGE}", "{PAGE}"]\n'
_MISSING = "needs Chromium: apt-get install chromium"


def test_pulses_commit_the_files_and_a_watched_page_follows_until_it_is_interrupted(person: Person) -> None:
    person.worker(HONEST)
    person.tables.append(SETTING)
    person.save_settings()
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    person.mission("pulse")
    folder = person.repo / "missions"
    assert "**planning** · 0 of 1 feature done" in (folder / README).read_text()
    assert person.git("status", "--short", cwd=folder) == ""
    log = person.git("log", "--format=%s", cwd=folder)
    person.mission("pulse")
    assert person.git("log", "--format=%s", cwd=folder) == log
    assert log.splitlines()[0] == "Bring the files for readers up to date"
    place = person.repo.parent / "missions.html"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-P", "-m", "mission_cli", "dashboard", "-o", os.fspath(place), "--watch", "--json"]
    with subprocess.Popen(command, cwd=person.repo, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["path"], first["changed"], first["missions"]) == (os.fspath(place), True, ["m"])
        assert "of $9" in place.read_text()
        person.mission("set", "m", "budget.money_usd", "8")
        assert json.loads(process.stdout.readline())["changed"]
        assert "of $8" in place.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    person.let_pulses_end()
    assert "of $8" in (folder / README).read_text()
    assert "of $8" in (folder / PAGE).read_text()


@only_at_night
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (360, 740)])
def test_chromium_shows_the_page_without_a_network_and_axe_finds_nothing_serious(
    tmp_path: Path, scheme: str, size: tuple[int, int]
) -> None:
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    program = next((found for found in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(found).exists()), "")
    if not program:
        pytest.skip(_MISSING)
    axe = Path(str(pytest.importorskip("axe_playwright_python").__path__[0]), "axe.min.js").read_text("utf-8")
    place = tmp_path / "page.html"
    place.write_text(rendered(TEMPLATES, board(EVIL), "0" * 16)[PAGE], encoding="utf-8")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        page = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True
        ).new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(place.as_uri())
        assert asked == [place.as_uri()]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.evaluate(axe)
        found = page.evaluate("axe.run(document).then((found) => found.violations)")
        browser.close()
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []
