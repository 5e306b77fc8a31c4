"""Files that contradict themselves, lie in a folder of another name, are too large, or hold values out of range.

Each is a problem with its place; nothing of what cannot be read as it is meant is driven.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from mission_cli.document.changes import SetFront
from mission_cli.document.checking.fix import fix
from mission_cli.document.checking.lint import lint
from mission_cli.document.editing.patch import apply
from mission_cli.document.reading import placed
from mission_cli.document.reading.load import load
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.reading.problems.implausible import MOST_FEATURES, MOST_MILESTONES
from mission_cli.document.syntax.scan import MOST_CHARACTERS, MOST_PARTS
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.problems import Severity

if TYPE_CHECKING:
    from mission_cli.document.reading.loaded import Loaded

TEXT = """\
---
id: m-1
title: T
status: active
managed: mission
base: main
budget: {money_usd: 5}
---
# T

## State

- **Mode:** full

## Milestones

### Milestone 1: One

**Status:** active
**Estimate:** ~2h

| # | Feature | Task ID | Status | Estimate | Worker | PR |
|---|---------|---------|--------|----------|--------|----|
| 1.1 | one | | pending | ~2h | | |

#### Validation Criteria

- [ ] run: `true` (timeout 5m)

#### 1.1 One

- [ ] file: `a.txt`

## Gates

| Gate | Kind | After | Blocks | Rule | Notify | Status |
|------|------|-------|--------|------|--------|--------|
| nap | delay | 1.1 | | 5m | | pending |

## Input Requests

| # | Asked | Feature | Prompt | Options | Urgency | Expires | Status | Response |
|---|-------|---------|--------|---------|---------|---------|--------|----------|
| 1 | 2026-11-20 | 1.1 | Which? | | normal | 2026-11-21 | open | |

## Waits

| Feature | Waiting for | Since | Timeout | Status |
|---------|-------------|-------|---------|--------|
| 1.1 | time:2026-11-20 | 2026-11-20 | 1d | waiting |

## Budget Tracking

| Category | Budget | Spent | Remaining | % Used |
|----------|--------|-------|-----------|--------|
| Money (USD) | $5 | $0 | $5 | 0% |

| Date | Category | Amount | Description | Milestone |
|------|----------|--------|-------------|-----------|
| 2026-11-20 | usd | $1 | 1.1-a1 | 1 |
"""


def errors(loaded: Loaded) -> list[tuple[int, str]]:
    return [(p.line, p.message) for p in loaded.problems if p.severity is Severity.ERROR]


def table(heading: str) -> str:
    """A section of `TEXT` from its heading to the next one of its level."""
    start = TEXT.index(heading)
    end = TEXT.find("\n## ", start + 1)
    return TEXT[start:end] if end > 0 else TEXT[start:]


def test_the_plain_file_has_no_problem() -> None:
    assert (errors(load(TEXT, "m-1")), load(TEXT, "m-1").refused) == ([], False)


TWICE = {
    "a status": (TEXT.replace("**Estimate:**", "**Status:** pending\n**Estimate:**"), "`Status` of milestone 1"),
    "a far status": (TEXT.replace("#### Val", "Words.\n\n**Status:** pending\n\n#### Val"), "`Status` of milestone 1"),
    "an estimate": (TEXT.replace("#### Val", "**Estimate:** 3h\n\n#### Val"), "`Estimate` of milestone 1"),
    "a milestone": (
        TEXT.replace("## Gates", "### Milestone 1: Again\n\n**Status:** pending\n\n## Gates"),
        "milestone 1",
    ),
    "criteria": (
        TEXT.replace("#### 1.1 One", "#### Acceptance Criteria\n\n- [ ] run: `x`\n\n#### 1.1 One"),
        "the section `Acceptance Criteria` of milestone 1",
    ),
    "a feature's section": (TEXT.replace("## Gates", "#### 1.1 Two\n\n## Gates"), "the section of feature 1.1"),
    "a budget section": (f"{TEXT}\n## Budget\n\nWords.\n", "the section `Budget Tracking`"),
    "a spend log": (
        f"{TEXT}\n| Date | Category | Amount |\n|---|---|---|\n| x | usd | $1 |\n",
        "the table `Date · Category · Amount …` of `Budget Tracking`",
    ),
    "requests": (f"{TEXT}\n{table('## Input')}", "the section `Input Requests`"),
    "a table of requests": (
        TEXT.replace("## Waits", table("## Input").partition("\n\n")[2] + "\n\n## Waits"),
        "the table `# · Asked · Feature …` of `Input Requests`",
    ),
    "a gate": (TEXT.replace("| nap | delay", "| nap | approval | 1.1 | | | | |\n| nap | delay"), "the gate `nap`"),
    "a request": (TEXT.replace("| 1 | 2026-", "| 1 | | 1.1 | What? | | | | | |\n| 1 | 2026-"), "the input request 1"),
    "a wait": (
        TEXT.replace("| 1.1 | time:", "| 1.1 | time:2026-11-20 | | | |\n| 1.1 | time:"),
        "the wait of 1.1 for `time:2026-11-20`",
    ),
    "a line of the state": (
        TEXT.replace("- **Mode:** full", "- **Mode:** full\n- **Mode:** poc"),
        "`Mode` of the section",
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_contradicts_itself_is_refused_with_the_second_place(name: str) -> None:
    text, what = TWICE[name]
    loaded = load(text, "m-1")
    assert loaded.refused
    found = [p for p in loaded.errors() if "appears twice" in p.message]
    assert len(found) >= 1
    assert found[0].message.startswith(what)
    assert TEXT.splitlines()[found[0].line - 1 : found[0].line] != text.splitlines()[found[0].line - 1 : found[0].line]
    assert fix(text, "m-1").text == text
    assert errors(load(text, "m-1")) == [(p.line, p.message) for p in lint(loaded) if p.severity is Severity.ERROR]


def test_what_may_stand_twice_is_read() -> None:
    text = TEXT + "\n## Notes\n\nA.\n\n## Notes\n\n**Status:** x\n**Status:** y\n\n## Resources\n"
    text += "\n| Name | Status |\n|---|---|\n| a | ready |\n\n| Service | Status |\n|---|---|\n| b | ready |\n"
    text = text.replace(
        "| 1 | 2026-11-20 | 1.1 | Which? | | normal",
        "| 1 | | 1.1 | Old? | | | | answered | x |\n| 1 | | 1.1 | Which? | | normal",
    )
    assert (errors(load(text, "m-1")), load(text, "m-1").refused) == ([], False)


ODD = {
    "| pending | ~2h |": ("| pending | ~99999999999h |", "the estimate `~99999999999h` is longer than a hundred years"),
    "**Estimate:** ~2h": ("**Estimate:** 99999999d", "the estimate `99999999d` is longer than a hundred years"),
    "| 5m |": ("| later |", "the rule `later` of the delay `nap` is not a duration"),
    "time:2026-11-20 ": ("time:tomorrow ", "the time `tomorrow` of a wait is not a date"),
    "| 1d |": ("| 9999999d |", "the timeout `9999999d` of a wait is longer than a hundred years"),
    "| usd | $1 |": ("| usd | $-100 |", "the amount `$-100` is below zero"),
    "| usd | $1 | ": ("| usd | $1e30 | ", "the amount `$1e30` is out of range"),
}


@pytest.mark.parametrize("old", ODD)
def test_a_value_out_of_range_is_an_error_with_its_line(old: str) -> None:
    new, words = ODD[old]
    text = TEXT.replace(old, new)
    assert text != TEXT
    changed = next(n for n, (a, b) in enumerate(zip(TEXT.splitlines(), text.splitlines(), strict=True), 1) if a != b)
    assert errors(load(text, "m-1")) == [(changed, words)]
    assert not load(text, "m-1").refused


def test_spend_below_zero_makes_no_room() -> None:
    mission = load(TEXT.replace("| usd | $1 |", "| usd | $-100 |"), "m-1").mission
    assert (spent(mission.spends).usd, spent(mission.spends).unknown) == (Decimal(0), 1)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"\0" * 4096, "the file contains a NUL byte, so it is not text"),
        (TEXT.encode("utf-16"), "the file is UTF-16"),
        (TEXT.encode("utf-16-le"), "the file contains a NUL byte, so it is not text"),
        (b"../other/mission.md", "the file contains one line of text and no mission"),
        (b"---\nid: m-1\n", "the front matter is not closed"),
        (b"id: m-1\n---\nmanaged: mission\n---\n# M\n", "the key `managed` is outside of the front matter"),
        (b"---\nmanaged: mission\n---\nin_force:\n---\n# M\n", "the key `in_force` is outside of the front matter"),
    ],
)
def test_what_is_no_text_is_refused(raw: bytes, words: str) -> None:
    loaded = load(raw.decode("utf-8", "surrogateescape"), "m-1")
    assert loaded.refused
    assert loaded.errors()[0].message == words
    assert lint(loaded)


def test_a_key_after_the_first_heading_is_only_text() -> None:
    assert not load(f"{TEXT}\n~~~yaml\nmanaged: mission\n~~~\n", "m-1").refused


def test_output_with_a_nul_that_is_quoted_in_a_fence_stops_nothing() -> None:
    assert not load(TEXT.replace("- [ ] file: `a.txt`", "~~~text\na\0b\n~~~\n\n- [ ] file: `a.txt`"), "m-1").refused


def test_the_id_is_the_name_of_the_folder() -> None:
    loaded = load_placed(TEXT, "copy")
    assert loaded.refused
    assert loaded.mission.id == "copy"
    assert [p.at("m.md") for p in loaded.errors()] == [
        (
            "m.md:2:5: error: the id is `m-1`, but the folder is called `copy` (rename the folder to m-1; "
            'to make a copy a separate mission, write `id: "copy"` and remove its runs/)'
        )
    ]
    assert not load_placed(TEXT, "m-1").refused
    assert not load_placed(TEXT.replace("id: m-1\n", ""), "copy").refused


def test_an_error_of_ours_is_a_problem_of_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, fallback_id: str = "") -> Loaded:
        raise ZeroDivisionError(f"{len(text)} {fallback_id}")

    monkeypatch.setattr(placed, "load", broken)
    loaded = load_placed("x", "m-1")
    assert loaded.refused
    assert loaded.errors()[0].message.startswith(
        "the file cannot be read: ZeroDivisionError: 1 m-1 (test_odd_missions.py:"
    )


LARGE = {
    "one long line": "x" * (MOST_CHARACTERS + 1),
    "headings": "### A\n" * (MOST_PARTS + 1),
    "fields": "**A:** b\n" * (MOST_PARTS + 1),
    "boxes": "- [ ] run: `true`\n" * (MOST_PARTS + 1),
    "milestones": "".join(f"### Milestone {n}: N\n\n" for n in range(2, MOST_MILESTONES + 3)),
    "features": TEXT[TEXT.index("| # | Feat") : TEXT.index("| 1.1 |")].replace("| # |", "### Milestone 2: M\n\n| # |")
    + "".join(f"| 2.{n} | f `[depends:2.{n - 1}]` | | pending | ~2h | | |\n" for n in range(2, MOST_FEATURES + 3)),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_file_that_is_too_large_is_refused_soon_and_its_status_can_be_set(name: str) -> None:
    text = f"{TEXT}\n{LARGE[name]}"
    began = time.process_time()
    loaded = load(text, "m-1")
    assert time.process_time() - began < 5
    assert loaded.refused
    assert "too large" in loaded.errors()[-1].message or "more than" in loaded.errors()[-1].message
    assert loaded.errors()[-1].line > 1
    after = load(apply(text, [SetFront(("status",), "cancelled")]), "m-1")
    assert after.mission.raw_status == "cancelled"


@pytest.mark.parametrize("columns", [2, 100, 9_950, 9_990])
def test_rows_are_filled_up_only_where_the_line_can_still_be_read(columns: int) -> None:
    text = TEXT.replace("| # | Feature |", f"| # | Feature {'|' * columns}").replace(
        "|---|---------|", f"|---|---------|{'-|' * (columns - 1)}"
    )
    repaired = fix(text, "m-1").text
    assert (repaired == text) is (columns > 100)
    assert load(repaired, "m-1").mission.milestones


def test_a_long_row_is_not_filled_up_beyond_what_can_be_read() -> None:
    text = TEXT.replace("| 1.1 | one | | pending | ~2h | | |", f"| 1.1 | {'x' * 19_985} |")
    assert fix(text, "m-1").text == text
