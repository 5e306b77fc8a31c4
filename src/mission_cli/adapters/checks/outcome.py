"""Reading the output of test programs: was anything run at all, was a tool missing."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from mission_cli.domain.patterns import pattern

_NUMBER = pattern(r"[-+]?\d+(?:\.\d+)?")
_MISSING = pattern(
    r"No module named '?(pytest|unittest|nose2?|tox|build)\b"
    r"|: (?:command )?not found$"
    r"|npm (?:ERR!|error) Missing script",
    re.MULTILINE,
)
_PYTEST = pattern(r"^=*\s*((?:\d+ \w+(?:, )?)+)\s+in [\d.]+s", re.MULTILINE)
_PYTEST_NONE = pattern(r"no tests ran in [\d.]+s|collected 0 items")
_UNITTEST = pattern(r"^Ran (\d+) tests? in ", re.MULTILINE)
_UNITTEST_SKIPPED = pattern(r"skipped=(\d+)")
_CARGO = pattern(r"^test result: \w+\. (\d+) passed; (\d+) failed", re.MULTILINE)
_JEST = pattern(r"^\s*Tests:?\s+(.*)$", re.MULTILINE)
_NODE = pattern(r"^[#ℹ] pass (\d+)$", re.MULTILINE)
_GO_OK = pattern(r"^ok\s+\S+", re.MULTILINE)
_GO_NONE = pattern(r"\[no test(?:s to run| files)\]", re.MULTILINE)


def all_skipped(output: str) -> bool:
    """Whether a test program that ended well has in fact run no test: all skipped, or none found."""
    votes = [
        v
        for v in (_pytest(output), _unittest(output), _cargo(output), _jest(output), _node(output), _go(output))
        if v is not None
    ]
    return bool(votes) and all(votes)


def missing_tool(output: str) -> bool:
    """Whether it failed because a program or module to run it with is not installed."""
    return bool(_MISSING.search(output))


def last_number(output: str) -> Decimal | None:
    """The last number that was printed, or None."""
    found = _NUMBER.findall(output)
    try:
        return Decimal(found[-1]) if found else None
    except InvalidOperation:
        return None


def _pytest(output: str) -> bool | None:
    if _PYTEST_NONE.search(output):
        return True
    found = _PYTEST.findall(output)
    if not found:
        return None
    return all("passed" not in words and "failed" not in words and "error" not in words for words in found)


def _unittest(output: str) -> bool | None:
    ran = sum(int(n) for n in _UNITTEST.findall(output))
    if not _UNITTEST.search(output):
        return None
    return ran - sum(int(n) for n in _UNITTEST_SKIPPED.findall(output)) <= 0


def _cargo(output: str) -> bool | None:
    found = _CARGO.findall(output)
    return all(int(passed) + int(failed) == 0 for passed, failed in found) if found else None


def _jest(output: str) -> bool | None:
    found = [line for line in _JEST.findall(output) if re.search(r"\d+ (?:total|skipped|passed|todo)|\(\d+\)", line)]
    return all("passed" not in line and "failed" not in line for line in found) if found else None


def _node(output: str) -> bool | None:
    found = _NODE.findall(output)
    return all(int(n) == 0 for n in found) if found else None


def _go(output: str) -> bool | None:
    lines = _GO_OK.findall(output)
    none = _GO_NONE.findall(output)
    if not none:
        return None
    real = [line for line in output.splitlines() if _GO_OK.match(line) and not _GO_NONE.search(line)]
    return not real and bool(none or lines)
