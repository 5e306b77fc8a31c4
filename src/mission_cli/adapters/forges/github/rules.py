"""The rules for merging into a branch: rulesets, and classic protection as far as the token sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.adapters.forges.github.models import Branch, Rule, read, read_all
from mission_cli.domain.forge.facts import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.forges.github.session import Session

_NOT_FOUND = 404
_ABOUT_OTHER_THINGS = frozenset({"creation", "deletion", "non_fast_forward", "tag_name_pattern", "branch_name_pattern"})
"""Rules that do not concern a merge by the forge."""
_MAY_BE_HIDDEN = frozenset({"refUpdateRule", "branchProtectionRule", "mergeQueue"})
RULE_QUERY = """
query($owner: String!, $name: String!, $ref: String!, $base: String!) {
  repository(owner: $owner, name: $name) {
    mergeQueue(branch: $base) { id }
    ref(qualifiedName: $ref) {
      refUpdateRule {
        requiredApprovingReviewCount
        requiredStatusCheckContexts
        requiresCodeOwnerReviews
        requiresConversationResolution
        requiresLinearHistory
        requiresSignatures
      }
      branchProtectionRule {
        lockBranch
        requireLastPushApproval
        requiresStrictStatusChecks
      }
    }
  }
}
"""


class _Found:
    """Rules while they are collected."""

    def __init__(self) -> None:
        self.required: list[str] = []
        self.approvals = 0
        self.on: set[str] = set()
        self.others: list[str] = []

    def rules(self) -> Rules:
        return Rules(
            required=tuple(dict.fromkeys(self.required)),
            approvals=self.approvals,
            others=tuple(dict.fromkeys(self.others)),
            **dict.fromkeys(sorted(self.on), True),
        )


def rules_of(session: Session, base: str) -> Rules:
    """Return the rules for a branch; no rules if there is no such branch. Two requests; three if it is protected."""
    branch = session.client.get(session.path("branches", base), accept={_NOT_FOUND})
    if branch.status == _NOT_FOUND:
        session.get()  # it raises if the whole repository is not found: that is no branch without rules
        return Rules()
    found = _Found()
    rules = session.client.pages(session.path("rules", "branches", base), {"per_page": 100})
    for rule in read_all(Rule, rules):
        _take(found, rule)
    facts = read(Branch, branch.data)
    if facts.protected:
        checks = facts.protection.required_status_checks if facts.protection else None
        if checks and checks.enforcement_level != "off":
            found.required += checks.contexts
        _take_classic(found, session, base)
    return found.rules()


def _take(found: _Found, rule: Rule) -> None:
    parameters = rule.parameters or {}
    match rule.type:
        case "required_status_checks":
            checks = parameters.get("required_status_checks")
            found.required += [
                str(one["context"])
                for one in (checks if isinstance(checks, list) else [])
                if isinstance(one, dict) and one.get("context")
            ]
            _on(found, parameters, strict="strict_required_status_checks_policy")
        case "pull_request":
            found.approvals = max(found.approvals, _whole(parameters.get("required_approving_review_count")))
            _on(
                found,
                parameters,
                code_owners="require_code_owner_review",
                last_push="require_last_push_approval",
                conversations="required_review_thread_resolution",
            )
        case "required_signatures":
            found.on.add("signed")
        case "required_linear_history":
            found.on.add("linear")
        case "merge_queue":
            found.on.add("queue")
        case "update":
            found.on.add("locked")
        case other if other not in _ABOUT_OTHER_THINGS:
            found.others.append(other)


def _on(found: _Found, parameters: Mapping[str, Any], **flags: str) -> None:
    found.on |= {flag for flag, name in flags.items() if parameters.get(name) is True}


def _take_classic(found: _Found, session: Session, base: str) -> None:
    """Take what the token sees of a classic protection."""
    variables = {"owner": session.owner, "name": session.repo, "ref": f"refs/heads/{base}", "base": base}
    repository = _within(session.query(RULE_QUERY, variables, optional=_MAY_BE_HIDDEN), "repository")
    found.on |= {"queue"} if _within(repository, "mergeQueue") else set()
    ref = _within(repository, "ref")
    hidden = _within(ref, "branchProtectionRule")
    _on(found, hidden, strict="requiresStrictStatusChecks", last_push="requireLastPushApproval", locked="lockBranch")
    found.on |= {"strict"} if session.is_strict(base) else set()
    rule = _within(ref, "refUpdateRule")
    found.approvals = max(found.approvals, _whole(rule.get("requiredApprovingReviewCount")))
    contexts = rule.get("requiredStatusCheckContexts")
    found.required += [str(name) for name in (contexts if isinstance(contexts, list) else []) if name]
    _on(
        found,
        rule,
        code_owners="requiresCodeOwnerReviews",
        conversations="requiresConversationResolution",
        linear="requiresLinearHistory",
        signed="requiresSignatures",
    )


def _within(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
