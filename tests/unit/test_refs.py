"""Names of branches and refs are made and parsed in one module."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli.domain.branches.refs import (
    Area,
    branch_of,
    head_of,
    is_work,
    mission_of,
    poc_branch,
    run_branch,
    run_of,
    work_branch,
)
from mission_cli.domain.ids import MissionId, RunId

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src" / "mission_cli"
SPELLED = re.compile(r"refs/(?:heads/)?mission/[a-z]|(?:^|[\s`(])mission/\Z|(?:^|[\s`(])mission/\S+/(?:work|poc)")
"""A ref, or the beginning of a branch's name before a value."""


def spelled(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string, other than a docstring, that contains the name of a branch or ref."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docs and SPELLED.search(text):
                yield node.lineno, text


def test_no_module_spells_the_name_of_a_branch_or_ref() -> None:
    modules = [p for p in SOURCE.rglob("*.py") if p.relative_to(SOURCE).as_posix() != "domain/branches/refs.py"]
    found = {p.relative_to(SOURCE).as_posix(): list(spelled(p.read_text("utf-8"))) for p in modules}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "source", ['f"mission/{m}/work"', 'ref = f"refs/mission/wip/{run}"', 'words = f"the branch `mission/{run}`"']
)
def test_each_form_in_which_one_could_be_written_is_found(source: str) -> None:
    assert list(spelled(source))


def test_what_is_made_is_parsed() -> None:
    mission, run = MissionId("m-1"), RunId("m-1/1.2-a3")
    assert [work_branch(mission), poc_branch(mission), run_branch(run)] == [
        "mission/m-1/work",
        "mission/m-1/poc",
        "mission/m-1/1.2-a3",
    ]
    work = head_of(work_branch(mission))
    assert (work, branch_of(work), is_work(work)) == ("refs/heads/mission/m-1/work", "mission/m-1/work", True)
    assert work == Area.BRANCHES.of("m-1/work")
    assert not is_work("refs/heads/feature/work")
    for area in Area:
        ref = area.of(run)
        assert (area.within(ref), run_of(ref, area), mission_of(ref, area)) == (run, run, mission)
    assert run_of(work, Area.BRANCHES) is None
    assert run_of(Area.WIP.of(run), Area.BRANCHES, Area.CLAIMS) is None
    assert mission_of("refs/heads/main", *Area) == ""
