"""Files that a check leaves for the mission: pictures and traces, in a folder beside the usage file."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

from mission_cli._support.dataclass import dataclass, field

LARGEST = 3 << 20
"""Size limit of a file, in bytes."""
FOLDER = "kept"
_OUT = "MISSION_USAGE"


@dataclass(slots=True)
class Kept:
    """Files by name."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> None:
        """Keep a file, unless it is too large."""
        if len(content) <= LARGEST:
            self.files[name] = content

    def write(self) -> None:
        """Write the files to the folder that the supervisor of the job reads, in place of anything there."""
        usage = os.environ.get(_OUT)
        if not usage or not self.files:
            return
        place = Path(usage).parent / FOLDER
        if place.is_symlink() or place.is_file():
            place.unlink()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, content in self.files.items():
            (place / name).write_bytes(content)


def kept_from(text: str) -> dict[str, bytes]:
    """Parse the standard input of a judge: a JSON object from name to base64, or empty for no files."""
    return {name: base64.b64decode(content) for name, content in json.loads(text or "{}").items()}
