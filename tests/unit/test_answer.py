"""A model's plan in its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.plans import good

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.answer import blocks_of, read_answer
from mission_cli.document.plans.at_base import BaseFacts
from mission_cli.document.plans.plan import read_plan, write_plan

INNER = good().partition("```yaml\n")[2].partition("```")[0]


def problems(text: str) -> list[str]:
    return [p.at("answer") for p in read_answer(text).found]


def changed(old: str, new: str) -> str:
    assert old in good()
    return good().replace(old, new, 1)


@pytest.mark.parametrize(
    "text",
    [
        good(),
        INNER,
        f"```\n{INNER}```",
        f"~~~~yml\n{INNER}~~~~\nThat is all.",
        f"```yaml\n{INNER}",
        f"```YAML title=plan\r\n{INNER}```\r\n",
        "- see:\n\n  ```yaml\n" + "".join(f"  {line}\n" for line in INNER.splitlines()) + "  ```\n",
        f"```json\n{json.dumps(yaml.safe_load(INNER))}\n```",
        f"```yaml\ntitle: a draft\n```\nNo, better:\n{good()}\nYou could also run\n```sh\nmake\n```\n",
        f"{good()}\nThe form was:\n```yaml\nmilestones: []\n```\n",
    ],
    ids=["words", "bare", "plain", "tildes", "open", "crlf", "in a list", "json", "after a draft", "before an example"],
)
def test_the_plan_is_found_wherever_it_stands(text: str) -> None:
    read = read_answer(text)
    assert read.problems == ()
    assert read.plan is not None
    assert len(read.plan.milestones) == 3


def test_of_two_plans_the_last_one_counts() -> None:
    read = read_answer(good() + changed("title: Word counter", "title: Second thoughts"))
    assert read.plan is not None
    assert read.plan.title == "Second thoughts"


def test_a_fence_within_a_description_does_not_end_the_block() -> None:
    text = changed(
        "description: Write 1.1.txt.",
        "description: |\n          Like this:\n          ```sh\n          make\n          ```",
    )
    read = read_answer(text)
    assert read.plan is not None
    assert read.plan.milestones[0].features[0].description == "Like this:\n```sh\nmake\n```\n"


def test_an_answer_without_a_plan_says_so() -> None:
    assert problems("What do you mean?") == [
        "answer:1:1: error: the answer contains no plan (end with one fenced yaml block)"
    ]
    assert problems("") == ["answer:1:1: error: the answer contains no plan (end with one fenced yaml block)"]


def test_problems_have_a_place_in_the_answer_and_a_hint() -> None:
    criterion = 'criteria: ["file: `1.1.txt`"]'
    wrong = [
        ("estimate: 2h", "estimat: 2h"),
        ('["1.1"]', '["1.9"]'),
        ('["file: `1.1.txt`"]', "[]"),
        (criterion, "criteria: []"),
        (criterion, 'criteria: ["manual: it is beautiful"]'),
        (criterion, "criteria: [file: `1.1.txt`]"),
        (criterion, "criteria: [{walk: make}]"),
        ("estimate: 1h", f"estimate: {'1' * 50}"),
        ("estimate: 1h", "estimate: &a 1h\n        task: *a"),
    ]
    assert "\n".join(line for old, new in wrong for line in problems(changed(old, new))) == snapshot("""\
answer:8:5: error: unknown key `milestones.1.estimat` (did you mean `estimate`?)
answer:19:19: error: 1.2 depends on `1.9`, which does not exist (there are 1.1, 1.2, 2.1, 2.2, 3.1, 3.2)
answer:9:5: error: milestone 1 has no criterion (add `validation:` with criteria that can be run)
answer:14:9: error: feature 1.1 has no criterion (add `criteria:` with criteria that can be run)
answer:14:20: error: feature 1.1: `manual: it is beautiful` cannot be run (write it as run:, file:, grep:, not grep: or metric:, in quotes)
answer:14:26: error: not valid YAML: found character that cannot start any token (put texts, especially criteria, in double quotes: "run: `pytest -q`")
answer:14:20: error: `milestones.1.features.1.criteria.1`: a criterion is a text, but this is a mapping with `walk` (put it in quotes: "run: pytest -q")
answer:13:9: error: this estimate has 50 characters (at most 40 are allowed)
answer:14:15: error: aliases are not allowed (write it out)\
""")


def test_a_cycle_is_a_problem() -> None:
    text = changed(
        '        criteria: ["file: `1.1.txt`"]', '        criteria: ["file: `1.1.txt`"]\n        depends: ["1.2"]'
    )
    assert any("1.1" in p and "1.2" in p and "error" in p for p in problems(text))


def test_the_line_of_a_problem_is_the_line_of_the_whole_answer() -> None:
    text = "\n\n\n" + changed("estimate: 2h", "estimat: 2h")
    line = int(problems(text)[0].split(":")[1])
    assert text.splitlines()[line - 1].strip() == "estimat: 2h"


@pytest.mark.parametrize("bomb", ["[" * 100_000, "- " * 50_000, "{a: " * 20_000, "title: " + "[" * 60])
def test_deep_nesting_is_refused_and_crashes_nothing(bomb: str) -> None:
    assert "nested too deeply" in problems(f"```yaml\n{bomb}\n```")[0]
    assert "nested too deeply" in read_plan(bomb).problems[0].message


def test_aliases_that_stand_for_a_terabyte_are_refused_before_they_are_expanded() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 40)]
    assert problems("```yaml\n" + "\n".join(lines) + "\n```")[0].endswith("aliases are not allowed (write it out)")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "```" + "x" * 200_000 + "`",
        "`" * 200_000,
        "```yaml\n" * 20_000,
        "~" * 100_000 + "\n" + "~" * 99_999,
        "\n" * 200_000,
    ],
)
def test_no_answer_takes_long_to_read(text: str) -> None:
    assert read_answer(text).plan is None


def test_what_is_dropped_is_named_whatever_it_is() -> None:
    text = changed("milestones:", f"budget: 0x{'f' * 9000}\nid: [{'1' * 300}]\n1: x\nmilestones:")
    read = read_answer(text)
    assert [note.partition("it: ")[2] for note in read.notes] == [
        f"budget: 0x{'f' * 77}…",
        f"id: ['{'1' * 77}…",
    ]
    assert read.plan is None, "a key that nobody knows"


def test_a_milestones_name_keeps_its_brackets_and_never_makes_it_independent() -> None:
    read = read_answer(changed("name: Stage 1", "name: 'Stage [slug] [indep[independent]endent]'"))
    assert read.plan is not None
    assert read.plan.milestones[0].name == "Stage [slug]"


def test_a_long_description_with_nothing_in_it_is_refused() -> None:
    text = changed("description: Write 1.1.txt.", 'description: "a' + "\\n" * 50_000 + 'b"')
    assert [p.partition("error: ")[2] for p in problems(text)] == [
        "this description has 50002 characters (at most 4000 are allowed)"
    ]


@given(st.text(alphabet="`~ \nyaml:-[]{}&*a\"'<!>|", max_size=200))
def test_any_text_is_read_without_an_accident(text: str) -> None:
    read = read_answer(text)
    assert (read.plan is None) == bool(read.errors)
    assert all(block.text.endswith("\n") for block in blocks_of(text))


_words = st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40).filter(
    str.strip
)
_feature = st.fixed_dictionaries({"title": _words, "description": _words, "criteria": st.lists(_words, max_size=3)})
_milestone = st.fixed_dictionaries({"name": _words, "features": st.lists(_feature, min_size=1, max_size=3)})


@given(st.fixed_dictionaries({"title": _words, "goal": _words, "milestones": st.lists(_milestone, min_size=1)}))
def test_what_is_written_for_the_editor_reads_back_as_the_same_plan(values: dict[str, Any]) -> None:
    plan = read_plan(json.dumps(values)).plan
    if plan is not None:
        assert read_plan(write_plan(plan)).plan == plan


def test_the_prompt_shows_criteria_of_servers_and_pages_that_can_be_read_and_only_if_they_can_be_judged() -> None:
    def prompt(*kinds: str) -> str:
        values: dict[str, Any] = {
            "goal": "a shop", "mode": "full", "base": "main", "files": [], "more_files": 0, "commands": [],
            "milestones": (1, 9), "features": (1, 9), "sitting": "2 h", "limits": [], "kinds": kinds, "small": "1 h",
            "said": (), "asks": 0, "there": (),
        }  # fmt: skip
        return JinjaTemplates().render("prompts/plan.md.j2", values)

    def examples(text: str) -> list[str]:
        block = text.partition("```yaml\ncriteria:")[2].partition("```")[0]
        found: list[str] = yaml.safe_load(f"criteria:{block}")["criteria"] or []
        return found

    read = [asked_criterion(text) for text in examples(prompt("http", "browser"))]
    assert [(str(c.kind), c.wrong, c.conditions.serve) for c in read] == [
        ("http", "", "python3 -m shop"),
        ("browser", "", "python3 -m shop"),
    ]
    assert len(examples(prompt("http"))) == 1
    assert examples(prompt()) == []
    assert "browser" not in prompt("http")


def test_a_models_plan_gives_no_secret_to_a_check() -> None:
    asked = '- title: x\n        criteria:\n          - {run: make, secret: "A=file:~/.ssh/id_rsa"}\n      - title:'
    found = problems(good().replace("- title:", asked, 1))
    assert any("asks for a secret" in one for one in found), found


def test_a_small_goal_is_one_milestone_with_one_feature_and_nothing_in_between() -> None:
    def counts(milestones: int, features: int, *, bounded: bool = True) -> list[str]:
        read = read_answer(good(milestones=milestones, features=features), bounded=bounded)
        return [problem.message for problem in read.errors]

    assert counts(1, 1) == []
    assert counts(1, 2) == ["the plan has 1 milestone"]
    assert counts(3, 1) == [f"milestone {m} has 1 feature" for m in (1, 2, 3)]
    assert counts(2, 6, bounded=False) == [], "a person who wants it so decides it"


def test_a_model_names_files_assumptions_and_resources_but_no_status_of_a_resource() -> None:
    more = "assumptions: [texts are UTF-8]\nresources: [{name: PyPI, type: account, purpose: publish, status: ready}]"
    read = read_answer(good(more=more).replace("title: Part 1.1", "title: Part 1.1\n        files: [a.py]"))
    assert read.plan is not None
    assert (read.plan.assumptions, read.plan.milestones[0].features[0].files) == (["texts are UTF-8"], ["a.py"])
    [resource] = read.plan.resources
    assert (resource.name, resource.type, resource.purpose, resource.status) == ("PyPI", "account", "publish", "needed")
    assert read.notes == ("dropped, because a model may not decide it: resource 1: status: ready",)


def test_what_a_model_can_mend_is_a_doubt_and_what_only_people_weigh_is_none() -> None:
    text = (
        good(features=3)
        .replace("    estimate: 2h", "    estimate: 1h")
        .replace("file: `1.1.txt`", "run: `make || true`", 1)
    )
    text = text.replace("title: Part 2.1", "title: Part 2.1\n        files: [a.py]")
    text = text.replace("title: Part 2.2", "title: Part 2.2\n        files: [a.py]").replace(
        '        depends: ["2.1"]\n', ""
    )
    facts = BaseFacts(lambda paths: dict.fromkeys({"3.1.txt"} & set(paths), "x"), lambda _: ())
    read = read_answer(text, facts=facts)
    assert read.plan is not None
    assert [problem.message for problem in read.doubts] == snapshot(
        [
            "the criterion `run: `make || true``: `|| true` masks the exit code of the command before it: it always passes",
            "2.2 may run at the same time as 2.1, and both change a.py",
            "the criterion `file: `3.1.txt`` passes on the base, before any work",
            "the criterion `file: `3.1.txt`` passes on the base, before any work",
        ]
    )


@pytest.mark.parametrize("pattern", ["(a+)+$", "a*", "(x|y)", "a{1,9}", "a?"])
def test_a_pattern_that_may_take_forever_is_not_tried(pattern: str) -> None:
    text = good().replace("file: `1.1.txt`", f"grep: `{pattern}` in `notes.txt`", 1)
    facts = BaseFacts(lambda paths: dict.fromkeys({"notes.txt"} & set(paths), "a" * 60 + "!"), lambda _: ())
    assert read_answer(text, facts=facts).doubts == ()


def test_without_bash_a_pipe_hides_a_failure() -> None:
    def doubts(command: str, *, bash: bool) -> list[str]:
        text = good().replace("file: `1.1.txt`", f"run: `{command}`", 1)
        facts = BaseFacts(lambda _: {}, lambda _: (), bash=bash)
        return [problem.message for problem in read_answer(text, facts=facts).doubts]

    assert doubts("pytest | tail", bash=True) == []
    assert doubts("pytest && echo 'a | b'", bash=False) == []
    assert doubts("pytest | tail", bash=False) == [
        "the criterion `run: `pytest | tail``: without bash, only the exit code of the last program of a pipe counts"
    ]
