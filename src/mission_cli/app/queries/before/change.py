"""What commits change, as far as a person can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.mission_report import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_MOST_FILES = 300
_MOST_LINES, _MOST_LINES_OF_FILE = 6_000, 2_000


def change_between(ctx: Context, base: Sha, commit: Sha) -> Change:
    """Return all files that differ, and the lines of those that are neither binary nor very large, without secrets."""
    files = ctx.code.content(base, commit).files
    return Change(base, commit, files, ctx.secrets.scrub(ctx.code.diff(base, commit, [*_readable(files)])))


def _readable(files: Sequence[LandedFile]) -> Iterator[str]:
    total = 0
    for file in files[:_MOST_FILES]:
        lines = (file.added or 0) + (file.removed or 0)
        if file.added is not None and lines <= _MOST_LINES_OF_FILE and total + lines <= _MOST_LINES:
            total += lines
            yield file.path
