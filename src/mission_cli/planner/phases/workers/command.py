"""Phases of the worker ``run: `COMMAND` ``: the command has to succeed on the finished work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import first_error, one_line
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.notice import do
from mission_cli.domain.status import CriterionKind, Verdict
from mission_cli.planner.core.effects import MakeWork
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.phases.outcomes import Done, Failed, Person, Working

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome


def turn_of(phase: Phase) -> str:
    """Return a name for this pass through a phase; verdicts are not kept beyond it."""
    return f"phase {phase.name} {phase.entered}"


def finished_work(draft: Draft) -> Sha | None:
    """Return the commit of finished work; None while the branch is being made."""
    work, base = draft.observation.work, draft.observation.base
    if work is None and base is not None:
        draft.effects.append(MakeWork(base, f"create {work_branch(draft.mission.id)} at {base[:7]}"))
    return work


def command(draft: Draft, phase: Phase) -> Outcome:
    """Finished when the command has succeeded on the finished work as it is now, in this pass."""
    work = finished_work(draft)
    if work is None:
        return Working()
    criterion = Criterion(phase.worker, CriterionKind.RUN, command=phase.command, timeout=phase.timeout)
    tree, owner = draft.observation.work_tree, phase.owner
    judgment = judge(draft, [criterion], owner=owner, commit=work, tree=tree, turn=turn_of(phase))
    start_checks(draft, judgment)
    if not judgment.over:
        return Working(f"`{phase.command}` is being run on {work[:7]}")
    judged = judgment.known[0]
    if judged.passes:
        return Done(f"`{phase.command}` passed on {work[:7]}")
    why = one_line(first_error(judged.detail)) or str(judged.verdict)
    if judged.verdict is Verdict.COULD_NOT_RUN:
        return Person(f"`{phase.command}` cannot be run: {why}", do("retry", draft.mission.id, "--phase"))
    return Failed(f"`{phase.command}` failed on {work[:7]}: {why}", judged.output)
