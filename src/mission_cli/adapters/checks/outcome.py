"""Interpret the output of a command: the number it printed, and whether it could be executed at all."""

from __future__ import annotations

import re

from mission_cli._support.lazy_re import pattern
from mission_cli._support.quantities import Quantity, quantities
from mission_cli.adapters.checks.shell import NAME

_SHELL_SAYS = pattern(rf"^{NAME}: (?:[^\s:]+ )?\d+: (?P<word>[^\n]+?): (?P<why>[^\n]+)$", re.MULTILINE)
"""The shell that runs the command has a name that no other shell has, in messages of any language."""
_CANNOT_EXECUTE = frozenset({126, 127})
_NOT_FOUND = pattern(r"(?:command )?not found\Z")
_NO_MODULE = pattern(r"^\S*python[\d.]*: No module named '?(?P<word>[\w.]+)'?$", re.MULTILINE)
TOOLS = frozenset({
    "bandit", "black", "build", "coverage", "flake8", "isort", "mypy", "nose", "nose2", "nox", "pip", "pylint",
    "pyright", "pytest", "ruff", "tox", "twine", "unittest", "venv",
})  # fmt: skip
"""Modules that are run by `python -m` and are not part of a mission's work."""
_ESCAPE = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MOST = 300
_PERCENT = frozenset({"", "%"})


def missing_tool(command: str, code: int | None, output: str) -> bool:
    """Whether a command failed because a program that it names is not installed.

    Output of scripts and tests does not count; nor does a program at a path in the tree, which the work may create.
    """
    for found in _SHELL_SAYS.finditer(output):
        word = found["word"]
        said = code in _CANNOT_EXECUTE or _NOT_FOUND.search(found["why"])
        if said and word in command and ("/" not in word or word.startswith("/")):
            return True
    return any(f["word"] in TOOLS and f"-m {f['word']}" in command for f in _NO_MODULE.finditer(output))


def last_number(output: str, unit: str = "") -> Quantity | str:
    """Return the number on the last line with a number, or a message why it is not clear. `unit` is the bound's unit.

    If the line has several numbers, the only one with the bound's unit counts.
    """
    lines = re.split(r"[\r\n]+", _ESCAPE.sub("", output))
    for line in reversed(lines):
        found = quantities(line)
        if found:
            return _one_of(found, unit, " ".join(line.split())[:_MOST])
    return "it printed no number"


def _one_of(found: list[Quantity | str], unit: str, line: str) -> Quantity | str:
    same = [q for q in found if isinstance(q, Quantity) and unit and q.unit == unit]
    one = same[0] if len(same) == 1 else found[0] if len(found) == 1 else None
    if one is None:
        return f"its last line with a number has {len(found)} numbers: {line}"
    if isinstance(one, str):
        return f"{one}: {line}"
    if one.unit and one.unit != unit and not {one.unit, unit} <= _PERCENT:
        behind = (
            f"the bound has {unit}" if unit else f"the bound has none; write it after the bound, as in 50{one.unit}"
        )
        return f"the number has the unit {one.unit}, and {behind}: {line}"
    return one
