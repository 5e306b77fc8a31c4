"""The law about retrospectives: every figure equals the records.

What is expected is read here from the text of the files, line by line, not by the program's readers of them.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.retrospective.facts import facts_of
from mission_cli.domain.retrospective.told import sections_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.retrospective.facts import Facts
    from mission_cli.domain.status import Cause

_NAMES = {"Money (USD)": "usd", "Time (hours)": "hours", "Tokens": "tokens"}
_NO_FAILURE = {"done", "question", "waiting", "stopped"}
_MOST_LINES = 60


def wrongly_told(files: Mapping[str, str]) -> tuple[str, Facts]:
    """Say what a retrospective of the mission `m` tells otherwise than its files; and return the facts."""
    text = files["m/mission.md"]
    mission = load(text, "m").mission
    runs = [content for path, content in sorted(files.items()) if "/runs/" in path and path.endswith(".md")]
    facts = facts_of(mission, [record for content in runs if (record := read_run(content)) is not None])
    told = dict(_told(facts))
    expected = dict(_counted(text, [_front(content) for content in runs]))
    wrong = [
        f"{key}: {told.get(key)} instead of {expected.get(key)}"
        for key in sorted({*told, *expected})
        if told.get(key) != expected.get(key)
    ]
    lines = [line for section in sections_of(facts) for line in section.lines]
    wrong += [f"{len(lines)} lines"] if len(lines) > _MOST_LINES else []
    wrong += [f"two lines in {line!r}" for line in lines if "\n" in line]
    return "; ".join(wrong), facts


def _told(facts: Facts) -> Iterator[tuple[str, object]]:
    found = facts.outcome
    yield "features", (found.features, found.done, len(found.skipped), found.fixes)
    for m in found.milestones:
        yield f"milestone {m.number}", (m.status, m.passed, m.criteria)
    yield from ((f"{name} ", Decimal(0)) for name in _NAMES.values())
    for one in facts.measured:
        if one.name in _NAMES.values() and (one.used or not one.subject):
            yield f"{one.name} {one.subject}", one.used
    yield "unknown", sum(one.unknown for one in facts.measured if not one.subject)
    yield "failed", {str(c): n for c, n in _causes(facts).items()}
    yield "cost of failures", sum((one.used.usd for one in facts.failures), Decimal(0))
    yield "other ends", {str(cause): count for cause, count in facts.other_ends}
    yield "tries", (sum(one.done for one in facts.tries), sum(one.attempts for one in facts.tries))
    yield "waited", facts.people.waited.total_seconds()


def _causes(facts: Facts) -> Counter[Cause]:
    counts: Counter[Cause] = Counter()
    for one in facts.failures:
        counts[one.cause] += len(one.attempts)
    return counts


def _counted(text: str, runs: list[dict[str, Any]]) -> Iterator[tuple[str, object]]:
    front = _front(text)
    since = str(front["started"]) if front.get("schedule") and front.get("started") else ""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    features = [row for row in rows if re.fullmatch(r"\d+\.\d+", row[0]) and len(row) >= 4 and not _is_time(row[1])]
    features = [row for row in features if f"\n#### {row[0]} " in text or f"| {row[0]} |" in text]
    listed = {
        row[0]: row for row in features if row[3] in {"pending", "dispatched", "review", "done", "failed", "skipped"}
    }
    status = Counter(row[3] for row in listed.values())
    fixes = sum("[fixes:" in row[1] for row in listed.values())
    yield "features", (len(listed), status["done"], status["skipped"], fixes)
    for number, part in re.findall(r"(?ms)^### Milestone (\d+):.*?$(.*?)(?=^### |^## )", text):
        state = re.search(r"\*\*Status:\*\* (\w+)", part)
        own = part.partition("#### Validation Criteria")[2].partition("\n#### ")[0]
        boxes = re.findall(r"(?m)^- \[([ x])\]", own)
        yield f"milestone {number}", (state[1] if state else "", boxes.count("x"), len(boxes))
    settled = [run for run in runs if run["state"] == "settled" and (not since or str(run["intended"]) >= since)]
    spent = [row for row in rows if len(row) >= 5 and row[1] in _NAMES and re.fullmatch(r"\d{4}-\d\d-\d\d", row[0])]
    yield from _amounts(settled, [] if since else spent)
    at_work = [run for run in settled if re.search(r"/\d+\.\d+-a\d+$", run["run"])]
    failed = [run for run in at_work if run["cause"] not in _NO_FAILURE]
    yield "failed", dict(Counter(run["cause"] for run in failed))
    yield "cost of failures", sum((_usage(run, "usd") for run in failed), Decimal(0))
    yield "other ends", dict(Counter(run["cause"] for run in at_work if run["cause"] in _NO_FAILURE - {"done"}))
    by_workers = [run for run in at_work if not run.get("by")]
    yield "tries", (sum(run["cause"] == "done" for run in by_workers), len(by_workers))
    yield "waited", _waited(rows, since)


def _amounts(settled: list[dict[str, Any]], spent: list[list[str]]) -> Iterator[tuple[str, object]]:
    for title, name in _NAMES.items():
        by_records = sum((_usage(run, name) for run in settled), Decimal(0))
        by_log = sum(
            (Decimal(re.sub(r"[^\d.]", "", row[2])) for row in spent if row[1] == title and row[2] != "unknown"),
            Decimal(0),
        )
        yield f"{name} ", max(by_records, by_log)
        by_milestone: Counter[str] = Counter()
        for run in settled:
            number = re.search(r"/(\d+)\.\d+-a\d+$", run["run"])
            about = re.match(r"\d+", str(run.get("about", "")))
            key = number[1] if number else about[0] if about and re.search("/(review|judge)-", run["run"]) else ""
            by_milestone[key] += _usage(run, name)  # type: ignore[assignment]  # a counter counts decimals, too
        yield from ((f"{name} {key}", amount) for key, amount in by_milestone.items() if key and amount)
    unknown = sum(run["cost_usd"] == "unknown" and run["state"] == "settled" for run in settled)
    yield "unknown", max(unknown, sum(row[2] == "unknown" for row in spent if row[1] in _NAMES))


def _waited(rows: list[list[str]], since: str) -> float:
    """Return for how many seconds something waited for a person: at each moment, what is open is counted."""
    changes: list[tuple[datetime, int]] = []
    log = [row for row in rows if len(row) == 3 and _is_time(row[0])]
    asked = {row[0]: row[1] for row in rows if len(row) >= 8 and row[0].isdecimal() and _is_time(row[1])}
    for number, at in asked.items():
        answers = [
            row[0] for row in log if row[1] == "request.answered" and row[2].startswith(f"request {number} is answered")
        ]
        if answers and answers[0] >= at:
            changes += [(_time(max(at, since or at)), 1), (_time(answers[0]), -1)] if answers[0] > since else []
    begun = ""
    for row in log:
        if row[1] == "mission.paused":
            begun = begun or row[0]
        elif begun and row[1] in {"mission.resumed", "mission.started", "mission.active", "mission.cancelled"}:
            end = max(begun, row[0])
            changes += [(_time(max(begun, since or begun)), 1), (_time(end), -1)] if end > since else []
            begun = ""
    total, level = 0.0, 0
    last: datetime | None = None
    for moment, step in sorted(changes, key=lambda one: (one[0], -one[1])):
        if level and last is not None:
            total += (moment - last).total_seconds()
        level, last = level + step, moment
    return total


def _usage(run: dict[str, Any], name: str) -> Decimal:
    return Decimal(str(_RAW[name](run) or 0))


_RAW: dict[str, Any] = {
    "usd": lambda run: run["cost_usd"] if run["cost_usd"] != "unknown" else 0,
    "hours": lambda run: run["hours"],
    "tokens": lambda run: sum(map(int, (run["tokens"] or {}).values())),
}


def _front(text: str) -> dict[str, Any]:
    found = yaml.load(text.split("---\n")[1], yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts
    assert isinstance(found, dict)
    return found


def _is_time(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text) is not None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
