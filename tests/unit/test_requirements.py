"""The page of requirements: each statement stands there once, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.kit.proofs import exists

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/requirements.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (S\d\.\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def test_each_statement_stands_there_once_and_names_its_proof() -> None:
    numbers = [number for number, _, _ in ROWS]
    assert len(ROWS) == PAGE.count("\n| S")
    assert sorted(set(numbers)) == sorted(numbers)
    assert all(words.endswith(".") and re.fullmatch(r"`[^`]+`(, `[^`]+`)*", proofs) for _, words, proofs in ROWS)


@pytest.mark.parametrize(
    "proof", sorted({proof for _, _, proofs in ROWS for proof in re.findall(r"`([^`]+)`", proofs)})
)
def test_a_test_that_is_named_exists(proof: str) -> None:
    assert exists(proof), proof
