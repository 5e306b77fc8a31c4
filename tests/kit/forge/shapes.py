"""GitHub's JSON for what a scripted forge stores."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tests.kit.forge.gate import obstacles
from tests.kit.forge.records import Right
from tests.kit.forge.state import GOOD, RUNNING

from mission_cli.domain.forge.facts import Mergeable, MergeMethod, PullState, Rules

if TYPE_CHECKING:
    from tests.kit.forge.records import (
        CheckRecord,
        CommentRecord,
        IssueRecord,
        PullRecord,
        ReviewRecord,
        ThreadRecord,
    )
    from tests.kit.forge.site import Site

Json = dict[str, Any]
ACTIONS = 15368
"""The id of the app GitHub Actions."""


class Shapes:
    """Makes JSON; `url` is the base of the server."""

    def __init__(self, site: Site, url: str) -> None:
        self.site, self.url = site, url

    @property
    def api(self) -> str:
        """The URL of the repository in the interface."""
        return f"{self.url}/repos/{self.site.name}"

    @property
    def web(self) -> str:
        """The URL of the repository for people."""
        return f"{self.url}/{self.site.name}"

    def user(self, login: str) -> Json:
        """Return an account."""
        bot = self.site.member(login).bot
        number = int(hashlib.sha1(login.encode(), usedforsecurity=False).hexdigest()[:6], 16)
        return {"login": login, "id": number, "node_id": f"U_{number}", "type": "Bot" if bot else "User"}

    def association(self, login: str) -> str:
        """Return how somebody is related to the repository."""
        if login == self.site.name.partition("/")[0]:
            return "OWNER"
        return "COLLABORATOR" if self.site.member(login).right >= Right.WRITE else "NONE"

    def repository(self, viewer: str, name: str = "") -> Json:
        """Return the repository, or a fork of it."""
        site, right = self.site, self.site.member(viewer).right
        full, own = name or site.name, not name
        owner, _, short = full.partition("/")
        found = {
            "id": 1 if own else 2,
            "node_id": "R_1" if own else "R_2",
            "name": short,
            "full_name": full,
            "owner": self.user(owner),
            "private": False,
            "fork": not own,
            "html_url": f"{self.url}/{full}",
            "url": f"{self.url}/repos/{full}",
            "clone_url": f"{self.url}/{full}.git",
            "default_branch": site.default,
            "archived": site.archived and own,
            "disabled": False,
            "has_issues": True,
            "permissions": {
                "admin": right >= Right.ADMIN or not own,
                "push": right >= Right.WRITE or not own,
                "pull": True,
            },
        }
        if own and right >= Right.WRITE:
            found |= {
                "allow_merge_commit": MergeMethod.MERGE in site.methods,
                "allow_squash_merge": MergeMethod.SQUASH in site.methods,
                "allow_rebase_merge": MergeMethod.REBASE in site.methods,
                "allow_auto_merge": site.auto_merge,
                "delete_branch_on_merge": site.deletes_branches,
            }
        return found if own else {**found, "parent": self.repository(viewer), "source": self.repository(viewer)}

    def pull(self, pull: PullRecord, *, viewer: str, whole: bool = False) -> Json:
        """Return a pull request as lists have it, or whole."""
        merged = pull.state is PullState.MERGED
        found: Json = {
            "id": 9000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "number": pull.number,
            "url": f"{self.api}/pulls/{pull.number}",
            "html_url": f"{self.web}/pull/{pull.number}",
            "state": "open" if pull.state is PullState.OPEN else "closed",
            "locked": pull.locked,
            "title": pull.title,
            "body": pull.body or None,
            "user": self.user(pull.by),
            "author_association": self.association(pull.by),
            "created_at": pull.created,
            "updated_at": pull.updated,
            "closed_at": None if pull.state is PullState.OPEN else pull.updated,
            "merged_at": pull.updated if merged else None,
            "merge_commit_sha": pull.merged_as if merged else hashlib.sha1(pull.head.encode()).hexdigest(),  # noqa: S324 - a name
            "draft": pull.draft,
            "head": self._side(pull.branch, pull.head, pull.fork, viewer),
            "base": self._side(pull.base, self.site.commits.branches().get(pull.base, "0" * 40), "", viewer),
            "labels": [{"name": name} for name in pull.labels],
            "assignees": [self.user(login) for login in pull.assignees],
            "requested_reviewers": [self.user(login) for login in pull.reviewers if "/" not in login],
            "requested_teams": [{"slug": name.partition("/")[2]} for name in pull.reviewers if "/" in name],
            "milestone": self._milestone(pull.milestone),
            "auto_merge": None,
        }
        if pull.auto is not None:
            found["auto_merge"] = {"enabled_by": self.user(pull.auto[0]), "merge_method": pull.auto[1].value}
        if whole:
            mergeable = self.site.mergeable(pull)
            found |= {
                "merged": merged,
                "merged_by": self.user(pull.merged_by) if merged else None,
                "mergeable": {Mergeable.YES: True, Mergeable.CONFLICTS: False, Mergeable.UNKNOWN: None}[mergeable],
                "mergeable_state": merge_state(self.site, pull, mergeable).lower(),
                "rebaseable": mergeable is Mergeable.YES,
                "comments": len(pull.below),
                "review_comments": sum(len(one.comments) for one in pull.threads),
            }
        return found

    def review(self, pull: PullRecord, review: ReviewRecord) -> Json:
        """Return a review."""
        return {
            "id": review.id,
            "node_id": f"PRR_{review.id}",
            "user": self.user(review.by),
            "body": review.text,
            "state": review.state.value.upper(),
            "commit_id": review.commit,
            "submitted_at": review.at,
            "author_association": self.association(review.by),
            "html_url": f"{self.web}/pull/{pull.number}#pullrequestreview-{review.id}",
        }

    def comment(self, number: int, comment: CommentRecord) -> Json:
        """Return a comment below a pull request or an issue."""
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{self.api}/issues/comments/{comment.id}",
            "html_url": f"{self.web}/issues/{number}#issuecomment-{comment.id}",
            "body": comment.body,
            "user": self.user(comment.by),
            "created_at": comment.at,
            "updated_at": comment.at,
            "author_association": self.association(comment.by),
        }

    def remark(self, pull: PullRecord, thread: ThreadRecord, comment: CommentRecord) -> Json:
        """Return a comment at a place of the diff."""
        first = thread.comments[0]
        found = {
            **self.comment(pull.number, comment),
            "node_id": f"PRRC_{comment.id}",
            "pull_request_review_id": first.id,
            "path": thread.path,
            "line": None if thread.outdated else thread.line,
            "original_line": thread.line,
            "commit_id": pull.head,
            "original_commit_id": thread.commit,
            "html_url": f"{self.web}/pull/{pull.number}#discussion_r{comment.id}",
        }
        return found if comment is first else {**found, "in_reply_to_id": first.id}

    def check(self, check: CheckRecord) -> Json:
        """Return a check run."""
        over = check.state not in RUNNING
        return {
            "id": check.id,
            "node_id": f"CR_{check.id}",
            "name": check.name,
            "head_sha": check.commit,
            "external_id": "",
            "status": "completed" if over else check.state,
            "conclusion": check.state if over else None,
            "started_at": check.at,
            "completed_at": check.at if over else None,
            "url": f"{self.api}/check-runs/{check.id}",
            "html_url": f"{self.web}/actions/runs/{check.id}0/job/{check.id}",
            "details_url": f"{self.web}/actions/runs/{check.id}0/job/{check.id}",
            "output": {
                "title": check.summary or None,
                "summary": check.summary or None,
                "text": None,
                "annotations_count": len(check.annotations),
                "annotations_url": f"{self.api}/check-runs/{check.id}/annotations",
            },
            "check_suite": {"id": check.id * 10},
            "app": {"id": ACTIONS, "slug": "github-actions", "name": "GitHub Actions"},
            "pull_requests": [],
        }

    def status(self, check: CheckRecord) -> Json:
        """Return a commit status."""
        state = "pending" if check.state in RUNNING else check.state
        return {
            "id": check.id,
            "node_id": f"SC_{check.id}",
            "context": check.name,
            "state": state,
            "description": check.summary or None,
            "target_url": None,
            "created_at": check.at,
            "updated_at": check.at,
        }

    def issue(self, issue: IssueRecord) -> Json:
        """Return an issue."""
        return {
            "id": 7000 + issue.number,
            "node_id": f"I_{issue.number}",
            "number": issue.number,
            "url": f"{self.api}/issues/{issue.number}",
            "html_url": f"{self.web}/issues/{issue.number}",
            "title": issue.title,
            "body": issue.body,
            "state": "open" if issue.open else "closed",
            "user": self.user(issue.by),
            "labels": [{"name": name} for name in issue.labels],
            "comments": len(issue.comments),
            "created_at": issue.at,
            "updated_at": issue.at,
            "author_association": self.association(issue.by),
        }

    def issue_of_pull(self, pull: PullRecord) -> Json:
        """Return a pull request as the list of issues has it."""
        return {
            "id": 7000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "number": pull.number,
            "html_url": f"{self.web}/pull/{pull.number}",
            "title": pull.title,
            "body": pull.body or None,
            "state": "open" if pull.state is PullState.OPEN else "closed",
            "user": self.user(pull.by),
            "labels": [{"name": name} for name in pull.labels],
            "comments": len(pull.below),
            "created_at": pull.created,
            "updated_at": pull.updated,
            "pull_request": {"url": f"{self.api}/pulls/{pull.number}"},
        }

    def _milestone(self, title: str) -> Json | None:
        if not title:
            return None
        return {"number": self.site.milestones.index(title) + 1, "title": title, "state": "open"}

    def _side(self, branch: str, commit: str, fork: str, viewer: str) -> Json:
        name = fork or self.site.name
        return {
            "label": f"{name.partition('/')[0]}:{branch}",
            "ref": branch,
            "sha": commit,
            "user": self.user(name.partition("/")[0]),
            "repo": self.repository(viewer, fork),
        }


def merge_state(site: Site, pull: PullRecord, mergeable: Mergeable) -> str:
    """Return the summary that GitHub calls the merge state."""
    if pull.state is not PullState.OPEN or mergeable is Mergeable.UNKNOWN:
        return "UNKNOWN"
    if mergeable is Mergeable.CONFLICTS:
        return "DIRTY"
    if pull.draft:
        return "DRAFT"
    words = obstacles(site, pull, None)
    if any("not up to date" in one for one in words) and len(words) == 1:
        return "BEHIND"
    if words:
        return "BLOCKED"
    good = all(check.state in GOOD for check in site.newest(pull.head).values())
    return "CLEAN" if good else "UNSTABLE"


def rules_of(rules: Rules) -> list[Json]:
    """Return the active rules of a branch, as rulesets have them."""
    found: list[Json] = []
    if rules.required or rules.strict:
        checks = [{"context": name} for name in rules.required]
        found.append(
            {
                "type": "required_status_checks",
                "parameters": {
                    "required_status_checks": checks,
                    "strict_required_status_checks_policy": rules.strict,
                    "do_not_enforce_on_create": False,
                },
            }
        )
    if rules.approvals or rules.code_owners or rules.last_push or rules.conversations:
        found.append(
            {
                "type": "pull_request",
                "parameters": {
                    "required_approving_review_count": rules.approvals,
                    "dismiss_stale_reviews_on_push": False,
                    "require_code_owner_review": rules.code_owners,
                    "require_last_push_approval": rules.last_push,
                    "required_review_thread_resolution": rules.conversations,
                    "allowed_merge_methods": ["merge", "squash", "rebase"],
                },
            }
        )
    switches = {
        "required_signatures": rules.signed,
        "required_linear_history": rules.linear,
        "merge_queue": rules.queue,
        "update": rules.locked,
    }
    names = [*(name for name, on in switches.items() if on), *rules.others]
    found += [{"type": name} for name in names]
    return [{**rule, "ruleset_source_type": "Repository", "ruleset_source": "", "ruleset_id": 42} for rule in found]
