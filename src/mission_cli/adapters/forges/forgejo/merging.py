"""Merge a pull request if its head is the expected one: now, or as soon as its checks have passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.forgejo.pulls import is_draft, pull_json
from mission_cli.adapters.forges.forgejo.repository import style_of
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Merged, MergeMethod, MergeOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.forgejo.models import PullJson
    from mission_cli.adapters.forges.forgejo.session import Session
    from mission_cli.adapters.forges.http import Answer

_CREATED, _NOT_NOW, _CONFLICT, _INVALID = 201, 405, 409, 422
_NO = frozenset({_NOT_NOW, _CONFLICT, _INVALID})
_MOVED_WORDS = ("head out of date", "sha does not match")
_NO_RIGHT = "not allowed to merge"
_AUTO_WORDS = ("already scheduled", "already auto merging")


def merge_pull(session: Session, number: int, head: str, method: MergeMethod, *, queue: bool, auto: bool) -> Merged:
    """Merge, or say why not. Looks first, so that it can be repeated. Never with `force_merge`."""
    one = pull_json(session, number)
    style = ""
    if not (known := _before(one, head)):
        style = "" if queue else style_of(session.repository(), method)
        why = "Forgejo has no merge queue" if queue else f"the repository does not allow the method {method.value}"
        known = Merged(MergeOutcome.REFUSED, why) if not style else None
    if known:
        return known
    body: dict[str, object] = {"Do": style, "head_commit_id": head}
    if auto:
        body["merge_when_checks_succeed"] = True
    answer = session.write("POST", "pulls", number, "merge", body=body, accept=_NO)
    if answer.status in _NO:
        return _refused(answer, number, auto=auto)
    if answer.status == _CREATED:
        return Merged(MergeOutcome.AUTO)
    return Merged(MergeOutcome.MERGED, pull_json(session, number).merge_commit_sha or "")


def _before(one: PullJson, head: str) -> Merged | None:
    """Return what the pull request itself says about merging it; None: nothing speaks against it."""
    if one.merged:
        ours = one.head.sha == head
        detail = (one.merge_commit_sha or "") if ours else f"it was merged with {one.head.sha}"
        return Merged(MergeOutcome.MERGED if ours else MergeOutcome.MOVED, detail)
    if one.state != "open":
        return Merged(MergeOutcome.REFUSED, "it is closed")
    if one.head.sha != head:
        return Merged(MergeOutcome.MOVED, f"its head is {one.head.sha}")
    return Merged(MergeOutcome.REFUSED, "it is a draft") if is_draft(one) else None


def _refused(answer: Answer, number: int, *, auto: bool) -> Merged:
    said = answer.words.lower()
    if answer.status == _NOT_NOW and _NO_RIGHT in said:
        hint = "give the account the right to merge into this branch"
        raise ForgeError(ForgeTrouble.FORBIDDEN, f"the token may not merge #{number}: {answer.words}", hint=hint)
    if auto and any(words in said for words in _AUTO_WORDS):
        return Merged(MergeOutcome.AUTO, answer.words)
    moved = answer.status == _CONFLICT and any(words in said for words in _MOVED_WORDS)
    silent = "it conflicts with its base" if answer.status == _CONFLICT else "a rule of the branch is not met"
    why = answer.words or silent
    return Merged(MergeOutcome.MOVED if moved else MergeOutcome.REFUSED, why)
