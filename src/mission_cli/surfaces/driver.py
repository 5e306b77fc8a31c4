"""The merge driver that git starts: it gets three files and a path, and leaves a merged file and an exit status."""

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
    """Merge the files BASE OURS THEIRS into OURS; the other arguments are marker size and path in the repository.

    Returns 0, or 3 if the result contains conflict markers. With any other status OURS is unchanged, and git merges
    the file itself.
    """
    from mission_cli.wiring.host import merge_texts, write_whole

    try:
        base, ours, theirs, size, path = words
        texts = [Path(name).read_bytes().decode("utf-8", "surrogateescape") for name in (base, ours, theirs)]
        merged = merge_texts(*texts, path=path, marker_size=int(size))
        write_whole(Path(ours), merged.text.encode("utf-8", "surrogateescape"))
    except Exception as error:  # noqa: BLE001 - after any error git can still merge line by line
        words_of_it = clean(f"{type(error).__name__}: {error}")
        sys.stderr.write(f"mission: merged by lines, not field by field: {words_of_it}\n")
        return _FAILED
    for note in merged.notes:
        sys.stderr.write(f"{clean(path)}: {clean(note)}\n")
    return _CONFLICTS if merged.conflicts else 0
