"""Whose token is used, what the project allows, its rules, and the account's fork."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli.adapters.forges.gitlab.models import (
    ApprovalRule,
    Approvals,
    Branch,
    Project,
    ProtectedBranch,
    PushRule,
    StatusCheck,
    TokenJson,
    User,
    read,
    read_all,
)
from mission_cli.adapters.forges.gitlab.session import HIDDEN, MAY_WRITE, NOT_FOUND, PAGE
from mission_cli.domain.forge.facts import Account, MergeMethod, Repository, Rules

if TYPE_CHECKING:
    from typing import Any

    from mission_cli.adapters.forges.gitlab.session import Session

PIPELINE = "pipeline"
"""The name of the check that is the whole pipeline of the head."""
_FAST_FORWARD = "ff"


def account_of(session: Session) -> Account:
    """Return whose token is used; tokens of other kinds than an access token do not tell their rights."""
    user = read(User, session.client.get("/user").data)
    answer = session.client.get("/personal_access_tokens/self", accept={400, *HIDDEN})
    if answer.status in {400, *HIDDEN}:
        return Account(user.username, user.bot)
    token = read(TokenJson, answer.data)
    kind = "project or group access token" if user.bot else "personal access token"
    return Account(user.username, user.bot, kind, tuple(sorted(token.scopes)), expires=token.expires_at or "")


def repository_of(session: Session) -> Repository:
    """Return what the project allows. Auto-merge is always possible, and ends when someone pushes."""
    one = session.project(again=True)
    return Repository(
        name=one.path_with_namespace,
        url=one.web_url,
        default=one.default_branch or "",
        archived=one.archived,
        may_push=_may_push(one),
        methods=methods_of(one),
        auto_merge=True,
        deletes_branches=bool(one.remove_source_branch_after_merge),
    )


def methods_of(one: Project) -> tuple[MergeMethod, ...]:
    """Return the methods of a project: its own, and squashing before it, as it prefers them."""
    own = MergeMethod.REBASE if one.merge_method == _FAST_FORWARD else MergeMethod.MERGE
    squash = {"never": (own,), "always": (MergeMethod.SQUASH,), "default_on": (MergeMethod.SQUASH, own)}
    return squash.get(one.squash_option, (own, MergeMethod.SQUASH))


def rules_of(session: Session, base: str) -> Rules:
    """Return the rules for a branch; no rules if there is no such branch. Most hold for the whole project."""
    one = session.project(again=True)
    branch = session.get("repository", "branches", base, accept={NOT_FOUND})
    if branch.status == NOT_FOUND:
        return Rules()
    protected = ProtectedBranch()
    if read(Branch, branch.data).protected:
        protected = read(ProtectedBranch, _if_shown(session, {}, "protected_branches", base))
    levels = protected.merge_access_levels
    checks, others = _checks(session, one)
    return Rules(
        required=checks,
        strict=one.merge_method in {_FAST_FORWARD, "rebase_merge"},
        approvals=_approvals(session, base),
        code_owners=bool(protected.code_owner_approval_required),
        last_push=bool(read(Approvals, _if_shown(session, {}, "approvals")).merge_requests_disable_committers_approval),
        conversations=bool(one.only_allow_merge_if_all_discussions_are_resolved),
        signed=bool(read(PushRule, _if_shown(session, {}, "push_rule") or {}).reject_unsigned_commits),
        linear=one.merge_method == _FAST_FORWARD,
        queue=bool(one.merge_trains_enabled),
        locked=levels is not None and not any(level.access_level for level in levels),
        others=others,
    )


def fork_of(session: Session) -> str:
    """Return the path of the account's fork, which is made if there is none."""
    mine = f"{session.login()}/{session.name.rpartition('/')[2]}"
    there = session.client.get(f"/projects/{quote(mine, safe='')}", accept={NOT_FOUND})
    if there.status != NOT_FOUND:
        found = read(Project, there.data)
        parent = found.forked_from_project
        if parent is not None and parent.path_with_namespace.lower() == session.name.lower():
            return found.path_with_namespace
    return read(Project, session.write("POST", "fork", body={}).data).path_with_namespace


def _may_push(one: Project) -> bool:
    rights = one.permissions
    levels = (rights.project_access, rights.group_access) if rights is not None else ()
    return any(level is not None and level.access_level >= MAY_WRITE for level in levels)


def _checks(session: Session, one: Project) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the required checks, and rules about checks whose names this token may not see."""
    required = [PIPELINE] if one.only_allow_merge_if_pipeline_succeeds else []
    if not one.only_allow_merge_if_all_status_checks_passed:
        return tuple(required), ()
    shown = _if_shown(session, None, "external_status_checks", per_page=PAGE)
    if shown is None:
        return tuple(required), ("external_status_checks",)
    return (*required, *(check.name for check in read_all(StatusCheck, shown))), ()


def _approvals(session: Session, base: str) -> int:
    """Return how many approvals are required: the most that one rule for this branch demands."""
    rules = read_all(ApprovalRule, _if_shown(session, [], "approval_rules", per_page=PAGE))
    here = [
        rule.approvals_required
        for rule in rules
        if not rule.protected_branches or base in {branch.name for branch in rule.protected_branches}
    ]
    return max(here, default=0)


def _if_shown(session: Session, instead: Any, *parts: object, **query: object) -> Any:
    answer = session.get(*parts, accept=HIDDEN, **query)
    return instead if answer.status in HIDDEN else answer.data
