"""Compare a change with what judges it: which files to restore for a judgment as before, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.checks.judge_files import only_judges, words_of
from mission_cli.adapters.checks.test_options import as_before, hides, shadows, steers
from mission_cli.adapters.checks.test_suites import (
    extended,
    lost,
    moved_away,
    names_of,
    only_added,
    patches,
    suite_of,
)
from mission_cli.domain.branches.against import Compared
from mission_cli.domain.paths import is_test_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change
    from mission_cli.domain.criteria.criterion import Criterion


_CHANGED = "existing tests were changed; they also run as they were before"


def concerns(path: str) -> bool:
    """Whether a changed file may affect judgment in another way than as the work itself."""
    return steers(path) or is_test_file(path) or only_judges(path)


def against(
    changes: Sequence[Change],
    criteria: Sequence[Criterion],
    judging: Collection[str],
    meant: Callable[[str], bool],
    read: Callable[[Iterable[str]], Mapping[str, str]],
) -> Compared:
    """Compare what judges before and after.

    `judging` are judging scripts; `meant`: whether the plan wants a change; `read` reads files of the base.
    """
    called = words_of(criteria)
    restored: dict[str, str | None] = {}
    findings = []
    person = True
    for change in changes:
        before, steering = change.new, steers(change.path)
        unseen = steering and (change.hidden or (change.old is None and hides(change.path, read)))
        if change.path in judging or unseen:
            before = change.old
        elif steering:
            before = as_before(change, called)
        if before != change.new or unseen:
            restored[change.path] = before
            person = person and meant(change.path)
            findings.append(f"{change.path}: how tests run was changed; checks also run with the earlier version")
    tests = [c for c in changes if is_test_file(c.path) and c.path not in judging and not steers(c.path)]
    gone = [
        x for x in lost(tests) if not meant(x.partition(": ")[0]) and not meant(x.split(": ")[1].rpartition(".")[2])
    ]
    missing = names_of(gone)
    for change in tests:
        if meant(change.path):
            continue
        if change.new is None and change.path not in missing and moved_away(change, tests):
            found: str | None = "its tests were moved; they also run where they were before"
        else:
            found = _found(change, missing, read)
        if found is not None:
            restored[change.path] = change.old
            findings += [f"{change.path}: {found}"] if found else []
    return Compared(restored, tuple(findings), tuple(gone), person)


def _found(change: Change, missing: Collection[str], read: Callable[[Iterable[str]], Mapping[str, str]]) -> str | None:
    """Return what is wrong with a changed test file, empty if it is among the lost tests; None if nothing is."""
    if change.new is None:
        return "" if change.path in missing else None
    if change.old is None:
        words = "it changes what other tests test, or how they run; checks also run without it"
        return words if patches(change.path, change.new) or shadows(change.path, read) else None
    return None if _as_strict(change.path, change.old, change.new) else _CHANGED


def _as_strict(path: str, old: str, new: str) -> bool:
    """Whether a changed test file still tests everything that it did."""
    if patches(path, new) and not patches(path, old):
        return False
    if suite_of(path, old).bodies:
        return extended(path, old, new)
    return only_added(old, new)
