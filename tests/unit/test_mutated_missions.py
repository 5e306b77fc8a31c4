"""Real mission files with a few mistakes in them: read, linted, mended, aligned and planned without an exception.

A few hundred by day; `MISSION_MUTANTS=2000` says how many, `MISSION_SEED` which ones.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.changes import SetFront
from mission_cli.document.checking.align import aligned
from mission_cli.document.checking.fix import fix
from mission_cli.document.checking.lint import lint
from mission_cli.document.editing.patch import apply_fitting
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.syntax import vocabulary
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import MissionStatus
from mission_cli.domain.timing.schedule import end_of
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.decide import decide
from mission_cli.planner.mission.executions import due_at

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parents[1]
FILES = sorted([*TESTS.glob("wild/*.md"), *TESTS.glob("golden/*/before.md"), *TESTS.glob("golden/*/after.md")])
TEXTS = [path.read_bytes().decode("utf-8", "surrogateescape") for path in FILES if path.name != "README.md"]
COUNT, SEED = int(os.environ.get("MISSION_MUTANTS", "200")), int(os.environ.get("MISSION_SEED", "1"))
GROUPS = 4
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ODD = (
    *(
        "99999999999999h",
        "9999-12-31",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01",
        "10000-01-01",
        "2016-12-31T23:59:60Z",
    ),
    *("1e400", "1e30", "-5", "nan", "inf", "-1e9", "$-100", "9" * 5000, "²", "unlimited", "", "\0", "\udcff", "```"),
    *("~~~", "<!--", "-->", "---", "|", "`", "[depends:1.1]", "[depends:*.*]", "\u2028", "\r", "&a *a", "{", "!!int x"),
)

RUNS = (
    *("9", "1 ", "1h", "~1h", "a", " ", "\t", "`", "``x", "*", "_", "|", "\\|", " | ", "[", "]", "(", "<", "{", "-"),
    *("<!--", "-->", "[depends:", "(timeout ", "run: `", "grep: `a` in ", "{a: ", "1.1 ", "F1.1: ", "A: ", "<= ", ", "),
    *("#", ":", ".", "~", "^", "$", "€", '"', "'", "\\", "/", "a/", "= ", "&a ", "https://", "T", ";", "x ", "- "),
)  # fmt: skip
LONG = 10_000


def _line(rng: random.Random, lines: list[str]) -> int:
    return rng.randrange(len(lines)) if lines else 0


def _without(rng: random.Random, lines: list[str]) -> None:
    del lines[_line(rng, lines) : _line(rng, lines) + rng.randint(0, 2)]


def _twice(rng: random.Random, lines: list[str]) -> None:
    at = _line(rng, lines)
    lines[_line(rng, lines) : 0] = lines[at : at + rng.randint(1, 8)]


def _swapped(rng: random.Random, lines: list[str]) -> None:
    rng.shuffle(lines) if rng.random() < 0.05 else lines.insert(_line(rng, lines), lines.pop(_line(rng, lines)))


def _odd(rng: random.Random, lines: list[str]) -> None:
    at = _line(rng, lines)
    words = lines[at].split(" ")
    words[rng.randrange(len(words))] = rng.choice(ODD)
    lines[at] = " ".join(words)


def _cut(rng: random.Random, lines: list[str]) -> None:
    at = _line(rng, lines)
    lines[at] = lines[at][: rng.randint(0, len(lines[at]))]


def _torn(rng: random.Random, lines: list[str]) -> None:
    del lines[_line(rng, lines) :]


MUTATIONS: tuple[Callable[[random.Random, list[str]], None], ...] = (
    _without,
    _twice,
    _swapped,
    _odd,
    _odd,
    _cut,
    _torn,
)


def mutated(rng: random.Random) -> str:
    """One of the texts with one to four mistakes; the last kind of mistake is rare, as it leaves little to read."""
    lines = rng.choice(TEXTS).split("\n")
    for _ in range(rng.randint(1, 4)):
        if lines:
            rng.choices(MUTATIONS, weights=(4, 4, 3, 4, 4, 3, 1))[0](rng, lines)
    return "\n".join(lines)


def look_at(text: str) -> None:
    """Everything that commands and a pulse do with a text before anything is written."""
    loaded = load_placed(text, "m-1")
    assert not any("this is a bug in mission" in problem.hint for problem in loaded.problems), loaded.problems
    assert lint(loaded) == tuple(sorted(lint(loaded)))
    mended = fix(text, "m-1").text
    assert fix(mended, "m-1").text == mended
    straight = aligned(text)
    assert aligned(straight) == straight
    assert apply_fitting(text, [SetFront(("status",), "cancelled")]).text is not None
    mission = loaded.mission
    account(mission.limits, mission.spends, ())
    ends = [end_of(mission.deadline, UTC), end_of(mission.end_date, UTC), due_at(mission, NOW, UTC)]
    assert all(stamp(moment + timedelta(days=1)) for moment in ends if moment is not None)
    head = Sha("1" * 40)
    seen = Observation(NOW, "here", base=head, work=head, starts_at=ends[2], last_due=ends[1], deadline=ends[0])
    for status in (MissionStatus.ACTIVE, MissionStatus.PAUSED, mission.status):
        decide(replace(mission, status=status, managed=True), seen, Policy())


@pytest.mark.parametrize("group", range(GROUPS))
def test_mistakes_in_a_file_end_in_no_exception_and_no_hang(group: int) -> None:
    for number in range(group, COUNT, GROUPS):
        rng = random.Random(f"{SEED} {number}")  # noqa: S311 - mistakes, no secrets
        text = mutated(rng)
        began = time.process_time()
        try:
            look_at(text)
        except Exception as error:
            place = Path(f"mutant-{SEED}-{number}.md")
            raise AssertionError(f"seed {SEED}, number {number}: {type(error).__name__} {error} {place}") from error
        assert time.process_time() - began < 2, f"seed {SEED}, number {number}"


@pytest.mark.parametrize("piece", RUNS)
def test_a_line_of_any_length_is_read_in_time(piece: str) -> None:
    rng = random.Random(f"{SEED} {piece}")  # noqa: S311 - places, no secrets
    for _ in range(max(1, COUNT // 50)):
        lines = rng.choice(TEXTS).split("\n")
        number = _line(rng, lines)
        at = rng.randint(0, len(lines[number]))
        lines[number] = lines[number][:at] + piece * LONG + lines[number][at:]
        began = time.process_time()
        look_at("\n".join(lines))
        assert time.process_time() - began < 2, lines[number].replace(piece * LONG, f"{piece}…")


@pytest.mark.parametrize(("before", "piece"), [("| 1.2 | a | | pending | ", "9"), ("-->", "<!--")])
def test_what_once_took_the_square_of_its_length_does_not(before: str, piece: str) -> None:
    text = next(text for text in TEXTS if "\n| 1.1 |" in text)
    began = time.process_time()
    look_at(text.replace("\n| 1.1 |", f"\n{before}{piece * LONG} |\n| 1.1 |", 1))
    assert time.process_time() - began < 2


def test_a_number_behind_many_signs_of_currencies_is_no_number_at_once() -> None:
    began = time.process_time()
    assert vocabulary.number("€" * 4 * LONG + " 1") is None
    assert time.process_time() - began < 2
