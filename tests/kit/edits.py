"""Random edits of a mission file, as pulses and people make them: through the same patches as in real life."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from mission_cli.document.changes import (
    AddFeature,
    AppendRow,
    Change,
    SetCell,
    SetCriterion,
    SetFeature,
    SetFront,
    SetMilestone,
)
from mission_cli.document.editing import patch
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.merging.ranks import (
    attempt_of,
    split_tries,
    with_tries,
)
from mission_cli.document.reading.load import load
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.mission import Feature, Mission

_F = FeatureStatus


@dataclass
class Hand:
    """Somebody who edits one copy: a pulse or a person of one clone. `retried` collects what must not be lost."""

    name: str
    dice: Random
    clock: int = 0
    retried: dict[str, int] = field(default_factory=dict)
    """Features by title, with the attempt up to which nothing counts any more."""

    def now(self) -> str:
        """The next moment; clones' clocks run beside each other, so that moments meet."""
        self.clock += self.dice.randint(0, 3)
        return f"2026-11-20T{10 + self.clock // 3600:02}:{self.clock // 60 % 60:02}:{self.clock % 60:02}Z"

    def edit(self, text: str, kinds: tuple[Callable[[Hand, str], str], ...] = ()) -> str:
        """Make one edit; the text itself where the chosen one does not fit."""
        return self.dice.choice(kinds or EVERYTHING)(self, text)


def hand(name: str, seed: int) -> Hand:
    """Somebody whose edits are the same each time."""
    return Hand(name, Random(f"{seed} {name}"))  # noqa: S311 - dice


def _apply(text: str, *changes: Change) -> str:
    return patch.apply_fitting(text, changes).text


def _some(hand: Hand, mission: Mission, *statuses: FeatureStatus) -> Feature | None:
    found = [f for f in mission.features() if f.status in statuses and not f.broken]
    return hand.dice.choice(found) if found else None


def _log(hand: Hand, event: str, details: str) -> AppendRow:
    return AppendRow("Progress Log", {"Timestamp": hand.now(), "Event": event, "Details": details})


def dispatch(hand: Hand, text: str) -> str:
    mission = load(text).mission
    feature = _some(hand, mission, _F.PENDING)
    if feature is None:
        return text
    attempt = max(attempt_of(feature.worker), feature.tries_after) + 1
    worker = SetFeature(feature.number, "Worker", f"script a{attempt}")
    return _apply(text, SetFeature(feature.number, "Status", _F.DISPATCHED), worker)


def settle(hand: Hand, text: str) -> str:
    mission = load(text).mission
    feature = _some(hand, mission, _F.DISPATCHED, _F.REVIEW)
    if feature is None:
        return text
    to = hand.dice.choice([_F.REVIEW, _F.DONE, _F.DONE, _F.PENDING, _F.FAILED])
    if to is _F.REVIEW:
        return _apply(text, SetFeature(feature.number, "Status", to))
    run = f"{feature.number}-a{attempt_of(feature.worker)}"
    row = {"Date": hand.now()[:10], "Category": "Money (USD)", "Amount": "$0.42", "Description": f"{run} {to}"}
    log = _log(hand, "attempt.settled", f"{run} is settled: {to}")
    text = _apply(text, SetFeature(feature.number, "Status", to), AppendRow("Budget Tracking", row), log)
    loaded = load(text)
    return _apply(text, *summary_cells(loaded, account(loaded.mission.limits, loaded.mission.spends, ())))


def move_milestone(hand: Hand, text: str) -> str:
    mission = load(text).mission
    milestone = hand.dice.choice(mission.milestones)
    to = hand.dice.choice(["active", "validating", "failed"])
    if all(f.finished for f in milestone.features):
        to = "passed"
    changes: list[Change] = [
        SetMilestone(milestone.number, "Status", to),
        _log(hand, f"milestone.{to}", f"milestone {milestone.number}"),
    ]
    if to == "failed":
        changes.append(SetMilestone(milestone.number, "Rounds", str(milestone.rounds + 1)))
    return _apply(text, *changes)


def judge(hand: Hand, text: str) -> str:
    milestone = hand.dice.choice(load(text).mission.milestones)
    if not milestone.criteria or milestone.criteria[0].index < 0:
        return text
    criterion = hand.dice.choice(milestone.criteria)
    word = hand.dice.choice(["pass", "fail"])
    note = f"<!-- {word} {hand.now()} 4f2c1a9 -->"
    owner = str(milestone.number)
    return _apply(text, SetCriterion(owner, criterion.index, criterion.text, word == "pass", (note,)))


def add_fix(hand: Hand, text: str) -> str:
    mission = load(text).mission
    milestone = hand.dice.choice(mission.milestones)
    number = mission.next_feature_number(milestone.number)
    title = f"fix: {hand.name} {hand.dice.randint(1, 9)}"
    if any(f.title == title for f in mission.features()):
        return text
    values = {"#": number, "Feature": f"{title} `[depends:{milestone.number}.1]`", "Status": "pending"}
    return _apply(text, AddFeature(milestone.number, number, values, title, "Mend it.", ("run: `true`",)))


def ask(hand: Hand, text: str) -> str:
    number = max((r.number for r in load(text).mission.requests), default=0) + 1
    values = {"#": str(number), "Asked": hand.now(), "Prompt": f"Which one, {hand.name}?", "Status": "open"}
    return _apply(text, AppendRow("Input Requests", values))


def trip(hand: Hand, text: str) -> str:
    feature = _some(hand, load(text).mission, *_F)
    if feature is None:
        return text
    values = {"Timestamp": hand.now(), "Feature": feature.number, "Trigger": "deadline", "Status": "open"}
    return _apply(text, AppendRow("Recovery Log", values))


def close(hand: Hand, text: str) -> str:
    rows = [r for r in load(text).mission.recoveries if r.open]
    if not rows:
        return text
    key = {"Feature": hand.dice.choice(rows).feature, "Status": "open"}
    return _apply(text, SetCell("Recovery Log", key, "Status", "done"))


def retry(hand: Hand, text: str) -> str:
    mission = load(text).mission
    feature = _some(hand, mission, _F.DONE, _F.FAILED, _F.SKIPPED, _F.PENDING)
    if feature is None:
        return text
    last = attempt_of(feature.worker)
    changes: list[Change] = [SetFeature(feature.number, "Status", _F.PENDING)]
    if last:
        cell = next(line for line in text.splitlines() if line.startswith(f"| {feature.number} ")).split("|")[2].strip()
        changes.append(SetFeature(feature.number, "Feature", with_tries(split_tries(cell)[0], last)))
        hand.retried[feature.title] = max(last, hand.retried.get(feature.title, 0))
    milestone = mission.milestone_holding(feature.number)
    if milestone is not None and milestone.raw_status in {"passed", "validating"}:
        changes.append(SetMilestone(milestone.number, "Status", "active"))
    return _apply(text, *changes, _log(hand, "feature.retried", f"{feature.number} is retried (by {hand.name})"))


def skip(hand: Hand, text: str) -> str:
    mission = load(text).mission
    feature = _some(hand, mission, _F.PENDING, _F.DISPATCHED, _F.FAILED)
    if feature is None:
        return text
    numbers = [
        int(line.split("|")[1]) for line in _section(text, "## Decision Log") if line.split("|")[1].strip().isdigit()
    ]
    row = {
        "#": str(max(numbers, default=0) + 1),
        "Date": "2026-11-20",
        "Decision": f"Skip {feature.number}",
        "Rationale": hand.name,
    }
    return _apply(text, SetFeature(feature.number, "Status", _F.SKIPPED), AppendRow("Decision Log", row))


def undo(hand: Hand, text: str) -> str:
    """Take a dispatch back."""
    feature = _some(hand, load(text).mission, _F.DISPATCHED)
    if feature is None:
        return text
    before = attempt_of(feature.worker) - 1
    worker = SetFeature(feature.number, "Worker", f"script a{before}" if before else "")
    return _apply(text, SetFeature(feature.number, "Status", _F.PENDING), worker)


def raise_cap(hand: Hand, text: str) -> str:
    limits = load(text).mission.limits
    money = int(limits.usd or 0) + hand.dice.randint(1, 20)
    return _apply(text, SetFront(("budget", "money_usd"), money))


def pause(hand: Hand, text: str) -> str:
    status = hand.dice.choice(["active", "paused"])
    return _apply(text, SetFront(("status",), status), _log(hand, f"mission.{status}", f"by {hand.name}"))


def answer(hand: Hand, text: str) -> str:
    rows = [r for r in load(text).mission.requests if r.open]
    if not rows:
        return text
    key = {"#": str(hand.dice.choice(rows).number)}
    return _apply(
        text, SetCell("Input Requests", key, "Status", "answered"), SetCell("Input Requests", key, "Response", "this")
    )


def delete_row(hand: Hand, text: str) -> str:
    """A person takes out a row of a feature that nobody has worked on, or of a table that they keep."""
    lines = text.splitlines(keepends=True)
    milestones = load(text).mission.milestones
    numbers = {f.number for m in milestones for f in m.features[:-1] if not attempt_of(f.worker)}
    found = [n for n, line in enumerate(lines) if line[:2] == "| " and line.split("|")[1].strip() in numbers]
    found += [n for n, line in enumerate(lines) if line.startswith("| resource-")]
    if not found:
        return text
    del lines[hand.dice.choice(found)]
    return "".join(lines)


def add_row(hand: Hand, text: str) -> str:
    """A person writes down a resource."""
    row = f"| resource-{hand.name}-{hand.dice.randint(1, 99)} | server | | needed | |\n"
    marker = "|------|------|---------|--------|-------|\n"
    return text.replace(marker, marker + row) if row not in text else text


def add_criterion(hand: Hand, text: str) -> str:
    line = f"- [ ] file: `{hand.name}-{hand.dice.randint(1, 99)}.txt`\n"
    marker = "- [ ] manual: looks good\n"
    return text.replace(marker, marker + line, 1) if line not in text else text


def comment(hand: Hand, text: str) -> str:
    """A person writes a note behind a setting that others leave alone."""
    key = {"a": "mode", "b": "priority", "c": "executions"}.get(hand.name, "mode")
    lines = text.splitlines(keepends=True)
    at = next((n for n, line in enumerate(lines) if line.startswith(f"{key}:")), None)
    if at is not None:
        lines[at] = lines[at].split("#")[0].rstrip() + f"  # {hand.name} {hand.dice.randint(1, 99)}\n"
    return "".join(lines)


def write_prose(hand: Hand, text: str) -> str:
    """A person writes a sentence where the others write nothing."""
    heading = {"a": "Lessons learned", "b": "Improvements", "c": "Budget Accuracy"}.get(hand.name, "Outcomes")
    before, found, after = text.partition(f"### {heading}\n\n")
    words = f"{hand.name} has learned {hand.dice.randint(1, 99)} things."
    return before + found + words + "\n" + after.partition("\n")[2] if found else text


def _section(text: str, heading: str) -> list[str]:
    body = text.partition(heading + "\n")[2].partition("\n## ")[0]
    return [line for line in body.splitlines() if line.startswith("|")]


PULSES = (dispatch, settle, dispatch, settle, move_milestone, judge, add_fix, ask, trip, close)
PEOPLE = (retry, skip, undo, raise_cap, pause, answer, delete_row, add_row, add_criterion, comment, write_prose)
EVERYTHING = (*PULSES, *PULSES, *PEOPLE, retry, retry)
