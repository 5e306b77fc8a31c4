"""Whether the files for readers can be written, for `doctor` and `lint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import advise, doubtful
from mission_cli.domain.problems import Problem, Severity
from mission_cli.engine.board.keep import foreign_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.notice import Finding
    from mission_cli.engine.context import Context

SUBJECT = "dashboard"
_WORDS = "[dashboard] asks for this file, and it is your own: pulses leave it as it is"
_HINT = "move it away and commit that, or take its name out of `dashboard.files`"


def page_findings(ctx: Context) -> list[Finding]:
    """Return the files that the settings ask for, and that are in the way."""
    return [doubtful(SUBJECT, f"{ctx.state.work_path(path)}: {_WORDS}", advise(_HINT)) for path in foreign_pages(ctx)]


def page_problems(ctx: Context) -> Iterator[tuple[str, Problem]]:
    """Yield them with their paths, as `lint` reports them."""
    for path in foreign_pages(ctx):
        yield ctx.state.work_path(path), Problem(1, 1, _WORDS, _HINT, Severity.WARNING)
