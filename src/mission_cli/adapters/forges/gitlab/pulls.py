"""Merge requests on GitLab: list, open and change them. A draft is one whose title begins with `Draft:`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.gitlab.models import MergeRequest, Milestone, Project, User, read, read_all
from mission_cli.adapters.forges.gitlab.session import NOT_FOUND, PAGE, refused
from mission_cli.domain.forge.facts import Pull, PullState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.adapters.forges.gitlab.session import Session
    from mission_cli.ports.git.forge import NewPull, PullChange

_DRAFT = pattern(r"(?i)\s*(?:\[draft\]|\(draft\)|draft:|draft - |\[wip\]|wip:)\s*")
_NO = frozenset({400, 409, 422})
_ALL = {"state": "all", "scope": "all", "order_by": "updated_at", "sort": "desc", "per_page": PAGE}


def pull_of(session: Session, one: MergeRequest) -> Pull:
    """Return a merge request as facts; its title is without the mark of a draft."""
    state = {"merged": PullState.MERGED, "closed": PullState.CLOSED}.get(one.state, PullState.OPEN)
    draft = is_draft(one)
    merged_as = one.merge_commit_sha or one.squash_commit_sha or one.sha or ""
    return Pull(
        number=one.iid,
        url=one.web_url,
        title=_plain(one.title) if draft else one.title,
        branch=one.source_branch,
        head=one.sha or "",
        base=one.target_branch,
        state=state,
        draft=draft,
        locked=bool(one.discussion_locked),
        body=one.description or "",
        updated=one.updated_at,
        merged_as=merged_as if state is PullState.MERGED else "",
        fork=_fork(session, one),
    )


def is_draft(one: MergeRequest) -> bool:
    """Whether a merge request is a draft; old versions show it in the title only."""
    return bool(_DRAFT.match(one.title)) if one.draft is None else one.draft


def pulls_from(session: Session, branches: Collection[str]) -> Sequence[Pull]:
    """Return all merge requests from these branches of the project or of our fork, newest first.

    One list shows the last changed ones. A branch that is not in it and may have an older one is asked for by name; as
    long as the list does not change, the answers to that still hold.
    """
    if not branches:
        return ()
    answer = session.client.get(session.path("merge_requests"), _ALL)
    recent = read_all(MergeRequest, answer.data or [])
    found = {one.iid: one for one in recent if one.source_branch in branches}
    if len(recent) >= PAGE:
        for branch in sorted(set(branches) - {one.source_branch for one in found.values()}):
            found |= {one.iid: one for one in _older(session, branch, answer.at)}
    ours = [pull for pull in (pull_of(session, one) for one in found.values()) if _counts(session, pull)]
    return sorted(ours, key=lambda pull: -pull.number)


def children_of(session: Session, branch: str) -> Sequence[Pull]:
    """Return the open merge requests whose base is a branch, newest first."""
    found = session.pages("merge_requests", state="opened", scope="all", target_branch=branch)
    same = [pull_of(session, one) for one in read_all(MergeRequest, found) if one.target_branch == branch]
    return sorted(same, key=lambda pull: -pull.number)


def merge_request(session: Session, number: int) -> MergeRequest:
    """Return a merge request as GitLab shows it alone."""
    return read(MergeRequest, session.get("merge_requests", number, include_diverged_commits_count="true").data)


def open_pull(session: Session, new: NewPull) -> Pull:
    """Open a merge request, or return the open one from that branch to that base; in both cases with its labels."""
    one = _open_one(session, new)
    if one is None:
        body: dict[str, Any] = {
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": f"Draft: {new.title}" if new.draft else new.title,
            "description": new.body,
        }
        if new.fork:
            body |= {"target_project_id": session.project().id, "allow_collaboration": True}
            there = f"/projects/{quote(new.fork, safe='')}/merge_requests"
            answer = session.client.write("POST", there, body, accept=_NO)
        else:
            answer = session.write("POST", "merge_requests", body=body, accept=_NO)
        one = read(MergeRequest, answer.data) if answer.status not in _NO else _open_one(session, new)
        if one is None:
            what = f"GitLab opens no merge request from {new.branch} to {new.base}"
            raise refused(what, answer.words, f"push {new.branch}, and check that both branches exist")
    return pull_of(session, _dressed(session, one, new))


def change_pull(session: Session, number: int, change: PullChange) -> Pull:
    """Change what is different of a merge request, and return it."""
    pull = pull_of(session, merge_request(session, number))
    draft = pull.draft if change.draft is None or pull.state is not PullState.OPEN else change.draft
    title = pull.title if change.title is None else change.title
    wanted: dict[str, object] = {}
    if (title, draft) != (pull.title, pull.draft):
        wanted["title"] = f"Draft: {title}" if draft else title
    if change.body is not None and change.body.strip() != pull.body.replace("\r\n", "\n").strip():
        wanted["description"] = change.body
    if change.base is not None and change.base != pull.base:
        wanted["target_branch"] = change.base
    if change.state is not None and pull.state is not PullState.MERGED and change.state is not pull.state:
        wanted["state_event"] = "reopen" if change.state is PullState.OPEN else "close"
    if not wanted:
        return pull
    answer = session.write("PUT", "merge_requests", number, body=wanted, accept=_NO)
    if answer.status in _NO:
        raise refused(f"GitLab does not change merge request !{number}", answer.words)
    return pull_of(session, read(MergeRequest, answer.data))


def _older(session: Session, branch: str, since: float) -> list[MergeRequest]:
    query = {**_ALL, "source_branch": branch}
    known = session.client.known(session.path("merge_requests"), query, since)
    data = session.client.get(session.path("merge_requests"), query).data if known is None else known
    return [one for one in read_all(MergeRequest, data or []) if one.source_branch == branch]


def _open_one(session: Session, new: NewPull) -> MergeRequest | None:
    query = {"state": "opened", "scope": "all", "source_branch": new.branch, "target_branch": new.base}
    same = read_all(MergeRequest, session.pages("merge_requests", **query))
    same = [one for one in same if (one.source_branch, one.target_branch) == (new.branch, new.base)]
    return next((one for one in same if _fork(session, one).lower() == new.fork.lower()), None)


def _dressed(session: Session, one: MergeRequest, new: NewPull) -> MergeRequest:
    """Add labels, assignees, milestone and reviewers that are missing."""
    wanted: dict[str, Any] = {}
    if missing := [name for name in new.labels if name not in one.labels]:
        wanted["add_labels"] = ",".join(missing)
    for key, people, names in (
        ("assignee_ids", one.assignees or [], new.assignees),
        ("reviewer_ids", one.reviewers or [], new.reviewers),
    ):
        there = {user.username.lower() for user in people}
        ids = [_user(session, one.iid, name) for name in names if name.lower() not in there]
        if ids:
            wanted[key] = [*(user.id for user in people), *ids]
    if new.milestone and (one.milestone is None or one.milestone.title != new.milestone):
        wanted["milestone_id"] = _milestone(session, one.iid, new.milestone)
    return read(MergeRequest, session.write("PUT", "merge_requests", one.iid, body=wanted).data) if wanted else one


def _user(session: Session, number: int, name: str) -> int:
    found = [] if "/" in name else session.client.get("/users", {"username": name}).data or []
    for user in read_all(User, found):
        if user.username.lower() == name.lower():
            return user.id
    why = "GitLab asks people for reviews, not groups" if "/" in name else f"there is no account `{name}`"
    raise refused(f"merge request !{number} is open, but without {name}", why, "correct the name in the settings")


def _milestone(session: Session, number: int, title: str) -> int:
    for one in read_all(Milestone, session.pages("milestones", state="active", title=title, include_ancestors="true")):
        if one.title == title:
            return one.id
    what = f"merge request !{number} is open, but without its milestone"
    hint = "create the milestone, or correct its title in the settings"
    raise refused(what, f"the project has no active milestone `{title}`", hint)


def _counts(session: Session, pull: Pull) -> bool:
    """Whether a merge request comes from the project itself or from our own fork, not from a stranger's."""
    return not pull.fork or pull.fork.rpartition("/")[0].lower() == session.login().lower()


def _fork(session: Session, one: MergeRequest) -> str:
    """Return the path of the project of the branch if it is another one; `?/?` if that is gone."""
    if one.source_project_id is not None and one.source_project_id == one.target_project_id:
        return ""
    if one.source_project_id is None:
        return "?/?"
    path = f"/projects/{one.source_project_id}"
    known = session.client.known(path, {}, 0.0)
    if known is None:
        answer = session.client.get(path, accept={NOT_FOUND})
        known = None if answer.status == NOT_FOUND else answer.data
    return "?/?" if known is None else read(Project, known).path_with_namespace


def _plain(title: str) -> str:
    found = _DRAFT.match(title)
    return title[found.end() :] if found else title
