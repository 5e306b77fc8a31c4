"""What test programs print for people, where they do not write a report: counts, and the names of failures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteResults, results_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUST_TEST = pattern(r"^test (?P<name>\S.*?) \.\.\. (?P<state>ok|FAILED|ignored)\b", re.MULTILINE)
_RUST_STATES = {"ok": CaseState.PASSED, "FAILED": CaseState.FAILED, "ignored": CaseState.SKIPPED}
_GO_TEST = pattern(
    r"^[ \t]*--- (?P<state>PASS|FAIL|SKIP): (?P<name>\S+) \((?P<seconds>\d{1,9}(?:\.\d{1,9})?)s\)", re.MULTILINE
)
_GO_END = pattern(r"^(?:ok|FAIL)[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\)|\[)", re.MULTILINE)
_GO_STATES = {"PASS": CaseState.PASSED, "FAIL": CaseState.FAILED, "SKIP": CaseState.SKIPPED}


@dataclass(frozen=True, slots=True)
class _Form:
    """How one program prints its results."""

    name: str
    total: str
    """The last line: groups `passed`, `failed…`, `skipped…`, `total`."""
    failure: str
    """The line of one failed test: groups `name`, and maybe `place` and `why`."""
    each: str = ""
    """The line of one test where all are listed: groups `name`, `state`, and maybe `place`; empty: they never are."""


_FORMS = (
    _Form(
        "pytest",
        r"^=*[ \t]*(?P<words>\d+ [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+s",
        r"^(?:FAILED|ERROR) (?P<name>\S+\.py(?:::.+?)?)(?: - (?P<why>.*))?$",
        r"^(?P<name>\S+\.py::\S[^\n]*?) (?P<state>PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b",
    ),
    _Form(
        "unittest",
        r"^Ran (?P<total>\d+) tests? in [\d.]+s\n+(?:OK|FAILED|NO TESTS RAN)(?: \((?P<words>[^()\n]*)\))?",
        r"^(?:FAIL|ERROR): (?P<name>\w+)(?: \((?P<place>[\w.]+)\))?",
        r"^(?P<name>\w+) \((?P<place>[\w.]+)\)(?:\n[^\n]*?)? \.\.\. "
        r"(?:[^\n]*?)(?P<state>ok|FAIL|ERROR|skipped|expected failure|unexpected success)\b",
    ),
    _Form(
        "node --test",
        r"^ℹ tests (?P<total>\d+)\n(?:ℹ (?:suites|pass) \d+\n)*ℹ fail (?P<failed>\d+)\nℹ cancelled (?P<failed_2>\d+)\n"
        r"ℹ skipped (?P<skipped>\d+)\nℹ todo (?P<skipped_2>\d+)",
        r"^test at (?P<place>[^:\n]+):\d+:\d+\n✖ (?P<name>.+?) \([\d.]+ms\)",
    ),
    _Form(
        "minitest",
        r"^(?P<total>\d+) (?:runs|tests), \d+ assertions, (?P<words>\d+ failures, \d+ errors(?:, \d+ [a-z]+)*)",
        r"^[ \t]*(?:\d+\) )?(?:Failure|Error):\n(?P<name>\w[\w:]*#\S+)",
    ),
    _Form(
        "ExUnit",
        r"^(?:\d+ doctests?, )?(?P<total>\d+) tests?, (?P<words>\d+ failures?(?:, \d+ [a-z]+)*)",
        r"^[ \t]+\d+\) (?:test|property|doctest) (?P<name>.+?) \((?P<place>[\w.]+)\)$",
    ),
    _Form(
        "Maven",
        r"^(?:\[\w+\] )?Tests run: (?P<total>\d+), (?P<words>Failures: \d+, Errors: \d+, Skipped: \d+)"
        r"(?![^\n]*(?:Time elapsed|in ))",
        r"^\[ERROR\]\s+(?P<place>\w+)\.(?P<name>\w+):\d+",
    ),
    _Form(
        "bun",
        r"^\s*(?P<passed>\d+) pass\n(?:\s*(?P<skipped>\d+) skip\n)?(?:\s*\d+ todo\n)?\s*(?P<failed>\d+) fail$",
        r"^(?:\(fail\)|✗) (?P<name>.+?)(?: \[[\d.]+m?s\])?$",
    ),
    _Form(
        "deno",
        r"^(?:ok|FAILED) \| (?P<passed>\d+) passed[^|\n]*\| (?P<failed>\d+) failed"
        r"(?:[^|\n]*\| (?P<skipped>\d+) ignored)?",
        r"^(?P<name>\S.*?) => (?P<place>\./\S+?):\d+:\d+$",
    ),
    _Form(
        "PHPUnit",
        r"^(?:OK \((?P<passed>\d+) tests?, \d+ assertions?\)|"
        r"Tests: (?P<total>\d+), Assertions: \d+(?:, (?P<words>[A-Z][^\n]*))?)",
        r"^\d+\) (?P<name>\w[\w\\]*::\w+)",
    ),
    _Form(
        "jest",
        r"^[ \t]*Tests:?[ \t]+(?P<words>\d+ [a-z]+\b[^\n]*)$",
        r"^[ \t]*(?:●|FAIL ) (?P<name>\S.*(?: \u203a | > ).*)$",
    ),
)
_NUMBER_FIRST = pattern(r"\b(?P<number>\d{1,9}) (?P<word>[a-z]+)")
_NUMBER_LAST = pattern(r"(?P<word>[A-Za-z]+)(?:=|: )(?P<number>\d{1,9})\b")
_MEANING = {
    "passed": ("passed", "xpassed"),
    "failed": ("failed", "failures", "failure", "errors", "error"),
    "skipped": ("skipped", "xfailed", "skips", "todo", "pending", "pendings", "excluded", "omissions", "incomplete"),
}
_LONGEST, _LONGEST_LINE = 200_000, 500
"""Only the end of long output is read, and the beginning of long lines: a worker may print a flood."""
_STATES = {"skipped": CaseState.SKIPPED, "xfail": CaseState.SKIPPED, "fail": CaseState.FAILED}
_STATES |= {"failed": CaseState.FAILED, "error": CaseState.FAILED, "unexpected success": CaseState.FAILED}
_READY = tuple(
    (
        form.name,
        pattern(form.total.replace(r"\d+", r"\d{1,9}"), re.MULTILINE),
        pattern(form.failure, re.MULTILINE),
        pattern(form.each or r"(?!)", re.MULTILINE),
    )
    for form in _FORMS
)


def printed(output: str) -> SuiteResults:
    """Return the results that the first known program printed; without formats if there is none."""
    text = "\n".join(line[:_LONGEST_LINE] for line in output[-_LONGEST:].split("\n"))
    found = _rust(text) or _go(text)
    if found is not None:
        return found
    for name, total, failure, each in _READY:
        ends = [end.groupdict() for end in total.finditer(text) if _counts(end.groupdict())]
        if ends:
            counted = _counted(name, ends, _failures(text, failure))
            every = results_of(_listed(text, each), name)
            same = (every.passed, every.failed, every.skipped) == (counted.passed, counted.failed, counted.skipped)
            return every if same else counted
    return SuiteResults()


def _rust(output: str) -> SuiteResults | None:
    if "\ntest result: " not in f"\n{output}":
        return None
    found = [CaseResult(t["name"], _RUST_STATES[t["state"]]) for t in _RUST_TEST.finditer(output)]
    return results_of(found, "libtest")


def _go(output: str) -> SuiteResults | None:
    """Return the results of `go test -v`; without `-v` it prints only the names of failures, and no count."""
    found = [CaseResult(t["name"], _GO_STATES[t["state"]], float(t["seconds"])) for t in _GO_TEST.finditer(output)]
    return results_of(found, "go test") if found and _GO_END.search(output) else None


def _listed(output: str, each: re.Pattern[str]) -> Iterator[CaseResult]:
    for found in each.finditer(output):
        state = _STATES.get(found["state"].casefold(), CaseState.PASSED)
        yield CaseResult(_named(found.groupdict()), state)


def _named(facts: dict[str, str | None]) -> str:
    """Return the name of a test with its place in front, once."""
    place, name = facts.get("place") or "", (facts["name"] or "").strip()
    if place.rpartition(".")[2] == name:
        place = place.rpartition(".")[0]
    return f"{place}::{name}" if place else name


def _failures(output: str, failure: re.Pattern[str]) -> Iterator[CaseResult]:
    for found in failure.finditer(output):
        facts = found.groupdict()
        yield CaseResult(_named(facts), CaseState.FAILED, 0, facts.get("why") or "")


def _counted(form: str, ends: list[dict[str, str | None]], failures: Iterator[CaseResult]) -> SuiteResults:
    """Return the sum of all counts, with the names of the failures."""
    passed = failed = skipped = 0
    for end in ends:
        facts = {"passed": 0, "failed": 0, "skipped": 0}
        for key, text in end.items():
            if key.partition("_")[0] in facts and text:
                facts[key.partition("_")[0]] += int(text)
        for kind, number in _worded(end.get("words") or ""):
            facts[kind] += number
        total = int(end.get("total") or 0)
        passed += max(facts["passed"], total - facts["failed"] - facts["skipped"])
        failed, skipped = failed + facts["failed"], skipped + facts["skipped"]
    named = results_of(failures, form).tests
    return SuiteResults(named, passed, failed, skipped, (form,))


def _counts(end: dict[str, str | None]) -> bool:
    """Whether a line counts tests: `34 modules in 1.20s` does not."""
    given = any(text for key, text in end.items() if key != "words")
    return given or any(True for _ in _worded(end.get("words") or ""))


def _worded(text: str) -> Iterator[tuple[str, int]]:
    """Yield what numbers with words mean: `2 failed`, `failures=2`, `Failures: 2`."""
    numbered = list(_NUMBER_FIRST.finditer(text)) or list(_NUMBER_LAST.finditer(text))
    kinds = {word: kind for kind, words in _MEANING.items() for word in words}
    for one in numbered:
        kind = kinds.get(one["word"].casefold())
        if kind and "expected" not in text[max(0, one.start() - 9) : one.start()]:
            yield kind, int(one["number"])
