"""What the REST interface of Forgejo and Gitea answers, as far as it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mission_cli.adapters.forges import reading
from mission_cli.adapters.forges.reading import Model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

NAME = "Forgejo"
_M = TypeVar("_M", bound=Model)


class User(Model):
    """An account."""

    id: int = 0
    login: str


class Rights(Model):
    """What the token may do in a repository."""

    push: bool = False


class Repo(Model):
    """A repository."""

    full_name: str
    html_url: str = ""
    default_branch: str = ""
    archived: bool = False
    fork: bool = False
    parent: Repo | None = None
    permissions: Rights | None = None
    default_merge_style: str = ""
    allow_merge_commits: bool = True
    allow_squash_merge: bool = True
    allow_rebase: bool = True
    allow_rebase_explicit: bool = True
    allow_fast_forward_only_merge: bool = False
    default_delete_branch_after_merge: bool = False


class Tip(Model):
    """A branch of a pull request. `label` is its name, also when it is deleted and `ref` is something else."""

    label: str = ""
    ref: str = ""
    sha: str = ""
    repo: Repo | None = None


class Named(Model):
    """A label or a milestone."""

    id: int
    name: str = ""
    title: str = ""


class PullJson(Model):
    """A pull request."""

    number: int
    html_url: str = ""
    title: str
    body: str | None = None
    state: str
    draft: bool | None = None
    is_locked: bool = False
    merged: bool = False
    mergeable: bool = False
    merge_base: str = ""
    merge_commit_sha: str | None = None
    updated_at: str = ""
    comments: int = 0
    head: Tip
    base: Tip
    labels: list[Named] | None = None
    assignees: list[User] | None = None
    milestone: Named | None = None
    requested_reviewers: list[User] | None = None


class Status(Model):
    """A commit status, the newest of its context. Jobs of Actions are commit statuses too."""

    context: str
    status: str
    description: str | None = None
    target_url: str | None = None


class Statuses(Model):
    """The commit statuses of a commit."""

    statuses: list[Status] | None = None
    total_count: int = 0


class ReviewJson(Model):
    """A review; `comments_count` are the remarks at places of the diff."""

    id: int
    user: User | None = None
    state: str
    body: str | None = None
    commit_id: str = ""
    submitted_at: str = ""
    dismissed: bool = False
    comments_count: int = 0


class RemarkJson(Model):
    """A comment, or a remark at a line of the new file (`position`) or of the old one (`original_position`)."""

    id: int
    user: User | None = None
    body: str | None = None
    path: str = ""
    position: int = 0
    original_position: int = 0
    created_at: str = ""
    resolver: User | None = None


class IssueJson(Model):
    """An issue."""

    number: int
    html_url: str = ""
    title: str
    body: str | None = None
    state: str
    user: User | None = None
    pull_request: dict[str, object] | None = None


class Branch(Model):
    """A branch, with what everybody may see of its protection."""

    name: str
    protected: bool = False
    required_approvals: int = 0
    enable_status_check: bool = False
    status_check_contexts: list[str] | None = None
    user_can_merge: bool = True
    effective_branch_protection_name: str = ""


class Protection(Model):
    """A branch protection, which only administrators may see."""

    enable_merge_whitelist: bool = False
    merge_whitelist_usernames: list[str] | None = None
    merge_whitelist_teams: list[str] | None = None
    enable_approvals_whitelist: bool = False
    block_on_rejected_reviews: bool = False
    block_on_official_review_requests: bool = False
    block_on_outdated_branch: bool = False
    require_signed_commits: bool = False
    protected_file_patterns: str = ""


class Run(Model):
    """A run of Actions; its number in the repository is `run_number` on Gitea and `index_in_repo` on Forgejo."""

    id: int
    run_number: int = 0
    index_in_repo: int = 0


class Job(Model):
    """A job of a run."""

    id: int
    name: str = ""


class Jobs(Model):
    """The jobs of a run."""

    jobs: list[Job] | None = None


def read(model: type[_M], data: Any) -> _M:
    """Return an answer as a model. Raises ForgeError if it has another form."""
    return reading.read(NAME, model, data)


def read_all(model: type[_M], data: Iterable[Any]) -> list[_M]:
    """Return the items of a list as models. Raises ForgeError if one has another form."""
    return reading.read_all(NAME, model, data)
