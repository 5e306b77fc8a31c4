"""What the adapter for GitHub makes of answers, against a real server on loopback."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.loopback import Asked, Loopback, Reply, loopback
from tests.kit.nightly import NIGHTLY

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges.github import GitHub
from mission_cli.adapters.forges.github.account import token_kind
from mission_cli.adapters.forges.marks import write
from mission_cli.adapters.forges.remotes import Place
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import (
    Account,
    Check,
    CheckOutcome,
    Mergeable,
    Merged,
    MergeMethod,
    MergeOutcome,
    Pull,
    PullFacts,
    PullState,
    Repository,
    Rules,
    Thread,
)
from mission_cli.ports.git.forge import Forge, NewIssue, NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD, OTHER = "a" * 40, "b" * 40
TOKEN = "ghp_" + "x" * 36
R = "/repos/o/r"
LIST = f"GET {R}/pulls?state=all&sort=updated&direction=desc&per_page=100"


class Hub:
    """GitHub as far as a test says: replies by `METHOD /path`, with or without the query."""

    def __init__(self, server: Loopback, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.replies: dict[str, Any] = {}
        self.data: dict[str, Any] = {"viewer": {"login": "us"}}
        """What GraphQL answers, whatever is asked."""
        self.errors: list[dict[str, Any]] = []
        server.answer = self._answer

    def forge(self, token: str = TOKEN, **environment: str) -> Forge:
        """Return a forge as a new process has it."""
        place = Place("github", "github.com", "o/r", self.server.url)
        return GitHub(place, token, self.folder, environment=environment, sleep=lambda _: None)

    def asked(self) -> list[str]:
        """Return what was asked since the last time, without what is the same everywhere."""
        lines = [line.replace(R, "") for line in self.server.lines]
        self.server.asked.clear()
        return lines

    def sent(self, start: str) -> list[Any]:
        """Return the bodies of the requests that start so."""
        return [one.json for one in self.server.asked if f"{one.method} {one.path}".startswith(start)]

    def _answer(self, asked: Asked) -> Reply:
        line = f"{asked.method} {asked.path}"
        if line == "POST /graphql":
            return Reply(200, {"data": self.data, **({"errors": self.errors} if self.errors else {})})
        found = self.replies.get(line, self.replies.get(line.partition("?")[0], Reply(404, {"message": "Not Found"})))
        if isinstance(found, Reply):
            return found
        etag = f'"{hash(json.dumps(found))}"'
        return Reply(304) if asked.headers.get("if-none-match") == etag else Reply(200, found, {"ETag": etag})


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with loopback(lambda _: Reply(500)) as server:
        yield Hub(server, tmp_path)


def one_pull(number: int = 1, branch: str = "topic", owner: str = "o", **more: Any) -> dict[str, Any]:
    """Return a pull request as REST shows it."""
    repo = {"full_name": f"{owner}/r"}
    return {
        "number": number, "node_id": f"N{number}", "html_url": f"https://github.com/o/r/pull/{number}", "title": "Title", "body": "Body",
        "state": "open", "draft": False, "locked": False, "updated_at": "2026-01-01T00:00:00Z", "merged_at": None, "merge_commit_sha": OTHER,
        "head": {"ref": branch, "sha": HEAD, "user": {"login": owner}, "repo": repo}, "base": {"ref": "main", "sha": OTHER, "repo": {"full_name": "o/r"}},
        "labels": [], "assignees": [], "requested_reviewers": [], "requested_teams": [], "milestone": None, "auto_merge": None,
        "mergeable": True, "mergeable_state": "clean", **more,
    }  # fmt: skip


PULL = Pull(1, "https://github.com/o/r/pull/1", "Title", "topic", HEAD, "main", PullState.OPEN, body="Body", updated="2026-01-01T00:00:00Z")  # fmt: skip


def pull_data(**more: Any) -> dict[str, Any]:
    """Return a pull request as GraphQL shows it."""
    none: dict[str, Any] = {"nodes": []}
    found = {
        "title": "Title", "body": "Body", "state": "OPEN", "isDraft": False, "locked": False, "updatedAt": "2026-01-01T00:00:00Z",
        "headRefName": "topic", "headRefOid": HEAD, "baseRefName": "main", "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN",
        "isInMergeQueue": False, "mergeCommit": None, "autoMergeRequest": None, "baseRef": None, "latestOpinionatedReviews": none,
        "reviews": none, "reviewThreads": none, "comments": none, **more,
    }  # fmt: skip
    return {"viewer": {"login": "us"}, "repository": {"pullRequest": found}}


def run(
    number: int, name: str = "build", status: str = "completed", conclusion: str | None = "success", **more: Any
) -> dict[str, Any]:
    return {"id": number, "name": name, "status": status, "conclusion": conclusion, "html_url": f"u{number}", "started_at": "t", "app": {"slug": "github-actions"}, "output": {}, **more}  # fmt: skip


def with_checks(hub: Hub, runs: list[Any], statuses: list[Any], head: str = HEAD) -> None:
    hub.replies[f"GET {R}/commits/{head}/check-runs"] = {"total_count": len(runs), "check_runs": runs}
    hub.replies[f"GET {R}/commits/{head}/status"] = {"state": "x", "statuses": statuses}


def trouble(does: Callable[[], object]) -> tuple[ForgeTrouble, str, str]:
    with pytest.raises(ForgeError) as found:
        does()
    return found.value.trouble, str(found.value), str(found.value.hint)


# Lists


def test_a_list_that_did_not_change_is_one_request(hub: Hub) -> None:
    hub.replies[f"GET {R}/pulls"] = [
        one_pull(1),
        one_pull(2, "other"),
        one_pull(3, state="closed"),
        one_pull(4, merged_at="t", state="closed"),
    ]
    first = hub.forge().pulls(["topic"])
    assert [(one.number, one.state, one.merged_as) for one in first] == [
        (4, PullState.MERGED, OTHER),
        (3, PullState.CLOSED, ""),
        (1, PullState.OPEN, ""),
    ]
    assert first[2] == PULL
    again = hub.forge()
    assert (again.pulls(["topic"]), again.requests, hub.asked()) == (first, 1, [LIST.replace(R, "")] * 2)


def test_a_strangers_branch_of_the_same_name_is_not_ours(hub: Hub) -> None:
    hub.replies[f"GET {R}/pulls"] = [one_pull(1), one_pull(2, owner="eve"), one_pull(3, owner="us")]
    gone = one_pull(4, owner="eve")
    gone["head"]["repo"] = None
    hub.replies[f"GET {R}/pulls"].append(gone)
    assert [(one.number, one.fork) for one in hub.forge().pulls(["topic"])] == [(3, "us/r"), (1, "")]


def test_an_older_pull_request_is_asked_for_by_branch_until_the_list_changes(hub: Hub) -> None:
    recent = [one_pull(number, f"b{number}") for number in range(200, 300)]
    old = {name: f"GET {R}/pulls?state=all&head=o%3A{name}&per_page=100" for name in ("topic", "none", "late")}
    hub.replies |= {LIST: recent, old["topic"]: [one_pull(1)], old["none"]: [], old["late"]: []}
    assert [one.number for one in hub.forge().pulls(["topic", "none", "b250"])] == [250, 1]
    assert len(hub.asked()) == 3
    assert [one.number for one in hub.forge().pulls(["topic", "none", "b250"])] == [250, 1]
    assert hub.asked() == [LIST.replace(R, "")], "nothing has changed"
    recent[0] |= {"updated_at": "later"}
    assert [one.number for one in hub.forge().pulls(["topic"])] == [1]
    assert len(hub.asked()) == 2
    hub.replies[old["none"]] = [one_pull(2, "none")]
    assert [one.number for one in hub.forge().pulls(["none"])] == [2], "what was known is older than the list"


def test_what_cannot_be_fetched_is_never_an_empty_list(hub: Hub) -> None:
    for reply in (
        Reply(500),
        Reply(200, {"message": "x"}),
        Reply(200, [{"number": "x"}]),
        Reply(200, "text"),
        Reply(0),
    ):
        hub.replies[f"GET {R}/pulls"] = reply
        assert trouble(lambda: hub.forge().pulls(["topic"]))[0] is ForgeTrouble.UNREACHABLE, reply
    hub.replies[f"GET {R}/pulls"] = [one_pull(head=None)]
    assert trouble(lambda: hub.forge().pulls(["topic"])) == (
        ForgeTrouble.UNREACHABLE,
        "the answer of GitHub cannot be read: it does not have the expected form at head",
        "check the base URL, and whether a proxy or a login page answers instead",
    )


def test_text_that_no_encoding_can_express_is_replaced(hub: Hub) -> None:
    hub.replies[f"GET {R}/pulls"] = Reply(200, json.dumps([one_pull(title="a\ud800b")]).encode())
    assert hub.forge().pulls(["topic"])[0].title == "a?b"


# One pull request


def test_a_look_without_news_is_three_conditional_requests(hub: Hub) -> None:
    hub.data = pull_data()
    hub.replies[f"GET {R}/pulls/1"] = one_pull()
    with_checks(hub, [run(1)], [])
    seen = hub.forge().look(PULL)
    assert seen == PullFacts(PULL, (Check("build", CheckOutcome.PASSED, "job:1", "u1"),), mergeable=Mergeable.YES)
    assert [line.partition("?")[0] for line in hub.asked()] == [
        "POST /graphql",
        f"GET /commits/{HEAD}/check-runs",
        f"GET /commits/{HEAD}/status",
    ]
    assert hub.forge().look(PULL, seen) == seen
    assert [line.partition("?")[0] for line in hub.asked()] == [
        "GET /pulls/1",
        f"GET /commits/{HEAD}/check-runs",
        f"GET /commits/{HEAD}/status",
    ]
    hub.replies[f"GET {R}/pulls/1"] = one_pull(mergeable=False, mergeable_state="dirty", auto_merge={})
    with_checks(hub, [run(1, conclusion="failure")], [])
    assert hub.forge().look(PULL, seen) == replace(
        seen,
        checks=(Check("build", CheckOutcome.FAILED, "job:1", "u1"),),
        mergeable=Mergeable.CONFLICTS,
        auto_merge=True,
    )
    hub.replies[f"GET {R}/pulls/1"] = one_pull(mergeable_state="behind")
    assert hub.forge().look(PULL, seen).behind is True
    hub.asked()
    for before in (
        replace(seen, pull=replace(PULL, updated="earlier")),
        replace(seen, mergeable=Mergeable.UNKNOWN),
        replace(seen, queued=True),
        replace(seen, threads=(Thread("review:1", (), "a.py"),)),
    ):
        hub.forge().look(PULL, before)
        assert hub.asked()[0] == "POST /graphql", "more than checks can have changed"


def test_checks_are_those_of_the_head_that_is_there_now(hub: Hub) -> None:
    hub.data = pull_data(
        headRefOid=OTHER,
        state="MERGED",
        mergeCommit={"oid": "c" * 40},
        mergeStateStatus="DIRTY",
        locked=True,
        autoMergeRequest={},
    )
    with_checks(hub, [run(2)], [], OTHER)
    seen = hub.forge().look(PULL)
    assert seen.pull == replace(PULL, head=OTHER, state=PullState.MERGED, merged_as="c" * 40, locked=True)
    assert (seen.mergeable, seen.auto_merge, [one.id for one in seen.checks]) == (Mergeable.CONFLICTS, True, ["job:2"])


def test_what_a_person_says_with_the_account_of_the_token_is_theirs(hub: Hub) -> None:
    """Somebody who works alone gives us their own token, and comments on our pull requests with the same account."""
    said = {"databaseId": 1, "authorAssociation": "OWNER", "author": {"__typename": "User", "login": "us"}}
    bodies = ["Rename it, please.", write("Done.", "k"), "<!-- mission:k -->, really"]
    hub.data = pull_data(comments={"nodes": [said | {"body": body} for body in bodies]})
    with_checks(hub, [], [])
    [thread] = hub.forge().look(PULL).threads
    assert [(one.text, one.key, one.author.ours, one.author.trusted) for one in thread.comments] == [
        ("Rename it, please.", "", False, True),
        ("Done.", "k", True, True),
        ("<!-- mission:k -->, really", "", False, True),
    ]


@pytest.mark.parametrize(
    ("status", "conclusion", "started", "outcome"),
    [
        ("queued", None, None, "pending"), ("in_progress", None, "t", "pending"), ("requested", None, None, "pending"), ("pending", None, None, "pending"),
        ("waiting", None, None, "action"), ("completed", "success", "t", "passed"), ("completed", "neutral", "t", "passed"), ("completed", "skipped", "t", "passed"),
        ("completed", "failure", "t", "failed"), ("completed", "timed_out", "t", "failed"), ("completed", "timed_out", None, "infrastructure"),
        ("completed", "cancelled", "t", "infrastructure"), ("completed", "stale", "t", "infrastructure"), ("completed", "startup_failure", None, "infrastructure"),
        ("completed", "action_required", "t", "action"), ("completed", None, "t", "failed"), ("completed", "new", "t", "failed"),
    ],
)  # fmt: skip
def test_states_of_check_runs(hub: Hub, status: str, conclusion: str | None, started: str | None, outcome: str) -> None:
    hub.data = pull_data()
    with_checks(hub, [run(1, status=status, conclusion=conclusion, started_at=started)], [])
    assert [one.outcome.value for one in hub.forge().look(PULL).checks] == [outcome]


def test_the_newest_check_of_a_name_counts_and_of_run_and_status_the_worse(hub: Hub) -> None:
    hub.data = pull_data()
    states = [
        {"context": name, "state": state}
        for name, state in (("a", "success"), ("b", "failure"), ("c", "success"), ("d", "pending"), ("e", "error"))
    ]
    with_checks(
        hub,
        [
            run(9, "a", conclusion="failure"),
            run(3, "a"),
            run(4, "b"),
            run(5, "c", app={"slug": "x"}, details_url="d", html_url=None),
        ],
        states,
    )
    assert [(one.name, one.outcome.value, one.id, one.url) for one in hub.forge().look(PULL).checks] == [
        ("a", "failed", "job:9", "u9"),
        ("b", "failed", "", ""),
        ("c", "passed", "", ""),
        ("d", "pending", "", ""),
        ("e", "infrastructure", "", ""),
    ]


def test_all_checks_are_seen_however_many_there_are(hub: Hub) -> None:
    hub.data = pull_data()
    with_checks(hub, [], [])
    first = f"{R}/commits/{HEAD}/check-runs?filter=latest&per_page=100"
    hub.replies[f"GET {first}"] = Reply(
        200, {"check_runs": [run(1, "a")]}, {"Link": f'<{hub.server.url}{first}&page=2>; rel="next"'}
    )
    hub.replies[f"GET {first}&page=2"] = {"check_runs": [run(2, "b")]}
    assert [one.name for one in hub.forge().look(PULL).checks] == ["a", "b"]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (Reply(403, {"message": "This workflow run cannot be retried"}), False),
        (Reply(422, {"message": "not rerequestable"}), False),
        (Reply(201, {}), True),
        (Reply(403, {"message": "Resource not accessible by personal access token"}), "forbidden"),
        (Reply(404, {"message": "Not Found"}), "not found"),
    ],
)
def test_a_run_that_cannot_run_again_is_no_error_and_a_lacking_right_is_one(
    hub: Hub, reply: Reply, found: object
) -> None:
    hub.replies[f"POST {R}/actions/jobs/7/rerun"] = reply
    try:
        outcome: object = hub.forge().rerun(Check("x", CheckOutcome.FAILED, "job:7"))
    except ForgeError as error:
        outcome = error.trouble.value
    assert outcome == found


def test_annotations_remain_when_the_log_is_gone(hub: Hub) -> None:
    hub.replies[f"GET {R}/check-runs/7/annotations"] = [
        {
            "path": ".github",
            "start_line": 1,
            "annotation_level": "failure",
            "message": "Process\ncompleted with exit code 1.",
        }
    ]
    hub.replies[f"GET {R}/actions/jobs/7/logs"] = Reply(410, {"message": "Gone"})
    assert hub.forge().log(Check("x", CheckOutcome.FAILED, "job:7")) == "failure: Process completed with exit code 1."


# Opening and changing


def test_labels_and_people_that_a_lost_answer_cost_are_added(hub: Hub) -> None:
    there = one_pull(labels=[{"name": "a"}], requested_reviewers=[{"login": "Ada"}], assignees=[{"login": "ben"}])
    hub.replies |= {f"GET {R}/pulls": [there], f"GET {R}/milestones": [{"number": 7, "title": "v1"}]}
    hub.replies |= {f"PATCH {R}/issues/1": {}, f"POST {R}/pulls/1/requested_reviewers": {}}
    new = NewPull(
        "topic",
        "main",
        "T",
        "B",
        labels=("a", "b"),
        reviewers=("ada", "eve", "o/core"),
        assignees=("ben",),
        milestone="v1",
    )
    assert hub.forge().open(new) == PULL
    assert hub.sent("PATCH") == [{"labels": ["a", "b"], "milestone": 7}]
    assert hub.sent("POST") == [{"reviewers": ["eve"]}, {"team_reviewers": ["core"]}]


def test_two_that_open_at_once_get_the_same(hub: Hub) -> None:
    lists = iter([[], [one_pull()]])
    answer = hub.server.answer
    hub.server.answer = lambda asked: Reply(200, next(lists)) if asked.method == "GET" else answer(asked)
    hub.replies[f"POST {R}/pulls"] = Reply(
        422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for o:topic."}]}
    )
    assert hub.forge().open(NewPull("topic", "main", "T", "B")) == PULL


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("No commits between main and topic", "topic has nothing that main lacks"),
        (
            "Draft pull requests are not supported in this repository.",
            "this repository has no drafts: turn drafts off in the settings",
        ),
        ("PullRequest head invalid", "push topic first"),
        ("PullRequest base invalid", "push main, or name another base"),
        ("Something else", ""),
    ],
)
def test_what_is_not_opened_says_why(hub: Hub, words: str, hint: str) -> None:
    hub.replies |= {f"GET {R}/pulls": [], f"POST {R}/pulls": Reply(422, {"message": words})}
    assert trouble(lambda: hub.forge().open(NewPull("topic", "main", "T", "B", draft=True))) == (
        ForgeTrouble.REFUSED,
        f"GitHub opens no pull request from topic to main: {words}",
        hint,
    )


def test_reviewers_and_milestones_that_do_not_exist_are_named(hub: Hub) -> None:
    hub.replies |= {f"GET {R}/pulls": [one_pull()], f"GET {R}/milestones": []}
    hub.replies[f"POST {R}/pulls/1/requested_reviewers"] = Reply(
        422, {"message": "Reviews may only be requested from collaborators."}
    )
    new = NewPull("topic", "main", "T", "B")
    assert [trouble(lambda new=one: hub.forge().open(new)) for one in (replace(new, reviewers=("eve",)), replace(new, milestone="v1"))] == [  # type: ignore[misc]  # mypy cannot infer the default of a lambda
        (
            ForgeTrouble.REFUSED,
            "pull request #1 is open, but GitHub does not ask eve for a review: Reviews may only be requested from collaborators.",
            "name reviewers who may read the repository, and not the author",
        ),
        (
            ForgeTrouble.REFUSED,
            "pull request #1 is open, but the repository has no open milestone `v1`",
            "create the milestone, or correct its title in the settings",
        ),
    ]  # fmt: skip


def test_only_what_is_different_is_changed(hub: Hub) -> None:
    hub.replies |= {
        f"GET {R}/pulls/1": one_pull(body="Body\r\n"),
        f"PATCH {R}/pulls/1": one_pull(title="New", state="closed"),
    }
    forge = hub.forge()
    assert (
        forge.change(1, PullChange(title="Title", body="Body", base="main", draft=False, state=PullState.OPEN)).number
        == 1
    )
    assert hub.sent("PATCH") == []
    assert forge.change(1, PullChange(title="New", state=PullState.CLOSED)).state is PullState.CLOSED
    assert hub.sent("PATCH") == [{"title": "New", "state": "closed"}]
    hub.replies[f"GET {R}/pulls/1"] = one_pull(merged_at="t", state="closed")
    assert forge.change(1, PullChange(state=PullState.OPEN, draft=True)).state is PullState.MERGED
    assert len(hub.sent("PATCH")) == 1


def test_a_draft_that_github_refuses_is_said(hub: Hub) -> None:
    hub.replies[f"GET {R}/pulls/1"] = one_pull()
    hub.errors = [{"type": "UNPROCESSABLE", "message": "Drafts are not\nsupported"}]
    assert trouble(lambda: hub.forge().change(1, PullChange(draft=True)))[:2] == (
        ForgeTrouble.REFUSED,
        "pull request #1 cannot be made a draft: Drafts are not supported",
    )


# Merging


@pytest.mark.parametrize(
    ("state", "merged"),
    [("clean", True), ("unstable", True), ("has_hooks", True), ("blocked", False), ("behind", False), ("dirty", False), ("draft", False), ("new", False)],
)  # fmt: skip
def test_nothing_is_sent_unless_the_rules_are_met_even_for_an_administrator(
    hub: Hub, state: str, *, merged: bool
) -> None:
    hub.replies |= {
        f"GET {R}/pulls/1": one_pull(mergeable_state=state),
        f"PUT {R}/pulls/1/merge": {"merged": True, "sha": OTHER},
    }
    done = hub.forge().merge(1, HEAD, MergeMethod.SQUASH)
    assert done.outcome is (MergeOutcome.MERGED if merged else MergeOutcome.REFUSED)
    assert hub.sent("PUT") == ([{"sha": HEAD, "merge_method": "squash"}] if merged else [])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"merged_at": "t", "state": "closed"}, Merged(MergeOutcome.MERGED, OTHER)),
        ({"state": "closed"}, Merged(MergeOutcome.REFUSED, "it is closed")),
        ({"draft": True}, Merged(MergeOutcome.REFUSED, "it is a draft")),
        ({"mergeable_state": "blocked"}, Merged(MergeOutcome.REFUSED, "a rule of the branch is not met")),
    ],
)
def test_a_merge_looks_first(hub: Hub, more: dict[str, Any], expected: Merged) -> None:
    hub.replies[f"GET {R}/pulls/1"] = one_pull(**more)
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE) == expected
    moved = hub.forge().merge(1, OTHER, MergeMethod.MERGE)
    assert moved.outcome is (MergeOutcome.REFUSED if expected.detail == "it is closed" else MergeOutcome.MOVED)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(405, {"message": "At least 1 approving review is required"}), Merged(MergeOutcome.REFUSED, "At least 1 approving review is required")),
        (Reply(409, {"message": "Head branch was modified. Review and try the merge again."}), Merged(MergeOutcome.MOVED, "Head branch was modified. Review and try the merge again.")),
        (Reply(200, {"merged": False, "message": "later"}), Merged(MergeOutcome.REFUSED, "later")),
    ],
)  # fmt: skip
def test_a_refused_merge_is_an_answer(hub: Hub, reply: Reply, expected: Merged) -> None:
    hub.replies |= {f"GET {R}/pulls/1": one_pull(), f"PUT {R}/pulls/1/merge": reply}
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE) == expected


def test_what_github_has_not_computed_yet_is_asked_again(hub: Hub) -> None:
    states = iter(["unknown", "clean", "unknown", "unknown", "unknown"])
    answer = hub.server.answer
    hub.server.answer = lambda asked: (
        Reply(200, one_pull(mergeable_state=next(states))) if asked.method == "GET" else answer(asked)
    )
    hub.replies[f"PUT {R}/pulls/1/merge"] = {"merged": True, "sha": OTHER}
    forge = hub.forge()
    assert forge.merge(1, HEAD, MergeMethod.MERGE) == Merged(MergeOutcome.MERGED, OTHER)
    assert trouble(lambda: forge.merge(1, HEAD, MergeMethod.MERGE))[:2] == (
        ForgeTrouble.UNREACHABLE,
        "GitHub has not computed yet whether pull request #1 can be merged",
    )
    assert hub.asked() == ["GET /pulls/1", "GET /pulls/1", "PUT /pulls/1/merge", *["GET /pulls/1"] * 3]


@pytest.mark.parametrize(
    ("more", "sent", "expected"),
    [
        ({"stack": {"size": 3, "position": 2}}, [], Merged(MergeOutcome.REFUSED, "it is number 2 of a stack: merge what is below first")),
        ({"stack": {"size": 3, "position": 1}, "mergeable_state": "blocked"}, [], Merged(MergeOutcome.REFUSED, "a rule of the branch is not met")),
        ({"stack": {"size": 2, "position": 1}}, [{"sha": HEAD, "merge_method": "merge", "merge_action": "direct_merge"}], Merged(MergeOutcome.MOVED, f"{OTHER} is being merged")),
    ],
)  # fmt: skip
def test_nothing_that_was_not_judged_is_merged_with_a_stack(
    hub: Hub, more: dict[str, Any], sent: list[Any], expected: Merged
) -> None:
    hub.replies[f"GET {R}/pulls/1"] = one_pull(**more)
    hub.replies[f"PUT {R}/pulls/1/merge-async"] = Reply(
        409, {"status": "pending", "details": {"message": "m", "uuid": "u", "expected_head_sha": OTHER}}
    )
    assert (hub.forge().merge(1, HEAD, MergeMethod.MERGE), hub.sent("PUT")) == (expected, sent)


def test_a_base_that_moves_during_the_merge_is_no_refusal(hub: Hub) -> None:
    words = "Base branch was modified. Review and try the merge again."
    replies = iter([Reply(409, {"message": words}), Reply(200, {"merged": True, "sha": OTHER})])
    answer = hub.server.answer
    hub.server.answer = lambda asked: next(replies) if asked.method == "PUT" else answer(asked)
    hub.replies[f"GET {R}/pulls/1"] = one_pull()
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE) == Merged(MergeOutcome.MERGED, OTHER)


@pytest.mark.parametrize(
    ("words", "queue", "auto"),
    [
        ("", MergeOutcome.QUEUED, MergeOutcome.AUTO),
        ("Pull request is already in the queue", MergeOutcome.QUEUED, MergeOutcome.REFUSED),
        ("Pull request Auto merge is already enabled", MergeOutcome.REFUSED, MergeOutcome.AUTO),
        ("Head branch was modified. Review and try again.", MergeOutcome.MOVED, MergeOutcome.MOVED),
        ("Pull request is in clean status", MergeOutcome.REFUSED, MergeOutcome.REFUSED),
    ],
)
def test_the_queue_and_auto_merge(hub: Hub, words: str, queue: MergeOutcome, auto: MergeOutcome) -> None:
    hub.replies[f"GET {R}/pulls/1"] = one_pull(mergeable_state="blocked")
    hub.errors = [{"type": "UNPROCESSABLE", "message": words}] if words else []
    forge = hub.forge()
    assert forge.merge(1, HEAD, MergeMethod.SQUASH, queue=True) == Merged(queue, words)
    assert forge.merge(1, HEAD, MergeMethod.SQUASH, auto=True) == Merged(auto, words)
    assert [one["variables"] for one in hub.sent("POST /graphql")] == [
        {"id": "N1", "head": HEAD},
        {"id": "N1", "head": HEAD, "method": "SQUASH"},
    ]


@pytest.mark.parametrize(
    ("kind", "message", "found"),
    [
        ("FORBIDDEN", "Resource not accessible", ForgeTrouble.FORBIDDEN),
        ("INSUFFICIENT_SCOPES", "needs repo", ForgeTrouble.FORBIDDEN),
        ("RATE_LIMITED", "limit exceeded", ForgeTrouble.LIMITED),
        ("NOT_FOUND", "Could not resolve", ForgeTrouble.NOT_FOUND),
        ("", "Something went wrong while executing your query.", ForgeTrouble.UNREACHABLE),
        ("", "Field does not exist", ForgeTrouble.REFUSED),
    ],
)
def test_errors_of_graphql_are_those_of_rest(hub: Hub, kind: str, message: str, found: ForgeTrouble) -> None:
    hub.data, hub.errors = {"repository": None}, [{"type": kind, "message": message}]
    said = trouble(lambda: hub.forge().look(PULL))
    assert (said[0], message in said[1]) == (found, True)


# Rules, account, repository


def test_rules_of_all_rulesets_are_put_together(hub: Hub) -> None:
    hub.replies[f"GET {R}/branches/main"] = {"name": "main", "protected": False}
    hub.replies[f"GET {R}/rules/branches/main"] = [
        {"type": "deletion"}, {"type": "non_fast_forward"}, {"type": "required_signatures"}, {"type": "required_linear_history"},
        {"type": "merge_queue", "parameters": {}}, {"type": "update", "parameters": {}}, {"type": "workflows", "parameters": {}},
        {"type": "required_status_checks", "parameters": {"strict_required_status_checks_policy": True, "required_status_checks": [{"context": "build", "integration_id": 7}, {"context": "lint"}]}},
        {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "build"}]}},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1, "require_code_owner_review": True, "require_last_push_approval": False}},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 2, "require_last_push_approval": True, "required_review_thread_resolution": True}},
    ]  # fmt: skip
    assert hub.forge().rules("main") == Rules(
        required=("build", "lint"), strict=True, approvals=2, code_owners=True, last_push=True, conversations=True,
        signed=True, linear=True, queue=True, locked=True, others=("workflows",),
    )  # fmt: skip
    assert trouble(lambda: hub.forge().rules("none"))[0] == "not found", "no repository is not a branch without rules"
    hub.replies[f"GET {R}"] = {"full_name": "o/r"}
    assert hub.forge().rules("none") == Rules()


def test_a_hidden_rule_shows_itself_at_a_pull_request(hub: Hub) -> None:
    hub.replies |= {f"GET {R}/branches/main": {"name": "main", "protected": True}, f"GET {R}/rules/branches/main": []}
    with_checks(hub, [], [])

    def seen() -> Rules:
        hub.data, hub.errors = (
            {"repository": {"ref": None}},
            [{"type": "FORBIDDEN", "message": "no", "path": ["repository", "ref", "branchProtectionRule"]}],
        )
        return hub.forge().rules("main")

    def look(status: str) -> bool:
        hub.data, hub.errors = pull_data(mergeStateStatus=status, baseRef={"compare": {"behindBy": 1}}), []
        return hub.forge().look(PULL).behind

    assert seen() == Rules()
    assert (look("BLOCKED"), seen()) == (True, Rules())
    assert (look("BEHIND"), seen(), look("BLOCKED"), seen()) == (True, Rules(strict=True), True, Rules(strict=True))
    assert (look("CLEAN"), seen()) == (True, Rules())
    hub.data, hub.errors = (
        {
            "repository": {
                "ref": {
                    "branchProtectionRule": {
                        "lockBranch": True,
                        "requireLastPushApproval": True,
                        "requiresStrictStatusChecks": True,
                    }
                }
            }
        },
        [],
    )
    assert hub.forge().rules("main") == Rules(strict=True, last_push=True, locked=True)


@pytest.mark.parametrize("token", ["ghs_x", "ghp_x"])
def test_whose_token_it_is(hub: Hub, token: str) -> None:
    if token == "ghs_x":  # noqa: S105 - not a token
        hub.replies["GET /user"] = Reply(403, {"message": "Resource not accessible by integration"})
        hub.data = {"viewer": {"login": "github-actions[bot]"}}
        assert hub.forge(token, GITHUB_ACTIONS="true").account() == Account(
            "github-actions", bot=True, kind="token of a GitHub Actions job", starts_checks=False
        )
        assert hub.forge(token).account() == Account("github-actions", bot=True, kind="installation")
        return
    headers = {
        "X-OAuth-Scopes": "repo, admin:org",
        "GitHub-Authentication-Token-Expiration": "2026-12-31 09:00:00 UTC",
        "ETag": '"1"',
    }
    hub.replies["GET /user"] = Reply(200, {"login": "ada", "type": "User"}, headers)
    expected = Account(
        "ada", kind="personal access token (classic)", scopes=("admin:org", "repo"), expires="2026-12-31T09:00:00Z"
    )
    assert hub.forge(token).account() == expected
    hub.replies["GET /user"] = Reply(304)
    assert hub.forge(token).account() == expected
    hub.replies["GET /user"] = Reply(403, {"message": "no"})
    assert trouble(lambda: hub.forge(token).account())[:2] == (
        ForgeTrouble.FORBIDDEN,
        "the token may not say whose it is: no",
    )


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("ghp_1", "personal access token (classic)"), ("f" * 40, "personal access token (classic)"), ("github_pat_1", "fine-grained token"),
        ("gho_1", "login of an app, such as gh"), ("ghu_1", "token of a person for an app"), ("ghs_1", "installation"), ("else", ""),
    ],
)  # fmt: skip
def test_kinds_of_tokens(token: str, kind: str) -> None:
    assert token_kind(token, {}) == kind


def test_what_a_repository_allows(hub: Hub) -> None:
    hub.replies[f"GET {R}"] = {
        "full_name": "O/New", "html_url": "u", "default_branch": "main", "archived": True, "permissions": {"push": True}, "allow_merge_commit": False,
        "allow_squash_merge": True, "allow_rebase_merge": True, "allow_auto_merge": True, "delete_branch_on_merge": True,
    }  # fmt: skip
    assert hub.forge().repository() == Repository(
        "O/New",
        "u",
        "main",
        archived=True,
        may_push=True,
        methods=(MergeMethod.SQUASH, MergeMethod.REBASE),
        auto_merge=True,
        deletes_branches=True,
    )
    hub.replies[f"GET {R}"] = {"full_name": "o/r"}
    assert hub.forge().repository() == Repository("o/r", "", "")


def test_a_fork_of_another_repository_of_that_name_is_not_taken(hub: Hub) -> None:
    hub.replies["GET /repos/us/r"] = {"full_name": "us/r", "fork": True, "parent": {"full_name": "O/R"}}
    hub.replies[f"POST {R}/forks"] = {"full_name": "us/r-1"}
    assert hub.forge().fork() == "us/r"
    hub.replies["GET /repos/us/r"] = {"full_name": "us/r", "fork": True, "parent": {"full_name": "other/r"}}
    assert hub.forge().fork() == "us/r-1"


# Comments and issues


def comment(number: int, body: str, login: str = "us", to: int | None = None) -> dict[str, Any]:
    return {"id": number, "body": body, "user": {"login": login}, "in_reply_to_id": to}


def test_a_reply_is_sent_once_and_a_strangers_marker_does_not_stop_it(hub: Hub) -> None:
    hub.replies |= {
        f"POST {R}/pulls/1/comments/5/replies": Reply(201, {}),
        f"POST {R}/issues/1/comments": Reply(201, {}),
    }
    hub.replies[f"GET {R}/pulls/1/comments"] = [
        comment(5, "Why?", "ada"),
        comment(6, write("x", "k"), "eve", 5),
        comment(7, write("x", "k"), to=4),
    ]
    hub.replies[f"GET {R}/issues/1/comments"] = [comment(8, write("x", "k"), "eve")]
    forge = hub.forge()
    assert (
        forge.reply(1, "review:5", "Done <!-- mission:x -->", "k"),
        forge.reply(1, "conversation", "Done", "k"),
    ) == (True, True)
    assert [one["body"] for one in hub.sent("POST /repos")] == [
        "Done &lt;!-- mission:x -->\n\n<!-- mission:k -->\n",
        "Done\n\n<!-- mission:k -->\n",
    ]
    hub.replies[f"GET {R}/pulls/1/comments"].append(comment(9, write("x", "k"), "US[bot]", 5))
    hub.replies[f"GET {R}/issues/1/comments"].append(comment(9, write("x", "k")))
    assert (forge.reply(1, "review:5", "Done", "k"), forge.reply(1, "conversation", "Done", "k")) == (False, False)
    assert forge.reply(1, "conversation", "Done", "k2") is True


def test_an_issue_of_ours_with_that_key_is_found_again(hub: Hub) -> None:
    def issue(number: int, key: str, login: str = "us", **more: Any) -> dict[str, Any]:
        return {
            "number": number,
            "html_url": f"u{number}",
            "title": "T",
            "state": "closed",
            "body": write("b", key),
            "user": {"login": login},
            **more,
        }

    hub.replies[f"GET {R}/issues"] = [
        issue(1, "k", "eve"),
        issue(2, "k", pull_request={}),
        issue(3, "other"),
        issue(4, "k"),
    ]
    found = hub.forge().open_issue(NewIssue("k", "T", "B", ("mission",)))
    assert (found.number, found.open, found.key) == (4, False, "k")
    assert hub.asked() == [
        "GET /issues?state=all&sort=created&direction=desc&per_page=100",
        "POST /graphql",
    ]
    hub.replies[f"GET {R}/issues/4"] = issue(4, "k")
    hub.forge().close_issue(4, "Done")
    assert hub.asked() == ["GET /issues/4"], "it is closed"


def test_enterprise_is_below_its_base_url(hub: Hub) -> None:
    place = Place("github", "git.example.org", "o/r", f"{hub.server.url}/api/v3")
    forge = GitHub(place, TOKEN, hub.folder)
    hub.replies[f"GET /api/v3{R}/pulls"] = []
    assert forge.pulls(["topic"]) == []
    assert trouble(lambda: forge.look(PULL))[1].startswith(
        "it does not exist, or this token may not see it (HTTP 404 for POST /api/graphql)"
    )


# Whatever a server answers


def everything(hub: Hub) -> dict[str, Any]:
    """Return answers to every request, in their usual form."""
    said = {
        "databaseId": 5,
        "body": "b",
        "state": "APPROVED",
        "authorAssociation": "MEMBER",
        "author": {"__typename": "User", "login": "ada"},
        "commit": {"oid": HEAD},
    }
    thread = {"path": "a", "line": 1, "isResolved": False, "oldest": {"nodes": [said]}, "comments": {"nodes": [said]}}
    hub.data = pull_data(
        latestOpinionatedReviews={"nodes": [said]},
        reviews={"nodes": [said]},
        reviewThreads={"nodes": [thread]},
        comments={"nodes": [said]},
    )
    hub.data["repository"] |= {
        "mergeQueue": {"id": "1"},
        "ref": {"refUpdateRule": {"requiredStatusCheckContexts": ["a"], "requiredApprovingReviewCount": 1}},
    }
    with_checks(hub, [run(1)], [{"context": "a", "state": "success"}])
    user = {"login": "us", "type": "User"}
    issue = {"number": 1, "html_url": "u", "title": "T", "state": "open", "body": write("b", "other"), "user": user}
    hub.replies |= {
        "GET /user": user, f"GET {R}": {"full_name": "o/r", "permissions": {"push": True}}, f"GET {R}/pulls": [one_pull()], f"GET {R}/pulls/1": one_pull(),
        f"PUT {R}/pulls/1/merge": {"merged": True, "sha": OTHER}, f"PATCH {R}/pulls/1": one_pull(), f"GET {R}/branches/main": {"name": "main", "protected": True},
        f"GET {R}/rules/branches/main": [{"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "a"}]}}, {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}],
        f"GET {R}/check-runs/1/annotations": [{"path": "a", "start_line": 1, "message": "m"}], f"GET {R}/check-runs/1": run(1), f"GET {R}/actions/jobs/1/logs": "log",
        f"GET {R}/issues": [issue], f"POST {R}/issues": issue, f"GET {R}/issues/1": issue, f"PATCH {R}/issues/1": {}, f"GET {R}/issues/1/comments": [comment(1, write("b", "k"))],
        f"POST {R}/issues/1/comments": {}, f"GET {R}/pulls/1/comments": [comment(5, write("b", "k"))], f"GET {R}/milestones": [{"number": 1, "title": "v1"}],
        f"POST {R}/pulls/1/requested_reviewers": {}, "GET /repos/us/r": {"full_name": "us/r", "fork": True, "parent": {"full_name": "o/r"}}, f"POST {R}/actions/jobs/1/rerun": {},
    }  # fmt: skip
    return hub.replies


CALLS: list[Callable[[Forge], object]] = [
    lambda f: f.account(),
    lambda f: f.repository(),
    lambda f: f.rules("main"),
    lambda f: f.pulls(["topic"]),
    lambda f: f.children("main"),
    lambda f: f.look(PULL),
    lambda f: f.look(PULL, PullFacts(PULL, mergeable=Mergeable.YES)),
    lambda f: f.open(NewPull("topic", "main", "T", "B", labels=("x",), reviewers=("ada",), milestone="v1")),
    lambda f: f.change(1, PullChange("t", draft=True)),
    lambda f: f.reply(1, "review:5", "b", "k"),
    lambda f: f.reply(1, "conversation", "b", "k"),
    lambda f: f.merge(1, HEAD, MergeMethod.MERGE),
    lambda f: f.merge(1, HEAD, MergeMethod.MERGE, queue=True),
    lambda f: f.log(Check("x", CheckOutcome.FAILED, "job:1")),
    lambda f: f.log(Check("x", CheckOutcome.FAILED, "run:1")),
    lambda f: f.rerun(Check("x", CheckOutcome.FAILED, "job:1")),
    lambda f: f.fork(),
    lambda f: f.open_issue(NewIssue("k", "T", "B")),
    lambda f: f.close_issue(1, "c"),
]


def spots(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places in JSON."""
    yield path
    for name, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from spots(value, (*path, name))


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return JSON with another value at one place."""
    if not path:
        return value
    items = list(data.items()) if isinstance(data, dict) else list(enumerate(data))
    changed = [(name, put(old, path[1:], value) if name == path[0] else old) for name, old in items]
    return dict(changed) if isinstance(data, dict) else [one for _, one in changed]


def test_everything_works_before_it_is_broken(hub: Hub) -> None:
    everything(hub)
    for call in CALLS:
        call(hub.forge())


@given(st.data())
@settings(max_examples=400 if NIGHTLY else 25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_server_answers_nothing_but_errors_for_people_come_out(hub: Hub, data: st.DataObject) -> None:
    replies = everything(hub)
    odd: Any = data.draw(
        st.sampled_from(
            [
                None,
                0,
                -1,
                "",
                "x",
                "\x00",
                [],
                {},
                [None],
                [[]],
                {"nodes": None},
                {"message": {}},
                True,
                1e300,
                "\ud800",
            ]
        )
    )
    where = data.draw(st.sampled_from([*sorted(replies), "graphql", "errors"]))
    if where == "errors":
        hub.errors = [odd] if isinstance(odd, dict) else [{"type": odd, "message": odd, "path": odd}]
    elif where == "graphql":
        hub.data = put(hub.data, data.draw(st.sampled_from(list(spots(hub.data)))), odd)
    else:
        replies[where] = put(replies[where], data.draw(st.sampled_from(list(spots(replies[where])))), odd)
    for call in CALLS:
        with suppress(ForgeError):
            call(hub.forge())
    hub.errors = []
