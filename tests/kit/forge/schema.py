"""GitHub's GraphQL objects for what a scripted forge stores, as `graphql.execute` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.kit.forge.gate import opinions
from tests.kit.forge.graphql import QueryError
from tests.kit.forge.records import Right
from tests.kit.forge.shapes import ACTIONS, merge_state
from tests.kit.forge.state import GOOD, RUNNING

from mission_cli.domain.forge.facts import Mergeable, MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.kit.forge.records import (
        CheckRecord,
        CommentRecord,
        PullRecord,
        ReviewRecord,
        ThreadRecord,
    )
    from tests.kit.forge.shapes import Json, Shapes
    from tests.kit.forge.site import Site

_MERGEABLE = {Mergeable.YES: "MERGEABLE", Mergeable.CONFLICTS: "CONFLICTING", Mergeable.UNKNOWN: "UNKNOWN"}


def connection(items: Sequence[Json]) -> Callable[..., Json]:
    """Return a field that is a list in pages."""

    def pages(first: int = 0, last: int = 0, after: str | None = None, before: str | None = None, **_: Any) -> Json:
        if not first and not last:
            raise QueryError(
                "You must provide a `first` or `last` value to properly paginate", "MISSING_PAGINATION_BOUNDARIES"
            )
        if max(first, last) > 100:
            raise QueryError("Requesting more than 100 records exceeds the limit", "EXCESSIVE_PAGINATION")
        low, high = int(after or 0), int(before or len(items))
        start, end = (low, min(low + first, high)) if first else (max(low, high - last), high)
        page = {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": str(start),
            "endCursor": str(end),
        }
        return {"nodes": list(items[start:end]), "totalCount": len(items), "pageInfo": page}

    return pages


class Schema:
    """The objects for one account."""

    def __init__(self, site: Site, shapes: Shapes, who: str) -> None:
        self.site, self.shapes, self.who = site, shapes, who

    def root(self) -> Json:
        """Return the queries."""
        return {
            "viewer": self.actor(self.who),
            "repository": self._repository,
            "node": lambda id: self._pull(self._by_id(id)),  # noqa: A006 - GitHub's name
            "rateLimit": {"__typename": "RateLimit", "remaining": 4999, "cost": 1, "resetAt": "2026-11-20T11:00:00Z"},
        }

    def mutations(self) -> Json:
        """Return the mutations."""
        return {
            "convertPullRequestToDraft": lambda input: self._draft(input, draft=True),  # noqa: A006 - GitHub's name
            "markPullRequestReadyForReview": lambda input: self._draft(input, draft=False),  # noqa: A006
            "addPullRequestReviewThreadReply": self._reply,
            "addComment": self._comment,
            "enablePullRequestAutoMerge": self._auto,
            "enqueuePullRequest": self._enqueue,
        }

    def actor(self, login: str) -> Json:
        """Return an account; the login of a bot lacks its ending, as on GitHub."""
        bot = self.site.member(login).bot
        name = login.removesuffix("[bot]") if bot else login
        kind = "Bot" if bot else "User"
        return {"__typename": kind, "__interfaces": ("Actor",), "login": name, "id": self.shapes.user(login)["node_id"]}

    # Queries

    def _repository(self, owner: str, name: str, *, followRenames: bool = True) -> Json:  # noqa: N803 - GitHub's name
        del followRenames
        self.site.require(self.who, Right.READ, write=False)
        if f"{owner}/{name}" not in {self.site.name, *self.site.old_names}:
            raise QueryError(f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND")
        self.site.update()
        site, right = self.site, self.site.member(self.who).right
        return {
            "__typename": "Repository",
            "id": "R_1",
            "nameWithOwner": site.name,
            "isArchived": site.archived,
            "viewerPermission": {Right.READ: "READ", Right.WRITE: "WRITE", Right.ADMIN: "ADMIN"}[right],
            "pullRequest": lambda number: self._pull(self._numbered(number)),
            "ref": self._ref,
            "mergeQueue": lambda branch="": self._queue(branch or site.default),
        }

    def _ref(self, qualifiedName: str) -> Json | None:  # noqa: N803 - GitHub's name
        branch = qualifiedName.removeprefix("refs/heads/")
        if branch not in self.site.commits.branches():
            return None
        return {
            "__typename": "Ref",
            "name": branch,
            "branchProtectionRule": None,
            "refUpdateRule": self._update_rule(branch),
        }

    def _update_rule(self, branch: str) -> Json | None:
        """Return what the viewer has to meet, where the rules are a classic protection."""
        if branch not in self.site.classic:
            return None
        rules = self.site.protection(branch).rules
        return {
            "__typename": "RefUpdateRule",
            "requiredApprovingReviewCount": rules.approvals,
            "requiredStatusCheckContexts": list(rules.required),
            "requiresCodeOwnerReviews": rules.code_owners,
            "requiresConversationResolution": rules.conversations,
            "requiresLinearHistory": rules.linear,
            "requiresSignatures": rules.signed,
        }

    def _queue(self, branch: str) -> Json | None:
        return {"__typename": "MergeQueue", "id": "MQ_1"} if self.site.protection(branch).rules.queue else None

    def _numbered(self, number: int) -> PullRecord:
        if number not in self.site.pulls:
            raise QueryError(f"Could not resolve to a PullRequest with the number of {number}.", "NOT_FOUND")
        return self.site.pulls[number]

    def _by_id(self, node: str) -> PullRecord:
        if not node.startswith("PR_"):
            raise QueryError(f"Could not resolve to a node with the global id of '{node}'", "NOT_FOUND")
        return self._numbered(int(node.removeprefix("PR_")))

    def _pull(self, pull: PullRecord) -> Json:
        site, merged = self.site, pull.state is PullState.MERGED
        mergeable = site.mergeable(pull)
        said = [self._review(one) for one in pull.reviews]
        opinionated = [self._review(one) for one in opinions(pull).values()]
        found: Json = {
            "__typename": "PullRequest",
            "id": f"PR_{pull.number}",
            "number": pull.number,
            "url": f"{self.shapes.web}/pull/{pull.number}",
            "title": pull.title,
            "body": pull.body,
            "state": pull.state.value.upper(),
            "isDraft": pull.draft,
            "locked": pull.locked,
            "merged": merged,
            "closed": pull.state is not PullState.OPEN,
            "headRefName": pull.branch,
            "headRefOid": pull.head,
            "baseRefName": pull.base,
            "baseRef": self._base(pull),
            "baseRefOid": site.commits.branches().get(pull.base, "0" * 40),
            "isCrossRepository": bool(pull.fork),
            "headRepository": {"__typename": "Repository", "nameWithOwner": pull.fork or site.name},
            "author": self.actor(pull.by),
            "createdAt": pull.created,
            "updatedAt": pull.updated,
            "mergedAt": pull.updated if merged else None,
            "mergeCommit": self._commit(pull.merged_as) if pull.merged_as else None,
            "mergeable": _MERGEABLE[mergeable],
            "mergeStateStatus": merge_state(site, pull, mergeable),
            "reviewDecision": self._decision(pull),
            "isInMergeQueue": pull.queued,
            "mergeQueueEntry": self._entry(pull),
            "autoMergeRequest": None,
            "reviews": lambda states=None, **page: connection(
                [one for one in said if states is None or one["state"] in states]
            )(**page),
            "latestReviews": connection([self._review(one) for one in {r.by: r for r in pull.reviews}.values()]),
            "latestOpinionatedReviews": connection(opinionated),
            "reviewThreads": connection([self._thread(one) for one in pull.threads]),
            "comments": connection([self._said(one) for one in pull.below]),
            "commits": connection([{"__typename": "PullRequestCommit", "commit": self._commit(pull.head)}]),
            "statusCheckRollup": self._rollup(pull.head),
            "viewerCanEnableAutoMerge": site.auto_merge,
        }
        if pull.auto is not None:
            request = {"mergeMethod": pull.auto[1].value.upper(), "enabledBy": self.actor(pull.auto[0])}
            found["autoMergeRequest"] = {"__typename": "AutoMergeRequest", "enabledAt": pull.updated, **request}
        return found

    def _base(self, pull: PullRecord) -> Json | None:
        branches = self.site.commits.branches()
        if pull.base not in branches:
            return None

        def compare(headRef: str) -> Json:  # noqa: N803 - GitHub's name
            head = pull.head if headRef in {pull.branch, f"{pull.fork.partition('/')[0]}:{pull.branch}"} else ""
            if not head or self.site.tip(pull) is None:
                raise QueryError(f"Could not resolve to a Ref with the name '{headRef}'", "NOT_FOUND")
            behind = len(self.site.commits.between(head, branches[pull.base]))
            return {"__typename": "Comparison", "behindBy": behind, "aheadBy": 1}

        return {"__typename": "Ref", "name": pull.base, "compare": compare}

    def _decision(self, pull: PullRecord) -> str | None:
        rules = self.site.protection(pull.base).rules
        states = {one.state for one in opinions(pull).values()}
        if ReviewState.CHANGES_REQUESTED in states:
            return "CHANGES_REQUESTED"
        if ReviewState.APPROVED in states:
            return "APPROVED"
        return "REVIEW_REQUIRED" if rules.approvals else None

    def _entry(self, pull: PullRecord) -> Json | None:
        if not pull.queued:
            return None
        place = self.site.queue.index(pull.number) + 1
        return {"__typename": "MergeQueueEntry", "id": f"MQE_{pull.number}", "position": place, "state": "QUEUED"}

    def _review(self, review: ReviewRecord) -> Json:
        return {
            "__typename": "PullRequestReview",
            "id": f"PRR_{review.id}",
            "databaseId": review.id,
            "fullDatabaseId": str(review.id),
            "author": self.actor(review.by),
            "authorAssociation": self.shapes.association(review.by),
            "state": review.state.value.upper(),
            "body": review.text,
            "commit": self._commit(review.commit),
            "submittedAt": review.at,
            "viewerDidAuthor": review.by == self.who,
        }

    def _thread(self, thread: ThreadRecord) -> Json:
        line = None if thread.outdated else thread.line
        place = {"line": line, "originalLine": thread.line, "startLine": None, "originalStartLine": None}
        said = [{**self._said(one), **place, "path": thread.path, "state": "SUBMITTED"} for one in thread.comments]
        return {
            "__typename": "PullRequestReviewThread",
            "id": thread.id,
            "isResolved": thread.resolved,
            "isOutdated": thread.outdated,
            "path": thread.path,
            **place,
            "comments": connection([{**one, "__typename": "PullRequestReviewComment"} for one in said]),
        }

    def _said(self, comment: CommentRecord) -> Json:
        return {
            "__typename": "IssueComment",
            "id": f"IC_{comment.id}",
            "databaseId": comment.id,
            "fullDatabaseId": str(comment.id),
            "author": self.actor(comment.by),
            "authorAssociation": self.shapes.association(comment.by),
            "body": comment.body,
            "createdAt": comment.at,
            "updatedAt": comment.at,
            "isMinimized": comment.hidden,
            "viewerDidAuthor": comment.by == self.who,
        }

    def _commit(self, commit: str) -> Json:
        return {
            "__typename": "Commit",
            "oid": commit,
            "statusCheckRollup": self._rollup(commit),
            "checkSuites": connection([]),
        }

    def _rollup(self, commit: str) -> Json | None:
        found = list(self.site.newest(commit).values())
        if not found:
            return None
        bad = any(one.state not in GOOD | RUNNING for one in found)
        state = "FAILURE" if bad else "SUCCESS" if all(one.state in GOOD for one in found) else "PENDING"
        contexts = connection([self._context(one) for one in found])
        return {"__typename": "StatusCheckRollup", "state": state, "contexts": contexts}

    def _context(self, check: CheckRecord) -> Json:
        if check.status:
            status = self.shapes.status(check)
            return {
                "__typename": "StatusContext",
                "id": status["node_id"],
                "context": check.name,
                "state": status["state"].upper(),
                "description": status["description"],
                "targetUrl": None,
                "createdAt": check.at,
            }
        run = self.shapes.check(check)
        app = {"__typename": "App", "slug": "github-actions", "databaseId": ACTIONS, "name": "GitHub Actions"}
        workflow = {"__typename": "WorkflowRun", "databaseId": check.id * 10, "event": "pull_request"}
        suite = {"__typename": "CheckSuite", "databaseId": check.id * 10, "app": app, "workflowRun": workflow}
        return {
            "__typename": "CheckRun",
            "id": run["node_id"],
            "databaseId": check.id,
            "name": check.name,
            "status": run["status"].upper(),
            "conclusion": run["conclusion"].upper() if run["conclusion"] else None,
            "detailsUrl": run["details_url"],
            "url": run["html_url"],
            "title": run["output"]["title"],
            "summary": run["output"]["summary"],
            "startedAt": check.at,
            "completedAt": run["completed_at"],
            "checkSuite": suite,
        }

    # Mutations

    def _draft(self, given: Json, *, draft: bool) -> Json:
        pull = self._by_id(given["pullRequestId"])
        self.site.set_draft(self.who, pull.number, draft=draft)
        return _done(pullRequest=self._pull(pull))

    def _reply(self, input: Json) -> Json:  # noqa: A002 - GitHub's name
        wanted = input["pullRequestReviewThreadId"]
        for pull in self.site.pulls.values():
            if any(one.id == wanted for one in pull.threads):
                made = self.site.answer(self.who, pull.number, wanted, input["body"])
                return _done(comment={**self._said(made), "__typename": "PullRequestReviewComment"})
        raise QueryError(f"Could not resolve to a node with the global id of '{wanted}'", "NOT_FOUND")

    def _comment(self, input: Json) -> Json:  # noqa: A002 - GitHub's name
        number = int(input["subjectId"].partition("_")[2])
        made = self.site.comment(self.who, number, input["body"])
        return _done(commentEdge={"node": self._said(made)}, subject={"id": input["subjectId"]})

    def _auto(self, input: Json) -> Json:  # noqa: A002 - GitHub's name
        pull, method = self._by_id(input["pullRequestId"]), MergeMethod(input.get("mergeMethod", "MERGE").lower())
        self.site.enable_auto_merge(self.who, pull.number, input.get("expectedHeadOid", ""), method)
        return _done(pullRequest=self._pull(pull), actor=self.actor(self.who))

    def _enqueue(self, input: Json) -> Json:  # noqa: A002 - GitHub's name
        pull = self._by_id(input["pullRequestId"])
        self.site.enqueue(self.who, pull.number, input.get("expectedHeadOid", ""))
        return _done(mergeQueueEntry=self._entry(pull))


def _done(**found: Any) -> Json:
    """Return the answer to a mutation."""
    return {"clientMutationId": None, **found}
