"""Merge a pull request if its head is the expected one: by the queue, by auto-merge, or now.

An administrator's token could merge past rules that are not met. So nothing is sent unless GitHub says that the rules
are met (`mergeable_state`), whoever the token belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.github.pulls import pull_json
from mission_cli.adapters.forges.github.stacks import is_stacked, merge_stacked
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Merged, MergeMethod, MergeOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.github.models import PullJson
    from mission_cli.adapters.forges.github.session import Session

_ALLOWED = frozenset({"clean", "unstable", "has_hooks"})
"""States in which the rules are met; with `unstable`, a check that is not required has not passed."""
_WHY = {
    "draft": "it is a draft",
    "dirty": "it conflicts with its base",
    "behind": "its branch lacks commits of its base",
    "blocked": "a rule of the branch is not met",
}
_NOT_NOW, _CONFLICT, _INVALID = 405, 409, 422
_NO = frozenset({_NOT_NOW, _CONFLICT, _INVALID})
_UNKNOWN = "unknown"
_TRIES, _PAUSE_SECONDS = 3, 2.0
_BASE_WORDS = ("base branch was modified",)
_MOVED_WORDS = ("head branch was modified", "expected head oid", "head oid does not match", "head sha")
_QUEUED_WORDS = ("already in the queue", "already queued", "already in the merge queue", "already enqueued")
_AUTO_WORDS = ("auto merge is already enabled", "auto-merge is already enabled")
ENQUEUE = """
mutation($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { clientMutationId }
}
"""
AUTO = """
mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, expectedHeadOid: $head, mergeMethod: $method}) {
    clientMutationId
  }
}
"""


def merge_pull(session: Session, number: int, head: str, method: MergeMethod, *, queue: bool, auto: bool) -> Merged:
    """Merge, or say why not. Looks first, so that it can be repeated."""
    for _ in range(_TRIES):
        one = pull_json(session, number)
        answer = _without_merging(one, head)
        if answer is not None:
            return answer
        if is_stacked(one):
            refused = None if queue or one.mergeable_state in _ALLOWED else _refusal(one)
            return refused or merge_stacked(session, one, head, method, queue=queue)
        if queue:
            return _enqueue(session, one, head)
        if auto:
            return _automatic(session, one, head, method)
        answer = _now(session, one, head, method)
        if answer is not None:
            return answer
        session.client.pause(_PAUSE_SECONDS)
    raise ForgeError(
        ForgeTrouble.UNREACHABLE,
        f"GitHub has not computed yet whether pull request #{number} can be merged",
        hint="the program tries again later",
    )


def _without_merging(one: PullJson, head: str) -> Merged | None:
    """Return the answer for a pull request that is merged, closed, a draft, or has another head; else None."""
    if one.merged_at is not None:
        ours = one.head.sha == head
        detail = (one.merge_commit_sha or "") if ours else f"it was merged with {one.head.sha}"
        return Merged(MergeOutcome.MERGED if ours else MergeOutcome.MOVED, detail)
    if one.state != "open":
        return Merged(MergeOutcome.REFUSED, "it is closed")
    if one.head.sha != head:
        return Merged(MergeOutcome.MOVED, f"its head is {one.head.sha}")
    return Merged(MergeOutcome.REFUSED, _WHY["draft"]) if one.draft else None


def _refusal(one: PullJson) -> Merged:
    return Merged(MergeOutcome.REFUSED, _WHY.get(one.mergeable_state, f"its state is {one.mergeable_state}"))


def _now(session: Session, one: PullJson, head: str, method: MergeMethod) -> Merged | None:
    """Merge; None if GitHub is still computing, or the base moved in that moment, so that it has to be asked again."""
    if one.mergeable_state == _UNKNOWN:
        return None
    if one.mergeable_state not in _ALLOWED:
        return _refusal(one)
    body = {"sha": head, "merge_method": method.value}
    answer = session.client.write("PUT", session.path("pulls", one.number, "merge"), body, accept=_NO)
    if answer.status in _NO:
        if _says(answer.words, _BASE_WORDS):
            return None
        moved = answer.status == _CONFLICT and _moved(answer.words)
        return Merged(MergeOutcome.MOVED if moved else MergeOutcome.REFUSED, answer.words)
    data = answer.data if isinstance(answer.data, dict) else {}
    if data.get("merged") is not True:
        return Merged(MergeOutcome.REFUSED, str(data.get("message") or "GitHub does not say that it is merged"))
    return Merged(MergeOutcome.MERGED, str(data.get("sha") or ""))


def _enqueue(session: Session, one: PullJson, head: str) -> Merged:
    refused = session.mutate(ENQUEUE, {"id": one.node_id, "head": head})
    if not refused or _says(refused, _QUEUED_WORDS):
        return Merged(MergeOutcome.QUEUED, refused)
    return Merged(MergeOutcome.MOVED if _moved(refused) else MergeOutcome.REFUSED, refused)


def _automatic(session: Session, one: PullJson, head: str, method: MergeMethod) -> Merged:
    if one.auto_merge is not None:
        return Merged(MergeOutcome.AUTO)
    refused = session.mutate(AUTO, {"id": one.node_id, "head": head, "method": method.value.upper()})
    if not refused or _says(refused, _AUTO_WORDS):
        return Merged(MergeOutcome.AUTO, refused)
    return Merged(MergeOutcome.MOVED if _moved(refused) else MergeOutcome.REFUSED, refused)


def _moved(words: str) -> bool:
    return _says(words, _MOVED_WORDS)


def _says(words: str, known: tuple[str, ...]) -> bool:
    said = words.lower()
    return any(one in said for one in known)
