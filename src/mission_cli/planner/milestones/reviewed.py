"""Judge criteria by the reviews of agents: compare scores with the threshold, and let only proven findings block.

A review costs money, so none starts before everything that can be run has passed. Inconclusive reviews do not count;
after too many of them, a person judges.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.shown import plain_number
from mission_cli._support.text import counted, first_error, one_line
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.reviews.rules import family_of
from mission_cli.domain.reviews.weigh import confirmed, weigh, with_command
from mission_cli.domain.status import CriterionKind, Verdict
from mission_cli.planner.milestones.judgment import Judged, Judgment, ask_person, check_key, look_up
from mission_cli.planner.reviewing.reviews import reviews_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.reviews.answer import Finding
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.reviewing.reviews import Change, Reviews

_EVIDENCE_TIMEOUT = timedelta(minutes=5)
_MOST_COMMANDS = 5
_MOST_ADVICE = 5
CORRECTED = "corrected"
"""First word of the detail of a verdict that overrules an estimated criterion."""


def judge_by_reviews(
    draft: Draft, criteria: Sequence[Criterion], change: Change, commit: Sha, tree: str, about: str, result: Judgment
) -> None:
    """Add the verdicts of reviewers on these criteria, the reviews that are missing, or questions to a person."""
    if result.starts or result.running or result.unsure:
        return
    if not all(judged.passes for judged in result.known):
        result.known += result.disputed.values()
        return
    known = [*result.known, *result.disputed.values()]
    evidence = "\n".join(f"{judged.criterion.text}: {judged.verdict}" for judged in known)
    reviews = reviews_of(draft, change, criteria, commit, evidence)
    if reviews.given_up:
        result.known += result.disputed.values()
        for criterion in (c for c in criteria if c not in result.disputed):
            ask_person(draft, criterion, change.owner, about, result, reviews.given_up)
    elif not reviews.complete:
        result.reviews = reviews
    else:
        proven = list(_proven(draft, reviews, change, commit, tree, result))
        if not (result.starts or result.running):
            for one in enumerate(criteria, 1):
                verdict = _verdict(draft, reviews, change, *one, proven)
                before = result.disputed.get(verdict.criterion)
                result.known.append(verdict if before is None else _corrected(before, verdict))


def disputed(result: Judgment) -> list[Criterion]:
    """Move failed estimated criteria from the verdicts of a judgment to its disputes, and return them."""
    found = [judged for judged in result.known if judged.criterion.estimated and judged.verdict is Verdict.FAILED]
    result.known = [judged for judged in result.known if judged not in found]
    result.disputed = {judged.criterion: judged for judged in found}
    return [judged.criterion for judged in found]


def _proven(
    draft: Draft, reviews: Reviews, change: Change, commit: Sha, tree: str, result: Judgment
) -> Iterator[tuple[Finding, str]]:
    """Yield the findings that block, with their proof; add the checks that are needed to prove others.

    A command of a reviewer comes from a model, so it runs only in the sandbox. It proves a finding if it fails with the
    change and passes without it.
    """
    if draft.policy.sandboxed:
        for finding, reviewer in list(with_command(reviews.given))[:_MOST_COMMANDS]:
            check = Criterion(
                text=f"evidence of {reviewer}: {one_line(finding.command, 200)}",
                kind=CriterionKind.RUN,
                command=finding.command.strip(),
                timeout=_EVIDENCE_TIMEOUT,
                index=-1,
            )
            now, before = Judgment(), Judgment()
            for found, at, place in ((now, commit, tree), (before, change.since, change.since)):
                key = check_key(check, place, draft.policy, draft.mission, f"finding {change.name}")
                look_up(draft, check, at, key, found, confirm=False)
                result.starts += found.starts
                result.running += found.running
            failed, passed = now.having(Verdict.FAILED), before.having(Verdict.PASSED)
            if failed and passed:
                yield finding, f"`{check.command}` fails with it and passed before: {first_error(failed[0].detail)}"
    for finding, one, other in confirmed(reviews.given):
        yield finding, f"found by {one} and by {other}"


def _verdict(
    draft: Draft,
    reviews: Reviews,
    change: Change,
    number: int,
    criterion: Criterion,
    proven: Sequence[tuple[Finding, str]],
) -> Judged:
    """Return the verdict of the reviewers on one criterion; its detail begins with the reason."""
    rules = draft.mission.reviews
    weighed = weigh(reviews.given, f"c{number}", rules.dimensions)
    least = rules.threshold if criterion.bound is None else criterion.bound
    scores = ", ".join(f"{name} {plain_number(score)}" for name, score in weighed.by_dimension.items())
    lines = [f"{weighed.shown} of at least {plain_number(least)} by {_reviewers(reviews, change)}: {scores}"]
    if weighed.dropped:
        lines.append(f"{counted(weighed.dropped, 'score')} left out: more than 1.5 away from the median")
    lines += [f"reason: {one_line(reason, 500)}" for reason in weighed.reasons[:3]]
    lines += [f"advice: {_shown(finding)}" for finding in _advice(reviews, [f for f, _ in proven])]
    if proven:
        found = [line for finding, why in proven for line in (f"error: {_shown(finding)}", why, finding.body)]
        return Judged(criterion, Verdict.FAILED, "\n".join([*found, *lines]))
    if weighed.total < least:
        return Judged(criterion, Verdict.FAILED, "\n".join([f"error: the score is {lines[0]}", *lines[1:]]))
    return Judged(criterion, Verdict.PASSED, "\n".join(lines))


def _corrected(before: Judged, verdict: Judged) -> Judged:
    """Return the final verdict on a failed estimated criterion: the failure, unless reviewers find the work right.

    A corrected verdict is recorded as judged by reviewers, because running the criterion again would fail.
    """
    if not verdict.passes:
        return before
    words = f"{CORRECTED}: it was an estimate, it fails, and reviewers find the work right without it\n{verdict.detail}"
    return Judged(replace(before.criterion, kind=CriterionKind.REVIEW), Verdict.PASSED, words)


def _reviewers(reviews: Reviews, change: Change) -> str:
    names = ", ".join(dict.fromkeys(review.reviewer for review in reviews.given))
    workers = {family_of(record.runner, record.model) for record in change.made_by}
    alike = workers and all(review.family in workers for review in reviews.given)
    return f"{names} (of the same model family as the worker)" if alike else names


def _advice(reviews: Reviews, proven: Sequence[Finding]) -> list[Finding]:
    found = [f for review in reviews.given for f in review.answer.findings if f not in proven]
    return sorted(found, key=lambda f: (f.priority, -f.confidence))[:_MOST_ADVICE]


def _shown(finding: Finding) -> str:
    place = f"{finding.file}:{finding.first_line}: " if finding.file and finding.first_line else ""
    return one_line(f"{place}{finding.title}", 300)
