"""Judge the merge queue: candidates that need the same checks are judged as one batch, on one tree.

If a batch fails, its first half is judged next, and so on, until one candidate is left that fails on finished work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted
from mission_cli.domain.branches.against import Against
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.status import HoldKind
from mission_cli.planner.attempts.facts import Facts
from mission_cli.planner.attempts.queue import carries
from mission_cli.planner.attempts.review import gives_way, judge_feature, of_touched_packages, review
from mission_cli.planner.core.effects import Integrate
from mission_cli.planner.milestones.judging import judge, key_on, start_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judgment

LARGEST = 8
"""The most candidates of a batch."""


def judge_queue(draft: Draft, waiting: Sequence[Facts]) -> None:
    """Judge the attempts that wait for it, those that were merged on one another in batches.

    Only the first batch counts. If it passes, all of it is integrated, and the trees of the others stay as they are.
    If it fails, its first half is the first batch.
    """
    line = _line(draft, waiting)
    batches, first = _batches(draft, line), True
    while batches:
        batch = batches.pop(0)
        suspects = _suspects(batch, batches[0]) if first and batches else frozenset()
        judgments = _judged(batch, suspects) if len(batch) > 1 else []
        if first and judgments and _has_failed(judgments):
            half = (len(batch) + 1) // 2
            batches[:0] = [batch[:half], batch[half:]]
            continue
        if judgments:
            _follow(draft, batch, judgments, first=first)
        else:
            _alone(batch[0])
        first = False
    for facts in waiting:
        if facts not in line:
            _alone(facts)


def _alone(facts: Facts) -> None:
    if facts.feature is not None:
        review(facts, facts.feature)


def _line(draft: Draft, waiting: Sequence[Facts]) -> list[Facts]:
    """Return the candidates that are merged one on another, from finished work on, and can be judged in a batch."""
    after = {facts.evidence.work: facts for facts in waiting if _joins(facts)}
    line, top = [], draft.observation.work
    while top in after:
        line.append(after.pop(top))
        top = line[-1].evidence.candidate
    return line


def _joins(facts: Facts) -> bool:
    """Whether an attempt can be judged with others: by commands alone, and without a version with other test files."""
    draft, evidence, feature = facts.draft, facts.evidence, facts.feature
    if feature is None or gives_way(facts) or draft.mission.reviews.reviewers or topic_in(draft.mission, feature):
        return False
    plain = bool(evidence.commits) and not (evidence.findings or evidence.behind) and evidence.against == Against()
    return plain and carries(draft.mission, facts.record, facts.end, evidence)


def _batches(draft: Draft, line: Sequence[Facts]) -> list[list[Facts]]:
    """Return the candidates in batches, each judged on the tree of its last one.

    Where checks have started, a batch ends, so one that is added makes no verdict useless. Of the others, those that
    follow one another are one batch if they share a check.
    """
    batches: list[list[Facts]] = []
    shared: set[str] = set()
    begun = [_has_begun(draft, facts) for facts in line]
    for place, facts in enumerate(line):
        keys = {key_on(draft, criterion, "") for criterion in _criteria(facts, facts)}
        last = batches[-1] if batches else []
        fits = 0 < len(last) < LARGEST and not begun[place - 1] and _has_criteria(last[-1]) is _has_criteria(facts)
        if fits and (any(begun[place:]) or keys & shared):
            last.append(facts)
            shared |= keys
        else:
            batches.append([facts])
            shared = keys
    return batches


def _has_criteria(facts: Facts) -> bool:
    return facts.feature is not None and bool(facts.feature.criteria)


def _has_begun(draft: Draft, facts: Facts) -> bool:
    """Whether a check on the tree of a candidate has started; if that is not known yet, it is asked."""
    criteria, evidence = _criteria(facts, facts), facts.evidence
    if evidence.candidate is None or not criteria:
        return False
    looked_up = judge(draft, criteria, owner=facts.record.feature, commit=evidence.candidate, tree=evidence.tree)
    for start in looked_up.starts:
        draft.judgments.setdefault(start.key, start)
    return any(key_on(draft, criterion, evidence.tree) in draft.observation.checks for criterion in criteria)


def _criteria(facts: Facts, top: Facts) -> Sequence[Criterion]:
    """Return what an attempt is judged by on the tree of a candidate that contains it."""
    own = facts.feature.criteria if facts.feature is not None else ()
    return own or of_touched_packages(facts.draft, replace(facts.evidence, tree=top.evidence.tree))


def _suspects(batch: Sequence[Facts], later: Sequence[Facts]) -> frozenset[str]:
    """Return the checks that failed on the tree of the next batch: they run first, since they probably fail again."""
    there = [*_on_top([*batch, *later], later[-1])]
    draft = batch[0].draft
    for judgment in there:
        for start in judgment.starts:
            draft.judgments.setdefault(start.key, start)
    failed = [judged for judgment in there for judged in judgment.known if not judged.passes]
    return frozenset(key_on(draft, judged.criterion, "") for judged in failed)


def _judged(batch: Sequence[Facts], suspects: frozenset[str]) -> list[Judgment]:
    """Return the judgment of each attempt of a batch on the tree of its last one, which comes first.

    The other checks are left out while a suspect one has not passed.
    """
    if suspects:
        narrow = [*_on_top(batch, batch[-1], suspects)]
        if not all(one.over and all(judged.passes for judged in one.known) for one in narrow):
            return narrow
    return [*_on_top(batch, batch[-1])]


def _on_top(batch: Sequence[Facts], last: Facts, only: frozenset[str] = frozenset()) -> Iterator[Judgment]:
    """Yield the judgment of each attempt of a batch on the tree of a candidate that contains all of them."""
    top, below = last.evidence, batch[0].evidence
    for facts in reversed(batch):
        both = replace(
            facts.evidence, candidate=top.candidate, tree=top.tree, work=below.work, work_tree=below.work_tree
        )
        there = Facts(facts.draft, facts.record, facts.feature, facts.job, facts.end, both)
        feature = facts.feature
        if feature is not None and feature.criteria and only:
            left = tuple(one for one in feature.criteria if key_on(facts.draft, one, "") in only)
            feature = replace(feature, criteria=left) if left else None
        if feature is not None and top.candidate is not None:
            yield judge_feature(there, feature, top.candidate)


def _has_failed(judgments: Sequence[Judgment]) -> bool:
    """Whether everything is known of a batch, and not all of it passes."""
    over = all(judgment.over for judgment in judgments)
    return over and not all(judged.passes for judgment in judgments for judged in judgment.known)


def _follow(draft: Draft, batch: Sequence[Facts], judgments: Sequence[Judgment], *, first: bool) -> None:
    """Start the checks of a batch, wait for them, or integrate it if it is the first one and has passed."""
    top, below = batch[-1].evidence, batch[0].evidence
    for judgment in judgments:
        start_checks(draft, judgment)
    if first and all(judgment.over for judgment in judgments) and top.candidate and below.work:
        names = ", ".join(attempt_name(facts.record.run) for facts in batch)
        checks = {judged.check or judged.criterion.text for judgment in judgments for judged in judgment.known}
        passed = counted(len(checks), "criterion", "criteria")
        why = f"{names}: {passed} passed on their merge with finished work"
        draft.effects.append(Integrate(batch[-1].record.run, top.candidate, below.work, why))
        return
    for facts in batch:
        others = ", ".join(other.record.feature for other in batch if other is not facts)
        words = f"attempt {facts.record.attempt} is being judged together with {others}"
        later = "" if first else ", on top of earlier ones, and waits for them"
        draft.hold(facts.record.feature, HoldKind.REVIEW, words + later)
