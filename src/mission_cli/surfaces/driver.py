"""The merge driver as git starts it: three files and a path in, the merged file and an exit status out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAILED = 1
_CONFLICTS = 3
"""What waits for a person."""


def merge_driver(words: Sequence[str]) -> int:
    """Merge the files BASE OURS THEIRS into OURS; further words are the marker size and the path in the repository.

    Returns 0, or 3 where conflict markers wait for a person. Any other status means that OURS is untouched:
    then git's own merge is asked.
    """
    from mission_cli.wiring.host import merge_texts, write_whole

    try:
        base, ours, theirs, size, path = words
        texts = [Path(name).read_bytes().decode("utf-8", "surrogateescape") for name in (base, ours, theirs)]
        merged = merge_texts(*texts, path=path, marker_size=int(size))
        write_whole(Path(ours), merged.text.encode("utf-8", "surrogateescape"))
    except Exception as error:  # noqa: BLE001 - the last door: whatever it is, git can still merge by lines
        words_of_it = clean(f"{type(error).__name__}: {error}")
        sys.stderr.write(f"mission: merged by lines, not by meaning: {words_of_it}\n")
        return _FAILED
    for note in merged.notes:
        sys.stderr.write(f"{clean(path)}: {clean(note)}\n")
    return _CONFLICTS if merged.conflicts else 0
