"""The page and the summary of missions: whole outputs, any texts in them, and what the command does with files."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from markdown_it import MarkdownIt
from tests.kit.fakes.host import make_mission
from tests.kit.markup import Walk
from tests.kit.nightly import NIGHTLY
from tests.unit.test_kept_pages import PLAN, stuck

from mission_cli._support.dataclass import replace
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.domain.board.marks import BADGE, PAGE, README, mark, source_of
from mission_cli.domain.board.values import (
    Board,
    BoardFeature,
    BoardMilestone,
    BoardMission,
    BoardMoney,
    BoardRow,
    Need,
    SpendPoint,
)
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.notice import Remedy, advise
from mission_cli.engine.board.pages import badge_words, rendered
from mission_cli.engine.board.read import arranged
from mission_cli.surfaces.board.making import page_here, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.notice import Advice

TEMPLATES = JinjaTemplates()
EVIL = "\"'><script>alert(1)</script><img src=//x.test/a onerror=alert(1)>\x1b[2J\u202e\n# x\n| `a | [b](javascript:alert(1)) @ada #1"
_TAGS = {
    "a",
    "bdi",
    "body",
    "br",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "head",
    "html",
    "li",
    "line",
}
_TAGS |= {
    "main",
    "meta",
    "p",
    "polyline",
    "progress",
    "section",
    "small",
    "span",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
}
_TAGS |= {"td", "th", "thead", "time", "title", "tr", "ul"}
_PARTS = {"h1", "h2", "p", "ul", "li", "strong", "code", "img", "a"}


def board(text: str, help_: Advice | None = None) -> Board:
    """A page on which every text is this one."""
    told = help_ if help_ is not None else advise(Remedy("retry", (text,)), text)
    features = [BoardFeature(text, text, text, text, text, told), BoardFeature("1.2", text, "done", "")]
    milestones = [BoardMilestone(1, text, text, 1, 2, features), BoardMilestone(2, text, "passed", 2, 2, features)]
    money = [BoardMoney(text, text, text, 140), BoardMoney(text, text, "", None)]
    curve = [
        SpendPoint("2026-11-20T10:00:00Z", Decimal(0)),
        SpendPoint("2026-11-20T11:00:00Z", Decimal(3)),
        SpendPoint("2026-11-20T12:00:00Z", Decimal(5)),
    ]
    rows = [BoardRow(text, text, text), BoardRow("2026-11-20T10:00:00Z", text)]
    needs = [Need("m", text, text, told, text), Need("m", text)]
    missions = [
        BoardMission(
            id=f"m{number}", title=text, goal=text, state=text, finished=False, link="m/mission.md", repo=text,
            priority=text, deadline=text, phase=text, done=1, planned=2, milestones=milestones, money=money,
            usd=Decimal(5), cap=cap, curve=curve, decisions=rows, history=rows, needs=needs,
        )
        for number, cap in enumerate((Decimal(2), None))
    ]  # fmt: skip
    return Board(missions, text)


def page(text: str) -> Walk:
    """What a browser makes of that page."""
    return Walk(rendered(TEMPLATES, board(text), "0" * 16)[PAGE])


def is_inert(found: Walk) -> None:
    """Nothing in it runs, and nothing is loaded from anywhere."""
    assert found.tags <= _TAGS
    assert not [name for name in found.names if name.startswith("on") or name in {"src", "style", "srcdoc", "action"}]
    links = [attributes["href"] for _, attributes in found.elements if "href" in attributes]
    assert all(link.startswith("#m-") for link in links)
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert {link[1:] for link in links} <= set(ids)
    [policy] = [a["content"] for _, a in found.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'", policy
    )


@settings(max_examples=300 if NIGHTLY else 8, deadline=None)
@given(st.text(max_size=60) | st.just(EVIL))
def test_no_text_of_a_mission_is_markup_on_the_page(text: str) -> None:
    is_inert(page(text))


@settings(max_examples=300 if NIGHTLY else 8, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>[]()!`*_#|&;:/\\\n\t -@=~\"'abhttps1."), max_size=60) | st.just(EVIL))
def test_no_text_of_a_mission_is_markup_in_the_summary(text: str) -> None:
    found = rendered(TEMPLATES, board(text), "0" * 16)
    html = MarkdownIt("commonmark", {"html": True}).render(found[README])
    seen = Walk(html.replace(mark("0" * 16), ""))
    assert seen.tags <= _PARTS
    targets = {a.get("href") or a.get("src") for tag, a in seen.elements if tag in {"a", "img"}}
    assert targets == {"m/mission.md", BADGE, PAGE}
    assert Walk(found[BADGE]).tags == {"svg", "title", "rect", "path", "g", "text"}


def test_the_page_of_a_small_state_is_this_one() -> None:
    text = page_here(stuck().context()).text
    body = text[text.index("<main>") :]
    assert source_of(text)
    assert body == snapshot("""\
<main>
<h1>Missions</h1>
<p class="soft">1 mission, 1 of 3 features done, $1.50 spent, 1 thing waits for people · as of <time datetime="2026-11-20T10:24:00Z">2026-11-20 10:24 UTC</time></p>
<h2 id="needs">Needs you</h2>
<div class="need">
<p><a href="#m-m">Word counter</a> · <small>since 2026-11-20 10:24 UTC</small></p>
<p><bdi>1.2: it failed twice in the same way without any new change (criteria_failed: file: `9.txt`: 9.txt does not exist)</bdi></p>
<p><code>mission retry m/1.2</code>, or <code>mission why m/1.2</code> for its output and other choices</p>
</div>
<section class="mission" id="m-m" aria-labelledby="m-m-title">
<h2 id="m-m-title"><bdi>Word counter</bdi></h2>
<p><span class="state waiting">waiting</span> <small>m</small></p>
<p><bdi>Count words</bdi></p>
<dl class="facts">
<div><dt id="m-m-f">Features</dt><dd>1 of 3 done<br><progress max="3" value="1" aria-labelledby="m-m-f"></progress></dd></div>
<div><dt id="m-m-b1">Money (USD)</dt><dd>$1.50 of $20<br><progress max="100" value="7" aria-labelledby="m-m-b1"></progress></dd></div>
<div><dt id="m-m-b2">Time (hours)</dt><dd>6 min</dd></div>
</dl>
<svg viewBox="0 -4 640 168" preserveAspectRatio="none" role="img" aria-label="Spending from 2026-11-20 10:00 UTC to 2026-11-20 10:24 UTC: $1.50 of $20"><line x1="0" x2="640" y1="0.0" y2="0.0"/><polyline points="0.0,160.0 213.3,160.0 213.3,156.0 533.3,156.0 533.3,152.0 640.0,152.0 640.0,148.0"/></svg>
<p class="axis"><small>2026-11-20 10:00 UTC</small> <small>$1.50 of $20</small> <small>2026-11-20 10:24 UTC</small></p>
<details open>
<summary>1 <bdi>Core</bdi> <span class="state active">active</span> <small>1 of 2</small></summary>
<div class="wide" tabindex="0" role="group" aria-label="Features of milestone 1"><table>
<thead><tr><th scope="col">Feature</th><th scope="col">Title</th><th scope="col">State</th></tr></thead>
<tbody>
<tr><td class="nr">1.1</td><td><bdi>Count the words</bdi></td><td class="done">done<br><small>script a1</small></td></tr>
<tr><td class="nr">1.2</td><td><bdi>Read a file</bdi><br><small><bdi>1.2-a2 ended with criteria_failed; 1.2 is failed: file: `9.txt`: 9.txt does not exist</bdi> · <code>mission retry m/1.2</code></small></td><td class="failed">failed<br><small>script a2</small></td></tr>
</tbody></table></div>
</details>
<details open>
<summary>2 <bdi>Command line</bdi> <span class="state pending">pending</span> <small>0 of 1</small></summary>
<div class="wide" tabindex="0" role="group" aria-label="Features of milestone 2"><table>
<thead><tr><th scope="col">Feature</th><th scope="col">Title</th><th scope="col">State</th></tr></thead>
<tbody>
<tr><td class="nr">2.1</td><td><bdi>Print the count</bdi></td><td class="pending">pending</td></tr>
</tbody></table></div>
</details>
<h3>Decisions</h3>
<ul class="plain">
<li><small>2026-11-20</small> <bdi>Start the mission</bdi> <small><bdi>by Ada</bdi></small></li>
</ul>
<h3>History</h3>
<ul class="plain">
<li><small>2026-11-20 10:24 UTC</small> <bdi>1.2-a2 ended with criteria_failed; 1.2 is failed: file: `9.txt`: 9.txt does not exist</bdi></li>
<li><small>2026-11-20 10:20 UTC</small> <bdi>1.2-a1 ended with criteria_failed; 1.2 is pending: file: `9.txt`: 9.txt does not exist</bdi></li>
<li><small>2026-11-20 10:08 UTC</small> <bdi>1.1-a1 is done</bdi></li>
<li><small>2026-11-20 10:00 UTC</small> <bdi>milestone 1 starts at 16f9ad2</bdi></li>
<li><small>2026-11-20 10:00 UTC</small> <bdi>m is started (by Ada)</bdi></li>
</ul>
</section>
</main>
</body>
</html>
""")


def test_the_page_has_everything_that_the_inbox_has() -> None:
    host = stuck()
    make_mission(host, PLAN, "a")
    lifecycle.start(host.context(), "a")
    ask(host.context(), "a", Given("Which color?"))
    ask(host.context(), "m", Given("Which <b>database</b>?", ("sqlite", "postgres"), urgency="urgent"))
    waiting = everything_waiting(host.context())
    assert {one.kind for _, one in waiting} >= {"request", "failed"}
    made = page_here(host.context())
    assert [(need.words, str(need.help)) for _, need in made.board.needs] == [
        (one.name, str(one.unblock)) for _, one in waiting
    ]
    seen = Walk(made.text)
    is_inert(seen)
    assert "Which <b>database</b>?" in seen.text
    assert all(str(remedy) in seen.text for _, need in made.board.needs for remedy in need.help.remedies)


def test_the_page_does_not_depend_on_the_time() -> None:
    host = stuck()
    first = page_here(host.context()).text
    host.jobs.clock.time.pass_by(host.settings.full_look * 7)
    assert page_here(host.context()).text == first


def test_folders_may_have_any_names() -> None:
    one = board("x").missions[0]
    for name, repo in (('a b\udcff"', ""), ("m", "/home/ada/my \nrepo"), ("m", "/other"), ("m", "")):
        found = rendered(TEMPLATES, Board([replace(one, id=name, repo=repo)], ""), "0" * 16)
        is_inert(Walk(found[PAGE]))
        found[PAGE].encode()
    anchors = {replace(one, id="m", repo=repo).anchor for repo in ("", "/a", "/b")}
    assert len(anchors) == 3


def test_what_needs_a_person_comes_first_and_what_is_over_last() -> None:
    one = replace(board("x").missions[0], repo="", needs=[], finished=False, priority="normal")
    rows = [
        replace(one, id="over", finished=True),
        replace(one, id="calm"),
        replace(one, id="urgent", priority="urgent"),
        replace(one, id="asks", needs=[Need("asks", "Which?")]),
    ]
    assert [mission.id for mission in arranged(rows).missions] == ["asks", "urgent", "calm", "over"]


@pytest.mark.parametrize(
    ("states", "needs", "color"),
    [
        ([], [], "#5c5c63"),
        (["active"], [], "#0b57d0"),
        (["active", "planning"], [Need("m", "Which?")], "#8a5300"),
        (["failed", "completed"], [], "#b42318"),
        (["completed", "cancelled"], [], "#1a7f37"),
        (["planning"], [], "#5c5c63"),
    ],
)
def test_the_color_of_the_badge_says_how_missions_are(states: list[str], needs: list[Need], color: str) -> None:
    one = board("x").missions[0]
    missions = [replace(one, state=state, needs=needs) for state in states]
    assert badge_words(Board(missions, ""))[2] == color


def test_a_page_is_written_once_and_over_no_other_file(tmp_path: Path) -> None:
    text, place = page_here(stuck().context()).text, tmp_path / "missions.html"
    assert write_page(text, place)
    before = place.stat()
    assert not write_page(text, place)
    assert place.stat().st_mtime_ns == before.st_mtime_ns
    assert place.stat().st_ino == before.st_ino
    place.write_text("<p>mine</p>")
    with pytest.raises(UsageError, match="is not a page that mission has made"):
        write_page(text, place)
    assert place.read_text() == "<p>mine</p>"
    assert write_page(text, place, force=True)
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(text, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["missions.html"]


def test_only_the_named_missions_are_on_the_page() -> None:
    ctx = stuck().context()
    assert [one.id for one in page_here(ctx, ["M"]).board.missions] == ["m"]
    with pytest.raises(NotFoundError, match="there is no mission `other`"):
        page_here(ctx, ["other"])
