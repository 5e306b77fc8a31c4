"""What is wrong with a value is said in our words: no text of a library reaches a person."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tests.unit.test_settings_mistakes import NAMES, ODD
from tests.unit.test_settings_mistakes import said as said_of_settings

from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone
from mission_cli.document.plans.plan import override, read_plan
from mission_cli.document.plans.problems import said
from mission_cli.domain.errors import UsageError
from mission_cli.interchange.from_polpo import read_polpo

if TYPE_CHECKING:
    from collections.abc import Iterator

THEIRS = re.compile(
    r"input should|field required|pydantic|validation error|extra inputs|unable to parse|valid (string|list|integer|"
    r"number|dictionary|boolean|decimal)|at least \d+ items?|type=|should (have|be)|(?-i:None)\b|<class|traceback",
    re.IGNORECASE,
)
VALUES: tuple[Any, ...] = (
    *(None, True, 5, -1, 0, 1.5, 1e300, 10**30, "", "x", "high ", "\x00", "1e999", "nan", "2026-11-20", "5,50"),
    *([], [1], ["x"], [[]], [{}], {}, {"a": 1}, {"a": {"b": []}}, [None], "yes", "unlimited", "-5", "'", "a" * 400),
)
GOOD: dict[str, Any] = {"title": "T", "milestones": [{"name": "A", "features": [{"title": "a"}]}]}


def models(model: type[BaseModel], path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where each field of a plan is, those of the first entry of each list included."""
    for name, field in model.model_fields.items():
        yield path, name
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                listed = getattr(field.annotation, "__origin__", None) is list
                yield from models(inner, (*path, name, *([0] if listed else [])))


FIELDS = sorted({*models(Plan)}, key=str)


def with_value(place: tuple[str | int, ...], name: str, value: Any) -> dict[str, Any]:
    """Return a plan with one value somewhere; what is around it is made."""
    plan = json.loads(json.dumps(GOOD))
    node: Any = plan
    for at, step in enumerate(place):
        if isinstance(step, str):
            node[step] = node.get(step) or ([{"name": "n", "kind": "delay"}] if 0 in place[at + 1 : at + 2] else {})
        node = node[step]
    node[name] = value
    return dict(plan)


def test_every_field_is_tried() -> None:
    assert len(FIELDS) > 60
    assert ((), "title") in FIELDS
    assert (("milestones", 0, "features", 0), "criteria") in FIELDS


@pytest.mark.parametrize(("place", "name"), FIELDS, ids=lambda part: ".".join(map(str, part)) if part else "")
def test_a_wrong_value_in_a_plan(place: tuple[str | int, ...], name: str) -> None:
    told = []
    for value in (*VALUES, {name: 1}, [{name: []}]):
        problems = read_plan(json.dumps(with_value(place, name, value))).problems
        told += [f"{p.message} ({p.hint})" for p in problems]
    assert [words for words in told if THEIRS.search(words)] == []
    assert any(f"{name}`" in words or name in words for words in told), "each of them takes one kind of value"


@pytest.mark.parametrize(
    "name", [n for n, f in Plan.model_fields.items() if f.annotation is str or n in {"mode", "priority"}]
)
def test_a_wrong_value_on_the_command_line(name: str) -> None:
    plan = Plan(title="T", milestones=[PlanMilestone(name="A", features=[PlanFeature(title="a")])])
    for value in ("", "x", "\x00", "a" * 400, "-1", "hihg", "1e999"):
        try:
            override(plan, {name: value}, {})
        except UsageError as error:
            assert not THEIRS.search(f"{error.message} {error.hint}"), error.message  # noqa: PT017 - not each value is refused


@pytest.mark.parametrize("value", ["x", "-1", "1e999", "nan", "5,50", "UNLIMITED "])
def test_a_wrong_cap_on_the_command_line(value: str) -> None:
    plan = Plan(title="T", milestones=[PlanMilestone(name="A", features=[PlanFeature(title="a")])])
    for name in ("money_usd", "time_hours", "token_limit"):
        try:
            override(plan, {}, {name: value})
        except UsageError as error:
            assert not THEIRS.search(f"{error.message} {error.hint}"), error.message  # noqa: PT017 - see above


@pytest.mark.parametrize(
    "key", ["title", "assignTo", "dependsOn", "expectations", "expectedOutcomes", "metrics", "sideEffects"]
)
def test_a_wrong_value_in_a_mission_of_polpo(key: str) -> None:
    told = [
        f"{p.message} ({p.hint})"
        for value in VALUES
        for p in read_polpo(json.dumps({"tasks": [{"title": "a", key: value}], "team": [{"name": value}]})).problems
    ]
    assert told
    assert [words for words in told if THEIRS.search(words)] == []


def test_a_wrong_value_in_the_settings() -> None:
    told = {words for name in NAMES for text in ODD if (words := said_of_settings(name, text))}
    assert len(told) > 100
    assert [words for words in told if THEIRS.search(words)] == []


def test_an_error_that_the_library_learns_later_is_not_quoted() -> None:
    words, hint = said({"type": "a_new_one", "msg": "Input should be a valid surprise", "loc": ("x",), "input": 1})
    assert (words, hint) == ("has a value that cannot be read", "write it as docs/cli.md shows")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"priority": "hihg"}, "`priority` is `hihg`, which is not known (did you mean `high`? use one of low, normal, high, urgent)"),
        ({"mode": "fast"}, "`mode` is `fast`, which is not known (use one of full, poc)"),
        ({"preferences": {"land": "yes"}}, "`preferences.land` is `yes`, which is not known (use one of ask, auto)"),
        ({"budget": {"alert_threshold_pct": 0}}, "`budget.alert_threshold_pct` must be above 0 ()"),
        ({"budget": {"alert_threshold_pct": 200}}, "`budget.alert_threshold_pct` must be at most 100 ()"),
        ({"preferences": {"max_parallel_workers": 99}}, "`preferences.max_parallel_workers` must be at most 64 ()"),
        ({"goal": {"a": 1}}, "`goal` is not a text (a colon followed by a space makes it a mapping; put it in double quotes)"),
        ({"goal": ["a"]}, "`goal` is not a text (put it in double quotes)"),
        ({"budgt": {}}, "unknown key `budgt` (did you mean `budget`?)"),
        ({"milestones": []}, "`milestones` is empty (it needs at least one entry)"),
    ],
)  # fmt: skip
def test_what_is_said(plan: dict[str, Any], told: str) -> None:
    errors = [p for p in read_plan(json.dumps(GOOD | plan)).problems if p.severity == "error"]
    assert [f"{p.message} ({p.hint})" for p in errors] == [told]
