"""Every request that the adapter for GitHub sends is one of GitHub's own contract: REST by Prism, GraphQL by its schema.

Prism answers with the examples of the contract, so this also shows that they can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.forge.events import ADA
from tests.kit.forge.server import served, token_of
from tests.kit.forge.state import OURS
from tests.kit.forge.world import memory_world
from tests.kit.prism import Contract, github, wrong_queries

from mission_cli.adapters.forges.github import GitHub
from mission_cli.adapters.forges.remotes import Place, place_of
from mission_cli.domain.errors import ForgeError
from mission_cli.domain.forge.facts import (
    Account,
    Author,
    Check,
    CheckOutcome,
    Comment,
    Issue,
    Mergeable,
    Merged,
    MergeMethod,
    MergeOutcome,
    Pull,
    PullFacts,
    PullState,
    Repository,
    Review,
    ReviewState,
    Rules,
    Thread,
)
from mission_cli.ports.git.forge import NewIssue, NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
PULL = Pull(
    number=1347,
    url="https://github.com/octocat/Hello-World/pull/1347",
    title="Amazing new feature",
    branch="new-topic",
    head=HEAD,
    base="master",
    state=PullState.OPEN,
    locked=True,
    body="Please pull these awesome changes in!",
    updated="2011-01-26T19:01:12Z",
)
FAILED = Check("mighty_readme", CheckOutcome.FAILED, "run:4")
JOB = Check("test", CheckOutcome.FAILED, "job:4")


def still_open(data: Any) -> Any:
    """The examples are of a merged pull request."""
    for one in data if isinstance(data, list) else [data]:
        one |= {"merged_at": None, "state": "open", "draft": False, "mergeable_state": "clean", "auto_merge": None}
    return data


def unwrapped(data: Any) -> Any:
    """The example of one issue refers to another example as a whole, with its `value`."""
    return data["value"] if isinstance(data, dict) and "value" in data else data


def said(login: str, body: str, **more: Any) -> dict[str, Any]:
    """One comment or review as GraphQL shows it."""
    plain = {
        "databaseId": len(body),
        "body": body,
        "isMinimized": False,
        "authorAssociation": "MEMBER",
        "createdAt": "2011-01-26T19:01:12Z",
    }
    return {**plain, "author": {"__typename": "Bot" if login.endswith("-bot") else "User", "login": login}, **more}


LOOKED = {
    "title": "Amazing new feature", "body": "Please pull these awesome changes in!", "state": "OPEN", "isDraft": False,
    "locked": True, "updatedAt": "2011-01-26T19:01:12Z", "headRefName": "new-topic", "headRefOid": HEAD,
    "baseRefName": "master", "mergeable": "MERGEABLE", "mergeStateStatus": "BLOCKED", "isInMergeQueue": False,
    "mergeCommit": None, "autoMergeRequest": None, "baseRef": {"compare": {"behindBy": 2}},
    "latestOpinionatedReviews": {"nodes": [
        said("ada", "Please fix", state="CHANGES_REQUESTED", submittedAt="2011-01-26T19:06:43Z", commit={"oid": HEAD}),
    ]},
    "reviews": {"nodes": [said("ben", "", state="COMMENTED"), said("ben", "Nice", state="COMMENTED", authorAssociation="NONE")]},
    "reviewThreads": {"nodes": [{
        "path": "a.py", "line": None, "originalLine": 7, "isResolved": False, "isOutdated": True,
        "oldest": {"nodes": [said("ada", "Why?", state="SUBMITTED")]},
        "comments": {"nodes": [said("ada", "Why?", state="SUBMITTED"), said("octocat", "Done.\n\n<!-- mission:k1 -->\n", state="SUBMITTED"), said("ada", "A draft", state="PENDING")]},
    }]},
    "comments": {"nodes": [said("lint-bot", "2 warnings", authorAssociation="NONE"), said("eve", "<!-- mission:k1 -->"), said("eve", "spam", isMinimized=True)]},
}  # fmt: skip


def answer(query: str, variables: Mapping[str, Any]) -> Any:
    """GraphQL, as far as the adapter asks for it."""
    del variables
    viewer = {"viewer": {"login": "octocat"}}
    return {"data": {**viewer, "repository": {"pullRequest": LOOKED} if "pullRequest(" in query else None}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    with github(tmp_path_factory.mktemp("prism")) as contract:
        yield contract


@pytest.fixture
def contract(running: Contract) -> Contract:
    running.prefer = {}
    running.instead = {
        "GET /repos/octocat/Hello-World/pulls": still_open,
        "GET /repos/octocat/Hello-World/issues/": unwrapped,
    }
    running.graphql, running.stored = answer, b""
    running.front.asked.clear()
    running.violations.clear()
    running.queries.clear()
    return running


def forge(contract: Contract, folder: Path) -> GitHub:
    place = Place("github", "github.com", "octocat/Hello-World", contract.front.url)
    return GitHub(place, "ghp_" + "x" * 36, folder, sleep=lambda _: None)


def requests(contract: Contract) -> list[str]:
    """What was asked, without what is the same everywhere."""
    return [line.replace("/repos/octocat/Hello-World", "") for line in contract.front.lines]


FULL = NewPull("mission/m/1.1", "main", "Title", "Body", draft=True, labels=("mission",), reviewers=("ada", "octo/core"), assignees=("ben",), milestone="v1.0")  # fmt: skip
VERBS: dict[str, tuple[Callable[[GitHub], Any], Any, list[str]]] = {
    "account": (lambda f: f.account(), Account("octocat", kind="personal access token (classic)"), ["GET /user"]),
    "repository": (
        lambda f: f.repository(),
        Repository("octocat/Hello-World", "https://github.com/octocat/Hello-World", "master", methods=tuple(MergeMethod), deletes_branches=True),
        ["GET "],
    ),
    "rules": (
        lambda f: f.rules("release/1"),
        Rules(others=("commit_message_pattern", "commit_author_email_pattern")),
        ["GET /branches/release%2F1", "GET /rules/branches/release%2F1?per_page=100"],
    ),
    "pulls": (lambda f: f.pulls(["new-topic", "other"]), [PULL], ["GET /pulls?state=all&sort=updated&direction=desc&per_page=100"]),
    "no pulls": (lambda f: f.pulls(["other"]), [], ["GET /pulls?state=all&sort=updated&direction=desc&per_page=100"]),
    "children": (lambda f: f.children("master"), [PULL], ["GET /pulls?state=open&base=master&per_page=100"]),
    "look": (
        lambda f: f.look(PULL),
        PullFacts(
            PULL,
            checks=(
                Check("continuous-integration/jenkins", CheckOutcome.PASSED, url="https://ci.example.com/1000/output", detail="Build has completed successfully"),
                Check("mighty_readme", CheckOutcome.PASSED, "run:4", "https://github.com/github/hello-world/runs/4", "Mighty Readme report"),
                Check("security/brakeman", CheckOutcome.PASSED, url="https://ci.example.com/2000/output", detail="Testing has completed successfully"),
            ),
            reviews=(
                Review("10", Author("ada", trusted=True), ReviewState.CHANGES_REQUESTED, HEAD, "Please fix", "2011-01-26T19:06:43Z"),
                Review("4", Author("ben"), ReviewState.COMMENTED, "", "Nice"),
            ),
            threads=(
                Thread(
                    "review:4",
                    (
                        Comment("4", Author("ada", trusted=True), "Why?", "2011-01-26T19:01:12Z"),
                        Comment("27", Author("octocat", ours=True, trusted=True), "Done.", "2011-01-26T19:01:12Z", "k1"),
                    ),
                    "a.py",
                    7,
                    outdated=True,
                ),
                Thread(
                    "conversation",
                    (
                        Comment("10", Author("lint-bot", bot=True), "2 warnings", "2011-01-26T19:01:12Z"),
                        Comment("19", Author("eve", trusted=True), "<!-- mission:k1 -->", "2011-01-26T19:01:12Z"),
                    ),
                ),
            ),
            mergeable=Mergeable.YES,
            behind=True,
        ),
        ["POST /graphql", f"GET /commits/{HEAD}/check-runs?filter=latest&per_page=100", f"GET /commits/{HEAD}/status?per_page=100"],
    ),
    "open": (
        lambda f: f.open(FULL).number,
        1347,
        [
            "GET /pulls?state=open&head=octocat%3Amission%2Fm%2F1.1&base=main&per_page=100",
            "POST /pulls",
            "PATCH /issues/1347",
            "POST /pulls/1347/requested_reviewers",
            "POST /pulls/1347/requested_reviewers",
        ],
    ),
    "open from a fork": (
        lambda f: f.open(NewPull("topic", "main", "Title", "Body", fork="me/Hello-World")).number,
        1347,
        ["GET /pulls?state=open&head=me%3Atopic&base=main&per_page=100", "POST /pulls"],
    ),
    "open what is open": (
        lambda f: f.open(NewPull("new-topic", "master", "Title", "Body")),
        PULL,
        ["GET /pulls?state=open&head=octocat%3Anew-topic&base=master&per_page=100"],
    ),
    "change": (
        lambda f: f.change(1347, PullChange("New", "Text", "main", state=PullState.CLOSED)).number,
        1347,
        ["GET /pulls/1347", "PATCH /pulls/1347"],
    ),
    "change nothing": (
        lambda f: f.change(1347, PullChange(PULL.title, PULL.body, PULL.base, draft=False, state=PullState.OPEN)),
        PULL,
        ["GET /pulls/1347"],
    ),
    "make it a draft": (lambda f: f.change(1347, PullChange(draft=True)).draft, True, ["GET /pulls/1347", "POST /graphql"]),
    "reply in a thread": (
        lambda f: f.reply(1347, "review:1", "Done in 1234", "k"),
        True,
        ["GET /pulls/1347/comments?per_page=100", "POST /pulls/1347/comments/1/replies"],
    ),
    "reply below": (
        lambda f: f.reply(1347, "conversation", "Done", "k"),
        True,
        ["GET /issues/1347/comments?per_page=100", "POST /issues/1347/comments"],
    ),
    "merge": (
        lambda f: f.merge(1347, HEAD, MergeMethod.SQUASH),
        Merged(MergeOutcome.MERGED, HEAD),
        ["GET /pulls/1347", "PUT /pulls/1347/merge"],
    ),
    "merge by the queue": (
        lambda f: f.merge(1347, HEAD, MergeMethod.MERGE, queue=True),
        Merged(MergeOutcome.QUEUED),
        ["GET /pulls/1347", "POST /graphql"],
    ),
    "merge automatically": (
        lambda f: f.merge(1347, HEAD, MergeMethod.REBASE, auto=True),
        Merged(MergeOutcome.AUTO),
        ["GET /pulls/1347", "POST /graphql"],
    ),
    "merge another head": (
        lambda f: f.merge(1347, "0" * 40, MergeMethod.MERGE),
        Merged(MergeOutcome.MOVED, f"its head is {HEAD}"),
        ["GET /pulls/1347"],
    ),
    "log of a check run": (
        lambda f: f.log(FAILED).split("\n")[:3],
        ["README.md:2: warning: Spell Checker: Check your spelling for 'banaas'.", "Mighty Readme report", ""],
        ["GET /check-runs/4/annotations?per_page=50", "GET /check-runs/4"],
    ),
    "rerun a check run": (lambda f: f.rerun(FAILED), True, ["POST /check-runs/4/rerequest"]),
    "rerun a job": (lambda f: f.rerun(JOB), True, ["POST /actions/jobs/4/rerun"]),
    "rerun a status": (lambda f: f.rerun(Check("x", CheckOutcome.FAILED)), False, []),
    "fork": (lambda f: f.fork(), "octocat/Hello-World", ["POST /graphql", "GET ", "POST /forks"]),
    "open an issue": (
        lambda f: f.open_issue(NewIssue("m/1.1", "Title", "Body", ("bug",))),
        Issue(1347, "https://github.com/octocat/Hello-World/issues/1347", "Found a bug", key="m/1.1"),
        ["GET /issues?state=all&sort=created&direction=desc&per_page=100", "POST /issues"],
    ),
    "open issues, where the example is a pull request": (
        lambda f: f.issues(5),
        (),
        ["GET /issues?state=open&sort=created&direction=desc&per_page=100"],
    ),
    "close an issue": (
        lambda f: f.close_issue(1347, "Merged."),
        None,
        ["GET /issues/1347", "GET /issues/1347/comments?per_page=100", "POST /issues/1347/comments", "PATCH /issues/1347"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_requests_and_answers_are_those_of_the_contract(contract: Contract, tmp_path: Path, verb: str) -> None:
    does, expected, asked = VERBS[verb]
    one = forge(contract, tmp_path)
    found = does(one)
    assert (found, requests(contract), contract.violations) == (expected, asked, [])
    assert one.requests == len(asked)


def test_every_query_is_one_of_githubs_schema(contract: Contract, tmp_path: Path) -> None:
    contract.instead |= {
        "/branches/release": lambda data: data | {"protected": True} if isinstance(data, dict) else data
    }
    for does, _, asked in VERBS.values():
        if "POST /graphql" in asked or "GET /branches/release%2F1" in asked:
            does(forge(contract, tmp_path))
    one = forge(contract, tmp_path)
    one.change(1347, PullChange(draft=True))
    contract.instead["GET /repos/octocat/Hello-World/pulls/"] = lambda data: still_open(data) | {"draft": True}
    one.change(1347, PullChange(draft=False))
    sent = {" ".join(query["query"].split()).partition("{ ")[2][:35] for query in contract.queries}
    assert (sorted(sent), wrong_queries(contract.queries)) == (
        [
            "convertPullRequestToDraft(input: {p",
            "enablePullRequestAutoMerge(input: {",
            "enqueuePullRequest(input: {pullRequ",
            "markPullRequestReadyForReview(input",
            "repository(owner: $owner, name: $na",
            "viewer { login } repository(owner: ",
            "viewer { login } }",
        ],
        [],
    )


def test_the_end_of_a_jobs_log_is_read_where_it_is_stored(contract: Contract, tmp_path: Path) -> None:
    contract.stored = b"2024-01-01T00:00:00.1234567Z one\r\n2024-01-01T00:00:01.0Z \x1b[31mFAILED\x1b[0m test_x\r\n"
    assert forge(contract, tmp_path).log(JOB) == (
        "README.md:2: warning: Spell Checker: Check your spelling for 'banaas'.\none\nFAILED test_x"
    )
    assert requests(contract) == [
        "GET /check-runs/4/annotations?per_page=50",
        "GET /actions/jobs/4/logs",
        "GET /stored",
    ]
    assert contract.violations == []


def test_classic_protection_is_asked_for(contract: Contract, tmp_path: Path) -> None:
    def protected(data: Any) -> Any:
        return data | {
            "protected": True,
            "protection": {"required_status_checks": {"enforcement_level": "everyone", "contexts": ["build"]}},
        }

    rule = {"requiredApprovingReviewCount": 2, "requiredStatusCheckContexts": ["build", "lint"], "requiresCodeOwnerReviews": True, "requiresConversationResolution": True, "requiresLinearHistory": False, "requiresSignatures": False}  # fmt: skip
    contract.instead = {"/branches/main": lambda data: protected(data) if isinstance(data, dict) else []}
    contract.graphql = lambda _q, _v: {
        "data": {"repository": {"mergeQueue": {"id": "1"}, "ref": {"refUpdateRule": rule}}}
    }
    found = forge(contract, tmp_path).rules("main")
    assert found == Rules(required=("build", "lint"), approvals=2, code_owners=True, conversations=True, queue=True)
    assert (wrong_queries(contract.queries), contract.violations) == ([], [])


RESULT = "GET /repos/octocat/Hello-World/pulls/1347/merge-async/630b9d5e-3f2a-4f7e-8b0c-2d5f9a8c1e42"


@pytest.mark.parametrize(
    ("queue", "prefer", "found"),
    [
        (False, {}, Merged(MergeOutcome.MERGED, "6dcb09b5b57875f334f61aebed695e2e4193db5e")),
        (True, {"PUT ": "code=200, example=response-if-pull-request-is-already-enqueued"}, Merged(MergeOutcome.QUEUED, "Pull request is already in the merge queue.")),
        (False, {"PUT ": "code=400"}, Merged(MergeOutcome.REFUSED, "Pull request is closed.")),
        (False, {"PUT ": "code=409"}, Merged(MergeOutcome.MERGED, "6dcb09b5b57875f334f61aebed695e2e4193db5e")),
        (False, {RESULT: "example=response-if-the-merge-failed"}, Merged(MergeOutcome.REFUSED, "Merge conflict: the pull request could not be merged.")),
        (False, {RESULT: "example=response-if-the-merge-is-still-queued"}, Merged(MergeOutcome.QUEUED, "Merge request is in progress.")),
    ],
)  # fmt: skip
def test_the_lowest_of_a_stack_is_merged_in_the_background(
    contract: Contract, tmp_path: Path, prefer: dict[str, str], found: Merged, *, queue: bool
) -> None:
    def stacked(data: Any) -> Any:
        return still_open(data) | {"stack": {"base": {"ref": "master", "sha": HEAD}, "size": 2, "position": 1}}

    contract.instead = {
        "GET /repos/octocat/Hello-World/pulls/1347": lambda data: stacked(data) if "number" in data else data
    }
    contract.prefer = {**prefer, "PUT ": prefer.get("PUT ", "code=202")}
    contract.prefer.setdefault(RESULT, "example=response-if-the-merge-succeeded")
    assert (forge(contract, tmp_path).merge(1347, HEAD, MergeMethod.SQUASH, queue=queue), contract.violations) == (
        found,
        [],
    )
    assert requests(contract)[:2] == ["GET /pulls/1347", "PUT /pulls/1347/merge-async"]


@pytest.mark.parametrize(
    ("verb", "prefer", "found"),
    [
        ("merge", {"PUT ": "code=405"}, Merged(MergeOutcome.REFUSED, "Pull Request is not mergeable")),
        ("merge", {"PUT ": "code=409"}, Merged(MergeOutcome.MOVED, "Head branch was modified. Review and try the merge again.")),
        ("rerun a job", {"POST ": "code=403"}, "forbidden"),
        ("rerun a check run", {"POST ": "code=422"}, False),
        ("account", {"GET /user": "code=401"}, "unauthorized"),
        ("repository", {"GET ": "code=404"}, "not found"),
        ("rules", {"/branches/": "code=404"}, Rules()),
        ("look", {"/status": "code=404"}, "not found"),
        ("open from a fork", {"POST ": "code=403"}, "forbidden"),
        ("open from a fork", {"POST ": "code=422"}, "refused"),
        ("change", {"PATCH ": "code=422"}, "refused"),
        ("open", {"requested_reviewers": "code=422"}, "refused"),
        ("reply in a thread", {"POST ": "code=404"}, "not found"),
        ("reply below", {"POST ": "code=410"}, "not found"),
        ("open an issue", {"POST ": "code=410"}, "not found"),
        ("open an issue", {"POST ": "code=503"}, "unreachable"),
        ("fork", {"POST ": "code=403"}, "forbidden"),
    ],
)  # fmt: skip
def test_errors_of_the_contract(
    contract: Contract, tmp_path: Path, verb: str, prefer: dict[str, str], found: Any
) -> None:
    contract.prefer |= prefer
    try:
        outcome = VERBS[verb][0](forge(contract, tmp_path))
    except ForgeError as error:
        outcome = error.trouble.value
    assert (outcome, contract.violations) == (found, [])


def test_a_wrong_request_and_a_wrong_query_are_noticed(contract: Contract, tmp_path: Path) -> None:
    one = forge(contract, tmp_path)
    one._session.client.write("PUT", one._session.path("pulls", 1, "merge"), {"merge_method": "octopus"}, accept={422})  # noqa: SLF001 - a request that the adapter never sends
    assert contract.violations == [
        "PUT /repos/octocat/Hello-World/pulls/1/merge: request.body.merge_method: Request body property merge_method must be equal to one of the allowed values: merge, squash, rebase"
    ]
    assert wrong_queries([{"query": "query($n: Int!) { viewer { login(n: $n) phone } }", "variables": {"n": "x", "m": 1}}]) == [
        'query($n: Int!) { viewer { login(n: $n) phone } }: Unknown argument "n" on field "User.login".',
        'query($n: Int!) { viewer { login(n: $n) phone } }: Cannot query field "phone" on type "User".',
        'query($n: Int!) { viewer { login(n: $n) phone } }: Variable "$n" got invalid value "x"; Int cannot represent non-integer value: "x"',
        "query($n: Int!) { viewer { login(n: $n) phone } }: unknown variable m",
    ]  # fmt: skip


def test_a_whole_life_on_the_scripted_forge_is_valid_too(contract: Contract, tmp_path: Path) -> None:
    """The scripted forge accepts what its authors thought of; this compares its visitors with the contract."""
    world = memory_world()
    world.site.ci = {"build": None}
    world.site.set_rules("main", Rules(required=("build",), approvals=1, strict=True))
    with served(world) as server:
        place = place_of(server.remote, "github", server.url)
        assert place is not None
        one = GitHub(place, token_of(world, OURS), tmp_path, sleep=lambda _: None)
        issue = one.open_issue(NewIssue("m/1.1", "Title", "Text", ("mission",)))
        world.people.commit("topic/1", OURS, start="main", c_txt="c\n")
        pull = one.open(
            NewPull("topic/1", "main", "Add c", f"Closes #{issue.number}", labels=("mission",), reviewers=(ADA,))
        )
        world.people.fail(pull.number, "build", "line\n", "c.txt:1: wrong")
        world.people.remark(pull.number, ADA, "c.txt", 1, "Why?")
        seen = one.look(one.pulls(["topic/1"])[0])
        one.log(seen.checks[0])
        one.rerun(seen.checks[0])
        for thread in seen.threads:
            one.reply(pull.number, thread.id, "Because.", "k")
        world.people.check(pull.number, "build")
        world.people.approve(pull.number, ADA)
        assert one.look(pull, seen).checks[0].outcome is CheckOutcome.PASSED
        one.change(pull.number, PullChange(title="Add c, now"))
        done = one.merge(pull.number, pull.head, MergeMethod.SQUASH)
        assert done.outcome is MergeOutcome.MERGED
        one.close_issue(issue.number, "Merged.")
        one.rules("main")
        assert (contract.check(server.asked), len(server.asked) > 20) == ([], True)
