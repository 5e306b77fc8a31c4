"""What a criterion says is what is judged: from the text of a plan to the argv of a shell, or refused with its place."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kit.nightly import NIGHTLY
from tests.kit.template import template

from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.document.changes import SetCriterion
from mission_cli.document.checking.weak_commands import weaknesses
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.editing import patch
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.status import EXECUTABLE_KINDS, CriterionKind, Verdict
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.milestones.judging import judge

BASH = StandardChecks(("inspect",), "/bin/bash")
SCRIPT = "set -e\ncd app\n\n\tprintf '%s' \"<!-- x -->\"  # `date`\ntest -f a | cat\n"


def plan_of(*criteria: str) -> str:
    """A plan as JSON, which is YAML, whose only feature has these criteria."""
    import json

    feature = {"title": "one", "criteria": list(criteria)}
    milestone = {"name": "One", "validation": ["file: `a`"], "features": [feature]}
    return json.dumps({"title": "Lab", "budget": {"time_hours": 1}, "milestones": [milestone]}, ensure_ascii=False)


def stored(text: str) -> str:
    """The mission file with a criterion."""
    return template(plan_of(text))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("run: pytest -q", "pytest -q"),
        ("run: `npm run build && npm test`", "npm run build && npm test"),
        ("run: ``echo `date` | cat``", "echo `date` | cat"),
        ("run: `grep -c '<!-- x -->' f # | y` (timeout 5m)", "grep -c '<!-- x -->' f # | y"),
        ("run: `printf 'a\tb' [x] {a,b} \"ü\"`", "printf 'a\tb' [x] {a,b} \"ü\""),
        (f"run: {SCRIPT}", SCRIPT.rstrip()),
        (f"run:\n{SCRIPT}", SCRIPT.rstrip()),
        ("run: ```sh\nexport CI=1\ntest -f x\n```", "export CI=1\ntest -f x"),
        ("run: `cd app\ntest -f x`\n(timeout 90s)", "cd app\ntest -f x"),
    ],
)
def test_the_text_of_a_plan_is_the_command_that_a_shell_gets(text: str, command: str) -> None:
    loaded = load(stored(text))
    criterion = loaded.mission.milestones[0].features[0].criteria[0]
    assert (loaded.problems, criterion.command, criterion.kind) == ((), command, CriterionKind.RUN)
    assert BASH.argv(criterion)[-2].endswith(command)
    assert ("-e" in BASH.argv(criterion)) == ("\n" in command)
    assert (criterion.timeout is not None) == ("(timeout" in text)


@pytest.mark.parametrize(
    "text",
    [
        "run: `a` && `b`",
        "run: `a` and `b`",
        "run: tests with `a`, types with `b`",
        "run: `a` must pass",
        "run: `a` exits 0 and prints `b`",
        "run: `a` (timeout: 5m)",
        "run: `a` (timeout 5m) must pass",
        "run: `a` (timeout 99999999999h)",
        "run: `a",
        "run: echo `date`",
        "run: npm test and npm run lint",
        "run: npm test exits 0",
        "run:",
        "run: ` `",
        "run: `make`\n`make x`",
        "file: `a` exists",
        "file: neither `a` nor `b`",
        "grep: `x` in `a` or `b`",
        "grep: one in two in three",
        'not grep: "TODO" in src',
        "grep: `a\nb` in `c`",
        "metric: `c`",
        "metric: `c` >= 80 and <= 90",
        "metric: `c` >= 97,5",
        "metric: `c` >= 80 for all",
        "metric: `c\nd` >= 80",
        "metric: a >= 80 and b <= 90",
        "run: a \x1b[31m",
        "run: a \u202e b",
        "run: " + "x" * 9000,
        "manual:",
    ],
)
def test_what_is_not_wholly_read_is_refused_in_a_plan_and_never_passes_in_a_file(text: str) -> None:
    read = read_plan(plan_of(text))
    errors = [p for p in read.problems if p.severity == "error"]
    assert (read.plan, len(errors)) == (None, 1)
    assert (errors[0].line, errors[0].column > 100) == (1, True), "its place is that of the criterion"
    assert errors[0].hint
    criterion = read_criterion(" ".join(text.split()))
    if criterion.wrong:
        judged = judge(Draft.__new__(Draft), [criterion], owner="1", commit="c", tree="t").known  # type: ignore[arg-type]  # nothing of it is looked at
        assert [j.verdict for j in judged] == [Verdict.COULD_NOT_RUN]


def test_a_criterion_by_hand_that_is_not_read_is_an_error_with_its_place() -> None:
    text = stored("run: a").replace("- [ ] run: a", "  * [ ] run: `a` && `b`")
    (problem,) = load(text).problems
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "`a` && `b`" in row)
    assert (problem.line, problem.column, problem.severity) == (line, 9, "error")
    assert "2 commands in backticks" in problem.message
    wrapped = text.replace("`a` && `b`", "pytest\n    -q")
    assert "continues in the next line" in load(wrapped).problems[0].message


FIELDS = ("kind", "command", "paths", "pattern", "negated", "comparison", "bound", "unit", "timeout", "wrong")
COMMANDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
    | st.sampled_from("`~|#<!->[]{}*_\\\t\n\"' &;$()"),
    min_size=1,
    max_size=60,
)


@given(COMMANDS, st.sampled_from(["", " (timeout 90s)"]))
@settings(max_examples=300 if NIGHTLY else 60, deadline=None)
@example("```\na\n```", "")
@example("~~~~", "")
@example("a `b` ``c``", " (timeout 90s)")
@example("<!-- pass a b -->", "")
def test_plan_file_and_shell_agree_on_every_command_or_the_plan_is_refused(command: str, behind: str) -> None:
    for text in (f"run: {command}{behind}", f"run:\n{command}\n{behind}"):
        asked = asked_criterion(text)
        if asked.wrong:
            continue
        loaded = load(stored(text))
        (read,) = loaded.mission.milestones[0].features[0].criteria
        assert (read.command, read.timeout, read.kind) == (asked.command, asked.timeout, asked.kind)
        assert BASH.argv(read)[-2].endswith(asked.command)
        if not behind and "`" not in command and "\n" not in command and asked.kind is CriterionKind.RUN:
            assert asked.command.strip() == command.strip()


@given(COMMANDS, COMMANDS)
@settings(max_examples=200 if NIGHTLY else 60, deadline=None)
def test_other_kinds_are_read_back_as_they_were_asked_or_refused(first: str, second: str) -> None:
    for text in (
        f"grep: `{first}` in `{second}`",
        f"file: `{first}` `{second}`",
        f"metric: `{first}` >= 80%",
        f"manual: {first}",
        f"{first} {second}",
    ):
        asked = asked_criterion(text)
        if asked.wrong or not text.strip():
            continue
        first_line, *more = item_text(asked).split("\n")
        if first_line:
            read = read_criterion(first_line, more=more)
            names = FIELDS if asked.kind in EXECUTABLE_KINDS else ("kind", "wrong")
            assert [getattr(read, name) for name in names] == [getattr(asked, name) for name in names]


def test_the_verdict_of_a_command_of_several_lines_stands_at_its_item_and_leaves_the_lines_alone() -> None:
    text = stored(f"run: {SCRIPT}")
    criterion = load(text).mission.milestones[0].features[0].criteria[0]
    assert criterion.text == "run: set -e ⏎ cd app ⏎  ⏎ \tprintf '%s' \"<!-- x -->\"  # `date` ⏎ test -f a | cat"
    note = "<!-- pass 2026-11-20T10:00:00Z 4f2c1a9 -->"
    marked = patch.apply(text, [SetCriterion("1.1", 0, criterion.text, ticked=True, comments=(note,))], where="m")
    assert marked == text.replace("- [ ] run:\n", f"- [x] run: {note}\n")
    again = load(marked).mission.milestones[0].features[0].criteria[0]
    assert (again.command, again.ticked, again.result is not None) == (criterion.command, True, True)


def test_results_that_a_formatter_moved_to_the_next_line_are_the_items_and_are_replaced() -> None:
    old = "<!-- start fail 2026-11-20T09:00:00Z 3e1b0d8 -->"
    text = stored("run: a").replace("- [ ] run: a", f"- [ ] run: a\n  {old}")
    criterion = load(text).mission.milestones[0].features[0].criteria[0]
    assert (criterion.wrong, criterion.baseline.verdict if criterion.baseline else None) == ("", Verdict.FAILED)
    new = "<!-- pass 2026-11-20T10:00:00Z 4f2c1a9 -->"
    marked = patch.apply(text, [SetCriterion("1.1", 0, criterion.text, ticked=True, comments=(old, new))], where="m")
    assert marked == text.replace(f"- [ ] run: a\n  {old}", f"- [x] run: a {old} {new}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("metric: `c` >= 1,000", (">=", Decimal(1000), "")),
        ("metric: `c` > 1e3", (">", Decimal(1000), "")),
        ("metric: `c` = 80%", ("==", Decimal(80), "%")),
        ("metric: `c` => 80", (">=", Decimal(80), "")),
        ("metric: `c` at most 50 ms (timeout 1m)", ("<=", Decimal(50), "ms")),
        ("metric: wc -l < f ≥ .5", (">=", Decimal("0.5"), "")),
    ],
)
def test_a_bound_is_read_as_a_number(text: str, wanted: tuple[str, Decimal, str]) -> None:
    criterion = read_criterion(text)
    assert (criterion.comparison, criterion.bound, criterion.unit) == wanted


def test_a_verify_block_is_read_as_yaml_and_whole() -> None:
    def read(*lines: str) -> tuple[str, str, str, bool, str]:
        c = read_criterion("It works", more=["  verify:", *(f"    {line}" for line in lines)])
        return str(c.kind), c.command, c.pattern, c.negated, c.wrong

    assert read("method: bash", 'run: "a \\"b\\""') == ("run", 'a "b"', "", False, "")
    assert read("run: |", "  a", "  b") == ("run", "a\nb", "", False, "")
    assert read("method: codebase", "pattern: x", "path: src", "expect: absent") == ("grep", "", "x", True, "")
    assert read("run: a", "shell: zsh")[4] == "`shell` of its verify block cannot be read"
    assert read("method: manual", "prompt: look") == ("text", "", "", False, "")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("test -f missing 2>&1 | tail -5", 1),
        ("sh -c 'exit 3' | tee out.log", 3),
        ("yes | head -1", 0),
        ("yes | grep -q y", 0),
        ("seq 1000000 | head -1 | cat", 0),
        ("false | yes | head -1", 1),
        ("yes | head -1 | grep -q n", 1),
        ("true | sh -c 'kill -PIPE $$'", 141),
        ("yes | head -1 && test -f missing", 141),
        ("[[ a == a ]] && test \"$(echo {a,b})\" = 'a b'", 0),
        ("exit 7", 7),
        ("cd /\ntest -f missing\necho done", 1),
        ("echo $UNSET_NAME\necho done", 1),
        ("false | cat\necho done", 1),
        ("# comment\n\nx=1\ntest $x = 1", 0),
        ("set +e\nfalse\ntrue", 0),
    ],
)
def test_bash_gives_the_exit_code_of_what_failed(command: str, code: int) -> None:
    argv = BASH.argv(read_criterion("run:", more=["  ~~~~~", *command.split("\n"), "  ~~~~~"]))
    done = subprocess.run(argv, capture_output=True, timeout=20, check=False, cwd="/")
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "a || true",
        "a || :",
        "a || echo failed",
        "a; true",
        "a; exit 0",
        "a; echo done",
        "true",
        ":",
        "echo fine",
        "exit 0",
        "set +e; a",
        "jest --passWithNoTests",
        "npm run test --if-present",
        "ruff check --exit-zero .",
        "a &",
        "server & sleep 1 && b",
        "a | grep -q x",
        "a | head -3",
        "a; b",
        "sh -c 'a || true'",
        "bash -c \"sh -c 'a; true'\"",
        "find . -name '*.py'",
        "curl http://localhost",
        "# nothing",
    ],
)
def test_a_command_that_hides_a_failure_is_named(command: str) -> None:
    assert list(weaknesses(command))
    warnings = [p for p in read_plan(plan_of(f"run: ``{command}``")).problems if p.severity == "warning"]
    assert [p.message for p in warnings if "criterion `run:" in p.message]


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q 2>&1 | tail -5",
        "a && b || exit 1",
        "! grep -q x f",
        "grep -q '|| true' f",
        "python3 -c 'import sys; sys.exit(0)'",
        "for f in *; do test -s $f || exit 1; done",
        "set -e; a; b",
        "export CI=1; a",
        "a > out 2>&1 && grep -q x out",
        "a &> out",
        'test "$(a | head -1)" = x',
        "curl -fsS http://localhost | jq -e .ok",
    ],
)
def test_nothing_is_said_about_a_command_that_can_fail(command: str) -> None:
    assert list(weaknesses(command)) == []


def test_a_timeout_is_kept_beside_a_block_of_code() -> None:
    assert asked_criterion("run: a\nb (timeout 90s)").timeout == timedelta(seconds=90)
    assert item_text(asked_criterion("run: a\nb (timeout 90s)")) == "run: (timeout 90s)\n  ~~~sh\n  a\n  b\n  ~~~"
