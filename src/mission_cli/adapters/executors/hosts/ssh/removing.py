"""Runs alone on the other machine to remove the files of mission: `python3 -c … FOLDER`, what is wanted on stdin.

The folder may have files of other programs: only names that mission gives are removed. A folder of a clone is renamed
first, so that a death midway leaves nothing that is half there under its name; the next run removes the rest.
"""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_GONE = ".gone-"
_OF_A_CLONE = frozenset(
    "code.git code.git.lock .code.git.new runs jobs trees slots unboxed unboxed.lock".split()  # noqa: SIM905 - a table
)
_OF_THE_PROGRAM = ("mission-*.pyz", "mission-*.new", "program", "node-id", "sandbox.json")
_OTHERS = "another clone uses it; --all removes it, too"


def clean(root: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Remove what is wanted, unless something runs there or was not taken over; say what was and what was not."""
    found = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    names = sorted(name for name in found if not name.startswith(_GONE))
    mine = [root / name for name in names if name in wanted["clones"]]
    others = [root / name for name in names if name not in wanted["clones"] and _is_of_a_clone(root / name)]
    go = [*mine, *others] if wanted["everything"] else mine
    busy = sorted({key for folder in go for key in _running(folder)})
    unread = sorted({key for folder in go for key in wanted["unread"].get(folder.name, [])})
    if busy or unread:
        return {"busy": busy, "unread": unread, "removed": [], "kept": []}
    halves = [path for path in root.glob(f"{_GONE}*") if path.is_dir()]
    things = [("files of this clone" if one in mine else "files of another clone", one, [one]) for one in go]
    things += [("rest of an earlier removal", one, [one]) for one in halves]
    stay = [("files of another clone", one, [one]) for one in others if one not in go]
    program = sorted(path for pattern in _OF_THE_PROGRAM for path in root.glob(pattern))
    (stay or things).extend([("program", root, program)] if program else [])
    kept = [(what, os.fspath(one), _size(paths), _OTHERS) for what, one, paths in stay]
    removed: list[tuple[str, str, int, str]] = []
    for what, one, paths in things:
        size = _size(paths)
        done = wanted["dry_run"] or min(map(_remove, paths))
        (removed if done else kept).append((what, os.fspath(one), size, "" if done else "it could not be removed"))
    if not wanted["dry_run"] and root.parts[-2:] == (".cache", "mission"):
        with suppress(OSError):  # it has something else, or is missing
            root.rmdir()
    return {"busy": [], "unread": [], "removed": removed, "kept": kept}


def _is_of_a_clone(folder: Path) -> bool:
    """Whether a folder has nothing but what mission makes there."""
    found = {path.name for path in folder.iterdir()} if os.access(folder, os.R_OK | os.X_OK) else set()
    return bool(found) and found <= _OF_A_CLONE


def _running(folder: Path) -> Iterator[str]:
    """Yield the keys of jobs whose lock is held."""
    for lock in folder.glob("runs/*/lock"):
        if _is_held(lock):
            key = lock.with_name("key")
            yield key.read_text() if key.exists() else lock.parent.name
    for lock in folder.glob("jobs/**/lock"):
        if _is_held(lock):
            yield lock.parent.relative_to(folder / "jobs").as_posix()


def _is_held(path: Path) -> bool:
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _remove(path: Path) -> bool:
    """Remove a file or a folder; whether it is gone."""
    try:
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return True
        gone = path if path.name.startswith(_GONE) else path.with_name(f"{_GONE}{path.name}")
        if gone != path:
            _remove_whole(gone)  # of an earlier removal
            path.rename(gone)
        _remove_whole(gone)
    except OSError:
        return False
    return True


def _remove_whole(folder: Path) -> None:
    if folder.exists():
        _make_writable(folder)
        shutil.rmtree(folder)


def _make_writable(folder: Path) -> None:
    """Workers may leave folders in which nothing can be removed."""
    for place, folders, _ in os.walk(folder):
        for one in (place, *(os.path.join(place, name) for name in folders)):  # noqa: PTH118 - of os.walk
            if not os.path.islink(one) and not os.access(one, os.R_OK | os.W_OK | os.X_OK):  # noqa: PTH114 - see above
                with suppress(OSError):
                    os.chmod(one, 0o700)  # noqa: PTH101 - see above


def _size(paths: list[Path]) -> int:
    total = 0
    for path in paths:
        files = [path] if not path.is_dir() or path.is_symlink() else path.rglob("*")
        for one in files:
            with suppress(OSError):
                total += one.lstat().st_size
    return total


if __name__ == "__main__":
    sys.stdout.write(json.dumps(clean(Path(sys.argv[1]), json.load(sys.stdin))))
