"""Everything about one pull request: one GraphQL query, and its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges.github.checks import checks_on
from mission_cli.adapters.forges.github.models import Model, PullJson, read
from mission_cli.adapters.forges.marks import find, strip
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import (
    Author,
    Comment,
    Mergeable,
    Pull,
    PullFacts,
    PullState,
    Review,
    ReviewState,
    Thread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.adapters.forges.github.session import Session

CONVERSATION = "conversation"
"""The thread of the comments below a pull request."""
_TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_MERGEABLE = {"MERGEABLE": Mergeable.YES, "CONFLICTING": Mergeable.CONFLICTS}
_SAYS_STRICT = {"BEHIND": True, "CLEAN": False, "UNSTABLE": False, "HAS_HOOKS": False}
"""What the state of a branch that is behind says about the rule that it must not be."""
_STATES = {"OPEN": PullState.OPEN, "CLOSED": PullState.CLOSED, "MERGED": PullState.MERGED}
QUERY = """
query($owner: String!, $name: String!, $number: Int!, $branch: String!) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      title body state isDraft locked updatedAt headRefName headRefOid baseRefName
      mergeable mergeStateStatus isInMergeQueue
      mergeCommit { oid }
      autoMergeRequest { enabledAt }
      baseRef { compare(headRef: $branch) { behindBy } }
      latestOpinionatedReviews(first: 100) { nodes { ...review } }
      reviews(last: 50, states: [COMMENTED]) { nodes { ...review } }
      reviewThreads(last: 100) {
        nodes {
          path line originalLine isResolved isOutdated
          oldest: comments(first: 1) { nodes { ...remark } }
          comments(last: 50) { nodes { ...remark } }
        }
      }
      comments(last: 100) { nodes { ...comment } }
    }
  }
}
fragment review on PullRequestReview {
  databaseId state body submittedAt authorAssociation author { __typename login } commit { oid }
}
fragment remark on PullRequestReviewComment {
  databaseId body createdAt isMinimized authorAssociation state author { __typename login }
}
fragment comment on IssueComment {
  databaseId body createdAt isMinimized authorAssociation author { __typename login }
}
"""


class _Actor(Model):
    login: str
    kind: str = Field("", alias="__typename")


class _Oid(Model):
    oid: str = ""


class _Said(Model):
    """A review or a comment."""

    id: int | None = Field(None, alias="databaseId")
    body: str = ""
    state: str = ""
    at: str | None = Field(None, alias="createdAt")
    submitted: str | None = Field(None, alias="submittedAt")
    hidden: bool = Field(default=False, alias="isMinimized")
    association: str = Field("NONE", alias="authorAssociation")
    author: _Actor | None = None
    commit: _Oid | None = None


class _Many(Model):
    nodes: list[_Said | None] = Field(default_factory=list)

    def there(self) -> list[_Said]:
        return [one for one in self.nodes if one is not None]


class _Thread(Model):
    path: str = ""
    line: int | None = None
    original: int | None = Field(None, alias="originalLine")
    resolved: bool = Field(default=False, alias="isResolved")
    outdated: bool = Field(default=False, alias="isOutdated")
    oldest: _Many
    comments: _Many


class _Threads(Model):
    nodes: list[_Thread | None] = Field(default_factory=list)


class _Compared(Model):
    behind: int = Field(0, alias="behindBy")


class _Base(Model):
    compare: _Compared | None = None


class _Pull(Model):
    title: str
    body: str
    state: str
    draft: bool = Field(alias="isDraft")
    locked: bool
    updated: str = Field(alias="updatedAt")
    branch: str = Field(alias="headRefName")
    head: str = Field(alias="headRefOid")
    base: str = Field(alias="baseRefName")
    mergeable: str
    status: str = Field(alias="mergeStateStatus")
    queued: bool = Field(default=False, alias="isInMergeQueue")
    merged_as: _Oid | None = Field(None, alias="mergeCommit")
    auto: dict[str, object] | None = Field(None, alias="autoMergeRequest")
    onto: _Base | None = Field(None, alias="baseRef")
    opinions: _Many = Field(alias="latestOpinionatedReviews")
    remarks: _Many = Field(alias="reviews")
    threads: _Threads = Field(alias="reviewThreads")
    comments: _Many


def look_at(session: Session, pull: Pull, before: PullFacts | None) -> PullFacts:
    """Return everything about a pull request with at most three requests, more only beyond 100 checks."""
    if before is not None and _is_quiet(pull, before):
        return _checks_only(session, before)
    variables = {
        "owner": session.owner,
        "name": session.repo,
        "number": pull.number,
        "branch": f"{pull.fork.partition('/')[0]}:{pull.branch}" if pull.fork else pull.branch,
    }
    data = session.query(QUERY, variables, optional={"compare"})
    repository, viewer = data.get("repository"), data.get("viewer")
    found = repository.get("pullRequest") if isinstance(repository, dict) else None
    if found is None:
        raise ForgeError(ForgeTrouble.NOT_FOUND, f"pull request #{pull.number} does not exist on GitHub")
    if isinstance(viewer, dict):
        session.met(str(viewer.get("login") or ""))
    return _facts(session, pull, read(_Pull, found))


def _is_quiet(pull: Pull, before: PullFacts) -> bool:
    """Whether nothing but checks and the merge with the base can have changed.

    Resolving a thread and moving in a queue need not change the time of the last update.
    """
    places = any(thread.path for thread in before.threads)
    waits = before.queued or before.mergeable is Mergeable.UNKNOWN
    return pull == before.pull and not places and not waits


def _checks_only(session: Session, before: PullFacts) -> PullFacts:
    """Return what was known with the checks and the merge as they are now: three conditional requests."""
    answer = session.get("pulls", before.pull.number)
    checks = checks_on(session, before.pull.head)
    now = read(PullJson, answer.data)
    if not answer.fresh or (now.head.sha, now.updated_at) != (before.pull.head, before.pull.updated):
        return replace(before, checks=checks)  # what changed meanwhile is in the next list, and looked at then
    mergeable = {True: Mergeable.YES, False: Mergeable.CONFLICTS, None: Mergeable.UNKNOWN}[now.mergeable]
    behind = before.behind or now.mergeable_state == "behind"
    return replace(before, checks=checks, mergeable=mergeable, behind=behind, auto_merge=now.auto_merge is not None)


def _facts(session: Session, pull: Pull, found: _Pull) -> PullFacts:
    state = _STATES.get(found.state, PullState.CLOSED)
    now = replace(
        pull,
        title=found.title,
        branch=found.branch,
        head=found.head,
        base=found.base,
        state=state,
        draft=found.draft,
        locked=found.locked,
        body=found.body,
        updated=found.updated,
        merged_as=found.merged_as.oid if found.merged_as and state is PullState.MERGED else "",
    )
    compared = found.onto.compare if found.onto else None
    behind = found.status == "BEHIND" or (compared is not None and compared.behind > 0)
    if behind and found.status in _SAYS_STRICT:
        session.note_strict(found.base, holds=_SAYS_STRICT[found.status])
    return PullFacts(
        pull=now,
        checks=checks_on(session, found.head),
        reviews=tuple(_reviews(session, found)),
        threads=tuple(_threads(session, found)),
        mergeable=Mergeable.CONFLICTS
        if found.status == "DIRTY"
        else _MERGEABLE.get(found.mergeable, Mergeable.UNKNOWN),
        behind=behind,
        queued=found.queued,
        auto_merge=found.auto is not None,
    )


def _reviews(session: Session, found: _Pull) -> Iterable[Review]:
    for one in [*found.opinions.there(), *(said for said in found.remarks.there() if said.body.strip())]:
        if one.state.lower() in set(ReviewState):
            yield Review(
                id=str(one.id or ""),
                author=_author(session, one),
                state=ReviewState(one.state.lower()),
                commit=one.commit.oid if one.commit else "",
                text=one.body,
                at=one.submitted or "",
            )


def _threads(session: Session, found: _Pull) -> Iterable[Thread]:
    for one in found.threads.nodes:
        if one is None:
            continue
        said = {comment.id: comment for comment in [*one.oldest.there(), *one.comments.there()]}
        first = next(iter(said), None)
        comments = _comments(session, said.values())
        if first is not None and comments:
            line = one.line or one.original or 0
            yield Thread(f"review:{first}", comments, one.path, line, one.resolved, one.outdated)
    if below := _comments(session, found.comments.there()):
        yield Thread(CONVERSATION, below)


def _comments(session: Session, said: Iterable[_Said]) -> tuple[Comment, ...]:
    """Return comments as facts, without those that are not sent yet or that somebody hid."""
    return tuple(_comment(session, one) for one in said if not one.hidden and one.state != "PENDING")


def _comment(session: Session, one: _Said) -> Comment:
    """Return a comment. Without our marker it is not ours: the person whose token we use wrote it by hand."""
    author = _author(session, one)
    key = find(one.body) if author.ours else ""
    author = replace(author, ours=bool(key))
    return Comment(str(one.id or ""), author, strip(one.body) if key else one.body, one.at or "", key)


def _author(session: Session, one: _Said) -> Author:
    if one.author is None:
        return Author("ghost")
    bot = one.author.kind == "Bot"
    return Author(
        login=one.author.login,
        bot=bot,
        ours=session.is_ours(one.author.login),
        trusted=one.association in _TRUSTED,
    )
