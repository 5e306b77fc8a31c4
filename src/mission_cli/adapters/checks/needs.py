"""The programs that a criterion runs, and a command that finds out which of them do not exist."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.shell_words import is_compound, simple_commands
from mission_cli.adapters.checks.outcome import TOOLS
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion

_RUN = frozenset({CriterionKind.RUN, CriterionKind.METRIC})
_PYTHON = pattern(r"python[\d.]*")
_NAME = pattern(r"[A-Za-z0-9_.+-]+")
_MARK = "lacks: "


def needs(criterion: Criterion) -> tuple[str, ...]:
    """Return the programs that the command of a criterion runs, such as `pytest` or `python3 -m pytest`.

    Nothing for a command with alternatives or keywords, in which a missing program need not matter, and no program at
    a path, which the work may create.
    """
    text = criterion.command if criterion.kind in _RUN else criterion.conditions.serve
    commands = None if "||" in text or is_compound(text) else simple_commands(text)
    found = []
    for one in commands or []:
        if not _NAME.fullmatch(one.program):
            continue
        found.append(one.program)
        words = one.words[one.words.index(one.program) + 1 :]
        if _PYTHON.fullmatch(one.program) and words[:1] == ("-m",) and "".join(words[1:2]) in TOOLS:
            found.append(f"{one.program} -m {words[1]}")
    return tuple(dict.fromkeys(found))


def search(wanted: Sequence[str]) -> str:
    """Return the shell command that prints those programs that do not exist, for `lacking`."""
    return "; ".join(f"{_test(need)} || echo {shlex.quote(_MARK + need)}" for need in wanted)


def lacking(output: str) -> frozenset[str]:
    """Return the programs that do not exist, from the output of the search."""
    return frozenset(line.removeprefix(_MARK) for line in output.splitlines() if line.startswith(_MARK))


def _test(need: str) -> str:
    program, _, module = need.partition(" -m ")
    if not module:
        return f"command -v {program} >/dev/null"
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return f"{program} -c {shlex.quote(code)} 2>/dev/null"
