"""The fast path: decides "nothing to do" with the standard library alone, before anything else is imported.

A repository is idle if the idle signature still holds: watched files are unchanged, the supervisor of every job is
running, there is no wake-up request and no STOP, and no wake-up time has come. If something is missing or cannot be
read, it is not idle.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

_SIGNATURE = "idle.json"
KICK = "kick"
"""The wake-up request: a file that makes the next pulse check everything, and that this pulse removes."""
_on_our_way: list[int] = []
_AGAIN_S = 5
_RACY_S = 2
"""Seconds: the coarsest timestamps of a file system (FAT). For more recent changes, the time alone is not enough."""


def is_idle(runtime: str, version: str) -> bool:
    """Whether a pulse in the repository with this runtime folder (`.git/mission`) would find nothing to do."""
    return _is_quiet(runtime, version, "due")


def is_worth_waiting(runtime: str, version: str) -> bool:
    """The same for a program that waits: what no file reports is checked every few seconds, not each time."""
    return _is_quiet(runtime, version, "due", patience=_AGAIN_S)


def seems_idle(runtime: str, version: str) -> bool:
    """Whether no watched file has changed and no wake-up is due; at most the full check may be due."""
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
        if signature["folder"] != os.stat(runtime).st_ino:  # a copy: the signature describes the original
            return False
        if os.path.exists(os.path.join(runtime, KICK)) or os.path.exists(os.path.join(runtime, "STOP")):
            return False
        looks: dict[str, list[int | str]] = signature["looks"]
        return all(holds(path, look) for path, look in looks.items()) and all(map(_alive, signature["jobs"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def is_busy(runtime: str) -> bool:
    """Whether another pulse is running in the repository; if so, leave it a wake-up request.

    A pulse checks for requests after it has released its lock: either it sees this one, or the lock is free here.
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
    """Whether another pulse is starting in the repository; then leave a wake-up request. Otherwise it is this one.

    If several workers end at once, each starts a pulse, and the imports of all would slow down the one that does the
    work. If a pulse dies before `has_come`, the request remains for the next one.
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
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the other pulse may have started meanwhile
        except OSError:
            os.close(handle)
            return True
    _on_our_way.append(handle)
    return False


def has_come() -> None:
    """Let other pulses start: from now on they see the lock itself as held or free."""
    while _on_our_way:
        os.close(_on_our_way.pop())


def state_folder() -> str:
    """Return the program's folder in the user's state folder; the same as `adapters.user.user_folder("state")`."""
    configured = os.environ.get("XDG_STATE_HOME", "")
    root = configured if configured.startswith("/") else os.path.join(os.path.expanduser("~"), ".local/state")
    return os.path.join(root, "mission")


def busy_repositories(state: str, version: str, *, patience: float = 0) -> list[str]:
    """Return the known repositories that have something to do, or whose state cannot be determined.

    What no file reports is checked only when `patience` seconds have passed since the last pulse.
    """
    names = known_repositories(state)
    return [name for name in names if not _is_quiet(runtime_of(name), version, "due", patience=patience)]


def known_repositories(state: str) -> list[str]:
    """Return the repositories in which this user has used the program."""
    try:
        with open(os.path.join(state, "repos.json"), "rb") as source:
            known = json.load(source)
    except (OSError, ValueError):
        return []
    return [name for name in known if isinstance(name, str)] if isinstance(known, list) else []


def may_act_again(repository: str) -> bool:
    """Whether a mission of a repository is under way or waits for its time, as far as the last pulse could tell."""
    try:
        with open(os.path.join(runtime_of(repository), _SIGNATURE), "rb") as source:
            signature = json.load(source)
        return signature["unfinished"] is not False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def leave_sign(state: str) -> None:
    """Record that `pulse --all` ran, as the modification time of the file `ticked`."""
    try:
        os.makedirs(state, exist_ok=True)
        with open(os.path.join(state, "ticked"), "ab") as sign:
            os.utime(sign.fileno())
    except OSError:
        return


def find_runtime(start: str) -> str:
    """Return the runtime folder of the repository around a folder without running git, or the empty string."""
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


def runtime_of(repository: str) -> str:
    """Return the runtime folder of a repository given by its main work tree, or by its git dir if it has none."""
    dot = os.path.join(repository, ".git")
    return (
        os.path.join(dot, "mission")
        if os.path.isdir(dot)
        else _runtime_behind(dot) or os.path.join(repository, "mission")
    )


def _runtime_behind(dot: str) -> str:
    """Return the runtime folder of a linked work tree or submodule, whose `.git` is a file; empty if it is invalid."""
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
    """Return modification and change times, size and inode of a file; empty if it does not exist.

    For a file that changed just now, a hash of its content is added: it may change again within the same timestamp.
    """
    found = _stat(path)
    if found and max(found[:2]) >= time.time_ns() - _RACY_S * 1_000_000_000:
        return [*found, digest(path)]
    return [*found]


def holds(path: str, look: list[int | str]) -> bool:
    """Whether a file is unchanged; its content is read only if times are not precise enough, as for git's index."""
    return _stat(path) == look[:4] and (len(look) <= 4 or digest(path) == look[4])  # noqa: PLR2004 - what `look` makes


def _stat(path: str) -> list[int]:
    try:
        facts = os.stat(path)
    except OSError:
        return []
    return [facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino]


def digest(path: str) -> str:
    """Return a hash of the content of a file; empty if it cannot be read."""
    from hashlib import blake2b

    try:
        with open(path, "rb") as source:
            return blake2b(source.read(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _alive(job: str) -> bool:
    """Whether a job's supervisor is still running, or a person works on the job."""
    if os.path.exists(os.path.join(job, "exit.json")):
        return False
    if os.path.exists(os.path.join(job, "by-hand")):
        return True
    return _is_held(os.path.join(job, "lock"))


def _is_held(lock: str) -> bool:
    """Whether a lock is held. Raises OSError if there is no such file."""
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)
