"""Phases of the worker `tests`: every test command that is found in the repository has to pass on the finished work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, first_error, one_line
from mission_cli.domain.notice import do
from mission_cli.domain.phases.table import named
from mission_cli.domain.status import Verdict
from mission_cli.planner.milestones.fixes import fix_features
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.phases.outcomes import Done, Failed, Person, Working
from mission_cli.planner.phases.returns import fixing_milestone
from mission_cli.planner.phases.workers.command import finished_work, turn_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.moves.milestones import AddFix
    from mission_cli.planner.milestones.judgment import Judged
    from mission_cli.planner.phases.outcomes import Outcome

_LONGEST_EVIDENCE = 4000
_MOST_NAMED = 3


def tests(draft: Draft, phase: Phase) -> Outcome:
    """Finished when the test commands have passed on the finished work in this pass; never for want of tests."""
    work = finished_work(draft)
    if work is None:
        return Working()
    found = draft.observation.detected.get(draft.observation.work_tree)
    if found is None:
        return Working("the repository is searched for tests")
    commands = [criterion for criterion in found if criterion.tests]
    if not commands:
        return Person(f"no test command was found on {work[:7]}: test it yourself, or add tests")
    tree, owner = draft.observation.work_tree, phase.owner
    judgment = judge(draft, commands, owner=owner, commit=work, tree=tree, turn=turn_of(phase))
    start_checks(draft, judgment)
    if not judgment.over:
        return Working(f"{len(judgment.known)} of {counted(len(commands), 'test command')} ended")
    stuck = judgment.having(Verdict.COULD_NOT_RUN, Verdict.SKIPPED)
    failed = judgment.having(Verdict.FAILED)
    if failed:
        return Failed(_said(failed), _evidence(failed), _fixes(draft, phase, failed))
    if stuck:
        return Person(_said(stuck), do("retry", draft.mission.id, "--phase"))
    return Done(_passed(judgment.known, work))


def _said(judged: Sequence[Judged]) -> str:
    words = [f"{_name(j)}: {one_line(first_error(j.detail)) or j.verdict}" for j in judged[:_MOST_NAMED]]
    return f"{counted(len(judged), 'test command')} did not pass: {'; '.join(words)}"


def _name(judged: Judged) -> str:
    """Return the command as it was found, without what asks for a report."""
    return judged.criterion.text.removeprefix("run: ")


def _evidence(failed: Sequence[Judged]) -> str:
    return "\n\n".join(f"$ {j.criterion.command}\n{j.output[-_LONGEST_EVIDENCE:]}" for j in failed)


def _fixes(draft: Draft, phase: Phase, failed: Sequence[Judged]) -> tuple[AddFix, ...]:
    """Return a fix feature for each failure, in the milestone that gets those of the phase to go back to."""
    target = named(draft.mission.phases, phase.on_reject) if phase.on_reject else None
    milestone = fixing_milestone(draft.mission, target) if target is not None else None
    return fix_features(draft, milestone, failed) if milestone is not None else ()


def _passed(known: Sequence[Judged], work: str) -> str:
    """Return what passed, with the numbers of tests as far as the commands report them."""
    parts = []
    for judged in known[:_MOST_NAMED]:
        numbers = f" ({counted(judged.tests.ran, 'test')})" if judged.tests is not None else ""
        flaky = ", flaky" if judged.verdict is Verdict.FLAKY else ""
        parts.append(f"{_name(judged)}{numbers}{flaky}")
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return f"{', '.join(parts)}{more} passed on {work[:7]}"
