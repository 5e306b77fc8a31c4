"""Read the results of tests from what a command printed and from the report files that it wrote.

Nothing here makes a failing command pass: results can only turn a pass into a failure, and name tests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.checks.results import json_reports, junit, printed, tap
from mission_cli.domain.judging.test_results import SuiteResults, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 20_000_000
"""Longer reports, and longer output, are not read."""
MACHINE = frozenset({"JUnit XML", "jest JSON", "go test -json", "libtest JSON", "TAP"})
"""The forms that are made for programs; what is printed for people says nothing against an exit status of 0."""
_ESCAPE = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_FOLDERS = frozenset(
    {"surefire-reports", "failsafe-reports", "test-results", "test-reports", "test_results", "test_reports", "reports"}
)
"""Folders in which test programs write one XML file for each suite."""
_NAMED = pattern(
    r"(?:^|[-_.])(?:junit|xunit|jest|vitest|bun|phpunit|rspec|(?:py)?tests?|test-?results?)"
    r"(?:[-_.]\w{1,20})?\.(?:xml|json)$",
    re.IGNORECASE,
)
_NEVER = frozenset({"package.json", "tsconfig.test.json"})


def is_report(path: str) -> bool:
    """Whether a file that a command wrote may be a report of tests, by its path in the tree."""
    *folders, name = path.split("/")
    if name in _NEVER:
        return False
    if name.endswith(".xml") and not _FOLDERS.isdisjoint(folders):
        return True
    return bool(_NAMED.search(name))


def read_results(output: str, files: Mapping[str, str]) -> SuiteResults:
    """Return the results of one run: its output, and the texts of the reports that it wrote, by path."""
    reports = [found for name, text in files.items() for found in [_report(name, text)] if found is not None]
    clean = _ESCAPE.sub("", output).replace("\r\n", "\n")
    for read in (json_reports.go_events, json_reports.libtest_events, json_reports.jest, tap.tap):
        found = read(clean)
        if found is not None:
            reports.append(found)
    said = printed.printed(clean)
    found = merged(reports)
    if not reports or (files and found.failed and said.ran and not said.failed and said.ran >= found.passed):
        return said  # a report with failures that the test program itself does not know was written by a test
    return found


def _report(name: str, text: str) -> SuiteResults | None:
    return junit.junit(text) if name.endswith(".xml") else json_reports.jest(text)
