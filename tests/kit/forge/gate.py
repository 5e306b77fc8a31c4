"""What keeps a pull request from being merged, in the forge's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.forge.records import Right
from tests.kit.forge.state import GOOD, RUNNING

from mission_cli.domain.forge.facts import MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.forge.records import PullRecord, ReviewRecord
    from tests.kit.forge.state import State

_METHODS = {
    MergeMethod.MERGE: "Merge commits",
    MergeMethod.SQUASH: "Squash merges",
    MergeMethod.REBASE: "Rebase merges",
}
_OPINIONS = {ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED}


def obstacles(state: State, pull: PullRecord, method: MergeMethod | None, *, by_queue: bool = False) -> list[str]:
    """Return why a pull request cannot be merged; nothing: it can. `by_queue`: merging is up to the queue."""
    if pull.state is not PullState.OPEN:
        return [f"Pull Request is {pull.state.value}"]
    if pull.draft:
        return ["Pull Request is still a draft"]
    if state.outcome(pull):
        return ["Pull Request is not mergeable: it has merge conflicts"]
    return [*_of_method(state, pull, method), *_of_rules(state, pull, by_queue=by_queue), *_of_reviews(state, pull)]


def opinions(pull: PullRecord) -> dict[str, ReviewRecord]:
    """Return the latest review of each reviewer that is an opinion."""
    return {review.by: review for review in pull.reviews if review.state in _OPINIONS}


def _of_method(state: State, pull: PullRecord, method: MergeMethod | None) -> Iterator[str]:
    if method is None:
        return
    if method not in state.methods:
        yield f"{_METHODS[method]} are not allowed on this repository."
    elif method is MergeMethod.MERGE and state.protection(pull.base).rules.linear:
        yield "This branch must not contain merge commits."
    elif method is MergeMethod.REBASE:
        base = state.commits.branches()[pull.base]
        if state.commits.merge(base, pull.head, method, "try")[1]:
            yield "This branch can't be rebased"


def _of_rules(state: State, pull: PullRecord, *, by_queue: bool) -> Iterator[str]:
    protection = state.protection(pull.base)
    rules, found = protection.rules, state.newest(pull.head)
    if rules.locked:
        yield "Cannot change this locked branch"
    for name in rules.required:
        if name not in found:
            yield f'Required status check "{name}" is expected.'
        elif found[name].state not in GOOD:
            ended = found[name].state not in RUNNING
            yield f'Required status check "{name}" is {"failing" if ended else "in progress"}.'
    if rules.strict and state.behind(pull):
        yield "The head branch is not up to date with the base branch."
    if rules.signed and pull.head not in state.signed:
        yield "Commits must have verified signatures."
    if rules.queue and not by_queue:
        yield "Changes must be made through the merge queue"
    if rules.conversations and not all(thread.resolved for thread in pull.threads):
        yield "A conversation must be resolved before this pull request can be merged."
    if not protection.others_met:
        yield from (f"The rule {name} is not met." for name in rules.others)


def _of_reviews(state: State, pull: PullRecord) -> Iterator[str]:
    rules = state.protection(pull.base).rules
    counting = [
        one for one in opinions(pull).values() if state.member(one.by).right >= Right.WRITE and one.by != pull.by
    ]
    approved = {one.by for one in counting if one.state is ReviewState.APPROVED}
    if not (rules.approvals or rules.code_owners or rules.last_push):
        return
    if any(one.state is ReviewState.CHANGES_REQUESTED for one in counting):
        yield "Changes were requested by a reviewer with write access."
    if len(approved) < rules.approvals:
        yield f"At least {rules.approvals} approving review is required by reviewers with write access."
    if rules.code_owners and not approved & set(state.owners):
        yield f"Waiting on code owner review from {', '.join(state.owners)}."
    if rules.last_push and not approved - {pull.pusher}:
        yield "New changes require approval from someone other than the last pusher."
