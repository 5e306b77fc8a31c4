"""How criteria are judged: commands, verdicts, and the toolchains that are found in a repository."""

from __future__ import annotations

import json
import shlex
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.adapters.checks.detect import MANIFESTS, detect
from mission_cli.adapters.checks.outcome import all_skipped, last_number, missing_tool
from mission_cli.domain.paths import is_test_file
from mission_cli.domain.status import CriterionKind, EndReason, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Criterion
    from mission_cli.domain.runs import Exit

_CANNOT_EXECUTE = frozenset({126, 127})
_COMPARE = {
    ">=": lambda number, bound: number >= bound,
    "<=": lambda number, bound: number <= bound,
    "==": lambda number, bound: number == bound,
    "!=": lambda number, bound: number != bound,
    ">": lambda number, bound: number > bound,
    "<": lambda number, bound: number < bound,
}


class StandardChecks:
    """Judges `run`, `metric`, `file` and `grep`; the inspector is the command that looks into files."""

    manifest_names: tuple[str, ...] = MANIFESTS

    def __init__(self, inspector: Sequence[str]) -> None:
        self._inspector = tuple(inspector)

    def argv(self, criterion: Criterion) -> tuple[str, ...]:
        """A shell for what a person wrote as a command; the inspector for files and patterns."""
        if criterion.kind in {CriterionKind.RUN, CriterionKind.METRIC}:
            return ("/bin/sh", "-c", criterion.command)
        wanted = {"paths": list(criterion.paths), "pattern": criterion.pattern, "negated": criterion.negated}
        return (*self._inspector, json.dumps({"kind": str(criterion.kind), **wanted}))

    def verdict(self, criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
        """What an ended job says. Only a clean end can be a pass."""
        if end.reason is EndReason.DEADLINE:
            return Verdict.FAILED, f"{output}\nstopped: it took longer than it may"
        if end.reason is not EndReason.EXIT:
            return Verdict.COULD_NOT_RUN, end.detail or str(end.reason)
        if criterion.kind in {CriterionKind.FILE, CriterionKind.GREP}:
            return _looked(end, output)
        if end.code in _CANNOT_EXECUTE:
            return Verdict.COULD_NOT_RUN, output or f"exit {end.code}"
        if end.code != 0:
            verdict = Verdict.COULD_NOT_RUN if missing_tool(output) else Verdict.FAILED
            return verdict, output or f"exit {end.code}"
        if criterion.kind is CriterionKind.METRIC:
            return _measured(criterion, output)
        return (Verdict.SKIPPED, output) if all_skipped(output) else (Verdict.PASSED, output)

    def detect(self, files: Mapping[str, str]) -> tuple[Criterion, ...]:
        """The test and build commands of every toolchain found."""
        return detect(files)

    def protects(self, criterion: Criterion, path: str) -> bool:
        """Whether the command names this file. Test files are the worker's to write, even when they are named."""
        if criterion.kind not in {CriterionKind.RUN, CriterionKind.METRIC} or is_test_file(path):
            return False
        try:
            words = shlex.split(criterion.command)
        except ValueError:
            words = criterion.command.split()
        return any(word.removeprefix("./") == path for word in words)


def _looked(end: Exit, output: str) -> tuple[Verdict, str]:
    if end.code == 0:
        return Verdict.PASSED, output
    return (Verdict.FAILED if end.code == 1 else Verdict.COULD_NOT_RUN), output or f"exit {end.code}"


def _measured(criterion: Criterion, output: str) -> tuple[Verdict, str]:
    number = last_number(output)
    bound = criterion.bound if criterion.bound is not None else Decimal(0)
    if number is None:
        return Verdict.COULD_NOT_RUN, f"{output}\nit printed no number"
    good = _COMPARE[criterion.comparison](number, bound)
    words = f"{number} {criterion.comparison} {bound} is {'true' if good else 'false'}"
    return (Verdict.PASSED if good else Verdict.FAILED), f"{output.rstrip()}\n{words}" if not good else words
