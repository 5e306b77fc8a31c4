"""Compare the results in a mission file with the recorded verdicts: each result needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.verification import Misfit
from mission_cli.document.criteria.parse import result_comment
from mission_cli.domain.evidence.verdicts import START, VALIDATION, contract_of, rule_of
from mission_cli.domain.status import EXECUTABLE_KINDS, PASSES, MilestoneStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.document.runs.evidence import EvidenceFile
    from mission_cli.domain.criteria.criterion import Criterion, Result
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.runs.record import RunRecord


def unproven(
    path: str, text: str, mission: Mission, records: Sequence[RunRecord], files: Mapping[str, EvidenceFile]
) -> Iterator[Misfit]:
    """Yield results in the file without an equal recorded verdict, and passed milestones without evidence.

    Results older than the first recorded verdict are skipped, because earlier versions recorded none.
    """
    recorded = [v for r in records for v in r.judged] + [v for f in files.values() for v in f.verdicts]
    if not recorded:
        return
    first = min(verdict.at for verdict in recorded)
    for milestone in mission.milestones:
        for owner, criterion in contract_of(milestone):
            for result, baseline in ((criterion.result, False), (criterion.baseline, True)):
                if result is not None and result.at >= first:
                    yield from _unproven(path, text, owner, criterion, result, recorded, baseline=baseline)
            yield from _wrongly_ticked(path, owner, criterion)
        yield from _passed_without(path, milestone, files)


def _unproven(
    path: str,
    text: str,
    owner: str,
    criterion: Criterion,
    result: Result,
    recorded: Sequence[RecordedVerdict],
    *,
    baseline: bool,
) -> Iterator[Misfit]:
    where, said = f"{path}:{criterion.line}", result_comment(result, baseline=baseline)
    words = f"{owner}: {criterion.text}"
    if said not in text:
        yield Misfit(where, f"{words}: the result is not written as the program writes it: {said}")
    same = [v for v in recorded if v.criterion == criterion.text and v.at == result.at and not v.side]
    if not same:
        yield Misfit(where, f"{words}: no recorded verdict is from {result.at}")
    elif not any(v.verdict is result.verdict for v in same):
        yield Misfit(where, f"{words}: the file says {result.verdict}, and the recorded verdict is {same[0].verdict}")
    elif not any(v.commit.startswith(result.commit) and result.commit for v in same):
        yield Misfit(where, f"{words}: the file says {result.commit}, and {same[0].commit[:7]} was judged")


def _wrongly_ticked(path: str, owner: str, criterion: Criterion) -> Iterator[Misfit]:
    result = criterion.result
    if criterion.kind not in EXECUTABLE_KINDS or not (result or criterion.ticked):
        return
    if result is None:
        words = "it is ticked, and there is no result"
    elif criterion.ticked != (result.verdict in PASSES):
        words = f"it is {'' if criterion.ticked else 'not '}ticked, and its result is {result.verdict}"
    else:
        return
    yield Misfit(f"{path}:{criterion.line}", f"{owner}: {criterion.text}: {words}")


def _passed_without(path: str, milestone: Milestone, files: Mapping[str, EvidenceFile]) -> Iterator[Misfit]:
    """Yield a milestone whose commits or criteria differ from those in its evidence."""
    mine = [f for f in files.values() if f.subject == f"milestone {milestone.number}"]
    where = f"{path}:{milestone.line}"
    starts = [v.commit for f in mine if f.stage == START for v in f.verdicts]
    if milestone.started_at and starts and not any(c.startswith(milestone.started_at) for c in starts):
        yield Misfit(where, f"milestone {milestone.number}: `Started at` is not a commit of its negative control")
    if milestone.status is not MilestoneStatus.PASSED or not milestone.passed_at or not mine:
        return
    passes = [f for f in mine if f.stage == VALIDATION and all(v.verdict in PASSES for v in f.verdicts)]
    on = {v.commit for f in passes for v in f.verdicts}
    known = {rule_of(c) for c in milestone.criteria} <= {v.rule for f in passes for v in f.verdicts}
    if not passes or (on and not any(c.startswith(milestone.passed_at) for c in on)):
        words = f"milestone {milestone.number} passed at {milestone.passed_at}, and no validation is recorded there"
        yield Misfit(where, words)
    elif not known:
        yield Misfit(where, f"milestone {milestone.number} has criteria that were not judged when it passed")
