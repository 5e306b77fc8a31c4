"""Everything about one merge request: itself, its checks, and its threads, in three requests.

GitLab writes into the threads what happened: approvals, requests for changes, and pushes. So reviews are read from
there, and it is known for which head each was: a push names the head before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.gitlab.checks import checks_on
from mission_cli.adapters.forges.gitlab.models import Discussion, read_all
from mission_cli.adapters.forges.gitlab.pulls import merge_request, pull_of
from mission_cli.adapters.forges.gitlab.session import HIDDEN
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

    from mission_cli.adapters.forges.gitlab.models import MergeRequest, Note
    from mission_cli.adapters.forges.gitlab.session import Session

CONVERSATION = "conversation"
"""The thread of the single comments below a merge request."""
_OPINIONS = {
    "approved this merge request": ReviewState.APPROVED,
    "unapproved this merge request": ReviewState.DISMISSED,
    "requested changes": ReviewState.CHANGES_REQUESTED,
}
"""How GitLab's note about an opinion begins."""
_RESET = "reset approvals from"
_NAME = pattern(r"@([\w.\-]+\w)")
_PUSH = pattern(r"added \d+ commits?\b")
_HEAD_BEFORE = pattern(r"start_sha=([0-9a-f]{40,64})")
_MOVED_PLACE = ("changed this line in", "changed this file in", "changed these lines in")
_UNKNOWN = frozenset({"unchecked", "checking", "preparing", "broken_status", "commits_status"})
_UNCHECKED = frozenset({"unchecked", "checking", "cannot_be_merged_recheck", "preparing"})


def look_at(session: Session, pull: Pull) -> PullFacts:
    """Return everything about a merge request."""
    one = merge_request(session, pull.number)
    threads = read_all(Discussion, session.pages("merge_requests", one.iid, "discussions"))
    now = pull_of(session, one)
    waits = now.state is PullState.OPEN and one.merge_when_pipeline_succeeds
    queued = waits and is_on_train(session, one)
    return PullFacts(
        now,
        checks=checks_on(session, one),
        reviews=_opinions(session, [note for thread in threads for note in thread.notes], now.head),
        threads=threads_of(session, threads),
        mergeable=_mergeable(one, now),
        behind=now.state is PullState.OPEN and (one.diverged_commits_count or 0) > 0,
        queued=queued,
        auto_merge=waits and not queued,
    )


def threads_of(session: Session, threads: Iterable[Discussion]) -> tuple[Thread, ...]:
    """Return the conversations without what happened by itself; single comments are one thread without a path."""
    found: list[Thread] = []
    below: list[Comment] = []
    for one in threads:
        said = [note for note in one.notes if not note.system]
        comments = tuple(_comment(session, note) for note in said)
        if one.individual_note:
            below += comments
        elif comments:
            found.append(_thread(one, said[0], comments))
    below.sort(key=lambda comment: int(comment.id))
    return (*found, Thread(CONVERSATION, tuple(below))) if below else tuple(found)


def _thread(one: Discussion, first: Note, comments: Sequence[Comment]) -> Thread:
    place = first.position
    moved = any(note.system and (note.body or "").startswith(_MOVED_PLACE) for note in one.notes)
    path = (place.new_path or place.old_path or "") if place is not None else ""
    line = (place.new_line or place.old_line or 0) if place is not None else 0
    return Thread(one.id, tuple(comments), path, line, resolved=first.resolved, outdated=moved)


def _comment(session: Session, note: Note) -> Comment:
    """Return a comment. Without our marker it is not ours: the person whose token we use wrote it by hand."""
    author, text = session.author(note.author), note.body or ""
    key = find(text) if author.ours else ""
    author = replace(author, ours=bool(key))
    return Comment(str(note.id), author, strip(text) if key else text, note.created_at, key)


def _opinions(session: Session, notes: Iterable[Note], head: str) -> tuple[Review, ...]:
    """Return the latest opinion of each reviewer; DISMISSED is one that was withdrawn, or reset by a push."""
    found: dict[str, Review] = {}
    for note in sorted(notes, key=lambda note: note.id):
        text = (note.body or "").strip()
        if not note.system or note.author is None:
            continue
        if _PUSH.match(text):
            before = _HEAD_BEFORE.search(text)
            sha = before[1] if before else ""
            found = {name: replace(one, commit=sha) if one.commit == head else one for name, one in found.items()}
        elif text.startswith(_RESET):
            for name in _NAME.findall(text):
                if name in found and found[name].state is ReviewState.APPROVED:
                    found[name] = replace(found[name], state=ReviewState.DISMISSED)
        elif state := next((state for words, state in _OPINIONS.items() if text.startswith(words)), None):
            author = session.author(note.author)
            found[note.author.username] = Review(str(note.id), author, state, head, at=note.created_at)
    return tuple(found.values())


def _mergeable(one: MergeRequest, now: Pull) -> Mergeable:
    if now.state is not PullState.OPEN:
        return Mergeable.UNKNOWN
    if one.has_conflicts or one.detailed_merge_status == "conflict":
        return Mergeable.CONFLICTS
    unknown = one.detailed_merge_status in _UNKNOWN or one.merge_status in _UNCHECKED
    return Mergeable.UNKNOWN if unknown else Mergeable.YES


def is_on_train(session: Session, one: MergeRequest) -> bool:
    """Whether a merge request is on the merge train."""
    if not session.project().merge_trains_enabled:
        return False
    answer = session.get("merge_trains", "merge_requests", one.iid, accept=HIDDEN)
    return answer.status not in HIDDEN
