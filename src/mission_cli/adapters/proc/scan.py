"""Running processes, read from /proc. Without /proc (macOS) the lists are empty: see ADR 6."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

_PROC = Path("/proc")


def boot_id() -> str:
    """Return the id of this boot, or the empty string."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def carrying(name: str, value: str) -> list[int]:
    """Return the pids of living processes whose environment at start had `name=value`, except this one."""
    needle = b"\0" + f"{name}={value}".encode() + b"\0"
    return [pid for pid in _pids() if needle in b"\0" + _read(pid, "environ") and not _zombie(pid)]


def named(names: Iterable[str]) -> bool | None:
    """Whether a process with one of these names is running; None if that cannot be determined."""
    wanted = set(names)
    for pid in _pids():
        try:
            name = (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
        except OSError:
            continue
        if name in wanted and not _zombie(pid):
            return True
    return False if (_PROC / "self").exists() else None


def descendants(pid: int) -> list[int]:
    """Return the pids of all living children, grandchildren and so on."""
    children: dict[int, list[int]] = {}
    for other in _pids():
        parent = _parent(other)
        if parent is not None:
            children.setdefault(parent, []).append(other)
    found: list[int] = []
    rest = list(children.get(pid, []))
    while rest:
        one = rest.pop()
        rest += children.get(one, [])
        if not _zombie(one):
            found.append(one)
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that living processes have used so far in total, in seconds."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0  # noqa: PLR2004 - utime, stime
    return ticks / float(os.sysconf("SC_CLK_TCK"))


def command_of(pid: int) -> list[str]:
    """Return the command line of a process; empty if it is gone."""
    raw = _read(pid, "cmdline")
    return raw.decode("utf-8", "replace").rstrip("\0").split("\0") if raw else []


def commanded(*words: str) -> list[int]:
    """Return the pids of living processes whose command line contains these words in sequence, except this one."""
    size = len(words)
    found = ((pid, command_of(pid)) for pid in _pids())
    return [pid for pid, had in found if any(tuple(had[n : n + size]) == words for n in range(len(had)))]


def git_at_work(folders: Iterable[Path]) -> str:
    """Return the command of a person's git that is changing something in one of the folders, or the empty string.

    A `git commit` with an open editor holds no lock; only its process shows it. A git that started this process by a
    hook or an alias waits for it and does not count.
    """
    for words in _gits(folders, without=set(ancestors())):
        if OURS not in words and _verb(words) in _CHANGING:
            return " ".join(words[:4])
    return ""


def own_git_at_work(folders: Iterable[Path]) -> bool:
    """Whether a git of this program is writing refs in one of the folders, even one whose parent was killed."""
    return any(OURS in words and _verb(words) in _WRITING_REFS for words in _gits(folders))


def ancestors() -> list[int]:
    """Return the pids of this process's parent, its parent, and so on."""
    found: list[int] = []
    pid: int | None = os.getppid()
    while pid and pid not in found:
        found.append(pid)
        pid = _parent(pid)
    return found


def _gits(folders: Iterable[Path], *, without: Container[int] = ()) -> Iterator[list[str]]:
    """Yield the command lines of git processes that work in one of the folders."""
    roots = [os.fspath(f.resolve()) for f in folders]
    for pid in _pids():
        if pid in without:
            continue
        words = command_of(pid)
        if not words or words[0].rpartition("/")[2] != "git":
            continue
        try:
            cwd = os.fspath((_PROC / str(pid) / "cwd").readlink())
        except OSError:
            continue
        if any(cwd == root or cwd.startswith(root + "/") for root in roots):
            yield words


def _verb(words: Sequence[str]) -> str:
    """Return the git subcommand in a command line, after git's own options."""
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


OURS = "core.hooksPath=/dev/null"
"""In the command line of every git of this program."""
_WITH_VALUE = frozenset({"-c", "-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--config-env"})
_WRITING_REFS = frozenset({"update-ref", "fetch"})
_CHANGING = frozenset({"commit", "rebase", "merge", "am", "cherry-pick", "revert", "pull", "stash", "gui", "citool"})


def _pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - path objects would cost more than the scan itself
    except OSError:
        return
    own = os.getpid()
    yield from (int(n) for n in names if n.isdigit() and int(n) != own)


def _read(pid: int, name: str) -> bytes:
    """Return a file of a process, empty if it is gone. A scan reads hundreds of them."""
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as source:  # noqa: PTH123 - as above
            return source.read()
    except OSError:
        return b""


def _stat(pid: int) -> list[bytes]:
    return _read(pid, "stat").rpartition(b")")[2].split()


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if len(fields) > 1 else None


def _zombie(pid: int) -> bool:
    fields = _stat(pid)
    return not fields or fields[0] in {b"Z", b"X"}
