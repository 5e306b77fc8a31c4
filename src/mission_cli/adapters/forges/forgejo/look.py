"""Everything about one pull request.

Forgejo has no list of all remarks of a pull request, only one for each review. So three requests are made if nobody
said anything: the pull request, its checks, and its reviews. One more shows the comments, and one for each review its
remarks. Resolving a remark changes no time, so remarks that are open are read each time. Whether a merge is scheduled
is not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges.forgejo.checks import checks_on
from mission_cli.adapters.forges.forgejo.models import RemarkJson, ReviewJson, read_all
from mission_cli.adapters.forges.forgejo.pulls import is_draft, pull_json, pull_of
from mission_cli.adapters.forges.marks import find, strip
from mission_cli.domain.forge.facts import (
    Comment,
    Mergeable,
    Pull,
    PullFacts,
    PullState,
    Review,
    ReviewState,
    Thread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.adapters.forges.forgejo.models import PullJson
    from mission_cli.adapters.forges.forgejo.session import Session

CONVERSATION = "conversation"
"""The thread of the comments below a pull request."""
_STATES = {
    "APPROVED": ReviewState.APPROVED,
    "REQUEST_CHANGES": ReviewState.CHANGES_REQUESTED,
    "COMMENT": ReviewState.COMMENTED,
}


def look_at(session: Session, pull: Pull, before: PullFacts | None) -> PullFacts:
    """Return everything about a pull request."""
    one = pull_json(session, pull.number)
    now = pull_of(one)
    reviews = read_all(ReviewJson, session.pages("pulls", now.number, "reviews"))
    facts = PullFacts(
        now,
        checks=checks_on(session, now.head, now.base),
        reviews=tuple(_opinions(session, reviews)),
        mergeable=_mergeable(one, now, before),
        behind=_behind(one, now),
    )
    if before is not None and before.pull == now and not any(one.path and not one.resolved for one in before.threads):
        return replace(facts, threads=before.threads)
    said = session.get("issues", now.number, "comments").data if one.comments else []
    below = tuple(comment_of(session, comment) for comment in read_all(RemarkJson, said or []))
    conversation = [Thread(CONVERSATION, below)] if below else []
    return replace(facts, threads=(*threads_of(session, now.number, reviews), *conversation))


def threads_of(session: Session, number: int, reviews: Iterable[ReviewJson]) -> list[Thread]:
    """Return the conversations at places of the diff. The id names review, line and path, which a reply needs."""
    found: dict[str, list[RemarkJson]] = {}
    for review in reviews:
        if not review.comments_count or review.state == "PENDING":
            continue
        for one in read_all(RemarkJson, session.get("pulls", number, "reviews", review.id, "comments").data or []):
            line = one.position or -one.original_position
            found.setdefault(f"review:{review.id}:{line}:{one.path}", []).append(one)
    return [_thread(session, name, remarks) for name, remarks in found.items()]


def comment_of(session: Session, one: RemarkJson) -> Comment:
    """Return a comment. Without our marker it is not ours: the person whose token we use wrote it by hand."""
    author, text = session.author(one.user), one.body or ""
    key = find(text) if author.ours else ""
    return Comment(str(one.id), replace(author, ours=bool(key)), strip(text) if key else text, one.created_at, key)


def _thread(session: Session, name: str, remarks: Sequence[RemarkJson]) -> Thread:
    first = min(remarks, key=lambda one: one.id)
    comments = tuple(comment_of(session, one) for one in sorted(remarks, key=lambda one: one.id))
    line = first.position or first.original_position
    return Thread(f"{name}:{first.id}", comments, first.path, line, resolved=first.resolver is not None)


def _opinions(session: Session, reviews: Iterable[ReviewJson]) -> list[Review]:
    """Return the latest opinion of each reviewer, and comments with a text."""
    found: dict[str, Review] = {}
    for one in sorted(reviews, key=lambda review: review.id):
        state = _STATES.get(one.state)
        if state is None or one.user is None or (state is ReviewState.COMMENTED and not (one.body or "").strip()):
            continue
        if one.dismissed and state is not ReviewState.COMMENTED:
            state = ReviewState.DISMISSED
        place = f"{one.id}" if state is ReviewState.COMMENTED else f"of {one.user.login}"
        author = session.author(one.user)
        found[place] = Review(str(one.id), author, state, one.commit_id, one.body or "", one.submitted_at)
    return list(found.values())


def _mergeable(one: PullJson, now: Pull, before: PullFacts | None) -> Mergeable:
    """Return whether it merges. `false` may also mean a draft, or that it is not computed yet.

    So a pull request that did merge is in conflict only if it is said twice.
    """
    if now.state is not PullState.OPEN:
        return Mergeable.UNKNOWN
    if one.mergeable:
        return Mergeable.YES
    first = before is not None and before.mergeable is Mergeable.YES
    return Mergeable.UNKNOWN if is_draft(one) or first else Mergeable.CONFLICTS


def _behind(one: PullJson, now: Pull) -> bool:
    is_open = now.state is PullState.OPEN
    return is_open and bool(one.merge_base and one.base.sha) and one.merge_base != one.base.sha
