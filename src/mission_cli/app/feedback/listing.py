"""Find the drafts of issues: those in mission files, and what is observed in missions that have not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.feedback.results import FeedbackList, FeedbackText, FeedbackView
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.feedback.rows import FeedbackStatus, body_lines, unrecorded
from mission_cli.domain.notice import do
from mission_cli.domain.retrospective.signals import observations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.feedback.rows import FeedbackRow
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot, Stored

_SHORTEST = 4
"""Digits of a fingerprint that name a draft."""


def list_feedback(ctx: Context, text: str = "", *, everywhere: bool = False) -> FeedbackList:
    """Return the drafts of one mission, or of all missions of the repository."""
    snapshot = ctx.state.snapshot()
    if not everywhere:
        address = resolve(snapshot, text)
        return FeedbackList([*_views(ctx, snapshot, address.stored, address.need_whole())])
    found: list[FeedbackView] = []
    for name in sorted(snapshot.missions):
        stored = snapshot.missions[name]
        mission = load_placed(stored.text, stored.id).mission
        found += [view_of(ctx, mission, row) for row in mission.feedback]
    return FeedbackList(found)


def show_feedback(ctx: Context, text: str, which: str) -> FeedbackText:
    """Return one draft with the text of its issue. Raises NotFoundError."""
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    row, recorded = find_draft(ctx, snapshot, address.stored, address.need_whole(), which)
    return FeedbackText(view_of(ctx, address.mission, row, recorded=recorded), issue_body(ctx, address.mission, row))


def find_draft(
    ctx: Context, snapshot: Snapshot, stored: Stored, mission: Mission, which: str
) -> tuple[FeedbackRow, bool]:
    """Return a draft by its number or fingerprint, and whether the file has it. Raises NotFoundError."""
    rows = list(mission.feedback)
    for row, recorded in [
        *((row, True) for row in rows),
        *((row, False) for row in _new(ctx, snapshot, stored, mission)),
    ]:
        named = len(which) >= _SHORTEST and row.fingerprint.startswith(which.casefold())
        if str(row.number) == which or named:
            return row, recorded
    raise NotFoundError(f"{mission.id} has no draft `{which}`", hint=do("feedback list", mission.id))


def issue_title(ctx: Context, row: FeedbackRow) -> str:
    """Return the title of an issue, as data."""
    from mission_cli.document.syntax.escape import quiet_title

    return quiet_title(ctx.secrets.scrub(f"Improvement: {row.title}"), 140)


def issue_body(ctx: Context, mission: Mission, row: FeedbackRow) -> str:
    """Return the body of an issue: facts, as Markdown in which nothing acts and no secret or path is."""
    values = {"row": row, "facts": [ctx.secrets.scrub(line) for line in body_lines(row)], "mission": mission.id}
    return ctx.secrets.scrub(ctx.templates.render("feedback.md.j2", values))


def view_of(ctx: Context, mission: Mission, row: FeedbackRow, *, recorded: bool = True) -> FeedbackView:
    """Return a draft as surfaces show it."""
    status = str(row.status or "unknown") if recorded else "observed"
    return FeedbackView(
        mission.id,
        row.number,
        row.signal,
        row.target,
        row.title,
        list(row.facts),
        row.fingerprint,
        status,
        row.issue,
        ctx.settings.feedback.project(row.target),
    )


def filed_before(snapshot: Snapshot, row: FeedbackRow) -> tuple[str, str]:
    """Return mission and address of an issue with the same fingerprint in another mission; empty ones without any."""
    for name in sorted(snapshot.missions):
        stored = snapshot.missions[name]
        for other in load_placed(stored.text, stored.id).mission.feedback:
            if other.fingerprint == row.fingerprint and other.status is FeedbackStatus.FILED and other.issue:
                return str(name), other.issue
    return "", ""


def _views(ctx: Context, snapshot: Snapshot, stored: Stored, mission: Mission) -> Iterator[FeedbackView]:
    yield from (view_of(ctx, mission, row) for row in mission.feedback)
    yield from (view_of(ctx, mission, row, recorded=False) for row in _new(ctx, snapshot, stored, mission))


def _new(ctx: Context, snapshot: Snapshot, stored: Stored, mission: Mission) -> tuple[FeedbackRow, ...]:
    """Return what is observed and not in the file; in an ended mission what a person removed stays removed."""
    if snapshot.head is None or mission.completed:
        return ()
    texts = ctx.state.runs(stored, snapshot.head).values()
    records = [record for text in texts if (record := read_run(text)) is not None]
    return unrecorded(mission.feedback, observations(mission, records))
