"""Compare a change with what judges it: which files to restore for a judgment as before, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.checks.judge_files import only_judges, words_of
from mission_cli.adapters.checks.test_options import as_before, steers
from mission_cli.adapters.checks.test_suites import extended, lost, names_of, only_added, suite_of
from mission_cli.domain.branches.against import Compared
from mission_cli.domain.paths import is_test_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mission_cli.domain.branches.against import Change
    from mission_cli.domain.criteria.criterion import Criterion


def concerns(path: str) -> bool:
    """Whether a changed file may affect judgment in another way than as the work itself."""
    return steers(path) or is_test_file(path) or only_judges(path)


def against(
    changes: Sequence[Change],
    criteria: Sequence[Criterion],
    judging: Collection[str],
    meant: Callable[[str], bool],
) -> Compared:
    """Compare what judges before and after. `judging` are judging scripts; `meant`: whether the plan wants a change."""
    called = words_of(criteria)
    restored: dict[str, str | None] = {}
    findings = []
    person = True
    for change in changes:
        before = change.new
        if change.path in judging:
            before = change.old
        elif steers(change.path):
            before = as_before(change, called)
        if before != change.new:
            restored[change.path] = before
            person = person and meant(change.path)
            findings.append(f"{change.path}: how tests run was changed; checks also run with the earlier version")
    tests = [c for c in changes if is_test_file(c.path) and c.path not in judging and not steers(c.path)]
    gone = [
        x for x in lost(tests) if not meant(x.partition(": ")[0]) and not meant(x.split(": ")[1].rpartition(".")[2])
    ]
    missing = names_of(gone)
    for change in tests:
        if meant(change.path) or change.old is None:
            continue
        if change.new is None:
            if change.path in missing:
                restored[change.path] = change.old
        elif not _as_strict(change.path, change.old, change.new):
            restored[change.path] = change.old
            findings.append(f"{change.path}: existing tests were changed; they also run as they were before")
    return Compared(restored, tuple(findings), tuple(gone), person)


def _as_strict(path: str, old: str, new: str) -> bool:
    """Whether a changed test file still tests everything that it did."""
    if suite_of(path, old).bodies:
        return extended(path, old, new)
    return only_added(old, new)
