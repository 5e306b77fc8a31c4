"""The fields below a criterion: where its check runs, read completely or refused, and written so that they read back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.kit.template import template

from mission_cli._support.dataclass import replace
from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.document.checking.lint import lint
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.conditions import Conditions
from mission_cli.domain.mission import Mission
from mission_cli.domain.status import CriterionKind
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = StandardChecks(("inspect",), "/bin/bash")
PLAN = """\
title: Lab
budget: {time_hours: 1}
milestones:
  - name: One
    validation:
      - run: pytest -q
        cwd: web
        env: {CI: 1, NAME: two words}
        secret: [A=env:B, C=file:~/c]
        network: off
        timeout: 5m
      - |
        run: npm ci
        npm test
        cwd: web/app
      - metric: "`wc -l < a` >= 1"
        env: X=1
    features: [{title: one}]
"""


def test_a_plan_writes_fields_that_read_back() -> None:
    text = template(PLAN)
    assert text.partition("#### Validation Criteria\n\n")[2].startswith("""\
- [ ] run: `pytest -q` (timeout 5m)
  cwd: web
  env: CI=1
  env: `'NAME=two words'`
  secret: A=env:B
  secret: `C=file:~/c`
  network: off
- [ ] run:
  ~~~sh
  npm ci
  npm test
  ~~~
  cwd: web/app
- [ ] metric: `wc -l < a` >= 1
  env: X=1
""")
    loaded = load(text)
    first, second, third = loaded.mission.milestones[0].criteria
    assert loaded.problems == ()
    assert first.conditions == Conditions(
        cwd="web",
        env=(("CI", "1"), ("NAME", "two words")),
        secrets=(("A", "env:B"), ("C", "file:~/c")),
        network=False,
    )
    assert (second.command, second.conditions.cwd, second.from_top) == (
        "npm ci\nnpm test",
        "web/app",
        "cd web/app && npm ci\nnpm test",
    )
    assert (third.kind, third.conditions.env) == (CriterionKind.METRIC, (("X", "1"),))
    plan = read_plan(PLAN).plan
    assert plan is not None
    for asked, read in zip(map(asked_criterion, plan.milestones[0].validation), (first, second, third), strict=True):
        assert (asked.command, asked.fields, asked.conditions, asked.timeout) == (
            read.command,
            read.fields,
            read.conditions,
            read.timeout,
        )
    secret = [p.message for p in lint(loaded) if "can read" in p.message]
    assert [words.rpartition(": ")[2] for words in secret] == ["the work that it runs can read A, C"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("cwd: ../web", "`../web` is not a folder inside the repository"),
        ("cwd: /web", "`/web` is not a folder inside the repository"),
        ("cwd: ~", "`~` is not a folder inside the repository"),
        ("cwd: web/../..", "`web/../..` is not a folder inside the repository"),
        ("cwd:", "the value of `cwd:` cannot be read"),
        ("cwd: `a` `b`", "the value of `cwd:` cannot be read"),
        ("env: A", "`A` is not NAME=value"),
        ("env: A=1 =2", "`A=1 =2` is not NAME=value"),
        ("env: A='1", "the quotes in `A='1` are not closed"),
        ("env: A=1 A=2", "the variable A is set twice"),
        ("env: A=env:B", "A refers to a secret"),
        ("env: MISSION_PORT=80", "variables such as MISSION_PORT are set by this program"),
        ("secret: A=hunter2hunter2", "the value of A is not a reference"),
        ("secret: A=file:key", "the value of A is not a reference"),
        ("network: maybe", "`maybe` is neither on nor off"),
        ("network: off\n  network: on", "`network:` is written twice"),
        ("timeout: soon", "`soon` is not a timeout"),
        ("cwd: web\n  and more", "`and more` below its fields cannot be read"),
        ("cwd: web\n  shell: zsh", "`shell:` is not a field of run:"),
        ("shell: zsh", "`shell: zsh` outside the backticks cannot be read"),
        ("cwd: web (timeout 3m)\n  timeout: 3m", ""),
    ],
)
def test_a_field_that_is_not_wholly_read_is_an_error(field: str, wrong: str) -> None:
    read = read_criterion("run: `make`", more=[f"  {line.strip()}" for line in field.split("\n")])
    assert (read.wrong, bool(read.remedy)) == (wrong, bool(wrong))
    assert asked_criterion(f"run: `make`\n{field}").wrong != "" or not wrong


def test_a_remedy_names_the_field_that_is_meant_and_what_a_formatter_joins_is_refused() -> None:
    assert read_criterion("run: `make`", more=["  netwrok: off"]).remedy == "did you mean `network`?"
    assert asked_criterion("run: `make`\nnetwrok: off").remedy == "did you mean `network`?"
    assert (
        read_criterion("run: make", more=["  cwd: web"]).wrong == "there are fields below a command without backticks"
    )
    joined = read_criterion("run: `make` cwd: web env: A=1")
    assert joined.wrong == "`cwd: web env: A=1` outside the backticks cannot be read"
    twice = read_criterion("run: `make` (timeout 3m)", more=["timeout: 3m"])
    assert twice.wrong == "it has two timeouts"
    assert read_criterion("file: `a`", more=["cwd: web"]).wrong == "`cwd:` is not a field of file:"
    assert read_criterion("manual: it works", more=["env: A=1"]).wrong == ""


def test_every_condition_is_part_of_the_key_of_a_check() -> None:
    def key(*fields: str) -> str:
        criterion = read_criterion("run: `make`", more=fields)
        assert criterion.wrong == ""
        return check_key(replace(criterion, timeout=None), "tree", policy, mission)

    policy, mission = Policy(), load(template(PLAN)).mission
    assert isinstance(mission, Mission)
    keys = {key(), key("cwd: a"), key("cwd: b"), key("env: A=1"), key("env: A=2"), key("secret: A=env:B")}
    keys |= {key("network: on"), key("network: off"), key("env: A=1", "env: B=2"), key("secret: A=env:C")}
    assert len(keys) == 10


def test_a_check_runs_in_its_folder_and_never_outside_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "tree/it's web/in").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "tree/out").symlink_to("../other")
    (tmp_path / "tree/same").symlink_to("it's web")

    def run(shell: str, command: str, cwd: str) -> tuple[int, str]:
        criterion = read_criterion(f"run: `{command}`", more=[f"cwd: {cwd}"])
        argv = StandardChecks(("inspect",), shell).argv(criterion)
        done = subprocess.run(argv, cwd=tmp_path / "tree", capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout + done.stderr).strip()

    for shell in ("/bin/bash", "/bin/sh"):
        assert run(shell, "yes | head -1", "it's web/in")[1] == "y"
        assert run(shell, 'basename "$PWD"', "it's web/in") == (0, "in")
        assert run(shell, 'basename "$PWD"', "same") == (0, "it's web")
        assert run(shell, "true", "out") == (1, "out leads out of the tree")
        code, words = run(shell, "true", "missing")
        assert (code, "missing" in words) == (1, True)


def test_fields_are_kept_when_a_fix_feature_repeats_a_criterion() -> None:
    criterion = read_criterion("run: `make x`", more=["cwd: web", "env: `A='b c'`"])
    assert item_text(criterion) == "run: `make x`\n  cwd: web\n  env: `A='b c'`"
    assert item_text(read_criterion("run: `make`", more=["cwd: web\tx"])) == ""
