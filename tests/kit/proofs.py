"""Names of tests, for pages and tables that say which test proves what."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]


@cache
def names_in(place: str) -> frozenset[str]:
    """The functions of a file of tests, `unit/test_text.py`."""
    tree = ast.parse((TESTS / place).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def exists(proof: str) -> bool:
    """Whether there is a test of that name, `unit/test_text.py::test_durations`."""
    place, _, name = proof.partition("::")
    return (TESTS / place).is_file() and name in names_in(place)
