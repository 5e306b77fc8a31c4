"""What came of a job on a host: one commit with `exit.json`, the end of the log, and LFS objects of its work.

Its parents are the commits that the job left and the one with its uncommitted work, or else what it started from.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.executors.jobs.exit_file import exit_facts, exit_of
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.domain.runs.jobs import Exit

LOG_END = 256 << 10
"""Bytes of the log that a result contains."""
_EXIT, _LOG = "exit.json", "log"
_LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """A result that was read."""

    exit: Exit
    log: bytes


def make_result(git: Git, key: str, end: Exit, *, log: bytes, parents: Sequence[str]) -> str:
    """Write a result to a repository; return its commit."""
    content = json.dumps(exit_facts(end), ensure_ascii=False).encode("utf-8", "surrogatepass")
    files: Mapping[str, bytes] = {_EXIT: content, _LOG: log[-LOG_END:]}
    lines = [f"100644 blob {git.store(text)}\t{name}\n" for name, text in files.items()]
    tree = git.text("mktree", stdin="".join(lines).encode())
    known = list(dict.fromkeys(one for one in parents if one))
    return git.commit_tree(tree, known, f"Result of {key}\n", author=PROGRAM, committer=PROGRAM)


def _is_plain(end: Exit) -> bool:
    """Whether what a host wrote has the types that an exit file has."""
    texts = (end.started, end.ended, end.detail, end.saved, *end.missing)
    numbers = (end.seconds, end.leftovers, end.report.steps, 0 if end.code is None else end.code)
    return all(isinstance(one, str) for one in texts) and all(type(one) in {int, float} for one in numbers)


def read_result(git: Git, commit: str) -> Result:
    """Read a result. Raises ToolError if it is invalid."""
    sizes = git.run(
        "cat-file", "--batch-check=%(objectsize)", stdin=f"{commit}:{_EXIT}\n{commit}:{_LOG}\n".encode()
    ).out.split(b"\n")
    if any(not size.isdigit() or int(size) > _LARGEST for size in sizes[:2]):
        raise ToolError("its files are missing, or too large")
    found = git.blobs([f"{commit}:{_EXIT}", f"{commit}:{_LOG}"])
    try:
        raw: Any = json.loads(found[f"{commit}:{_EXIT}"].decode("utf-8", "surrogatepass"))
    except (ValueError, KeyError, RecursionError) as error:
        raise ToolError("its exit file cannot be read") from error
    end = exit_of(raw)
    if end is None or not _is_plain(end):
        raise ToolError("its exit file is invalid")
    return Result(end, found.get(f"{commit}:{_LOG}", b""))
