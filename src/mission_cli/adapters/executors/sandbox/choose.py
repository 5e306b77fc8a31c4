"""Find the strongest sandbox that works on this machine, and test it with a process that tries to escape."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.executors.sandbox.sandbox import Room, wrap
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.proc.run import run
from mission_cli.adapters.proc.scan import boot_id
from mission_cli.domain.errors import ToolError

_ESCAPE = Path(__file__).with_name("escape.py")
_STRENGTHS = (("--unshare-user", "--cap-drop", "ALL"), ("--cap-drop", "ALL"))
"""The second one is for root on machines without user namespaces."""
_HANDLE_BYTES = 128
_AT_FDCWD = -100
_PATIENCE = 20
_NO_COUNTS_FOR = 600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result. `command` is the program with the options that confine it; empty if there is no sandbox."""

    command: tuple[str, ...] = ()
    words: str = ""
    """Why there is no sandbox."""


def find_sandbox(path: str, note: Path | None = None, *, needed: bool = False) -> Found:
    """Look for a sandbox that works. `note` is a file that caches the answer until the next boot.

    A negative answer is cached for ten minutes, and not if a sandbox is `needed`: a person may change system settings.
    """
    from shutil import which

    program = which("bwrap", path=path)
    if program is None:
        return Found(words="bubblewrap is not installed")
    about = [boot_id(), program, Path(program).stat().st_mtime_ns, os.getuid(), _ESCAPE.stat().st_mtime_ns]
    known = read_json(note) if note is not None else None
    if isinstance(known, dict) and known.get("about") == about:
        young = 0 <= time.time() - known.get("at", 0) < _NO_COUNTS_FOR
        if known["command"] or (young and not needed):
            return Found(tuple(known["command"]), str(known["words"]))
    found = _look(program, path)
    if note is not None:
        note.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            note,
            {"about": about, "at": time.time(), "command": list(found.command), "words": found.words},
            durable=False,
        )
    return found


def _look(program: str, path: str) -> Found:
    words = ""
    for strength in _STRENGTHS:
        try:
            ways = ways_out((program, *strength), path)
        except (ToolError, OSError) as error:
            words = words or f"bubblewrap does not work here: {error}"
            continue
        if not ways:
            return Found((program, *strength))
        words = f"bubblewrap does not confine processes here: a process in it can {', '.join(ways)}"
    return Found(words=words)


def ways_out(bwrap: tuple[str, ...], path: str) -> list[str]:
    """Return the ways in which a process escaped. Raises ToolError if none could be started."""
    with TemporaryDirectory(prefix="mission-", ignore_cleanup_errors=True) as name:
        around = Path(name).resolve()
        home, objects, tree = (around / part for part in ("home", "objects", "tree"))
        for folder in (home, objects, tree):
            folder.mkdir()
        hidden = home / "hidden"
        hidden.write_text("hidden\n")
        handle, kind = _handle_of(hidden)
        argv = [sys.executable, "-I", "-S", *map(os.fspath, (_ESCAPE, home, objects)), handle, str(kind)]
        room = Room(tree=tree, objects=objects, home=home, path=path, copies=around / "copies")
        done = run(wrap(bwrap, argv, room), cwd="/", env={"PATH": path}, timeout=_PATIENCE)
    if done.code:
        lines = done.err.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(lines[-1] if lines else f"it ended with {done.code}")
    return done.out.decode("utf-8", "replace").splitlines()


def _handle_of(place: Path) -> tuple[str, int]:
    """Return the kernel's handle of a file, in hexadecimal, and its type; empty if there is none."""
    ask = getattr(ctypes.CDLL(None), "name_to_handle_at", None)
    room = ctypes.create_string_buffer(_HANDLE_BYTES.to_bytes(4, sys.byteorder), 8 + _HANDLE_BYTES)
    mount = ctypes.c_int()
    if ask is None or ask(_AT_FDCWD, os.fsencode(place), room, ctypes.byref(mount), 0) != 0:
        return "", 0
    raw = room.raw
    size = int.from_bytes(raw[:4], sys.byteorder)
    return raw[8 : 8 + size].hex(), int.from_bytes(raw[4:8], sys.byteorder, signed=True)
