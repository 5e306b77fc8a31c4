"""What blocks a merge, by the rules of the forge: each with who can clear it. Pure, for the planner and for views."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, one_line
from mission_cli.domain.forge.facts import CheckOutcome, Mergeable, ReviewState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.forge.facts import Check, Comment, PullFacts, Review, Rules, Thread

FORGE, WORKER, PROGRAM = "the forge", "a worker", "mission"
_SHOWN = 5
_LONGEST = 120


class Blocker(StrEnum):
    """One rule that is not met."""

    LOCKED = "locked"
    DRAFT = "draft"
    CONFLICT = "conflict"
    BEHIND = "behind"
    CHECK_FAILED = "check failed"
    CHECK_MISSING = "check missing"
    CHECK_PENDING = "check pending"
    CHECK_ACTION = "check waits for a person"
    CHANGES = "changes requested"
    THREADS = "open threads"
    APPROVALS = "approvals"
    OTHERS = "other rules"


@dataclass(frozen=True, slots=True)
class Block:
    """One rule that is not met, and who can clear it."""

    kind: Blocker
    text: str
    who: str
    names: tuple[str, ...] = ()
    """The checks, reviewers or threads concerned."""


def blocks(facts: PullFacts, rules: Rules, *, expects_checks: bool) -> tuple[Block, ...]:
    """Return what blocks the merge of a pull request now, the first one to clear first.

    `expects_checks`: the repository has checks that start by themselves, so a head without any is not green.
    """
    return tuple(_blocks(facts, rules, expects_checks=expects_checks))


def _blocks(facts: PullFacts, rules: Rules, *, expects_checks: bool) -> Iterator[Block]:
    if rules.locked:
        yield Block(Blocker.LOCKED, f"the branch `{facts.pull.base}` is locked", "an administrator of the repository")
    if facts.pull.draft:
        yield Block(Blocker.DRAFT, "it is a draft", "who marks it as ready")
    if facts.mergeable is Mergeable.CONFLICTS:
        yield Block(Blocker.CONFLICT, f"it conflicts with `{facts.pull.base}`", WORKER)
    elif facts.behind and rules.strict:
        yield Block(Blocker.BEHIND, f"`{facts.pull.base}` has commits that it lacks", PROGRAM)
    yield from _of_checks(facts, rules, expects_checks=expects_checks)
    yield from _of_reviews(facts, rules)


def gating(facts: PullFacts, rules: Rules) -> tuple[Check, ...]:
    """Return the checks that count: the required ones, or all where none is required."""
    return tuple(c for c in facts.checks if not rules.required or c.name in rules.required)


def _of_checks(facts: PullFacts, rules: Rules, *, expects_checks: bool) -> Iterator[Block]:
    found = gating(facts, rules)
    failed = [c.name for c in found if c.outcome in {CheckOutcome.FAILED, CheckOutcome.INFRASTRUCTURE}]
    pending = [c.name for c in found if c.outcome is CheckOutcome.PENDING]
    asking = [c.name for c in found if c.outcome is CheckOutcome.ACTION]
    missing = [name for name in rules.required if name not in {c.name for c in found}]
    if failed:
        yield Block(Blocker.CHECK_FAILED, f"{_named(failed, 'check')} failed", WORKER, tuple(failed))
    if asking:
        words = f"{_named(asking, 'check')} {_verb(asking, 'waits', 'wait')} for a person"
        yield Block(Blocker.CHECK_ACTION, words, "a maintainer, at the forge", tuple(asking))
    if pending:
        words = f"{_named(pending, 'check')} {_verb(pending, 'is', 'are')} running"
        yield Block(Blocker.CHECK_PENDING, words, FORGE, tuple(pending))
    if missing:
        words = f"the required {_named(missing, 'check')} {_verb(missing, 'has', 'have')} not started"
        yield Block(Blocker.CHECK_MISSING, words, FORGE, tuple(missing))
    elif expects_checks and not facts.checks:
        yield Block(Blocker.CHECK_MISSING, "no check has started", FORGE)


def _of_reviews(facts: PullFacts, rules: Rules) -> Iterator[Block]:
    against = requested_by(facts)
    if against:
        words = f"{_listed(against)} requested changes"
        yield Block(Blocker.CHANGES, words, f"{_listed(against)}, with a new review", against)
    opened = [t.id for t in facts.threads if t.path and not t.resolved]
    if opened and rules.conversations:
        words = f"{counted(len(opened), 'review thread')} {_verb(opened, 'is', 'are')} not resolved"
        yield Block(Blocker.THREADS, words, "a reviewer, who resolves them", tuple(opened))
    given = sum(approves(r, facts) for r in facts.reviews)
    wanted = approvals_wanted(rules)
    if given < wanted:
        owners = " of code owners" if rules.code_owners else ""
        lacking = range(wanted - given)
        missing = counted(len(lacking), "approving review")
        words = f"{missing}{owners} of this commit {_verb(lacking, 'is', 'are')} missing"
        yield Block(Blocker.APPROVALS, words, "a reviewer with write access")


def approvals_wanted(rules: Rules) -> int:
    """Return how many approvals the rules demand."""
    return max(rules.approvals, 1 if rules.code_owners or rules.last_push else 0)


def requested_by(facts: PullFacts) -> tuple[str, ...]:
    """Return who requested changes."""
    return tuple(r.author.login for r in opinions(facts) if r.state is ReviewState.CHANGES_REQUESTED)


def opinions(facts: PullFacts) -> tuple[Review, ...]:
    """Return the reviews that count: of people who may write, other than ours."""
    return tuple(r for r in facts.reviews if r.author.trusted and not r.author.ours and not r.author.bot)


def approves(review: Review, facts: PullFacts) -> bool:
    """Whether a review approves this very head; an approval of another one does not count."""
    by = review.author
    return by.trusted and not by.ours and (review.state, review.commit) == (ReviewState.APPROVED, facts.pull.head)


def unanswered(thread: Thread) -> tuple[Comment, ...]:
    """Return the comments of others since our last one."""
    ours = [place for place, comment in enumerate(thread.comments) if comment.author.ours]
    return thread.comments[ours[-1] + 1 if ours else 0 :]


def asked(thread: Thread) -> Comment | None:
    """Return the last comment that asks for something and has no answer of ours; None if there is none."""
    return next((comment for comment in reversed(unanswered(thread)) if is_request(comment)), None)


def is_request(comment: Comment) -> bool:
    """Whether a comment asks for something: its author may write, and is a person. Anything else is a remark."""
    return comment.author.trusted and not comment.author.bot and not comment.author.ours


def _named(names: Sequence[str], one: str) -> str:
    shown = ", ".join(f"`{one_line(name, _LONGEST)}`" for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{one if len(names) == 1 else f'{one}s'} {shown}{more}"


def _verb(things: Sequence[object], one: str, several: str) -> str:
    return one if len(things) == 1 else several


def _listed(names: Sequence[str]) -> str:
    return ", ".join(one_line(name, _LONGEST) for name in names[:_SHOWN])
