"""Comments: reply in a thread of a pull request, and below an issue, each at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.forges.github.models import CommentJson, read_all
from mission_cli.adapters.forges.marks import find, write

if TYPE_CHECKING:
    from mission_cli.adapters.forges.github.session import Session

_PAGE = 100


def reply_in(session: Session, number: int, thread: str, body: str, key: str) -> bool:
    """Answer in a thread of the diff, or below the pull request; False if a comment of ours has that key."""
    kind, _, comment = thread.partition(":")
    if kind != "review" or not comment.isdecimal():
        return comment_below(session, number, body, key)
    said = session.client.pages(session.path("pulls", number, "comments"), {"per_page": _PAGE})
    same = [one for one in read_all(CommentJson, said) if comment in {str(one.id), str(one.in_reply_to_id)}]
    if _has(session, same, key):
        return False
    path = session.path("pulls", number, "comments", comment, "replies")
    session.client.write("POST", path, {"body": write(body, key)})
    return True


def comment_below(session: Session, number: int, body: str, key: str) -> bool:
    """Comment below an issue or a pull request; False if a comment of ours has that key."""
    path = session.path("issues", number, "comments")
    if _has(session, read_all(CommentJson, session.client.pages(path, {"per_page": _PAGE})), key):
        return False
    session.client.write("POST", path, {"body": write(body, key)})
    return True


def _has(session: Session, comments: list[CommentJson], key: str) -> bool:
    """Whether a comment has the key's marker, and is ours: a stranger's marker means nothing."""
    with_key = [one for one in comments if find(one.body or "") == key]
    return any(one.user is not None and session.is_ours(one.user.login) for one in with_key)
