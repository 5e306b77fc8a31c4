"""The web page: what it shows, that each form does what the command does, and what is refused."""

from __future__ import annotations

import inspect
import re
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from inline_snapshot import snapshot
from starlette.requests import Request
from starlette.responses import Response
from tests.kit.browsing import CODE, URL, Browser, at_home, browser, signed_in
from tests.kit.fakes.host import SETTINGS, make_host, make_mission
from tests.kit.fakes.hosts import Elsewhere, Park
from tests.kit.fakes.life import Fate
from tests.kit.nightly import only_at_night
from tests.kit.pipeline import Workers, begin
from tests.kit.served import USERS, go_on, mission_of, works
from tests.unit.test_pipeline import at

from mission_cli._support.dataclass import replace
from mission_cli.adapters.servers.sessions import SessionFile
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.commands.phases import documents
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.steer.add import add_feature, add_milestone
from mission_cli.app.commands.steer.archive import archive
from mission_cli.app.commands.steer.ask import Given, ask, withdraw
from mission_cli.app.commands.steer.move import move
from mission_cli.app.commands.steer.sync import sync
from mission_cli.app.commands.steer.tell import note, tell
from mission_cli.app.commands.undo import undo
from mission_cli.app.pulses.stop import stop_all
from mission_cli.app.queries.before.consequences import of_stop
from mission_cli.app.queries.needs import actions as needs_actions
from mission_cli.document.merging.difference import sentences
from mission_cli.document.plans.model import PlanFeature
from mission_cli.domain.deciding.grants import hash_of
from mission_cli.domain.host import Person
from mission_cli.domain.ids import MissionId
from mission_cli.settings import NotificationSettings
from mission_cli.settings.money import PriceSettings
from mission_cli.surfaces.http.sessions import LIFETIME_SECONDS, Sessions
from mission_cli.surfaces.http.web.actions import ACTIONS, BY_OPERATION
from mission_cli.surfaces.http.web.files import files
from mission_cli.surfaces.http.web.rendering import web_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.domain.deciding.access import Access
    from mission_cli.engine.context import Context

PLAN = """\
title: A page
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features: [{title: a, criteria: ["file: `1.1.txt`"]}]
  - name: Second
    features:
      - {title: b, criteria: ["file: `2.1.txt`"]}
      - {title: c, depends: ["2.1"], criteria: ["file: `2.2.txt`"]}
"""
GATE = 'gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["2.1"]}]'
GATED = PLAN.replace("milestones:", f"{GATE}\nmilestones:")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-type": "text/html; charset=utf-8",
}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m{{ 7 * 7 }}"


def started(plan: str, *, ticks: int = 10, identity: str = "m") -> Host:
    """A host with a mission that was started, and pulses."""
    host = make_host(works)
    make_mission(host, plan, identity)
    lifecycle.start(host.context(), identity)
    go_on(host, ticks)
    return host


@pytest.fixture(scope="module")
def gated() -> Host:
    """A mission that waits at a gate, and asks two questions."""
    host = started(GATED)
    ctx = host.context()
    ask(ctx, "m/2.1", Given("Which color?", options=("red=as the logo", "blue")))
    ask(ctx, "m/2.1", Given("Which name?"))
    return host


@pytest.fixture(scope="module")
def finished() -> Host:
    """A mission with a milestone that can land, and a feature that failed."""
    return started(PLAN)


EVERYTHING = "gate=look&number=1&feature=2.1&what=title&value=x"


def to(name: str) -> str:
    """The address of an action, with all that any of them takes."""
    return f"/do/{name}?{EVERYTHING}" if name in {"lift-stop", "stop-all"} else f"/missions/m/do/{name}?{EVERYTHING}"


def state_of(host: Host) -> tuple[str, str]:
    """The text of the mission, and the newest commit, which is named by the hash of all that it says."""
    ctx = host.context()
    return ctx.state.snapshot().missions[MissionId("m")].text, str(ctx.state.head())


def main_of(web: Browser) -> str:
    """The content of the last page."""
    assert web.last is not None
    text = web.last.text
    return text[text.index("<main") : text.index("</main>")]


def test_the_first_page_is_what_needs_the_visitor_and_the_missions(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    web.open("/")
    assert web.status == 200
    assert main_of(web) == snapshot("""\
<main id="main" tabindex="-1">
<div hx-ext="sse" sse-connect="/api/v1/events?kind=journal">
<div id="home" hx-get="/" hx-select="#home" hx-swap="outerHTML" hx-trigger="sse:ready, sse:journal, sse:reset">
<section aria-labelledby="needs-me">
<h1 id="needs-me">Needs me <span class="n">3</span></h1>
<ul class="needs">
<li class="need">
<p class="question">Which color?</p>
<p class="about notes"><a href="/missions/m">A page</a>
 <span>0 s ago</span> <span>2.1, 2.2 wait for it</span> <span>expires in 1 d</span></p>
<a class="button" href="/missions/m/do/answer?number=1">Answer…<span class="hidden"> Which color?</span></a>
</li>

<li class="need">
<p class="question">Which name?</p>
<p class="about notes"><a href="/missions/m">A page</a>
 <span>0 s ago</span> <span>2.1, 2.2 wait for it</span> <span>expires in 1 d</span></p>
<a class="button" href="/missions/m/do/answer?number=2">Answer…<span class="hidden"> Which name?</span></a>
</li>

<li class="need">
<p class="question">checkpoint `look` is reached</p>
<p class="about notes"><a href="/missions/m">A page</a>
 <span>6 min ago</span> <span>2.1, 2.2 wait for it</span></p>
<a class="button" href="/missions/m/do/approve?gate=look">Approve…<span class="hidden"> checkpoint `look` is reached</span></a>
</li>

</ul>
</section>
<section aria-labelledby="missions">
<h2 id="missions">Missions</h2>
<table class="rows">
<thead><tr><th scope="col">Mission</th><th scope="col">Status</th><th scope="col">Progress</th><th scope="col">Spent</th></tr></thead>
<tbody>
<tr>
<th scope="row"><a href="/missions/m">A page</a> <small>m</small></th>
<td><span class="status s-paused">paused</span> <strong class="attention">needs you</strong></td>
<td data-label="Progress"><progress value="1" max="3" aria-label="1 of 3 features are done"></progress> <span class="n">33%</span></td>
<td data-label="Spent" class="n">$0</td>
</tr>
</tbody>
</table>

<p><a class="button" href="/do/stop-all">Stop everything…</a></p></section>

</div>
</div>
""")


def test_the_first_page_lists_hosts_if_there_are_any(gated: Host) -> None:
    host = gated.copy(Fate())
    web = at_home(host)
    web.open("/")
    assert 'id="hosts"' not in main_of(web)
    host.jobs.park = Park({"box": Elsewhere("box", workers=2, there=False, problem="no <b>route")})
    web.open("/")
    text = main_of(web)
    assert text[text.index('<h2 id="hosts">') :] == snapshot("""\
<h2 id="hosts">Hosts</h2>
<table class="rows">
<thead><tr><th scope="col">Host</th><th scope="col">Running</th><th scope="col">Free</th><th scope="col">State</th></tr></thead>
<tbody>
<tr>
<th scope="row">box</th>
<td data-label="Running" class="n">0 of 2</td>
<td data-label="Free" class="n">0</td>
<td data-label="State">unreachable <small class="bad">no &lt;b&gt;route</small></td>
</tr>
</tbody>
</table>
</section>

</div>
</div>
""")


def test_the_page_of_a_mission(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    web.open("/missions/m")
    assert web.status == 200
    assert main_of(web) == snapshot("""\
<main id="main" tabindex="-1">
<p class="trail"><a href="/missions">Missions</a> · <a href="/missions/m/history">History</a> · <a href="/missions/m/report">Report</a></p>
<div hx-ext="sse" sse-connect="/api/v1/events?kind=journal&amp;mission=m">
<div id="mission" hx-get="/missions/m" hx-select="#mission" hx-swap="outerHTML" hx-trigger="sse:ready, sse:journal, sse:reset">
<h1>A page</h1>
<p class="about"><span class="status s-paused">paused</span> m, full mode, base <code>main</code></p>
<p class="wide"><progress value="1" max="3" aria-label="1 of 3 features are done"></progress> <span class="n">33%</span> 1 of 3 features, 10 min elapsed</p>
<nav class="buttons" aria-label="Actions">
<a class="button" href="/missions/m/do/resume">Resume…</a>
<a class="button" href="/missions/m/do/add">Add a feature…</a>
<a class="button" href="/missions/m/do/add-milestone">Add a milestone…</a>
<a class="button" href="/missions/m/do/ask">Ask a person…</a>
<a class="button" href="/missions/m/do/sync">Merge the base…</a>
<a class="button" href="/missions/m/do/cancel">Cancel…</a>
<a class="button" href="/missions/m/do/undo">Undo…</a>
<a class="button" href="/missions/m/do/archive">Archive…</a>
</nav>
<section aria-labelledby="needs"><h2 id="needs">Needs you</h2>
<ul class="needs">
<li class="need">
<p class="question">Which color?</p>
<p class="about notes">
 <span>0 s ago</span> <span>2.1, 2.2 wait for it</span> <span>expires in 1 d</span></p>
<a class="button" href="/missions/m/do/answer?number=1">Answer…<span class="hidden"> Which color?</span></a>
</li>
<li class="need">
<p class="question">Which name?</p>
<p class="about notes">
 <span>0 s ago</span> <span>2.1, 2.2 wait for it</span> <span>expires in 1 d</span></p>
<a class="button" href="/missions/m/do/answer?number=2">Answer…<span class="hidden"> Which name?</span></a>
</li>
<li class="need">
<p class="question">checkpoint `look` is reached</p>
<p class="about notes">
 <span>6 min ago</span> <span>2.1, 2.2 wait for it</span></p>
<a class="button" href="/missions/m/do/approve?gate=look">Approve…<span class="hidden"> checkpoint `look` is reached</span></a>
</li>
</ul>
</section>
<section aria-labelledby="chart1"><h2 id="chart1">Milestones and features</h2>
<div class="chart-box" tabindex="0" role="group" aria-labelledby="chart1"><svg xmlns="http://www.w3.org/2000/svg" class="chart chart-graph" viewBox="0 0 680 104" width="680" height="104" role="img" aria-labelledby="graph-title graph-desc"><title id="graph-title">Milestones and features</title><desc id="graph-desc">3 features in 2 milestones. Milestone 1, First: validating. 1.1 a: done. Milestone 2, Second: pending. 2.1 b: pending. 2.2 c: pending, after 2.1.</desc><svg class="milestone s-validating" x="0" y="0" width="216" height="104"><title>First</title><rect class="band" x="0.5" y="0.5" width="215" height="103" rx="8"/><text x="14" y="18" class="name">1 First</text><path class="icon" d="M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM9.3 9.3L13 13" transform="translate(14 24)"/><text x="34" y="36" class="state">validating · 1 of 1 done</text></svg><svg class="milestone s-pending" x="242" y="0" width="438" height="104"><title>Second</title><rect class="band" x="0.5" y="0.5" width="437" height="103" rx="8"/><text x="14" y="18" class="name">2 Second</text><path class="icon" d="M7 1.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z" transform="translate(14 24)"/><text x="34" y="36" class="state">pending · 0 of 2 done</text></svg><path class="edge open" d="M 444 68 C 464.4 68 457.6 68 476 68 M 471 64 L 477 68 L 471 72"/><svg class="feature s-done" x="14" y="46" width="188" height="44"><title>1.1 a</title><rect class="box" x="1" y="1" width="186" height="42" rx="6"/><path class="icon" d="M1.5 7.5L5.5 11.5L12.5 2.5" transform="translate(8 6)"/><text x="29" y="17" class="number">1.1</text><text x="180" y="17" class="state" text-anchor="end">done</text><text x="8" y="35" class="name">a</text></svg><svg class="feature s-pending" x="256" y="46" width="188" height="44"><title>2.1 b</title><rect class="box" x="1" y="1" width="186" height="42" rx="6"/><path class="icon" d="M7 1.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z" transform="translate(8 6)"/><text x="29" y="17" class="number">2.1</text><text x="180" y="17" class="state" text-anchor="end">pending</text><text x="8" y="35" class="name">b</text></svg><svg class="feature s-pending" x="478" y="46" width="188" height="44"><title>2.2 c</title><rect class="box" x="1" y="1" width="186" height="42" rx="6"/><path class="icon" d="M7 1.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z" transform="translate(8 6)"/><text x="29" y="17" class="number">2.2</text><text x="180" y="17" class="state" text-anchor="end">pending</text><text x="8" y="35" class="name">c</text></svg></svg></div>
<details><summary>As a table</summary>
<table class="rows">
<thead><tr><th scope="col">Feature</th><th scope="col">Title</th><th scope="col">State</th><th scope="col">After</th></tr></thead>
<tbody>
<tr><td data-label="Feature">1.1</td><td data-label="Title">a</td><td data-label="State">done</td><td data-label="After"></td></tr>
<tr><td data-label="Feature">2.1</td><td data-label="Title">b</td><td data-label="State">pending</td><td data-label="After"></td></tr>
<tr><td data-label="Feature">2.2</td><td data-label="Title">c</td><td data-label="State">pending</td><td data-label="After">2.1</td></tr>
</tbody>
</table>
</details>
</section>
<section aria-labelledby="milestones"><h2 id="milestones">Milestones</h2>
<section class="milestone" aria-labelledby="m1">
<h3 id="m1">1 First <span class="status s-validating">validating</span> <small>1/1, 8 min</small></h3>
<ul class="features">
<li>
<div class="feature"><span class="n">1.1</span> <span class="name">a</span> <span class="status s-done">done</span> <a href="/missions/m/attempts/1.1-a1">1 attempt<span class="hidden"> at 1.1</span></a></div>
<div class="buttons small">
<a class="button" href="/missions/m/do/retry?feature=1.1">Try again…<span class="hidden"> 1.1</span></a>
</div>
</li>
</ul>
<ul class="criteria">
<li><code>file: `1.1.txt`</code> <span class="status s-other">not judged</span></li>
</ul>
</section>
<section class="milestone" aria-labelledby="m2">
<h3 id="m2">2 Second <span class="status s-other">pending</span> <small>0/2</small></h3>
<ul class="features">
<li>
<div class="feature"><span class="n">2.1</span> <span class="name">b</span> <span class="status s-other">pending</span></div>
<div class="buttons small">
<a class="button" href="/missions/m/do/skip?feature=2.1">Skip…<span class="hidden"> 2.1</span></a>
<a class="button" href="/missions/m/do/tell?feature=2.1">Tell…<span class="hidden"> 2.1</span></a>
<a class="button" href="/missions/m/do/move?feature=2.1">Move…<span class="hidden"> 2.1</span></a>
</div>
</li>
<li>
<div class="feature"><span class="n">2.2</span> <span class="name">c</span> <span class="status s-other">pending</span></div>
<p class="why">after 2.1</p><div class="buttons small">
<a class="button" href="/missions/m/do/skip?feature=2.2">Skip…<span class="hidden"> 2.2</span></a>
<a class="button" href="/missions/m/do/tell?feature=2.2">Tell…<span class="hidden"> 2.2</span></a>
<a class="button" href="/missions/m/do/move?feature=2.2">Move…<span class="hidden"> 2.2</span></a>
</div>
</li>
</ul>
</section>
</section>
<section aria-labelledby="holds"><h2 id="holds">What is held, and why</h2>
<ul class="holds">
<li>checkpoint `look` is reached<br><span class="command"><code>mission approve m look</code></span></li>
</ul>
</section>
<section aria-labelledby="gates"><h2 id="gates">Gates</h2>
<table class="rows">
<thead><tr><th scope="col">Gate</th><th scope="col">Kind</th><th scope="col">After</th><th scope="col">Holds</th><th scope="col">Status</th></tr></thead>
<tbody>
<tr><th scope="row"><a href="/missions/m/do/approve?gate=look">look</a></th>
<td data-label="Kind">checkpoint</td><td data-label="After">1.1</td><td data-label="Holds">2.1</td><td><span class="status s-waiting">waiting</span></td></tr>
</tbody>
</table>
</section>
<section aria-labelledby="requests"><h2 id="requests">Questions</h2>
<ul class="plain">
<li><strong>1</strong> Which color? <span class="status s-open">open</span> <small>about 2.1, asked 0 s ago</small></li>
<li><strong>2</strong> Which name? <span class="status s-open">open</span> <small>about 2.1, asked 0 s ago</small></li>
</ul>
</section>
<section aria-labelledby="budget"><h2 id="budget">Budget</h2>
<table class="rows">
<thead><tr><th scope="col">What</th><th scope="col">Spent</th><th scope="col">Reserved</th><th scope="col">Cap</th></tr></thead>
<tbody>
<tr><th scope="row">money</th><td data-label="Spent" class="n">$0</td><td data-label="Reserved" class="n">$0</td><td data-label="Cap" class="n">$3</td></tr>
<tr><th scope="row">time of workers</th><td data-label="Spent" class="n">1 min</td><td data-label="Reserved" class="n">0 s</td><td data-label="Cap" class="n">none</td></tr>
<tr><th scope="row">tokens</th><td data-label="Spent" class="n">0 tokens</td><td data-label="Reserved" class="n">0 tokens</td><td data-label="Cap" class="n">none</td></tr>
</tbody>
</table>
</section>
<section aria-labelledby="decisions"><h2 id="decisions">Decisions</h2>
<ul class="plain">
<li>2026-11-20 · Pause the mission · checkpoint `look` is reached: mission approve m look</li>
<li>2026-11-20 · Start the mission · by Ada</li>
</ul>
</section>

</div>
</div>
""")


def test_pages_forbid_scripts_of_others_and_are_not_kept(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    for path in ("/", "/missions", "/missions/m", "/settings", "/missions/m/do/pause", "/missions/none"):
        page = web.open(path)
        assert web.last is not None
        assert {name: web.last.headers[name] for name in HEADERS} == HEADERS
        scripts = [attributes for tag, attributes in page.tags if tag == "script"]
        assert all((one.get("src") or "").startswith("/static/") for one in scripts)
        assert not [tag for tag, _ in page.tags if tag == "style"]
        odd = {name for _, attributes in page.tags for name in attributes if name == "style" or name.startswith("on")}
        assert odd == set()
        assert not [one for _, one in page.tags if int(one.get("tabindex") or 0) > 0]
        for tag, one in page.tags:
            address = one.get("src") or (one.get("href") if tag == "link" else None)
            if address:
                web.open(address)
                assert (web.status, "immutable" in web.last.headers["cache-control"]) == (200, True)


# Each form does what the command does

CASES: dict[str, tuple[str, str, dict[str, str], Callable[[Context], Any]]] = {
    "pause": (
        "/missions/m/do/pause",
        "Pause",
        {"reason": "lunch", "now": "true"},
        lambda ctx: features.pause(ctx, "m", reason="lunch", now=True),
    ),
    "resume": ("/missions/m/do/resume", "Resume", {}, lambda ctx: features.resume(ctx, "m")),
    "cancel": (
        "/missions/m/do/cancel",
        "Cancel the mission",
        {"reason": "no money"},
        lambda ctx: features.cancel(ctx, "m", reason="no money"),
    ),
    "approve": (
        "/missions/m/do/approve?gate=look",
        "Approve",
        {"comment": "fine"},
        lambda ctx: gates.decide_gate(ctx, "m", "look", approved=True, comment="fine"),
    ),
    "reject": (
        "/missions/m/do/reject?gate=look",
        "Reject",
        {"comment": "too blue"},
        lambda ctx: gates.decide_gate(ctx, "m", "look", approved=False, comment="too blue"),
    ),
    "an option": (
        "/missions/m/do/answer?number=1",
        "Answer",
        {"option": "red"},
        lambda ctx: features.answer(ctx, "m", 1, "red"),
    ),
    "an option and more": (
        "/missions/m/do/answer?number=1",
        "Answer",
        {"option": "red", "text": "dark"},
        lambda ctx: features.answer(ctx, "m", 1, "red: dark"),
    ),
    "free text": (
        "/missions/m/do/answer?number=2",
        "Answer",
        {"text": "Rosa"},
        lambda ctx: features.answer(ctx, "m", 2, "Rosa"),
    ),
    "withdraw": (
        "/missions/m/do/withdraw?number=1",
        "Withdraw",
        {"reason": "decided already"},
        lambda ctx: withdraw(ctx, "m", 1, reason="decided already"),
    ),
    "retry": (
        "/missions/m/do/retry?feature=1.1",
        "Try again",
        {"reason": "new idea"},
        lambda ctx: features.retry(ctx, "m/1.1", reason="new idea"),
    ),
    "skip": (
        "/missions/m/do/skip?feature=2.1",
        "Skip",
        {"reason": "not needed"},
        lambda ctx: features.skip(ctx, "m/2.1", reason="not needed"),
    ),
    "tell": (
        "/missions/m/do/tell?feature=2.1",
        "Send",
        {"message": "Use\r\nargparse"},
        lambda ctx: tell(ctx, "m/2.1", "Use\nargparse"),
    ),
    "a value": (
        "/missions/m/do/set?what=budget.money_usd&value=7",
        "Change it",
        {},
        lambda ctx: set_value(ctx, "m", "budget.money_usd", "7"),
    ),
    "a feature": (
        "/missions/m/do/add",
        "Add it",
        {"title": "d", "criteria": "file: `a`\r\n\r\nfile: `b`"},
        lambda ctx: add_feature(ctx, "m", PlanFeature(title="d", criteria=["file: `a`", "file: `b`"])),
    ),
    "a feature of a milestone": (
        "/missions/m/do/add",
        "Add it",
        {"title": "d", "milestone": "2"},
        lambda ctx: add_feature(ctx, "m", PlanFeature(title="d"), milestone=2),
    ),
    "a milestone": (
        "/missions/m/do/add-milestone",
        "Add it",
        {"name": "Third", "features": "d\r\ne", "criteria": "file: `d`", "estimate": "2h"},
        lambda ctx: add_milestone(
            ctx,
            "m",
            "Third",
            estimate="2h",
            criteria=["file: `d`"],
            features=[PlanFeature(title="d"), PlanFeature(title="e")],
        ),
    ),
    "a question": (
        "/missions/m/do/ask",
        "Ask",
        {"prompt": "Which\r\nfont?", "feature": "2.2", "options": "serif=old\r\nsans", "urgency": "high"},
        lambda ctx: ask(ctx, "m/2.2", Given("Which\nfont?", ("serif=old", "sans"), urgency="high")),
    ),
    "a question of the mission": (
        "/missions/m/do/ask",
        "Ask",
        {"prompt": "Which font?", "free_text": "true", "expires": "2h"},
        lambda ctx: ask(ctx, "m", Given("Which font?", (), True, "normal", "2h")),  # noqa: FBT003 - free text
    ),
    "a merge of the base": ("/missions/m/do/sync", "Merge it", {}, lambda ctx: sync(ctx, "m")),
    "a note": (
        "/missions/m/do/note?text=Still+wanted",
        "Note it",
        {},
        lambda ctx: note(ctx, "m", "Still wanted"),
    ),
    "archive": ("/missions/m/do/archive", "Archive", {}, lambda ctx: archive(ctx, "m")),
}
"""The page, its button, what a person fills in, and the command."""


@pytest.mark.parametrize("case", CASES)
def test_a_form_does_what_the_command_does(gated: Host, case: str) -> None:
    path, button, filled, command = CASES[case]
    mine, theirs = gated.copy(Fate()), gated.copy(Fate())
    done = command(theirs.context())
    web = at_home(mine)
    page = web.press(web.open(path), button, **filled)
    assert state_of(mine) == state_of(theirs)
    assert web.status == 200
    assert " ".join(done.words.split()) in page.text
    assert web.memory.woken == [mine.jobs.name]
    assert " ".join(done.words.split()) not in web.open("/missions/m").text.split("Decisions")[0], "said once"


def test_a_value_that_widens_a_limit_is_set_only_after_the_page_has_said_so(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    before = state_of(web.host)
    asked = web.press(web.open("/missions/m/do/set?what=budget.money_usd"), "Change it", value="70")
    assert (web.status, state_of(web.host)) == (409, before)
    assert "This widens a limit. Press the button again." in asked.text
    assert asked.forms[1].fields["value"] == asked.forms[1].fields["confirmed"] == "70"
    web.press(asked, "Change it", value="80")
    assert (web.status, state_of(web.host)) == (409, before), "it has said so of another value"
    web.press(web.press(asked, "Change it", value="80"), "Change it")
    assert (web.status, str(mission_of(web.host).limits.usd)) == (200, "80")


def test_a_gate_shows_the_change_that_is_approved(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    for name in ("approve", "reject"):
        page = web.open(f"/missions/m/do/{name}?gate=look")
        shown = page.forms[1].fields["saw"]
        assert (
            f"shows the finished work, {shown[:7]} Files 1.1.txt +1 -0 The whole change 1.1.txt new +1 -0" in page.text
        )
        assert "good" in page.text


@only_at_night
@pytest.mark.nightly
def test_suggestions_and_requirements_are_decided_as_on_the_command_line() -> None:
    """A page has the suggestions to choose from, and requirements that can be changed."""
    mine = begin(Workers())
    assert at(mine) == "awaiting_feature_approval waiting"
    theirs, web = mine.copy(Fate()), at_home(mine)
    page = web.open("/missions/m/do/approve?gate=feature_selection")
    assert "Choose one Count lines asked Undo" in page.text
    web.press(page, "Approve")
    assert web.status == 422, "one has to be chosen"
    web.press(page, "Approve", choose="2")
    choice = documents.Given(2, None)
    gates.decide_gate(theirs.context(), "m", "feature_selection", approved=True, given=choice)
    assert state_of(mine) == state_of(theirs)
    assert at(mine) == "awaiting_prd_approval waiting"
    other = mine.copy(Fate())
    page = web.open("/missions/m/do/approve?gate=prd_review")
    text = page.forms[1].fields["requirements"]
    theirs = mine.copy(Fate())
    web.press(page, "Approve", requirements=text.replace("\n", "\r\n"))
    gates.decide_gate(theirs.context(), "m", "prd_review", approved=True)
    assert state_of(mine) == state_of(theirs)
    changed, theirs = text.replace('"Undo steps."', '"Undo all steps."'), other.copy(Fate())
    assert changed != text
    web = at_home(other)
    page = web.open("/missions/m/do/approve?gate=prd_review")
    again = web.press(page, "Approve", requirements="{")
    assert (web.status, again.forms[1].fields["requirements"]) == (422, "{")
    web.press(page, "Approve", requirements=changed)
    stored = documents.Given(0, changed.strip())
    gates.decide_gate(theirs.context(), "m", "prd_review", approved=True, given=stored)
    assert state_of(other) == state_of(theirs)


def test_a_page_leads_to_what_could_be_done_instead(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    for action in ACTIONS.values():
        for name in action.also:
            here = web.open(to(action.name))
            assert web.status == 200
            [there] = [address for address, _ in here.links if f"/do/{name}?" in address]
            web.open(there)
            assert web.status == 200, there


def test_lifting_stop_is_offered_first_and_lifts_it(gated: Host) -> None:
    host = gated.copy(Fate())
    stop_all(host.context().runtime, host.context().executor, host.context().person().name)
    web = at_home(host)
    page = web.open("/")
    assert next(words for to, words in page.links if "/do/" in to).startswith("Lift STOP…")
    page = web.press(web.open("/do/lift-stop"), "Lift STOP")
    assert "STOP is lifted." in page.text
    assert host.context().runtime.stopped() is None
    assert web.memory.woken == [host.jobs.name]


def test_everything_is_stopped_after_the_page_has_said_what_stops(gated: Host) -> None:
    host = gated.copy(Fate())
    for identity in ("other", "third"):
        make_mission(host, PLAN, identity)
        lifecycle.start(host.context(), identity)
    asked = of_stop(host.context().state, host.context().executor.running())
    web = at_home(host)
    assert [words for to, words in web.open("/").links if to == "/do/stop-all"] == ["Stop everything…"]
    page = web.open("/do/stop-all")
    assert asked is not None
    assert f"{asked.text}." in page.text
    assert host.context().runtime.stopped() is None
    page = web.press(page, "Stop everything")
    assert "STOP is set: nothing new starts" in page.text
    stopped = host.context().runtime.stopped()
    assert (stopped is not None and stopped.by) == host.context().person().name
    assert "Everything is stopped already." in web.open("/do/stop-all").text
    web.press(web.open("/do/lift-stop"), "Lift STOP")
    assert host.context().runtime.stopped() is None


def test_a_feature_is_moved_to_a_milestone_that_is_offered() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    twin = host.copy(Fate())
    done = move(twin.context(), "m/2.1", 1)
    web = at_home(host)
    assert "/missions/m/do/move?feature=2.1" in [to for to, _ in web.open("/missions/m").links]
    page = web.open("/missions/m/do/move?feature=2.1")
    assert [given["value"] for tag, given in page.tags if tag == "option"] == ["1"]
    page = web.press(page, "Move it", to="1")
    assert done.words in page.text
    assert state_of(host) == state_of(twin)


def test_the_last_decision_is_shown_and_taken_back(gated: Host) -> None:
    host = gated.copy(Fate())
    features.resume(host.context(), "m", reason="go on")
    twin = host.copy(Fate())
    done = undo(twin.context(), "m")
    web = at_home(host)
    page, before = web.open("/missions/m/do/undo"), state_of(host)
    assert [done.subject in page.text, *(one in page.text for one in sentences(done.changes))] == [True, True]
    assert state_of(host) == before
    page = web.press(page, "Take it back")
    assert f"m: undone: {done.subject}" in page.text
    assert state_of(host) == state_of(twin)
    page = web.open("/missions/other/do/undo")
    assert web.status == 404
    fresh = make_host(works)
    make_mission(fresh, PLAN)
    page = at_home(fresh).open("/missions/m/do/undo")
    assert "it is the first commit of the mission" in page.text
    assert page.forms[1:] == []


def test_start_shows_what_will_run_and_then_starts_it() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    mine, theirs = host.copy(Fate()), host.copy(Fate())
    lifecycle.start(theirs.context(), "m")
    web = at_home(mine)
    page = web.open("/missions/m/do/start")
    assert "costs at most $3" in page.text
    assert "milestone 2 has no criterion" not in page.text
    web.press(page, "Start")
    assert state_of(mine) == state_of(theirs)
    refused = web.open("/missions/m/do/start")
    assert (web.status, refused.forms[1:]) == (200, refused.forms[1:])


def test_landing_lands_only_what_was_shown(finished: Host) -> None:
    mine, theirs = finished.copy(Fate()), finished.copy(Fate())
    done = gates.land(theirs.context(), "m")
    web = at_home(mine)
    page = web.open("/missions/m/do/land")
    assert "Files 1.1.txt +1 -0" in page.text
    assert page.text.count("good") >= 1, "the change, line by line"
    assert page.forms[1].fields["saw"] == done.about
    before = state_of(mine)
    other = web.press(page, "Land", saw="0" * 40)
    assert (web.status, state_of(mine)) == (409, before)
    assert f"{done.about[:7]} would land by now, and not 0000000" in other.text
    web.press(page, "Land")
    assert state_of(mine) == state_of(theirs)


def test_a_page_that_is_older_than_the_mission_does_nothing_and_shows_the_new_state(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    page = web.open("/missions/m/do/answer?number=2")
    tell(web.host.context(), "m/2.1", "meanwhile")
    before = state_of(web.host)
    again = web.press(page, "Answer", text="Rosa <3")
    assert (web.status, state_of(web.host)) == (412, before)
    told = again.text.partition("The mission has changed ")[2].partition(" about 2.1")[0]
    assert told == snapshot(
        "since this page was made, so nothing was done. The last change: 2.1 is told: meanwhile (by Ada). This is how it is now."
    )
    assert again.forms[1].fields["text"] == "Rosa <3"
    web.press(again, "Answer")
    assert [(r.number, r.response) for r in mission_of(web.host).requests] == [(1, ""), (2, "Rosa <3")]


def test_a_form_without_what_it_needs_keeps_what_was_written(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    before = state_of(web.host)
    again = web.press(web.open("/missions/m/do/skip?feature=2.1"), "Skip", reason=" ")
    assert (web.status, state_of(web.host)) == (422, before)
    assert "`reason` is missing" in again.text
    web.press(web.open("/missions/m/do/answer?number=1"), "Answer", option="", text="green")
    assert (web.status, state_of(web.host)) == (422, before)


# Who may


def test_without_the_printed_address_nothing_is_shown(gated: Host) -> None:
    web = browser(gated.copy(Fate()))
    paths = ["/", "/missions", "/missions/m", "/settings", *map(to, ACTIONS)]
    for path in paths:
        page = web.open(path)
        assert (web.status, "A page" in page.text, page.forms) == (401, False, [])
    before = state_of(web.host)
    for path in ["/enter/open", "/enter/", f"/enter/{CODE}x"]:
        web.open(path)
        assert (web.status in {403, 404}, web.client.cookies.get("mission-8765")) == (True, None)
    for name in ACTIONS:
        assert web.client.post(to(name), data={"gate": "look"}).status_code == 401
    assert state_of(web.host) == before
    assert not any(CODE in line for line in web.log)


def test_the_cookie_is_for_this_server_alone(gated: Host) -> None:
    web = browser(gated.copy(Fate()))
    web.open(f"/enter/{CODE}")
    assert web.last is not None
    cookie = web.last.headers["set-cookie"].partition("=")[2].partition(";")[2]
    assert cookie == " HttpOnly; Max-Age=86400; Path=/; SameSite=strict"
    assert "Needs me" in web.open("/").text
    moved = web.client.get("/missions?status=active", headers={"Host": "localhost:8765"})
    assert (moved.status_code, moved.headers["location"]) == (307, f"{URL}/missions?status=active")
    page = web.press(web.open("/"), "Sign out")
    assert "Open the address" in page.text
    web.open("/")
    assert web.status == 401


@pytest.mark.parametrize(("host", "secure"), [("missions.example.org", True), ("127.0.0.1:8765", False)])
def test_over_https_the_cookie_is_sent_encrypted_only(host: str, *, secure: bool) -> None:
    sessions = Sessions(lambda: USERS, time.time, https=["missions.example.org"])
    request = Request({"type": "http", "headers": [(b"host", host.encode())], "path": "/", "query_string": b""})
    answer = Response()
    sessions.set_cookie(request, answer, sessions.sign_in("reader"))
    assert ("; Secure" in answer.headers["set-cookie"]) is secure


def test_a_session_ends_after_a_day() -> None:
    now = [1000.0]
    sessions = Sessions(lambda: USERS, lambda: now[0])
    name = sessions.sign_in("reader")
    headers = [(b"host", b"127.0.0.1:8765"), (b"cookie", f"mission-8765={name}".encode())]
    request = Request({"type": "http", "headers": headers, "path": "/", "query_string": b"", "scheme": "http"})
    found = sessions.visitor(request)
    assert found is not None
    assert (found.name, str(found.person), found.scopes) == (
        "reader",
        "reader <reader@example.org>",
        frozenset({"missions.read"}),
    )
    now[0] += LIFETIME_SECONDS - 1
    assert sessions.visitor(request) == found
    now[0] += 1
    assert sessions.visitor(request) is None


def restarted(web: Browser, store: SessionFile, *, users: Sequence[Access] = ()) -> Browser:
    """The same browser at a new server at the same address."""
    again = browser(web.host, users=users, store=store)
    again.client.cookies = web.client.cookies
    return again


def test_a_session_outlives_a_restart_and_its_file_lets_no_one_in(gated: Host, tmp_path: Path) -> None:
    def store(address: str = "127.0.0.1:8765") -> SessionFile:
        return SessionFile(tmp_path, address)

    first = browser(gated.copy(Fate()), store=store())
    first.open(f"/enter/{CODE}")
    form = first.open("/missions/m/do/resume")
    [file] = tmp_path.iterdir()
    assert (file.name, oct(file.stat().st_mode)[-3:]) == ("127.0.0.1-8765.json", "600")
    secret = first.client.cookies["mission-8765"]
    assert secret not in file.read_text()
    second = restarted(first, store())
    assert "Needs me" in second.open("/").text
    second.last = first.last
    assert "m is resumed" in second.press(form, "Resume").text, "a form of before the restart is still one of ours"
    for key in [one.key for one in store().load()]:
        thief = restarted(first, store())
        thief.client.cookies = httpx.Cookies({"mission-8765": key})
        thief.open("/")
        assert thief.status == 401
    with_users = restarted(first, store(), users=USERS)
    with_users.open("/")
    assert with_users.status == 401, "a server with users lets no one in without a token"
    elsewhere = restarted(first, store("127.0.0.1:8766"))
    elsewhere.open("/")
    assert elsewhere.status == 401
    second.press(second.open("/"), "Sign out")
    third = restarted(first, store())
    third.open("/")
    assert third.status == 401


@pytest.mark.parametrize("harm", ["others may read it", "damaged", "no list", "over", "another token"])
def test_a_kept_session_that_does_not_count_is_as_none(gated: Host, tmp_path: Path, harm: str) -> None:
    store = SessionFile(tmp_path, "127.0.0.1:8765")
    first = browser(gated.copy(Fate()), users=USERS, store=store)
    first.press(first.open("/"), "Sign in", token=USERS[1].name)
    assert "manager" in restarted(first, store, users=USERS).open("/").text
    [file] = tmp_path.iterdir()
    if harm == "others may read it":
        file.chmod(0o644)
    elif harm in {"damaged", "no list"}:
        file.write_text({"damaged": '[{"class": "KeptSession"', "no list": '{"value": {"key": "x"}}'}[harm])
    elif harm == "over":
        store.save([replace(one, ends=time.time() - 1) for one in store.load()])
    users = [replace(one, digest=hash_of("new")) for one in USERS] if harm == "another token" else USERS
    again = restarted(first, store, users=users)
    again.open("/")
    assert again.status == 401


def test_a_user_signs_in_with_a_token_and_sees_only_what_is_allowed(gated: Host) -> None:
    web = browser(gated.copy(Fate()), users=USERS)
    page = web.open("/missions/m?x=1")
    wrong = web.press(page, "Sign in", token=HOSTILE)
    assert (web.status, "This token is not valid." in wrong.text) == (403, True)
    page = web.press(page, "Sign in", token=USERS[0].name)
    assert web.last is not None
    assert str(web.last.url) == f"{URL}/missions/m?x=1"
    assert "reader" in page.text
    doing = [to for to, _ in page.links if "/do/" in to]
    assert doing == []
    before = state_of(web.host)
    form_key = page.forms[0].fields["form_key"]
    for name in ACTIONS:
        answer = web.client.post(to(name), data={"form_key": form_key})
        assert answer.status_code == 403
    assert state_of(web.host) == before


def test_each_operation_that_helps_has_a_page() -> None:
    """What needs a person names operations; a page for one of them takes its inputs from its address or its form."""
    named = set(re.findall(r'(?:Action|_one)\("(\w+)"', inspect.getsource(needs_actions)))
    assert len(named) > 10
    assert named <= set(BY_OPERATION)
    for one in ACTIONS.values():
        known = {*one.given, *(field.name for field in one.inputs), "gate", "response"}
        needed = {field.name for field in one.operation.body if field.required} | set(
            re.findall(r"\{(\w+)\}", one.operation.path)
        )
        assert needed - known - {"id"} == set(), one.name


def test_scopes_decide_which_buttons_there_are(gated: Host) -> None:
    manager = signed_in("manager", gated.copy(Fate()), users=USERS)
    found = {to.partition("/do/")[2].partition("?")[0] for to, _ in manager.open("/missions/m").links if "/do/" in to}
    assert found == {
        "resume",
        "cancel",
        "archive",
        "add",
        "add-milestone",
        "ask",
        "sync",
        "move",
        "retry",
        "skip",
        "tell",
    }
    approver = signed_in("approver", gated.copy(Fate()), users=USERS)
    found = {to.partition("/do/")[2].partition("?")[0] for to, _ in approver.open("/missions/m").links if "/do/" in to}
    assert found == {"answer", "approve", "undo"}
    approver.press(approver.open("/missions/m/do/approve?gate=look"), "Approve")
    ctx = approver.host.context()
    newest = ctx.state.history(limit=1)[0]
    assert newest.author == Person("approver", "approver@example.org")
    assert [(a.gate, a.by) for a in mission_of(approver.host).approvals] == [("look", "approver")]


def test_a_removed_token_ends_its_session(gated: Host) -> None:
    users = list(USERS)
    web = browser(gated.copy(Fate()), users=users)
    assert "Needs me" in web.press(web.open("/"), "Sign in", token=USERS[0].name).text
    users.clear()
    web.open("/")
    assert web.status == 401


def test_forms_of_other_pages_are_refused(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    page, before = web.open("/missions/m/do/resume"), state_of(web.host)
    good = page.forms[1].fields
    path = "/missions/m/do/resume"
    tries: list[tuple[dict[str, str], dict[str, str]]] = [
        ({**good, "form_key": "guess"}, {"Origin": URL}),
        ({name: value for name, value in good.items() if name != "form_key"}, {"Origin": URL}),
        (good, {"Origin": "https://evil.example"}),
        (good, {"Origin": "http://127.0.0.1:3000"}),
        (good, {"Origin": URL, "Sec-Fetch-Site": "cross-site"}),
        (good, {"Origin": "null", "Sec-Fetch-Site": "same-site"}),
        (good, {"Origin": URL, "Host": "evil.example"}),
    ]
    for data, headers in tries:
        assert web.client.post(path, data=data, headers=headers).status_code in {403, 421}
    assert web.client.post(path, json=good, headers={"Origin": URL}).status_code == 415
    assert state_of(web.host) == before
    web.press(page, "Resume")
    assert state_of(web.host) != before


def test_a_form_of_another_session_is_refused(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    page, before = web.open("/missions/m/do/resume"), state_of(web.host)
    web.open(f"/enter/{CODE}")
    web.press(page, "Resume")
    assert (web.status, state_of(web.host)) == (403, before)


def test_a_read_only_server_has_no_buttons_and_does_nothing(gated: Host) -> None:
    web = at_home(gated.copy(Fate()), read_only=True)
    page, before = web.open("/missions/m"), state_of(web.host)
    assert [to for to, _ in page.links if "/do/" in to] == []
    for name in ACTIONS:
        path = to(name)
        shown = web.open(path)
        assert [form.buttons for form in shown.forms] == [["Sign out"]]
        form = {"form_key": page.forms[0].fields["form_key"]}
        assert web.client.post(path, data=form, headers={"Origin": URL}).status_code == 403
    assert state_of(web.host) == before
    user = signed_in("manager", gated.copy(Fate()), users=USERS, read_only=True)
    assert "manager, read-only" in user.open("/").text


def test_a_visitor_from_a_link_elsewhere_is_sent_on_by_our_own_page(gated: Host) -> None:
    web = browser(gated.copy(Fate()), users=USERS)
    page = web.open("/missions/m?x=1&y=2", headers={"Sec-Fetch-Site": "cross-site"})
    assert ("meta", {"http-equiv": "refresh", "content": "0;url=/missions/m?x=1&y=2"}) in page.tags
    for there in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        form = {"token": "reader", "next": there}
        answer = web.client.post("/sign-in", data=form, headers={"Origin": URL})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


# What is shown of hostile and odd things


def test_hostile_text_is_inert() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    ctx = host.context()
    set_value(ctx, "m", "title", HOSTILE)
    lifecycle.start(ctx, "m")
    go_on(host)
    ask(host.context(), "m/2.1", Given(HOSTILE, options=("<b>bold</b>=<i>it</i>", "b")))
    tell(host.context(), "m/2.1", HOSTILE)
    web = at_home(host)
    shown = ("/", "/missions", "/missions/m", "/missions/m/do/answer?number=1", "/missions/m/do/pause")
    for path in shown:
        page = web.open(path)
        assert web.last is not None
        assert web.status == 200
        assert "alert(1)" in page.text or "alert(1)" in web.last.text
        assert [one for tag, one in page.tags if tag == "script" and not one.get("src")] == []
        assert [tag for tag, _ in page.tags if tag == "img"] == []
        assert not any(sign in web.last.text for sign in ("\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"))
        assert "{{ 7 * 7 }}" in web.last.text


def test_only_addresses_of_the_web_become_links() -> None:
    assert [web_address(one) for one in ("https://a.example/1", "javascript:alert(1)", "data:text/html,x", "//a")] == [
        "https://a.example/1",
        "",
        "",
        "",
    ]


def test_missions_of_several_repositories_are_told_apart(gated: Host) -> None:
    one, other = gated.copy(Fate()), make_host(works, name="there:000002")
    make_mission(other, PLAN.replace("A page", "Another"))
    web = at_home(one, other)
    page = web.open("/missions")
    assert [to for to, words in page.links if words in {"A page", "Another"}] == [
        f"/missions/m?repo={one.jobs.name.replace(':', '%3A')}",
        "/missions/m?repo=there%3A000002",
    ]
    web.open("/missions/m")
    assert web.status == 300
    assert "Another" in web.open("/missions/m?repo=there:000002").text
    before = state_of(one)
    web.press(web.open("/missions/m/do/start?repo=there:000002"), "Start")
    assert (mission_of(other).status, state_of(one)) == ("active", before)
    assert web.memory.woken == ["there:000002"]
    assert "Another" not in web.open(f"/missions?repo={one.jobs.name}").text
    assert "Another" not in web.open("/missions?status=paused").text
    assert "Another" in web.open("/missions?words=ANOTH").text
    archive(other.context(), "m")
    assert "Another" not in web.open("/missions").text + web.open("/").text
    assert "Another" in web.open("/missions?archived=1").text
    assert "`actif` is not a status of a mission" in web.open("/missions?status=actif").text


def test_settings_are_shown_without_secrets(gated: Host) -> None:
    host = gated.copy(Fate())
    rule = NotificationSettings(("slack://secret/a/b", "env:OPS"), ("*",))
    runner = replace(SETTINGS.runners["script"], env={"KEY": "hunter2", "OTHER": "env:OTHER"})
    host.settings = replace(host.settings, notifications={"ops": rule}, runners={"script": runner}, attempts=7)
    host.settings = replace(host.settings, prices={"acme/large-1": PriceSettings(input=Decimal(3), output=Decimal(9))})
    text = at_home(host).open("/settings").text
    assert "attempts 7" in text
    assert "notifications.ops.channels set, env:OPS" in text
    assert 'prices."acme/large-1".input 3 ' in text
    assert "runners.script.env set, env:OTHER" in text
    assert not any(word in text for word in ("slack://", "hunter2"))


def test_an_unknown_mission_or_page_is_an_error_of_our_own(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    assert "there is no mission nothing" in web.open("/missions/nothing").text
    assert web.status == 404
    assert "there is no request 9" in web.open("/missions/m/do/answer?number=9").text
    assert "name a feature" in web.open("/missions/m/do/tell").text
    assert web.status == 422
    assert "has no gate `none`" in web.open("/missions/m/do/approve?gate=none").text
    web.open("/missions/m/do/nothing")
    assert web.status == 404
    web.open("/static/0000/page.css")
    assert web.status == 404
    nowhere = web.open("/no/where", headers={"Accept": "text/html,*/*"})
    assert (web.status, "There is nothing at this address" in nowhere.text) == (404, True)
    web.open("/no/where")
    assert web.last is not None
    assert web.last.headers["content-type"] == "application/problem+json"


def test_pages_are_small_and_compressed(gated: Host) -> None:
    web = at_home(gated.copy(Fate()))
    page = web.open("/", headers={"Accept-Encoding": "gzip"})
    assert web.last is not None
    assert (web.last.headers["content-encoding"], web.last.headers["vary"]) == ("gzip", "Accept-Encoding")
    plain = web.client.get("/", headers={"Accept-Encoding": "identity"})
    assert ("content-encoding" in plain.headers, plain.text) == (False, web.last.text)
    assert sum(len(one.packed) for one in files().values()) < 25_000, "of 50 kB for the first page"
    assert page.text
