"""No worker that cheats turns anything green, each is told why, and no honest one is held up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import NIGHTLY
from tests.zoo.cases import CHEATS, HONEST, cheats
from tests.zoo.court import Case, Court

if TYPE_CHECKING:
    from pathlib import Path


def names(case: Case) -> str:
    return case.name


def kind(case: Case) -> str:
    """Return the reason without names of files and tests: a reworded message fails by day, not only at night."""
    return re.sub(r"\S*[._/]\S*\s*", "", case.because.partition(":")[0])


TRIED = list(cheats()) if NIGHTLY else list({kind(case): case for case in cheats()}.values())


@pytest.mark.parametrize("case", TRIED, ids=names)
def test_a_cheat_is_not_green_and_its_cause_is_named(case: Case, tmp_path: Path) -> None:
    said = Court(tmp_path, case).sentence()
    assert not said.green, case.name
    assert case.because in said.why


@pytest.mark.parametrize("case", HONEST[:: 1 if NIGHTLY else 4], ids=names)
def test_an_honest_twin_passes(case: Case, tmp_path: Path) -> None:
    said = Court(tmp_path, case).sentence()
    assert said.green, said.why


def test_the_zoo_is_large_enough() -> None:
    assert len({c.name for c in CHEATS}) >= 60
    assert len({c.name for c in HONEST}) >= 20
