"""GitLab's REST interface over a scripted forge; the rules of the default branch are those of the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from tests.kit.forge.faces.face import Face, Page, Plain
from tests.kit.forge.faces.gitlab_forms import Forms
from tests.kit.forge.records import DeniedError, Right

from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import MergeMethod, PullState

if TYPE_CHECKING:
    from tests.kit.forge.faces.face import Call
    from tests.kit.forge.records import IssueRecord, PullRecord
    from tests.kit.loopback import Asked, Reply

    Json = dict[str, Any]

_P = r"/projects/(?P<project>[^/]+)"
_M = r"/merge_requests/(?P<number>\d+)"


def _routes(*lines: tuple[str, str, str, str]) -> list[tuple[str, re.Pattern[str], str, str]]:
    return [(method, re.compile(f"{_P}{path}"), verb, name) for method, path, verb, name in lines]


class GitLabFace(Face):
    """The interface, as a paid version has it: required checks are external status checks."""

    base: ClassVar[str] = "/api/v4"
    forge: ClassVar[str] = "gitlab"
    tags: ClassVar[bool] = True
    per_page: ClassVar[str] = "per_page"
    most: ClassVar[int] = 100
    routes: ClassVar[list[tuple[str, re.Pattern[str], str, str]]] = [
        ("GET", re.compile("/user"), "account", "me"),
        ("GET", re.compile("/users"), "open", "users"),
        ("GET", re.compile("/personal_access_tokens/self"), "account", "own_token"),
        *_routes(
            ("GET", "", "repository", "project"),
            ("POST", "/fork", "fork", "fork"),
            ("GET", r"/members/all/(?P<user>\d+)", "look", "member"),
            ("GET", "/milestones", "open", "milestones"),
            ("GET", "/merge_requests", "pulls", "pulls"),
            ("POST", "/merge_requests", "open", "open"),
            ("GET", _M, "look", "pull"),
            ("PUT", _M, "change", "change"),
            ("PUT", f"{_M}/merge", "merge", "merge"),
            ("GET", f"{_M}/discussions", "look", "discussions"),
            ("POST", f"{_M}/discussions/(?P<thread>[^/]+)/notes", "reply", "answer"),
            ("POST", f"{_M}/notes", "reply", "note"),
            ("GET", f"{_M}/status_checks", "look", "status_checks"),
            ("GET", f"/merge_trains{_M}", "look", "car"),
            ("POST", f"/merge_trains{_M}", "merge", "enqueue"),
            ("GET", r"/repository/commits/(?P<commit>[^/]+)/statuses", "look", "statuses"),
            ("GET", r"/repository/branches/(?P<name>[^/]+)", "rules", "branch"),
            ("GET", r"/protected_branches/(?P<name>[^/]+)", "rules", "protected"),
            ("GET", "/approval_rules", "rules", "approval_rules"),
            ("GET", "/approvals", "rules", "approvals"),
            ("GET", "/push_rule", "rules", "push_rule"),
            ("GET", "/external_status_checks", "rules", "external"),
            ("GET", r"/pipelines/(?P<pipeline>\d+)/jobs", "look", "failed"),
            ("GET", r"/jobs/(?P<job>\d+)/trace", "log", "trace"),
            ("POST", r"/jobs/(?P<job>\d+)/retry", "rerun", "retry"),
            ("GET", "/issues", "open_issue", "issues"),
            ("POST", "/issues", "open_issue", "open_issue"),
            ("GET", r"/issues/(?P<number>\d+)", "close_issue", "issue"),
            ("PUT", r"/issues/(?P<number>\d+)", "close_issue", "close_issue"),
            ("GET", r"/issues/(?P<number>\d+)/notes", "close_issue", "issue_notes"),
            ("POST", r"/issues/(?P<number>\d+)/notes", "close_issue", "issue_note"),
        ),
    ]

    @property
    def forms(self) -> Forms:
        """How things look as JSON."""
        return Forms(self.site, self.url)

    def token(self, asked: Asked) -> str:
        """Return the token of a request."""
        return asked.headers.get("authorization", "").removeprefix("Bearer ")

    def denied(self, error: DeniedError) -> Reply:
        """Return GitLab's answer: whatever is forbidden is only that."""
        words = "403 Forbidden" if error.status == 403 else error.words
        return self.words(error.status, words)

    # The project

    def _on_me(self, call: Call) -> Json:
        return self.forms.user(call.who)

    def _on_users(self, call: Call) -> Page:
        name = call.query["username"]
        return Page([self.forms.user(one) for one in self.site.members if one == name])

    def _on_own_token(self, call: Call) -> Json:
        return {"scopes": list(self.site.member(call.who).scopes), "expires_at": None}

    def _on_project(self, call: Call, project: str) -> Json:
        return self.forms.project(self._there(call, project), call.who)

    def _on_fork(self, call: Call, **_: str) -> Json:
        return self.forms.project(self.site.make_fork(call.who), call.who)

    def _on_member(self, call: Call, user: str, **_: str) -> Json:
        self._there(call)
        found = next((one for one in self.site.members if self.forms.user(one)["id"] == int(user)), "")
        return {"access_level": {Right.READ: 20, Right.WRITE: 30, Right.ADMIN: 40}[self.site.member(found).right]}

    def _on_milestones(self, call: Call, **_: str) -> Page:
        self._there(call)
        return Page([self.forms.milestone(title) for title in self.site.milestones])

    def _on_branch(self, call: Call, name: str, **_: str) -> Json:
        self._there(call)
        if name not in self.site.commits.branches():
            raise DeniedError(404, "404 Branch Not Found", ForgeTrouble.NOT_FOUND)
        return {"name": name, "protected": name in self.site.protections}

    def _on_protected(self, call: Call, name: str, **_: str) -> Json:
        self._there(call)
        rules = self.site.protection(name).rules
        return {
            "name": name,
            "merge_access_levels": [{"access_level": 0 if rules.locked else 30}],
            "code_owner_approval_required": rules.code_owners,
        }

    def _on_approval_rules(self, call: Call, **_: str) -> Page:
        self._there(call)
        names = [(name, one.rules.approvals) for name, one in self.site.protections.items()]
        return Page([{"approvals_required": n, "protected_branches": [{"name": name}]} for name, n in names])

    def _on_approvals(self, call: Call, **_: str) -> Json:
        self._there(call)
        return {"merge_requests_disable_committers_approval": self.forms.rules.last_push}

    def _on_push_rule(self, call: Call, **_: str) -> Json:
        self._there(call)
        return {"reject_unsigned_commits": self.forms.rules.signed}

    def _on_external(self, call: Call, **_: str) -> Page:
        self._there(call)
        return Page([{"name": name} for name in self.forms.rules.required])

    # Merge requests

    def _on_pulls(self, call: Call, **_: str) -> Page:
        self._there(call)
        query, found = call.query, list(self.site.pulls.values())
        if query.get("state") == "opened":
            found = [one for one in found if one.state is PullState.OPEN]
        for name, key in (("branch", "source_branch"), ("base", "target_branch")):
            if key in query:
                found = [one for one in found if getattr(one, name) == query[key]]
        found.sort(key=lambda one: one.updated, reverse=True)
        return Page([self.forms.pull(one) for one in found])

    def _on_open(self, call: Call, project: str) -> Json:
        there = self._there(call, project)
        body, site = call.body, self.site
        draft = body["title"].startswith("Draft: ")
        made = site.open(
            call.who,
            body["source_branch"],
            body["target_branch"],
            body["title"].removeprefix("Draft: "),
            body.get("description", ""),
            draft=draft,
            fork="" if there == site.name else there,
        )
        return self.forms.pull(made)

    def _on_pull(self, call: Call, number: str, **_: str) -> Json:
        self._there(call)
        return self.forms.alone(self.site.pull(int(number)))

    def _on_change(self, call: Call, number: str, **_: str) -> Json:
        site, who, wanted, index = self.site, call.who, call.body, int(number)
        title = wanted.get("title")
        if title is not None and site.pull(index).state is PullState.OPEN:
            site.set_draft(who, index, draft=title.startswith("Draft: "))
        if {"title", "description"} & set(wanted):
            plain = None if title is None else title.removeprefix("Draft: ")
            site.edit(who, index, title=plain, body=wanted.get("description"))
        if wanted.get("state_event") == "reopen":
            site.reopen(who, index)
        if "target_branch" in wanted:
            site.retarget(who, index, wanted["target_branch"])
        if wanted.get("state_event") == "close":
            site.close(who, index)
        self._dress(site.pull(index), wanted)
        return self.forms.pull(site.pull(index))

    def _dress(self, pull: PullRecord, wanted: Any) -> None:
        pull.labels += [name for name in wanted.get("add_labels", "").split(",") if name]
        logins = {self.forms.user(login)["id"]: login for login in self.site.members}
        pull.assignees = [logins[one] for one in wanted["assignee_ids"]] if "assignee_ids" in wanted else pull.assignees
        pull.reviewers = [logins[one] for one in wanted["reviewer_ids"]] if "reviewer_ids" in wanted else pull.reviewers
        if "milestone_id" in wanted:
            pull.milestone = self.site.milestones[wanted["milestone_id"] - 1]

    def _on_merge(self, call: Call, number: str, **_: str) -> Json:
        site, index, head = self.site, int(number), call.body["sha"]
        own = MergeMethod.REBASE if self.forms.project(site.name)["merge_method"] == "ff" else MergeMethod.MERGE
        method = MergeMethod.SQUASH if call.body["squash"] else own
        try:
            if call.body.get("auto_merge"):
                site.enable_auto_merge(call.who, index, head, method)
            else:
                site.merge(call.who, index, head, method)
        except DeniedError as error:
            if error.trouble is ForgeTrouble.FORBIDDEN:
                raise DeniedError(401, "401 Unauthorized", ForgeTrouble.FORBIDDEN) from error
            words = "SHA does not match HEAD of source branch" if error.status == 409 else error.words
            raise DeniedError(error.status, words, error.trouble) from error
        return self.forms.alone(site.pull(index))

    def _on_car(self, call: Call, number: str, **_: str) -> Json:
        self._there(call)
        if not self.site.pull(int(number)).queued:
            raise DeniedError(404, "404 Not found", ForgeTrouble.NOT_FOUND)
        return {"id": 1, "status": "fresh"}

    def _on_enqueue(self, call: Call, number: str, **_: str) -> Plain:
        self.site.enqueue(call.who, int(number), call.body["sha"])
        return Plain([], 201)

    # Conversations

    def _on_discussions(self, call: Call, number: str, **_: str) -> Page:
        self._there(call)
        return Page(self.forms.discussions(self.site.pull(int(number))))

    def _on_answer(self, call: Call, number: str, thread: str, **_: str) -> Json:
        return self.forms.note(self.site.answer(call.who, int(number), thread, call.body["body"]))

    def _on_note(self, call: Call, number: str, **_: str) -> Json:
        return self.forms.note(self.site.comment(call.who, int(number), call.body["body"]))

    # Checks

    def _on_statuses(self, call: Call, commit: str, **_: str) -> Page:
        self._there(call)
        return Page([self.forms.status(one) for one in self.site.newest(commit).values()])

    def _on_status_checks(self, call: Call, number: str, **_: str) -> Page:
        self._there(call)
        found = self.site.newest(self.site.pull(int(number)).head)
        return Page([self.forms.external(name, found.get(name)) for name in self.forms.rules.required])

    def _on_failed(self, call: Call, pipeline: str, **_: str) -> Page:
        self._there(call)
        commit = next(one.commit for one in self.site.checks if one.id == int(pipeline))
        jobs = [self.forms.job(one) for one in self.site.newest(commit).values() if not one.status]
        return Page([one for one in jobs if one["status"] == call.query["scope[]"]])

    def _on_trace(self, call: Call, job: str, **_: str) -> Plain:
        self._there(call)
        check = self.site.check(int(job))
        return Plain("\n".join([*check.log.splitlines(), *check.annotations]).encode())

    def _on_retry(self, call: Call, job: str, **_: str) -> Plain:
        done = self.site.rerun(call.who, int(job))
        return Plain({} if done else {"message": "403 Forbidden - Job is not retryable"}, 201 if done else 403)

    # Issues

    def _on_issues(self, call: Call, **_: str) -> Page:
        self._there(call)
        mine, open_only = call.query.get("scope") == "created_by_me", call.query.get("state") == "opened"
        newest = sorted(self.site.issues.values(), key=lambda one: -one.number)
        found = (one for one in newest if (one.by == call.who or not mine) and (one.open or not open_only))
        return Page([self.forms.issue(one) for one in found])

    def _on_open_issue(self, call: Call, **_: str) -> Json:
        labels = tuple(name for name in call.body.get("labels", "").split(",") if name)
        made = self.site.open_issue(call.who, call.body["title"], call.body["description"], labels)
        return self.forms.issue(made)

    def _on_issue(self, call: Call, number: str, **_: str) -> Json:
        self._there(call)
        return self.forms.issue(self._issue(number))

    def _on_close_issue(self, call: Call, number: str, **_: str) -> Json:
        assert call.body == {"state_event": "close"}
        self.site.close_issue(call.who, int(number))
        return self.forms.issue(self._issue(number))

    def _on_issue_notes(self, call: Call, number: str, **_: str) -> Page:
        self._there(call)
        return Page([self.forms.note(one) for one in self._issue(number).comments])

    def _on_issue_note(self, call: Call, number: str, **_: str) -> Json:
        return self.forms.note(self.site.comment(call.who, int(number), call.body["body"]))

    # What they have in common

    def _issue(self, number: str) -> IssueRecord:
        if int(number) not in self.site.issues:
            raise DeniedError(404, "404 Not found", ForgeTrouble.NOT_FOUND)
        return self.site.issues[int(number)]

    def _there(self, call: Call, project: str = "") -> str:
        """Return the path of a project by its number or path; the one of this site by any of its names."""
        site = self.site
        site.require(call.who, Right.READ, write=False)
        if project.isdecimal():
            project = self.forms.name_of(int(project))
        if project and project not in site.forks and project.partition("/")[0] != site.name.partition("/")[0]:
            raise DeniedError(404, "404 Project Not Found", ForgeTrouble.NOT_FOUND)
        site.update()
        return project if project in site.forks else site.name
