"""Write other tools' criteria as criteria of a plan, without changing their commands."""

from __future__ import annotations

from mission_cli._support.text import one_line
from mission_cli.document.criteria.parse import kind_meant, read_criterion
from mission_cli.document.syntax.spans import code
from mission_cli.domain.status import CriterionKind

_LONGEST = 1000
_COMMANDS = frozenset({CriterionKind.RUN, CriterionKind.METRIC, CriterionKind.HTTP, CriterionKind.BROWSER})


def command(kind: str, text: str, behind: str = "") -> str | None:
    """Return a criterion that runs a command; None if a checklist item cannot contain it unchanged."""
    line = f"{kind}: {code(text)}{behind}"
    fits = text == one_line(text, _LONGEST) and text.strip() and read_criterion(line).command == text
    return line if fits else None


def paths(names: list[str]) -> str | None:
    """Return a criterion for files; None if a checklist item cannot contain one of the names."""
    line = f"file: {' '.join(map(code, names))}"
    return line if read_criterion(one_line(line, _LONGEST)).paths == tuple(names) else None


def words(text: str) -> str:
    """Return a criterion in prose; it never becomes a command, even if it looks like one."""
    line = one_line(text, _LONGEST)
    read = read_criterion(line)
    return f"manual: {line}" if read.wrong or read.kind in _COMMANDS or kind_meant(line) else line
