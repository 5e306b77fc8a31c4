"""Merge a pull request that is in a stack of GitHub's: in the background, and only from the bottom.

GitHub merges all pull requests below it as well. Those were not judged together with it, so it has to wait for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.github.models import Background, PullJson, read
from mission_cli.domain.forge.facts import Merged, MergeMethod, MergeOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.github.session import Session

_NOT_READY, _THERE, _INVALID = 400, 409, 422
_TRIES, _PAUSE_SECONDS = 5, 2.0
_PENDING = "pending"
_OUTCOMES = {"merged": MergeOutcome.MERGED, "enqueued": MergeOutcome.QUEUED, _PENDING: MergeOutcome.QUEUED}


def is_stacked(one: PullJson) -> bool:
    """Whether a pull request is in a stack with others."""
    return one.stack is not None and one.stack.size > 1


def merge_stacked(session: Session, one: PullJson, head: str, method: MergeMethod, *, queue: bool) -> Merged:
    """Merge the lowest of a stack in the background, and wait a moment for that."""
    if one.stack is not None and one.stack.position != 1:
        return Merged(MergeOutcome.REFUSED, f"it is number {one.stack.position} of a stack: merge what is below first")
    path = session.path("pulls", one.number, "merge-async")
    action = "merge_queue" if queue else "direct_merge"
    body = {"sha": head, "merge_method": method.value, "merge_action": action}
    answer = session.client.write("PUT", path, body, accept={_NOT_READY, _THERE, _INVALID})
    if answer.status == _INVALID:
        return Merged(MergeOutcome.REFUSED, answer.words)
    found = read(Background, answer.data)
    if answer.status == _THERE and found.details.expected_head_sha not in {"", head}:
        return Merged(MergeOutcome.MOVED, f"{found.details.expected_head_sha} is being merged")
    for _ in range(_TRIES):
        if found.status != _PENDING or not found.details.uuid:
            break
        session.client.pause(_PAUSE_SECONDS)
        found = read(Background, session.get("pulls", one.number, "merge-async", found.details.uuid).data)
    outcome = _OUTCOMES.get(found.status, MergeOutcome.REFUSED)
    return Merged(outcome, found.details.sha if outcome is MergeOutcome.MERGED else found.details.message)
