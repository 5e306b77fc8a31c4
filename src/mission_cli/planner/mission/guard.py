"""Restores branches and state that something else moved while workers ran without a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.noted import blame
from mission_cli.domain.notice import do
from mission_cli.domain.status import FeatureStatus, JobState, MilestoneStatus
from mission_cli.planner.core.effects import Cancel, MakeWork, MoveWork, PutBaseBack
from mission_cli.planner.core.moves.mission import Note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import MissionId, RunId, Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

PUT_BACK = EventKind.WORK_PUT_BACK
"""Event of the progress log; its details name the attempts."""
STATE_PUT_BACK = EventKind.STATE_PUT_BACK
"""The same event for the files of a mission."""


@dataclass(frozen=True, slots=True)
class StateBack:
    """Restore the files of a mission to how they were before foreign commits."""

    mission: MissionId
    why: str
    attempts: tuple[str, ...] = ()
    """Those that are to blame."""


def state_back(
    changed: Mapping[MissionId, Sha | None], known: Sha, suspects: Mapping[MissionId, Sequence[RunId]]
) -> tuple[StateBack, ...]:
    """Return which missions to restore after foreign commits changed their files; empty if a person made the changes.

    `changed`: the last commit with such a change by mission, None if the branch was deleted. `known`: the last commit
    known before. `suspects`: by mission, the attempts without a sandbox that could write then.
    Without any suspect the changes are a person's. Otherwise all these missions are restored, and the attempts of a
    mission are blamed only for its own files.
    """
    if not any(suspects.values()):
        return ()
    found = []
    for mission, commit in changed.items():
        what = f"changed in {commit[:7]}" if commit else "deleted"
        attempts = tuple(map(attempt_name, suspects.get(mission, ())))
        names = ", ".join(attempts) or "workers of other missions"
        words = f"its files were {what} by something other than `mission` while {names} ran without a sandbox"
        again = f"if you made the change, `{do('undo', mission)}` makes it again"
        found.append(StateBack(mission, f"{words}: they are restored to {known[:7]}; {again}", attempts))
    return tuple(found)


def speaks(before: Mission, after: Mission) -> bool:
    """Whether a change of a mission file affects evidence or a decision of a person.

    Descriptions of the work, new features, the order of parts and formatting do not.
    """
    return _word(before, before) != _word(after, before)


def _word(mission: Mission, before: Mission) -> tuple[object, ...]:
    """Return all decisions in a mission, such as statuses, criteria, results, answers, messages, approvals and caps."""
    planned = {f.number for f in before.features()} | {m.number for m in before.milestones}
    milestones = [m for m in mission.milestones if m.number in planned or m.status is not MilestoneStatus.PENDING]
    features = [f for f in mission.features() if f.number in planned or f.status is not FeatureStatus.PENDING]
    return (
        (mission.status, mission.mode, mission.base, mission.host, mission.managed, mission.autonomous),
        (mission.kind, mission.lifetime, mission.check_every, mission.archived),
        (mission.schedule, mission.end_date, mission.deadline, mission.executions),
        (
            mission.limits,
            dict(mission.in_force.written),
            dict(mission.noted),
            dict(mission.models),
            mission.preferences,
            (mission.reviews, mission.quality_threshold, mission.orchestrator),
            [replace(one, line=0) for one in mission.held_out],
            [replace(row, line=0) for row in mission.pulls],
            [replace(row, line=0) for row in mission.deploys],
            ([replace(row, line=0) for row in mission.mails], mission.mail_recipients),
            [replace(row, line=0) for row in mission.purchases],
            mission.team,
        ),
        [(m.number, m.status, m.rounds, m.started_at, m.passed_at, _criteria(m.criteria)) for m in milestones],
        [(f.number, f.status, f.worker, f.pr, f.depends, f.tries_after, f.fixes, f.assign) for f in features],
        [
            (
                f.model,
                f.research,
                f.side_effects,
                f.needs,
                f.notify,
                f.limits,
                f.worth,
                f.on,
                f.repo,
                f.broken,
                _criteria(f.criteria),
            )
            for f in features
        ],
        [replace(gate, line=0) for gate in mission.gates],
        [replace(phase, line=0) for phase in mission.phases],
        [replace(one, line=0, purpose="", notes="") for one in mission.resources],
        [(a.at, a.gate, a.decision, a.by, a.commit) for a in mission.approvals],
        [(r.number, r.feature, r.status, " ".join(r.response.split())) for r in mission.requests],
        [(w.feature, w.waiting_for, w.status, w.data) for w in mission.waits],
        [(m.feature, m.sender, " ".join(m.text.split())) for m in mission.messages],
        [(r.at, r.feature, r.status) for r in mission.recoveries],
        [(s.date, s.category, s.amount) for s in mission.spends],
        [*mission.learned],
    )


def _criteria(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Return criteria without their positions and with normalized white space."""
    return [replace(c, text=" ".join(c.text.split()), line=0, index=0) for c in criteria]


def could_write(mission: Mission, records: Sequence[RunRecord]) -> tuple[RunId, ...]:
    """Return the open attempts without a sandbox whose processes may still run.

    An attempt in review that waits for a person has none: its worker and its checks have ended.
    """
    asked = {request.feature for request in mission.requests if request.open}
    waiting = {f.number for f in mission.features() if f.status is FeatureStatus.REVIEW and f.number in asked}
    return tuple(record.run for record in records if record.feature not in waiting)


def put_back(draft: Draft) -> bool:
    """Move `work` and the base back if they were moved, log it, and stop the suspects; True if one was moved."""
    moved = [_work_back(draft), _base_back(draft)]
    return any(moved)


def _base_back(draft: Draft) -> bool:
    observation, base = draft.observation, draft.mission.base
    if observation.base_back is None or observation.base is None:
        return False
    what = f"the branch {base} was moved to {observation.base[:7]}"
    why = _caught(draft, what, observation.base_movers, observation.base_back)
    draft.effects.append(PutBaseBack(observation.base_back, observation.base, why))
    return True


def _work_back(draft: Draft) -> bool:
    observation, branch = draft.observation, work_branch(draft.mission.id)
    if observation.put_back is None:
        return False
    what = f"{branch} was moved to {observation.work[:7]}" if observation.work else f"{branch} was deleted"
    why = _caught(draft, what, observation.movers, observation.put_back)
    draft.effects.append(
        MoveWork(observation.put_back, observation.work, why)
        if observation.work
        else MakeWork(observation.put_back, f"{branch} is created again")
    )
    return True


def _caught(draft: Draft, what: str, movers: Sequence[RunId], back: Sha) -> str:
    """Log what was moved and which attempts ran meanwhile, stop them, and return the logged text."""
    names = ", ".join(map(attempt_name, movers))
    words = f"{what} by something other than `mission` while {names} ran without a sandbox"
    why = f"{words}: it is moved back to {back[:7]}"
    draft.transitions.append(Note(PUT_BACK, why, tuple(map(attempt_name, movers))))
    running = [r for r in movers if r in draft.observation.jobs and draft.observation.jobs[r].state is JobState.RUNNING]
    draft.effects += [Cancel(run, f"{what} while it ran without a sandbox") for run in running]
    draft.halt(why)
    return why


def caught(draft: Draft, record: RunRecord) -> str:
    """Return the logged change that an attempt is blamed for, or the empty string."""
    return blame(draft.mission, attempt_name(record.run))
