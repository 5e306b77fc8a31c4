"""Merge a merge request if its head is the expected one: by the merge train, by auto-merge, or now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.gitlab.look import is_on_train
from mission_cli.adapters.forges.gitlab.models import MergeRequest, read
from mission_cli.adapters.forges.gitlab.project import methods_of
from mission_cli.adapters.forges.gitlab.pulls import is_draft, merge_request
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Merged, MergeMethod, MergeOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.gitlab.models import Project
    from mission_cli.adapters.forges.gitlab.session import Session
    from mission_cli.adapters.forges.http import Answer

_NO_RIGHT, _CONFLICT = 401, 409
_NO = frozenset({400, 405, 406, _CONFLICT, 422})
_MOVED_WORDS = ("does not match head", "sha must", "sha does not match")
_ON_TRAIN = "already on a merge train"
_WHY = {
    "approvals_syncing": "approvals are still being computed",
    "blocked_status": "another merge request blocks it",
    "checking": "GitLab has not computed yet whether it can be merged",
    "ci_must_pass": "the pipeline has to succeed",
    "ci_still_running": "the pipeline is running",
    "conflict": "it conflicts with its base",
    "discussions_not_resolved": "a thread is not resolved",
    "draft_status": "it is a draft",
    "need_rebase": "its branch lacks commits of its base",
    "not_approved": "it needs approval",
    "requested_changes": "a reviewer requested changes",
    "status_checks_must_pass": "an external status check has not passed",
    "unchecked": "GitLab has not computed yet whether it can be merged",
}


def merge_pull(session: Session, number: int, head: str, method: MergeMethod, *, queue: bool, auto: bool) -> Merged:
    """Merge, or say why not. Looks first, so that it can be repeated."""
    one = merge_request(session, number)
    project = session.project(again=True)
    known = _before(one, head) or _of_project(project, method, queue=queue, auto=auto)
    if known is not None:
        return known
    body: dict[str, object] = {"sha": head, "squash": method is MergeMethod.SQUASH}
    if queue:
        return _enqueue(session, one, body)
    if auto:
        if one.merge_when_pipeline_succeeds:
            return Merged(MergeOutcome.AUTO)
        body |= {"auto_merge": True, "merge_when_pipeline_succeeds": True}
    answer = session.write("PUT", "merge_requests", number, "merge", body=body, accept={_NO_RIGHT, *_NO})
    if answer.status == _NO_RIGHT:
        hint = "give the account the right to merge into this branch"
        raise ForgeError(ForgeTrouble.FORBIDDEN, f"the token may not merge !{number}: {answer.words}", hint=hint)
    if answer.status in _NO:
        return _refused(answer, one)
    after = read(MergeRequest, answer.data)
    if after.state == "merged":
        return Merged(MergeOutcome.MERGED, after.merge_commit_sha or after.squash_commit_sha or after.sha or "")
    if after.state == "locked" or (auto and after.merge_when_pipeline_succeeds):
        return Merged(MergeOutcome.AUTO)  # locked: GitLab is merging it
    return Merged(MergeOutcome.REFUSED, "GitLab does not say that it is merged")


def _before(one: MergeRequest, head: str) -> Merged | None:
    """Return what the merge request itself says about merging it; None: nothing speaks against it."""
    if one.state == "merged":
        ours = one.sha == head
        commit = one.merge_commit_sha or one.squash_commit_sha or one.sha or ""
        return Merged(
            MergeOutcome.MERGED if ours else MergeOutcome.MOVED, commit if ours else f"it was merged with {one.sha}"
        )
    if one.state == "closed":
        return Merged(MergeOutcome.REFUSED, "it is closed")
    if one.sha != head:
        return Merged(MergeOutcome.MOVED, f"its head is {one.sha}")
    return Merged(MergeOutcome.REFUSED, _WHY["draft_status"]) if is_draft(one) else None


def _of_project(project: Project, method: MergeMethod, *, queue: bool, auto: bool) -> Merged | None:
    """Return what the project does not allow. A merge past its merge train would be possible, and is not made."""
    why = ""
    if queue and not project.merge_trains_enabled:
        why = "the project has no merge trains"
    elif project.merge_trains_enabled and not queue and not auto:
        why = "the project merges by its merge train"
    elif not queue and method not in methods_of(project):
        why = f"the project does not allow the method {method.value}"
    return Merged(MergeOutcome.REFUSED, why) if why else None


def _enqueue(session: Session, one: MergeRequest, body: dict[str, object]) -> Merged:
    """Add to the merge train, and look whether it is there: while GitLab computes, it accepts that and does nothing."""
    answer = session.write("POST", "merge_trains", "merge_requests", one.iid, body=body, accept=_NO)
    if answer.status in _NO and _ON_TRAIN not in answer.words.lower():
        return _refused(answer, one)
    if is_on_train(session, one):
        return Merged(MergeOutcome.QUEUED)
    why = _WHY.get(one.detailed_merge_status, "GitLab has not added it to the merge train")
    return Merged(MergeOutcome.REFUSED, why)


def _refused(answer: Answer, one: MergeRequest) -> Merged:
    said = answer.words.lower()
    moved = answer.status == _CONFLICT and any(words in said for words in _MOVED_WORDS)
    why = "; ".join(part for part in (answer.words, _WHY.get(one.detailed_merge_status, "")) if part)
    return Merged(MergeOutcome.MOVED if moved else MergeOutcome.REFUSED, why or "a rule of the project is not met")
