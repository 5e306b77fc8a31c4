"""Pages about work: attempts, pictures, history, report and charts; and no text of a mission runs on any page."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from starlette.routing import Route
from tests.kit.browsing import Browser, Parsed, at_home
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.markup import Walk
from tests.kit.served import go_on, mission_of

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.app.commands.steer.tell import tell
from mission_cli.app.report.attempt import attempt_report
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import RecordState
from mission_cli.engine.assets import stem
from mission_cli.ports.agents.logs import LogEntry, LogKind
from mission_cli.ports.git.state import Write, assets_folder
from mission_cli.surfaces.http.guard import Guard
from mission_cli.surfaces.http.web.rendering import render
from mission_cli.surfaces.http.web.work.attempt import cost_line, steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.kit.fakes.host import Host

    from mission_cli.app.results.mission_report import ReportedAsset
    from mission_cli.ports.executor import JobSpec

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m{{ 7 * 7 }}"
SHORT = "<b onclick=alert(1)>x</b>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
PLAN = f"""\
title: "{SHORT} title"
goal: "{SHORT} goal"
constraints: ["{SHORT} constraint"]
non_goals: ["{SHORT} non-goal"]
success_criteria: ["{SHORT} success"]
budget: {{money_usd: 3}}
preferences: {{runner: script, land: ask}}
gates: [{{name: look, kind: checkpoint, after: ["1.1"], blocks: ["2.1"]}}]
milestones:
  - name: "{SHORT} milestone"
    validation: ["file: `1.1.txt`"]
    features:
      - {{title: "{SHORT} feature", description: "{SHORT} words", criteria: ["file: `1.1.txt`"]}}
      - {{title: second, depends: ["1.1"], criteria: ["file: `1.2.txt`", "manual: {SHORT}?"]}}
  - name: More
    features: [{{title: third, criteria: ['browser: `https://a.example/` contains "{SHORT}"']}}]
"""


def hostile_work(spec: JobSpec) -> Outcome:
    """Print and commit what would run in a page."""
    name = f"{spec.program.env.get('MISSION_FEATURE', 'plan')}.txt"
    files = {name: f"{HOSTILE}\n</td></table>\n", f"{SHORT}.py": f'x = "{HOSTILE}"  # </script>\n'}
    costs = (Decimal("0.25"), Decimal("0.50"))
    return Outcome(
        30.0, files, costs=costs, prints=(HOSTILE, "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07"), answer=HOSTILE
    )


@pytest.fixture(scope="module")
def web() -> Browser:
    """The pages of a mission with a hostile text in every field that a person, a model or a worker can write."""
    host = make_host(hostile_work)
    make_mission(host, PLAN)
    ctx = host.context()
    set_value(ctx, "m", "title", HOSTILE)
    lifecycle.start(ctx, "m")
    go_on(host)
    ask(host.context(), "m/1.2", Given(HOSTILE, options=(f"{SHORT}=<i>it</i>", "b")))
    tell(host.context(), "m/1.2", HOSTILE)
    store(host, f"{SHORT}.png", PNG)
    found = at_home(host)
    found.press(found.open("/new"), "Write a plan", goal=HOSTILE, runner="script", money_usd="1")
    assert found.last is not None
    VALUES["planning"] = found.last.request.url.path.rpartition("/")[2]
    return found


def store(host: Host, name: str, content: bytes) -> None:
    """Store a file in the folder `assets/` of the mission."""
    ctx = host.context()
    [stored] = ctx.state.snapshot().missions.values()
    text = content.decode("utf-8", "surrogateescape")
    ctx.state.commit([Write(f"{assets_folder(stored)}/{name}", text)], message="Keep", expect=ctx.state.head())


def pictures_of(host: Host) -> Sequence[ReportedAsset]:
    """The pictures of an attempt at the feature with a criterion about a page."""
    ctx = host.context()
    record = RunRecord(RunId("m/2.1-a1"), RecordState.INTENDED)
    return attempt_report(ctx, resolve(ctx.state.snapshot(), "m"), record).pictures


VALUES = {"id": "m", "run": "1.1-a1", "digest": sha256(PNG).hexdigest(), "playbook": "cli-tool"}
"""For parameters of paths; others are `x`, which is nothing."""
OTHER = ("/static/", "/decide/", "/enter/", "/api/", "/hooks/")
"""Addresses that are no pages, or need what only a message has."""


def pages(web: Browser) -> list[str]:
    """The addresses of all pages, from the routes of the application: a new page is tested without further ado."""
    app = web.client.app
    assert isinstance(app, Guard)
    inner: Any = app._app  # noqa: SLF001 - the routes are inside
    routes = [one for one in inner.routes if isinstance(one, Route) and "GET" in (one.methods or ())]
    paths = [one.path for one in routes if not one.path.startswith(OTHER)]
    return [re.sub(r"\{(\w+)\}", lambda name: VALUES.get(name[1], "x"), path) for path in paths]


def test_every_page_is_inert_whatever_a_mission_says(web: Browser) -> None:
    found = pages(web)
    assert len(found) > 20
    for path in found:
        answer = web.client.get(f"{path}?gate=look&number=1&feature=1.1")
        assert answer.status_code in {200, 204, 400, 404, 405, 409, 422}, path
        assert "script-src 'unsafe" not in answer.headers.get("content-security-policy", ""), path
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        walk = Walk(answer.text)
        assert [
            one for tag, one in walk.elements if tag == "script" and not one.get("src", "").startswith("/static/")
        ] == []
        assert [name for name in walk.names if name.startswith("on") or name == "style"] == [], path
        assert [
            one["href"] for _, one in walk.elements if "href" in one and not re.match(r"/|#|https?://", one["href"])
        ] == [], path
        assert not walk.tags & {"b", "i", "iframe", "object", "embed", "base"}, path
        assert [
            one["src"]
            for tag, one in walk.elements
            if tag == "img" and not re.match("/missions/m/pictures/|data:image/", one["src"])
        ] == []
        assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(answer.text), path
        assert "49" not in re.findall(r"alert\(1\)[^{]{0,80}(49)", answer.text), path


def test_the_page_of_an_attempt(web: Browser) -> None:
    page = web.open("/missions/m/attempts/1.1-a1")
    assert web.status == 200
    assert page.text.partition("Sign out ")[2] == snapshot(
        '<script>alert(1)</script><img src=x onerror=alert(1)>��[31m{{ 7 * 7 }} 1.1 <b onclick=alert(1)>x</b> feature attempt 1.1-a1 done script (sonnet), started 9 min ago, cost $0.75 Verdicts file: `1.1.txt` passed 2026-11-20T10:04:00Z · b8df7ec · exit 0 · evidence 476d20705a45 What was noted when it was judged its work is on the branch of finished features commits: 1, head: 01acd3bec7923b8242c7d0b05b87d59c9d0d32d7 changed: 1.1.txt changed: <b onclick=alert(1)>x</b>.py file: `1.1.txt`: passed 1.1.txt: exists and is not empty Log m/1.1-a1 script, sonnet <script>alert(1)</script><img src=x onerror=alert(1)>�{{ 7 * 7 }} link done $0.75 Change 2 files, 16f9ad2 to 01acd3b 1.1.txt new +2 -0 Old line New line Change Text 1 + <script>alert(1)</script><img src=x onerror=alert(1)>��[31m{{ 7 * 7 }} 2 + </td></table> <b onclick=alert(1)>x</b>.py new +1 -0 Old line New line Change Text 1 + x = "<script>alert(1)</script><img src=x onerror=alert(1)>��[31m{{ 7 * 7 }}" # </script>'
    )
    assert web.open("/missions/m/attempts/1.1").text == page.text, "without a number, the last one"
    for unknown in ("1.1-a9", "9.9", "..%2f1.1", "plan-a1"):
        web.open(f"/missions/m/attempts/{unknown}")
        assert web.status == 404


def test_the_log_is_fetched_again_only_while_it_changes(web: Browser) -> None:
    alone = web.client.get("/missions/m/attempts/1.1-a1/log")
    assert alone.status_code == 200
    assert "hx-get" not in alone.text, "it has ended"
    assert "<main" not in alone.text
    host = make_host(lambda _: Outcome(3000.0, prints=("one",)))
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 2)
    running = at_home(host)
    text = running.client.get("/missions/m/attempts/1.1-a1").text
    again = re.findall(r'hx-get="([^"]+)" hx-select="unset" hx-trigger="sse:log"', text)[0].replace("&amp;", "&")
    assert 'sse-connect="/api/v1/events?kind=journal%2Clog&amp;mission=m"' in text
    assert "cost" not in running.open("/missions/m/attempts/1.1-a1").text, "it is not known yet"
    for page in (text, web.client.get("/missions/m/attempts/1.1-a1").text):
        assert page.count('<div id="attempt"') == 1, "what is fetched again when it has ended is there afterwards"
    assert running.client.get(again).status_code == 204
    first = running.client.get(again.replace("seen=", "seen=x"))
    assert (first.status_code, "sse:log" in first.text) == (200, True)


def test_the_cost_of_each_step_is_a_table_and_a_line() -> None:
    steps = [
        LogEntry(LogKind.STEP, tokens={"input": 900, "output": 100}, usd=Decimal("0.25")),
        LogEntry(LogKind.STEP, tokens={"input": 2000}),
        LogEntry(LogKind.STEP, tokens={"input": 10}, usd=Decimal("0.05")),
    ]
    assert [(one.number, one.tokens, one.usd, one.sum) for one in steps_of(steps)] == [
        (1, "1 k tokens", "$0.25", "$0.25"),
        (2, "2 k tokens", "unknown", "$0.25"),
        (3, "10 tokens", "$0.05", "$0.30"),
    ]
    line = cost_line(steps)
    assert line is not None
    assert line.summary == "2 steps, $0.05 to $0.25 each."
    assert cost_line(steps[:2]) is None
    log = SimpleNamespace(html="", mark="x", cut=True, steps=[*steps_of(steps)], spark=line)
    held = SimpleNamespace(address=SimpleNamespace(stored=SimpleNamespace(id="m")), repo="")
    page = Parsed(render("log.html", log=log, running=False, held=held, name="1.2-a1"))
    assert page.text == snapshot(
        "The end of a long log. mission logs m/1.2 prints all of it. Cost by step Cost by step 2 steps, $0.05 to $0.25 each. Step Tokens Cost So far 1 1 k tokens $0.25 $0.25 2 2 k tokens unknown $0.25 3 10 tokens $0.05 $0.30"
    )


def test_pictures_are_served_by_their_hash_if_they_are_pictures(web: Browser) -> None:
    found = web.client.get(f"/missions/m/pictures/{sha256(PNG).hexdigest()}")
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, PNG, "image/png")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"].startswith("default-src 'none'")
    assert [one.path for one in pictures_of(web.host)] == []
    [criterion] = [c for feature in mission_of(web.host).features() for c in feature.criteria if c.kind == "browser"]
    store(web.host, f"{stem(criterion)}failed-{SHORT}.png", PNG)
    assert [(one.path, one.sha256) for one in pictures_of(web.host)] == [
        (f"{stem(criterion)}failed-{SHORT}.png", sha256(PNG).hexdigest())
    ]
    page = b"<html><script>alert(1)</script>"
    store(web.host, "page.png", page)
    for digest in (sha256(page).hexdigest(), "0" * 64, "..%2f..%2fm.md", f"{SHORT}.png"):
        assert web.client.get(f"/missions/m/pictures/{digest}").status_code == 404


def test_the_history_is_a_timeline_in_pages(web: Browser) -> None:
    page = web.open("/missions/m/history")
    assert web.status == 200
    assert "/missions/m/attempts/1.1-a1" in [to for to, _ in page.links]
    assert [words for to, words in page.links if "page=" in to] == snapshot([])
    for number in ("0", "-3", "x", "999999999", "²"):
        web.open(f"/missions/m/history?page={number}")
        assert web.status == 200


def test_the_report_is_that_of_the_command_with_its_style_alone(web: Browser) -> None:
    answer = web.client.get("/missions/m/report")
    style = re.findall(r"(?s)<style>(.*?)</style>", answer.text)
    assert len(style) == 1
    digest = base64.b64encode(sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in answer.headers["content-security-policy"]


def test_a_mission_shows_its_graph_and_its_curve_with_a_table_each(web: Browser) -> None:
    page = web.open("/missions/m")
    assert web.last is not None
    assert [one.get("class") for tag, one in page.tags if tag == "svg" and one.get("role") == "img"] == snapshot(
        ["chart chart-graph", "chart chart-curve"]
    )
    assert web.last.text.count('<svg class="feature ') == 3
    assert ("/missions/m/attempts/1.1-a1", "1 attempt at 1.1") in [
        (to, " ".join(words.split())) for to, words in page.links
    ]
