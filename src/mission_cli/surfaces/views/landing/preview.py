"""What landing would bring to the base, for the person who decides: features, commits, files, verdicts, the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.domain.notice import do
from mission_cli.surfaces.lines import BLANK, clip, columns, line, paragraph, said
from mission_cli.surfaces.views.text import color_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.landing import Landed, LandingPreview
    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.surfaces.lines import Line

_MOST = 20
"""Commits and files that are listed one by one."""
_SHORT = 7
_INDENT = "  "


def landing_lines(preview: LandingPreview, width: int) -> list[Line]:
    """Return the preview of a landing."""
    lines = [
        line((said(preview.title), "bold"), ("  " + said(preview.id), "dim")),
        *paragraph(_summary(preview), width),
    ]
    features = [
        (line(f.number), line(said(f.title)), line((said(f.agent) or "by a person", "dim"))) for f in preview.features
    ]
    lines += _table("Features", features, width)
    commits = [(line((c.commit[:_SHORT], "cyan")), line(said(c.subject))) for c in preview.commits]
    lines += _table("Commits", commits, width)
    lines += _table("Files", [_file(one) for one in preview.files], width)
    criteria = [
        (line(c.owner), line((c.verdict or "not judged", color_of(c.verdict) or "yellow")), line(said(c.text)))
        for c in preview.criteria
    ]
    lines += _table("Criteria", criteria, width, most=0)
    left = [(line(one.number), line(said(one.title)), line((said(one.why), "yellow"))) for one in preview.left_out]
    lines += _table("Left out", left, width, most=0)
    if preview.obstacle:
        lines += [BLANK, *paragraph(f"in the way: {preview.obstacle}", width, "red")]
    return lines


def landed_words(landed: Landed, base: str) -> list[str]:
    """Return what the command did, where the work is now and how to take it back, or what the landing waits for."""
    words = [landed.message, *(f"landing waits: {detail}" for detail in landed.waits)]
    if landed.landed:
        words.append(f"it is on {base} as {landed.landed[:_SHORT]}; to take it back: {landed.take_back}")
        words.append(f"next: {do('report', landed.id)}")
    return words


def _summary(preview: LandingPreview) -> str:
    what = [
        counted(len(preview.features), "feature"),
        counted(len(preview.commits), "commit"),
        counted(len(preview.files), "file"),
    ]
    how = "as one commit" if preview.method == "squash" else "with a merge commit"
    words = f"{', '.join(what)}, +{preview.added} -{preview.removed}: {how} to {preview.base}"
    return f"{words}, which has moved: the merge is checked before it lands" if preview.base_moved else words


def _file(one: LandedFile) -> tuple[Line, ...]:
    if one.added is None or one.removed is None:
        return line(said(one.path)), line(("binary", "dim"))
    return line(said(one.path)), line((f"+{one.added}", "green")), line((f"-{one.removed}", "red"))


def _table(title: str, rows: Sequence[Sequence[Line]], width: int, *, most: int = _MOST) -> list[Line]:
    """Return a heading with rows below it; beyond `most` (0: no limit) only their number."""
    if not rows:
        return []
    shown = rows[:most] if most else rows
    found = [BLANK, line((title, "bold"))]
    found += [clip(line(_INDENT, *row), width) if width else line(_INDENT, *row) for row in columns(shown)]
    more = len(rows) - len(shown)
    return [*found, line(_INDENT, (f"and {more} more", "dim"))] if more else found
