"""The report of a mission: whole outputs, hostile texts, bounds, and Polpo's keys."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.reviews import answer, finding
from tests.unit.test_verify import World, world

from mission_cli.adapters.printing import print_pdf
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.app.addressing import resolve
from mission_cli.app.report.report import mission_report
from mission_cli.app.results.mission_report import (
    MissionReport,
    ReportedFinding,
    ReportedPull,
    ReportedReview,
    TaskOutcome,
)
from mission_cli.document.runs.record import write_run
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import RunId
from mission_cli.domain.judging.test_results import CaseResult, CaseState, results_of, summary
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, RecordState
from mission_cli.surfaces.reporting.shown import link, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

HASH = re.compile(r"\b[0-9a-f]{7,40}\b")
PNG = b"\x89PNG\r\n\x1a\n"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\n# x\n| a | [b](javascript:alert(1))"


def report_of(made: World) -> MissionReport:
    ctx = made.host.context()
    return mission_report(ctx, resolve(ctx.state.snapshot(), "m"))


def shown(report: MissionReport, form: str, assets: Mapping[str, bytes] | None = None) -> str:
    return JinjaTemplates().render(f"report.{form}.j2", values_of(report, assets or {}))


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.images: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}
        self.images += [value or "" for name, value in attrs if name == "src"]


def everywhere(value: Any, text: str) -> Any:
    """The same report with a text in each field that holds text."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if f.name != "category"]
        return replace(value, **{name: everywhere(getattr(value, name), text) for name in kept})
    if isinstance(value, list | tuple):
        return [everywhere(one, text) for one in value]
    if isinstance(value, dict):
        return {key: everywhere(one, text) for key, one in value.items()}
    return text if type(value) is str else value


def full(report: MissionReport) -> MissionReport:
    """A report in which nothing is empty."""
    review = ReportedReview("1.1", "opencode", None, "s", None, [ReportedFinding("t", "b", "f.py", 3, 0)])
    outcomes = [TaskOutcome("url", "site", "https://example.org/a?b=1", "1.1", "2026-11-20")]
    tests = results_of([CaseResult("a", CaseState.PASSED, 1), CaseResult("b", CaseState.FAILED)], "JUnit XML")
    task = replace(report.tasks[0], reviews=[review], outcomes=outcomes, tests=[summary(tests)])
    pull = ReportedPull("1.1", 34, "https://forge.example/acme/shop/pull/34", "4817c5a", "done", "2026-11-20T10:00:00Z")
    return replace(
        report,
        tasks=[task, *report.tasks[1:]],
        outcomes=outcomes,
        successCriteria=["It works."],
        finished=False,
        pulls=[pull],
    )


def test_a_finished_mission_as_markdown() -> None:
    assert HASH.sub("…", shown(report_of(world()), "md")) == snapshot("""\
# Six files

m: completed, started 2026-11-20T10:00:00Z, completed 2026-11-20T11:45:15Z; mission files at ….

## Goal and outcome

Six files

- Features: 6 of 6 done
- Milestones: 2 of 2 passed
- Verdicts: 8 of 8 passed
- Money: $1.80
- Working time: 1 h 3 min
- Retries: 0
- From start to end: 1 h 45 min

Every feature is done or skipped, and every milestone has passed or was skipped.

## Retrospective

### Outcomes

- 6 of 6 features done.
- Milestone 1 First: passed at …, 1 of 1 criterion passed.
- Milestone 2 Second: passed at …, 1 of 1 criterion passed.
- The finished work is on `main`.

### Budget accuracy

- Money (USD): $1.80 of at most $12.
- Time (hours): 1 h 3 min of at most 8 d 8 h.
- Start to end: 1 h 45 min.
- Milestone 1: $0.90, 28 min of work.
- Milestone 2: $0.90, 35 min of work.
- No forecast was recorded at the start.

### Lessons learned

- script (sonnet): 6 of 6 attempts succeeded.
- Nothing had to be done twice.

### Agents and skills

- 1 skill learned: timing-attempts-and-checks.

## Milestones

### 1 First: passed

Passed at …. Cost: $0.90. Contract: ….

- passed: file: `1.1.txt` `1.2.txt` `1.3.txt`
  2026-11-20T10:49:07Z, …, exit 0, evidence …

### 2 Second: passed

Passed at …. Cost: $0.90. Contract: ….

- passed: file: `2.1.txt` `2.2.txt` `2.3.txt`
  2026-11-20T11:38:14Z, …, exit 0, evidence …

## Features

### 1.1 one: done

7 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `1.1.txt`
  2026-11-20T10:21:03Z, …, exit 0, evidence …
- new: 1.1.txt (+1 -0)
- attempt 1.1-a1 script (sonnet): done

### 1.2 two: done

7 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `1.2.txt`
  2026-11-20T10:21:03Z, …, exit 0, evidence …
- new: 1.2.txt (+1 -0)
- attempt 1.2-a1 script (sonnet): done

### 1.3 three: done

14 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `1.3.txt`
  2026-11-20T10:42:06Z, …, exit 0, evidence …
- new: 1.3.txt (+1 -0)
- attempt 1.3-a1 script (sonnet): done

### 2.1 four: done

14 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `2.1.txt`
  2026-11-20T11:10:10Z, …, exit 0, evidence …
- new: 2.1.txt (+1 -0)
- attempt 2.1-a1 script (sonnet): done

### 2.2 five: done

7 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `2.2.txt`
  2026-11-20T11:03:09Z, …, exit 0, evidence …
- new: 2.2.txt (+1 -0)
- attempt 2.2-a1 script (sonnet): done

### 2.3 six: done

14 min, $0.30, 1 file, +1 -0

- passed: grep: `good` in `2.3.txt`
  2026-11-20T11:31:13Z, …, exit 0, evidence …
- new: 2.3.txt (+1 -0)
- attempt 2.3-a1 script (sonnet): done

## Spend

| Category | Spent | Cap | By milestone |
|---|---|---|---|
| Money (USD) | $1.80 | $12 | milestone 1: $0.90, milestone 2: $0.90 |
| Time (hours) | 1 h 3 min | 8 d 8 h | milestone 1: 28 min, milestone 2: 35 min |
| Tokens | 0 tokens | no cap |  |

## Decisions by people

| When | Decision | Why | By |
|---|---|---|---|
| 2026-11-20 | Start the mission | by Ada | Ada |

Every verdict can be judged again: `mission verify m`
""")


def test_the_page_of_a_finished_mission_needs_no_script_and_nothing_from_elsewhere() -> None:
    page = Page(shown(full(report_of(world())), "html"))
    assert page.links == {"https://example.org/a?b=1", "https://forge.example/acme/shop/pull/34"}
    assert page.images == []
    assert page.tags & {"script", "link", "iframe", "object", "form"} == set()
    assert {"svg", "polyline", "details", "style"} <= page.tags


def test_nothing_in_a_mission_is_markup() -> None:
    honest, evil = (full(report_of(world())) for _ in range(2))
    evil = everywhere(evil, EVIL)
    page, plain = Page(shown(evil, "html", {f"{EVIL}.png": PNG})), Page(shown(honest, "html", {"a.png": PNG}))
    assert page.tags <= plain.tags
    assert page.attributes <= plain.attributes
    assert page.links == set()
    text = shown(evil, "md")
    assert "<" not in text.replace("&lt;", "")
    assert "\x1b" not in text
    assert "](" not in text.replace("\\](", "")


@pytest.mark.parametrize("length", [10**6])
def test_a_report_of_huge_texts_is_bounded(length: int) -> None:
    report = everywhere(full(report_of(world())), "x" * length)
    many = replace(report, tasks=report.tasks[:1], lessons=["y" * length] * 1000)
    assert len(shown(many, "html")) < 500_000
    assert len(shown(many, "md")) < 500_000


def test_screenshots_are_data_up_to_a_bound() -> None:
    assets = {f"{n:02}.png": PNG + b"x" * 100_000 for n in range(30)}
    assets |= {"big.png": PNG + b"x" * 500_000, "evil.svg": b"<svg onload=alert(1)>", "notes.txt": b"hello"}
    page = Page(shown(report_of(world()), "html", assets))
    assert len(page.images) == 24
    assert all(image.startswith("data:image/png;base64,") for image in page.images)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("https://example.org/a", "https://example.org/a"),
        (" HTTP://example.org ", "HTTP://example.org"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)//https://", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("https://a b", ""),
        ("//example.org", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_are_links(value: str, target: str) -> None:
    assert link(value) == target


def test_an_unfinished_mission_says_so() -> None:
    early = replace(report_of(world()), finished=False)
    for form in ("md", "html"):
        assert "This mission is not finished: the report shows what there is so far." in shown(early, form)
        assert "not finished" not in shown(report_of(world()), form)


def test_every_key_of_polpos_report_is_there() -> None:
    report = report_of(world())
    keys = ["missionId", "group", "allPassed", "totalDuration", "tasks", "filesCreated", "filesEdited", "outcomes"]
    assert [f.name for f in fields(report)][:9] == [*keys, "avgScore"]
    task = ["title", "status", "duration", "score", "filesCreated", "filesEdited", "outcomes"]
    assert [f.name for f in fields(report.tasks[0])][:7] == task
    assert {t.status for t in report.tasks} == {"done"}
    assert report.allPassed
    assert report.filesCreated == snapshot(["1.1.txt", "1.2.txt", "1.3.txt", "2.1.txt", "2.2.txt", "2.3.txt"])
    assert [(point.usd, point.open) for point in report.points] == snapshot(
        [
            (Decimal(0), 6),
            (Decimal("0.3"), 5),
            (Decimal("0.6"), 4),
            (Decimal("0.9"), 3),
            (Decimal("1.2"), 2),
            (Decimal("1.5"), 1),
            (Decimal("1.8"), 0),
        ]
    )


def test_a_report_holds_what_features_left() -> None:
    made = world()
    review = RunRecord(
        run=RunId("m/review-a1"),
        state=RecordState.SETTLED,
        cause=Cause.DONE,
        runner="claude",
        model="opus",
        about="1.1",
        criteria=("c1",),
        last_words=answer(4, findings=[finding(file="1.1.txt")]),
        usage=Usage(usd=Decimal("0.05")),
    )
    rows = "\n## Outcomes\n\n| Type | Label | Value | Feature | Date |\n| --- | --- | --- | --- | --- |\n"
    rows += "| url | The site | https://example.org | 1.1 | 2026-11-20 |\n| text | A note | Done. | | 2026-11-20 |\n"
    changed = {"m/mission.md": made.files["m/mission.md"] + rows, "m/runs/review-a1.md": write_run(review)}
    head = made.on_top({**made.files, **changed, "m/assets/a.png": PNG.decode("utf-8", "surrogateescape")})
    with made.at(head):
        report = report_of(made)
    assert [o.label for o in report.outcomes] == ["The site", "A note"]
    task = report.tasks[0]
    assert [o.label for o in task.outcomes] == ["The site"]
    assert (task.score, report.avgScore) == (Decimal("4.0"), Decimal("4.0"))
    found = task.reviews[0]
    assert (found.summary, found.usd, found.findings[0].file) == ("done", Decimal("0.05"), "1.1.txt")
    assert [(a.path, a.bytes) for a in report.assets] == [("a.png", len(PNG))]


def test_without_chromium_a_pdf_says_what_is_missing() -> None:
    with pytest.raises(ToolError) as refused:
        print_pdf("<p>x</p>", {"PATH": "/nowhere"})
    assert "a PDF needs Chromium, and none of chromium, " in refused.value.message
    assert "--format html" in str(refused.value.hint)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium: apt-get install chromium")
def test_chromium_prints_the_page() -> None:
    assert print_pdf(shown(report_of(world()), "html"), os.environ).startswith(b"%PDF-")
