"""Pull requests on GitHub: list, open and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges.github.models import Milestone, PullJson, read, read_all, read_list
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Pull, PullState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mission_cli.adapters.forges.github.session import Session
    from mission_cli.ports.git.forge import NewPull, PullChange

PAGE = 100
_UNPROCESSABLE = 422
_TO_DRAFT = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { clientMutationId } }"
_TO_READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"
MUTATIONS = (_TO_DRAFT, _TO_READY)


def pull_of(one: PullJson) -> Pull:
    """Return a pull request as facts."""
    merged = one.merged_at is not None
    state = PullState.MERGED if merged else PullState.OPEN if one.state == "open" else PullState.CLOSED
    return Pull(
        number=one.number,
        url=one.html_url,
        title=one.title,
        branch=one.head.ref,
        head=one.head.sha,
        base=one.base.ref,
        state=state,
        draft=bool(one.draft),
        locked=one.locked,
        body=one.body or "",
        updated=one.updated_at,
        merged_as=(one.merge_commit_sha or "") if merged else "",
        fork=_fork(one),
    )


def pulls_from(session: Session, branches: Collection[str]) -> Sequence[Pull]:
    """Return all pull requests from these branches of the repository or of our fork, newest first.

    One list shows the last changed ones. A branch that is not in it and may have an older pull request is asked for by
    name; as long as the list does not change, the answers to that still hold.
    """
    if not branches:
        return ()
    query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PAGE}
    answer = session.client.get(session.path("pulls"), query)
    recent = read_list(PullJson, answer.data)
    found = {one.number: one for one in recent if one.head.ref in branches}
    if len(recent) >= PAGE:
        for branch in sorted(set(branches) - {one.head.ref for one in found.values()}):
            found |= {one.number: one for one in _older(session, branch, answer.at)}
    ours = [pull_of(one) for one in found.values() if _counts(session, one)]
    return sorted(ours, key=lambda pull: -pull.number)


def children_of(session: Session, branch: str) -> Sequence[Pull]:
    """Return the open pull requests whose base is a branch, newest first."""
    query = {"state": "open", "base": branch, "per_page": PAGE}
    found = read_all(PullJson, session.client.pages(session.path("pulls"), query))
    return [pull_of(one) for one in found if one.base.ref == branch]


def pull_json(session: Session, number: int) -> PullJson:
    """Return a pull request as GitHub shows it alone."""
    return read(PullJson, session.get("pulls", number).data)


def open_pull(session: Session, new: NewPull) -> Pull:
    """Open a pull request, or return the open one from that branch to that base; in both cases with its labels."""
    one = _open_one(session, new)
    if one is None:
        body: dict[str, Any] = {"title": new.title, "head": _head(new), "base": new.base, "body": new.body}
        body |= {"draft": True} if new.draft else {}
        if new.fork:
            body |= {"head_repo": new.fork.partition("/")[2], "maintainer_can_modify": True}
        answer = session.client.write("POST", session.path("pulls"), body, accept={_UNPROCESSABLE})
        one = read(PullJson, answer.data) if answer.status != _UNPROCESSABLE else _open_one(session, new)
        if one is None:
            raise _not_opened(new, answer.words)
    _dress(session, one, new)
    return pull_of(one)


def change_pull(session: Session, number: int, change: PullChange) -> Pull:
    """Change what is different of a pull request, and return it."""
    one = pull_json(session, number)
    wanted: dict[str, object] = {}
    if change.title is not None and change.title != one.title:
        wanted["title"] = change.title
    if change.body is not None and change.body.strip() != (one.body or "").replace("\r\n", "\n").strip():
        wanted["body"] = change.body
    if change.base is not None and change.base != one.base.ref:
        wanted["base"] = change.base
    if change.state is not None and one.merged_at is None and change.state != one.state:
        wanted["state"] = "open" if change.state is PullState.OPEN else "closed"
    if wanted:
        one = read(PullJson, session.client.write("PATCH", session.path("pulls", number), wanted).data)
    pull = pull_of(one)
    if change.draft is None or change.draft == pull.draft or pull.state is not PullState.OPEN:
        return pull
    refused = session.mutate(_TO_DRAFT if change.draft else _TO_READY, {"id": one.node_id})
    if refused:
        what = "a draft" if change.draft else "ready for review"
        raise ForgeError(ForgeTrouble.REFUSED, f"pull request #{number} cannot be made {what}: {refused}")
    return replace(pull, draft=change.draft)


def _older(session: Session, branch: str, since: float) -> list[PullJson]:
    query = {"state": "all", "head": f"{session.owner}:{branch}", "per_page": PAGE}
    known = session.client.known(session.path("pulls"), query, since)
    data = session.client.get(session.path("pulls"), query).data if known is None else known
    return [one for one in read_list(PullJson, data) if one.head.ref == branch]


def _counts(session: Session, one: PullJson) -> bool:
    """Whether a pull request comes from the repository itself or from our own fork, not from a stranger's."""
    fork = _fork(one)
    return not fork or session.is_ours(fork.partition("/")[0])


def _fork(one: PullJson) -> str:
    """Return `owner/name` of the repository of the branch if it is another one; the name may be gone with it."""
    if one.head.repo is not None and one.base.repo is not None:
        return "" if one.head.repo.full_name == one.base.repo.full_name else one.head.repo.full_name
    return f"{one.head.user.login if one.head.user else '?'}/?"


def _head(new: NewPull) -> str:
    return f"{new.fork.partition('/')[0]}:{new.branch}" if new.fork else new.branch


def _open_one(session: Session, new: NewPull) -> PullJson | None:
    owner = new.fork.partition("/")[0] or session.owner
    query = {"state": "open", "head": f"{owner}:{new.branch}", "base": new.base, "per_page": PAGE}
    found = read_list(PullJson, session.client.get(session.path("pulls"), query).data)
    same = [one for one in found if one.head.ref == new.branch and one.base.ref == new.base and one.state == "open"]
    return next((one for one in same if _fork(one) == new.fork), None)


def _not_opened(new: NewPull, words: str) -> ForgeError:
    said = words.lower()
    hint = ""
    if "draft" in said:
        hint = "this repository has no drafts: turn drafts off in the settings"
    elif "no commits between" in said:
        hint = f"{new.branch} has nothing that {new.base} lacks"
    elif "head" in said:
        hint = f"push {new.branch} first"
    elif "base" in said:
        hint = f"push {new.base}, or name another base"
    what = f"GitHub opens no pull request from {new.branch} to {new.base}: {words or 'no reason is given'}"
    return ForgeError(ForgeTrouble.REFUSED, what, hint=hint)


def _dress(session: Session, one: PullJson, new: NewPull) -> None:
    """Add labels, assignees, milestone and reviewers that are missing."""
    labels = [label.name for label in one.labels]
    people = [user.login for user in one.assignees or []]
    wanted: dict[str, object] = {}
    if set(new.labels) - set(labels):
        wanted["labels"] = sorted({*labels, *new.labels})
    if {name.lower() for name in new.assignees} - {name.lower() for name in people}:
        wanted["assignees"] = sorted({*people, *new.assignees})
    if new.milestone and (one.milestone is None or one.milestone.title != new.milestone):
        wanted["milestone"] = _milestone(session, one.number, new.milestone)
    if wanted:
        session.client.write("PATCH", session.path("issues", one.number), wanted)
    for field, names in _missing_reviewers(one, new):
        answer = session.client.write(
            "POST", session.path("pulls", one.number, "requested_reviewers"), {field: names}, accept={_UNPROCESSABLE}
        )
        if answer.status == _UNPROCESSABLE:
            what = f"pull request #{one.number} is open, but GitHub does not ask {', '.join(names)} for a review"
            raise ForgeError(
                ForgeTrouble.REFUSED,
                f"{what}: {answer.words or 'no reason is given'}",
                hint="name reviewers who may read the repository, and not the author",
            )


def _missing_reviewers(one: PullJson, new: NewPull) -> Iterator[tuple[str, list[str]]]:
    asked = {user.login.lower() for user in one.requested_reviewers or []}
    teams = {team.slug.lower() for team in one.requested_teams or []}
    people = [name for name in new.reviewers if "/" not in name and name.lower() not in asked]
    slugs = [name.partition("/")[2] for name in new.reviewers if "/" in name]
    if people:
        yield "reviewers", people
    if missing := [slug for slug in slugs if slug.lower() not in teams]:
        yield "team_reviewers", missing


def _milestone(session: Session, number: int, title: str) -> int:
    query = {"state": "open", "per_page": PAGE}
    found = read_all(Milestone, session.client.pages(session.path("milestones"), query))
    for one in found:
        if one.title == title:
            return one.number
    raise ForgeError(
        ForgeTrouble.REFUSED,
        f"pull request #{number} is open, but the repository has no open milestone `{title}`",
        hint="create the milestone, or correct its title in the settings",
    )
