"""Reading and patching mission files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.template import TEXT

from mission_cli.document.changes import (
    AddFeature,
    AppendRow,
    Change,
    FillSection,
    SetCell,
    SetCriterion,
    SetFeature,
    SetFront,
    SetMilestone,
)
from mission_cli.document.editing import patch
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.rows import split_row
from mission_cli.document.syntax.scan import scan
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.ids import FeatureNumber, RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, RecordState

if TYPE_CHECKING:
    from collections.abc import Sequence


HEADINGS = re.compile(r"^## (.+)$", re.MULTILINE)


def test_the_template_reads_back_as_the_plan_said() -> None:
    loaded = load(TEXT)
    assert loaded.problems == ()
    mission = loaded.mission
    assert (mission.id, mission.title, mission.goal, mission.base) == ("m-1", "A | title", "A goal.", "main")
    assert (mission.raw_status, mission.mode, str(mission.limits.usd)) == ("planning", "full", "20")
    assert mission.models == {"orchestrator": "opus", "workers": "sonnet", "research": "haiku"}
    assert (mission.preferences.max_parallel_workers, mission.preferences.land) == (2, "ask")
    assert "- **Created by:** Ada\n" in TEXT
    assert HEADINGS.findall(TEXT) == [
        "Origin", "Scope", "Milestones", "Resources", "Budget Tracking", "Decision Log", "Progress Log", "Recovery Log",
        "Retrospective",
    ]  # fmt: skip
    assert [(f.number, f.title, f.depends) for f in mission.features()] == [
        ("1.1", "First", ()),
        ("1.2", "Second", ("1.1",)),
        ("2.1", "Third", ("1.1", "1.2")),
    ]
    assert [c.kind for c in mission.milestones[0].criteria] == [CriterionKind.RUN, CriterionKind.MANUAL]
    first = mission.milestones[0].features[0]
    assert first.description == "Words.\n# no heading"
    assert [c.paths for c in first.criteria] == [("a.py",)]


def test_a_file_without_a_status_is_a_draft() -> None:
    assert [load(text).mission.status for text in ("# M\n", "---\nid: m\n---\n# M\n")] == ["draft", "draft"]


@pytest.mark.parametrize("variant", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT, TEXT.rstrip("\n")])
def test_a_change_that_changes_nothing_gives_the_same_bytes(variant: str) -> None:
    same: list[Change] = [
        SetFront(("status",), "planning"),
        SetFeature(FeatureNumber("1.1"), "Status", "pending"),
        SetMilestone(1, "Status", "pending"),
        SetCriterion("1", 0, "run: `pytest -q`", ticked=False),
    ]
    assert patch.apply(variant, same) == variant


def test_a_patch_touches_the_lines_that_it_means_and_no_other() -> None:
    changes: list[Change] = [
        SetFront(("status",), "active"),
        SetFeature(FeatureNumber("1.1"), "Status", "dispatched"),
        SetFeature(FeatureNumber("1.1"), "Worker", "script | a1"),
        SetMilestone(1, "Status", "active"),
        SetMilestone(1, "Rounds", "1"),
        SetCriterion("1", 0, "run: `pytest -q`", ticked=True, comments=("<!-- pass 2026-11-20T10:00:00Z 4f2c1a9 -->",)),
        AppendRow("Progress Log", {"Timestamp": "t1", "Event": "one", "Details": "a <!-- b"}),
        AppendRow("Progress Log", {"Timestamp": "t2", "Event": "two", "Details": "it`s"}),
        SetCell("Budget Tracking", {"Category": "Tokens"}, "Spent", "12"),
    ]
    new = patch.apply(TEXT, changes)
    old_lines, new_lines = TEXT.split("\n"), new.split("\n")
    assert [line for line in new_lines if line not in old_lines] == [
        "status: active          # draft planning scheduled recurring active paused completed failed cancelled",
        "**Status:** active",
        "**Rounds:** 1",
        "| 1.1 | First |  | dispatched |  | script \\| a1 | |",
        "- [x] run: `pytest -q` <!-- pass 2026-11-20T10:00:00Z 4f2c1a9 -->",
        "| Tokens | - | 12 | - | - |",
        "| t1        | one   | a &lt;!-- b |",
        "| t2        | two   | it`s    |",
    ]
    assert len(new_lines) == len(old_lines) + 2
    mission = load(new).mission
    assert mission.feature(FeatureNumber("1.1")).worker == "script | a1"  # type: ignore[union-attr]  # it is there, or the test fails
    assert [(r.at, r.event) for r in mission.progress] == [("t1", "one"), ("t2", "two")]


def test_a_fix_feature_gets_its_row_and_its_section() -> None:
    change = AddFeature(
        1,
        FeatureNumber("1.3"),
        {"#": "1.3", "Feature": "fix: it `[fixes:12345678]`", "Status": "pending"},
        "fix: it",
        escape.fenced("~~~\n# no heading\n| no | table |\n- [ ] no box\n"),
        ("run: `pytest -q`",),
    )
    loaded = load(patch.apply(TEXT, [change]))
    assert loaded.problems == ()
    feature = loaded.mission.milestones[0].features[2]
    assert (feature.number, feature.title, feature.fixes) == ("1.3", "fix: it", "12345678")
    assert [c.command for c in feature.criteria] == ["pytest -q"]
    assert "no box" in feature.description
    assert len(loaded.mission.milestones) == 2


def test_missing_sections_are_made_and_placeholders_are_filled() -> None:
    new = patch.apply(
        TEXT,
        [
            AppendRow("Input Requests", {"#": "1", "Prompt": "Which colour?", "Status": "open"}),
            FillSection(("retrospective", "outcomes"), "- done\n- more"),
            FillSection(("retrospective", "skill learning"), "- learned"),
        ],
    )
    assert load(new).mission.requests[0].prompt == "Which colour?"
    assert "### Outcomes\n\n- done\n- more\n" in new
    assert "### Skill learning\n\n- learned\n" in new


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (SetFront(("status",), "active", was="paused"), "`status` is `planning`, but `paused` was expected"),
        (SetFeature(FeatureNumber("1.1"), "Status", "done", was="review"), "is `pending`, but `review`"),
        (SetFeature(FeatureNumber("9.9"), "Status", "done"), "there is no row for feature 9.9"),
        (SetCriterion("1", 0, "run: `other`", ticked=True), "criterion 1 of 1 was changed"),
        (SetMilestone(7, "Status", "done"), "there is no milestone 7"),
        (SetCell("Gates", {"Gate": "x"}, "Status", "approved"), "`## Gates` has no row with Gate = x"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_with_its_reason(change: Change, reason: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(reason)):
        patch.apply(TEXT, [change], where="mission.md")
    assert patch.apply_fitting(TEXT, [change]).text == TEXT


CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
CHANGES = st.lists(
    st.one_of(
        st.builds(SetFront, st.sampled_from([("status",), ("host",), ("budget", "money_usd"), ("x", "y")]), CELLS),
        st.builds(
            SetFeature,
            st.sampled_from([FeatureNumber("1.1"), FeatureNumber("1.2"), FeatureNumber("2.1")]),
            st.sampled_from(["Status", "Worker", "PR", "Estimate"]),
            CELLS,
        ),
        st.builds(SetMilestone, st.sampled_from([1, 2]), st.sampled_from(["Status", "Rounds", "Note"]), CELLS),
        st.builds(
            AppendRow,
            st.sampled_from(["Progress Log", "Decision Log", "Waits"]),
            st.dictionaries(
                st.sampled_from(["Timestamp", "Event", "Details", "#", "Decision", "Feature"]), CELLS, min_size=2
            ),
        ),
        st.builds(
            SetCell,
            st.just("Budget Tracking"),
            st.sampled_from([{"Category": "Tokens"}, {"Category": "Money (USD)"}]),
            st.sampled_from(["Spent", "Remaining"]),
            CELLS,
        ),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CHANGES, st.sampled_from(["\n", "\r\n"]))
def test_random_patches_read_back_as_meant(changes: Sequence[Change], eol: str) -> None:
    text = TEXT.replace("\n", eol)
    result = patch.apply_fitting(text, changes)
    assert not [r for r in result.refused if isinstance(r.change, SetFeature | SetMilestone | SetCell)]
    loaded = load(result.text)
    assert not loaded.refused
    last: dict[tuple[str, str], str] = {}
    for change in changes:
        if isinstance(change, SetFeature):
            last[change.number, change.column.lower()] = escape.cell(change.value).replace("\\|", "|")
    for (number, column), value in last.items():
        feature = loaded.mission.feature(FeatureNumber(number))
        assert feature is not None
        shown = {"status": feature.raw_status, "worker": feature.worker, "pr": feature.pr}
        assert shown.get(column, value) == value


@given(st.text())
def test_no_text_changes_the_structure_when_it_is_escaped(text: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    layout = scan(f"# T\n\n{escape.prose(clean)}\n\n## After\n\n| a | b |\n|---|---|\n| {escape.cell(clean)} | x |\n")
    assert [h.title for h in layout.headings] == ["", "T", "After"]
    assert len(layout.tables) == 1
    assert [len(row.cells) for row in layout.tables[0].rows] == [2]
    assert layout.items == []
    assert layout.fields == []


@given(st.text(), st.text())
def test_a_fence_holds_any_text(text: str, prompt: str) -> None:
    clean, words = (t.encode("utf-8", "replace").decode().replace("\r", "") for t in (text, prompt))
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in clean)
    record = RunRecord(
        run=RunId("m-1/1.2-a3"),
        state=RecordState.SETTLED,
        cause=Cause.NOOP,
        detail="why",
        evidence=clean,
        prompt=words,
        usage=Usage(usd=None, tokens={"input": 3}),
    )
    back = read_run(write_run(record))
    assert back is not None
    assert back.evidence.rstrip("\n") == shown.rstrip("\n")
    assert (back.run, back.cause, back.usage.usd, back.usage.tokens) == (record.run, Cause.NOOP, None, {"input": 3})


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| a | b |", ["a", "b"]),
        ("|a|b|", ["a", "b"]),
        ("| a \\| b | c |", ["a \\| b", "c"]),
        ("| `a | b` | c |", ["`a | b`", "c"]),
        ("| ``a ` | b`` | c |", ["``a ` | b``", "c"]),
        ("| it`s | that`s |", ["it`s", "that`s"]),
        ("| | |", ["", ""]),
        ("a | b", ["a", "b"]),
        ("| a | b", ["a", "b"]),
    ],
)
def test_rows_are_split_where_people_mean_it(row: str, cells: list[str]) -> None:
    assert [row[s:e] for s, e in split_row(row, len(cells))] == cells


def test_comments_and_fences_hide_what_they_contain() -> None:
    loaded = load(
        "# T\n<!-- ### Milestone 9: no\n\n| # | Feature |\n|---|---|\n| 9.1 | no |\n-->\n"
        "~~~\n### Milestone 8: no\n~~~\n### Milestone 1: Yes <!-- really -->\n\n**Status:** active <!-- now -->\n"
        "`<!--` is how a comment begins\n"
        "| # | Feature | Status |\n|---|---|---|\n| 1 | one | done |\n| | | |\n| 2 | | |\n"
    )
    assert [(m.number, m.name, m.raw_status) for m in loaded.mission.milestones] == [(1, "Yes", "active")]
    assert [(f.number, f.title, f.status) for f in loaded.mission.features()] == [("1.1", "one", FeatureStatus.DONE)]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("done", "done"),
        ("Complete", "done"),
        ("merged (#12)", "done"),
        ("in progress (#29646)", "dispatched"),
        ("In_Progress", "dispatched"),
        ("**claimed**", "dispatched"),
        ("done-falsified", "done"),
        ("", "pending"),
        ("on hold", None),
    ],
)
def test_words_of_others_are_read_as_ours(word: str, status: str | None) -> None:
    text = f"### Milestone 1: M\n\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | f | {word} |\n"
    feature = next(load(text).mission.features())
    assert feature.status == status
    assert feature.raw_status == word


def test_dependencies_by_number_wildcard_prefix_and_alias() -> None:
    rows = "| 1.1 | F1 — base |\n| 1.2 | two `[depends:F1]` |\n| 2.1 | three [depends:F1.2, 1.*] [parallel-group:a] |\n"
    text = "### Milestone 1: A\n\n| # | Feature |\n|---|---|\n" + rows
    features = list(load(text).mission.features())
    assert [f.depends for f in features] == [(), ("1.1",), ("1.2", "1.1")]
    assert features[2].group == "a"


def test_unknown_and_circular_dependencies_name_the_rows() -> None:
    cells = ["1.1 | a [depends:1.2]", "1.2 | b [depends:1.3]", "1.3 | c [depends:1.1]", "1.4 | d [depends:7.7]"]
    rows = "".join(f"| {c} |\n" for c in [*cells, "1.5 | e", "1.5 | f"])
    loaded = load("### Milestone 1: A\n\n| # | Feature |\n|---|---|\n" + rows)
    assert [p.at("m.md") for p in loaded.problems] == [
        "m.md:5:3: error: the features wait for each other: 1.1 → 1.2 → 1.3 → 1.1 (remove one `[depends:…]`)",
        "m.md:8:3: error: 1.4 depends on `7.7`, which does not exist (there are 1.1, 1.2, 1.3, 1.4, 1.5)",
        "m.md:10:3: error: two features have the number 1.5 (the other one is in line 9; give one of them a new number)",
    ]
    assert [f.broken for f in loaded.mission.features()] == [True, True, True, True, True, True]


def test_a_merge_conflict_in_the_file_stops_the_mission() -> None:
    loaded = load(TEXT.replace("## Scope", "<<<<<<< HEAD\n## Scope\n=======\n## Other\n>>>>>>> theirs"))
    assert loaded.refused
    assert [p.message for p in loaded.problems] == ["the file contains a merge conflict"]


def test_prose_where_a_number_is_expected_is_kept_and_read_as_unset() -> None:
    text = TEXT.replace("money_usd: 20", "money_usd: unlimited within cost cap").replace(
        "token_limit: 0", "token_limit: unlimited"
    )
    loaded = load(text)
    assert loaded.mission.limits.usd is None
    assert loaded.mission.limits.unlimited == {"tokens"}
    words = "`budget.money_usd` is `unlimited within cost cap`, which is not a number, and no earlier value is known"
    hint = "mission set m-1 budget.money_usd VALUE"
    assert [p.at("m.md") for p in loaded.problems] == [f"m.md:19:14: error: {words} ({hint})"]
    foreign = load(text.replace("managed: mission", "managed: no"))
    assert foreign.mission.limits.usd is None
    assert [(p.severity, p.message) for p in foreign.problems] == [
        ("warning", "`budget.money_usd` is not a number: `unlimited within cost cap`")
    ]


@settings(deadline=None)
@given(st.data())
def test_reading_never_raises(data: st.DataObject) -> None:
    lines = TEXT.split("\n")
    cut = data.draw(st.integers(0, len(lines)))
    piece = data.draw(st.text(alphabet="|-#*`<!> \t\r\n[]x{}:\"'~=é\0", max_size=40))
    text = "\n".join([*lines[:cut], piece, *lines[cut + data.draw(st.integers(0, 5)) :]])
    loaded = load(text, "m-1")
    assert loaded.mission.id
    assert patch.apply_fitting(text, []).text == text


def test_plan_files_are_checked_with_line_and_hint() -> None:
    plan = """\
title: T
budgt: {}
milestones:
  - name: A
    features:
      - {title: one, dependz: [x]}
"""
    assert [p.at("plan.yaml") for p in read_plan(plan).problems] == [
        "plan.yaml:2:1: error: unknown key `budgt` (did you mean `budget`?)",
        "plan.yaml:6:22: error: unknown key `milestones.1.features.1.dependz` (did you mean `depends`?)",
    ]
    features = "      - {title: a, depends: [b]}\n      - {title: b, depends: [a, nope]}\n"
    cyclic = "title: T\nmilestones:\n  - name: A\n    features:\n" + features
    errors = [p.at("plan.yaml") for p in read_plan(cyclic).problems if p.severity == "error"]
    assert errors == [
        "plan.yaml:5:9: error: the features wait for each other: 1.1 → 1.2 → 1.1 (remove one `[depends:…]`)",
        "plan.yaml:6:33: error: 1.2 depends on `nope`, which does not exist (there are 1.1, 1.2)",
    ]
    assert read_plan("title: [").plan is None
    assert read_plan("- x").problems[0].message == "a plan is a mapping"
    assert read_plan('{"title": "T", "milestones": [{"name": "A", "features": [{"title": "x"}]}]}').plan is not None


def test_stamps_in_the_template_are_dates() -> None:
    assert datetime.strptime(load(TEXT).mission.created, "%Y-%m-%d").replace(tzinfo=UTC).year == 2026


@pytest.mark.parametrize(
    "bomb",
    ["[" * 50_000, "- " * 50_000, "a: &a [1]\n" + "".join(f"{x}: &{x} [{'*' + w + ',' + '*' + w}]\n" for w, x in pairwise("abcdefghijklmnopqrst"))],
    ids=["brackets", "bars", "aliases"],
)  # fmt: skip
def test_yaml_beyond_measure_is_a_broken_record_and_a_problem_of_a_mission(bomb: str) -> None:
    assert read_run(f"---\nrun: {bomb}\n---\n") is None
    assert read_run(f"---\n{bomb}\n---\n") is None
    assert load(f"---\n{bomb}\n---\n# M\n").mission.title in {"M", ""}


def test_logs_are_read_at_the_first_look_and_equal_a_tuple_of_the_same_rows() -> None:
    row = "| 2026-11-20T10:00:00Z | mission.started | by Ada |"
    mission = load(TEXT.replace("| | | |\n\n## Recovery Log", f"{row}\n\n## Recovery Log")).mission
    assert [(r.at, r.event, r.details) for r in mission.progress] == [
        ("2026-11-20T10:00:00Z", "mission.started", "by Ada")
    ]
    assert mission.progress == tuple(mission.progress)
    assert mission.progress[-1:] == tuple(mission.progress)
    assert hash(mission.progress) == hash(tuple(mission.progress))
    assert load("# M").mission.progress == ()
