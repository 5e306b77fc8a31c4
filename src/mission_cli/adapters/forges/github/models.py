"""What GitHub's REST interface answers, as far as it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mission_cli.adapters.forges.transport import in_wrong_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_M = TypeVar("_M", bound=BaseModel)


class Model(BaseModel):
    """An object of which some fields are read."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, defer_build=True)


class User(Model):
    """An account."""

    login: str
    type: str = "User"


class Rights(Model):
    """What the token may do in a repository."""

    push: bool = False


class Repo(Model):
    """A repository. What only people with write access see is None for others."""

    full_name: str
    html_url: str = ""
    default_branch: str = ""
    archived: bool = False
    fork: bool = False
    parent: Repo | None = None
    permissions: Rights | None = None
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None
    allow_auto_merge: bool | None = None
    delete_branch_on_merge: bool | None = None


class Tip(Model):
    """A branch of a pull request: its own or its base."""

    ref: str
    sha: str
    user: User | None = None
    repo: Repo | None = None


class Named(Model):
    """A label, or a team with its `slug`."""

    name: str = ""
    slug: str = ""


class PullJson(Model):
    """A pull request, alone or in a list; the last three are not in lists."""

    number: int
    node_id: str = ""
    html_url: str
    title: str
    body: str | None = None
    state: str
    draft: bool | None = None
    locked: bool = False
    updated_at: str = ""
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    head: Tip
    base: Tip
    labels: list[Named] = Field(default_factory=list)
    assignees: list[User] | None = None
    requested_reviewers: list[User] | None = None
    requested_teams: list[Named] | None = None
    milestone: Milestone | None = None
    auto_merge: dict[str, object] | None = None
    mergeable: bool | None = None
    mergeable_state: str = "unknown"
    stack: Stack | None = None


class Stack(Model):
    """The stack that a pull request is in; position 1 is at the bottom."""

    size: int = 1
    position: int = 1


class BackgroundDetails(Model):
    """What is said about a merge in the background."""

    message: str = ""
    uuid: str = ""
    sha: str = ""
    expected_head_sha: str = ""


class Background(Model):
    """A merge in the background."""

    status: str
    details: BackgroundDetails = Field(default_factory=BackgroundDetails)


class Milestone(Model):
    """A milestone of issues and pull requests."""

    number: int
    title: str


class CommentJson(Model):
    """A comment at a place of the diff, or below an issue or a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    in_reply_to_id: int | None = None


class IssueJson(Model):
    """An issue; pull requests are in lists of issues, too."""

    number: int
    html_url: str
    title: str
    state: str
    body: str | None = None
    user: User | None = None
    pull_request: dict[str, object] | None = None


class Output(Model):
    """What a check run says."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None


class App(Model):
    """The app that made a check run."""

    slug: str | None = None


class CheckRun(Model):
    """One check run."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    html_url: str | None = None
    details_url: str | None = None
    started_at: str | None = None
    output: Output = Field(default_factory=Output)
    app: App | None = None


class Status(Model):
    """One commit status, the newest of its context."""

    context: str
    state: str
    description: str | None = None
    target_url: str | None = None


class Annotation(Model):
    """A remark of a check at a place of a file."""

    path: str = ""
    start_line: int = 0
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


class Rule(Model):
    """One active rule of a branch."""

    type: str
    parameters: dict[str, object] | None = None


class Protection(Model):
    """Classic protection of a branch, as everybody sees it."""

    required_status_checks: Contexts | None = None


class Contexts(Model):
    """The required checks of a classic protection."""

    enforcement_level: str = ""
    contexts: list[str] = Field(default_factory=list)


class Branch(Model):
    """A branch."""

    name: str
    protected: bool = False
    protection: Protection | None = None


def read(model: type[_M], data: Any) -> _M:
    """Return an answer as a model. Raises ForgeError if it has another form."""
    try:
        return model.model_validate(data)
    except (ValidationError, RecursionError) as error:
        raise unread(error) from None


def read_all(model: type[_M], data: Iterable[Any]) -> list[_M]:
    """Return the items of pages as models. Raises ForgeError if one has another form."""
    return [read(model, one) for one in data]


def read_list(model: type[_M], data: Any) -> list[_M]:
    """Return an answer that is a list as models. Raises ForgeError if it is none: that is not an empty one."""
    if not isinstance(data, list):
        raise in_wrong_json("GitHub", "a list was expected")
    return read_all(model, data)


def unread(error: Exception) -> Exception:
    """Return the error for people that an answer has another form; of its content only the place is named."""
    where = ""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = f" at {'.'.join(map(str, first['loc']))}"
    return in_wrong_json("GitHub", f"it does not have the expected form{where}")
