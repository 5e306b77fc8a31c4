"""Replies, each at most once, and issues, one per key."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mission_cli.adapters.forges.forgejo.look import comment_of, threads_of
from mission_cli.adapters.forges.forgejo.models import IssueJson, RemarkJson, ReviewJson, read, read_all
from mission_cli.adapters.forges.forgejo.pulls import label_ids
from mission_cli.adapters.forges.marks import find, write
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Issue

if TYPE_CHECKING:
    from mission_cli.adapters.forges.forgejo.session import Session
    from mission_cli.ports.git.forge import NewIssue

_NONE = frozenset({404, 405})


def reply_in(session: Session, number: int, thread: str, body: str, key: str) -> bool:
    """Answer in a thread of the diff, or below the pull request; False if a comment of ours has that key.

    Forgejo adds a remark to a review, Gitea has replies; a version that has neither gets a comment below.
    """
    kind, _, rest = thread.partition(":")
    review, _, rest = rest.partition(":")
    line, _, rest = rest.partition(":")
    path, _, first = rest.rpartition(":")
    if kind != "review" or not first.isdecimal():
        return comment_below(session, number, body, key)
    reviews = read_all(ReviewJson, session.pages("pulls", number, "reviews"))
    there = threads_of(session, number, [one for one in reviews if str(one.id) == review])
    if any(comment.key == key for one in there for comment in one.comments):
        return False
    text, place = write(body, key), int(line)
    side = {"new_position": place} if place > 0 else {"old_position": -place}
    remark = {"path": path, "body": text, **side}
    answer = session.write("POST", "pulls", number, "reviews", review, "comments", body=remark, accept=_NONE)
    if answer.status in _NONE:
        reply = ("pulls", number, "comments", first, "replies")
        answer = session.write("POST", *reply, body={"body": text}, accept=_NONE)
    return True if answer.status not in _NONE else comment_below(session, number, f"About `{path}`: {body}", key)


def comment_below(session: Session, number: int, body: str, key: str) -> bool:
    """Comment below an issue or a pull request; False if a comment of ours has that key."""
    said = read_all(RemarkJson, session.get("issues", number, "comments").data or [])
    if any(find(one.body or "") == key and comment_of(session, one).key == key for one in said):
        return False
    session.write("POST", "issues", number, "comments", body={"body": write(body, key)})
    return True


def open_issues(session: Session, most: int) -> tuple[Issue, ...]:
    """Return the open issues, newest first."""
    listed = (read(IssueJson, data) for data in islice(session.pages("issues", state="open", type="issues"), most))
    return tuple(_facts(one, find(one.body or "")) for one in listed)


def issue_for(session: Session, new: NewIssue) -> Issue:
    """Open an issue, or return the one of ours with that key."""
    mine = session.login()
    for data in session.pages("issues", state="all", type="issues", created_by=mine):
        one = read(IssueJson, data)
        if one.user is not None and one.user.login == mine and find(one.body or "") == new.key:
            return _facts(one, new.key)
    body = {"title": new.title, "body": write(new.body, new.key), "labels": _labels(session, new)}
    return _facts(read(IssueJson, session.write("POST", "issues", body=body).data), new.key)


def close(session: Session, number: int, comment: str) -> None:
    """Close an issue, and say why below it; nothing if it is closed."""
    one = read(IssueJson, session.get("issues", number).data)
    if one.state != "open":
        return
    if comment:
        comment_below(session, number, comment, f"closed/{number}")
    session.write("PATCH", "issues", number, body={"state": "closed"})


def _labels(session: Session, new: NewIssue) -> list[int]:
    """Return the ids of the labels; none for an account that may not set them."""
    try:
        return label_ids(session, new.labels)
    except ForgeError as error:
        if error.trouble is not ForgeTrouble.FORBIDDEN:
            raise
        return []


def _facts(one: IssueJson, key: str) -> Issue:
    return Issue(one.number, one.html_url, one.title, one.state == "open", key)
