"""Whose token is used, what the repository allows, its rules, and the account's fork."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.forgejo.models import Protection, Repo, read
from mission_cli.adapters.forges.forgejo.session import NOT_FOUND
from mission_cli.domain.forge.facts import Account, MergeMethod, Repository, Rules

if TYPE_CHECKING:
    from mission_cli.adapters.forges.forgejo.models import Branch
    from mission_cli.adapters.forges.forgejo.session import Session

_HIDDEN = frozenset({403, NOT_FOUND})
STYLES = {
    MergeMethod.MERGE: ("merge", "rebase-merge"),
    MergeMethod.SQUASH: ("squash",),
    MergeMethod.REBASE: ("rebase", "fast-forward-only"),
}
"""Forgejo's ways of merging; of those of one method the first allowed one is taken."""


def account_of(session: Session) -> Account:
    """Return whose token is used; Forgejo tells neither its rights nor its kind."""
    return Account(session.login(), kind="access token")


def repository_of(session: Session) -> Repository:
    """Return what the repository allows.

    Auto-merge is never named as allowed: it is not bound to a head, so that a commit pushed later would be merged too.
    """
    one = session.repository()
    methods = [method for method in MergeMethod if style_of(one, method)]
    methods.sort(key=lambda method: one.default_merge_style not in STYLES[method])
    return Repository(
        name=one.full_name,
        url=one.html_url,
        default=one.default_branch,
        archived=one.archived,
        may_push=one.permissions is not None and one.permissions.push,
        methods=tuple(methods) or (MergeMethod.MERGE,),
        deletes_branches=one.default_delete_branch_after_merge,
    )


def style_of(one: Repo, method: MergeMethod) -> str:
    """Return Forgejo's name of a method, as the repository allows it; empty: it does not."""
    allowed = {
        "merge": one.allow_merge_commits,
        "rebase-merge": one.allow_rebase_explicit,
        "squash": one.allow_squash_merge,
        "rebase": one.allow_rebase,
        "fast-forward-only": one.allow_fast_forward_only_merge,
    }
    return next((style for style in STYLES[method] if allowed[style]), "")


def rules_of(session: Session, base: str) -> Rules:
    """Return the rules for a branch; no rules if there is no such branch.

    Everybody sees the required checks and approvals; the rest of a protection only administrators see.
    """
    branch = session.branch(base, again=True)
    if branch is None or not branch.protected:
        return Rules()
    name = branch.effective_branch_protection_name or base
    answer = session.get("branch_protections", name, accept=_HIDDEN)
    found = Protection() if answer.status in _HIDDEN else read(Protection, answer.data)
    nobody = found.enable_merge_whitelist and not (found.merge_whitelist_usernames or found.merge_whitelist_teams)
    return Rules(
        required=required(branch),
        strict=found.block_on_outdated_branch,
        approvals=branch.required_approvals,
        signed=found.require_signed_commits,
        locked=nobody,
        others=tuple(_others(branch, found)) if not nobody else (),
    )


def required(branch: Branch) -> tuple[str, ...]:
    """Return the required checks; each may be a pattern such as `ci / *`."""
    return tuple(branch.status_check_contexts or ()) if branch.enable_status_check else ()


def _others(branch: Branch, found: Protection) -> list[str]:
    on = {
        "merge_whitelist": found.enable_merge_whitelist or not branch.user_can_merge,
        "approvals_whitelist": found.enable_approvals_whitelist,
        "block_on_rejected_reviews": found.block_on_rejected_reviews,
        "block_on_official_review_requests": found.block_on_official_review_requests,
        "protected_file_patterns": bool(found.protected_file_patterns.strip()),
    }
    return [name for name, is_on in on.items() if is_on]


def fork_of(session: Session) -> str:
    """Return `owner/name` of the account's fork, which is made if there is none."""
    there = session.client.get(f"/repos/{session.login()}/{session.repo}", accept={NOT_FOUND})
    if there.status != NOT_FOUND:
        found = read(Repo, there.data)
        if found.fork and found.parent and found.parent.full_name.lower() == session.name.lower():
            return found.full_name
    return read(Repo, session.write("POST", "forks", body={}).data).full_name
