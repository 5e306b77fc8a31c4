"""Edit a text in the person's own editor."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from mission_cli.domain.errors import UsageError


def edited(text: str, name: str) -> str:
    """Return the text as the person saved it.

    Raises UsageError if there is no terminal for the default editor, or if the editor failed or removed the file; a
    text that it had saved by then is kept.
    """
    from mission_cli.wiring.host import interact

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the editor needs a terminal", hint="set EDITOR to a program that needs none")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        copy.write_bytes(text.encode("utf-8", "surrogateescape"))
        command = f'{editor or "vi"} "$1"'
        code = interact(["/bin/sh", "-c", command, "sh", os.fspath(copy)], cwd=folder, env=dict(os.environ))
        saved = _saved(copy)
        if code or saved is None:
            what = f"the editor ended with exit status {code}" if code else "the editor removed the file"
            hint = f"your text is kept in {kept(name, saved)}" if saved not in {None, "", text} else ""
            raise UsageError(f"{what}; nothing was saved", hint=hint)
        return saved


def kept(name: str, text: str | None) -> Path:
    """Write a text that was not saved to a temporary file; return its path."""
    place = Path(tempfile.mkdtemp()) / name
    place.write_bytes((text or "").encode("utf-8", "surrogateescape"))
    return place


def _saved(copy: Path) -> str | None:
    try:
        return copy.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None
