"""The folders beside a mission file: what goes into them, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESEARCH, AGENTS, SCRIPTS, ASSETS, DECISIONS = "research", "agents", "scripts", "assets", "decisions"
LARGEST: Mapping[str, int] = {
    RESEARCH: 1_000_000,
    AGENTS: 16_000,
    SCRIPTS: 16_000,
    ASSETS: 20_000_000,
    DECISIONS: 100_000,
}
"""The most bytes of one file, by folder."""
MOST = 200_000_000
"""The most bytes of all these folders of a mission together."""
FOLDERS = tuple(LARGEST)


def size_of(text: str) -> int:
    """Return the bytes of a file."""
    return len(text.encode("utf-8", "surrogateescape"))


def too_large(path: str, size: int, taken: int = 0) -> str:
    """Return why a file of the workspace is refused, with the figures; empty if it is not.

    `path`: such as `research/notes.md`. `taken`: the bytes of everything else there.
    """
    most = LARGEST.get(path.partition("/")[0], 0)
    if size > most:
        return f"it has {size:,} bytes, at most {most:,} are allowed"
    return (
        f"the workspace would have {taken + size:,} bytes, at most {MOST:,} are allowed" if taken + size > MOST else ""
    )
