"""What the scripted forge stores: people, pull requests, checks, reviews, threads, issues, and a log of all events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import MergeMethod, PullState, ReviewState, Rules


class Right(IntEnum):
    """What an account may do in the repository."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@dataclass
class Member:
    """An account on the forge."""

    login: str
    right: Right = Right.WRITE
    bot: bool = False
    kind: str = "personal access token (classic)"
    """The kind of its token."""
    scopes: tuple[str, ...] = ("repo",)
    expired: bool = False
    """Whether its token has expired."""
    starts_checks: bool = True


class Did(StrEnum):
    """The kinds of events in the log."""

    OPENED = "opened"
    REOPENED = "reopened"
    CLOSED = "closed"
    MERGED = "merged"
    PUSHED = "pushed"
    """To the branch of an open pull request; MOVED is there for every branch."""
    MOVED = "moved a branch"
    DELETED = "deleted a branch"
    RETARGETED = "retargeted"
    EDITED = "edited"
    DRAFTED = "converted to draft"
    READIED = "marked as ready"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    COMMENTED = "commented"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    DISMISSED = "dismissed"
    CHECKED = "checked"
    RERAN = "reran"
    QUEUED = "queued"
    DEQUEUED = "dequeued"
    AUTO_ON = "enabled auto-merge"
    AUTO_OFF = "disabled auto-merge"
    REFUSED = "refused a merge"
    ISSUE_OPENED = "opened an issue"
    ISSUE_CLOSED = "closed an issue"
    FORKED = "forked"
    CHANGED = "changed the repository"


@dataclass(frozen=True)
class Entry:
    """One event. Entries are never changed or removed."""

    what: Did
    by: str
    number: int = 0
    """The pull request or issue."""
    branch: str = ""
    """The pull request's branch, as `owner/name:branch` if it is in a fork."""
    commit: str = ""
    key: str = ""
    """The key in the marker of a comment or an issue."""
    detail: str = ""
    """Why, how, or what; MOVED: `created`, `forward` or `forced`."""
    passed: tuple[str, ...] = ()
    """MERGED: the checks that had passed on the merged head."""
    required: tuple[str, ...] = ()
    """MERGED: the checks that the rules required then."""
    approved: tuple[str, ...] = ()
    """MERGED: who with write access had approved the merged head itself."""
    approvals: int = 0
    """MERGED: how many approvals the rules required then."""


@dataclass
class CheckRecord:
    """A check run or a commit status."""

    id: int
    commit: str
    name: str
    state: str = "queued"
    """`queued`, `in_progress`, or how it ended: `success`, `failure`, `cancelled` and the like."""
    status: bool = False
    """Whether it is a commit status, which has no log and cannot be run again."""
    summary: str = ""
    log: str = ""
    annotations: tuple[str, ...] = ()
    """`path:line: message`."""
    at: str = ""


@dataclass
class ReviewRecord:
    """One submitted review."""

    id: int
    by: str
    state: ReviewState
    commit: str
    text: str
    at: str


@dataclass
class CommentRecord:
    """One comment."""

    id: int
    by: str
    body: str
    at: str
    hidden: bool = False


@dataclass
class ThreadRecord:
    """A conversation at a place of the diff."""

    id: str
    path: str
    line: int
    commit: str
    comments: list[CommentRecord] = field(default_factory=list)
    resolved: bool = False
    outdated: bool = False


@dataclass
class PullRecord:
    """One pull request."""

    number: int
    by: str
    title: str
    body: str
    branch: str
    head: str
    base: str
    fork: str = ""
    state: PullState = PullState.OPEN
    draft: bool = False
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: str = ""
    created: str = ""
    updated: str = ""
    merged_as: str = ""
    merged_by: str = ""
    pusher: str = ""
    """Who pushed its head."""
    queued: bool = False
    auto: tuple[str, MergeMethod] | None = None
    """Who enabled auto-merge, and the method."""
    reviews: list[ReviewRecord] = field(default_factory=list)
    threads: list[ThreadRecord] = field(default_factory=list)
    below: list[CommentRecord] = field(default_factory=list)
    """Comments of the conversation."""
    computed: tuple[str, str] = ("", "")
    """Head and base for which the forge has computed whether they merge."""

    @property
    def place(self) -> str:
        """Its branch, unique among all forks."""
        return f"{self.fork}:{self.branch}" if self.fork else self.branch


@dataclass
class IssueRecord:
    """One issue."""

    number: int
    by: str
    title: str
    body: str
    labels: list[str] = field(default_factory=list)
    open: bool = True
    comments: list[CommentRecord] = field(default_factory=list)
    at: str = ""


NO_RULES = Rules()


@dataclass(frozen=True)
class Protection:
    """The rules of one base, with what only the forge itself has to know."""

    rules: Rules = NO_RULES
    dismiss_stale: bool = False
    """Whether a push dismisses approvals."""
    others_met: bool = False
    """Whether the rules in `rules.others` are met."""


class DeniedError(Exception):
    """The forge does not do what it was asked to do: the answer's status, its words, and what that means."""

    def __init__(self, status: int, words: str, trouble: ForgeTrouble = ForgeTrouble.REFUSED) -> None:
        super().__init__(words)
        self.status, self.words, self.trouble = status, words, trouble
