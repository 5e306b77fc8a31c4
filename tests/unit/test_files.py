"""`mission lint`, `fmt` and `schema` as people and editors use them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.golden import constructs, read_text
from tests.kit.template import TEXT
from tests.unit.test_wild import WILD

from mission_cli.document.checking.align import aligned
from mission_cli.document.reading.front_schema import (
    KEYS,
    front_problems,
    front_schema,
)
from mission_cli.document.syntax.front import read_front
from mission_cli.settings.described import example
from mission_cli.surfaces.schemas import settings_schema

if TYPE_CHECKING:
    from tests.kit.people import Person

ROOT = Path(__file__).resolve().parents[2]
TEN = """\
---
id: m-ten
status: going
priorty: high
deadline: soon
budget: {money_usd: lots}
---

# Ten

### Milestone 1: A

**Status:** half
**Validation:** run: `true`

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one `[depends:7.7]` | done |
| 1.2 | two | on hold |
| 1.2 | three | done |
| | four | done |

| 1.9 | outside | done |

## Gates

| Gate | Kind |
|------|------|
| g | vote |

## Progres Log
"""


class _Texts(yaml.SafeLoader):
    """YAML as JSON schemas see it: a date is a text."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def front_of(text: str) -> Any:
    front = read_front(text)
    return yaml.load(text[front.start : front.end], Loader=_Texts)  # noqa: S506 - a safe loader without dates


def test_ten_mistakes_are_named_at_their_line_and_column_in_one_run(person: Person) -> None:
    person.write("missions/m-ten/mission.md", TEN)
    answer = person.mission("lint", "missions/m-ten/mission.md", ok=(1,))
    lines = [line for line in answer.out.splitlines() if "has no criterion" not in line]
    assert "\n".join(lines) == snapshot("""\
missions/m-ten/mission.md:3:9: warning: the status `going` is not known (it is kept, but the mission does not run)
missions/m-ten/mission.md:4:1: warning: the key `priorty` is not known here (did you mean `priority`?)
missions/m-ten/mission.md:5:11: warning: `deadline` is not a date: `soon` (write it as 2026-11-20 or 2026-11-20T10:00:00Z)
missions/m-ten/mission.md:6:21: warning: `budget.money_usd` is not a number: `lots` (it is read as unset; write a number, or unlimited)
missions/m-ten/mission.md:6:21: warning: there is no budget cap (`start` needs one: set money_usd, time_hours or token_limit, or write unlimited)
missions/m-ten/mission.md:13:1: warning: milestone 1 has the status `half`, which is not known (it is kept but does not run)
missions/m-ten/mission.md:14:1: warning: the criterion `run: `true``: `true` always passes (write a command that fails if the work is wrong)
missions/m-ten/mission.md:18:3: error: 1.1 depends on `7.7`, which does not exist (there are 1.1, 1.2)
missions/m-ten/mission.md:19:3: warning: 1.2 has the status `on hold`, which is not known (it is kept but does not run; use pending, dispatched, review, done, failed or skipped)
missions/m-ten/mission.md:20:3: error: two features have the number 1.2 (the other one is in line 19; give one of them a new number)
missions/m-ten/mission.md:21:3: error: a feature without a number (write 1.N into the column #)
missions/m-ten/mission.md:23:1: error: the feature 1.9 is outside of its table, so it is not read (put it below the header and the `|---|` line of a table, without a blank line between them)
missions/m-ten/mission.md:29:3: error: the gate `g` has the kind `vote`, which is not known (use one of checkpoint, approval, quality, delay)
missions/m-ten/mission.md:31:1: warning: the section `Progres Log` is not known; it is kept but not read (did you mean `## Progress Log`?)
5 errors, 12 warnings\
""")
    facts = person.mission("lint", "missions", "--json", ok=(1,)).facts
    assert facts["errors"] == 5
    assert [p["line"] for p in facts["problems"] if p["line"] < 6] == [3, 4, 5]


@pytest.mark.parametrize("command", ["lint", "fmt --check"])
def test_a_folder_is_looked_at_however_it_is_named(person: Person, command: str) -> None:
    broken = TEN.replace("| # | Feature", "|  #  | Feature", 1)
    for path in ("missions/m-ten/mission.md", "missions/old-mission.md", "sub/todo/missions/a/mission.md"):
        person.write(path, broken)
    (person.repo / "empty").mkdir()
    words, repo = command.split(), person.repo
    names = {"missions": 2, repo / "missions": 2, ".": 3, repo: 3, "missions/m-ten": 1, repo / "missions/m-ten": 1}
    names |= {"sub": 1, repo / "sub/todo": 1, "missions/../missions": 2, repo / "missions/m-ten/mission.md": 1}
    for name, count in names.items():
        said = person.mission(*words, str(name), ok=(1,)).out
        assert len(set(re.findall(r"(?m)^[^:\n]*mission\.md(?=:)", said))) == count, (name, said)
    refused = person.mission(*words, str(repo / "empty"), ok=None)
    assert (refused.code, refused.err.splitlines()[0]) == (1, f"error: there is no mission file in {repo / 'empty'}")


def test_what_has_one_right_answer_is_mended_and_the_rest_named(person: Person) -> None:
    path = person.write("missions/m-ten/mission.md", TEN.replace("| g | vote |", "| g |"))
    answer = person.mission("lint", "--fix", "missions", ok=(1,))
    assert [line for line in answer.out.splitlines() if ": fixed: " in line] == [
        "missions/m-ten/mission.md:29: fixed: added 1 empty cell at the end of the row",
        "missions/m-ten/mission.md:21: fixed: gave the feature the number 1.3",
    ]
    text = path.read_text(encoding="utf-8")
    assert "| 1.3 | four | done |\n" in text
    assert "| g | |\n" in text
    again = person.mission("lint", "--fix", "missions", "--json", ok=(1,)).facts
    assert again["fixed"] == []
    assert path.read_text(encoding="utf-8") == text


def test_committed_missions_are_checked_by_id_and_mended_where_they_lie(person: Person) -> None:
    plan = person.write("plan.yaml", "title: T\nmilestones: [{name: A, features: [{title: one}]}]\n")
    person.mission("new", "--plan", str(plan), "--id", "m")
    path = person.repo / "missions/m/mission.md"
    path.write_text(path.read_text(encoding="utf-8").replace("| 1.1 | one |", "|  | one |"), encoding="utf-8")
    assert person.mission("lint", "m", "--json", ok=(1,)).facts["errors"] == 1
    assert person.mission("lint", "m", "--fix", "--json").facts["fixed"][0]["message"] == (
        "gave the feature the number 1.1"
    )
    said = person.mission("fmt", "m").out.splitlines()
    command = f"git -C {path.resolve().parent.parent} commit -m 'Edit m/mission.md' -- m/mission.md"
    assert said == [
        f"{path.resolve()}: aligned",
        "these changes do not count until you commit them:",
        f"  {command}",
    ]
    subprocess.run(command, shell=True, check=True, capture_output=True)  # noqa: S602 - as it is shown
    assert person.mission("fmt", "--check").out == "all tables are aligned\n"
    assert person.mission("lint", "m", "--fix", "--json").facts["commit"] == []


def test_an_edit_on_disk_is_checked_and_named_as_not_committed(person: Person) -> None:
    plan = person.write("plan.yaml", "title: T\nmilestones: [{name: A, features: [{title: one}]}]\n")
    person.mission("new", "--plan", str(plan), "--id", "m")
    place = person.repo.resolve() / "missions/m/mission.md"
    text, clean = place.read_text(encoding="utf-8"), person.mission("lint", "m").out
    command = f"git -C {place.parent.parent} commit -m 'Edit m/mission.md' -- m/mission.md"
    words = "warning: this is the file on disk; until you commit it, the committed one counts, which has"
    place.write_text(text.replace("\nstatus: ", "\nstatus: [", 1), encoding="utf-8")
    for names in (["m"], []):
        said = person.mission("lint", *names, ok=(1,)).out
        assert f"{place}:1:1: {words} 0 errors ({command})\n" in said
        assert "error: the front matter cannot be read" in said
    subprocess.run(command, shell=True, check=True, capture_output=True)  # noqa: S602 - as it is shown
    place.write_text(text, encoding="utf-8")
    said = person.mission("lint", "m").out
    assert f"{words} 1 error ({command})\n" in said
    assert "cannot be read" not in said
    person.git("commit", "--quiet", "-am", "As it was", cwd=place.parent)
    assert person.mission("lint", "m").out == clean


def test_fmt_aligns_and_says_what_it_did(person: Person) -> None:
    path = person.write("missions/m/mission.md", TEN)
    assert person.mission("fmt", "--check", "missions", ok=(1,)).out == "missions/m/mission.md: would be aligned\n"
    assert path.read_text(encoding="utf-8") == TEN
    assert person.mission("fmt", "missions").out == "missions/m/mission.md: aligned\n"
    assert person.mission("fmt", "missions", "--json").facts == {
        "schema": 1,
        "changed": [],
        "written": True,
        "commit": [],
    }


@settings(deadline=None)
@given(
    st.sampled_from([TEXT, *map(read_text, WILD)]), st.text(alphabet="|`\\ a漢é-:", max_size=30), st.integers(0, 400)
)
def test_aligning_is_idempotent_and_moves_only_white_space(text: str, piece: str, line: int) -> None:
    lines = text.split("\n")
    new = "\n".join([*lines[:line], piece, *lines[line:]])
    tidy = aligned(new)
    assert aligned(tidy) == tidy
    assert re.sub(r"[\s-]", "", tidy) == re.sub(r"[\s-]", "", new)


def test_a_byte_that_is_no_utf_8_is_named_and_kept(person: Person) -> None:
    path = person.repo / "missions/m/mission.md"
    path.parent.mkdir(parents=True)
    path.write_bytes(TEN.encode().replace(b"# Ten", b"# T\xe9n"))
    assert "9:4: warning: a byte that is not UTF-8" in person.mission("lint", "missions", ok=(1,)).out
    person.mission("fmt", "missions")
    assert b"# T\xe9n" in path.read_bytes()


@pytest.mark.parametrize("folder", constructs(), ids=lambda f: f.name)
def test_the_schema_and_lint_agree_about_every_golden_file(folder: Path) -> None:
    for text in (read_text(folder / "before.md"), read_text(folder / "after.md")):
        front = read_front(text)
        if front.missing or front.problems:
            continue
        complaints = [p for p in front_problems(front) if "did you mean" not in p.hint]
        errors = list(jsonschema.Draft202012Validator(front_schema()).iter_errors(front_of(text)))
        assert bool(errors) == bool(complaints), (complaints, errors)


def test_the_template_and_the_files_found_outside_validate() -> None:
    validator = jsonschema.Draft202012Validator(front_schema())
    validator.check_schema(front_schema())
    assert list(validator.iter_errors(front_of(TEXT))) == []
    for path in WILD:
        text = read_text(path)
        complaints = [] if read_front(text).missing else list(front_problems(read_front(text)))
        errors = [] if read_front(text).missing else list(validator.iter_errors(front_of(text)))
        assert len(errors) == len(complaints), path.name


@pytest.mark.parametrize("wrong", ["mode: half", "status: going", "deadline: soon", "budget: {money_usd: lots}", "executions: often", "autonomous: maybe", "preferences: {land: later}", "title: [a]", "budget: 5"])  # fmt: skip
def test_what_lint_complains_about_an_editor_underlines_too(wrong: str) -> None:
    text = f"---\n{wrong}\n---\n"
    assert list(front_problems(read_front(text)))
    assert list(jsonschema.Draft202012Validator(front_schema()).iter_errors(front_of(text)))


def test_every_key_of_the_contract_is_known() -> None:
    page = (ROOT / "docs/format.md").read_text(encoding="utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    found = {".".join(path) for path, _ in read_front(f"---\n{block}---\n").scalars()}
    assert {name for name in found if not name.startswith(("model_routing.", "in_force.", "noted."))} <= set(KEYS)


def test_rows_that_nothing_acts_on_are_shown(person: Person) -> None:
    text = read_text(ROOT / "tests/golden/kept-sections/after.md")
    person.commit("A mission", **{"todo/missions/m-golden/mission.md": text})
    shown = person.mission("show", "m-golden").out
    assert shown[shown.index("Phases") : shown.index("/todo/missions")].splitlines()[:-1] == snapshot(
        [
            "Phases",
            "  planning: milestones, gate prd_review, back to planning  (done)",
            "",
            "Team",
            "  agent: reviewer, role: looks at the API, runner: opencode, model: opus, max parallel: 1, volatile: yes",
            "",
            "Mission Agents",
            "  agent: reader, purpose: reads, path: agents/reader.md",
            "",
            "Research",
            "  topic: Banks, summary: all alike, source: `research/banks.md`, date: 2026-11-20",
            "",
            "Outcomes",
            "  type: file, label: The parser, value: parse.py, feature: 1.1, date: 2026-11-20",
            "",
        ]
    )
    kept = person.mission("show", "m-golden", "--json").facts["mission"]["kept"]
    assert kept[0] == snapshot(
        {
            "section": "Team",
            "cells": {
                "agent": "reviewer",
                "role": "looks at the API",
                "runner": "opencode",
                "model": "opus",
                "max parallel": "1",
                "volatile": "yes",
            },
            "line": 40,
        }
    )


def test_the_schemas_are_printed_for_editors(person: Person) -> None:
    assert json.loads(person.mission("schema").out) == front_schema()
    assert person.mission("schema", "settings", "--json").facts["document"] == settings_schema()
    person.mission("schema", "nothing", ok=(2,))


def test_the_settings_schema_takes_what_the_parser_takes() -> None:
    validator = jsonschema.Draft202012Validator(settings_schema())
    commented = "\n".join(line.removeprefix("# ") for line in example().splitlines())
    for text in (commented, 'stuck_after = "2h"\n[runners.x]\ndeadline = "90m"\ncommand = "sh"\n'):
        assert list(validator.iter_errors(tomllib.loads(text))) == []
    for text in ("sandbx = 1", 'sandbox = "maybe"', 'stuck_after = "soon"', "[runners.x]\ncomand = []"):
        assert list(validator.iter_errors(tomllib.loads(text)))


def test_the_hooks_for_pre_commit_find_mission_files() -> None:
    path = ROOT / ".pre-commit-hooks.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-manifest", str(path)], check=True)
    for hook in yaml.safe_load(path.read_text(encoding="utf-8")):
        for name in ("missions/m/mission.md", "todo/missions/m/mission.md", "todo/missions/m-1-mission.md"):
            assert re.search(hook["files"], name), (hook["id"], name)
        for name in ("README.md", "missions/m/runs/1.1-a1.md", "missions/m/research/x.md", "src/mission.md"):
            assert not re.search(hook["files"], name), (hook["id"], name)
