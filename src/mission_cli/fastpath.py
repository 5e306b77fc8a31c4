"""The fast path: decides "nothing to do" with the standard library alone, before anything else is imported.

Idle means: the signature that the last full look left still holds. Files that matter look as they did,
every job's keeper is alive and has not ended, nobody kicked, STOP is not pressed, and it is not time yet.
What is missing or cannot be read is not idle.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

_SIGNATURE = "idle.json"
KICK = "kick"
"""The file by which somebody asks for a pulse: the next one looks at everything, and takes it away."""
_on_our_way: list[int] = []
_AGAIN_S = 5
_RACY_S = 2
"""Seconds: the coarsest clock of a file system (FAT). What changed since cannot be told apart by time alone."""


def is_idle(runtime: str, version: str) -> bool:
    """Whether a pulse on the repository with this runtime folder (`.git/mission`) would find nothing to do."""
    return _is_quiet(runtime, version, "due")


def is_worth_waiting(runtime: str, version: str) -> bool:
    """The same for a program that waits there: what each pulse looks at again is looked at every few seconds."""
    return _is_quiet(runtime, version, "due", patience=_AGAIN_S)


def seems_idle(runtime: str, version: str) -> bool:
    """Whether nothing that is watched has changed and no wake-up is due: only the look that comes anyway may be."""
    return _is_quiet(runtime, version, "wake")


def _is_quiet(runtime: str, version: str, until: str, *, patience: float = 0) -> bool:
    try:
        with open(os.path.join(runtime, _SIGNATURE), "rb") as source:
            signature = json.load(source)
        now = time.time()
        ends = signature[until]
        if signature["version"] != version or not signature["written"] - 1 <= now < (now + 1 if ends is None else ends):
            return False
        if signature["again"] and now >= signature["written"] + patience:
            return False
        if signature["folder"] != os.stat(runtime).st_ino:  # a copy: what is written here is about the original
            return False
        if os.path.exists(os.path.join(runtime, KICK)) or os.path.exists(os.path.join(runtime, "STOP")):
            return False
        looks: dict[str, list[int | str]] = signature["looks"]
        return all(_holds(path, look) for path, look in looks.items()) and all(map(_alive, signature["jobs"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def is_busy(runtime: str) -> bool:
    """Whether another pulse is at work on the repository; then it is kicked, and looks again before it ends.

    It looks for kicks after it has let its lock go: it sees ours, or we see that the lock is free.
    """
    lock = os.path.join(runtime, "lock")
    try:
        if not _is_held(lock):
            return False
        with open(os.path.join(runtime, KICK), "ab"):
            pass
        return _is_held(lock)
    except OSError:
        return False


def is_coming(runtime: str) -> bool:
    """Whether another pulse is on its way to the repository; then it is kicked. Else it is we, until `has_come`.

    Several workers that end at once start as many pulses, and the imports of all would take the time of the one that
    does the work. Whoever dies on the way leaves the kick to the next one.
    """
    try:
        handle = os.open(os.path.join(runtime, "coming"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        try:
            with open(os.path.join(runtime, KICK), "ab"):
                pass
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it may have come meanwhile
        except OSError:
            os.close(handle)
            return True
    _on_our_way.append(handle)
    return False


def has_come() -> None:
    """Let other pulses come: from now on they see the lock itself, or find it free."""
    while _on_our_way:
        os.close(_on_our_way.pop())


def state_folder() -> str:
    """Our folder among the user's state folders; the same as `adapters.user.user_folder("state")`."""
    configured = os.environ.get("XDG_STATE_HOME", "")
    root = configured if configured.startswith("/") else os.path.join(os.path.expanduser("~"), ".local/state")
    return os.path.join(root, "mission")


def busy_repositories(state: str, version: str) -> list[str]:
    """The known repositories that have something to do, or of which that cannot be said."""
    try:
        with open(os.path.join(state, "repos.json"), "rb") as source:
            known = json.load(source)
    except (OSError, ValueError):
        return []
    names = [name for name in known if isinstance(name, str)] if isinstance(known, list) else []
    return [name for name in names if not is_idle(_runtime_of(name), version)]


def leave_sign(state: str) -> None:
    """Let people see that `pulse --all` was here: the time of change of the file `ticked`."""
    try:
        os.makedirs(state, exist_ok=True)
        with open(os.path.join(state, "ticked"), "ab") as sign:
            os.utime(sign.fileno())
    except OSError:
        return


def find_runtime(start: str) -> str:
    """Return the runtime folder of the repository around a folder without asking git, or the empty string."""
    folder = os.path.abspath(start)
    while True:
        dot = os.path.join(folder, ".git")
        if os.path.isdir(dot):
            return os.path.join(dot, "mission")
        if os.path.lexists(dot):
            return _runtime_behind(dot)
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def _runtime_of(repository: str) -> str:
    """The runtime folder of a repository by its name: its main work tree, or its git folder where it has none."""
    dot = os.path.join(repository, ".git")
    return (
        os.path.join(dot, "mission")
        if os.path.isdir(dot)
        else _runtime_behind(dot) or os.path.join(repository, "mission")
    )


def _runtime_behind(dot: str) -> str:
    """The runtime folder of a linked work tree or a submodule, whose `.git` is a file; empty where it leads nowhere."""
    try:
        with open(dot, encoding="utf-8", errors="surrogateescape") as source:
            word, _, place = source.read().strip().partition(": ")
        git_dir = os.path.join(os.path.dirname(dot), place)
        if word != "gitdir" or not os.path.isdir(git_dir):
            return ""
        common = os.path.join(git_dir, "commondir")
        if os.path.exists(common):
            with open(common, encoding="utf-8", errors="surrogateescape") as source:
                git_dir = os.path.join(git_dir, source.read().strip())
        return os.path.join(os.path.normpath(git_dir), "mission")
    except (OSError, ValueError):
        return ""


def look(path: str) -> list[int | str]:
    """Times of change, size and inode of a file; empty: it is not there.

    One that changed just now adds a hash of its bytes: it may change again within the same tick of the clock.
    """
    found = _stat(path)
    if found and max(found[:2]) >= time.time_ns() - _RACY_S * 1_000_000_000:
        return [*found, _hash(path)]
    return [*found]


def _holds(path: str, look: list[int | str]) -> bool:
    """Whether a file still is what it was; bytes are only read where stat may not tell, as in git's index."""
    return _stat(path) == look[:4] and (len(look) <= 4 or _hash(path) == look[4])  # noqa: PLR2004 - what `look` makes


def _stat(path: str) -> list[int]:
    try:
        facts = os.stat(path)
    except OSError:
        return []
    return [facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino]


def _hash(path: str) -> str:
    from hashlib import blake2b

    try:
        with open(path, "rb") as source:
            return blake2b(source.read(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _alive(job: str) -> bool:
    """Whether a job still runs under its keeper's eyes, or a person works at it."""
    if os.path.exists(os.path.join(job, "exit.json")):
        return False
    if os.path.exists(os.path.join(job, "by-hand")):
        return True
    return _is_held(os.path.join(job, "lock"))


def _is_held(lock: str) -> bool:
    """Whether somebody has a lock. Raises OSError when there is no such file."""
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)
