"""Playbooks: values are data wherever they stand, problems have their places, and the shipped ones are sound."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.nightly import NIGHTLY, by_day

from mission_cli.adapters.templates import JinjaTemplates, PlaybookFolders, template_folder
from mission_cli.app.commands.create import draft
from mission_cli.app.playbooks.library import choose, listed, make_plan
from mission_cli.document.checking.lint import lint
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.playbooks.criteria import UnfitError, filled_criterion
from mission_cli.document.playbooks.export import playbook_of, write_playbook
from mission_cli.document.playbooks.model import Parameter
from mission_cli.document.playbooks.read import check_playbook, plan_with, read_playbook
from mission_cli.document.playbooks.values import Value, read_value, read_values, sample_values
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import MissionError
from mission_cli.domain.host import Person
from mission_cli.interchange.polpo_playbooks import is_polpo_playbook, read_polpo_playbook
from mission_cli.interchange.sources import sniff

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.document.plans.model import Plan
    from mission_cli.document.playbooks.values import Given
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission

SHIPPED = PlaybookFolders({"program": template_folder() / "playbooks"})
NAMES = ("cli-tool", "library", "migration", "research-report", "web-service")
HOSTILE = 'it\'s "$(touch x)" `id` \\ | <!-- [depends:1.1] {{name}} #'
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=30)
DEMO = """\
playbook: demo
description: Everything in one.
parameters:
  name: {description: any text, example: it}
  stack: {type: list, description: any texts, example: [a]}
plan:
  title: "{{name}}"
  goal: "About {{name}}"
  budget: {money_usd: 5}
  preferences: {tech_stack: "{{stack}}"}
  non_goals: ["{{name}}", "{{stack}}"]
  milestones:
    - name: "{{name}}"
      features:
        - title: "{{name}}"
          description: "# {{name}}\\n- [ ] run: {{name}}"
          criteria:
            - "run: `test -n {{name}}`"
            - "{{name}} works"
            - "manual: {{name}}"
            - "grep: `{{name}}` in `README.md`"
        - {title: Next, depends: ["{{name}}"], criteria: ["file: `a`"]}
"""


def value(text: str, kind: str = "string") -> Value:
    """A value of a person, or the entries of a list."""
    return Value(kind, tuple(text.split("|")) if kind == "list" else (text,))


def plan_of(text: str, given: Mapping[str, Given]) -> Plan:
    """The plan that a playbook makes."""
    read = read_playbook(text)
    assert read.playbook is not None, read.problems
    made = plan_with(read, read_values(read.playbook, given).values)
    assert made.plan is not None, made.problems
    return made.plan


def mission_of(plan: Plan) -> tuple[str, Loaded]:
    """The file of its mission, and what is read from it."""
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    ada = Person("Ada", "ada@example.org")
    mission, text = draft(
        plan, taken=(), templates=JinjaTemplates(), now=moment, person=ada, base=lambda _: "main", repo="/r"
    )
    return text, load(text, mission)


@pytest.mark.parametrize(
    ("criterion", "filled"),
    [
        ("run: `ls {{x}}`", "run: ``ls 'a `b'\"'\"'; c'``"),
        ("run: `ls src/{{x}}.py`", "run: ``ls src/'a `b'\"'\"'; c'.py``"),
        ("grep: `^{{x}}$` in `a`", "grep: ``^a\\ `b';\\ c$`` in `a`"),
        ("file: `docs/{{x}}.md`", "file: ``docs/a `b'; c.md``"),
        ("the text {{x}} is shown", "the text a `b'; c is shown"),
        (
            "http: `GET http://localhost:1/find?q={{x}}` 200",
            "http: `GET http://localhost:1/find?q=a%20%60b%27%3B%20c` 200",
        ),
        ("metric: `wc -c {{x}}` > 3", "metric: ``wc -c 'a `b'\"'\"'; c'`` > 3"),
        ("run: `make`\n  env: NAME={{x}}", "run: `make`\n  env: ``NAME='a `b'\"'\"'; c'``"),
        ("run: `make`\n  cwd: web/{{x}}", "run: `make`\n  cwd: ``web/a `b'; c``"),
        (
            "run: `npm run read {{x}} && grep -v {{x}} a`",
            "run: ``npm run read 'a `b'\"'\"'; c' && grep -v 'a `b'\"'\"'; c' a``",
        ),
        ("run: `echo {{!x}} {{ !x }} {{.x}}`", "run: `echo {{x}} {{ !x }} {{.x}}`"),
    ],
)
def test_a_value_is_quoted_for_its_place(criterion: str, filled: str) -> None:
    assert filled_criterion(criterion, {"x": value("a `b'; c")}) == filled
    assert not asked_criterion(filled).wrong


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ('run: `echo "{{x}}"`', "no value can stand there: it stands between quotes"),
        ("run: `echo '{{x}}'`", "no value can stand there: it stands between quotes"),
        ("run: `echo a # {{x}}`", "no value can stand there: it stands in a comment"),
        ("run: `echo \\{{x}}`", "no value can stand there: it stands after a backslash"),
        ("run: `echo ${{x}}`", "no value can stand there: it stands after `$`"),
        ("run: `sh -c {{x}}`", "no value can stand there: it would be a program of its own"),
        ("run: `eval {{x}}`", "no value can stand there: the command contains `eval`"),
        ("run: `trap {{x}} EXIT`", "no value can stand there: the command contains `trap`"),
        ("run: `ls | while read {{x}}; do ls; done`", "no value can stand there: the command contains `while read`"),
        ("run: `[ -v {{x}} ]`", "no value can stand there: the shell would evaluate it after `-v`"),
        ("run: `printf -v {{x}} a`", "no value can stand there: the shell would evaluate it after `-v`"),
        ("run: `test $(( {{x}} )) = 1`", "no value can stand there: the command contains `$((`"),
        ("run: `[[ {{x}} -eq 1 ]]`", "no value can stand there: the command contains `[[`"),
        ("run: `echo ${A:-{{x}}}`", "no value can stand there: the command contains `${`"),
        ("run:\n  cat <<END\n  {{x}}\n  END", "no value can stand there: the command contains `<<`"),
        ("run: ``echo `ls {{x}}` ``", "no value can stand there: the command contains ```"),
        ("run: `ls {{x}}`", "`-rf /` begins with `-`, so a program would read it as an option"),
        ("file: `a/{{x}}`", "`-rf /` cannot be part of a path"),
        ('http: `GET http://localhost:1/` 200 contains "{{x}}"', "`-rf /` cannot stand there"),
        ("{{x}}: `id`", "the value would change what kind of criterion it is"),
        ("run: `a` {{x}}", "the criterion cannot be read with a value in it"),
    ],
)
def test_a_place_that_cannot_be_quoted_is_refused(criterion: str, words: str) -> None:
    given = "run" if criterion.startswith("{{") else "-rf /"
    with pytest.raises(UnfitError) as refused:
        filled_criterion(criterion, {"x": value(given)})
    assert refused.value.words.startswith(words)


def test_only_a_command_is_run_and_only_as_a_whole() -> None:
    test = {"x": value("make test && ls", "command")}
    assert filled_criterion("run: {{x}}", test) == "run: `make test && ls`"
    assert filled_criterion("metric: `{{x}}` >= 3", test) == "metric: `make test && ls` >= 3"
    for place in (
        "run: `cd web && {{x}}`",
        "grep: `{{x}}` in `a`",
        "the command {{x}}",
        "http: `GET http://localhost:1/{{x}}` 200",
    ):
        with pytest.raises(UnfitError, match="whole command"):
            filled_criterion(place, test)


@settings(max_examples=100 if NIGHTLY else 10)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_bash_reads_each_value_as_the_word_that_was_given(texts: list[str]) -> None:
    texts = [text for text in texts if text.strip() == text and not text.startswith("-")]
    filled = filled_criterion("run: `printf '%s\\0' {{x}} a{{x}}b \"$HOME\" | cat`", {"x": Value("list", tuple(texts))})
    ran = subprocess.run(
        ["bash", "-c", asked_criterion(filled).command], capture_output=True, check=True, env={"HOME": "h"}
    )
    first, *between = texts or [""]
    glued = [f"a{first}", *between] if texts else ["ab"]
    glued[-1] += "b" if texts else ""
    assert ran.stdout.decode().split("\0")[:-1] == [*texts, *glued, "h"]


@settings(max_examples=100 if NIGHTLY else 10)
@given(TEXT.map(str.strip).filter(bool), st.lists(TEXT.map(str.strip).filter(bool), min_size=1, max_size=3))
def test_no_value_changes_what_a_mission_consists_of(name: str, stack: list[str]) -> None:
    name = name.lstrip("-~/").replace("..", ".") or "x"
    read = read_playbook(DEMO)
    assert read.playbook is not None
    made = plan_with(read, read_values(read.playbook, {"name": name, "stack": stack}).values)
    if made.plan is None:  # refused as a whole
        assert all("`{{name}}`" in problem.message for problem in made.problems)
        return
    plan = made.plan
    text, loaded = mission_of(plan)
    assert loaded.problems == ()
    (milestone,) = loaded.mission.milestones
    kinds = [[str(c.kind) for c in feature.criteria] for feature in milestone.features]
    assert kinds == [["run", "text", "manual", "grep"], ["file"]], text
    assert (len(loaded.mission.non_goals), milestone.features[1].depends) == (1 + len(stack), ("1.1",))


def test_a_hostile_value_stays_what_it_is() -> None:
    plan = plan_of(DEMO, {"name": HOSTILE, "stack": [HOSTILE]})
    assert (plan.title, plan.preferences.tech_stack) == (HOSTILE, [HOSTILE])
    _, loaded = mission_of(plan)
    assert (loaded.problems, loaded.mission.title) == ((), HOSTILE)
    assert [len(feature.criteria) for feature in loaded.mission.features()] == [4, 1]


@pytest.mark.parametrize(
    ("about", "told", "read"),
    [
        ({}, "a\nb", "it contains the character U+000A"),
        ({}, "a\u202eb", "it contains the character U+202E"),
        ({"pattern": "[a-z]+"}, "a1", "`a1` does not match `[a-z]+`"),
        ({"type": "integer"}, "010", "`010` is not a whole number"),
        ({"type": "integer", "maximum": 9}, "10", "10 is too large"),
        ({"type": "number", "minimum": 0.5}, "-2.50", "-2.5 is too small"),
        ({"type": "number"}, "2.50", ("2.5",)),
        ({"type": "boolean"}, "Yes", ("true",)),
        ({"type": "boolean"}, "maybe", "`maybe` is neither yes nor no"),
        ({"type": "choice", "choices": ["a", "b"]}, "c", "`c` is not one of the choices"),
        ({"type": "list"}, "a, b,", ("a", "b")),
        ({"type": "list"}, '["a, b"]', ("a, b",)),
        ({"type": "list", "pattern": "."}, "a,bc", "the entry `bc`: `bc` does not match `.`"),
        ({"type": "command"}, "make `x`", "`make `x`` cannot be a command"),
        ({}, ["a"], "it is not a list"),
        ({}, "x" * 301, "it has 301 characters"),
    ],
)
def test_values_are_read_as_their_type(about: dict[str, object], told: Given, read: object) -> None:
    found = read_value(Parameter.model_validate(about), told)
    assert (found.entries if isinstance(found, Value) else found[0]) == read


def test_everything_that_is_missing_or_wrong_is_named_at_once() -> None:
    chosen = choose(SHIPPED, "migration")
    with pytest.raises(MissionError) as missing:
        make_plan(chosen, {"data": "true", "to": ""})
    assert (missing.value.exit_code, str(missing.value), str(missing.value.hint)) == snapshot(
        (
            2,
            "`migration` needs from, to, old, pilot, test",
            "add -p from=Flask -p to=FastAPI -p 'old=import flask' -p 'pilot=the health endpoints' -p 'test=make test'",
        )
    )
    with pytest.raises(MissionError) as wrong:
        make_plan(chosen, {"form": "x", "data": "maybe"})
    assert (wrong.value.exit_code, str(wrong.value), str(wrong.value.hint)) == snapshot(
        (2, "`form`: it is not a parameter of the playbook (1 more problem: data)", "did you mean `from`?")
    )


def test_conditions_leave_parts_out_and_references_follow() -> None:
    book = """\
playbook: parts
description: Parts.
parameters:
  a: {type: boolean, default: true, description: a}
  b: {type: choice, choices: [x, y], default: x, description: b}
plan:
  title: Parts
  budget: {money_usd: 1}
  gates:
    - {name: g, kind: approval, after: ["2.1", "1.1"], blocks: ["2.2"], when: a}
    - {name: h, kind: approval, after: ["1.*"], blocks: ["2.2"]}
  constraints: [{text: With a., when: a}, {text: Without a., when: not a}, Always.]
  milestones:
    - name: One
      when: b == x
      features: [{title: First, criteria: ["file: `a`"]}]
    - name: Two
      features:
        - {title: Second, when: a, criteria: ["file: `b`", {file: "`c`", when: b != x}]}
        - {title: Third, depends: [First, "2.1", Second], criteria: ["file: `d`"]}
"""
    assert check_playbook(book).errors == ()

    def outline(**given: str) -> object:
        plan = plan_of(book, given)
        features = [[(f.title, f.depends, f.criteria) for f in m.features] for m in plan.milestones]
        return plan.constraints, [(g.name, g.after, g.blocks) for g in plan.gates], features

    assert outline() == snapshot(
        (
            ["With a.", "Always."],
            [("g", ["2.1", "1.1"], ["2.2"]), ("h", ["1.*"], ["2.2"])],
            [
                [("First", [], ["file: `a`"])],
                [("Second", [], ["file: `b`"]), ("Third", ["First", "2.1", "Second"], ["file: `d`"])],
            ],
        )
    )
    assert outline(a="no") == snapshot(
        (
            ["Without a.", "Always."],
            [("h", ["1.*"], ["2.1"])],
            [[("First", [], ["file: `a`"])], [("Third", ["First"], ["file: `d`"])]],
        )
    )
    assert outline(b="y") == snapshot(
        (
            ["With a.", "Always."],
            [("g", ["1.1"], ["1.2"]), ("h", [], ["1.2"])],
            [[("Second", [], ["file: `b`", "file: `c`"]), ("Third", ["1.1", "Second"], ["file: `d`"])]],
        )
    )


def test_problems_of_a_file_have_line_column_and_hint() -> None:
    book = """\
playbook: Not Good
description: x
parameters:
  n: {type: integer, required: no, description: n}
  s: {pattern: "[", description: s}
  c: {type: choice, description: c}
  t: {type: string, choices: [a], description: t, default: b}
  unused: {default: x}
plan:
  title: "{{nme}} {{n}} {{s}} {{c}} {{t}}"
  "{{n}}": x
  milestones:
    - name: M
      when: c == q
      features: [{title: T, when: "a b", criteria: ["run: `x`"]}]
"""
    assert [p.at("f") for p in check_playbook(book).problems] == snapshot(
        [
            "f:1:1: error: `Not Good` cannot name a playbook (use small letters, digits and single hyphens)",
            "f:4:3: error: `n` is not required, and has no default (give it a default)",
            "f:5:7: error: `pattern` cannot be read: unterminated character set at position 0 (correct it)",
            "f:6:3: error: `c` has no choices (list them under `choices:`)",
            "f:7:21: error: `choices` has no effect on a parameter of the type string (it is for choice)",
            "f:8:3: warning: `unused` has no description (say what the value is for)",
            "f:8:3: warning: the parameter `unused` is not used (remove it)",
            "f:10:10: error: `nme` is not a parameter (declare it under `parameters:`, or write {{!nme}} for the text)",
            "f:11:3: error: the key `{{n}}` contains a placeholder (only values can vary)",
            "f:15:35: error: the condition cannot be read (write when: NAME, when: not NAME, or when: NAME == VALUE)",
        ]
    )
    wrong = book.replace("Not Good", "good").replace("plan:", "plans:")
    assert [p.at("f") for p in check_playbook(wrong).problems] == snapshot(
        ["f:1:1: error: `plan` is missing", "f:9:1: error: unknown key `plans` (did you mean `plan`?)"]
    )
    assert [p.at("f") for p in check_playbook("- a").problems] == snapshot(
        ["f:1:1: error: a playbook is a mapping (begin with `playbook:` and `plan:`)"]
    )


def test_problems_of_the_plan_that_it_makes_have_their_places_too() -> None:
    quoted = DEMO.replace("test -n {{name}}", "test -n '{{name}}'")
    assert [p.at("f") for p in check_playbook(quoted).problems] == snapshot(
        [
            "f:18:15: error: `{{name}}`: no value can stand there: it stands between quotes; remove the quotes, because values are quoted"
        ]
    )
    unknown = DEMO.replace('depends: ["{{name}}"], criteria: ["file: `a`"]', 'depends: [Frist], criteria: ["fle: `a`"]')
    assert [p.at("f") for p in check_playbook(unknown).problems] == snapshot(
        [
            "f:13:7: warning: milestone 1 has no criterion (without `validation:` only the tests and builds that are found in the code are run)",
            "f:22:35: error: 1.2 depends on `Frist`, which does not exist (there are 1.1, 1.2)",
            "f:22:54: error: the criterion `fle: `a`` of feature 1.2 cannot be read: `fle:` is not a kind of criterion (did you mean `file:`? what a person should judge is `manual: …`)",
        ]
    )


def proves_something(mission: Mission) -> bool:
    """Whether each milestone has a criterion that no earlier one has, so that it fails before the work."""
    met: set[str] = set()
    for milestone in mission.milestones:
        mine = {criterion.text for criterion in milestone.criteria}
        if mine <= met:
            return False
        met |= mine
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_makes_missions_without_a_warning(name: str) -> None:
    chosen = choose(SHIPPED, name)
    read = check_playbook(SHIPPED.text(chosen.file))
    assert read.problems == ()
    assert read.playbook is not None
    sizes = set()
    for values in by_day([*sample_values(read.playbook)], 2):
        plan, warnings = make_plan(chosen, values)
        text, loaded = mission_of(plan)
        assert [p.at(name) for p in (*warnings, *loaded.problems, *lint(loaded))] == [], text
        assert "{{" not in text
        sizes.add((len(loaded.mission.milestones), sum(len(m.features) for m in loaded.mission.milestones)))
        assert all(f.estimate_hours and f.criteria and f.description for f in loaded.mission.features())
        assert all(m.criteria for m in loaded.mission.milestones)
        assert all((loaded.mission.non_goals, loaded.mission.success_criteria, loaded.mission.limits.any_cap))
        assert proves_something(loaded.mission), text
    assert all(2 <= milestones <= 4 for milestones, _ in sizes)


def test_all_shipped_playbooks_are_tested() -> None:
    assert tuple(one.name for one in listed(SHIPPED).playbooks) == NAMES
    assert [one.problem for one in listed(SHIPPED).playbooks] == [""] * len(NAMES)


def test_the_repository_precedes_the_person_and_other_tools_files_are_left_alone(tmp_path: Path) -> None:
    ours, mine = tmp_path / "ours", tmp_path / "mine"
    for folder in (ours, mine):
        folder.mkdir()
        (folder / "demo.yaml").write_text(DEMO)
    (ours / "site.yml").write_text("- hosts: all\n  tasks: []\n")
    (ours / "other.yaml").write_text(DEMO)
    (mine / "broken.yaml").write_bytes(b"playbook: broken\n\xff")
    (mine / "json.json").write_text('{"playbook": "json", "description": "d", "plan": {"title": "T"}}')
    files = PlaybookFolders({"repository": ours, "person": mine, "program": tmp_path / "none"})
    found = [(one.name, one.origin, one.problem, [*one.hides]) for one in listed(files).playbooks]
    assert found == [
        ("broken", "person", f"{mine}/broken.yaml:2: the file is not UTF-8", []),
        ("demo", "repository", "", [f"{mine}/demo.yaml"]),
        ("json", "person", "", []),
        ("other", "repository", f"{ours}/other.yaml:1:1: the playbook is called `demo`, its file `other`", []),
    ]
    assert choose(files, f"{mine}/demo.yaml").file.origin == "path"
    with pytest.raises(MissionError, match="there is no playbook `dmo`"):
        choose(files, "dmo")


RICH = """\
title: "A | rich {{plan}}"
goal: "# All of it\\n\\n- [ ] run: no\\n\\n{{!twice}}"
type: research
priority: high
lifetime: 7d
autonomous: false
notify: [ops]
quality_threshold: 3.5
budget: {money_usd: 20.5, time_hours: unlimited, per_feature_usd: 2, alert_threshold_pct: 70}
model_routing: {workers: opus, escalate: "codex:deep"}
preferences: {tech_stack: [Go, "a, b"], max_parallel_workers: 3, coding_style: plain, land: auto}
reviews: {reviewers: ["@judge", "claude:opus"], per_feature: 2, dimensions: {safety: "0.6 what can go wrong?"}}
success_criteria: [It works.]
non_goals: ["`a`", "b | c"]
constraints: [none]
assumptions: [It rains.]
team:
  - {name: judge, role: reviews, model: opus, max_parallel: "1", volatile: true, limits: "attempts 2, duration 90m"}
resources: [{name: KEY, type: secret, purpose: "to call | it", status: ready}]
gates: [{name: look, kind: approval, after: ["1.1", "1.2"], blocks: ["2.1"], rule: "please look", notify: ops}]
milestones:
  - name: One
    estimate: 3h
    validation: ["metric: `wc -l a` >= 3 %", {run: make, cwd: web, env: {A: "x y"}, timeout: 5m}]
    features:
      - title: First
        description: "# Text\\n\\\\# more\\n    code {{x}}\\n\\n1. one"
        estimate: 90m
        assign: judge
        limits: "attempts 3, retry 5m 1h, usd 2.5"
        criteria: ["run: (timeout 3m)\\n  make a\\n  make b", "review: good (>= 4)", "words"]
      - {title: "Second [x]", model: opus, side_effects: true, research: true, notify: [ops, inherit], files: [src/a, b]}
  - name: Two
    independent: true
    features:
      - {title: Third, depends: [First, "1.2"], parallel_group: g, criteria: ["grep: `a|b` in `x y` `z`"]}
"""


@pytest.mark.parametrize("name", [*NAMES, "rich"])
def test_a_mission_that_is_exported_and_made_again_is_the_same(name: str) -> None:
    if name == "rich":
        read = read_plan(RICH)
        assert read.plan is not None, read.problems
        plan = read.plan
    else:
        chosen = choose(SHIPPED, name)
        plan, _ = make_plan(chosen, next(iter(sample_values(chosen.playbook))))
    text, loaded = mission_of(plan)
    document, left = playbook_of(loaded)
    book = write_playbook(document)
    assert (left, check_playbook(book).errors) == ((), ())
    again, _ = mission_of(plan_of(book, {}))
    assert again == text
    renamed, _ = mission_of(plan_of(book, {"title": "Other", **({"max_usd": "7"} if "max_usd" in book else {})}))
    assert renamed != text


def test_what_an_export_leaves_out_is_said() -> None:
    text, loaded = mission_of(plan_of(DEMO, {"name": "x", "stack": []}))
    text = text.replace('deadline: ""', 'deadline: "2026-12-01"').replace(
        "| 1.2 | Next ", "| 1.2 | Next `[fixes:1a2b3c4d]` "
    )
    document, left = playbook_of(load(text, loaded.mission.id))
    assert left == ("deadline: 2026-12-01", "1.2 Next: it fixes another feature")
    assert [feature["title"] for feature in document["plan"]["milestones"][0]["features"]] == ["x"]


POLPO = """\
{
  "name": "Bug Fix", "version": "1.0.0", "tags": ["bugs"],
  "description": "Fixes a bug and proves it.",
  "parameters": [
    {"name": "issue", "description": "The bug.", "required": true},
    {"name": "testCommand", "description": "How to test.", "default": "npm test"},
    {"name": "grep", "description": "Which tests.", "required": true},
    {"name": "level", "description": "How bad.", "enum": ["low", 2], "default": 2},
    {"name": "deep", "description": "Also look for siblings.", "type": "boolean"},
    {"name": "unused", "description": "Nothing."}
  ],
  "mission": {
    "tasks": [
      {"title": "Reproduce {{issue}}", "description": "Deep: {{deep}}, level {{level}}", "assignTo": "dev",
       "expectations": [{"type": "test", "command": "{{testCommand}}"},
                        {"type": "script", "command": "npm test -- --grep \\"{{grep}}\\""}]},
      {"title": "Fix {{issue}}", "dependsOn": ["Reproduce {{issue}}"], "maxRetries": 2,
       "expectations": [{"type": "file_exists", "paths": ["docs/{{grep}}.md"]}]}
    ],
    "team": [{"name": "dev", "role": "Fixes {{issue}}"}]
  }
}
"""


def test_a_playbook_of_polpo_becomes_one_of_ours() -> None:
    assert (sniff(POLPO), is_polpo_playbook(POLPO), is_polpo_playbook('{"tasks": []}')) == ("polpo", True, False)
    taken = read_polpo_playbook(POLPO)
    assert (taken.problems, taken.left) == snapshot(
        ((), ("version: 1.0.0", "tags: ['bugs']", "parameter unused: no placeholder names it"))
    )
    assert taken.document is not None
    book = write_playbook(taken.document)
    assert book == snapshot("""\
playbook: bug-fix
description: Fixes a bug and proves it.
parameters:
  issue:
    type: string
    description: The bug.
  testCommand:
    type: command
    description: How to test.
    default: npm test
  grep:
    type: string
    description: Which tests.
  level:
    type: choice
    description: How bad.
    choices:
    - low
    - '2'
    default: '2'
  deep:
    type: boolean
    description: Also look for siblings.
    required: false
plan:
  title: Bug Fix
  goal: Fixes a bug and proves it.
  team:
  - name: dev
    role: Fixes {{issue}}
  milestones:
  - name: Tasks
    features:
    - title: Reproduce {{issue}}
      description: 'Deep: {{deep}}, level {{level}}'
      criteria:
      - 'run: `{{testCommand}}`'
      - 'run: `npm test -- --grep {{grep}}`'
      assign: dev
    - title: Fix {{issue}}
      criteria:
      - 'file: `docs/{{grep}}.md`'
      depends:
      - '1.1'
      limits: attempts 3
""")
    assert check_playbook(book).errors == ()
    plan = plan_of(book, {"issue": HOSTILE, "grep": "it's", "deep": "yes"})
    assert [(f.title, f.criteria, f.depends) for f in plan.milestones[0].features] == snapshot(
        [
            (
                'Reproduce it\'s "$(touch x)" `id` \\ | <!-- [depends:1.1] {{name}} #',
                ["run: `npm test`", "run: `npm test -- --grep 'it'\"'\"'s'`"],
                [],
            ),
            ('Fix it\'s "$(touch x)" `id` \\ | <!-- [depends:1.1] {{name}} #', ["file: `docs/it's.md`"], ["1.1"]),
        ]
    )


def test_problems_of_a_playbook_of_polpo_have_their_places() -> None:
    for wrong, there in ((",", "] ["), ('"name": "grep"', '"nme": "grep"'), ('["Reproduce {{issue}}"]', '["Nothing"]')):
        taken = read_polpo_playbook(POLPO.replace(wrong, there, 1))
        assert taken.document is None
        assert taken.problems != ()
    assert [p.at("f") for p in taken.problems] == snapshot(
        ["f:17:48: error: `tasks.2.dependsOn` names no task: `Nothing`"]
    )
