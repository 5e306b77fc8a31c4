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
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.document.reading.problems.unread_features import BORDERLESS
from mission_cli.document.syntax.escape import prose, unescaped
from mission_cli.domain.ids import MissionId
from mission_cli.domain.problems import Severity
from mission_cli.domain.status import MilestoneStatus
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write
from mission_cli.surfaces.views.consent import kept_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.document.reading.loaded import Loaded
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
    "another tick": ("- [ ] file: `x`", "- [✓] it is fast", 23, 1, NOT_READ.format("it is fast")),
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


@pytest.mark.parametrize(
    "said",
    [
        "- [] run: make",
        "- [ ]file: `y`",
        "> [x] grep: a in `b`",
        "2.[ ] not-grep : a in `b`",
        "- [✓] review: it is short",
        "Feature | Status\n--- | ---\na | done",
        "#|Feature|Status\n:-:|-|-\n1.3|b|done",
        "| 1.3 | b | pending |",
        "- [ ] run: make\nnetwork: off",
    ],
)
def test_a_description_that_a_model_wrote_stops_nothing_and_is_read_back(said: str) -> None:
    as_it_is, escaped = (
        JUDGED.replace("- [ ] file: `y`", f"{text}\n\n- [ ] file: `y`") for text in (said, prose(said))
    )
    assert load(as_it_is, "m").refused
    assert not load(escaped, "m").refused, load(escaped, "m").errors()
    assert unescaped(prose(said)) == said


def test_words_about_criteria_stop_nothing() -> None:
    words = "Run: it, then look.\n\n- [] is an empty list\n- [x](https://example.org/x)\n\\- [x] done\n- [✓] planned\n\\# Gates\n- run: `make gen` first\n- [ ] file: `y`\n  - a note\n"
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


KEPT = """\
---
id: m
base: main
budget: {money_usd: 1}
preferences: {runner: script}
---

# M

## Team

| Agent | Role | Limits |
|-------|------|--------|
| ann | builds | attempts 2 |

## Milestones

### Milestone 1: One

**Status:** active

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one | pending |
| 1.2 | two `[depends:1.1]` | pending |

#### Validation Criteria

- [ ] file: `x`

#### 1.1 one

- [ ] file: `x`

#### 1.2 two

- [ ] file: `x`

## Gates

| Gate | Kind | After | Blocks |
|------|------|-------|--------|
| look | approval | 1.1 | 1.2 |
"""
TYPOS: dict[str, tuple[str, int, int, str, str]] = {
    "base: main": (
        "money_usd: 3",
        3,
        1,
        "`money_usd` is kept but has no effect yet",
        "did you mean `budget.money_usd`?",
    ),
    "base: main\n": (
        "base: main\nBase: dev\n",
        4,
        1,
        "`Base` is kept but has no effect yet",
        "did you mean `base`?",
    ),
    "budget: {money_usd: 1}": (
        "x: &x {money_usd: 1}\nbudget: {<<: *x}",
        5,
        10,
        "the merge key `<<` is not read",
        "write the keys out, or refer to a whole mapping",
    ),
    "budget:": (
        "model_routing: {worker: opus}\nbudget:",
        4,
        17,
        "`model_routing.worker` is kept but has no effect yet",
        "did you mean `workers`?",
    ),
    "1}\npre": (
        "1, tasks_usd: 2}\npre",
        4,
        24,
        "`budget.tasks_usd` is kept but has no effect yet",
        "known are alert_threshold_pct, money_usd, per_feature_usd, time_hours, token_limit, when_short",
    ),
    "{runner: script}": (
        "{runner: script}\nreviews: {budget_pct: 0}",
        6,
        23,
        "`reviews.budget_pct` is `0`, which is not above 0",
        "the default counts instead",
    ),
    "## Gates": (
        "## **Gates**",
        39,
        1,
        "the section `**Gates**` is not known; it is kept but not read",
        "did you mean `## Gates`?",
    ),
    "## Gates\n": (
        "Gates\n-----\n",
        39,
        1,
        "the heading `Gates` is not read",
        "begin its line with `##`, or `###` for a milestone, and one space",
    ),
    "| Gate | Kind |": (
        "| Gate | Art |",
        41,
        1,
        "this table of `Gates` is not read: it has no column `Kind`",
        "its columns are Gate · Kind · After · Blocks · Rule · Notify · Status",
    ),
    "Blocks": ("Block", 41, 25, "the column `Block` is not read", "did you mean `Blocks`?"),
    "| Gate | Kind": ("Gate | Kind", 41, 1, "a table without outer pipes is not read", BORDERLESS),
    "| Status |": ("| State |", 22, 17, "the column `State` is not read", "did you mean `Status`?"),
    "**Status:**": ("**State:**", 20, 1, "the field `state` of milestone 1 is not read", "write `**Status:** …`"),
    "**Status:** ": (
        "Status: ",
        20,
        1,
        "the field `Status: active` of milestone 1 is not read",
        "write `**Status:** …`",
    ),
    "`[depends:1.1]`": ("[depend:1.1]", 25, 9, "`[depend:1.1]` is part of the title", "did you mean `[depends:…]`?"),
    "[depends:1.1]": (
        "[blocked-by:1.1]",
        25,
        9,
        "`[blocked-by:1.1]` is part of the title",
        "did you mean `[depends:…]`?",
    ),
    "[depends": ("[depends 1.1] [on", 25, 9, "`[depends 1…` is part of the title", "write `[depends:1.1]`"),
    "1.1]`": ("]`", 25, 9, "`[depends:]` means nothing", "write `[depends:…]` with a value, or remove it"),
    "`[depends:1.1]` |": (
        "\\[depends:1.*\\] |",
        25,
        9,
        "`\\[depends:1.*\\]` is part of the title",
        "write it in backticks, without backslashes, so that formatters leave it as it is",
    ),
    "one |": ("one [worth:500] |", 24, 9, "`[worth:500]` means nothing", "write a whole number from 1 to 100"),
    "| one": (
        "| one [side-effects:false]",
        24,
        9,
        "`[side-effects:false]` means nothing",
        "it takes no value: remove it if the feature has no side effects",
    ),
}


@pytest.mark.parametrize("old", TYPOS)
def test_what_looks_like_the_format_and_is_not_read_is_named_by_lint_and_start(old: str) -> None:
    new, line, column, words, hint = TYPOS[old]
    assert old in KEPT
    loaded = load(KEPT.replace(old, new, 1), "m")
    found = [(p.line, p.column, p.message, p.hint) for p in lint(loaded) if p.severity is Severity.WARNING]
    assert (line, column, words, hint) in found
    assert f"line {line}: {words}" in kept_words(loaded)


def test_prose_and_columns_of_a_person_are_not_named() -> None:
    mine = "- [ ] file: `x`\n\n#### 1.1 one\n\nGates\n\nStatus quo: see [a](b), [model training], (after: lunch)\n\n"
    text = KEPT.replace("- [ ] file: `x`\n\n#### 1.1 one\n\n", mine).replace(
        "| ann | builds |", "| ann | builds (at: home) |"
    )
    text = text.replace("| Limits |", "| Time zone |").replace("attempts 2", "UTC").replace("base: main", "tags: [x]")
    text += "\n## Ideas\n\n| Who | What |\n|---|---|\n| me | `[depends:x]` |\n"
    assert kept_words(load(text, "m")) == ()


def test_names_may_be_separated_by_commas() -> None:
    text = KEPT.replace(
        "{runner: script}",
        '{runners: "opencode, claude:opus", hosts: "local,big"}\nnotify: "ops, inherit"\nreviews: {reviewers: "opus, @ann"}',
    )
    mission = load(text, "m").mission
    assert mission.preferences.runners == ("opencode", "claude:opus")
    assert mission.preferences.hosts == ("local", "big")
    assert mission.notify == ("ops", "inherit")
    assert mission.reviews.reviewers == ("opus", "@ann")


DAMAGE = {
    "a quotation": "> {}",
    "a bullet": "- {}",
    "a hard space": "\u00a0{}",
    "bold": "**{}**",
    "no first character": "{}",
}


def _essence(loaded: Loaded) -> tuple[object, ...]:
    mission = loaded.mission
    features = [(f.number, f.status, f.depends, [c.text for c in f.criteria]) for f in mission.features()]
    milestones = [(m.number, m.status, [c.text for c in m.criteria]) for m in mission.milestones]
    return features, milestones, [(g.name, g.kind, g.after, g.blocks) for g in mission.gates], mission.team


@pytest.mark.parametrize("name", [*DAMAGE, "another line above"])
def test_no_line_of_the_body_loses_its_effect_in_silence(name: str) -> None:
    """Whatever is done to one line: the mission means the same, or `lint` says more than before."""
    lines, plain = KEPT.split("\n"), load(KEPT, "m")
    told = {problem.message for problem in lint(plain)}
    for at in range(lines.index("# M") + 1, len(lines)):
        inserted = [[""], ["<!-- later -->"], ["words"]] if name not in DAMAGE else []
        changed = DAMAGE.get(name, "").format(lines[at][1:] if name.startswith("no ") else lines[at])
        texts = [[*lines[:at], *more, *lines[at:]] for more in inserted] or [[*lines[:at], changed, *lines[at + 1 :]]]
        for text in texts if lines[at] else ():
            loaded = load("\n".join(text), "m")
            same = _essence(loaded) == _essence(plain)
            assert same or {problem.message for problem in lint(loaded)} - told, lines[at]
