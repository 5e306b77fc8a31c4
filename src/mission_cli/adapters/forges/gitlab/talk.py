"""Replies, each at most once, and issues, one per key."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mission_cli.adapters.forges.gitlab.look import CONVERSATION, threads_of
from mission_cli.adapters.forges.gitlab.models import Discussion, IssueJson, Note, read, read_all
from mission_cli.adapters.forges.gitlab.pulls import merge_request
from mission_cli.adapters.forges.marks import find, write
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Issue

if TYPE_CHECKING:
    from mission_cli.adapters.forges.gitlab.session import Session
    from mission_cli.ports.git.forge import NewIssue


def reply_in(session: Session, number: int, thread: str, body: str, key: str) -> bool:
    """Answer in a thread, or below the merge request; False if a comment of ours there has that key."""
    found = read_all(Discussion, session.pages("merge_requests", number, "discussions"))
    known = next((one for one in found if one.id == thread and not one.individual_note), None)
    place = thread if known is not None else CONVERSATION
    said = [one for one in threads_of(session, found) if one.id == place]
    if any(comment.key == key for one in said for comment in one.comments):
        return False
    where = ("discussions", thread, "notes") if known is not None else ("notes",)
    try:
        session.write("POST", "merge_requests", number, *where, body={"body": write(body, key)})
    except ForgeError as error:
        if error.trouble is ForgeTrouble.FORBIDDEN and merge_request(session, number).discussion_locked:
            raise ForgeError(ForgeTrouble.LOCKED, "the conversation is locked", hint="unlock it") from error
        raise
    return True


def open_issues(session: Session, most: int) -> tuple[Issue, ...]:
    """Return the open issues, newest first."""
    listed = (read(IssueJson, data) for data in islice(session.pages("issues", state="opened"), most))
    return tuple(_facts(one, find(one.description or "")) for one in listed)


def issue_for(session: Session, new: NewIssue) -> Issue:
    """Open an issue, or return the one of ours with that key."""
    mine = session.login()
    for data in session.pages("issues", state="all", scope="created_by_me"):
        one = read(IssueJson, data)
        if one.author is not None and one.author.username == mine and find(one.description or "") == new.key:
            return _facts(one, new.key)
    body: dict[str, object] = {"title": new.title, "description": write(new.body, new.key)}
    if new.labels:
        body["labels"] = ",".join(new.labels)
    return _facts(read(IssueJson, session.write("POST", "issues", body=body).data), new.key)


def close(session: Session, number: int, comment: str) -> None:
    """Close an issue, and say why below it; nothing if it is closed."""
    one = read(IssueJson, session.get("issues", number).data)
    if one.state != "opened":
        return
    key = f"closed/{number}"
    if comment:
        notes = read_all(Note, session.pages("issues", number, "notes"))
        if not any(find(note.body or "") == key and session.author(note.author).ours for note in notes):
            session.write("POST", "issues", number, "notes", body={"body": write(comment, key)})
    session.write("PUT", "issues", number, body={"state_event": "close"})


def _facts(one: IssueJson, key: str) -> Issue:
    return Issue(one.iid, one.web_url, one.title, one.state == "opened", key)
