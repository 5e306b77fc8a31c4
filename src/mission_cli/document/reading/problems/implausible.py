"""Find implausible content of a mission file: a file that is not text, a file too large, values out of range."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import (
    parse_duration,
    parse_stamp,
    why_no_duration,
    why_no_moment,
)
from mission_cli.document.reading.sections import (
    RowView,
    place_of,
    rows_in,
)
from mission_cli.document.syntax.scan import MOST_CHARACTERS, MOST_PARTS
from mission_cli.domain.budget.amounts import parse_entry, why_no_amount
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import GateKind
from mission_cli.domain.tables import Gate, Wait
from mission_cli.domain.timing.waiting import calendar_wait, is_named, length_of, pull_number, reply_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.front import Front
    from mission_cli.document.syntax.layout import Layout

MOST_MILESTONES = 200
MOST_FEATURES = 5_000
_SPLIT = "split it into several missions"
_RESTORE = "restore it from its history: git log -p FILE"
_UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")
_OURS = pattern(r"^(managed|in_force):", re.MULTILINE)
"""Keys of every mission that this program serves; `in_force` is one of the last."""
_JOINED = pattern(r"\b(managed|in_force): ")
"""The same within a line, as a formatter leaves front matter that it takes for Markdown."""
_MOMENTS = (
    ("Input Requests", ("prompt", "status"), ("asked", "expires")),
    ("Waits", ("feature", "waiting for"), ("since",)),
)
_KINDS = ("time", "calendar", "mission", "pr", "person", "webhook", "email_reply")
"""What a wait can be for."""
_FORMS: Mapping[str, tuple[Callable[[str], object], str, str]] = {
    "calendar": (
        calendar_wait,
        "an event of a calendar",
        "calendar:FILE.ics#EVENT@start-30m, or an https URL as FILE.ics",
    ),
    "pr": (
        lambda text: Wait(FeatureNumber(""), text).pull or pull_number(text),
        "a pull request",
        "pr:MISSION/N.M with a feature of a mission, or pr:NUMBER",
    ),
    "email_reply": (reply_wait, "a mail", "email_reply:NUMBER, email_reply:NUMBER/2 or email_reply:NUMBER/all"),
    "mission": (is_named, "a mission", "mission:ID"),
    "webhook": (is_named, "a webhook", "webhook:NAME"),
    "person": (is_named, "a person", "person:NAME"),
}
"""What reads each kind of wait, what it is, and how it is written."""
_AGES = "is longer than a hundred years"
_DURATION_HINT = "write it as 2h, 90m or 3d"
_MOMENT_HINT = "write it as 2026-11-20T10:00:00Z"


def no_text(text: str, front: Front) -> Iterator[Problem]:
    """Yield the reason why a file cannot be read at all. With front matter, NUL bytes in quoted output are fine."""
    if not text.strip("\ufeff \t\r\n"):
        yield Problem(1, 1, "the file is empty", _RESTORE)
    elif text.startswith(_UTF_16):
        yield Problem(1, 1, "the file is UTF-16", "save it as UTF-8")
    elif front.missing and "\0" in text:
        at = text.index("\0")
        line, before = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at)
        yield Problem(line, at - before, "the file contains a NUL byte, so it is not text", _RESTORE)
    elif front.missing and "\n" not in text.strip() and not text.startswith("#"):
        hint = "if it is a link, replace it by the file itself"
        yield Problem(1, 1, "the file contains one line of text and no mission", hint)
    elif not front.problems and (outside := _OURS.search(text, front.end, _first_heading(text, front.end))):
        line = text.count("\n", 0, outside.start()) + 1
        words = f"the key `{outside[1]}` is outside of the front matter"
        yield Problem(line, 1, words, "write `---` into the first line of the file and below the last key, only there")
    elif front.missing and (joined := _JOINED.search(text, 0, _title(text))):
        words = "a formatter has joined the lines of the front matter"
        hint = f"{_RESTORE}; mdformat leaves it alone with the plug-in mdformat-frontmatter"
        yield Problem(text.count("\n", 0, joined.start()) + 1, 1, words, hint)


def _first_heading(text: str, start: int) -> int:
    at = text.find("\n#", start)
    return len(text) if at < 0 else at


def _title(text: str) -> int:
    """Return where the title begins; 0 without one."""
    return 0 if text.startswith("# ") else text.find("\n# ") + 1


def too_large(layout: Layout, places: Sequence[MilestonePlace]) -> Iterator[Problem]:
    """Yield errors for a file that contains more than is read, at the first line that is not."""
    if layout.cut:
        words = f"the file is too large: nothing from this line on is read ({len(layout.text):,} characters)"
        hint = f"keep it below {MOST_CHARACTERS:,} characters and {MOST_PARTS:,} headings, fields, boxes and tables"
        yield Problem(layout.cut, 1, words, hint)
    if len(places) > MOST_MILESTONES:
        line = layout.headings[places[MOST_MILESTONES].section].line.number
        yield Problem(line, 1, f"there are more than {MOST_MILESTONES} milestones", _SPLIT)
    count = 0
    for place in places[:MOST_MILESTONES]:
        count += len(place.listed) + sum(len(table.lines) for table in place.tables)
        if count > MOST_FEATURES:
            line = layout.headings[place.section].line.number
            yield Problem(line, 1, f"there are more than {MOST_FEATURES:,} features up to this milestone", _SPLIT)
            return


def odd_values(layout: Layout, places: Iterable[MilestonePlace], gates: Iterable[Gate]) -> Iterator[Problem]:
    """Yield errors for durations, times and amounts that are out of range."""
    yield from _estimates(layout, list(places))
    for gate in gates:
        if gate.kind is GateKind.DELAY and (why := why_no_duration(gate.length)):
            yield Problem(gate.line, 1, f"the rule `{gate.length}` of the delay `{gate.name}` {why}", _DURATION_HINT)
    yield from _moments(layout)
    for row in rows_in(layout, "Budget Tracking", "category", "amount"):
        known = parse_entry(row["category"], row["amount"]) is not None
        if not known and (why := why_no_amount(row["amount"])) != "is not a number":
            hint = "it does not count, and the cost is unknown; write what was spent"
            yield Problem(row.line, row.column, f"the amount `{row['amount']}` {why}", hint)


def _estimates(layout: Layout, places: list[MilestonePlace]) -> Iterator[Problem]:
    sections = {place.section for place in places}
    found = [(f.text, f.line.number) for f in layout.fields if f.name == "estimate" and f.section in sections]
    for table in (t for place in places for t in place.tables):
        column = place_of(table, "estimate")
        found += [(row.text(column), row.line.number) for row in table.rows] if column >= 0 else []
    found += [(one.texts.get("estimate", ""), one.item.line.number) for place in places for one in place.listed]
    for text, line in found:
        bare = text.strip().lstrip("~≈").strip()
        if bare and parse_duration(bare) is None and why_no_duration(bare) == _AGES:
            yield Problem(line, 1, f"the estimate `{text[:40]}` {_AGES}", _DURATION_HINT)


def _moments(layout: Layout) -> Iterator[Problem]:
    for title, marks, columns in _MOMENTS:
        for row in rows_in(layout, title, *marks):
            for column in columns:
                if parse_stamp(row[column]) is not None and (why := why_no_moment(row[column])):
                    words = f"the time `{row[column]}` under {column.capitalize()} {why}"
                    yield Problem(row.line, row.column, words, _MOMENT_HINT, Severity.WARNING)
    for row in rows_in(layout, "Waits", "feature", "waiting for"):
        yield from _wait(row)


def _wait(row: RowView) -> Iterator[Problem]:
    event = row["waiting for"]
    kind, _, what = event.partition(":")
    if kind == "time" and (why := why_no_moment(what)):
        yield Problem(row.line, row.column, f"the time `{what}` of a wait {why}", _MOMENT_HINT)
    form = _FORMS.get(kind)
    if form is not None and not form[0](event):
        words = f"`{event[:60]}` does not name {form[1]} that can be waited for: only a signal ends this wait"
        yield Problem(row.line, row.column, words, f"write {form[2]}", Severity.WARNING)
    if kind not in _KINDS:
        words = f"`{event[:60].strip('` ')}` is not a known event: only a signal ends this wait"
        known = f"known are {', '.join(f'{one}:…' for one in _KINDS)}"
        hint = "write it without backticks" if "`" in kind else known
        yield Problem(row.line, row.column, words, hint, Severity.WARNING)
    if why_no_duration(length_of(row["timeout"])) == _AGES:
        yield Problem(row.line, row.column, f"the timeout `{row['timeout']}` of a wait {_AGES}", _DURATION_HINT)
    elif row["timeout"].strip(" -–—") and parse_duration(length_of(row["timeout"])) is None:
        words = f"the timeout `{row['timeout'][:40]}` of a wait cannot be read, so 24h counts"
        yield Problem(row.line, row.column, words, "write 2h, or 3 × 24h to be reminded twice", Severity.WARNING)
