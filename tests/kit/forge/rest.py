"""GitHub's REST interface over a scripted forge, as far as a program that opens and merges pull requests uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.kit.forge.records import DeniedError, Right
from tests.kit.forge.shapes import rules_of

from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import MergeMethod, PullState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.forge.shapes import Json, Shapes
    from tests.kit.forge.site import Site


@dataclass(frozen=True)
class Call:
    """One request to the interface."""

    who: str
    """The login of the token."""
    site: Site
    shapes: Shapes
    query: Mapping[str, str]
    body: Any

    def text(self, name: str, default: str = "") -> str:
        """Return a text of the body."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return value if isinstance(value, str) else default

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of texts of the body."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


Handler = Callable[..., tuple[int, Any]]
"""Takes the call and the parts of the path; returns status and JSON."""
ROUTES: list[tuple[str, re.Pattern[str], str, Handler]] = []
"""Method, path below the repository, the verb of the port that it serves, and what answers."""


def route(method: str, path: str, verb: str) -> Callable[[Handler], Handler]:
    """Register a handler. `{x}` is one part of the path, `{x*}` the rest of it, and `{x#}` a number."""
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    expression = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", expression)
    expression = re.sub(r"\{(\w+)#\}", r"(?P<\1>\\d+)", expression)

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, re.compile(expression), verb, handler))
        return handler

    return register


# The repository


@route("GET", "", "repository")
def _repository(call: Call) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    return 200, call.shapes.repository(call.who)


@route("GET", "/rules/branches/{branch*}", "rules")
def _rules(call: Call, branch: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    there = branch in call.site.commits.branches() and branch not in call.site.classic
    return 200, rules_of(call.site.protection(branch).rules) if there else []


@route("GET", "/branches/{branch*}/protection", "rules")
def _protection(call: Call, branch: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.ADMIN, write=False)
    del branch
    raise DeniedError(404, "Branch not protected", ForgeTrouble.NOT_FOUND)


@route("GET", "/branches/{branch*}", "rules")
def _branch(call: Call, branch: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    commit = call.site.commits.branches().get(branch)
    if commit is None:
        raise DeniedError(404, "Branch not found", ForgeTrouble.NOT_FOUND)
    classic = branch in call.site.classic
    names = list(call.site.protection(branch).rules.required) if classic else []
    checks = {"enforcement_level": "non_admins" if names else "off", "contexts": names, "checks": []}
    protection = {"enabled": classic, "required_status_checks": checks}
    return 200, {"name": branch, "commit": {"sha": commit}, "protected": classic, "protection": protection}


@route("GET", "/git/ref/heads/{branch*}", "branch")
def _ref(call: Call, branch: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    commit = call.site.commits.branches().get(branch)
    if commit is None:
        raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
    return 200, {"ref": f"refs/heads/{branch}", "object": {"sha": commit, "type": "commit"}}


@route("DELETE", "/git/refs/heads/{branch*}", "branch")
def _delete_ref(call: Call, branch: str) -> tuple[int, Any]:
    call.site.delete_branch(call.who, branch)
    return 204, None


@route("GET", "/compare/{basehead*}", "look")
def _compare(call: Call, basehead: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    branches = call.site.commits.branches()
    base, head = (branches.get(name.rpartition(":")[2], name) for name in basehead.split("..."))
    ahead, behind = call.site.commits.between(base, head), call.site.commits.between(head, base)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    said = status.get((bool(ahead), bool(behind)), "diverged")
    return 200, {"status": said, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead)}


@route("POST", "/forks", "fork")
def _fork(call: Call) -> tuple[int, Any]:
    return 202, call.shapes.repository(call.who, call.site.make_fork(call.who))


@route("GET", "/forks", "fork")
def _forks(call: Call) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    return 200, [call.shapes.repository(call.who, name) for name in call.site.forks]


@route("GET", "/milestones", "repository")
def _milestones(call: Call) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    return 200, [{"number": n, "title": title, "state": "open"} for n, title in enumerate(call.site.milestones, 1)]


# Pull requests


@route("GET", "/pulls", "pulls")
def _pulls(call: Call) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    call.site.update()
    state, head, base = call.query.get("state", "open"), call.query.get("head", ""), call.query.get("base", "")
    found = []
    for pull in call.site.pulls.values():
        owner = (pull.fork or call.site.name).partition("/")[0]
        wrong = (
            (state != "all" and (state == "open") != (pull.state is PullState.OPEN))
            or (":" in head and head != f"{owner}:{pull.branch}")  # without an owner it is ignored, as on GitHub
            or (base and base != pull.base)
        )
        if not wrong:
            found.append(pull)
    found.sort(key=lambda pull: pull.updated if call.query.get("sort") == "updated" else pull.created)
    if call.query.get("direction", "desc" if call.query.get("sort", "created") == "created" else "asc") == "desc":
        found.reverse()
    return 200, [call.shapes.pull(pull, viewer=call.who) for pull in found]


@route("POST", "/pulls", "open")
def _open(call: Call) -> tuple[int, Any]:
    owner, _, branch = call.text("head").rpartition(":")
    fork = ""
    if owner and owner != call.site.name.partition("/")[0]:
        fork = next((name for name in call.site.forks if name.startswith(f"{owner}/")), "")
        if not fork:
            raise DeniedError(422, "Validation Failed: PullRequest.head is invalid")
    draft = bool(call.body.get("draft", False))
    pull = call.site.open(
        call.who, branch, call.text("base"), call.text("title"), call.text("body"), draft=draft, fork=fork
    )
    return 201, call.shapes.pull(pull, viewer=call.who, whole=True)


@route("GET", "/pulls/{number#}", "look")
def _pull(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    call.site.update()
    return 200, call.shapes.pull(call.site.pull(int(number)), viewer=call.who, whole=True)


@route("PATCH", "/pulls/{number#}", "change")
def _change(call: Call, number: str) -> tuple[int, Any]:
    site, one = call.site, int(number)
    if call.body.get("title") is not None or call.body.get("body") is not None:
        site.edit(call.who, one, title=call.body.get("title"), body=call.body.get("body"))
    if call.text("state") == "open":
        site.reopen(call.who, one)
    if call.text("base"):
        site.retarget(call.who, one, call.text("base"))
    if call.text("state") == "closed":
        site.close(call.who, one)
    return 200, call.shapes.pull(site.pull(one), viewer=call.who, whole=True)


@route("POST", "/pulls/{number#}/requested_reviewers", "open")
def _reviewers(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.WRITE)
    pull, names = call.site.pull(int(number)), call.names("reviewers")
    if any(name not in call.site.members for name in names):
        raise DeniedError(422, "Reviews may only be requested from collaborators.")
    owner = call.site.name.partition("/")[0]
    wanted = [*names, *(f"{owner}/{slug}" for slug in call.names("team_reviewers"))]
    pull.reviewers += [name for name in wanted if name not in pull.reviewers]
    return 201, call.shapes.pull(pull, viewer=call.who)


@route("PUT", "/pulls/{number#}/merge", "merge")
def _merge(call: Call, number: str) -> tuple[int, Any]:
    site, one = call.site, int(number)
    pull = site.pull(one)
    method = MergeMethod(call.text("merge_method", "merge"))
    if pull.state is not PullState.OPEN:
        site.require(call.who, Right.WRITE)
        raise DeniedError(405, "Pull Request is not mergeable")
    made = site.merge(call.who, one, call.text("sha"), method)
    return 200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"}


@route("GET", "/pulls/{number#}/reviews", "look")
def _reviews(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    pull = call.site.pull(int(number))
    return 200, [call.shapes.review(pull, review) for review in pull.reviews]


@route("GET", "/pulls/{number#}/comments", "look")
def _remarks(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    pull = call.site.pull(int(number))
    return 200, [call.shapes.remark(pull, one, comment) for one in pull.threads for comment in one.comments]


@route("POST", "/pulls/{number#}/comments/{comment#}/replies", "reply")
def _reply(call: Call, number: str, comment: str) -> tuple[int, Any]:
    pull = call.site.pull(int(number))
    thread = next((one for one in pull.threads if one.comments[0].id == int(comment)), None)
    if thread is None:
        raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
    made = call.site.answer(call.who, pull.number, thread.id, call.text("body"))
    return 201, call.shapes.remark(pull, thread, made)


# Checks


def _page(call: Call, items: list[Json], key: str) -> Json:
    """Return one page of a list that is under a key beside its length."""
    size, page = int(call.query.get("per_page", "30")), int(call.query.get("page", "1"))
    return {"total_count": len(items), key: items[(page - 1) * size : page * size]}


def _commit(call: Call, ref: str) -> str:
    return call.site.commits.branches().get(ref, ref)


@route("GET", "/commits/{ref*}/check-runs", "look")
def _check_runs(call: Call, ref: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    found = [one for one in call.site.checks if one.commit == _commit(call, ref) and not one.status]
    if call.query.get("filter", "latest") == "latest":
        found = list({one.name: one for one in found}.values())
    return 200, _page(call, [call.shapes.check(one) for one in found[::-1]], "check_runs")


@route("GET", "/commits/{ref*}/status", "look")
def _status(call: Call, ref: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    found = {one.name: one for one in call.site.checks if one.commit == _commit(call, ref) and one.status}
    states = {call.shapes.status(one)["state"] for one in found.values()}
    failed = "failure" if states & {"failure", "error"} else ""
    said = failed or ("success" if states == {"success"} else "pending")
    return 200, {
        "state": said,
        "sha": ref,
        **_page(call, [call.shapes.status(one) for one in found.values()], "statuses"),
    }


@route("GET", "/check-runs/{check#}", "log")
def _check(call: Call, check: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    return 200, call.shapes.check(call.site.check(int(check)))


@route("GET", "/check-runs/{check#}/annotations", "log")
def _annotations(call: Call, check: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    found = []
    for text in call.site.check(int(check)).annotations:
        path, line, message = text.split(":", 2)
        place = {"path": path, "start_line": int(line), "end_line": int(line)}
        found.append({**place, "annotation_level": "failure", "title": None, "message": message.strip()})
    return 200, found


@route("GET", "/actions/jobs/{check#}/logs", "log")
def _job_log(call: Call, check: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    call.site.check(int(check))
    return 302, f"{call.shapes.url}/_logs/{check}"


@route("POST", "/check-runs/{check#}/rerequest", "rerun")
@route("POST", "/actions/jobs/{check#}/rerun", "rerun")
def _rerun(call: Call, check: str) -> tuple[int, Any]:
    if not call.site.rerun(call.who, int(check)):
        raise DeniedError(403, "This job cannot be retried", ForgeTrouble.FORBIDDEN)
    return 201, {}


# Issues, and comments below pull requests


@route("GET", "/issues", "issues")
def _issues(call: Call) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    state, creator = call.query.get("state", "open"), call.query.get("creator", "")
    labels = {name for name in call.query.get("labels", "").split(",") if name}
    every = [call.shapes.issue(one) for one in call.site.issues.values()]
    every += [call.shapes.issue_of_pull(one) for one in call.site.pulls.values()]
    found = [
        one
        for one in sorted(every, key=lambda one: -one["number"])
        if state in {"all", one["state"]}
        and creator in {"", one["user"]["login"]}
        and labels <= {label["name"] for label in one["labels"]}
    ]
    return 200, found


@route("POST", "/issues", "open_issue")
def _open_issue(call: Call) -> tuple[int, Any]:
    labels = call.names("labels") if call.site.member(call.who).right >= Right.WRITE else ()
    made = call.site.open_issue(call.who, call.text("title"), call.text("body"), labels)
    return 201, call.shapes.issue(made)


@route("GET", "/issues/{number#}", "issues")
def _issue(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    one = int(number)
    if one in call.site.issues:
        return 200, call.shapes.issue(call.site.issues[one])
    return 200, call.shapes.issue_of_pull(call.site.pull(one))


@route("PATCH", "/issues/{number#}", "close_issue")
def _change_issue(call: Call, number: str) -> tuple[int, Any]:
    one = int(number)
    if one in call.site.pulls:
        pull = call.site.pulls[one]
        call.site.require(call.who, Right.WRITE)
        pull.labels = list(call.names("labels")) or pull.labels
        pull.assignees = list(call.names("assignees")) or pull.assignees
        titles = dict(enumerate(call.site.milestones, 1))
        pull.milestone = titles.get(call.body.get("milestone"), pull.milestone)
        return 200, call.shapes.issue_of_pull(pull)
    if call.text("state") == "closed":
        call.site.close_issue(call.who, one)
    return _issue(call, number)


@route("POST", "/issues/{number#}/labels", "open")
def _labels(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.WRITE)
    there: Any = call.site.issues.get(int(number)) or call.site.pull(int(number))
    names = call.names("labels") or tuple(call.body if isinstance(call.body, list) else ())
    there.labels += [name for name in names if name not in there.labels]
    return 200, [{"name": name} for name in there.labels]


@route("POST", "/issues/{number#}/assignees", "open")
def _assignees(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.WRITE)
    pull = call.site.pull(int(number))
    pull.assignees += [n for n in call.names("assignees") if n in call.site.members and n not in pull.assignees]
    return 201, call.shapes.issue_of_pull(pull)


@route("GET", "/issues/{number#}/comments", "look")
def _comments(call: Call, number: str) -> tuple[int, Any]:
    call.site.require(call.who, Right.READ, write=False)
    one = int(number)
    there = call.site.issues[one].comments if one in call.site.issues else call.site.pull(one).below
    return 200, [call.shapes.comment(one, comment) for comment in there]


@route("POST", "/issues/{number#}/comments", "reply")
def _comment(call: Call, number: str) -> tuple[int, Any]:
    made = call.site.comment(call.who, int(number), call.text("body"))
    return 201, call.shapes.comment(int(number), made)
