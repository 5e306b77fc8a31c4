"""File a draft as an issue, on the command of a person, and never twice; or discard it.

The fingerprint is in the body of the issue. If the process dies between the issue and its record, the next try finds
the issue by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.app.addressing import resolve
from mission_cli.app.feedback.listing import filed_before, find_draft, issue_body, issue_title, view_of
from mission_cli.app.feedback.results import FeedbackFiled
from mission_cli.app.transaction import Wanted, commit_change
from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.errors import ForgeError, ForgeTrouble, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.feedback.rows import SECTION, FeedbackStatus, cells_of
from mission_cli.domain.notice import do
from mission_cli.ports.git.forge import NewIssue

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.app.transaction import Done
    from mission_cli.domain.feedback.rows import FeedbackRow
    from mission_cli.engine.context import Context

_MOST_LOOKED_AT = 200
"""Open issues of others among which one with the same fingerprint is searched."""
_BY_HAND = frozenset({ForgeTrouble.UNAUTHORIZED, ForgeTrouble.NOT_FOUND})
"""What a person can do without: no token here, or no known forge."""


def file_feedback(ctx: Context, text: str, which: str, *, dry_run: bool = False) -> FeedbackFiled:
    """Open a draft as an issue of its project, unless there is one. Raises UsageError if it was discarded.

    Without a project or a token nothing is opened, and the result has the text and where a person can open it.
    """
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    mission = address.need_whole()
    row, recorded = find_draft(ctx, snapshot, address.stored, mission, which)
    if row.status is FeedbackStatus.FILED:
        words = f"draft {row.number} was filed already: {row.issue or 'its issue is not recorded'}"
        return FeedbackFiled(view_of(ctx, mission, row), words, "", row.issue, filed=True, commit="")
    if row.status is not FeedbackStatus.DRAFT:
        raise UsageError(f"draft {row.number} is {row.status or 'of an unknown status'}", hint=do("edit", mission.id))
    body, project = issue_body(ctx, mission, row), ctx.settings.feedback.project(row.target)
    view = view_of(ctx, mission, row, recorded=recorded)
    other, known = filed_before(snapshot, row)
    where = ctx.forge.address(project) if project else ""
    if dry_run or not (project or known):
        words = f"nothing is filed: {_why_not(project, row.target, dry_run=dry_run)}"
        return FeedbackFiled(view, words, body, known or where, filed=False, commit="")
    if not known:
        try:
            known, other = _issue(ctx, row, project, body)
        except ForgeError as error:
            if error.trouble not in _BY_HAND:
                raise
            words = f"nothing is filed: {error.message}; open it yourself"
            return FeedbackFiled(view, words, body, where, filed=False, commit="")
    said = (
        f"draft {row.number} is filed: {known}"
        if not other
        else f"draft {row.number} exists already ({other}): {known}"
    )
    filed = replace(row, status=FeedbackStatus.FILED, issue=known)
    done = _recorded(ctx, text, filed, said, EventKind.FEEDBACK_FILED, f"File the draft {row.number} as an issue")
    return FeedbackFiled(view_of(ctx, mission, filed), said, "", known, filed=True, commit=done.commit or "")


def discard_feedback(ctx: Context, text: str, which: str, *, reason: str = "") -> FeedbackFiled:
    """Discard a draft: it is not filed, and not observed again. Raises UsageError if it was filed."""
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    mission = address.need_whole()
    row, _ = find_draft(ctx, snapshot, address.stored, mission, which)
    if row.status is FeedbackStatus.FILED:
        raise UsageError(f"draft {row.number} was filed: {row.issue}", hint="close the issue there")
    gone = replace(row, status=FeedbackStatus.DISCARDED)
    why = f": {one_line(reason)}" if reason else ""
    words = f"draft {row.number} is discarded{why}"
    event, decision = EventKind.FEEDBACK_DISCARDED, f"Discard the draft {row.number} of an issue"
    done = _recorded(ctx, text, gone, words, event, decision, reason)
    return FeedbackFiled(view_of(ctx, mission, gone), words, "", "", filed=False, commit=done.commit or "")


def _issue(ctx: Context, row: FeedbackRow, project: str, body: str) -> tuple[str, str]:
    """Return the address of the issue, which is opened unless there is one; and whose it is, if it is not new."""
    _, forge = ctx.forge.elsewhere(project)
    key = f"feedback/{row.fingerprint}"
    there = next((one for one in forge.issues(_MOST_LOOKED_AT) if one.key == key), None)
    if there is not None:
        return there.url, "an open issue has its fingerprint"
    made = forge.open_issue(NewIssue(key, issue_title(ctx, row), body, ctx.settings.feedback.labels))
    return made.url, "" if made.open else f"issue #{made.number} is closed"


def _recorded(
    ctx: Context, text: str, row: FeedbackRow, words: str, event: EventKind, decision: str, reason: str = ""
) -> Done:
    """Write what became of a draft into its row, by its fingerprint: rows may have been renumbered."""

    def change(address: Address) -> Wanted:
        now = next((one for one in address.mission.feedback if one.fingerprint == row.fingerprint), None)
        changes: list[Change] = []
        if now is None:
            number = max((one.number for one in address.mission.feedback), default=0) + 1
            changes.append(AppendRow(SECTION, cells_of(replace(row, number=number))))
        elif (now.status, now.issue) != (row.status, row.issue):
            key, before, after = {"#": str(now.number)}, cells_of(now), cells_of(row)
            names = [name for name in ("Status", "Issue") if before[name] != after[name]]
            changes += [SetCell(SECTION, key, name, after[name]) for name in names]
        return Wanted(words, event, tuple(changes), decisions=(decision,), reason=reason)

    return commit_change(ctx, text, change)


def _why_not(project: str, target: str, *, dry_run: bool) -> str:
    if not project:
        return f"`[feedback]` names no project for {target}"
    return f"this is what {project} would get" if dry_run else ""
