"""Edit a text in the person's own editor."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mission_cli.domain.errors import UsageError


def edited(text: str, name: str) -> str:
    """Return the text as the person saved it. Raises UsageError if the editor's exit status is not 0."""
    from mission_cli.wiring.host import interact

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        copy.write_bytes(text.encode("utf-8", "surrogateescape"))
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        code = interact(["/bin/sh", "-c", f'{editor} "$1"', "sh", os.fspath(copy)], cwd=folder, env=dict(os.environ))
        if code:
            raise UsageError(f"the editor ended with exit status {code}; nothing was saved")
        return copy.read_bytes().decode("utf-8", "surrogateescape")
