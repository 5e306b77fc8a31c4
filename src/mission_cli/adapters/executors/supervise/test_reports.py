"""Results of tests of a check: from its output, and from the reports that it wrote in its tree or in its own folder.

Read once, after every process of the check has ended. A report counts only if it was written while the check ran.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import make_folder, read_json, read_tail, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.adapters.executors.jobs.folder import JobFolder
    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.domain.judging.test_results import SuiteResults, SuiteSummary
    from mission_cli.ports.executor import JobSpec

_MOST_FILES, _MOST_BYTES = 500, 20_000_000
_MOST_ENTRIES, _DEEPEST = 50_000, 10
_NEVER = frozenset({".git", "node_modules", ".venv", "venv", ".tox", ".nox", "vendor", ".gradle", ".m2", "deps"})
_LAST = "last-"


def moment(job: JobFolder) -> int:
    """Return the time by the clock with which files are stamped; a report of the run is younger."""
    job.heartbeat.touch()
    return job.heartbeat.stat().st_ctime_ns


def read_tests(job: JobFolder, spec: JobSpec, tree: Path, since: int, rules: SecretRules) -> SuiteSummary | None:
    """Return what the check reported about its tests, compared with an earlier run; None if it reported nothing.

    Never raises: whatever a tree contains, the exit file has to be written.
    """
    try:
        return _read(job, spec, tree, since, rules)
    except Exception as error:  # noqa: BLE001 - see above
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - the supervisor's own log
        return None


def _read(job: JobFolder, spec: JobSpec, tree: Path, since: int, rules: SecretRules) -> SuiteSummary | None:
    from mission_cli._support.dataclass import replace
    from mission_cli.adapters.checks.results import is_report, read_results
    from mission_cli.domain.judging.test_results import summary

    files = dict(_texts(job.reports, lambda name: name.endswith((".xml", ".json")), since))
    files = {f"MISSION_REPORTS/{name}": text for name, text in files.items()}
    files.update(_texts(tree, is_report, since))
    found = read_results(read_tail(job.log, _MOST_BYTES), files)
    if not found.formats:
        return None
    found = replace(found, tests=tuple(replace(t, name=rules.scrub(t.name), detail="") for t in found.tests))
    last = job.path.parent / f"{_LAST}{spec.program.tests}" / "tests.json"
    commit, before = _kept(last)
    good = not found.failed and found.ran > 0
    if before is None or (good and commit != spec.tree.commit):
        _keep(last, spec.tree.commit, found)
    return summary(found, before if commit != spec.tree.commit else None)


def _texts(root: Path, wanted: Callable[[str], bool], since: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of each wanted file below a folder that was written since; links are not followed."""
    budget = _MOST_BYTES
    count = 0
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        if not wanted(name):
            continue
        text = _text(path, since, budget)
        if text is None:
            continue
        budget -= len(text)
        count += 1
        yield name, text
        if count >= _MOST_FILES:
            return


def _files(root: Path) -> Iterator[Path]:
    waiting, seen = [(root, 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER and depth < _DEEPEST:
                    waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _text(path: Path, since: int, budget: int) -> str | None:
    """Return the text of a regular file that was written since a moment and is not longer than allowed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_ctime_ns <= since or facts.st_size > budget:
            return None
        return file.read(budget).decode("utf-8", "replace")


def _kept(last: Path) -> tuple[str, SuiteResults | None]:
    """Return the commit and the results to compare with: those of the last run that passed, or else of the first."""
    from mission_cli.domain.judging.test_results import CaseResult, CaseState, results_of

    raw = read_json(last)
    try:
        tests = [CaseResult(str(name), CaseState(state), float(took)) for name, state, took in raw["tests"]]
        return str(raw["commit"]), results_of(tests, str(raw["form"]))
    except (KeyError, TypeError, ValueError):
        return "", None


def _keep(last: Path, commit: str, found: SuiteResults) -> None:
    if len(found.tests) != found.ran + found.skipped:
        return  # only failures have names, and nothing could be compared
    make_folder(last.parent)
    tests = [[test.name, str(test.state), test.seconds] for test in found.tests]
    write_json(last, {"commit": commit, "form": found.formats[0], "tests": tests}, durable=False)
