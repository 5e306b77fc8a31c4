"""Judge criteria: commands, verdicts, and the toolchains found in a repository."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted
from mission_cli.adapters.checks.against import against, concerns
from mission_cli.adapters.checks.early_exit import ended_early
from mission_cli.adapters.checks.judge_files import judges
from mission_cli.adapters.checks.needs import lacking, needs, search
from mission_cli.adapters.checks.outcome import last_number, missing_tool
from mission_cli.adapters.checks.results import MACHINE
from mission_cli.adapters.checks.served import request_of
from mission_cli.adapters.checks.shell import BROKEN_PIPE, is_bash, shell_argv
from mission_cli.adapters.checks.test_summaries import Ran, ran_tests
from mission_cli.adapters.checks.toolchains import MANIFESTS, detect, linters, setup
from mission_cli.domain.status import SERVED_KINDS, CriterionKind, EndReason, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change, Compared
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.ports.checks import Setup

_EITHER = pattern(r"\|\||(?:^|[\s;&|(])!\s")
_REPORTS = pattern(r"(?:cd .+ && )?(?:gradle|\./gradlew|mvn -B|\./mvnw -B) test\Z")
"""Commands that are found, and write a report whenever they run a test."""
_COMPARE = {
    ">=": lambda number, bound: number >= bound,
    "<=": lambda number, bound: number <= bound,
    "==": lambda number, bound: number == bound,
    "!=": lambda number, bound: number != bound,
    ">": lambda number, bound: number > bound,
    "<": lambda number, bound: number < bound,
}


class StandardChecks:
    """Judges the criteria that a program can run.

    `inspector` is the command that examines files, `judge` the one that asks servers; `shell` runs commands: bash if
    there is one.
    """

    manifest_names: tuple[str, ...] = MANIFESTS

    def __init__(self, inspector: Sequence[str], shell: str = "/bin/sh", judge: Sequence[str] = ()) -> None:
        self._inspector, self._shell, self._judge = tuple(inspector), shell, tuple(judge)
        self.lacks = (
            "" if is_bash(shell) else f"not bash ({shell}): `[[ … ]]`, `source` and maybe `pipefail` are missing"
        )

    def argv(self, criterion: Criterion) -> tuple[str, ...]:
        """Return the argv of a check: a shell for a person's command, the inspector for files and patterns."""
        if criterion.kind in {CriterionKind.RUN, CriterionKind.METRIC}:
            return shell_argv(self._shell, criterion.command, criterion.conditions.cwd)
        if criterion.kind in SERVED_KINDS:
            return (*self._judge, request_of(criterion, self._shell))
        wanted = {"paths": list(criterion.paths), "pattern": criterion.pattern, "negated": criterion.negated}
        return (*self._inspector, json.dumps({"kind": str(criterion.kind), **wanted}))

    def verdict(self, criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
        """Return the verdict on an ended check, with the output for people. Only a clean end can be a pass."""
        if end.reason is EndReason.DEADLINE:
            return Verdict.FAILED, f"{output}\nstopped: it took longer than its time limit"
        if end.reason is not EndReason.EXIT:
            return Verdict.COULD_NOT_RUN, end.detail or str(end.reason)
        if criterion.kind in {CriterionKind.FILE, CriterionKind.GREP, *SERVED_KINDS}:
            return _looked(end, output)
        if end.code != 0:
            return _failed(criterion, end, output)
        if criterion.kind is CriterionKind.METRIC:
            return _measured(criterion, output)
        early = ended_early(criterion.command, output)
        if early:
            return Verdict.FAILED, f"{output}\n{early} ended before it reported what it ran".lstrip()
        return _passed(criterion, output, end.tests)

    def needs(self, criterion: Criterion) -> tuple[str, ...]:
        """Return the programs that a criterion runs."""
        return needs(criterion)

    def search(self, needs: Sequence[str]) -> tuple[str, ...]:
        """Return the command that prints those programs that do not exist."""
        return shell_argv(self._shell, search(needs))

    def lacking(self, output: str) -> frozenset[str]:
        """Return the programs that do not exist, from the output of the search."""
        return lacking(output)

    def detect(self, files: Mapping[str, str]) -> tuple[Criterion, ...]:
        """Return the commands that test, build and type-check every package, of every toolchain found."""
        return detect(files)

    def linters(self, files: Mapping[str, str]) -> tuple[str, ...]:
        """Return the commands that lint; they are advice, and no criterion unless a person makes them one."""
        return linters(files)

    def setup(self, files: Mapping[str, str]) -> Setup:
        """Return how the dependencies of a fresh clone are installed, and which caches that uses."""
        return setup(files)

    def judges(
        self, criteria: Sequence[Criterion], read: Callable[[Iterable[str]], Mapping[str, str]]
    ) -> frozenset[str]:
        """Return those files reached by the commands of criteria that only judge the work."""
        return judges(criteria, read)

    def concerns(self, path: str) -> bool:
        """Whether a changed file may affect judgment in another way than as the work itself."""
        return concerns(path)

    def against(
        self,
        changes: Sequence[Change],
        criteria: Sequence[Criterion],
        judging: Collection[str],
        meant: Callable[[str], bool],
        read: Callable[[Iterable[str]], Mapping[str, str]],
    ) -> Compared:
        """Return the files that must be restored so that criteria judge as before, and what was found."""
        return against(changes, criteria, judging, meant, read)


def _looked(end: Exit, output: str) -> tuple[Verdict, str]:
    if end.code == 0:
        return Verdict.PASSED, output
    return (Verdict.FAILED if end.code == 1 else Verdict.COULD_NOT_RUN), output or f"exit {end.code}"


def _failed(criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
    words = output or f"exit {end.code}"
    if missing_tool(criterion.command, end.code, output):
        return Verdict.COULD_NOT_RUN, words
    if end.code == BROKEN_PIPE:
        words += (
            "\na program in a pipe was killed because the next one stopped reading: write its output to a file first"
        )
    return Verdict.FAILED, words


def _passed(criterion: Criterion, output: str, tests: SuiteSummary | None) -> tuple[Verdict, str]:
    """Return the verdict on a command that exited with 0: what it says about its tests can only turn it into a failure.

    A command with `||` or `!` may want tests to fail.
    """
    ran = ran_tests(output)
    told = tests is not None and not MACHINE.isdisjoint(tests.formats)
    if tests is not None and told and tests.failed and not _EITHER.search(criterion.command):
        names = ", ".join((*tests.failing.first, *(() if tests.failing.complete else ("…",))))
        words = f"failed: it exited with 0, but its report has {counted(tests.failed, 'failed test')}: {names}"
        return Verdict.FAILED, f"{output.rstrip()}\n{words}".lstrip()
    if criterion.index < 0 and _REPORTS.match(criterion.command) and (tests is None or not tests.ran):
        ran = Ran.NONE if tests is None or not tests.skipped else Ran.SKIPPED
    elif ran is Ran.UNKNOWN and tests is not None and told and not tests.ran:
        ran = Ran.SKIPPED if tests.skipped else Ran.NONE
    if ran is Ran.NONE:
        return Verdict.FAILED, f"{output.rstrip()}\nfailed: no test was run"
    return (Verdict.SKIPPED if ran is Ran.SKIPPED else Verdict.PASSED), output


def _measured(criterion: Criterion, output: str) -> tuple[Verdict, str]:
    bound = criterion.bound if criterion.bound is not None else Decimal(0)
    found = last_number(output, criterion.unit)
    if isinstance(found, str):
        return Verdict.COULD_NOT_RUN, f"{output.rstrip()}\nfailed to read a number: {found}"
    good = _COMPARE[criterion.comparison](found.value, bound)
    words = f"{found.value} {criterion.comparison} {bound} is {'true' if good else 'false'}"
    return (Verdict.PASSED if good else Verdict.FAILED), f"{output.rstrip()}\n{words}" if not good else words
