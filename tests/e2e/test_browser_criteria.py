"""`browser` criteria: read completely or refused, written so that they read back, and judged by a real Chromium."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from shutil import which
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.template import template

from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.executors.jobs.kept_files import read_files
from mission_cli.adapters.proc import scan
from mission_cli.app.optional import lacking_problems, missing_package
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.browser import BrowserCheck, Step
from mission_cli.domain.criteria.extras import BROWSERS, without
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import CriterionKind, EndReason, Verdict
from mission_cli.wiring.command_lines import isolated_command

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = StandardChecks(isolated_command("_inspect"), "/bin/bash", isolated_command("_judge"))
CHROMIUM = pytest.mark.skipif(not any(map(which, BROWSERS)), reason="needs Chromium: apt-get install chromium")
MARK = "MISSION_MARK"
PLAN = """\
title: Lab
budget: {time_hours: 1}
milestones:
  - name: One
    validation:
      - |
        browser: `/login` contains "Sign in"
        serve: npm start
        viewport: 375x667
        viewport: 1280x720
        fill: #name = Ada = Lovelace
        fill: "#password = $PASSWORD"
        secret: PASSWORD=env:TEST_PASSWORD
        click: text=Save
        expect: "Saved" not "Error"
        open: /settings
        expect: visible form.settings
        ignore: links, accessibility
        picture: same as last (2%)
    features: [{title: one}]
"""


def test_a_plan_writes_a_script_that_reads_back() -> None:
    text = template(PLAN.replace('"#password = $PASSWORD"', "#password = $PASSWORD"))
    assert text.partition("#### Validation Criteria\n\n")[2].startswith("""\
- [ ] browser: `/login`
  expect: `contains "Sign in"`
  serve: npm start
  viewport: 375x667
  viewport: 1280x720
  fill: `#name = Ada = Lovelace`
  fill: `#password = $PASSWORD`
  secret: PASSWORD=env:TEST_PASSWORD
  click: text=Save
  expect: `"Saved" not "Error"`
  open: /settings
  expect: visible form.settings
  ignore: links, accessibility
  picture: `same as last (2%)`
""")
    loaded = load(text)
    assert loaded.problems == ()
    (criterion,) = loaded.mission.milestones[0].criteria
    assert criterion.browser == BrowserCheck(
        "/login",
        (
            Step("contains", "Sign in", "", 'contains "Sign in"'),
            Step("fill", "#name", "Ada = Lovelace", "fill: #name = Ada = Lovelace"),
            Step("fill", "#password", "$PASSWORD", "fill: #password = $PASSWORD"),
            Step("click", "text=Save", "", "click: text=Save"),
            Step("contains", "Saved", "", '"Saved"'),
            Step("lacks", "Error", "", 'not "Error"'),
            Step("open", "/settings", "", "open: /settings"),
            Step("visible", "form.settings", "", "expect: visible form.settings"),
        ),
        ((375, 667), (1280, 720)),
        ("links", "accessibility"),
        2.0,
    )
    plan = read_plan(PLAN.replace('"#password = $PASSWORD"', "#password = $PASSWORD")).plan
    assert plan is not None
    asked = asked_criterion(plan.milestones[0].validation[0])
    assert (asked.browser, asked.fields, asked.command) == (criterion.browser, criterion.fields, criterion.command)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("browser: the page looks fine", "`the` is not an address that begins with http:// or https://"),
        ("browser: `/a`", "a path alone needs a server"),
        (
            "browser: `file:///etc/passwd`",
            "`file:///etc/passwd` is not an address that begins with http:// or https://",
        ),
        ("browser: `/a` 200\nserve: a", "`200` in it cannot be read"),
        ('browser: `/a`\nserve: a\nexpect: json $.a == "x"', '`json $.a == "x"` in it cannot be read'),
        ("browser: `/a`\nserve: a\nfill: #name", "`#name` does not say what to fill in"),
        ("browser: `/a`\nserve: a\nfill: #name = $NAME", "$NAME is not a variable of this check"),
        ("browser: `/a`\nserve: a\nopen: https://example.org/", "it starts a server, but asks example.org"),
        ("browser: `/a`\nserve: a\nviewport: phone", "`phone` is not a size"),
        ("browser: `/a`\nserve: a\nignore: everything", "`everything` is nothing to ignore"),
        ("browser: `/a`\nserve: a\npicture: nice", "`nice` says nothing about pictures"),
        ("browser: `/a`\nserve: a\nhover: #a", "`hover:` is not a field of browser:"),
        ("browser: `/a`\nserve: a\nclick:", "the value of `click:` cannot be read"),
        ("browser:", "its page cannot be read"),
    ],
)
def test_a_script_that_is_not_wholly_read_is_an_error(text: str, wrong: str) -> None:
    first, *more = text.split("\n")
    read = read_criterion(first, more=[f"  {line}" for line in more])
    assert (read.wrong, read.remedy != "", item_text(read)) == (wrong, True, "")


SERVE = f"exec {sys.executable} -m http.server --bind 127.0.0.1 $MISSION_PORT"
GOOD = """\
<!doctype html><html lang="en"><head><title>Shop</title></head><body><main><h1>Shop</h1>
<label>Name <input id="name"></label><button id="save">Save</button><p id="out"></p>
<img src="logo.svg" alt="Logo"><a href="#out">Result</a> <a href="/">Home</a> <a href="/away">Away</a>
<script>
  document.getElementById("save").onclick = () => {
    document.getElementById("out").textContent = "Saved " + document.getElementById("name").value;
  };
</script></main></body></html>
"""
FAULTS = {
    "console": ("<main>", '<main><script>console.error("boom \\u001b[31m")</script>'),
    "request": ("<main>", '<main><script>fetch("/api/items")</script>'),
    "link": ("<main>", '<main><a href="/nowhere">Imprint</a>'),
    "error": ("<main>", "<main><pre>Traceback (most recent call last): KeyError</pre>"),
    "accessibility": ('alt="Logo"', ""),
    "button": (".onclick", ".onblur"),
    "wide": ("<main>", '<main><div style="width: 900px; height: 2px"></div>'),
    "anchor": ("#out", "#output"),
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="red"/></svg>'


class Site:
    """A folder with pages, a criterion for each, and where their judges leave files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder / "tree", folder / "out"
        self.folder.mkdir()
        self.out.mkdir()
        (self.folder / "logo.svg").write_text(SVG)
        (self.folder / "away").mkdir()
        (self.folder / "away/index.html").write_text(GOOD)
        self.page(GOOD)

    def page(self, text: str) -> None:
        """Write the first page."""
        (self.folder / "index.html").write_text(text)

    def judge(self, *fields: str, stdin: str = "", page: str = "/", **env: str) -> tuple[Verdict, list[str]]:
        """The verdict, and the output without the log of the server; nothing of the judge is left."""
        lines = [line for line in fields if not line.startswith("serve:")]
        serve = next((line for line in fields if line.startswith("serve:")), f"serve: {SERVE}")
        criterion = read_criterion(f"browser: `{page}`", more=[serve, *lines])
        assert criterion.wrong == ""
        mark = os.urandom(8).hex()
        around = {**os.environ, MARK: mark, "MISSION_USAGE": f"{self.out}/usage.json", **env}
        argv = CHECKS.argv(criterion)
        done = subprocess.run(
            argv, cwd=self.folder, env=around, input=stdin, capture_output=True, text=True, check=False, timeout=120
        )
        assert scan.carrying(MARK, mark) == []
        verdict, words = CHECKS.verdict(criterion, Exit(EndReason.EXIT, done.returncode), done.stdout)
        said = [line for line in words.splitlines() if not line.startswith(("  |", "the last lines", "http://"))]
        return verdict, [*said, *done.stderr.splitlines()]


SCRIPT = ('expect: "Shop"', "fill: #name = Ada", "click: text=Save", 'expect: "Saved Ada"')


@CHROMIUM
def test_a_clean_page_passes_and_its_picture_is_kept_and_compared(tmp_path: Path) -> None:
    site = Site(tmp_path)
    verdict, words = site.judge(*SCRIPT, "picture: same as last", "viewport: 400x300")
    assert (verdict, words) == (
        Verdict.PASSED,
        [
            'as expected: "Shop"',
            "done: fill: #name = Ada",
            "done: click: text=Save",
            'as expected: "Saved Ada"',
            "there is no accepted picture yet: this one becomes it at 400x300",
        ],
    )
    kept = read_files(site.out / "kept")
    assert list(kept) == ["page-400x300.png"]
    assert kept["page-400x300.png"].startswith(b"\x89PNG")
    last = json.dumps({name: base64.b64encode(content).decode() for name, content in kept.items()})
    site.page(GOOD.replace("<h1>Shop</h1>", '<h1 style="background: black; color: white">Shop</h1>'))
    verdict, words = site.judge(*SCRIPT, "picture: same as last", "viewport: 400x300", stdin=last)
    assert (verdict, len(words), words[0].startswith("failed: the picture differs from the last accepted one")) == (
        Verdict.FAILED,
        1,
        True,
    )
    assert list(read_files(site.out / "kept")) == ["page-400x300.png"]


@CHROMIUM
def test_eight_planted_faults_are_found(tmp_path: Path) -> None:
    site = Site(tmp_path)
    page = GOOD
    for old, new in FAULTS.values():
        assert old in page
        page = page.replace(old, new, 1)
    site.page(page)
    verdict, words = site.judge(*SCRIPT, "viewport: 400x300")
    assert verdict is Verdict.FAILED
    assert [line.removesuffix(" at 400x300") for line in words] == [
        "failed: an error in the console: boom �[31m",
        "failed: a request failed: GET /api/items: 404",
        "failed: the page shows an error: Traceback (most recent call last): KeyError Imprint Shop Name Save Result Home Away",
        "failed: the page is 908 wide, but the window only 400",
        'failed: accessibility: Images must have alternative text (image-alt, critical): <img src="logo.svg">',
        'failed: expected "Saved Ada", found Traceback (most recent call last): KeyError Imprint Shop Name Save Result Home Away',
        'failed: a link is broken: "Imprint" to /nowhere answers 404',
        'failed: a link is broken: "Result" to #output, which is not on the page',
    ]
    assert sorted(read_files(site.out / "kept")) == ["page-400x300.png", "trace.zip"]
    assert site.judge(*SCRIPT[:3], "ignore: console, requests, links, errors, accessibility")[0] is Verdict.PASSED


HOSTILE = """\
<!doctype html><html lang="en"><head><title>x</title><script>
  window.axe = Object.freeze({run: async () => ({violations: []})});
  Document.prototype.querySelectorAll = () => [];
  Object.defineProperty(HTMLElement.prototype, "innerText", {get: () => "Shop Saved Ada"});
  JSON.stringify = () => '{"text": "Shop Saved Ada", "links": [], "empty": false, "wide": 1, "room": 1}';
</script></head><body></body></html>
"""


@only_at_night
@CHROMIUM
@only_at_night
def test_a_page_that_lies_is_empty_or_leads_elsewhere_does_not_pass(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.page(HOSTILE)
    (site.folder / "evil.js").write_text("process.exit(0)\n")
    verdict, words = site.judge(
        "fill: #name = $KEY", "secret: KEY=env:KEY", KEY="s3cret-of-the-day", NODE_OPTIONS="--require ./evil.js"
    )
    assert (verdict, words[0]) == (Verdict.FAILED, "failed: the page is empty")
    assert not (site.out / "kept/trace.zip").exists(), "a trace would contain the secret"
    site.page('<meta http-equiv="refresh" content="0; url=file:///etc/passwd"><p>moved')
    assert site.judge('expect: "root"')[0] is Verdict.FAILED
    verdict, words = site.judge(page="/missing")
    assert (verdict, words[0].endswith("/missing answers 404")) == (Verdict.FAILED, True)
    verdict, words = site.judge("serve: echo broken; exit 1")
    assert (verdict, words) == (
        Verdict.FAILED,
        ["failed: the server `echo broken; exit 1` ended with 1 before it was ready"],
    )


def test_without_chromium_it_cannot_run_and_says_what_to_install(tmp_path: Path) -> None:
    site = Site(tmp_path)
    verdict, words = site.judge(PATH=str(tmp_path))
    assert (verdict, words) == (
        Verdict.COULD_NOT_RUN,
        ["cannot run: browser: needs Chromium, which is not on PATH: apt-get install -y chromium"],
    )


def test_lint_and_start_say_what_is_missing_before_anything_runs() -> None:
    mission = load(template(PLAN.replace('"#password = $PASSWORD"', "#password = $PASSWORD"))).mission
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        (problem,) = lacking_problems(mission)
    assert problem.message.endswith(
        "cannot run here: browser: needs Chromium, which is not on PATH: apt-get install -y chromium"
    )
    assert missing_package(CriterionKind.RUN) == ""
    assert without(CriterionKind.HTTP, "httpx") == (
        "http: needs the Python package httpx, which is not installed (extra http): pip install httpx"
    )


def test_a_check_cannot_leave_links_or_other_files(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a.png").symlink_to("/etc/passwd")
    (kept / "b.sh").write_text("x")
    (kept / "c.png").write_bytes(bytes(4 << 20))
    os.mkfifo(kept / "d.png")
    (kept / "e.png").write_bytes(b"\x89PNG\xff")
    assert read_files(kept) == {"e.png": b"\x89PNG\xff"}
    (tmp_path / "link").symlink_to(kept)
    assert read_files(tmp_path / "link") == {}
