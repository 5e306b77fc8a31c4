"""What runs on this machine, read from /proc. Without /proc (macOS) the lists are empty: see ADR 6."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

_PROC = Path("/proc")


def boot_id() -> str:
    """The id of this boot, or the empty string."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def carrying(name: str, value: str) -> list[int]:
    """Pids of living processes whose environment at start had `name=value`, ours excepted."""
    needle = b"\0" + f"{name}={value}".encode() + b"\0"
    return [pid for pid in _pids() if needle in b"\0" + _read(pid, "environ") and not _zombie(pid)]


def named(names: Iterable[str]) -> bool | None:
    """Whether a process with one of these names runs; None where that cannot be seen."""
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
    """Pids of all living children, grandchildren and so on."""
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
    """CPU time that living processes have used so far, together."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0  # noqa: PLR2004 - utime, stime
    return ticks / float(os.sysconf("SC_CLK_TCK"))


def command_of(pid: int) -> list[str]:
    """The words of a process's command; empty when it is gone."""
    raw = _read(pid, "cmdline")
    return raw.decode("utf-8", "replace").rstrip("\0").split("\0") if raw else []


def commanded(*words: str) -> list[int]:
    """Pids of living processes whose command holds these words one after another, ours excepted."""
    size = len(words)
    found = ((pid, command_of(pid)) for pid in _pids())
    return [pid for pid, had in found if any(tuple(had[n : n + size]) == words for n in range(len(had)))]


def git_at_work(folders: Iterable[Path]) -> str:
    """The command of a person's git that is changing something in one of the folders, or the empty string.

    A `git commit` with its editor open holds no lock: only the process shows it. A git that has started us, by a hook
    or an alias, waits for us: it is none of them.
    """
    for words in _gits(folders, without=set(ancestors())):
        if OURS not in words and _verb(words) in _CHANGING:
            return " ".join(words[:4])
    return ""


def own_git_at_work(folders: Iterable[Path]) -> bool:
    """Whether a git of ours is writing refs in one of the folders; also one whose parent was killed."""
    return any(OURS in words and _verb(words) in _WRITING_REFS for words in _gits(folders))


def ancestors() -> list[int]:
    """Our parent, its parent, and so on."""
    found: list[int] = []
    pid: int | None = os.getppid()
    while pid and pid not in found:
        found.append(pid)
        pid = _parent(pid)
    return found


def _gits(folders: Iterable[Path], *, without: Container[int] = ()) -> Iterator[list[str]]:
    """The commands of gits that work in one of the folders."""
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
    """What git was told to do, behind its own options."""
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


OURS = "core.hooksPath=/dev/null"
"""Stands in the command of every git of ours."""
_WITH_VALUE = frozenset({"-c", "-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--config-env"})
_WRITING_REFS = frozenset({"update-ref", "fetch"})
_CHANGING = frozenset({"commit", "rebase", "merge", "am", "cherry-pick", "revert", "pull", "stash", "gui", "citool"})


def _pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - paths as objects would cost more than the look at them
    except OSError:
        return
    own = os.getpid()
    yield from (int(n) for n in names if n.isdigit() and int(n) != own)


def _read(pid: int, name: str) -> bytes:
    """A file of a process, empty when it is gone; a scan reads hundreds of them."""
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
