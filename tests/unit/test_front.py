"""The front matter is patched in place: quoting, comments and order survive."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.document.syntax.front import Scalar, read_front
from mission_cli.document.syntax.front_edit import edit_scalar, quoted, render_scalar
from mission_cli.domain.errors import DocumentError

TEXT = """\
---
id: "m-1"
title: 'it''s'   # a comment
status: planning          # draft planning
version: 1.10
empty:
budget:
  money_usd: 20
  # between
  alert: 80
flow: {a: 1, b: "x, y"}
list: [1, 2]
note: |
  two
  lines
last: yes
---
body
"""


def edited(path: str, value: Scalar, text: str = TEXT) -> str:
    start, end, new = edit_scalar(text, read_front(text), tuple(path.split(".")), value)
    return text[:start] + new + text[end:]


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("id", "m-2", 'id: "m-1"', 'id: "m-2"'),
        ("title", "it's more", "title: 'it''s'   # a", "title: 'it''s more'   # a"),
        ("status", "active", "status: planning          #", "status: active          #"),
        ("status", "a: b", "status: planning", 'status: "a: b"'),
        ("status", "yes", "status: planning", 'status: "yes"'),
        ("empty", "full", "empty:\n", "empty: full\n"),
        ("budget.money_usd", Decimal("25.5"), "money_usd: 20", "money_usd: 25.5"),
        ("budget.alert", 90, "alert: 80", "alert: 90"),
        ("flow.a", "p, q", "{a: 1, b", '{a: "p, q", b'),
        ("flow.c", 3, '"x, y"}', '"x, y", c: 3}'),
        ("note", "one", "note: |\n  two\n  lines\n", 'note: "one"\n'),
        ("budget.per_feature_usd", 2, "  alert: 80\n", "  alert: 80\n  per_feature_usd: 2\n"),
        ("host", "vm:1", "last: yes\n---", 'last: yes\nhost: "vm:1"\n---'),
        ("origin.agent", "x", "last: yes\n---", "last: yes\norigin:\n  agent: x\n---"),
        ("last", True, "last: yes", "last: true"),
    ],
)
def test_one_scalar_is_set_and_nothing_else_moves(path: str, value: Scalar, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert edited(path, value) == TEXT.replace(old, new)


def test_what_is_set_reads_back_the_same_in_crlf() -> None:
    text = TEXT.replace("\n", "\r\n")
    assert edited("status", "active", text) == text.replace("planning          #", "active          #")
    assert edited("host", "x", text) == text.replace("last: yes\r\n---", "last: yes\r\nhost: x\r\n---")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("list", "holds more than one value"), ("budget", "holds more than one value"), ("id.x", "is not a mapping")],
)
def test_what_cannot_be_set_safely_is_refused(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        edited(path, "x")


def test_an_alias_of_a_mapping_is_read_and_a_circle_ends() -> None:
    front = read_front("---\na: &a {x: 1}\nb: *a\nc: &c {d: *c}\n---\n")
    assert front.text("b", "x") == "1"
    assert front.node("c", "d") is not None
    bomb = "".join(
        f"a{n}: &a{n} {{{', '.join(f'k{m}: *a{n - 1}' for m in range(9)) if n else 'x: 1'}}}\n" for n in range(9)
    )
    assert read_front(f"---\n{bomb}---\n").text("a1", "k3", "x") == "1"


def test_an_alias_is_not_changed_through_its_name() -> None:
    text = "---\na: &x one\nb: *x\n---\n"
    with pytest.raises(ValueError, match="is an alias"):
        edited("b", "two", text)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("---\na: 1\na: 2\n---\n", 3, 1, "the key `a` appears twice"),
        ("---\na:\n\tb: 1\n---\n", 3, 1, "a tab in the indentation of the front matter"),
        ("---\na: [1\n---\n", 4, 1, "the front matter cannot be read: did not find expected ',' or ']'"),
        ("---\na: 1\n", 1, 1, "the front matter is not closed"),
        ("---\n- a\n---\n", 2, 1, "the front matter is not a mapping"),
    ],
)
def test_problems_have_a_place(text: str, line: int, column: int, message: str) -> None:
    problem = read_front(text).problems[0]
    assert (problem.message, problem.column) == (message, column)
    assert problem.line in {line, line - 1}


@given(st.text())
def test_any_text_survives_quoting(text: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    assert yaml.safe_load(quoted(clean)) == clean


@given(st.text(), st.sampled_from(["", "'", '"']), st.booleans())
def test_any_text_survives_every_style(text: str, style: str, flow: bool) -> None:  # noqa: FBT001 - drawn
    clean = text.encode("utf-8", "replace").decode()
    rendered = render_scalar(clean, style, flow=flow)
    assert yaml.safe_load(f"{{k: {rendered}}}" if flow else f"k: {rendered}") == {"k": clean}


@pytest.mark.parametrize(
    ("written", "set_to"),
    [
        ("[a, b]  # why", "main  # why"),
        ("[a,\n  b]", "main"),
        ("{a: b}", "main"),
        ("\n  - a\n  - b  # last", "main  # last"),
        ("\n  a: b\n  c:\n    - d", "main"),
        ("[]", "main"),
    ],
)
def test_a_key_of_one_value_is_set_where_several_stand(written: str, set_to: str) -> None:
    space = "" if written.startswith("\n") else " "
    text = f"---\nid: m\nbase:{space}{written}\nowner: x\n---\n# T\n"
    assert patch.apply(text, [SetFront(("base",), "main")]) == text.replace(f"base:{space}{written}", f"base: {set_to}")


@pytest.mark.parametrize("written", ["[a, b]", "\n  - workers: opus", "opus", "[[]]"])
def test_what_is_no_mapping_where_one_belongs_is_an_error_and_read_as_nothing(written: str) -> None:
    loaded = load(f"---\nid: m\nmanaged: mission\nmodel_routing: {written}\n---\n# T\n", "m")
    assert [p.message for p in loaded.problems if "model_routing" in p.message] == ["`model_routing` is not a mapping"]
    assert not loaded.mission.models


def test_a_list_that_is_referred_to_is_not_taken_away() -> None:
    for text in ("---\nbase: &x [a]\nowner: *x\n---\n", "---\nowner: &x [a]\nbase: *x\n---\n"):
        with pytest.raises(DocumentError, match="`base` holds more than one value"):
            patch.apply(text, [SetFront(("base",), "main")])
