"""Runs alone on the other machine to put a program there: `python3 -c … FOLDER NAME SHA256`, the program on stdin.

Prints `here` if the program is there, and `missing` if it is not and standard input was empty. Versions that were not
used for a week and that no process runs are removed.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

_KEEP_S = 7 * 24 * 3600


def place(path: Path, wanted: str, program: bytes) -> bool:
    """Write the program unless it is there; return whether it is there now."""
    try:
        known = hashlib.sha256(path.read_bytes()).hexdigest() == wanted
    except FileNotFoundError:
        known = False
    if not known:
        if hashlib.sha256(program).hexdigest() != wanted:
            return False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may have been removed since it was made
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            with beside.open("wb") as new:
                new.write(program)
                new.flush()
                os.fsync(new.fileno())
            beside.replace(path)
        except OSError:  # the disk may be full: nothing half stays
            beside.unlink(missing_ok=True)
            raise
    os.utime(path)
    return True


def tidy(path: Path) -> None:
    """Remove other versions that nothing uses, where the system tells what runs."""
    found = [*path.parent.glob("mission-*.pyz"), *path.parent.glob("mission-*.new")]
    old = [other for other in found if other != path and time.time() - other.stat().st_mtime > _KEEP_S]
    commands = commands_of_all() if old else ""
    for other in old:
        if commands and str(other) not in commands:
            other.unlink(missing_ok=True)


def commands_of_all() -> str:
    """Return the command lines of all processes; empty if the system does not tell."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(found)


if __name__ == "__main__":
    file = Path(sys.argv[1], sys.argv[2])
    is_there = place(file, sys.argv[3], sys.stdin.buffer.read())
    if is_there:
        tidy(file)
    sys.stdout.write("here" if is_there else "missing")
