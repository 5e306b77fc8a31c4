"""Files as they are found outside, our template, and random damage to both."""

from __future__ import annotations

import random
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.golden import constructs, read_text
from tests.kit.mutations import mutated
from tests.kit.nightly import NIGHTLY
from tests.kit.same import same_changes
from tests.kit.template import TEXT

from mission_cli.document.changes import (
    AddFeature,
    AppendRow,
    Change,
    FillSection,
    SetCell,
    SetFeature,
    SetField,
    SetFront,
    SetMilestone,
)
from mission_cli.document.checking import align, fix
from mission_cli.document.checking.lint import lint
from mission_cli.document.editing import patch
from mission_cli.document.editing.field_meaning import fields_of
from mission_cli.document.editing.locate import locate
from mission_cli.document.reading.load import load
from mission_cli.document.syntax.scan import scan
from mission_cli.domain.ids import FeatureNumber

WILD = sorted((Path(__file__).resolve().parents[1] / "wild").glob("*.md"))
TEXTS = [read_text(path) for path in WILD] + [TEXT] + [read_text(folder / "before.md") for folder in constructs()]
ROUNDS = 100_000 if NIGHTLY else 2_000
CHUNKS = 8
CHANGES: list[Change] = [
    SetFront(("status",), "active"),
    SetFront(("budget", "money_usd"), 7),
    SetFront(("host",), "a: b"),
    SetFeature(FeatureNumber("1.1"), "Status", "dispatched"),
    SetFeature(FeatureNumber("1.2"), "Worker", "x | y"),
    SetMilestone(1, "Status", "active"),
    SetMilestone(1, "Rounds", "2"),
    SetField(("origin",), "Session", "s"),
    SetCell("Budget Tracking", {"Category": "Tokens"}, "Spent", "12"),
    AppendRow("Progress Log", {"Timestamp": "t", "Event": "e"}),
    AppendRow("Decision Log", {"#": "9", "Date": "d", "Decision": "x"}),
    AppendRow("Waits", {"Feature": "1.1", "Waiting for": "time:x"}),
    FillSection(("retrospective", "outcomes"), "- done"),
    AddFeature(1, FeatureNumber("1.9"), {"#": "1.9", "Feature": "fix"}, "fix", "words", ("run: `true`",)),
]


def check_all_that_holds_for_any_text(text: str, changes: list[Change]) -> None:
    loaded = load(text, "m-1")
    lint(loaded)
    assert patch.apply_fitting(text, []).text == text
    tidy = align.aligned(text)
    assert align.aligned(tidy) == tidy
    mended = fix.fix(text, "m-1").text
    assert fix.fix(mended, "m-1").text == mended
    for change in changes:
        done = patch.apply_fitting(text, [change])
        assert done.text != text or done.refused or patch.apply_fitting(done.text, [change]).text == text
        assert all(r.reason and r.hint for r in done.refused)


@pytest.mark.parametrize("path", WILD, ids=lambda p: p.name)
def test_every_change_that_changes_nothing_gives_the_same_bytes(path: Path) -> None:
    for text in (read_text(path), read_text(path).replace("\n", "\r\n"), "\ufeff" + read_text(path)):
        for change in same_changes(load(text)):
            assert patch.apply_fitting(text, [change]).text == text, change


def adds_a_column(change: Change, new: str, old: str) -> bool:
    """Whether a change needed a column that a table of features lacks: every line of that table gets a cell."""
    return isinstance(change, SetFeature) and new.count(f"| {change.column} |") > old.count(f"| {change.column} |")


@pytest.mark.parametrize("path", WILD, ids=lambda p: p.name)
def test_a_change_to_a_file_of_somebody_else_touches_few_lines(path: Path) -> None:
    text = read_text(path)
    for change in CHANGES:
        new = patch.apply_fitting(text, [change]).text
        old = text.split("\n")
        kept = [line for line in old if line in new.split("\n")]
        assert len(old) - len(kept) <= 1 or adds_a_column(change, new, text), change


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.timeout(3600)
def test_random_damage_never_raises_never_hangs_and_never_loses_a_byte(chunk: int) -> None:
    for seed in range(chunk, ROUNDS, CHUNKS):
        source = random.Random(seed)  # noqa: S311 - damage that can be repeated
        text = mutated(source, source.choice(TEXTS), TEXTS)
        started = time.process_time()
        check_all_that_holds_for_any_text(text, source.sample(CHANGES, 2))
        assert time.process_time() - started < 5, seed


HOSTILE = {
    "spaces": "# T" + " " * 100_000 + "\n",
    "heading of hashes": "# " + "#" * 100_000 + "x\n",
    "bars": "|" * 15_000 + "\n" + "|-" * 9_000 + "|\n" + "|" * 15_000 + "\n",
    "spaces below a header": "| a |\n" + " " * 100_000 + "x\n",
    "backticks": "| a |\n|---|\n| " + "".join("`" * (n % 50 + 1) + " " for n in range(5_000)) + "|\n",
    "comments": "<!-- a\n" * 10_000,
    "one comment": "| <!--" * 10_000 + "\n",
    "fields": "**a:** b | " * 5_000 + "\n",
    "stars": "- **" + "*" * 100_000 + "\n",
    "boxes": "- [ ] x\n" * 8_000,
    "results": "#### Validation Criteria\n\n- [ ] x" + " " * 100_000 + "<!-- pass\n",
    "annotations": "### Milestone 1: A\n\n| # | Feature |\n|---|---|\n| 1.1 | " + "[depends:" * 5_000 + " |\n",
    "parentheses": "### Milestone 1: A\n\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | x | "
    + " (" * 5_000
    + " |\n",
    "yaml depth": "---\na: " + "[" * 60_000 + "\n---\n",
    "yaml aliases": "---\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9 if n else 1}]\n" for n in range(12)) + "---\n",
    "long front matter": "---\n" + "a: b\n" * 5_000 + "---\n",
    "headings": "".join(f"## {n}\n" for n in range(5_000)),
    "sections of one name": "## A\n" * 5_000,
    "milestones": "".join(f"### Milestone {n}: A\n\n" for n in range(2_000)),
}


@pytest.mark.parametrize("name", list(HOSTILE))
@pytest.mark.timeout(120)
def test_a_hostile_file_costs_neither_minutes_nor_memory(name: str) -> None:
    text = HOSTILE[name]
    scan.cache_clear()
    tracemalloc.start()
    started = time.process_time()
    loaded = load(text, "m-1")
    lint(loaded)
    patch.apply_fitting(text, [SetFront(("status",), "active"), AppendRow("Progress Log", {"Event": "e"})])
    spent = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 20
    assert peak < 40_000_000 + 200 * len(text)


WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.sampled_from([FeatureNumber(n) for n in ("1.1", "1.2", "2.1", "3.1")])
ANY_CHANGE = st.one_of(
    st.sampled_from(CHANGES),
    st.builds(SetFront, st.sampled_from([("status",), ("title",), ("budget", "money_usd"), ("a", "b")]), WORDS),
    st.builds(SetFeature, NUMBERS, st.sampled_from(["Status", "Worker", "PR", "Feature"]), WORDS),
    st.builds(SetMilestone, st.sampled_from([1, 2]), st.sampled_from(["Status", "Rounds"]), WORDS),
    st.builds(SetField, st.sampled_from([("origin",), ("scope",), ("retrospective",)]), st.just("Note"), WORDS),
    st.builds(AppendRow, st.just("Progress Log"), st.fixed_dictionaries({"Event": WORDS, "Details": WORDS})),
)


def test_a_change_without_its_row_adds_no_column() -> None:
    text = "---\nid: m\n---\n# M\n## Budget Tracking\n| Category | Budget |\n|---|---|\n| Money | 5 |\n"
    done = patch.apply_fitting(text, [SetCell("Budget Tracking", {"Category": "Tokens"}, "Spent", "12")])
    assert (done.text, len(done.refused)) == (text, 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.lists(ANY_CHANGE, min_size=1, max_size=5))
def test_a_sequence_of_patches_says_what_was_meant_and_leaves_all_other_bytes(text: str, changes: list[Change]) -> None:
    for change in changes:
        done = patch.apply_fitting(text, [change])
        if done.refused:
            assert done.text == text
            assert "bug in mission" not in done.refused[0].reason
            continue
        text = patch.completed(scan(text), [change]).text  # a column that was missing
        edits = sorted(locate(scan(text), change), key=lambda edit: edit.start)
        assert done.text.startswith(text[: edits[0].start])
        assert done.text.endswith(text[edits[-1].end :])
        said = fields_of(scan(done.text))
        assert all(said.get(key) == value for edit in edits for key, value in edit.meant.items())
        assert patch.apply_fitting(done.text, []).text == done.text
        text = done.text
