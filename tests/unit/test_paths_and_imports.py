"""Paths with brackets, links that lead out of the tree, titles that look like annotations, files that are no stories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kit.template import template

from mission_cli._support.text import question
from mission_cli.adapters.checks.inspect import CANNOT, FAILED, PASSED, inspect
from mission_cli.document.changes import AppendRow
from mission_cli.document.editing import patch
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.features import read_row, titled
from mission_cli.document.reading.load import load
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.rows import Row
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.mission import Mission
from mission_cli.domain.paths import is_named
from mission_cli.domain.tables import InputRequest
from mission_cli.interchange.from_prd import read_prd
from mission_cli.interchange.sources import sniff
from mission_cli.planner.core.requests import find_request
from mission_cli.settings import parse

if TYPE_CHECKING:
    from pathlib import Path

WORDS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("`|<!-&;\\[]*:\n\t "), max_size=700)


def look(root: Path, kind: str, *paths: str, pattern: str = "", negated: bool = False) -> tuple[int, str]:
    return inspect(json.dumps({"kind": kind, "paths": paths, "pattern": pattern, "negated": negated}), root)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("name", ["app/blog/[slug]/page.tsx", "a*b.txt", "what?.md", "[...all].ts", "(group)/[[x]].ts"])
def test_a_path_that_is_there_is_that_path(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, "export default 1\n")
    assert look(tmp_path, "file", name)[0] == PASSED
    assert look(tmp_path, "grep", name, pattern="default")[0] == PASSED
    assert look(tmp_path, "not grep", name, pattern="default", negated=True)[0] == FAILED
    assert is_named(name, name)


def test_a_pattern_is_one_where_nothing_has_that_name(tmp_path: Path) -> None:
    put(tmp_path / "src/a.py", "x\n")
    assert look(tmp_path, "file", "src/*.py")[0] == PASSED
    assert look(tmp_path, "grep", "src/[ab].py", pattern="x") == (PASSED, "src/a.py:1: x")
    assert look(tmp_path, "file", "app/[slug]/page.tsx") == (FAILED, "app/[slug]/page.tsx does not exist")
    assert is_named("src/a.py", "src/*.py")


def test_nothing_outside_of_the_tree_is_looked_into(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    put(outside / "secret.txt", "root:x\n")
    put(tree / "src/a.txt", "plain\n")
    put(tree / ".git/config", "root:x\n")
    (tree / "src/link.txt").symlink_to(outside / "secret.txt")
    (tree / "src/folder").symlink_to(outside)
    (tree / "src/git").symlink_to("../.git")
    (tree / "src/loop").symlink_to("loop")
    (tree / "src/near.txt").symlink_to("a.txt")
    for paths in ([], ["src"], ["src/*"], ["src/link.txt"], ["src/folder"], ["src/git/config"], ["../outside"]):
        assert look(tree, "grep", *paths, pattern="root:")[0] == FAILED, paths
    assert look(tree, "grep", "src", pattern="plain")[0] == PASSED
    assert look(tree, "file", "src/link.txt")[0] == FAILED
    assert look(tree, "file", "src/near.txt")[0] == PASSED
    assert look(tree, "file", str(outside / "*"))[0] == FAILED
    assert look(tree, "grep", "src", pattern="(")[0] == CANNOT


@given(WORDS)
@settings(deadline=None)
@example("Create app/blog/[slug]/page.tsx")
@example("[depends:1.1] and \\[side-effects] and `[repo:x]")
@example("&lt;!-- <!-- &amp;lt;!-- ` | \\| ```")
def test_a_title_is_read_back_as_it_was_written(text: str) -> None:
    title = question(text)
    row = Row(load("x").layout.lines[0], f"| 1.1 | {escape.cell(titled(title))} | {escape.cell(title)} |", 3)
    draft = read_row({"feature": row.text(1)}, number=FeatureNumber("1.1"), line=1, column=1)
    assert (draft.feature.title, draft.wants, row.text(2)) == (title, (), title)


@given(WORDS)
@settings(deadline=None)
@example("manual: the label says `ok")
@example("x" * 600)
def test_a_question_is_found_again_as_it_was_stored(text: str) -> None:
    asked = InputRequest(1, "2026-11-20T10:00:00Z", "1", question(text))
    values = {"#": "1", "Asked": asked.asked, "Feature": "1", "Prompt": asked.prompt, "Options": "", "Status": "open"}
    stored = load(patch.apply(template(), [AppendRow("Input Requests", values)], where="m")).mission
    found = find_request(stored, "1", text)
    assert found is not None
    assert found.prompt == question(text)


def test_two_long_questions_that_begin_alike_are_two() -> None:
    first, second = (question("x" * 900 + end) for end in "ab")
    assert first != second
    assert len(first) <= 500
    mission = Mission(id=load("x", "m").mission.id, title="", status=None, requests=(InputRequest(1, "", "1", first),))
    assert find_request(mission, "1", "x" * 900 + "b") is None


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("`#|<!-&;\\*:[]~ \n\t>="), max_size=300)
)
@settings(deadline=None)
@example("```sh\nmake\n```\n# no heading\n- [x] done\n**Status:** done\n\\# kept")
def test_a_description_is_read_back_as_it_was_written(text: str) -> None:
    lines = text.strip("\n").split("\n")
    shown = ("".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line).rstrip() for line in lines)
    plain = "\n".join(shown)
    assert escape.unescaped(escape.prose(text)) == plain


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        (
            '{\n "stories": [\n  {"title": "a"} {"title": "b"}\n ]\n}',
            (3, 18),
            "not valid JSON: Expecting ',' delimiter",
        ),
        ("{", (1, 2), "not valid JSON: Expecting property name enclosed in double quotes"),
        ('\ufeff{"a": 1,}', (1, 9), "not valid JSON: "),
        ('[{"title": "a"}, ]', (1, 18), "not valid JSON: "),
        ('{\n "userStories": []\n}', (2, 2), "`userStories` contains no story"),
        ('{"project": "A", "phases": []}', (1, 1), "the file contains no list of stories: it has project, phases"),
        ("[]", (1, 1), "the file contains no list of stories"),
        ("[1, 2]", (1, 1), "the file contains no list of stories"),
    ],
)
def test_what_begins_like_json_is_json_or_an_error_with_its_place(text: str, at: tuple[int, int], words: str) -> None:
    taken = read_prd(text)
    assert taken.plan is None
    (problem,) = taken.problems
    assert (problem.message.startswith(words), problem.hint != "") == (True, True)
    assert abs(problem.column - at[1]) <= 1
    assert problem.line == at[0]


@pytest.mark.parametrize("text", ["[A link](x)\nmore", "[ ] a box", "# Title\n\n```json\n{}\n```", "12", '"quoted"'])
def test_prose_stays_prose(text: str) -> None:
    assert read_prd(text).plan is not None


def test_a_byte_order_mark_is_no_part_of_a_file() -> None:
    assert parse("\ufeffmax_parallel_workers = 3\n", "x").max_parallel_workers == 3
    assert read_plan("\ufefftitle: x\nbudget: {time_hours: 1}\nmilestones: [{name: a, features: [{title: b}]}]").plan


@pytest.mark.parametrize("key", ["endDate", "executionCount", "qualityThreshold"])
def test_a_bare_document_of_polpo_is_told_by_the_keys_of_its_record(key: str) -> None:
    assert sniff(json.dumps({"name": "P", key: 1, "tasks": [{"title": "a"}]})) == "polpo"
    assert sniff(json.dumps({"name": "P", "tasks": [{"title": "a"}]})) == "prd"
