"""What GitLab's REST interface answers, as far as it is used. What a version does not have is None."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from mission_cli.adapters.forges import reading
from mission_cli.adapters.forges.reading import Model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

NAME = "GitLab"
_M = TypeVar("_M", bound=Model)


class User(Model):
    """An account."""

    id: int = 0
    username: str
    bot: bool = False


class Access(Model):
    """A right in a project: 30 and more may write."""

    access_level: int = 0


class Permissions(Model):
    """The rights of the token's account in a project, by itself and by its group."""

    project_access: Access | None = None
    group_access: Access | None = None


class Parent(Model):
    """The project that a fork is of."""

    path_with_namespace: str


class Project(Model):
    """A project."""

    id: int
    path_with_namespace: str
    web_url: str = ""
    default_branch: str | None = None
    archived: bool = False
    permissions: Permissions | None = None
    forked_from_project: Parent | None = None
    merge_method: str = "merge"
    squash_option: str = "default_off"
    remove_source_branch_after_merge: bool | None = None
    only_allow_merge_if_pipeline_succeeds: bool | None = None
    only_allow_merge_if_all_discussions_are_resolved: bool | None = None
    only_allow_merge_if_all_status_checks_passed: bool | None = None
    merge_trains_enabled: bool | None = None


class Pipeline(Model):
    """A pipeline."""

    id: int
    status: str = ""
    sha: str = ""
    web_url: str = ""


class Milestone(Model):
    """A milestone."""

    id: int
    title: str = ""


class MergeRequest(Model):
    """A merge request, alone or in a list; the last five are not in lists."""

    iid: int
    web_url: str = ""
    title: str
    description: str | None = None
    state: str
    draft: bool | None = None
    discussion_locked: bool | None = None
    source_branch: str
    target_branch: str
    source_project_id: int | None = None
    target_project_id: int | None = None
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    updated_at: str = ""
    labels: list[str] = Field(default_factory=list)
    assignees: list[User] | None = None
    reviewers: list[User] | None = None
    milestone: Milestone | None = None
    merge_status: str = ""
    detailed_merge_status: str = ""
    has_conflicts: bool = False
    merge_when_pipeline_succeeds: bool = False
    diverged_commits_count: int | None = None
    head_pipeline: Pipeline | None = None


class Status(Model):
    """A status of a commit: a job of a pipeline, or one from outside."""

    id: int
    name: str
    status: str
    description: str | None = None
    target_url: str | None = None
    allow_failure: bool = False


class Job(Model):
    """A job of a pipeline."""

    id: int
    name: str
    status: str = ""
    failure_reason: str | None = None


class StatusCheck(Model):
    """An external status check; with its status if it is that of a merge request."""

    name: str
    status: str = ""
    external_url: str | None = None


class Position(Model):
    """A place of the diff, as far as it is known now."""

    old_path: str | None = None
    new_path: str | None = None
    old_line: int | None = None
    new_line: int | None = None


class Note(Model):
    """A comment, or with `system` something that happened."""

    id: int
    body: str | None = None
    author: User | None = None
    created_at: str = ""
    system: bool = False
    resolved: bool = False
    internal: bool = False
    position: Position | None = None


class Discussion(Model):
    """A thread, or a single comment."""

    id: str
    individual_note: bool = False
    notes: list[Note] = Field(default_factory=list)


class Branch(Model):
    """A branch."""

    name: str
    protected: bool = False


class ProtectedBranch(Model):
    """A protected branch, or a pattern of names."""

    merge_access_levels: list[Access] | None = None
    code_owner_approval_required: bool | None = None


class ProtectedName(Model):
    """The name of a protected branch that a rule is for."""

    name: str = ""


class ApprovalRule(Model):
    """A rule that demands approvals; for all branches if it names none."""

    approvals_required: int = 0
    protected_branches: list[ProtectedName] | None = None


class Approvals(Model):
    """The settings for approvals of a project."""

    merge_requests_disable_committers_approval: bool | None = None


class PushRule(Model):
    """What pushed commits must be like."""

    reject_unsigned_commits: bool | None = None


class IssueJson(Model):
    """An issue."""

    iid: int
    web_url: str = ""
    title: str
    description: str | None = None
    state: str
    author: User | None = None


class TokenJson(Model):
    """The token itself."""

    scopes: list[str] = Field(default_factory=list)
    expires_at: str | None = None


def read(model: type[_M], data: Any) -> _M:
    """Return an answer as a model. Raises ForgeError if it has another form."""
    return reading.read(NAME, model, data)


def read_all(model: type[_M], data: Iterable[Any]) -> list[_M]:
    """Return the items of a list as models. Raises ForgeError if one has another form."""
    return reading.read_all(NAME, model, data)
