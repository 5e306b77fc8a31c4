"""Pull requests on Forgejo: list, open and change them. A draft is one whose title begins with `WIP:`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.forgejo.models import Named, PullJson, read, read_all
from mission_cli.adapters.forges.forgejo.session import PAGE, refused
from mission_cli.domain.forge.facts import Pull, PullState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.adapters.forges.forgejo.session import Session
    from mission_cli.ports.git.forge import NewPull, PullChange

_DRAFT = pattern(r"(?i)\s*(?:WIP:|\[WIP\])\s*")
_NO = frozenset({404, 409, 412, 422, 423})
_LABEL_COLOR = "#ededed"


def pull_of(one: PullJson) -> Pull:
    """Return a pull request as facts; its title is without the mark of a draft.

    Times are whole seconds, so the number of comments is added: else a comment of the same second would not be seen.
    """
    state = PullState.MERGED if one.merged else PullState.OPEN if one.state == "open" else PullState.CLOSED
    draft = is_draft(one)
    return Pull(
        number=one.number,
        url=one.html_url,
        title=_plain(one.title) if draft else one.title,
        branch=one.head.label or one.head.ref,
        head=one.head.sha,
        base=one.base.label or one.base.ref,
        state=state,
        draft=draft,
        locked=one.is_locked,
        body=one.body or "",
        updated=f"{one.updated_at} {one.comments}",
        merged_as=(one.merge_commit_sha or "") if one.merged else "",
        fork=_fork(one),
    )


def is_draft(one: PullJson) -> bool:
    """Whether a pull request is a draft; old versions do not say it, but show it in the title."""
    return bool(_DRAFT.match(one.title)) if one.draft is None else one.draft


def pulls_from(session: Session, branches: Collection[str]) -> Sequence[Pull]:
    """Return all pull requests from these branches of the repository or of our fork, newest first.

    One list shows the last changed ones. Only if there are more, and a branch is not among them, those that our account
    opened are asked for too.
    """
    if not branches:
        return ()
    query = {"state": "all", "sort": "recentupdate", "limit": PAGE}
    recent = read_all(PullJson, session.client.get(session.path("pulls"), query).data or [])
    found = {one.number: one for one in recent if _branch(one) in branches}
    if len(recent) >= PAGE and set(branches) - {_branch(one) for one in found.values()}:
        ours = session.pages("pulls", state="all", sort="recentupdate", poster=session.login())
        found |= {one.number: one for one in read_all(PullJson, ours) if _branch(one) in branches}
    counting = [pull_of(one) for one in found.values() if _counts(session, one)]
    return sorted(counting, key=lambda pull: -pull.number)


def children_of(session: Session, branch: str) -> Sequence[Pull]:
    """Return the open pull requests whose base is a branch, newest first."""
    found = read_all(PullJson, session.pages("pulls", state="open"))
    return sorted((pull_of(one) for one in found if _base(one) == branch), key=lambda pull: -pull.number)


def pull_json(session: Session, number: int) -> PullJson:
    """Return a pull request."""
    return read(PullJson, session.get("pulls", number).data)


def open_pull(session: Session, new: NewPull) -> Pull:
    """Open a pull request, or return the open one from that branch to that base; in both cases with its labels."""
    one = _open_one(session, new)
    if one is None:
        head = f"{new.fork.partition('/')[0]}:{new.branch}" if new.fork else new.branch
        title = f"WIP: {new.title}" if new.draft else new.title
        body = {"title": title, "head": head, "base": new.base, "body": new.body}
        answer = session.write("POST", "pulls", body=body, accept=_NO - {423})
        one = read(PullJson, answer.data) if answer.status not in _NO else _open_one(session, new)
        if one is None:
            what = f"Forgejo opens no pull request from {new.branch} to {new.base}"
            raise refused(what, answer.words, f"push {new.branch}, and check that it has commits that {new.base} lacks")
    return pull_of(_dressed(session, one, new))


def change_pull(session: Session, number: int, change: PullChange) -> Pull:
    """Change what is different of a pull request, and return it."""
    one = pull_json(session, number)
    pull = pull_of(one)
    draft = pull.draft if change.draft is None or pull.state is not PullState.OPEN else change.draft
    title = pull.title if change.title is None else change.title
    wanted: dict[str, object] = {}
    if (title, draft) != (pull.title, pull.draft):
        wanted["title"] = f"WIP: {title}" if draft else title
    if change.body is not None and change.body.strip() != (one.body or "").replace("\r\n", "\n").strip():
        wanted["body"] = change.body
    if change.base is not None and change.base != pull.base:
        wanted["base"] = change.base
    if change.state is not None and pull.state is not PullState.MERGED and change.state is not pull.state:
        wanted["state"] = "open" if change.state is PullState.OPEN else "closed"
    if not wanted:
        return pull
    answer = session.write("PATCH", "pulls", number, body=wanted, accept=_NO - {423})
    if answer.status in _NO:
        raise refused(f"Forgejo does not change pull request #{number}", answer.words)
    return pull_of(read(PullJson, answer.data))


def label_ids(session: Session, names: Collection[str]) -> list[int]:
    """Return the ids of labels; those that do not exist are created, as other forges do by themselves."""
    if not names:
        return []
    known = {one.name: one.id for one in read_all(Named, session.pages("labels"))}
    for name in names:
        if name not in known:
            made = session.write("POST", "labels", body={"name": name, "color": _LABEL_COLOR})
            known[name] = read(Named, made.data).id
    return [known[name] for name in names]


def _dressed(session: Session, one: PullJson, new: NewPull) -> PullJson:
    """Add labels, assignees, milestone and reviewers that are missing."""
    wanted: dict[str, Any] = {}
    labels = {label.name: label.id for label in one.labels or []}
    if missing := [name for name in new.labels if name not in labels]:
        wanted["labels"] = sorted({*labels.values(), *label_ids(session, missing)})
    people = [user.login for user in one.assignees or []]
    if {name.lower() for name in new.assignees} - {name.lower() for name in people}:
        wanted["assignees"] = sorted({*people, *new.assignees})
    if new.milestone and (one.milestone is None or one.milestone.title != new.milestone):
        wanted["milestone"] = _milestone(session, one.number, new.milestone)
    if wanted:
        one = read(PullJson, session.write("PATCH", "pulls", one.number, body=wanted).data)
    asked = {user.login.lower() for user in one.requested_reviewers or []}
    people = [name for name in new.reviewers if "/" not in name and name.lower() not in asked]
    teams = [name.partition("/")[2] for name in new.reviewers if "/" in name]
    if people or teams:
        body = {"reviewers": people, "team_reviewers": teams}
        answer = session.write("POST", "pulls", one.number, "requested_reviewers", body=body, accept={404, 422})
        if answer.status in _NO:
            names = ", ".join([*people, *teams])
            what = f"pull request #{one.number} is open, but Forgejo does not ask {names} for a review"
            raise refused(what, answer.words, "name reviewers who may read the repository, and not the author")
    return one


def _milestone(session: Session, number: int, title: str) -> int:
    for one in read_all(Named, session.pages("milestones", state="open", name=title)):
        if one.title == title:
            return one.id
    what = f"pull request #{number} is open, but without its milestone"
    hint = "create the milestone, or correct its title in the settings"
    raise refused(what, f"the repository has no open milestone `{title}`", hint)


def _open_one(session: Session, new: NewPull) -> PullJson | None:
    wanted = (new.branch, new.base, new.fork.lower())
    found = read_all(PullJson, session.pages("pulls", state="open", sort="recentupdate"))
    return next((one for one in found if (_branch(one), _base(one), _fork(one).lower()) == wanted), None)


def _branch(one: PullJson) -> str:
    return one.head.label or one.head.ref


def _base(one: PullJson) -> str:
    return one.base.label or one.base.ref


def _counts(session: Session, one: PullJson) -> bool:
    """Whether a pull request comes from the repository itself or from our own fork, not from a stranger's."""
    fork = _fork(one)
    return not fork or fork.partition("/")[0].lower() == session.login().lower()


def _fork(one: PullJson) -> str:
    """Return `owner/name` of the repository of the branch if it is another one; the name may be gone with it."""
    if one.head.repo is None or one.base.repo is None:
        return "?/?"
    return "" if one.head.repo.full_name == one.base.repo.full_name else one.head.repo.full_name


def _plain(title: str) -> str:
    found = _DRAFT.match(title)
    return title[found.end() :] if found else title
