"""Plans as people, models and accidents write them: a mission file, or problems with line and column; never a crash."""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.checking.lint import lint
from mission_cli.document.plans.plan import read_plan, template_values
from mission_cli.document.reading.load import load

if TYPE_CHECKING:
    from mission_cli.document.plans.model import Plan

MANY = int(os.environ.get("MISSION_MUTATED_PLANS", "150"))
"""How many mutated plans are read; the wide run has 2,000."""
SLOWEST = 2.0
HEAD = "title: Lab\nbudget: {time_hours: 8}\n"
ONE = "milestones:\n  - {name: One, features: [{title: x}]}\n"
PLAN = """\
title: Ship the "CRM" — 1.10
goal: |
  Two lines.
  # no heading
id: crm
mode: full
priority: high
deadline: 2026-12-24
base: release/1.10
budget: {money_usd: 20.50, time_hours: 40, token_limit: unlimited, alert_threshold_pct: 75, per_feature_usd: 2}
model_routing: {workers: sonnet, economy: haiku}
preferences: {tech_stack: [python, "3.10"], max_parallel_workers: 3, runner: script, land: ask}
non_goals: [no app]
constraints: ["keep: the API"]
resources:
  - {name: key, type: credential, status: needed}
team:
  - {name: ada, role: backend, max_parallel: 2}
gates:
  - {name: go, kind: approval, after: ["1.1"], blocks: ["2.1"], rule: "minScore >= 3"}
milestones:
  - name: Core [slug]
    estimate: ~2h10m
    validation:
      - "run: `pytest -q && ruff check .` (timeout 30m)"
      - run: |
          set -e
          npm ci
      - "metric: `./coverage.sh` >= 80%"
    features:
      - title: "Parse app/[id]/page.tsx"
        description: "Words\\n\\n- [ ] no box"
        estimate: 3.5h
        criteria: ["file: `a.py` `b.py`", "grep: `def \\\\w+` in `a.py`"]
      - title: Print
        depends: [1.1]
        side_effects: yes
        criteria: ["manual: the label says `ok", "not grep: `TODO` in `src`"]
  - name: Rest
    independent: true
    features: [{title: Last, depends: ["1.*", print], model: opus, parallel_group: a}]
"""
PIECES = [
    ".inf", "-.inf", ".nan", "1e400", "1e999999999", "-5", "010", "0x10", "1_000", "1:30", "yes", "null", "~", "5 dollars",
    "9999-12-31", "99999999999h", "(timeout 99999999999h)", "[", "]", "{", "}", "- ", ": ", "# ", "`", "``", "```", "|", ">",
    "&a ", "*a", "<<: ", "!!int ", "!!binary ", "!!float ", "!!python/object:os.system ", "%YAML 1.1\n", "---\n", "...\n", "\t",
    "\x00", "\x07", "\x85", "\u2028", "\ufeff", "\u202e", "\U0001f600", "x" * 70_000, "9" * 5_000,
    "<!-- ", " -->", "[depends:1.1]", "[independent]", "**Status:** done", "&& `b`", "| tail", "run: ", "metric: `x` >= 1,0",
    "[" * 60, "- " * 60, "{a: " * 60, "'", '"', "\\", "\r", "\r\n", "<<<<<<< x\n", "title: again\n", "milestones:\n", "  ", "\n",
]  # fmt: skip


def mutated(chance: random.Random) -> str:
    """The plan with one to four accidents: pieces put in, lines lost, doubled, swapped or moved, values replaced."""
    text = PLAN if chance.random() < 0.8 else json.dumps(json.loads(as_json()), indent=chance.choice([None, 1]))
    for _ in range(chance.randint(1, 4)):
        lines = text.split("\n")
        where, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        deed = chance.randrange(6)
        if deed == 0:
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(PIECES) + text[at:]
            continue
        if deed == 1:
            del lines[where]
        elif deed == 2:
            lines.insert(other, lines[where])
        elif deed == 3:
            lines[where], lines[other] = lines[other], lines[where]
        elif deed == 4:
            lines[where] = " " * chance.randint(0, 9) + lines[where].lstrip()
        else:
            key, colon, _ = lines[where].partition(": ")
            lines[where] = f"{key}{colon}{chance.choice(PIECES)}"
        text = "\n".join(lines)
    return text


def as_json() -> str:
    plan = read_plan(PLAN).plan
    assert plan is not None
    return plan.model_dump_json()


def written(plan: Plan) -> str:
    values = template_values(plan, mission_id="m-1", created="2026-11-20", created_by="Ada", repo="", base=plan.base)
    return JinjaTemplates().render("mission.md.j2", values)


def test_the_plan_is_one() -> None:
    read = read_plan(PLAN)
    assert [p for p in read.problems if p.severity == "error"] == []
    assert read.plan is not None
    assert (read.plan.base, read.plan.preferences.tech_stack) == ("release/1.10", ["python", "3.10"])
    loaded = load(written(read.plan))
    assert loaded.problems == ()
    assert [f.title for f in loaded.mission.features()] == ["Parse app/[id]/page.tsx", "Print", "Last"]
    assert [f.depends for f in loaded.mission.features()] == [(), ("1.1",), ("1.1", "1.2")]
    assert read_plan(as_json()).plan == read.plan, "JSON says the same"


def test_a_mutated_plan_is_a_mission_or_problems_with_places() -> None:
    chance = random.Random(7)  # noqa: S311 - accidents, not secrets
    for number in range(MANY):
        text = mutated(chance)
        began = time.process_time()
        read = read_plan(text)
        lines = text.split("\n")
        assert read.plan is not None or read.problems, number
        for problem in read.problems:
            assert problem.message, number
            assert 1 <= problem.line <= len(lines) + 1, (number, problem)
            assert problem.column >= 1, (number, problem)
        if read.plan is not None:
            loaded = load(written(read.plan), "m-1")
            assert loaded.problems == (), (number, loaded.problems[:3])
            lint(loaded)
            titles = [" ".join(f.title.split()) for m in read.plan.milestones for f in m.features]
            assert [f.title for f in loaded.mission.features()] == titles, number
        assert time.process_time() - began < SLOWEST, number


@pytest.mark.parametrize(
    ("value", "words", "hint"),
    [
        ("1:30", "`1:30` is not a number", "write hours as a number: 1.5"),
        (".inf", "`.inf` is not a number", "for no limit write unlimited"),
        ("010", "`010` is not a number", "write it without leading zeros: 10"),
        ("1_000", "`1_000` is not a number", "write it without separators: 1000"),
        ("'1,000'", "`1,000` is not a number", "write it without separators: 1000"),
        ("yes", "`yes` is not a number", "write a number, for example 20 or 2.5"),
        ("5 dollars", "`5 dollars` is not a number", "write the number alone: 5"),
        ("$5", "`$5` is not a number", "write the number alone: 5"),
        ("-5", "`-5` is not a number", "it cannot be below 0"),
        ("0x10", "`0x10` is not a number", "write a number, for example 20 or 2.5"),
        ("1e400", "`1e400` is not a number", "write a number, for example 20 or 2.5"),
        ("1e-7", "`1e-7` is too small for a cap", "write 0.01 or more; 0 means no cap"),
        ("1e20", "`1e20` is out of range", "at most 1000000000000000; 0 means no cap"),
        ("[8]", "a list is not a number", "write a number, for example 20 or 2.5"),
    ],
)
def test_a_value_that_is_no_number_is_explained(value: str, words: str, hint: str) -> None:
    (problem,) = read_plan(f"title: Lab\nbudget:\n  time_hours: {value}\n{ONE}").problems
    assert (problem.line, problem.column, problem.message, problem.hint) == (
        3,
        3,
        f"`budget.time_hours`: {words}",
        hint,
    )


@pytest.mark.parametrize(
    "tagged", ["!!int", "!!int x", "!!float .inf", "!!bool x", "!!timestamp x", "!!binary =", "!x 1"]
)
def test_a_tag_is_refused_with_its_place(tagged: str) -> None:
    (problem,) = read_plan(f"title: Lab\nbudget:\n  time_hours: {tagged}\n{ONE}").problems
    assert (problem.line, problem.column) == (3, 15)
    assert problem.message == f"the tag `{tagged.split(maxsplit=1)[0]}` is not allowed"


@pytest.mark.parametrize("value", ["8", "8.5", ".5", "0", "1e3", "unlimited", "Unlimited", '"8"', ""])
def test_a_plain_number_is_one(value: str) -> None:
    read = read_plan(f"title: Lab\nbudget:\n  money_usd: 1\n  time_hours: {value}\n{ONE}")
    assert read.plan is not None, read.problems


def errors(text: str) -> list[tuple[int, int, str]]:
    return [(p.line, p.column, p.message) for p in read_plan(text).problems if p.severity == "error"]


def test_all_problems_are_named_at_once_with_their_places() -> None:
    text = f"title: Lab\nbase: 1\nbase: 2\nmode: fast\nfoo: 1\nbudget: {{time_hours: x}}\npreferences: {{land: maybe}}\n{ONE}{ONE}"
    assert [(line, column) for line, column, _ in errors(text)] == [(3, 1), (4, 1), (5, 1), (6, 10), (7, 15), (10, 1)]
    assert "the key `milestones` appears twice" in errors(text)[-1][2]


def test_names_are_read_as_they_are_written_and_mean_one_feature() -> None:
    features = "".join(f"      - {{title: step {n}}}\n" for n in range(1, 12))
    head = f"{HEAD}milestones:\n  - name: One\n    features:\n{features}"
    plan = read_plan(f"{head}      - {{title: last, depends: [1.10, Step 2]}}\n").plan
    assert plan is not None
    assert "[depends:1.10,1.2]" in written(plan)
    wrong = f"{head}      - {{title: step 3}}\n      - {{title: '1.4'}}\n      - {{title: x, depends: [step 3, 1.4, nope, 9.*, '']}}\n"
    assert [words for _, _, words in errors(wrong)] == [
        "1.14 depends on `step 3`, which can mean 1.3, 1.12",
        "1.14 depends on `1.4`, which can mean 1.13, 1.4",
        "1.14 depends on `nope`, which does not exist",
        "1.14 depends on `9.*`, which does not exist",
        "1.14 depends on an empty name",
    ]


def test_a_criterion_without_quotes_is_a_mapping_that_is_read() -> None:
    criteria = "          - run: pytest -q\n          - run: |\n              set -e\n              make\n            timeout: 5m\n          - not grep: TODO in src\n"
    plan = read_plan(
        f"{HEAD}milestones:\n  - name: One\n    features:\n      - title: x\n        criteria:\n{criteria}"
    ).plan
    assert plan is not None
    assert plan.milestones[0].features[0].criteria == [
        "run: pytest -q",
        "run: set -e\nmake\ntimeout: 5m",
        "not grep: TODO in src",
    ]


@pytest.mark.parametrize(
    ("criterion", "hint"),
    [
        ("`pytest -q`", "put texts, especially criteria, in double quotes"),
        ("manual: legal: yes", "put texts, especially criteria, in double quotes"),
        ("{walk: a}", "put it in quotes"),
        ("{run: a, file: b}", "put it in quotes"),
        ("[run]", "put it in double quotes"),
        ("\t- x", "indent with spaces"),
    ],
)
def test_a_criterion_that_yaml_takes_for_something_else_gets_a_hint(criterion: str, hint: str) -> None:
    text = f"{HEAD}milestones:\n  - name: One\n    features:\n      - title: x\n        criteria:\n          - {criterion}\n"
    (problem,) = [p for p in read_plan(text).problems if p.severity == "error"]
    assert (problem.line, hint in problem.hint) == (8, True)


@pytest.mark.parametrize(
    "text",
    [
        f"title: {'x' * 70_000}\n{ONE}",
        f"{HEAD}base: {'x' * 500}\n{ONE}",
        f"{HEAD}milestones: [{{name: One, features: [{{title: x, estimate: 99999999999h}}]}}]\n",
        f"{HEAD}milestones: [{{name: One, features: [{{title: x, description: {'y' * 30_000}}}]}}]\n",
    ],
)
def test_what_a_mission_file_would_cut_off_is_refused(text: str) -> None:
    ((_, _, words),) = errors(text)
    assert "characters" in words or "longer than a hundred years" in words


def test_a_long_plan_is_no_bomb() -> None:
    features = ", ".join(f"{{title: step {n}}}" for n in range(3_000))
    assert read_plan(f"{HEAD}milestones: [{{name: One, features: [{features}]}}]\n").plan is not None
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
    )
    assert "its aliases expand to too many values" in errors(bomb)[0][2]
