"""Results of tests as a test program reports them: each test, what is recorded of a run, and what changed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_NAME = 200
MOST_NAMES = 20
"""How many names of each kind are recorded; the rest is counted."""
SLOW_FACTOR, SLOW_SECONDS = 2.0, 1.0
"""A test is slow if it takes this many times as long as before, and at least this much longer."""
_TESTS = pattern(
    r"^tests: (?P<passed>\d{1,9}) passed, (?P<failed>\d{1,9}) failed, (?P<skipped>\d{1,9}) skipped"
    r"(?:, (?P<seconds>[\d.]{1,12}) s)? \((?P<formats>[^()]*)\)$"
)
_NAMES = pattern(r"^(?P<kind>failing|new|fixed|broken|slow) tests \((?P<count>\d{1,9})\): (?P<names>.*)$")
_BETWEEN, _REST = " | ", "…"


class CaseState(StrEnum):
    """How one test ended; an error is a failure."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test. The name is made of one line, with its suite, package or file in front of it."""

    name: str
    state: CaseState
    seconds: float = 0.0
    """0: unknown."""
    detail: str = ""
    """The first line of its failure."""


@dataclass(frozen=True, slots=True)
class SuiteResults:
    """What one run of a command reported. The counts include tests whose names were not reported."""

    tests: tuple[CaseResult, ...] = ()
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    formats: tuple[str, ...] = ()
    """What was read, such as `JUnit XML`; empty: nothing was reported."""

    @property
    def ran(self) -> int:
        """How many tests ran."""
        return self.passed + self.failed

    @property
    def seconds(self) -> float:
        """The sum of the times of all tests."""
        return sum(test.seconds for test in self.tests)

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the tests that failed."""
        return tuple(test.name for test in self.tests if test.state is CaseState.FAILED)


@dataclass(frozen=True, slots=True)
class Names:
    """The first names of a list, and how many it has."""

    first: tuple[str, ...] = ()
    count: int = 0

    @property
    def complete(self) -> bool:
        """Whether every name is here."""
        return len(self.first) == self.count


@dataclass(frozen=True, slots=True)
class SuiteSummary:
    """What is recorded of the results of a run: counts, the names of failures, and what changed since a run before."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    formats: tuple[str, ...] = ()
    failing: Names = field(default_factory=Names)
    new: Names = field(default_factory=Names)
    """Tests that the run before did not have."""
    fixed: Names = field(default_factory=Names)
    """Failed in the run before, passed now."""
    broken: Names = field(default_factory=Names)
    """Passed in the run before, failed now."""
    slow: Names = field(default_factory=Names)

    @property
    def ran(self) -> int:
        """How many tests ran."""
        return self.passed + self.failed

    @property
    def total(self) -> int:
        """How many tests were reported."""
        return self.passed + self.failed + self.skipped


NAMED = ("failing", "new", "fixed", "broken", "slow")
"""The fields of a summary that hold names."""


def results_of(tests: Iterable[CaseResult], form: str) -> SuiteResults:
    """Return the results of one report: a test that is reported twice counts once, as failed if it failed once."""
    found: dict[str, CaseResult] = {}
    for test in tests:
        name = one_line(test.name, LONGEST_NAME).replace(_BETWEEN, "|")
        known = found.get(name)
        if name and (known is None or _RANK[test.state] > _RANK[known.state]):
            found[name] = CaseResult(name, test.state, max(0.0, test.seconds), one_line(test.detail))
    return _counted(found.values(), (form,))


_RANK = {CaseState.SKIPPED: 0, CaseState.PASSED: 1, CaseState.FAILED: 2}


def merged(reports: Sequence[SuiteResults]) -> SuiteResults:
    """Return several reports of one run as one. A test in two reports, such as XML and output, counts once."""
    told = [report for report in reports if report.formats]
    if len(told) <= 1:
        return told[0] if told else SuiteResults()
    full = [report for report in told if len(report.tests) == report.ran + report.skipped]
    if not full:  # only counts and names of failures: the report with the most tests says it best
        return max(told, key=lambda report: (report.failed, report.ran))
    found = results_of((test for report in full for test in report.tests), "")
    formats = tuple(dict.fromkeys(form for report in full for form in report.formats))
    return _counted(found.tests, formats)


def _counted(tests: Iterable[CaseResult], formats: tuple[str, ...]) -> SuiteResults:
    everything = tuple(tests)
    states = [test.state for test in everything]
    passed, failed, skipped = (states.count(state) for state in (CaseState.PASSED, CaseState.FAILED, CaseState.SKIPPED))
    return SuiteResults(everything, passed, failed, skipped, formats)


def names(found: Sequence[str]) -> Names:
    """Return names as they are recorded."""
    return Names(tuple(found[:MOST_NAMES]), len(found))


def summary(now: SuiteResults, before: SuiteResults | None = None) -> SuiteSummary:
    """Return what is recorded of results; `before` is the run to compare with, or None if there is none."""
    changes = dict(_changes(before, now)) if before is not None and before.formats else {}
    return SuiteSummary(
        now.passed,
        now.failed,
        now.skipped,
        round(now.seconds, 2),
        now.formats,
        failing=Names(now.failures[:MOST_NAMES], now.failed),
        **{kind: names(found) for kind, found in changes.items()},
    )


def _changes(before: SuiteResults, now: SuiteResults) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of new, fixed, broken and slow tests."""
    known = {test.name: test for test in before.tests}
    both = [(known[test.name], test) for test in now.tests if test.name in known]
    turned = [(old.state, new.state, new.name) for old, new in both]
    whole = len(before.tests) == before.ran + before.skipped  # otherwise only failures have names
    yield "new", [test.name for test in now.tests if whole and test.name not in known]
    yield "fixed", [n for old, new, n in turned if (old, new) == (CaseState.FAILED, CaseState.PASSED)]
    yield "broken", [n for old, new, n in turned if (old, new) == (CaseState.PASSED, CaseState.FAILED)]
    yield "slow", [new.name for old, new in both if _is_slow(old, new)]


def _is_slow(old: CaseResult, new: CaseResult) -> bool:
    ran = old.state is new.state is CaseState.PASSED and old.seconds > 0
    return ran and new.seconds >= SLOW_FACTOR * old.seconds and new.seconds - old.seconds >= SLOW_SECONDS


def counts(of: SuiteSummary) -> str:
    """Return the counts for a person: `12 passed, 1 failed`."""
    told = [(of.passed, "passed"), (of.failed, "failed"), (of.skipped, "skipped")]
    return ", ".join(f"{number} {word}" for number, word in told if number) or "no test ran"


def changes(of: SuiteSummary) -> str:
    """Return how many tests are new, fixed, broken and slow, for a person; empty if none."""
    told = [(getattr(of, kind).count, kind) for kind in NAMED[1:]]
    return ", ".join(f"{number} {word}" for number, word in told if number)


def as_lines(of: SuiteSummary) -> list[str]:
    """Return a summary as lines of text, for a run record; `from_lines` reads them."""
    if not of.formats:
        return []
    took = f", {of.seconds:g} s" if of.seconds else ""
    how = ", ".join(of.formats)
    lines = [f"tests: {of.passed} passed, {of.failed} failed, {of.skipped} skipped{took} ({how})"]
    for kind in NAMED:
        found: Names = getattr(of, kind)
        if found.count:
            rest = () if found.complete else (_REST,)
            lines.append(f"{kind} tests ({found.count}): {_BETWEEN.join((*found.first, *rest))}")
    return lines


def from_lines(lines: Iterable[str]) -> Iterator[SuiteSummary]:
    """Yield the summaries in the evidence of a run record, in their order."""
    facts: dict[str, Names] = {}
    head = None
    for line in lines:
        first, more = _TESTS.match(line), _NAMES.match(line)
        if more and head:
            told = tuple(name for name in more["names"].split(_BETWEEN) if name and name != _REST)
            facts[more["kind"]] = Names(told[:MOST_NAMES], int(more["count"]))
            continue
        if head:
            yield _read(head, facts)
        head, facts = (first.groupdict() if first else None), {}
    if head:
        yield _read(head, facts)


def _read(head: dict[str, str | None], facts: dict[str, Names]) -> SuiteSummary:
    passed, failed, skipped = (int(head[name] or 0) for name in ("passed", "failed", "skipped"))
    try:
        seconds = float(head["seconds"] or 0)
    except ValueError:
        seconds = 0.0
    formats = tuple(part for part in (head["formats"] or "").split(", ") if part)
    return SuiteSummary(passed, failed, skipped, seconds, formats, **facts)
