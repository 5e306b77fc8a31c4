"""Recognize by its summary whether a test program ran any test: one table row for each form of summary."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_WORD = pattern(r"(\d{1,9}) (passed|failed|errors?|xfailed|xpassed|skipped|todo|pending)\b")
_OF_TESTS = pattern(
    r"\d (?:passed|failed|errors?|xfailed|xpassed|skipped|deselected|warnings?|rerun|todo|pending|total)\b"
)
"""What a list of counts must contain: `34 modules in 1.20s` is not about tests."""
_WORDS_SKIPPED = frozenset({"skipped", "todo", "pending"})
_JUDGING = r"[`'](?:[\w.-]{0,99}[._-])?(?:tests?|check|lint|verify|validate)(?:[._-][\w.-]{0,99})?'"
"""A target of a makefile that judges: if there is a file of that name, nothing is run."""


class Ran(StrEnum):
    """What is known about the tests that a command ran."""

    SOME = "some"
    SKIPPED = "skipped"
    """Tests were found, and all were skipped."""
    NONE = "none"
    UNKNOWN = "unknown"
    """No known summary."""


_SUMMARIES = (
    # Groups: `ran…` counts tests, `skip…` counts those of them that were skipped, `pend…` counts skipped tests
    # in addition to them, `words` contains numbers with their names, `some` and `none` mean that any or no test ran,
    # `less` is in place of a test that was counted and is none.
    ("pytest", r"^=*[ \t]*(?P<words>[1-9]\d{0,8} [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+s"),
    ("pytest", r"(?P<none>no tests (?:ran|collected) in [\d.]+s|^collected 0 items)"),
    ("unittest", r"^Ran (?P<ran>\d+) tests? in "),
    ("unittest", r"^(?:OK|FAILED) \(.*?\bskipped=(?P<skip>\d+)"),
    ("mocha, cypress", r"^[ \t]*(?P<ran>\d+ passing|[1-9]\d{0,8} failing)\b"),
    ("mocha, cypress", r"^[ \t]*(?P<pend>[1-9]\d{0,8}) pending\b"),
    ("jest, vitest, pest", r"^[ \t]*Tests:?[ \t]+(?P<words>\d+ (?:total|skipped|passed|todo|failed|pending)\b.*)$"),
    ("jest, vitest, pest, playwright", r"(?P<none>\bNo tests? (?:files? )?found\b|^[ \t]*Tests:?[ \t]+no tests\b)"),
    ("playwright, ava", r"^[ \t]*(?P<ran>\d+ (?:tests? )?passed|[1-9]\d{0,8} (?:tests? )?failed)(?: \([\d.]+m?s\))?$"),
    ("node --test", r"^[#ℹ] (?:pass|fail)\s+(?P<ran>\d+)$"),
    ("node --test", r"^[#ℹ] (?:skipped|todo)\s+(?P<pend>\d+)$"),
    ("TAP, bats", r"^(?P<none>1\.\.0)\b"),
    ("TAP, bats", r"^(?P<some>(?:not )?ok) \d+(?!.*# ?[sS][kK][iI][pP])"),
    ("TAP, bats", r"^ok (?P<pend>\d+)(?=.*# ?[sS][kK][iI][pP])"),
    ("bun", r"^[ \t]*(?P<ran>\d+ pass|[1-9]\d{0,8} fail)$"),
    ("bun", r"^[ \t]*(?P<pend>[1-9]\d{0,8}) (?:skip|todo)$"),
    ("deno", r"^(?:ok|FAILED) \| (?P<ran>\d+) passed.*? \| (?P<ran2>\d+) failed(?:.*? \| (?P<pend>\d+) ignored)?"),
    ("deno", r"(?P<none>No test modules found)"),
    ("rspec, hspec", r"^(?P<ran>\d+) examples?, \d+ failures?(?:, (?P<skip>\d+) pending)?"),
    ("rspec", r"^(?P<none>No examples found)"),
    ("jasmine", r"^(?P<ran>\d+) specs?, \d+ failures?(?:, (?P<skip>\d+) pending)?"),
    ("jasmine", r"(?P<none>^No specs found)"),
    ("karma", r"\bExecuted (?P<ran>\d+) of \d+\b(?:.*?\(skipped (?P<skip>\d+)\))?"),
    ("minitest", r"^(?P<ran>\d+) (?:runs|tests), \d+ assertions, \d+ failures, \d+ errors(?:, (?P<skip>\d+) skips)?"),
    ("maven", r"\bTests run: (?P<ran>\d+), Failures: \d+, Errors: \d+, Skipped: (?P<skip>\d+)"),
    ("maven, exunit, nextest, sbt", r"(?P<none>\b[Nn]o tests (?:to run|were executed)\b)"),
    ("gradle", r"^> Task \S*:\w*[tT]est (?P<none>NO-SOURCE)$"),
    ("gradle", r"^> Task \S*:\w*[tT]est(?P<some>(?: UP-TO-DATE| FROM-CACHE| FAILED)?)$"),
    ("go", r"(?P<none>\[no tests? (?:files|to run)\])"),
    ("go", r"^(?P<some>ok[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\)))(?!.*\[no tests to run\])"),
    ("cargo", r"^test result: \w+\. (?P<ran>\d+) passed; (?P<ran2>\d+) failed(?:; (?P<pend>\d+) ignored)?"),
    ("cargo nextest", r"^[ \t]*Summary \[.*?\]\s*(?P<ran>\d+) tests? run:"),
    ("phpunit", r"^OK \((?P<ran>\d+) tests?, \d+ assertions?\)"),
    ("phpunit", r"^Tests: (?P<ran>\d+), Assertions: \d+(?:.*?Skipped: (?P<skip>\d+))?"),
    ("phpunit", r"^(?P<none>No tests executed!)"),
    ("phpunit", r"^(?P<less>No tests found in class) "),
    ("ctest", r"\d+% tests passed, \d+ tests? failed out of (?P<ran>\d+)"),
    ("ctest", r"^(?P<none>No tests were found)"),
    ("dotnet", r"\bFailed:\s+(?P<ran>\d+), Passed:\s+(?P<ran2>\d+), Skipped:\s+(?P<pend>\d+)"),
    ("dotnet", r"^[ \t]*Total tests: (?P<ran>\d+)"),
    ("dotnet", r"(?P<none>\bNo test (?:is available in|matches the given))"),
    ("xctest", r"\bExecuted (?P<ran>\d+) tests?, with (?:(?P<skip>\d+) tests? skipped)?"),
    ("swift testing", r"\bTest run with (?P<ran>\d+) tests?\b"),
    ("exunit", r"^(?:(?P<ran2>\d+) doctests?, )?(?:\d+ propert\w+, )?(?P<ran>\d+) tests?, \d+ failures?"),
    ("exunit", r"^Finished in [\d.]+ seconds \([^\n]*\bsync\)\n(?P<none>0 failures)$"),
    ("zig", r"^All (?P<ran>\d+) tests passed"),
    ("cucumber, behave", r"^(?P<ran>\d+) scenarios?(?: passed, (?P<ran2>\d+) failed| \(|$)"),
    ("robot", r"^(?P<ran>\d+) tests?, \d+ passed, \d+ failed"),
    ("dart", r"^(?P<none>No tests (?:ran|match)\b)"),
    ("dart", r"^(?P<some>.*All tests passed!)"),
    ("prove", r"^Files=\d+, Tests=(?P<ran>\d+)"),
    ("sbt, scalatest", r"\b(?:Total number of tests run:|Passed: Total|Failed: Total) (?P<ran>\d+)"),
    ("busted", r"^(?P<ran>\d+) success\w* / (?P<ran2>\d+) failures?"),
    ("testthat", r"\[ FAIL (?P<ran>\d+) \| WARN \d+ \| SKIP (?P<pend>\d+) \| PASS (?P<ran2>\d+) \]"),
    ("ginkgo", r"^Ran (?P<ran>\d+) of \d+ Specs"),
    ("googletest", r"^\[=+\] (?P<ran>\d+) tests? from \d+ test \w+ ran"),
    ("catch2", r"(?P<none>^No tests ran$|^No test cases matched)"),
    ("catch2", r"^All tests passed \((?P<ran>\d+) assertions?"),
    ("make", rf"^g?make: (?P<none>{_JUDGING} is up to date|Nothing to be done for {_JUDGING})\.$"),
    ("bazel", r"(?P<none>No test targets were found)"),
)
_PATTERNS = tuple((name, pattern(text.replace(r"\d+", r"\d{1,9}"), re.MULTILINE)) for name, text in _SUMMARIES)
"""A count has at most nine digits, because output may contain a flood of them."""


_NODE_TOTAL = pattern(r"^[#ℹ] tests (?P<total>\d{1,9})\n[#ℹ] suites ", re.MULTILINE)
_NODE_FILE = pattern(r"^(?:ok \d{1,9} - |✔ )\S{1,500}\.[cm]?[jt]sx?(?: \([\d.]{1,20}ms\))?$", re.MULTILINE)


def ran_tests(output: str) -> Ran:
    """Return whether a command ran any test, from all summaries in its output."""
    clean = _ESCAPE.sub("", output).replace("\r", "")
    if _only_files(clean):
        return Ran.NONE
    seen = [counts for _, found in _PATTERNS for m in found.finditer(clean) for counts in _counts(m)]
    if not seen:
        return Ran.UNKNOWN
    ran, skipped = (sum(column) for column in zip(*seen, strict=True))
    return Ran.SOME if ran > 0 else Ran.SKIPPED if skipped else Ran.NONE


def _only_files(output: str) -> bool:
    """Whether `node --test` counted nothing but files: one without tests counts as a test that passed."""
    total = _NODE_TOTAL.search(output)
    return total is not None and 0 < int(total["total"]) == len(_NODE_FILE.findall(output))


def _counts(found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield (tests that ran, tests that were skipped) for one line of a summary."""
    for name, text in found.groupdict().items():
        if text is None or name == "none":
            yield 0, 0
        elif name in {"some", "less"}:
            yield (1, 0) if name == "some" else (-1, 0)
        elif name == "words":
            for number, word in _WORD.findall(text):
                yield (0, int(number)) if word in _WORDS_SKIPPED else (int(number), 0)
            yield from [(0, 0)] if _OF_TESTS.search(text) else []
        elif name.startswith("skip"):
            yield -int(text), int(text)
        else:
            number = int(text.split()[0])
            yield (0, number) if name.startswith("pend") else (number, 0)
