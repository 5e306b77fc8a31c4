"""Forgejo's REST interface over a scripted forge; with logs and reruns of jobs, as Gitea has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from tests.kit.forge.faces.face import Face, Page, Plain
from tests.kit.forge.records import DeniedError, Right

from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import Mergeable, MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from tests.kit.forge.faces.face import Call
    from tests.kit.forge.records import CheckRecord, CommentRecord, IssueRecord, PullRecord, ThreadRecord
    from tests.kit.loopback import Asked, Reply

    Json = dict[str, Any]

_R = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
_STATES = {
    "queued": ("pending", "Waiting to run"),
    "in_progress": ("pending", "Has started running"),
    "success": ("success", "Successful in 1s"),
    "neutral": ("success", "Successful in 1s"),
    "skipped": ("success", "Has been skipped"),
    "failure": ("failure", "Failing after 1s"),
    "timed_out": ("failure", "Failing after 3h"),
    "cancelled": ("failure", "Has been cancelled"),
    "action_required": ("pending", "Blocked by required conditions"),
}
_REVIEWS = {
    ReviewState.APPROVED: "APPROVED",
    ReviewState.CHANGES_REQUESTED: "REQUEST_CHANGES",
    ReviewState.COMMENTED: "COMMENT",
    ReviewState.DISMISSED: "APPROVED",
}
_METHODS = {
    "merge": MergeMethod.MERGE,
    "rebase": MergeMethod.REBASE,
    "squash": MergeMethod.SQUASH,
}


def _routes(*lines: tuple[str, str, str, str]) -> list[tuple[str, re.Pattern[str], str, str]]:
    return [(method, re.compile(f"{_R}{path}"), verb, name) for method, path, verb, name in lines]


class ForgejoFace(Face):
    """The interface. Threads are remarks of reviews: each thread here is one review."""

    base: ClassVar[str] = "/api/v1"
    forge: ClassVar[str] = "forgejo"
    links: ClassVar[bool] = False
    routes: ClassVar[list[tuple[str, re.Pattern[str], str, str]]] = [
        ("GET", re.compile("/user"), "account", "me"),
        *_routes(
            ("GET", "", "repository", "repository"),
            ("GET", r"/pulls", "pulls", "pulls"),
            ("POST", r"/pulls", "open", "open"),
            ("GET", r"/pulls/(?P<number>\d+)", "look", "pull"),
            ("PATCH", r"/pulls/(?P<number>\d+)", "change", "change"),
            ("POST", r"/pulls/(?P<number>\d+)/merge", "merge", "merge"),
            ("POST", r"/pulls/(?P<number>\d+)/requested_reviewers", "open", "ask"),
            ("GET", r"/pulls/(?P<number>\d+)/reviews", "look", "reviews"),
            ("GET", r"/pulls/(?P<number>\d+)/reviews/(?P<review>\d+)/comments", "look", "remarks"),
            ("POST", r"/pulls/(?P<number>\d+)/reviews/(?P<review>\d+)/comments", "reply", "remark"),
            ("GET", r"/commits/(?P<commit>[^/]+)/status", "look", "statuses"),
            ("GET", r"/branches/(?P<name>[^/]+)", "rules", "branch"),
            ("GET", r"/branch_protections/(?P<name>[^/]+)", "rules", "protection"),
            ("GET", r"/assignees", "look", "writers"),
            ("GET", r"/labels", "open", "labels"),
            ("POST", r"/labels", "open", "label"),
            ("GET", r"/milestones", "open", "milestones"),
            ("POST", r"/forks", "fork", "fork"),
            ("GET", r"/issues", "open_issue", "issues"),
            ("POST", r"/issues", "open_issue", "open_issue"),
            ("GET", r"/issues/(?P<number>\d+)", "close_issue", "issue"),
            ("PATCH", r"/issues/(?P<number>\d+)", "close_issue", "change_issue"),
            ("GET", r"/issues/(?P<number>\d+)/comments", "look", "comments"),
            ("POST", r"/issues/(?P<number>\d+)/comments", "reply", "comment"),
            ("GET", r"/actions/runs", "log", "runs"),
            ("GET", r"/actions/runs/(?P<run>\d+)/jobs", "log", "jobs"),
            ("GET", r"/actions/jobs/(?P<job>\d+)/logs", "log", "log"),
            ("POST", r"/actions/runs/(?P<run>\d+)/jobs/(?P<job>\d+)/rerun", "rerun", "rerun"),
        ),
    ]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.known_labels: list[str] = []

    def token(self, asked: Asked) -> str:
        """Return the token of a request."""
        return asked.headers.get("authorization", "").removeprefix("token ")

    def denied(self, error: DeniedError) -> Reply:
        """Return Forgejo's answer: an archived repository is locked for it."""
        if error.trouble is ForgeTrouble.ARCHIVED:
            return self.words(423, f"{self.site.name} is archived")
        return self.words(error.status, error.words)

    # The repository

    def _on_me(self, call: Call) -> Json:
        self.site.update()
        return self._user(call.who)

    def _on_repository(self, call: Call, owner: str, repo: str) -> Json:
        return self._repo(self._there(call, f"{owner}/{repo}"), call.who)

    def _on_branch(self, call: Call, name: str, **_: str) -> Json:
        self._there(call)
        if name not in self.site.commits.branches():
            raise DeniedError(404, "The target couldn't be found.", ForgeTrouble.NOT_FOUND)
        rules, protected = self.site.protection(name).rules, name in self.site.protections
        return {
            "name": name,
            "protected": protected,
            "required_approvals": rules.approvals,
            "enable_status_check": bool(rules.required),
            "status_check_contexts": list(rules.required),
            "user_can_push": True,
            "user_can_merge": not rules.locked,
            "effective_branch_protection_name": name if protected else "",
        }

    def _on_protection(self, call: Call, name: str, **_: str) -> Json:
        self._there(call)
        rules = self.site.protection(name).rules
        return {
            "rule_name": name,
            "enable_merge_whitelist": rules.locked,
            "merge_whitelist_usernames": [],
            "merge_whitelist_teams": [],
            "block_on_outdated_branch": rules.strict,
            "require_signed_commits": rules.signed,
            "protected_file_patterns": "secret/**" if rules.others else "",
        }

    def _on_writers(self, call: Call, **_: str) -> list[Json]:
        self._there(call)
        return [self._user(one.login) for one in self.site.members.values() if one.right >= Right.WRITE]

    def _on_fork(self, call: Call, **_: str) -> Json:
        return self._repo(self.site.make_fork(call.who), call.who)

    def _on_labels(self, call: Call, **_: str) -> Page:
        self._there(call)
        return Page([self._label(name) for name in self.known_labels])

    def _on_label(self, call: Call, **_: str) -> Json:
        self.site.require(call.who, Right.WRITE)
        self.known_labels.append(call.body["name"])
        return self._label(call.body["name"])

    def _on_milestones(self, call: Call, **_: str) -> Page:
        self._there(call)
        return Page([self._milestone(title) for title in self.site.milestones])

    # Pull requests

    def _on_pulls(self, call: Call, **_: str) -> Page:
        self._there(call)
        state, poster = call.query.get("state", "open"), call.query.get("poster")
        found = [one for one in self.site.pulls.values() if poster in {None, one.by}]
        if state != "all":
            found = [one for one in found if (one.state is PullState.OPEN) == (state == "open")]
        found.sort(key=lambda one: one.updated, reverse=True)
        return Page([self._pull(one) for one in found])

    def _on_pull(self, call: Call, number: str, **_: str) -> Json:
        self._there(call)
        return self._pull(self.site.pull(int(number)))

    def _on_open(self, call: Call, **_: str) -> Json:
        owner, _, branch = call.body["head"].rpartition(":")
        fork = f"{owner}/{self.site.name.partition('/')[2]}" if owner else ""
        draft = call.body["title"].startswith("WIP: ")
        title, body = call.body["title"].removeprefix("WIP: "), call.body.get("body", "")
        there = self.site.open(call.who, branch, call.body["base"], title, body, draft=draft, fork=fork)
        return self._pull(there)

    def _on_change(self, call: Call, number: str, **_: str) -> Json:
        site, who, wanted = self.site, call.who, call.body
        index = int(number)
        title = wanted.get("title")
        if title is not None and site.pull(index).state is PullState.OPEN:
            site.set_draft(who, index, draft=title.startswith("WIP: "))
        if {"title", "body"} & set(wanted):
            plain = None if title is None else title.removeprefix("WIP: ")
            site.edit(who, index, title=plain, body=wanted.get("body"))
        if wanted.get("state") == "open":
            site.reopen(who, index)
        if "base" in wanted:
            site.retarget(who, index, wanted["base"])
        if wanted.get("state") == "closed":
            site.close(who, index)
        pull = site.pull(index)
        if "labels" in wanted:
            pull.labels = [self.known_labels[one - 1] for one in wanted["labels"]]
        pull.assignees = list(wanted.get("assignees", pull.assignees))
        if "milestone" in wanted:
            pull.milestone = self.site.milestones[wanted["milestone"] - 1]
        return self._pull(pull)

    def _on_ask(self, call: Call, number: str, **_: str) -> Plain:
        self.site.pull(int(number)).reviewers += [one for one in call.list("reviewers") if one in self.site.members]
        return Plain([], 201)

    def _on_merge(self, call: Call, number: str, **_: str) -> Plain:
        site, index, head = self.site, int(number), call.body.get("head_commit_id", "")
        if site.member(call.who).right < Right.WRITE:
            return Plain({"message": "User not allowed to merge PR"}, 405)
        method = _METHODS[call.body["Do"]]
        if call.body.get("merge_when_checks_succeed"):
            if site.pull(index).auto is not None:
                return Plain({"message": "pull request is already scheduled to be merged"}, 409)
            site.auto_merge = True
            site.enable_auto_merge(call.who, index, head, method)
            return Plain(None, 201)
        try:
            site.merge(call.who, index, head, method)
        except DeniedError as error:
            if error.status == 409:
                raise DeniedError(409, f"head out of date: {error.words}") from error
            raise
        return Plain(None, 200)

    # Checks

    def _on_statuses(self, call: Call, commit: str, **_: str) -> Json:
        self._there(call)
        found = [self._status(one) for one in self.site.newest(commit).values()]
        size, page = int(call.query["limit"]), int(call.query["page"])
        return {"sha": commit, "total_count": len(found), "statuses": found[(page - 1) * size : page * size]}

    def _on_runs(self, call: Call, **_: str) -> Json:
        self._there(call)
        wanted = call.query.get("run_number")
        found = [one for one in self.site.checks if not one.status and wanted in {None, str(one.id)}]
        return {"workflow_runs": [{"id": 9000 + one.id, "run_number": one.id} for one in found], "total_count": 1}

    def _on_jobs(self, call: Call, run: str, **_: str) -> Json:
        self._there(call)
        check = self._job(str(int(run) - 9000))
        return {"jobs": [{"id": check.id, "name": check.name}], "total_count": 1}

    def _on_log(self, call: Call, job: str, **_: str) -> Plain:
        self._there(call)
        check = self._job(job)
        return Plain("\n".join([*check.log.splitlines(), *check.annotations]).encode())

    def _on_rerun(self, call: Call, job: str, **_: str) -> Plain:
        done = self.site.rerun(call.who, int(job))
        return Plain({} if done else {"message": "this job is not done"}, 201 if done else 400)

    # Reviews and remarks

    def _on_reviews(self, call: Call, number: str, **_: str) -> Page:
        self._there(call)
        pull = self.site.pull(int(number))
        found = [
            {
                "id": one.id,
                "user": self._user(one.by),
                "state": _REVIEWS[one.state],
                "dismissed": one.state is ReviewState.DISMISSED,
                "body": one.text,
                "commit_id": one.commit,
                "submitted_at": one.at,
                "comments_count": 0,
            }
            for one in pull.reviews
        ]
        found += [
            {
                "id": _id_of(thread),
                "user": self._user(thread.comments[0].by),
                "state": "COMMENT",
                "body": "",
                "commit_id": thread.commit,
                "comments_count": len(thread.comments),
            }
            for thread in pull.threads
        ]
        return Page(found)

    def _on_remarks(self, call: Call, number: str, review: str, **_: str) -> list[Json]:
        self._there(call)
        thread = self._thread(number, review)
        return [self._remark(thread, one) for one in thread.comments]

    def _on_remark(self, call: Call, number: str, review: str, **_: str) -> Json:
        thread = self._thread(number, review)
        assert (call.body["path"], call.body["new_position"]) == (thread.path, thread.line)
        made = self.site.answer(call.who, int(number), thread.id, call.body["body"])
        return self._remark(thread, made)

    def _on_comments(self, call: Call, number: str, **_: str) -> list[Json]:
        self._there(call)
        return [self._comment(one) for one in self._below(int(number))]

    def _on_comment(self, call: Call, number: str, **_: str) -> Json:
        return self._comment(self.site.comment(call.who, int(number), call.body["body"]))

    # Issues

    def _on_issues(self, call: Call, **_: str) -> Page:
        self._there(call)
        by = call.query.get("created_by")
        open_only = call.query.get("state") == "open"
        newest = sorted(self.site.issues.values(), key=lambda one: -one.number)
        return Page([self._issue(one) for one in newest if by in {None, one.by} and (one.open or not open_only)])

    def _on_open_issue(self, call: Call, **_: str) -> Json:
        labels = tuple(self.known_labels[one - 1] for one in call.list("labels"))
        return self._issue(self.site.open_issue(call.who, call.body["title"], call.body["body"], labels))

    def _on_issue(self, call: Call, number: str, **_: str) -> Json:
        self._there(call)
        return self._issue(self._of_issue(int(number)))

    def _on_change_issue(self, call: Call, number: str, **_: str) -> Json:
        self.site.close_issue(call.who, int(number))
        return self._issue(self._of_issue(int(number)))

    # Forms

    def _there(self, call: Call, name: str = "") -> str:
        """Return the name of a repository as it is now: a fork, or the one of this site by any of its names."""
        self.site.require(call.who, Right.READ, write=False)
        owner = self.site.name.partition("/")[0]
        if name and name not in self.site.forks and name.partition("/")[0] != owner:
            raise DeniedError(404, "The target couldn't be found.", ForgeTrouble.NOT_FOUND)
        self.site.update()
        return name if name in self.site.forks else self.site.name

    def _thread(self, number: str, review: str) -> ThreadRecord:
        return next(one for one in self.site.pull(int(number)).threads if _id_of(one) == int(review))

    def _below(self, number: int) -> list[CommentRecord]:
        issue = self.site.issues.get(number)
        return issue.comments if issue is not None else self.site.pull(number).below

    def _of_issue(self, number: int) -> IssueRecord:
        if number not in self.site.issues:
            raise DeniedError(404, "The target couldn't be found.", ForgeTrouble.NOT_FOUND)
        return self.site.issues[number]

    def _job(self, job: str) -> CheckRecord:
        return next(one for one in self.site.checks if str(one.id) == job)

    def _user(self, login: str) -> Json:
        bot = self.site.member(login).bot
        return {"id": -2 if bot else sum(login.encode()), "login": login.removesuffix("[bot]")}

    def _label(self, name: str) -> Json:
        return {"id": self.known_labels.index(name) + 1, "name": name}

    def _milestone(self, title: str) -> Json:
        return {"id": self.site.milestones.index(title) + 1, "title": title}

    def _repo(self, name: str, who: str = "") -> Json:
        site, fork = self.site, name in self.site.forks
        only = MergeMethod
        return {
            "full_name": name,
            "html_url": f"{self.url}/{name}",
            "default_branch": site.default,
            "archived": site.archived,
            "fork": fork,
            "parent": self._repo(site.name) if fork else None,
            "permissions": {"push": fork or site.member(who).right >= Right.WRITE, "pull": True, "admin": False},
            "default_merge_style": site.methods[0].value,
            "allow_merge_commits": only.MERGE in site.methods,
            "allow_squash_merge": only.SQUASH in site.methods,
            "allow_rebase": only.REBASE in site.methods,
            "allow_rebase_explicit": False,
            "allow_fast_forward_only_merge": False,
            "default_delete_branch_after_merge": site.deletes_branches,
        }

    def _pull(self, pull: PullRecord) -> Json:
        site = self.site
        branches = site.commits.branches()
        tip, base = site.tip(pull), branches.get(pull.base, "")
        merged = pull.state is PullState.MERGED
        mergeable = site.mergeable(pull) is Mergeable.YES and not pull.draft
        return {
            "number": pull.number,
            "html_url": f"{self.url}/{site.name}/pulls/{pull.number}",
            "title": f"WIP: {pull.title}" if pull.draft else pull.title,
            "body": pull.body,
            "state": "open" if pull.state is PullState.OPEN else "closed",
            "draft": pull.draft,
            "is_locked": pull.locked,
            "merged": merged,
            "mergeable": mergeable,
            "merge_base": "0" * 40 if site.behind(pull) else base,
            "merge_commit_sha": pull.merged_as if merged else None,
            "updated_at": pull.updated,
            "comments": len(pull.below) + sum(len(one.comments) for one in pull.threads),
            "head": {
                "label": pull.branch,
                "ref": pull.branch if tip else f"refs/pull/{pull.number}/head",
                "sha": pull.head,
                "repo": {"full_name": pull.fork or site.name},
            },
            "base": {"label": pull.base, "ref": pull.base, "sha": base, "repo": {"full_name": site.name}},
            "labels": [self._label(name) for name in pull.labels],
            "assignees": [self._user(name) for name in pull.assignees] or None,
            "requested_reviewers": [self._user(name) for name in pull.reviewers] or None,
            "milestone": self._milestone(pull.milestone) if pull.milestone else None,
        }

    def _status(self, check: CheckRecord) -> Json:
        state, said = _STATES.get(check.state, ("error", "The runner was lost"))
        return {
            "context": check.name,
            "status": state,
            "description": said,
            "target_url": "" if check.status else f"/{self.site.name}/actions/runs/{check.id}/jobs/0",
        }

    def _remark(self, thread: ThreadRecord, one: CommentRecord) -> Json:
        return {
            **self._comment(one),
            "path": thread.path,
            "position": thread.line,
            "original_position": 0,
            "commit_id": thread.commit,
            "resolver": self._user(thread.comments[0].by) if thread.resolved else None,
        }

    def _comment(self, one: CommentRecord) -> Json:
        return {"id": one.id, "user": self._user(one.by), "body": one.body, "created_at": one.at}

    def _issue(self, one: IssueRecord) -> Json:
        return {
            "number": one.number,
            "html_url": f"{self.url}/{self.site.name}/issues/{one.number}",
            "title": one.title,
            "body": one.body,
            "state": "open" if one.open else "closed",
            "user": self._user(one.by),
        }


def _id_of(thread: ThreadRecord) -> int:
    return int(thread.id.removeprefix("PRRT_"))
