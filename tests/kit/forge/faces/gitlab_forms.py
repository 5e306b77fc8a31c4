"""What things of a scripted forge look like in GitLab's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.kit.forge.records import Right

from mission_cli.domain.forge.facts import Mergeable, MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from tests.kit.forge.records import CheckRecord, CommentRecord, IssueRecord, PullRecord, ReviewRecord, ThreadRecord
    from tests.kit.forge.site import Site

    from mission_cli.domain.forge.facts import Rules

    Json = dict[str, Any]

_STATES = {
    "queued": "pending",
    "in_progress": "running",
    "success": "success",
    "neutral": "success",
    "skipped": "skipped",
    "failure": "failed",
    "timed_out": "failed",
    "cancelled": "canceled",
    "action_required": "manual",
    "waiting": "manual",
}
_EXTERNAL = {"success": "passed", "skipped": "passed", "failed": "failed", "canceled": "failed"}
_OPINIONS = {
    ReviewState.APPROVED: "approved this merge request",
    ReviewState.CHANGES_REQUESTED: "requested changes",
    ReviewState.DISMISSED: "unapproved this merge request",
    ReviewState.COMMENTED: "left review comments without approving",
}
_MERGE_STATES = {Mergeable.YES: "mergeable", Mergeable.CONFLICTS: "conflict", Mergeable.UNKNOWN: "checking"}
_STEP = 10
"""Ids here are multiples, so that what happened by itself has room between them."""


def bot_name(login: str) -> str:
    """Return the name that GitLab gives to a bot."""
    return f"project_1_bot_{login.partition('[')[0].replace('-', '')}"


@dataclass(frozen=True)
class Forms:
    """Makes JSON."""

    site: Site
    url: str

    @property
    def rules(self) -> Rules:
        """The rules of the project: those of its default branch."""
        return self.site.protection(self.site.default).rules

    def user(self, login: str) -> Json:
        """Return an account."""
        bot = self.site.member(login).bot
        return {"id": sum(login.encode()), "username": bot_name(login) if bot else login}

    def milestone(self, title: str) -> Json:
        """Return a milestone."""
        return {"id": self.site.milestones.index(title) + 1, "title": title}

    def name_of(self, number: int) -> str:
        """Return the path of a project by its number."""
        return [self.site.name, *self.site.forks][number - 1]

    def project(self, name: str, who: str = "") -> Json:
        """Return a project or a fork."""
        site, fork = self.site, name in self.site.forks
        may_write = fork or site.member(who).right >= Right.WRITE
        own = "merge" if MergeMethod.MERGE in site.methods else "ff"
        squash = "default_off" if MergeMethod.SQUASH in site.methods else "never"
        return {
            "id": [site.name, *site.forks].index(name) + 1,
            "path_with_namespace": name,
            "web_url": f"{self.url}/{name}",
            "default_branch": site.default,
            "archived": site.archived,
            "permissions": {"project_access": {"access_level": 30 if may_write else 20}, "group_access": None},
            "forked_from_project": {"path_with_namespace": site.name} if fork else None,
            "merge_method": "ff" if self.rules.linear else "rebase_merge" if self.rules.strict else own,
            "squash_option": "always" if site.methods == (MergeMethod.SQUASH,) else squash,
            "remove_source_branch_after_merge": site.deletes_branches,
            "only_allow_merge_if_pipeline_succeeds": False,
            "only_allow_merge_if_all_discussions_are_resolved": self.rules.conversations,
            "only_allow_merge_if_all_status_checks_passed": bool(self.rules.required),
            "merge_trains_enabled": self.rules.queue,
        }

    def pull(self, pull: PullRecord) -> Json:
        """Return a merge request in a list."""
        site, merged = self.site, pull.state is PullState.MERGED
        projects = [site.name, *site.forks]
        return {
            "iid": pull.number,
            "web_url": f"{self.url}/{site.name}/-/merge_requests/{pull.number}",
            "title": f"Draft: {pull.title}" if pull.draft else pull.title,
            "description": pull.body,
            "state": "opened" if pull.state is PullState.OPEN else pull.state.value,
            "draft": pull.draft,
            "discussion_locked": pull.locked or None,
            "source_branch": pull.branch,
            "target_branch": pull.base,
            "source_project_id": projects.index(pull.fork or site.name) + 1,
            "target_project_id": 1,
            "sha": pull.head,
            "merge_commit_sha": pull.merged_as if merged else None,
            "squash_commit_sha": None,
            "updated_at": pull.updated,
            "labels": list(pull.labels),
            "assignees": [self.user(name) for name in pull.assignees],
            "reviewers": [self.user(name) for name in pull.reviewers],
            "milestone": self.milestone(pull.milestone) if pull.milestone else None,
            "merge_when_pipeline_succeeds": pull.auto is not None or pull.queued,
        }

    def alone(self, pull: PullRecord) -> Json:
        """Return a merge request alone."""
        mergeable = self.site.mergeable(pull)
        on_head = [one for one in self.site.newest(pull.head).values() if not one.status]
        pipeline = {"id": on_head[0].id, "sha": pull.head, "status": "running", "web_url": ""} if on_head else None
        return {
            **self.pull(pull),
            "detailed_merge_status": _MERGE_STATES[mergeable],
            "has_conflicts": mergeable is Mergeable.CONFLICTS,
            "diverged_commits_count": 1 if self.site.behind(pull) else 0,
            "head_pipeline": pipeline,
        }

    def status(self, check: CheckRecord) -> Json:
        """Return the status of a commit."""
        url = "" if check.status else f"{self.url}/{self.site.name}/-/jobs/{check.id}"
        state = _STATES.get(check.state, "failed")
        return {"id": check.id, "name": check.name, "status": state, "target_url": url, "allow_failure": False}

    def job(self, check: CheckRecord) -> Json:
        """Return a job."""
        lost = check.state not in _STATES
        reason = "runner_system_failure" if lost else "script_failure"
        return {"id": check.id, "name": check.name, "status": self.status(check)["status"], "failure_reason": reason}

    def external(self, name: str, check: CheckRecord | None) -> Json:
        """Return an external status check, which waits until it is told."""
        state = _EXTERNAL.get(self.status(check)["status"], "pending") if check is not None else "pending"
        return {"name": name, "status": state, "external_url": "https://ci.example"}

    def note(self, one: CommentRecord, thread: ThreadRecord | None = None) -> Json:
        """Return a comment."""
        place = {"new_path": thread.path, "new_line": thread.line} if thread is not None else None
        said = {"id": one.id * _STEP, "body": one.body, "author": self.user(one.by), "created_at": one.at}
        return {**said, "resolved": thread is not None and thread.resolved, "position": place}

    def discussions(self, pull: PullRecord) -> list[Json]:
        """Return the threads, the single comments, and what happened."""
        found = [
            {"id": one.id, "notes": [*(self.note(said, one) for said in one.comments), *self._moved(one)]}
            for one in pull.threads
        ]
        notes = [self.note(one) for one in pull.below]
        for number, review in enumerate(pull.reviews):
            notes += self._reviewed(review)
            later = pull.reviews[number + 1].commit if number + 1 < len(pull.reviews) else pull.head
            if later != review.commit:
                push = f"added 1 commit\n\n[Compare with previous version](/diffs?start_sha={review.commit})"
                notes.append(self._event(review, push, 2))
        return found + [{"id": f"n{one['id']}", "individual_note": True, "notes": [one]} for one in notes]

    def issue(self, one: IssueRecord) -> Json:
        """Return an issue."""
        return {
            "iid": one.number,
            "web_url": f"{self.url}/{self.site.name}/-/issues/{one.number}",
            "title": one.title,
            "description": one.body,
            "state": "opened" if one.open else "closed",
            "author": self.user(one.by),
        }

    def _reviewed(self, review: ReviewRecord) -> list[Json]:
        text = [{**self._event(review, review.text, 1), "system": False}] if review.text else []
        return [self._event(review, _OPINIONS[review.state], 0), *text]

    def _event(self, review: ReviewRecord, body: str, place: int) -> Json:
        number = review.id * _STEP + place
        return {"id": number, "body": body, "author": self.user(review.by), "created_at": review.at, "system": True}

    def _moved(self, thread: ThreadRecord) -> list[Json]:
        first = thread.comments[0]
        said = {"id": first.id * _STEP + 3, "body": "changed this line in version 2 of the diff", "system": True}
        return [{**said, "author": self.user(first.by), "created_at": first.at}] if thread.outdated else []
