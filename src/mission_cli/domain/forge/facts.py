"""What a forge says: repositories and their rules, pull requests with their checks, reviews and threads.

The words are GitHub's; adapters of other forges translate. All texts are data of strangers.
"""

from __future__ import annotations

from enum import StrEnum

from mission_cli._support.dataclass import dataclass


class CheckOutcome(StrEnum):
    """How a check on a commit stands."""

    PENDING = "pending"
    PASSED = "passed"
    """Successful, neutral or skipped, which a forge accepts alike."""
    FAILED = "failed"
    INFRASTRUCTURE = "infrastructure"
    """It did not judge the work: cancelled, timed out before it started, or the runner was lost."""
    ACTION = "action"
    """A person has to act: an approval of the workflow run, for example."""


@dataclass(frozen=True, slots=True)
class Check:
    """One context on the head of a pull request: a check run or a commit status."""

    name: str
    outcome: CheckOutcome
    id: str = ""
    """What `log` and `rerun` take; empty: the forge offers neither."""
    url: str = ""
    detail: str = ""
    """The forge's short text about it."""


class ReviewState(StrEnum):
    """The last word of one reviewer."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something on the forge."""

    login: str
    bot: bool = False
    """By the type of the account."""
    ours: bool = False
    """The account whose token this program uses."""
    trusted: bool = False
    """May write to the repository, so that what they say counts."""


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's latest review that is an opinion, or a comment without one."""

    id: str
    author: Author
    state: ReviewState
    commit: str = ""
    """The head that was reviewed."""
    text: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of a thread."""

    id: str
    author: Author
    text: str
    at: str = ""
    key: str = ""
    """The key of a reply of ours, from its marker; empty for anything else."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation at a place of the diff, or below the pull request (then without a path)."""

    id: str
    comments: tuple[Comment, ...]
    path: str = ""
    line: int = 0
    resolved: bool = False
    outdated: bool = False


class PullState(StrEnum):
    """Whether a pull request is open, as the forge says."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Mergeable(StrEnum):
    """Whether the branch merges with its base, as the forge computed it."""

    YES = "yes"
    CONFLICTS = "conflicts"
    UNKNOWN = "unknown"
    """Not computed yet."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull request, as a list of them shows it."""

    number: int
    url: str
    title: str
    branch: str
    head: str
    """The commit at the tip of its branch."""
    base: str
    state: PullState
    draft: bool = False
    locked: bool = False
    body: str = ""
    updated: str = ""
    """Changes with every event other than checks."""
    merged_as: str = ""
    """The commit on the base that the merge made; empty: not merged, or not known."""
    fork: str = ""
    """`owner/name` of the repository that the branch is in, if that is another one."""


@dataclass(frozen=True, slots=True)
class PullFacts:
    """Everything about one pull request that can hold it up."""

    pull: Pull
    checks: tuple[Check, ...] = ()
    """On `pull.head`, the newest of each name."""
    reviews: tuple[Review, ...] = ()
    """The latest of each reviewer that is an opinion; comments without one."""
    threads: tuple[Thread, ...] = ()
    mergeable: Mergeable = Mergeable.UNKNOWN
    behind: bool = False
    """Whether the base has commits that the branch lacks."""
    queued: bool = False
    """Whether it is in a merge queue."""
    auto_merge: bool = False
    """Whether the forge merges it by itself as soon as its rules allow that."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the forge for merging into one base. What it does not say is not required."""

    required: tuple[str, ...] = ()
    """Names of the checks that have to be present and successful."""
    strict: bool = False
    """The branch has to contain the base."""
    approvals: int = 0
    code_owners: bool = False
    last_push: bool = False
    """Somebody other than the last pusher has to approve."""
    conversations: bool = False
    """Every thread has to be resolved."""
    signed: bool = False
    linear: bool = False
    queue: bool = False
    """Merging goes through a merge queue."""
    locked: bool = False
    """Nobody may merge into the base."""
    others: tuple[str, ...] = ()
    """Rules that are on and that this program does not know; the forge itself applies them."""


class MergeMethod(StrEnum):
    """How a forge merges."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository on a forge, as the token sees it."""

    name: str
    """`owner/name`, as the forge spells it now."""
    url: str
    default: str
    """The name of its default branch."""
    archived: bool = False
    may_push: bool = False
    methods: tuple[MergeMethod, ...] = (MergeMethod.MERGE,)
    """What it allows, the preferred one first."""
    auto_merge: bool = False
    """Whether auto-merge may be used."""
    deletes_branches: bool = False
    """Whether it deletes a branch by itself after the merge."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose token is used."""

    login: str
    bot: bool = False
    kind: str = ""
    """The kind of token: `personal access token (classic)`, `fine-grained token`, `installation`, …"""
    scopes: tuple[str, ...] = ()
    """The rights that the forge tells; empty: it does not tell."""
    starts_checks: bool = True
    """Whether a push or a pull request with this token starts the repository's checks."""
    expires: str = ""


class MergeOutcome(StrEnum):
    """What came of asking for a merge."""

    MERGED = "merged"
    QUEUED = "queued"
    AUTO = "auto"
    """The forge merges it as soon as its rules allow that."""
    REFUSED = "refused"
    """A rule is not met."""
    MOVED = "moved"
    """The head is not the expected one."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The answer to a merge."""

    outcome: MergeOutcome
    detail: str = ""
    """The forge's words, or the commit."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue."""

    number: int
    url: str
    title: str
    open: bool = True
    key: str = ""
    """The key in our marker; empty: none of ours."""
