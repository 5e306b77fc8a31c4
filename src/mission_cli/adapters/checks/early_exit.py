"""Recognize test programs that exit with 0 without a summary: the process was ended before its tests had run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    import re

_START = (
    r"(?:^|[;&(]\s*|&&\s*|\bexec\s+|\btime\s+|\bdo\s+|\bthen\s+)(?:\w+=\S*\s+)*(?:timeout\s+\S+\s+)?"
    r"(?:uv run |poetry run |pipenv run |hatch run )?"
)
_END = r"(?![^;&\n]*(?:[|>]|--co\b|--collect-only|--version|--help|-h\b|--fixtures|--markers|--list|-l\b))"
_LAST_WORDS: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (
        pattern(rf"{_START}(?:python[\d.]*\s+(?:-\w+\s+)*-m\s+)?py\.?test\b(?!\S)"
            rf"(?![^;&\n]*(?:-qq|no:terminal|-q\s+-q|--quiet)){_END}"),
        pattern(r"\b\d+ (?:passed|failed|skipped|xfailed|xpassed|deselected|errors?)\b|no tests ran|\[100%\]"),
        "pytest",
    ),
    (
        pattern(rf"{_START}python[\d.]*\s+(?:-\w+\s+)*-m\s+unittest\b(?![^;&\n]*(?:\s-h)){_END}"),
        pattern(r"^Ran \d+ tests? in |NO TESTS RAN"),
        "unittest",
    ),
    (
        pattern(rf"{_START}cargo\s+(?:\+\S+\s+)?test\b(?![^;&\n]*--no-run){_END}"),
        pattern(r"^test result: "),
        "cargo test",
    ),
    (
        pattern(rf"{_START}node\s+(?:--?[\w=-]+\s+)*--test\b{_END}"),
        pattern(r"^(?:[#ℹ]|\S+) (?:pass|tests) \d+|^# tests|\btests \d+"),
        "node --test",
    ),
)  # fmt: skip


def ended_early(command: str, output: str) -> str:
    """Return the test program in a command that exited with 0 without reporting what it ran, or the empty string.

    Only programs whose output is not redirected, filtered or silenced are checked.
    """
    for called, last, name in _LAST_WORDS:
        if called.search(command) and not any(last.search(line) for line in output.splitlines()):
            return name
    return ""
