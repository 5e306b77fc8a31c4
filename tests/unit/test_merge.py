"""Merging mission files by meaning: rules one by one, then laws over random edits and mutilated texts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.edits import hand
from tests.kit.nightly import NIGHTLY

from mission_cli.adapters.git.state.merging import line_merge
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
from mission_cli.document.merging.mission import Merged, merge
from mission_cli.document.merging.text import TextMerged
from mission_cli.document.reading.load import load
from mission_cli.document.runs.merge import merge_runs
from mission_cli.document.runs.record import write_run
from mission_cli.domain.ids import FeatureNumber, RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import Cause, RecordState

if TYPE_CHECKING:
    from collections.abc import Sequence

LAW = settings(deadline=None, max_examples=400 if NIGHTLY else 10, suppress_health_check=[HealthCheck.too_slow])

TEXT = """\
---
id: m
title: "Word counter"
status: active          # where it stands
executions: 1
host: ""
budget:
  money_usd: 20          # the cap
  alert_threshold_pct: 80
model_routing: {orchestrator: opus, workers: sonnet}
---

# Word counter

> Count words.

## Notes

Written by hand.

- one
- two

## Milestones

### Milestone 1: Core

**Status:** active
**Estimate:** 2h

| #   | Feature | Task ID | Status     | Estimate | Worker    | PR | Mood |
|-----|---------|---------|------------|----------|-----------|----|------|
| 1.1 | Count   |         | dispatched | 1h       | script a1 |    | fine |
| 1.2 | Read `[depends:1.1]` | | pending | 1h     |           |    |      |
| 1.3 | Speed   |         | pending    |          |           |    |      |

#### Validation Criteria

- [ ] run: `true`
- [ ] manual: looks good

## Resources

| Name | Type | Purpose | Status | Notes |
|------|------|---------|--------|-------|
| key  | api  | calls   | needed | |

## Budget Tracking

### Summary

| Category     | Budget | Spent | Remaining | % Used |
|--------------|--------|-------|-----------|--------|
| Money (USD)  | $20    | $1    | $19       | 5%     |

### Spend Log

| Date | Category | Amount | Description | Milestone |
|------|----------|--------|-------------|-----------|
| 2026-11-20 | Money (USD) | $1 | 1.3-a1 noop | 1 |

## Decision Log

| # | Date | Decision | Rationale | Alternatives Considered |
|---|------|----------|-----------|-------------------------|
| | | | | |

## Progress Log

| Timestamp | Event | Details |
|-----------|-------|---------|
| 2026-11-20T10:00:00Z | mission.started | by Ada |
"""


def changed(text: str, *changes: Change) -> str:
    return patch.apply(text, changes)


def both(ours: str, theirs: str, base: str = TEXT) -> Merged:
    """Merge both ways; that it is the same is part of every case."""
    found, other = merge(base, ours, theirs, line_merge()), merge(base, theirs, ours, line_merge())
    assert found is not None
    assert other is not None
    assert found.conflicts or found.text == other.text
    return found


def difference(text: str, base: str = TEXT) -> str:
    """The lines that came and went."""
    old, new = base.splitlines(), text.splitlines()
    gone = [f"- {line}" for line in old if line not in new]
    return "\n".join([*gone, *(f"+ {line}" for line in new if line not in old)]) + "\n"


def feature(number: str, column: str, value: str) -> SetFeature:
    return SetFeature(FeatureNumber(number), column, value)


def log(at: str, event: str, details: str = "") -> AppendRow:
    return AppendRow("Progress Log", {"Timestamp": at, "Event": event, "Details": details})


def test_what_different_sides_changed_is_all_there() -> None:
    ours = changed(
        TEXT, feature("1.1", "Status", "review"), SetFront(("executions",), 2), log("2026-11-20T11:00:00Z", "x")
    )
    theirs = (
        TEXT.replace("Written by hand.", "Written by Ada.").replace("# the cap", "# our cap").replace("fine", "good")
    )
    theirs = changed(theirs, SetCriterion("1", 1, "manual: looks good", ticked=True), log("2026-11-20T10:30:00Z", "y"))
    assert difference(both(ours, theirs).text) == snapshot("""\
- executions: 1
-   money_usd: 20          # the cap
- Written by hand.
- | 1.1 | Count   |         | dispatched | 1h       | script a1 |    | fine |
- - [ ] manual: looks good
+ executions: 2
+   money_usd: 20          # our cap
+ Written by Ada.
+ | 1.1 | Count   |         | review     | 1h       | script a1 |    | good |
+ - [x] manual: looks good
+ | 2026-11-20T10:30:00Z | y     |         |
+ | 2026-11-20T11:00:00Z | x     |         |
""")


STATUSES = [
    ("a later attempt", {"Status": "done"}, {"Status": "dispatched", "Worker": "script a2"}),
    ("further within one attempt", {"Status": "review"}, {"Status": "done"}),
    ("failed is further than review", {"Status": "failed"}, {"Status": "review"}),
    ("a person skipped it", {"Status": "skipped"}, {"Status": "done"}),
    ("a retry beats done", {"Status": "done"}, {"Status": "pending", "Feature": "Count `[tries-after:1]`"}),
    (
        "a retry beats a skip before it",
        {"Status": "skipped"},
        {"Status": "pending", "Feature": "Count `[tries-after:1]`"},
    ),
    (
        "a later attempt keeps the retry",
        {"Status": "done", "Worker": "script a2"},
        {"Status": "pending", "Feature": "Count `[tries-after:1]`"},
    ),
    ("an undone dispatch", {"Status": "pending", "Worker": ""}, {"Status": "done"}),
    ("a person's own word", {"Status": "on ice"}, {"Status": "done"}),
]


def test_a_status_goes_with_its_attempt() -> None:
    found = {}
    for case, ours, theirs in STATUSES:
        texts = [changed(TEXT, *(feature("1.1", k, v) for k, v in side.items())) for side in (ours, theirs)]
        row = load(both(*texts).text).mission.milestones[0].features[0]
        found[case] = (row.raw_status, row.worker, row.tries_after)
    assert found == snapshot(
        {
            "a later attempt": ("dispatched", "script a2", 0),
            "further within one attempt": ("done", "script a1", 0),
            "failed is further than review": ("failed", "script a1", 0),
            "a person skipped it": ("skipped", "script a1", 0),
            "a retry beats done": ("pending", "script a1", 1),
            "a retry beats a skip before it": ("pending", "script a1", 1),
            "a later attempt keeps the retry": ("done", "script a2", 1),
            "an undone dispatch": ("pending", "", 0),
            "a person's own word": ("on ice", "script a1", 0),
        }
    )


def test_logs_are_united_in_the_order_of_time() -> None:
    common = log("2026-11-20T12:00:00Z", "c", "the same")
    ours = changed(TEXT, log("2026-11-20T11:00:00Z", "a", "2"), log("2026-11-20T11:00:00Z", "a", "1"), common)
    theirs = changed(TEXT, log("2026-11-20T10:30:00Z", "b"), common, log("2026-11-20T13:00:00Z", "b"))
    assert difference(both(ours, theirs).text) == snapshot("""\
+ | 2026-11-20T10:30:00Z | b     |         |
+ | 2026-11-20T11:00:00Z | a     | 1       |
+ | 2026-11-20T11:00:00Z | a     | 2       |
+ | 2026-11-20T12:00:00Z | c     | the same |
+ | 2026-11-20T13:00:00Z | b     |         |
""")


def test_of_what_both_noted_the_later_time_and_the_greater_number_count() -> None:
    def noted(at: str, times: str, *more: Change) -> str:
        started = SetFront(("noted", "mission.started"), at)
        return changed(TEXT, started, SetFront(("noted", "times resumed"), times), *more)

    ours = noted("2026-11-20T10:00:00Z", "10", SetFront(("noted", "budget.projected"), "2026-11-20T11:00:00Z"))
    theirs = noted("2026-11-20T09:00:00Z", "9", SetFront(("noted", "paused by"), "look"))
    merged = both(ours, theirs)
    assert merged.conflicts == 0
    assert load(merged.text).mission.noted == {
        "mission.started": "2026-11-20T10:00:00Z",
        "times resumed": "10",
        "budget.projected": "2026-11-20T11:00:00Z",
        "paused by": "look",
    }


def test_numbers_that_both_gave_out_are_given_again() -> None:
    def add(title: str, depends: str = "") -> str:
        row = AddFeature(
            1,
            FeatureNumber("1.4"),
            {"#": "1.4", "Feature": title, "Status": "pending"},
            title,
            f"{title}!",
            ("run: `x`",),
        )
        text = changed(
            TEXT, row, AppendRow("Decision Log", {"#": "1", "Date": "2026-11-20", "Decision": f"Add {title}"})
        )
        return changed(text, feature("1.3", "Feature", "Speed `[depends:1.4]`")) if depends else text

    assert difference(both(add("zebra", depends="1.4"), add("ant")).text) == snapshot("""\
- | 1.3 | Speed   |         | pending    |          |           |    |      |
- | | | | | |
+ | 1.3 | Speed `[depends:1.5]` |         | pending    |          |           |    |      |
+ | 1.4 | ant     |         | pending    |          |           |    |      |
+ | 1.5 | zebra   |         | pending    |          |           |    |      |
+ #### 1.4 ant
+ ant!
+ - [ ] run: `x`
+ #### 1.5 zebra
+ zebra!
+ - [ ] run: `x`
+ | 1 | 2026-11-20 | Add ant  |           |                         |
+ | 2 | 2026-11-20 | Add zebra |           |                         |
""")


def test_a_row_that_was_worked_on_keeps_its_number() -> None:
    values = {"#": "1.4", "Status": "pending"}
    ant = changed(TEXT, AddFeature(1, FeatureNumber("1.4"), {**values, "Feature": "ant"}, "ant"))
    zebra = AddFeature(1, FeatureNumber("1.4"), {**values, "Feature": "zebra", "Worker": "script a1"}, "zebra")
    merged = load(both(ant, changed(TEXT, zebra)).text).mission
    assert [(f.number, f.title) for f in merged.features()][3:] == [("1.4", "zebra"), ("1.5", "ant")]


def test_caps_are_the_greater_ones_and_the_summary_is_computed_again() -> None:
    def spend(run: str, amount: str, cap: int) -> str:
        row = {"Date": "2026-11-21", "Category": "Money (USD)", "Amount": amount, "Description": run}
        summary = SetCell("Budget Tracking", {"Category": "Money (USD)"}, "Spent", "wrong")
        return changed(TEXT, AppendRow("Budget Tracking", row), SetFront(("budget", "money_usd"), cap), summary)

    merged = both(spend("1.1-a1 done", "$2", 40), spend("1.2-a1 done", "$0.50", 30))
    assert difference(merged.text) == snapshot("""\
-   money_usd: 20          # the cap
- | Money (USD)  | $20    | $1    | $19       | 5%     |
+   money_usd: 40          # the cap
+ | Money (USD)  | $40    | $3.50 | $36.50    | 9%     |
+ | 2026-11-21 | Money (USD) | $0.50  | 1.2-a1 done |           |
+ | 2026-11-21 | Money (USD) | $2     | 1.1-a1 done |           |
""")


def test_one_settlement_that_both_saw_is_paid_once() -> None:
    def settle(word: str, amount: str) -> str:
        row = {"Date": "2026-11-21", "Category": "Money (USD)", "Amount": amount, "Description": f"1.1-a1 {word}"}
        return changed(TEXT, AppendRow("Budget Tracking", row))

    merged = both(settle("lost", "unknown"), settle("done", "$2"))
    assert [(s.description, s.amount) for s in load(merged.text).mission.spends[1:]] == snapshot(
        [("1.1-a1 done", Decimal(2))]
    )


def test_a_deleted_row_stays_deleted_unless_the_other_side_changed_it() -> None:
    lines = TEXT.splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith(("| 1.2", "| 1.3", "| key")))
    theirs = changed(TEXT, feature("1.3", "Status", "dispatched"), feature("1.1", "Status", "done"))
    merged = both(without, theirs)
    assert (difference(merged.text), merged.notes) == snapshot(
        (
            """\
- | 1.1 | Count   |         | dispatched | 1h       | script a1 |    | fine |
- | 1.2 | Read `[depends:1.1]` | | pending | 1h     |           |    |      |
- | 1.3 | Speed   |         | pending    |          |           |    |      |
- | key  | api  | calls   | needed | |
+ | 1.1 | Count   |         | done       | 1h       | script a1 |    | fine |
+ | 1.3 | Speed   |         | dispatched |          |           |    |      |
""",
            ("the row `1.3` was deleted on one side and changed on the other: it is kept",),
        )
    )


def test_a_milestone_that_one_side_passed_and_the_other_retried_is_open_again() -> None:
    base = changed(TEXT, *(feature(f"1.{n}", "Status", "done") for n in (1, 2, 3)))
    passed = changed(base, SetMilestone(1, "Status", "passed"), SetFront(("status",), "completed"))
    retried = changed(base, feature("1.1", "Status", "pending"), feature("1.1", "Feature", "Count `[tries-after:1]`"))
    merged = both(passed, retried, base)
    assert difference(merged.text, base) == snapshot("""\
- status: active          # where it stands
- **Status:** active
- | 1.1 | Count   |         | done       | 1h       | script a1 |    | fine |
+ status: active (completed)          # where it stands
+ **Status:** active (passed)
+ | 1.1 | Count `[tries-after:1]` |         | pending    | 1h       | script a1 |    | fine |
""")
    mission = load(merged.text).mission
    assert (str(mission.status), str(mission.milestones[0].status)) == ("active", "active")
    again = changed(base, feature("1.1", "Worker", "script a2"), SetFront(("executions",), 5))
    assert both(merged.text, again, base).text == both(passed, both(retried, again, base).text, base).text


def test_different_words_at_one_place_are_left_to_a_person() -> None:
    ours = changed(TEXT.replace("Written by hand.", "Written by Ada."), feature("1.1", "Status", "done"))
    ours = changed(ours, feature("1.2", "Feature", "Read it `[depends:1.1]`"))
    theirs = changed(TEXT.replace("Written by hand.", "Written by Bob."), feature("1.2", "Status", "skipped"))
    theirs = changed(theirs, feature("1.2", "Feature", "Read all `[depends:1.1]`"))
    merged = both(ours, theirs)
    assert merged.conflicts == 2
    assert difference(merged.text) == snapshot("""\
- Written by hand.
- | 1.1 | Count   |         | dispatched | 1h       | script a1 |    | fine |
- | 1.2 | Read `[depends:1.1]` | | pending | 1h     |           |    |      |
+ <<<<<<< ours
+ Written by Ada.
+ =======
+ Written by Bob.
+ >>>>>>> theirs
+ | 1.1 | Count   |         | done       | 1h       | script a1 |    | fine |
+ <<<<<<< ours
+ | 1.2 | Read it `[depends:1.1]` | | skipped | 1h     |           |    |      |
+ =======
+ | 1.2 | Read all `[depends:1.1]` | | skipped | 1h     |           |    |      |
+ >>>>>>> theirs
""")


def test_a_column_that_one_side_added_is_kept() -> None:
    theirs = changed(TEXT, feature("1.1", "Status", "done"), feature("1.2", "Status", "skipped"))
    lines = [
        line + " Risk |"
        if line.startswith("| #   |")
        else line + "------|"
        if line.startswith("|-----|---------|-")
        else line
        for line in TEXT.splitlines()
    ]
    lines = [
        line + " high |" if line.startswith("| 1.1") else line + " |" if line[:4] in {"| 1.", "x"} else line
        for line in lines
    ]
    merged = both("\n".join(lines) + "\n", theirs)
    assert difference(merged.text) == snapshot("""\
- | #   | Feature | Task ID | Status     | Estimate | Worker    | PR | Mood |
- |-----|---------|---------|------------|----------|-----------|----|------|
- | 1.1 | Count   |         | dispatched | 1h       | script a1 |    | fine |
- | 1.2 | Read `[depends:1.1]` | | pending | 1h     |           |    |      |
- | 1.3 | Speed   |         | pending    |          |           |    |      |
+ | #   | Feature | Task ID | Status     | Estimate | Worker    | PR | Mood | Risk |
+ |-----|---------|---------|------------|----------|-----------|----|------|------|
+ | 1.1 | Count |  | done | 1h | script a1 |  | fine | high |
+ | 1.2 | Read `[depends:1.1]` |  | skipped | 1h |  |  |  |  |
+ | 1.3 | Speed   |         | pending    |          |           |    |      | |
""")


def test_a_summary_that_one_side_took_out_stays_out() -> None:
    row = {"Date": "2026-11-21", "Category": "Money (USD)", "Amount": "$2", "Description": "1.1-a1 done"}
    ours = changed(TEXT, AppendRow("Budget Tracking", row))
    start, end = ours.index("### Summary"), ours.index("### Spend Log")
    other = {**row, "Description": "1.2-a1 done"}
    merged = both(ours[:start] + ours[end:], changed(TEXT, AppendRow("Budget Tracking", other))).text
    assert "### Summary" not in merged
    assert [s.description for s in load(merged).mission.spends] == ["1.3-a1 noop", "1.1-a1 done", "1.2-a1 done"]


def test_rows_with_too_few_cells_are_merged_cell_by_cell() -> None:
    base = TEXT.replace(
        "| 1.3 | Speed   |         | pending    |          |           |    |      |", "| 1.3 | Speed | | pending |"
    )
    ours, theirs = (
        base.replace("| 1.3 | Speed |", "| 1.3 | Speed! |"),
        changed(base, feature("1.3", "Status", "skipped")),
    )
    assert "| 1.3 | Speed! |  | skipped |  |  |  |  |\n" in both(ours, theirs, base).text


def test_line_ends_marks_and_the_end_of_the_file_are_facts_of_their_own() -> None:
    ours = "\ufeff" + changed(TEXT, feature("1.1", "Status", "done")).replace("\n", "\r\n").rstrip("\r\n")
    theirs = changed(TEXT, feature("1.2", "Status", "done"))
    merged = both(ours, theirs).text
    plain = changed(TEXT, feature("1.1", "Status", "done"), feature("1.2", "Status", "done"))
    assert merged == "\ufeff" + plain.replace("\n", "\r\n").rstrip("\r\n")


@pytest.mark.parametrize("broken", ["", "---\nid: [\n---\n", TEXT + "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"])
def test_what_is_not_understood_is_left_to_git(broken: str) -> None:
    assert merge(TEXT, broken, changed(TEXT, feature("1.1", "Status", "done")), line_merge()) is None


def test_of_two_copies_of_a_run_record_the_settled_one_counts() -> None:
    intended = write_run(RunRecord(RunId("m/1.1-a1"), RecordState.INTENDED))
    lost = write_run(RunRecord(RunId("m/1.1-a1"), RecordState.SETTLED, cause=Cause.LOST, ended="2026-11-20T12:00:00Z"))
    done = write_run(RunRecord(RunId("m/1.1-a1"), RecordState.SETTLED, cause=Cause.DONE, ended="2026-11-20T11:00:00Z"))
    noted = intended.replace("\n# m/1.1-a1", "\n# m/1.1-a1 (mine)")
    assert merge_runs(intended, noted, done) == merge_runs(intended, done, noted) == done
    assert merge_runs(intended, lost, done) == merge_runs(intended, done, lost) == done
    other = write_run(RunRecord(RunId("m/1.2-a1"), RecordState.SETTLED))
    assert merge_runs(intended, lost, other) is None
    assert merge_runs("", lost, done) is None


# Laws


def whole(base: str, ours: str, theirs: str) -> TextMerged:
    """A merge of words that gives up at once."""
    del base
    return TextMerged(f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n", 1)


def copies(seed: int, names: str, edits: Sequence[int], base: str) -> list[str]:
    found = []
    for name, count in zip(names, edits, strict=True):
        someone, text = hand(name, seed), base
        for _ in range(count):
            text = someone.edit(text)
        found.append(text)
    return found


def one(base: str, ours: str, theirs: str) -> str:
    merged = merge(base, ours, theirs, whole)
    assert merged is not None
    assert not merged.conflicts
    return merged.text


SEED = st.integers(0, 10**6)
COUNT = st.integers(0, 25 if NIGHTLY else 6)


@LAW
@given(SEED, st.tuples(COUNT, COUNT, COUNT, COUNT))
def test_merging_is_commutative_associative_and_idempotent(seed: int, edits: tuple[int, int, int, int]) -> None:
    base = copies(seed, "o", edits[:1], TEXT)[0]
    a, b, c = copies(seed, "abc", edits[1:], base)
    assert one(base, a, a) == a
    assert one(base, a, base) == one(base, base, a) == a
    ab = one(base, a, b)
    assert ab == one(base, b, a)
    assert one(base, ab, b) == ab
    assert one(a, ab, a) == ab
    assert one(base, ab, c) == one(base, a, one(base, b, c)) == one(base, one(base, c, a), b)


@LAW
@given(SEED, st.lists(st.booleans(), max_size=30 if NIGHTLY else 10), st.integers(0, 30))
def test_edits_made_in_either_of_two_clones_come_to_the_same_file(seed: int, where: list[bool], sync: int) -> None:
    """Two clones that merge now and then; in the end both have the same bytes."""
    clones = [TEXT, TEXT]
    base = TEXT
    hands = [hand("a", seed), hand("b", seed)]
    for n, right in enumerate(where):
        clones[right] = hands[right].edit(clones[right])
        if n == sync:
            base = one(base, *clones)
            clones = [base, base]
    assert one(base, clones[0], clones[1]) == one(base, clones[1], clones[0])


def lines_of(text: str) -> list[str]:
    """The lines that stand for themselves: no cells, no facts, no blank ones."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("|")]


@LAW
@given(st.data())
def test_nothing_is_lost_and_nothing_raised_whatever_people_do_to_the_text(data: st.DataObject) -> None:
    """Both sides mutilate the file anywhere. A line that one side alone wrote is there, or the merge is git's."""
    texts = []
    for side in ("left", "right"):
        lines = TEXT.splitlines()
        for n in range(data.draw(st.integers(1, 4))):
            cut = data.draw(st.integers(0, len(lines)))
            piece = data.draw(st.text(alphabet="|-#*`<!> \t\r[]x{}:\"'~=é\0", max_size=12))
            lines[cut : cut + data.draw(st.integers(0, 3))] = [f"{piece}{side}{n}"]
        texts.append("\n".join(lines) + "\n")
    merged = merge(TEXT, texts[0], texts[1], line_merge())
    if merged is None:
        return
    known = {*lines_of(TEXT), *lines_of(merged.text)}
    assert not [line for text in texts for line in lines_of(text) if line not in known]


@LAW
@given(SEED, COUNT)
def test_a_persons_lines_are_never_lost_to_the_loop(seed: int, edits: int) -> None:
    theirs = copies(seed, "b", [edits], TEXT)[0]
    ours = TEXT.replace("- two\n", "- two\n- three\n").replace("\n## Resources", "\n## Ideas\n\nMany.\n\n## Resources")
    ours = ours.replace('host: ""\n', 'host: ""\nmood: good  # today\n').replace("| fine |", "| bad |")
    assume(ours != theirs)
    merged = one(TEXT, ours, theirs)
    for line in ("- three", "## Ideas", "Many.", "mood: good  # today"):
        assert merged.splitlines().count(line) == 1
    assert re.search(r"\| bad +\|", merged) or "| 1.1 |" not in theirs
