"""The format by example: each directory in tests/golden, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.golden import constructs, edits_of, outcome, read_text

from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("folder", constructs(), ids=lambda f: f.name)
def test_the_edits_give_what_stands_there_and_nothing_else(folder: Path) -> None:
    said, done = edits_of(folder), outcome(folder)
    assert done.text == read_text(folder / "after.md")
    assert done.refused == said.get("refused", [])
    assert done.problems == said.get("problems", [])
    assert said["about"]


@pytest.mark.parametrize("folder", constructs(), ids=lambda f: f.name)
def test_reading_and_writing_without_a_change_gives_the_same_bytes(folder: Path) -> None:
    for name in ("before.md", "after.md"):
        text = read_text(folder / name)
        assert patch.apply(load(text).layout.text, []) == text
