"""Follow the previews of a mission: one decision for each of them in a round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import first_error, one_line, parse_stamp, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import RunId
from mission_cli.domain.notice import do
from mission_cli.domain.phases.table import PhaseStatus, current, named
from mission_cli.domain.preview.rows import PreviewRow, PreviewStatus, cleanup_key, job_key, newest, reported_in
from mission_cli.domain.status import FINISHED_MISSION, EndReason, HoldKind, JobState
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.effects import Cancel, CleanPreview, RunCheck, StartPreview
from mission_cli.planner.core.moves.outside import WritePreview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.planner.core.draft import Draft

_ALIVE = frozenset({JobState.WAITING, JobState.RUNNING})
_LONGEST = 200
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def previews(draft: Draft) -> None:
    """Follow each preview of which something is left."""
    for row in draft.mission.previews:
        if row.going:
            _follow(draft, row)


def why_over(draft: Draft, row: PreviewRow) -> str:
    """Return why a preview has to end now, or the empty string."""
    mission, work = draft.mission, draft.observation.work
    last = newest(mission.previews)
    if mission.status in FINISHED_MISSION:
        return f"the mission is {mission.status}"
    if last is not None and last.number != row.number:
        return "a newer preview replaces it"
    if any(row.commit.startswith(approval.commit) for approval in mission.landings):
        return "its landing is approved"
    if row.phase and (over := why_phase_over(mission.phases, row.phase)):
        return over
    if work is not None and work != row.commit:
        return f"the finished work has moved on to {work[:7]}"
    return ""


def shown_at(mission: Mission) -> str:
    """Return the URL of the preview that is ready, or the empty string."""
    row = newest(mission.previews)
    return row.url if row is not None and row.status is PreviewStatus.READY else ""


def plan_preview(draft: Draft, phase: str, commit: str) -> None:
    """Record that a commit is to be shown for a phase."""
    last = newest(draft.mission.previews)
    row = PreviewRow(last.number + 1 if last is not None else 1, commit, phase=phase)
    words = f"preview {row.number} of {row.short} is planned for the phase {phase}"
    _write(draft, row, PreviewStatus.PLANNED, EventKind.PREVIEW_PLANNED, words)


def why_phase_over(phases: Sequence[Phase], name: str) -> str:
    """Return why a phase no longer needs its preview: it was left backward, or the next gate behind it is decided."""
    phase, now = named(phases, name), current(phases)
    if phase is None or phase.status in {None, PhaseStatus.PENDING, PhaseStatus.SKIPPED}:
        return f"the phase {name} was left"
    behind = phases[list(phases).index(phase) :]
    gate = next((one for one in behind if one.gate), phase)
    if gate.over and gate is not now:
        return f"the gate {gate.gate} is decided" if gate.gate else ""
    return ""


def _follow(draft: Draft, row: PreviewRow) -> None:
    job = draft.observation.previews.get(job_key(draft.mission.id, row.number))
    if job is None or job.state is JobState.UNREACHABLE:
        draft.hold("", HoldKind.EXECUTOR, f"the state of preview {row.number} cannot be found out")
        return
    over = "" if row.status is PreviewStatus.CLOSING else why_over(draft, row)
    if over:
        _close(draft, row, over)
    elif row.status is PreviewStatus.PLANNED:
        _plan(draft, row)
    elif row.status is PreviewStatus.STARTING:
        _start(draft, row, job)
    elif row.status is PreviewStatus.READY:
        _show(draft, row, job)
    elif row.status is PreviewStatus.FAILED:
        _failed(draft, row, job)
    else:
        _end(draft, row, job)


def _plan(draft: Draft, row: PreviewRow) -> None:
    seen, rules = draft.observation, draft.policy.previews
    if any(other.going and other.number < row.number for other in draft.mission.previews):
        return  # it may get the port of the one before, and what that has deployed is removed first
    if rules.obstacle is not None:
        words, unblock = f"the preview cannot start: {rules.obstacle.text}", rules.obstacle.remedy
        draft.hold("", HoldKind.PREVIEW, words, unblock=unblock, person=True)
    elif seen.remote_problem:
        draft.hold("", HoldKind.PREVIEW, "the preview starts when the remote can be used")
    elif seen.shortage:
        draft.hold("", HoldKind.MACHINE, f"the preview cannot start: {seen.shortage}", until=seen.now + LOOK_AGAIN)
    else:
        words = f"preview {row.number} of {row.short} starts"
        _write(draft, row, PreviewStatus.STARTING, EventKind.PREVIEW_STARTING, words)


def _start(draft: Draft, row: PreviewRow, job: Job) -> None:
    rules = draft.policy.previews
    if job.state in {JobState.UNKNOWN, JobState.GONE}:
        if job.state is JobState.GONE:
            _end_orphan(draft, row)
        else:
            draft.effects.append(StartPreview(row.number, f"preview {row.number} of {row.short} is started"))
    elif job.port:
        _ready(draft, row, f"http://localhost:{job.port}{rules.path}")
    elif job.exit is not None:
        report = reported_in(job.tail) if rules.deploys and _went_well(job) else None
        if report is not None and report.ready:
            _ready(draft, row, report.words)
        elif report is not None:
            _fail(draft, row, report.words or "the deployment failed")
        elif rules.deploys and _went_well(job):
            _await_report(draft, row)
        else:
            _ended(draft, row, job)


def _await_report(draft: Draft, row: PreviewRow) -> None:
    """The deploy command has ended; what it started reports later, by its token."""
    limit = draft.policy.previews.ready
    if draft.has_come("", "the deployment is overdue", _left(draft, row, _since(row) + limit)):
        _fail(draft, row, f"the deployment was not reported within {limit.total_seconds():g} s")


def _ready(draft: Draft, row: PreviewRow, url: str) -> None:
    row = replace(row, url=url, expires=stamp(draft.observation.now + draft.policy.previews.expires))
    words = f"preview {row.number} of {row.short} is ready: {url}"
    _write(draft, row, PreviewStatus.READY, EventKind.PREVIEW_READY, words)


def _end_orphan(draft: Draft, row: PreviewRow) -> None:
    """End the processes of a preview whose supervisor died: its job is never started twice, so this only ends them."""
    why = f"the processes of preview {row.number} are ended: its supervisor died"
    draft.effects.append(StartPreview(row.number, why))


def _show(draft: Draft, row: PreviewRow, job: Job) -> None:
    rules = draft.policy.previews
    if job.state is JobState.GONE:
        _end_orphan(draft, row)
    elif job.exit is not None and not (rules.deploys and _went_well(job)):
        _ended(draft, row, job)
    elif job.state is JobState.UNKNOWN and not rules.deploys:
        _close(draft, row, "nothing is known of it on this machine")
    else:
        ends = parse_stamp(row.expires) or _since(row) + rules.expires
        if draft.has_come("", f"preview {row.number} expires", _left(draft, row, ends)):
            _close(draft, row, "it has expired")


def _ended(draft: Draft, row: PreviewRow, job: Job) -> None:
    """Its job has ended by itself."""
    end = job.exit
    if end is None:
        return
    if end.reason is EndReason.CANCELLED:
        _close(draft, row, "it was stopped")
        return
    if end.reason is EndReason.DEADLINE and row.status is PreviewStatus.READY:
        _close(draft, row, "it has expired")
        return
    late = "it took too long" if end.reason is EndReason.DEADLINE else ""
    how = end.detail or late or ("it was killed" if (end.code or 0) < 0 else f"it ended with {end.code}")
    said = first_error(job.tail)
    _fail(draft, row, f"{how}: {said}" if said and said not in how else how)


def _fail(draft: Draft, row: PreviewRow, reason: str) -> None:
    row = replace(row, reason=one_line(reason, _LONGEST), expires="")
    words = f"preview {row.number} of {row.short} failed: {row.reason}"
    _write(draft, row, PreviewStatus.FAILED, EventKind.PREVIEW_FAILED, words)


def _failed(draft: Draft, row: PreviewRow, job: Job) -> None:
    """Say why it failed until a person decides, and let nothing of it run."""
    mission = draft.mission
    if job.state in _ALIVE:
        draft.effects.append(_cancel(draft, row))
    words = f"preview {row.number} failed: {row.reason}"
    draft.hold("", HoldKind.PREVIEW, words, unblock=do("preview", mission.id, "--restart"), person=True)


def _close(draft: Draft, row: PreviewRow, reason: str) -> None:
    """End it: what was never started is closed at once."""
    planned = row.status is PreviewStatus.PLANNED
    to, event = PreviewStatus.CLOSING, EventKind.PREVIEW_CLOSING
    if planned:
        to, event = PreviewStatus.CLOSED, EventKind.PREVIEW_CLOSED
    kept = row.reason if row.status is PreviewStatus.FAILED else reason
    _write(draft, replace(row, reason=kept, expires=""), to, event, f"preview {row.number} ends: {reason}")


def _end(draft: Draft, row: PreviewRow, job: Job) -> None:
    """Stop its job, then clean up, then close it."""
    if job.state in _ALIVE:
        draft.effects.append(_cancel(draft, row))
    elif job.state is JobState.GONE:
        _end_orphan(draft, row)
    else:
        if job.state is JobState.UNKNOWN:
            draft.effects.append(_cancel(draft, row))  # if it exists in spite of that, it ends
        if draft.policy.previews.cleans:
            _clean(draft, row)
        else:
            _write(draft, row, PreviewStatus.CLOSED, EventKind.PREVIEW_CLOSED, f"preview {row.number} is closed")


def _clean(draft: Draft, row: PreviewRow) -> None:
    job = draft.observation.previews.get(cleanup_key(draft.mission.id, row.number))
    if job is None or job.state is JobState.UNREACHABLE or job.state in _ALIVE:
        return
    if job.exit is None:
        checks = sum(isinstance(act, RunCheck | CleanPreview) for act in draft.effects)
        if checks < draft.observation.free_checks:
            draft.effects.append(CleanPreview(row.number, f"clean up after preview {row.number}"))
        else:
            draft.wakes.append(draft.observation.now + LOOK_AGAIN)
    elif _went_well(job):
        _write(draft, row, PreviewStatus.CLOSED, EventKind.PREVIEW_CLOSED, f"preview {row.number} is cleaned up")
    else:
        how = job.exit.detail or f"it ended with {job.exit.code}"
        said = first_error(job.tail)
        reason = one_line(f"the cleanup failed: {how}" + (f": {said}" if said else ""), _LONGEST)
        words = f"preview {row.number} is closed, but {reason}"
        _write(draft, replace(row, reason=reason), PreviewStatus.CLOSED, EventKind.PREVIEW_UNCLEANED, words)


def _write(draft: Draft, row: PreviewRow, to: PreviewStatus, event: EventKind, why: str) -> None:
    changed = replace(row, status=to, since=stamp(draft.observation.now))
    draft.transitions.append(WritePreview(changed, event, why))


def _cancel(draft: Draft, row: PreviewRow) -> Cancel:
    return Cancel(RunId(job_key(draft.mission.id, row.number)), f"preview {row.number} is stopped")


def _went_well(job: Job) -> bool:
    return job.exit is not None and (job.exit.reason, job.exit.code) == (EndReason.EXIT, 0)


def _since(row: PreviewRow) -> datetime:
    """Return since when it has its status; without a readable time, since long ago."""
    return parse_stamp(row.since) or _LONG_AGO


def _left(draft: Draft, row: PreviewRow, moment: datetime) -> timedelta:
    seen = draft.observation
    return seen.moved(moment, parse_stamp(row.since)) - seen.now
