"""Reports in JSON: the events of `go test -json`, those of Rust's libtest, and the reports of jest and vitest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteResults, results_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_GO = {"pass": CaseState.PASSED, "fail": CaseState.FAILED, "skip": CaseState.SKIPPED}
_RUST = {
    "ok": CaseState.PASSED,
    "failed": CaseState.FAILED,
    "timeout": CaseState.FAILED,
    "ignored": CaseState.SKIPPED,
}
_JEST = {
    "passed": CaseState.PASSED,
    "failed": CaseState.FAILED,
    "pending": CaseState.SKIPPED,
    "skipped": CaseState.SKIPPED,
    "todo": CaseState.SKIPPED,
    "disabled": CaseState.SKIPPED,
}
_MOST = 1e7


def go_events(output: str) -> SuiteResults | None:
    """Return the results of `go test -json`; None without such events.

    A package that fails without a failing test, such as one that cannot be built, counts as a failed test.
    """
    tests, failed = [], dict[str, str]()
    found = False
    for event in _events(output, '"Action":'):
        action, package = event.get("Action"), str(event.get("Package", event.get("ImportPath", "")))
        if not package or not isinstance(action, str):
            continue
        found = True
        state = _GO.get(action)
        if state is None:
            continue
        if event.get("Test"):
            tests.append(CaseResult(f"{package}.{event['Test']}", state, _seconds(event.get("Elapsed"))))
        elif state is CaseState.FAILED:
            failed[package] = "the package failed"
    if not found:
        return None
    parents = {t.name for t in tests} & {t.name.rpartition("/")[0] for t in tests}
    leaves = [t for t in tests if t.name not in parents or t.state is CaseState.FAILED]
    broken = {t.name for t in tests if t.state is CaseState.FAILED}
    packages = [p for p in failed if not any(name.startswith(f"{p}.") for name in broken)]
    return results_of([*leaves, *(CaseResult(p, CaseState.FAILED, 0, failed[p]) for p in packages)], "go test -json")


def libtest_events(output: str) -> SuiteResults | None:
    """Return the results of libtest's JSON, which `cargo nextest` writes, too; None without such events."""
    tests, found = [], False
    for event in _events(output, '"type":'):
        kind, what = event.get("type"), event.get("event")
        if kind == "suite" and what in {"started", "ok", "failed"}:
            found = True
        if kind == "test" and isinstance(what, str) and what in _RUST:
            words = str(event.get("stdout", "")).strip().partition("\n")[0]
            tests.append(CaseResult(str(event.get("name", "")), _RUST[what], _seconds(event.get("exec_time")), words))
    return results_of(tests, "libtest JSON") if found else None


def jest(text: str) -> SuiteResults | None:
    """Return the results in a report of jest or vitest (`--json`, `--reporter=json`); None if it is not one."""
    at = text.find('"testResults"')
    if at < 0:
        return None
    report = next(_documents(text), None)
    if report is None:
        return None
    return results_of(_jest_tests(report["testResults"]), "jest JSON")


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the report: the whole text, or the first line that is one."""
    for candidate in (text, *(line for line in text.splitlines() if '"testResults"' in line)):
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("testResults"), list):
            yield found


def _jest_tests(suites: list[Any]) -> Iterator[CaseResult]:
    for suite in suites:
        if not isinstance(suite, dict):
            continue
        cases = suite.get("assertionResults")
        cases = cases if isinstance(cases, list) else []
        place = "/".join(str(suite.get("name", "")).split("/")[-2:])
        if not cases and suite.get("status") == "failed":
            yield CaseResult(place, CaseState.FAILED, 0, str(suite.get("message", "")).strip().partition("\n")[0])
        for case in cases:
            if not isinstance(case, dict) or str(case.get("status")) not in _JEST:
                continue
            said = case.get("failureMessages")
            words = str(said[0]).partition("\n")[0] if isinstance(said, list) and said else ""
            name = str(case.get("fullName") or case.get("title") or "").strip()
            seconds = _seconds(case.get("duration")) / 1000
            yield CaseResult(f"{place}::{name}", _JEST[str(case["status"])], seconds, words)


def _events(output: str, mark: str) -> Iterator[dict[str, Any]]:
    """Yield the lines that are JSON objects and contain a mark."""
    for line in output.splitlines():
        if line.startswith("{") and mark in line:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield event


def _seconds(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < _MOST else 0.0
