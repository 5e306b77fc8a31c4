"""Phases of the worker `preview`: the finished work can be opened, by a server or a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.notice import do
from mission_cli.domain.preview.rows import PreviewStatus, job_key, newest
from mission_cli.planner.phases.outcomes import Done, Failed, Person, Working
from mission_cli.planner.preview.follow import plan_preview

if TYPE_CHECKING:
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.preview.rows import PreviewRow
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome

_UNDER_WAY = frozenset({PreviewStatus.PLANNED, PreviewStatus.STARTING})


def preview(draft: Draft, phase: Phase) -> Outcome:
    """Finished when a preview of this pass is ready; its URL is the result."""
    commit = draft.observation.work or draft.observation.base
    if commit is None:
        return Working()
    obstacle, row = draft.policy.previews.obstacle, newest(draft.mission.previews)
    if row is None or not _is_of_this_pass(row, phase) or (row.commit != commit and not row.up):
        if obstacle is not None:
            skip = do("skip", draft.mission.id, "--phase", phase.name, "--reason", "TEXT")
            return Person(f"no preview can start: {obstacle.text}", obstacle.remedy or skip)
        plan_preview(draft, phase.name, commit)
        return Working()
    if row.status is PreviewStatus.READY:
        return Done(row.url)
    if row.status is PreviewStatus.FAILED:
        job = draft.observation.previews.get(job_key(draft.mission.id, row.number))
        return Failed(f"preview {row.number} of {row.short} failed: {row.reason}", job.tail if job is not None else "")
    if row.status in _UNDER_WAY or row.up:
        return Working(f"preview {row.number} of {row.short} is {row.status}")
    return Person(f"preview {row.number} has ended: {row.reason}", do("preview", draft.mission.id))


def _is_of_this_pass(row: PreviewRow, phase: Phase) -> bool:
    """Whether a preview was planned for a phase since the phase was entered."""
    since, entered = parse_stamp(row.since), parse_stamp(phase.entered)
    return row.phase == phase.name and since is not None and (entered is None or since >= entered)
