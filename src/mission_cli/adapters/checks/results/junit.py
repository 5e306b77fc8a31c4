"""JUnit XML, which pytest, Maven, Gradle, jest, vitest, PHPUnit, ExUnit, bats and others write.

A document with a declaration of a type or of entities is refused: reports have none, and expanding them is dangerous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteResults, results_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUITES = frozenset({"testsuites", "testsuite"})
_FAILED = frozenset({"failure", "error"})
_MOST_TESTS = 100_000
_MOST_TEXT = 2000
_MOST_SECONDS = 1e7


class _RefusedError(Exception):
    """The document is not a report that is read."""


class _Reader:
    """Collects tests while the parser goes through a document."""

    def __init__(self) -> None:
        self.tests: list[CaseResult] = []
        self.depth = 0
        self.case: Mapping[str, str] | None = None
        self.state, self.detail = CaseState.PASSED, ""
        self.inside = False
        """Whether the text of a failure is being read."""
        self.suites: list[str] = []

    def start(self, tag: str, found: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth == 1 and tag not in _SUITES:
            raise _RefusedError
        if tag == "testsuite":
            self.suites.append(found.get("name", ""))
        elif tag == "testcase":
            self.case, self.state, self.detail = found, CaseState.PASSED, ""
        elif self.case is not None and tag in _FAILED:
            self.state, self.inside = CaseState.FAILED, True
            self.detail = self.detail or found.get("message", "")
        elif self.case is not None and tag == "skipped" and self.state is CaseState.PASSED:
            self.state = CaseState.SKIPPED

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == "testsuite" and self.suites:
            self.suites.pop()
        elif tag in _FAILED:
            self.inside = False
        elif tag == "testcase" and self.case is not None:
            self._take(self.case)
            self.case = None

    def text(self, more: str) -> None:
        if self.inside and not self.detail.strip() and len(self.detail) < _MOST_TEXT:
            self.detail += more

    def _take(self, case: Mapping[str, str]) -> None:
        if len(self.tests) >= _MOST_TESTS:
            raise _RefusedError
        place = case.get("classname") or case.get("file") or next((s for s in reversed(self.suites) if s), "")
        name = case.get("name", "")
        full = f"{place}::{name}" if place and place != name else name
        state = CaseState.SKIPPED if case.get("status") in {"notrun", "disabled"} else self.state
        self.tests.append(CaseResult(full, state, _seconds(case.get("time")), self.detail.strip().partition("\n")[0]))


def junit(text: str) -> SuiteResults | None:
    """Return the results in a JUnit XML document; None if it is not one."""
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - positional by its signature
    except (expat.ExpatError, _RefusedError, ValueError, RecursionError):
        return None
    return results_of(reader.tests, "JUnit XML")


def _refuse(*_: Any) -> Any:
    raise _RefusedError


def _seconds(text: str | None) -> float:
    """Return seconds as test programs write them: `0.12`, `1,234.5`; 0 for anything else."""
    try:
        value = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return value if 0 <= value < _MOST_SECONDS else 0.0
