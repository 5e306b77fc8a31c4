"""Requirements documents as people write them, in `tests/prds`, and the plans that they become."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.template import PLAN as OURS

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.plans.plan import override, template_values, write_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.status import EXECUTABLE_KINDS
from mission_cli.interchange.from_prd import read_prd
from mission_cli.interchange.sources import sniff

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.domain.mission import Mission
    from mission_cli.interchange.sources import Taken

PRDS = sorted((Path(__file__).resolve().parents[1] / "prds").glob("*.md"))
LINES = (
    *("# Title", "## Requirements", "## Non-goals", "## Milestones", "### Milestone 1: A", "### US-1: Sign up", "Later", "==="),
    *("---", "- item", "  - nested", "    - deeper", "- [x] done", "- [ ] open", "1. **Bold**: text", "- FR-1: first", "- FR-2"),
    *("| ID | Requirement | Depends on |", "|---|:-:|--:|", "| FR-1 | a \\| b | FR-2 |", "| x |", "||", "```", "~~~", "> quote"),
    *("Acceptance criteria:", "- Depends on: FR-1", "- Estimate: 2h", "Priority: High", "As a user, I want to log in so that I can."),
    *("", "", "text", "\ttab", "<!-- comment", "-->", "**", "- ", "#", "- run: `rm -rf /`", "run: `true`", "[depends:1.1]", "é 日本"),
)  # fmt: skip


def shown(taken: Taken) -> str:
    """Return a plan as the files beside the documents have it."""
    assert taken.plan is not None, taken.problems
    return "".join(f"# not imported: {line}\n" for line in taken.left) + write_plan(taken.plan)


def made(taken: Taken) -> Mission:
    """Return the mission of an imported document, whose file has no error."""
    assert taken.plan is not None, taken.problems
    plan = override(taken.plan, {"id": "m"}, {"money_usd": "5"})
    values = template_values(plan, mission_id="m", created="2026-11-20", created_by="Ada", repo="", base="main")
    loaded = load(JinjaTemplates().render("mission.md.j2", values), "m")
    assert loaded.errors() == ()
    return loaded.mission


@pytest.mark.parametrize("file", PRDS, ids=lambda file: file.stem)
def test_a_document_becomes_this_plan(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert sniff(text) == "prd"
    assert shown(read_prd(text)) == file.with_suffix(".yaml").read_text(encoding="utf-8")
    mission = made(read_prd(text))
    criteria = [c for m in mission.milestones for c in (*m.criteria, *(c for f in m.features for c in f.criteria))]
    assert not [c.text for c in criteria if c.kind in EXECUTABLE_KINDS], "prose never becomes a command"


def test_there_are_documents_of_many_forms() -> None:
    assert len(PRDS) >= 10


@settings(max_examples=60)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_any_document_becomes_a_mission_without_errors_or_is_empty(lines: list[str]) -> None:
    text = "\n".join(lines)
    taken = read_prd(text)
    if text.strip():
        mission = made(taken)
        assert mission.milestones
        assert all(m.features for m in mission.milestones)
        criteria = [c for f in mission.features() for c in f.criteria]
        assert not [c.text for c in criteria if c.kind in EXECUTABLE_KINDS]
    else:
        assert [p.message for p in taken.problems] == ["the file is empty"]


@pytest.mark.parametrize(
    "text",
    [
        "- " + "a *" * 8_000,
        "- as a " + "x " * 8_000,
        "\n".join(" " * (i % 40) + "- x" for i in range(3_000)),
        "word " * 15_000,
        "- **" + "a" * 15_000,
        "_" * 15_000,
        "<!--" * 6_000,
        "# " + "[a](" * 6_000,
        "## Tasks\n" + "".join(f"- FR-{i}: a\n  - Depends on: FR-{i - 1}\n" for i in range(700)),
    ],
)
def test_a_long_document_is_read_in_time(text: str) -> None:
    began = time.process_time()
    assert read_prd(text).plan is not None
    assert time.process_time() - began < 5


def test_a_plan_file_of_ours_is_recognized_and_a_plan_in_a_document_is_not() -> None:
    assert sniff(OURS) == "plan"
    assert sniff(json.dumps({"title": "T", "milestones": [{"name": "A"}]}, indent=2)) == "plan"
    assert sniff(f"# PRD\n\n```yaml\n{OURS}```\n") == "prd"
    assert sniff("---\ntitle: T\nauthor: Ada\n---\n\n## Milestones\n\n### Milestone 1\n") == "prd"
    assert sniff("---\nid: m\nstatus: active\n---\n\n## Milestones\n") == "aidevops"
    assert sniff("# M\n\n### Milestone 1: Core\n\n**Status:** active\n") == "aidevops"


def test_import_of_a_plan_file_makes_the_same_mission_as_new(person: Person, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(OURS)
    person.mission("new", "--plan", str(tmp_path / "plan.yaml"), "--id", "first")
    facts = person.mission("import", str(tmp_path / "plan.yaml"), "--id", "other", "--json").facts
    assert facts["from"] == "plan"
    one, two = (person.file(name).read_text().replace(name, "ID") for name in ("first", "other"))
    assert one == two
    broken = tmp_path / "broken.yaml"
    broken.write_text("title: T\nmilestones:\n  - name: A\n    featurs: []\n")
    assert person.mission("import", str(broken), ok=(1,)).err.splitlines()[0] == (
        f"{broken}:4:5: error: unknown key `milestones.1.featurs` (did you mean `features`?)"
    )
