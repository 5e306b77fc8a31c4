"""What a terminal shows of an attempt that runs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mission_cli.app.results.views import Money
from mission_cli.domain.runs import Tally
from mission_cli.surfaces.views.text import money, so_far


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (None, ""),
        (Tally(), ""),
        (Tally(Decimal("0.1234"), {"input": 900}, 3, action="edit src/app.py"), "$0.12 so far, edit src/app.py"),
        (Tally(Decimal("0.0004"), {"input": 9}), "$0.0004 so far"),
        (Tally(None, {"input": 900, "output": 80}), "980 tokens so far"),
        (Tally(Decimal(0), {"input": 900}, action="bash pytest -q"), "900 tokens so far, bash pytest -q"),
        (Tally(None, action="\x1b[2Jgone"), "cost unknown so far, \N{REPLACEMENT CHARACTER}[2Jgone"),
    ],
)
def test_a_running_attempt_shows_what_it_has_used_and_does(tally: Tally | None, words: str) -> None:
    assert so_far(tally) == words


@pytest.mark.parametrize(
    ("category", "running", "words"),
    [
        ("usd", Decimal("0.1234"), "$1.20 + $0.12 running of $20, $0.50 held, 1 unknown"),
        ("usd", Decimal(0), "$1.20 of $20, $0.50 held, 1 unknown"),
        ("usd", None, "$1.20 of $20, $0.50 held, 1 unknown"),
        ("tokens", Decimal(1200), "1 + 1200 running of 20, 0 held"),
    ],
)
def test_the_budget_names_what_running_attempts_have_used(category: str, running: Decimal | None, words: str) -> None:
    amounts = {
        "usd": Money(Decimal(20), Decimal("1.2"), Decimal("0.5"), unknown_runs=1),
        "tokens": Money(Decimal(20), Decimal(1), Decimal("0.1")),
    }
    assert money(category, amounts[category], running) == words
