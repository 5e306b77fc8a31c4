"""A feature or criterion that a person wrote and that is not read stops its mission: work must not pass without it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import ADA

from mission_cli.app.commands import lifecycle
from mission_cli.document.checking.fix import fix
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import MissionId
from mission_cli.domain.status import MilestoneStatus
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.ports.executor import JobSpec

FILE = """\
---
id: m
managed: mission
status: active
budget: {money_usd: 1}
in_force: {status: active, money_usd: 1}
---

# M

## Milestones

### Milestone 1: One

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one | pending |
| 1.2 | two | pending |

### Milestone 2: Two

| # | Feature | Status |
|---|---------|--------|
| 2.1 | three | pending |
"""
ROW = "| 1.2 | two | pending |"
EDITS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "a blank line in the table": (
        lambda text: text.replace(ROW, f"\n{ROW}"),
        19,
        "the feature 1.2 is outside of its table, so it is not read",
    ),
    "a comment in the table": (
        lambda text: text.replace(ROW, f"<!-- later -->\n{ROW}"),
        19,
        "the feature 1.2 is outside of its table, so it is not read",
    ),
    "no number": (lambda text: text.replace("| 1.2 |", "| |"), 18, "a feature without a number"),
    "a number of three parts": (lambda text: text.replace("1.2", "1.2.1"), 18, "a feature without a number"),
    "a long row": (lambda text: text.replace("two", "x" * 20_000), 18, "a row of 20020 characters is not read"),
    "another column": (
        lambda text: text.replace("Feature", "Title", 1),
        15,
        "the table of milestone 1 has no column `Feature`, so its features are not read",
    ),
    "a translated heading": (
        lambda text: text.replace("### Milestone 2", "### Etappe 2"),
        22,
        "a table of features belongs to no milestone, so they are not read",
    ),
    "a heading without a space": (
        lambda text: text.replace("### Milestone 1", "###Milestone 1"),
        15,
        "a table of features belongs to no milestone, so they are not read",
    ),
    "no outer pipes": (
        lambda text: re.sub(r"(?m)^\| ?", "", text),
        15,
        "a table of features without outer pipes is not read",
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_feature_that_is_not_read_is_an_error_at_its_place(
    edit: tuple[Callable[[str], str], int, str], eol: str
) -> None:
    change, line, words = edit
    loaded = load(change(FILE).replace("\n", eol), "m")
    assert (line, words) in [(problem.line, problem.message) for problem in loaded.errors()]
    assert loaded.refused
    assert loaded.incomplete


JUDGED = FILE.replace(
    "\n### Milestone 2",
    "\n#### Validation Criteria\n\n- [ ] run: `make`\n- [ ] file: `x`\n\n#### 1.1 one\n\n- [ ] file: `y`\n\n### Milestone 2",
)
NOT_READ, NOWHERE = "the criterion `{}` is not read", "the criterion `{}` belongs to no milestone and no feature"
CRITERIA: dict[str, tuple[str, str, int, int, str]] = {
    "no space in the box": ("- [ ] file: `x`", "- [] file: `x`", 23, 1, NOT_READ.format("file: `x`")),
    "no space after the box": ("- [ ] file: `y`", "- [ ]file: `y`", 27, 1, NOT_READ.format("file: `y`")),
    "no space before the box": ("- [ ] file: `y`", "-[ ] file: `y`", 27, 1, NOT_READ.format("file: `y`")),
    "no bullet": ("- [ ] file: `y`", "[ ] file: `y`", 27, 1, NOT_READ.format("file: `y`")),
    "another tick": ("- [ ] file: `y`", "- [✓] it is fast", 27, 1, NOT_READ.format("it is fast")),
    "a hard space": ("- [ ] file: `y`", "- [\u00a0] file: `y`", 27, 1, NOT_READ.format("file: `y`")),
    "no box": ("- [ ] file: `x`", "- file: `x`", 23, 1, NOT_READ.format("file: `x`")),
    "only words": ("- [ ] file: `x`", "\nfile: `x`", 24, 1, NOT_READ.format("file: `x`")),
    "another heading": ("Validation Criteria", "Checks", 22, 7, NOWHERE.format("run: `make`")),
    "a heading with a word": ("#### 1.1", "#### Feature 1.1", 27, 7, NOWHERE.format("file: `y`")),
    "a heading too high": ("#### 1.1", "## 1.1", 27, 7, NOWHERE.format("file: `y`")),
    "a field as a bullet": ("`make`", "`make`\n  - network: off", 23, 3, "the field `network: off` is not read"),
    "a field without indent": ("`make`", "`make`\nnetwork: off", 23, 1, "the field `network: off` is not read"),
}


@pytest.mark.parametrize("edit", CRITERIA.values(), ids=CRITERIA)
def test_a_criterion_that_is_not_read_is_an_error_at_its_place(edit: tuple[str, str, int, int, str]) -> None:
    old, new, *place = edit
    assert not load(JUDGED, "m").refused
    loaded = load(JUDGED.replace(old, new), "m")
    assert place in [[problem.line, problem.column, problem.message] for problem in loaded.errors()]
    assert loaded.refused


def test_words_about_criteria_stop_nothing() -> None:
    words = "Run: it, then look.\n\n- [] is an empty list\n- run: `make gen` first\n- [ ] file: `y`\n  - a note\n"
    loaded = load(JUDGED.replace("- [ ] file: `y`\n", words).replace("- [ ] run", "All of these:\n\n- [ ] run"), "m")
    assert not loaded.refused


def test_what_only_looks_like_features_stops_nothing() -> None:
    fenced = "\n#### 1.1 one\n\n~~~\n# | Feature | Status\n---|---|---\n1.9 | x | y\n~~~\n\n| grep x\n"
    ideas = "\n## Ideas\n\n| # | Feature | Status |\n|---|---|---|\n| 3.1 | later | pending |\n"
    text = FILE.replace("\n### Milestone 2", f"{fenced}\n### Milestone 2") + ideas
    assert not load(text, "m").refused
    theirs = FILE.replace("managed: mission\n", "").replace("in_force:", "x:").replace("| 1.2 |", "| |")
    assert not load(theirs, "m").refused
    assert load(theirs, "m").errors()


def test_a_row_with_too_many_cells_does_not_run() -> None:
    """An unescaped pipe moves status and dependencies into other columns: what is done would run again."""
    loaded = load(FILE.replace("| two | pending |", "| a|b `[depends:1.1]` | done |"), "m")
    assert [(p.line, p.message) for p in loaded.errors()] == [(18, "1.2 has 4 cells in 3 columns")]
    assert [feature.broken for feature in loaded.mission.features()] == [False, True, False]
    assert not loaded.refused


def test_a_missing_number_is_written_by_fix() -> None:
    text = FILE.replace("| 1.2 |", "| |")
    assert fix(text, "m").text == FILE


PLAN = """\
title: One
budget: {money_usd: 10}
preferences: {runner: script, max_parallel_workers: 1}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one}, {title: two}]}]
"""


def _work(_spec: JobSpec) -> Outcome:
    return Outcome(60.0, {"x": "done"})


def test_a_milestone_does_not_pass_without_a_feature_that_is_not_read() -> None:
    host = make_host(_work)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    pulse(host.context())
    state = host.context().state
    stored = state.snapshot().missions[MissionId("m")]
    row = next(line for line in stored.text.splitlines() if line.startswith("| 1.2"))
    state.commit(
        [Write(stored.path, stored.text.replace(row, f"\n{row}"), stored.text)],
        message="Look at it\n",
        expect=state.head(),
        author=ADA,
    )
    for _ in range(8):
        pulse(host.context())
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()
    mission = load(host.context().state.snapshot().missions[MissionId("m")].text, "m").mission
    assert [milestone.status for milestone in mission.milestones] == [MilestoneStatus.ACTIVE]
