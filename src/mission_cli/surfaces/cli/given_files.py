"""Files that are named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from mission_cli.domain.errors import DocumentError, NotFoundError

STDIN = Path("-")


def text_of(path: Path) -> str:
    """Return the text of a file; `-` is standard input. Raises NotFoundError, DocumentError."""
    try:
        return sys.stdin.read() if path == STDIN else path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        hint = "save the file as UTF-8"
        raise DocumentError("the file is not UTF-8", where=f"{path}:{line}:{column}", hint=hint) from error
