"""A cell whose text decides nothing is named by `lint` and `start`, with what to write instead."""

from __future__ import annotations

import pytest

from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.surfaces.views.consent import kept_words

FILE = """\
---
id: m
budget: {money_usd: 1}
---

# M

## Team

| Agent | Role | Max parallel | Volatile |
|-------|------|--------------|----------|
| ann | builds | 2 | yes |

## Milestones

### Milestone 1: One

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one | pending |
| 1.2 | two | pending |

#### Validation Criteria

- [ ] file: `x`

#### 1.1 one

- [ ] review: it is good

#### 1.2 two

- [ ] file: `x`

## Gates

| Gate | Kind | After | Blocks | Rule | Status |
|------|------|-------|--------|------|--------|
| good | quality | 1.1 | 1.2 | minScore >= 4, allPassed | pending |

## Approvals

| Timestamp | Gate | Decision | By |
|-----------|------|----------|----|
| 2026-11-20T10:00:00Z | good | approved | Ada |

## Messages

| Timestamp | Feature | From | Message |
|-----------|---------|------|---------|
| 2026-11-20T10:00:00Z | 1.1 | Ada | hello |

## Budget Tracking

| Date | Category | Amount | Description | Milestone |
|------|----------|--------|-------------|-----------|
| 2026-11-20 | Money (USD) | $1 | by hand: x | 1 |

## Recovery Log

| Timestamp | Feature | Trigger | Status |
|-----------|---------|---------|--------|
| 2026-11-20T10:00:00Z | 1.1 | deadline | open |
"""
ODD = {
    "| 2 |": ("| two |", "`two` in the column Max parallel is not known"),
    "yes": ("maybe", "`maybe` in the column Volatile is not known"),
    "allPassed": ("allPased", "`allPased` in the rule of the gate `good` is not read"),
    "allPassed | pending": ("allPassed | aproved", "the status `aproved` of the gate `good` is not known"),
    "| approved": ("| yes", "`yes` in the column Decision is not known"),
    "| 1.1 | Ada": ("| 7.7 | Ada", "`7.7` in the column Feature is not known"),
    "Money (USD)": ("Coffee", "`Coffee` in the column Category is not known"),
    "$1": ("5,50", "the amount `5,50` can be read in two ways"),
    "| open": ("| opn", "`opn` in the column Status is not known"),
}


def _words(text: str) -> list[str]:
    return [problem.message for problem in lint(load(text, "m")) if "a person will be asked" not in problem.message]


def test_cells_that_are_known_are_not_named() -> None:
    assert _words(FILE) == []


@pytest.mark.parametrize("old", ODD)
def test_a_cell_that_decides_nothing_is_named(old: str) -> None:
    new, words = ODD[old]
    text = FILE.replace(old, new, 1)
    assert _words(text) == [words]
    if "amount" not in words:
        assert [line.partition(": ")[2] for line in kept_words(load(text, "m"))] == [words]
