"""Suggestions and requirements as models write them, and what is read of them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.proposals import ANALYSES, BROKEN, REQUIREMENTS

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.editing import patch
from mission_cli.document.plans.additions import added_plan
from mission_cli.document.plans.phased import phased_plan
from mission_cli.document.plans.plan import override, template_values
from mission_cli.document.reading.load import load
from mission_cli.domain.phases.proposals import Analysis
from mission_cli.domain.problems import Problem
from mission_cli.domain.status import CriterionKind
from mission_cli.interchange.proposals.lenient import LONGEST
from mission_cli.interchange.proposals.requirements import Requirements, read_requirements
from mission_cli.interchange.proposals.suggestions import read_suggestions

if TYPE_CHECKING:
    from tests.kit.proposals import Required, Suggested

PIECES = (
    *('{"suggestions": [', '{"title": "A", "why": "b"}', '{"name": "B"}', ",", "]}", "```json\n", "```\n", "Here is the list:\n"),
    *('{"tasks": [', '{"id": "t1", "title": "T", "depends_on": ["t2"]}', '{"title": "U", "acceptance_criteria": ["run: `x`"]}'),
    *('"milestones": [{"name": "M", "features": ["x"]}]', "- one\n", "## Tasks\n", "\x00", "\x1b[31m", "\u202e", "\ud800", "[", "{", "}"),
    *("<think>\nhm\n</think>\n", "1. **A**: b\n", "'", '"', "\\", "\n", "  ", "é 日本", "null", "[depends:1.1]", "|", "-->", "<!--"),
)  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=200))
ENTRIES = st.dictionaries(
    st.sampled_from(("title", "name", "why", "files", "effort", "priority", "depends_on", "acceptance_criteria", "id")),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.text(max_size=9))
    ),
    max_size=6,
)
DOCUMENTS = st.one_of(
    st.lists(ENTRIES, max_size=8),
    st.dictionaries(st.sampled_from(("suggestions", "tasks", "milestones", "prd")), st.lists(ENTRIES, max_size=8)),
).map(json.dumps)


BEFORE = JinjaTemplates().render(
    "mission.md.j2",
    template_values(
        phased_plan("Edit texts", "development"), mission_id="m", created="", created_by="", repo="", base="main"
    ),
)


@pytest.mark.parametrize("case", ANALYSES, ids=lambda case: case.name)
def test_suggestions_of_a_model(case: Suggested) -> None:
    read = read_suggestions(case.text)
    assert isinstance(read, Analysis), read
    assert [(s.title, s.why, s.effort, s.files) for s in read.suggestions] == list(case.expected)
    assert (read.stack, read.structure, read.notes) == (case.stack, case.structure, case.notes)


@pytest.mark.parametrize("case", REQUIREMENTS, ids=lambda case: case.name)
def test_requirements_of_a_model(case: Required) -> None:
    read = read_requirements(case.text)
    assert isinstance(read, Requirements), read
    shown = [
        (m.name, [(f.title, f.depends, f.criteria) for f in m.features], m.validation) for m in read.plan.milestones
    ]
    assert (read.plan.title, shown, read.notes) == (case.title, case.expected, case.notes)


@pytest.mark.parametrize(("text", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_document_that_is_empty_or_broken_is_refused_with_its_line(text: str, said: str) -> None:
    for read in (read_suggestions(text), read_requirements(text)):
        assert isinstance(read, Problem)
        assert (f"{read.line}: {read.message}".startswith(said), bool(read.hint)) == (True, True), read


@settings(max_examples=40, deadline=None)
@given(st.one_of(TEXTS, DOCUMENTS))
def test_any_text_has_at_most_five_plain_suggestions(text: str) -> None:
    read = read_suggestions(text)
    if isinstance(read, Analysis):
        assert 1 <= len(read.suggestions) <= 5
        said = [t for s in read.suggestions for t in (s.title, s.effort, *s.files, *s.why.split("\n"))]
        assert all(c.isprintable() or c == "\t" for t in said for c in t), said
        assert all(s.title for s in read.suggestions)
    else:
        assert read.message


@settings(max_examples=40, deadline=None)
@given(st.one_of(TEXTS, DOCUMENTS))
def test_any_requirements_make_a_mission_file_without_errors(text: str) -> None:
    read = read_requirements(text)
    if isinstance(read, Requirements):
        plan = override(read.plan, {"id": "m"}, {"money_usd": "5"})
        values = template_values(plan, mission_id="m", created="2026-11-20", created_by="Ada", repo="", base="main")
        loaded = load(JinjaTemplates().render("mission.md.j2", values), "m")
        assert loaded.errors() == ()
        assert loaded.mission.milestones
        adopted = load(patch.apply(BEFORE, list(added_plan(read.plan, 2)), where="m"), "m")
        assert adopted.errors() == ()
        assert [[f.title for f in m.features] for m in adopted.mission.milestones[2:]] == [
            [f.title for f in m.features] for m in loaded.mission.milestones
        ]
        assert [[c.text for c in f.criteria] for m in adopted.mission.milestones[2:] for f in m.features] == [
            [c.text for c in f.criteria] for f in loaded.mission.features()
        ]
        assert not [c for f in loaded.mission.features() for c in f.criteria if c.wrong or c.conditions.secrets]
    else:
        assert read.message


def test_long_documents_are_bounded_and_read_in_time() -> None:
    began = time.process_time()
    many = [{"title": f"T{n}", "acceptance_criteria": [f"run: `make t{c}`" for c in range(40)]} for n in range(120)]
    read = read_requirements(json.dumps({"title": "T", "tasks": many}))
    assert isinstance(read, Requirements)
    (milestone,) = read.plan.milestones
    assert (len(milestone.features), len(milestone.features[0].criteria)) == (100, 30)
    assert read.notes[-1] == "20 tasks left out: at most 100 are taken"
    too_long = read_requirements("x" * (LONGEST + 1))
    assert isinstance(too_long, Problem)
    assert too_long.message == f"it has {LONGEST + 1} characters"
    for text in ("{" * 9_000, '{"a":' * 5_000, "[" * 9_000, "```json\n" * 2_000, "- x\n" * 2_000):
        read_suggestions(text)
        read_requirements(text)
    assert time.process_time() - began < 20


def test_what_only_a_person_decides_is_not_read() -> None:
    text = json.dumps(
        {
            "title": "T",
            "budget": {"money_usd": 1000},
            "runner": "evil",
            "tasks": [{"title": "A", "side_effects": True, "acceptance_criteria": ["run: `deploy`\nsecrets: TOKEN"]}],
        }
    )
    read = read_requirements(text)
    assert isinstance(read, Requirements)
    assert (read.plan.budget.money_usd, read.plan.preferences.runner) == (0, "")
    (feature,) = read.plan.milestones[0].features
    assert not feature.side_effects
    values = template_values(read.plan, mission_id="m", created="", created_by="", repo="", base="main")
    loaded = load(JinjaTemplates().render("mission.md.j2", values), "m")
    assert [c.kind for f in loaded.mission.features() for c in f.criteria] == [CriterionKind.MANUAL]


def test_weak_criteria_are_named_as_by_lint() -> None:
    read = read_requirements(
        '{"title": "T", "tasks": [{"title": "A", "acceptance_criteria": ["run: `pytest || true`"]}]}'
    )
    assert isinstance(read, Requirements)
    assert [w.message for w in read.warnings if "masks" in w.message] == [
        "the criterion `run: `pytest || true``: `|| true` masks the exit code of the command before it: it always passes"
    ]
