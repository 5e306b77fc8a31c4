"""The zoo through the command line: no false green, each cheat is told why by `mission why`, each honest twin passes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import needs_bubblewrap
from tests.kit.nightly import NIGHTLY
from tests.zoo.cases import HONEST, cheats
from tests.zoo.program import prepare, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.zoo.court import Case, Sentence

BY_DAY = {
    "pytest: a conftest that deselects": "off",
    "script: what it sources": "on",
    "unittest: the failing test deleted": "off",
    "honest: the program changed": "on",
    "honest: a check changed, with the plan's word": "off",
}
"""Of each kind one, and whether it is in a sandbox."""
CASES = [*cheats(), *HONEST]
TRIED = [
    (c, box) for c in CASES for box in (("off", "on") if NIGHTLY else (BY_DAY[c.name],) if c.name in BY_DAY else ())
]


@pytest.fixture
def said(case: Case, sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sentence]:
    """What came of a case."""
    if sandbox == "on":
        needs_bubblewrap()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        someone = prepare(tmp_path, case, sandbox=sandbox == "on")
        try:
            yield sentence(someone, case)
        finally:
            someone.leave()


@pytest.mark.parametrize(("case", "sandbox"), TRIED, ids=[f"{case.name}, sandbox {box}" for case, box in TRIED])
def test_a_case_ends_as_it_should(case: Case, said: Sentence) -> None:
    assert said.green is not bool(case.because), said.why
    assert case.because in said.why


def test_the_cases_by_day_are_there() -> None:
    assert {case.name for case in CASES} >= set(BY_DAY)
