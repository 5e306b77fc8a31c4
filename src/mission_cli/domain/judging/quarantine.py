"""The quarantine of a mission: tests that failed and passed on the same tree, by name, and criteria that did.

It is a list for people. It never makes a failure pass: what fails twice on the same tree has failed, listed or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.domain.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.mission import Mission

LIFTED = "lifted"
"""What the front matter says of a name that a person took off the list; the next different answer puts it back."""
MOST = 100
"""How many names the list holds; further ones are only shown where they happened."""
_CRITERION = "criterion: "
_KEY = f"{EventKind.TEST_QUARANTINED} "


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A test, or a whole criterion whose tests have no names, that gave different answers on the same tree."""

    name: str
    whole: bool
    """Whether it is a criterion."""
    why: str


def differing(first: SuiteSummary | None, then: SuiteSummary | None) -> tuple[str, ...]:
    """Return the tests with different results in two runs on one tree; nothing unless all of them are known by name.

    That is certain only if both runs reported the same number of tests, and every failure by its name.
    """
    if first is None or then is None or not (first.failing.complete and then.failing.complete):
        return ()
    if (first.total, first.skipped) != (then.total, then.skipped) or set(first.formats) != set(then.formats):
        return ()
    return tuple(sorted({*first.failing.first} ^ {*then.failing.first}))


def as_subjects(names: Iterable[str], criterion: str) -> tuple[str, ...]:
    """Return what is put on the list: the tests by name, or else the whole criterion."""
    return tuple(names) or (f"{_CRITERION}{one_line(criterion)}",)


def unlisted(mission: Mission, subjects: Iterable[str]) -> tuple[str, ...]:
    """Return those that are not on the list yet, as far as it has room."""
    known = {one.name if not one.whole else f"{_CRITERION}{one.name}" for one in quarantined(mission)}
    return tuple(subject for subject in subjects if subject not in known)[: max(0, MOST - len(known))]


def quarantined(mission: Mission) -> Iterator[Quarantined]:
    """Yield what is on the list."""
    for key, why in mission.noted.items():
        if key.startswith(_KEY) and why != LIFTED:
            name = key.removeprefix(_KEY)
            whole = name.startswith(_CRITERION)
            yield Quarantined(name.removeprefix(_CRITERION), whole, why)


def key_of(one: Quarantined) -> str:
    """Return the key of the front matter's `noted` that holds it."""
    return f"{_KEY}{_CRITERION if one.whole else ''}{one.name}"
