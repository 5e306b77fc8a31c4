"""Show finished work before it lands: start a preview, stop it, and take the report of a deployment."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.results.landing import PreviewView
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.domain.errors import BlockedError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import PROGRAM, Person, is_elsewhere
from mission_cli.domain.notice import do
from mission_cli.domain.phases.table import WorkerKind, current
from mission_cli.domain.preview.rows import PreviewRow, PreviewStatus, is_url, job_key, newest
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.preview.jobs import token_of
from mission_cli.engine.recording.previews import preview_changes
from mission_cli.planner.preview.follow import why_phase_over

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.preview.rows import Reported
    from mission_cli.engine.context import Context

_UNDER_WAY = frozenset({PreviewStatus.PLANNED, PreviewStatus.STARTING})
_DEPLOYMENT = Person("deployment", PROGRAM.email)
_MOST_REFUSALS = 5
"""How many refused reports on a preview are recorded; whoever sends more fills no file."""
_MOST_REASON = 200


def start_preview(ctx: Context, text: str, *, again: bool = False) -> Done:
    """Record that the finished work is to be shown, unless it is already; with `again` in any case.

    Raises BlockedError if nothing can be shown.
    """
    commit = _shown_commit(ctx, resolve(ctx.state.snapshot(), text))

    def change(address: Address) -> Wanted:
        mission = address.mission
        last = newest(mission.previews)
        if last is not None and last.up and last.commit == commit and not again:
            return Wanted(words_of(view_of(last)), about=str(last.number))
        number = last.number + 1 if last is not None else 1
        phase = _phase_of(mission, last)
        by = f"asked for by {ctx.person().name}"
        row = PreviewRow(number, commit, since=stamp(ctx.clock.now()), reason=by, phase=phase)
        words = f"preview {number} of {row.short} is planned"
        return Wanted(words, EventKind.PREVIEW_PLANNED, tuple(preview_changes(mission, row)), about=str(number))

    return commit_change(ctx, text, change)


def stop_preview(ctx: Context, text: str) -> Done:
    """Record that the preview of a mission is to end."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        row = newest(mission.previews)
        if row is None or not row.going:
            return Wanted(f"{mission.id} has no preview")
        if row.status is PreviewStatus.CLOSING:
            return Wanted(f"preview {row.number} is ending", about=str(row.number))
        to = PreviewStatus.CLOSED if row.status is PreviewStatus.PLANNED else PreviewStatus.CLOSING
        now = stamp(ctx.clock.now())
        ended = replace(row, status=to, since=now, expires="", reason=f"stopped by {ctx.person().name}")
        event = EventKind.PREVIEW_CLOSED if to is PreviewStatus.CLOSED else EventKind.PREVIEW_CLOSING
        words = f"preview {row.number} ends"
        return Wanted(words, event, tuple(preview_changes(mission, ended)), about=str(row.number))

    return commit_change(ctx, text, change)


def report_preview(ctx: Context, text: str, token: str, report: Reported) -> Done:
    """Take the report of a deployment: its token counts once, while the preview starts.

    Raises UsageError for a report that cannot be read, and BlockedError for a token that does not count; the latter is
    recorded.
    """
    if report.ready and not is_url(report.words):
        raise UsageError("the URL of the deployment cannot be opened", hint="write --url https://HOST/PATH")
    refused = ""

    def change(address: Address) -> Wanted:
        nonlocal refused
        mission = address.mission
        row, refused = _reported_row(ctx, mission, token)
        if row is None or refused:
            return _refusal(mission, row, refused)
        changed = _with_report(ctx, row, report)
        event = EventKind.PREVIEW_READY if report.ready else EventKind.PREVIEW_FAILED
        ended = f"is ready: {changed.url}" if report.ready else f"failed: {changed.reason}"
        words = f"preview {row.number} of {row.short} {ended}"
        return Wanted(words, event, tuple(preview_changes(mission, changed)), about=str(row.number))

    done = commit_change(ctx.acting_as(_DEPLOYMENT), text, change)
    if refused:
        raise BlockedError(f"the report does not count: {refused}", hint=do("preview", done.address.mission.id))
    return done


def is_under_way(mission: Mission) -> bool:
    """Whether the newest preview is neither ready nor over."""
    row = newest(mission.previews)
    return row is not None and row.status in _UNDER_WAY


def preview_of(mission: Mission) -> PreviewView | None:
    """Return the newest preview of a mission, or None."""
    row = newest(mission.previews)
    return view_of(row) if row is not None else None


def view_of(row: PreviewRow) -> PreviewView:
    """Return what people see of a preview."""
    return PreviewView(row.number, row.commit, str(row.status), row.url, row.since, row.expires, row.reason)


def words_of(view: PreviewView) -> str:
    """Return a preview in one sentence."""
    name = f"preview {view.number} of {view.commit[:7]}"
    if view.status == PreviewStatus.READY:
        return f"{name} is ready: {view.url}"
    if view.status == PreviewStatus.FAILED:
        return f"{name} failed: {view.reason}"
    reason = f": {view.reason}" if view.reason and view.status not in _UNDER_WAY else ""
    return f"{name} is {view.status}{reason}"


def log_key(mission: Mission) -> str:
    """Return the key of the job of the newest preview. Raises NotFoundError if there is none."""
    row = newest(mission.previews)
    if row is None:
        raise NotFoundError(f"{mission.id} has had no preview", hint=do("preview", mission.id))
    return job_key(mission.id, row.number)


def _shown_commit(ctx: Context, address: Address) -> Sha:
    """Return the finished work. Raises BlockedError if there is none, or if nothing can show it."""
    mission = address.need_whole()
    if address.loaded.refused or not mission.managed or mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING}:
        raise BlockedError(f"{mission.id} has not been started", hint=do("start", mission.id))
    if mission.status in FINISHED_MISSION:
        words = f"{mission.id} is {mission.raw_status}: a preview shows work before it lands"
        raise BlockedError(words, hint=do("start", mission.id))
    if is_elsewhere(mission.host, ctx.machine.me()):
        raise BlockedError(f"{mission.id} is run by {mission.host}", hint="start the preview there")
    policy = policy_of(ctx)
    obstacle = policy.previews.obstacle
    if obstacle is not None:
        raise BlockedError(f"no preview can start: {obstacle.text}", hint=obstacle.remedy)
    seen = consider(ctx, policy, ctx.state.snapshot(), address.stored, address.loaded, look_only=True).observation
    commit = seen.work or seen.target or seen.base
    if commit is None:
        raise BlockedError(f"{mission.id} has no finished work yet", hint=do("why", mission.id))
    return commit


def _phase_of(mission: Mission, last: PreviewRow | None) -> str:
    """Return the phase that a new preview belongs to: the one that waits for it, or that of the one before."""
    now = current(mission.phases)
    if now is not None and now.kind is WorkerKind.PREVIEW:
        return now.name
    return last.phase if last is not None and last.phase and not why_phase_over(mission.phases, last.phase) else ""


def _reported_row(ctx: Context, mission: Mission, token: str) -> tuple[PreviewRow | None, str]:
    """Return the preview that a token belongs to, and why its report does not count; empty if it does."""
    rows = sorted(mission.previews, key=lambda row: -row.number)
    row = next((row for row in rows if _is_same(token_of(ctx, mission.id, row), token)), None)
    if row is None:
        return None, "its token belongs to no preview of this mission"
    if row.status is not PreviewStatus.STARTING:
        return row, f"preview {row.number} is {row.status}, and its token counted only while it started"
    since = parse_stamp(row.since)
    if since is None or ctx.clock.now() - since > ctx.settings.preview.ready:
        return row, f"the token of preview {row.number} has expired"
    return row, ""


def _is_same(one: str, other: str) -> bool:
    """Compare hashes, in a time that tells nothing about the texts."""
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)


def _refusal(mission: Mission, row: PreviewRow | None, why: str) -> Wanted:
    known = sum(entry.event == EventKind.PREVIEW_REFUSED for entry in mission.progress)
    if known >= _MOST_REFUSALS * max(1, len(mission.previews)):
        return Wanted(why)
    about = f"preview {row.number}" if row is not None else "a preview"
    return Wanted(f"a report about {about} was refused: {why}", EventKind.PREVIEW_REFUSED, record=True)


def _with_report(ctx: Context, row: PreviewRow, report: Reported) -> PreviewRow:
    now = ctx.clock.now()
    if report.ready:
        expires = stamp(now + ctx.settings.preview.expires)
        return replace(row, status=PreviewStatus.READY, url=report.words, since=stamp(now), expires=expires)
    reason = one_line(report.words, _MOST_REASON) or "the deployment failed"
    return replace(row, status=PreviewStatus.FAILED, since=stamp(now), reason=reason)
