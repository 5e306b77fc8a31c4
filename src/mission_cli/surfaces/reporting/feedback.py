"""Drafts of issues as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.surfaces.lines import line
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.app.feedback.results import FeedbackList, FeedbackView
    from mission_cli.surfaces.lines import Line

_TITLE, _WORD = 120, 40
_COLORS = {"draft": "yellow", "observed": "yellow", "filed": "green"}


def feedback_lines(found: FeedbackList, *, named: bool) -> list[Line]:
    """Return a line for each draft, and its issue below; `named`: with its mission."""
    if not found.drafts:
        return [line("there are no drafts of issues")]
    return [told for one in found.drafts for told in _lines(one, named=named)]


def issue_text(one: FeedbackView, body: str) -> str:
    """Return an issue as text: its title and its body."""
    return clean(f"Improvement: {one_line(one.title, _TITLE)}\n\n{body.rstrip()}")


def _lines(one: FeedbackView, *, named: bool) -> list[Line]:
    status = one_line(one.status, _WORD)
    name = f"{one.mission} " if named else ""
    where = one_line(one.project or one.target, _WORD)
    lines = [
        line(f"{name}{one.number}  ", (f"{status:<9}", _COLORS.get(status, "")), f"  {one_line(one.title, _TITLE)}")
    ]
    lines.append(line(f"    {one.signal}, for {where}, {one.fingerprint}"))
    if one.issue:
        lines.append(line(f"    {one.issue}"))
    return lines
