"""What the adapter for Forgejo and Gitea makes of answers, against a real server on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.forge.answers import Answers
from tests.kit.loopback import Reply, loopback

from mission_cli.adapters.forges.forgejo import Forgejo
from mission_cli.adapters.forges.forgejo.checks import matches
from mission_cli.adapters.forges.marks import write
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import (
    Check,
    CheckOutcome,
    Mergeable,
    Merged,
    MergeMethod,
    MergeOutcome,
    Pull,
    PullState,
    ReviewState,
    Rules,
)
from mission_cli.ports.git.forge import NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Answers]:
    with loopback(lambda _: Reply(404)) as server:
        made = Answers(server, tmp_path, "forgejo", Forgejo, "/repos/o/r")
        made.replies = {"GET /user": {"id": 1, "login": "us"}, "GET ": repository()}
        yield made
        assert made.contract.broken == []


def repository(**more: Any) -> dict[str, Any]:
    return {"full_name": "o/r", "default_branch": "main", "permissions": {"push": True}, **more}


def pull_json(number: int = 1, **more: Any) -> dict[str, Any]:
    here = {"full_name": "o/r"}
    return {
        "number": number,
        "html_url": f"https://forge.example/o/r/pulls/{number}",
        "title": "Add c",
        "body": "",
        "state": "open",
        "draft": False,
        "mergeable": True,
        "merge_base": BASE,
        "updated_at": "2026-11-28T12:00:00Z",
        "head": {"label": "m/1.1", "ref": "m/1.1", "sha": HEAD, "repo": here},
        "base": {"label": "main", "ref": "main", "sha": BASE, "repo": here},
        **more,
    }


def pull(**more: Any) -> Pull:
    facts = {"number": 1, "url": "https://forge.example/o/r/pulls/1", "title": "Add c", "branch": "m/1.1"}
    facts |= {"head": HEAD, "base": "main", "state": PullState.OPEN, "updated": "2026-11-28T12:00:00Z 0"}
    return Pull(**{**facts, **more})


def looked(hub: Answers, **more: Any) -> None:
    """Let the forge know one pull request without anything said."""
    hub.replies |= {
        "GET /pulls/1": pull_json(**more),
        f"GET /commits/{HEAD}/status": {"statuses": [], "total_count": 0},
        "GET /pulls/1/reviews": [],
    }


def test_three_requests_if_nothing_was_said_or_nothing_changed(hub: Answers) -> None:
    looked(hub)
    forge = hub.forge()
    seen = forge.look(pull())
    three = ["GET /pulls/1", "GET /pulls/1/reviews", f"GET /commits/{HEAD}/status"]
    assert hub.asked() == three
    assert forge.look(pull(), seen) == seen
    assert hub.asked() == three
    hub.replies["GET /pulls/1"] = pull_json(comments=1)
    hub.replies["GET /issues/1/comments"] = [{"id": 3, "user": {"id": 1, "login": "us"}, "body": "Hm"}]
    hub.replies["GET /assignees"] = []
    assert len(forge.look(pull(), seen).threads) == 1, "a comment of the same second is seen"


def test_lists_that_are_empty_may_be_null_or_nothing(hub: Answers) -> None:
    looked(hub)
    for nothing in (Reply(200, b""), Reply(200, b"null")):
        hub.replies |= {f"GET /commits/{HEAD}/status": nothing, "GET /pulls/1/reviews": nothing, "GET /pulls": nothing}
        seen = hub.forge().look(pull())
        assert (seen.checks, seen.reviews, seen.threads) == ((), (), ())
        assert hub.forge().pulls(["m/1.1"]) == []


@pytest.mark.parametrize("title", ["WIP: Add c", "wip:Add c", "[WIP] Add c"])
@pytest.mark.parametrize("draft", [True, None])
def test_a_draft_is_in_the_title(hub: Answers, title: str, *, draft: bool | None) -> None:
    hub.replies["GET /pulls"] = [pull_json(title=title, draft=draft)]
    assert hub.forge().pulls(["m/1.1"]) == [pull(draft=True)]
    hub.replies["GET /pulls/1"] = pull_json(title=title, draft=draft)
    hub.replies["PATCH /pulls/1"] = pull_json()
    assert hub.forge().change(1, PullChange(draft=False)) == pull()
    assert hub.sent("PATCH /pulls/1") == [{"title": "Add c"}]
    assert hub.forge().change(1, PullChange(title="Add c", draft=True)) == pull(draft=True)
    assert hub.sent("PATCH /pulls/1") == [{"title": "Add c"}], "nothing was to change"


def test_a_title_that_only_looks_like_a_draft_stays(hub: Answers) -> None:
    hub.replies["GET /pulls"] = [pull_json(title="WIP: Add c", draft=False)]
    assert hub.forge().pulls(["m/1.1"]) == [pull(title="WIP: Add c")]


def test_the_branch_of_a_pull_request_is_known_after_its_deletion(hub: Answers) -> None:
    gone = {"label": "m/1.1", "ref": "refs/pull/1/head", "sha": HEAD, "repo": {"full_name": "o/r"}}
    hub.replies["GET /pulls"] = [pull_json(state="closed", merged=True, merge_commit_sha=OTHER, head=gone)]
    assert hub.forge().pulls(["m/1.1"]) == [pull(state=PullState.MERGED, merged_as=OTHER)]


def test_older_pull_requests_are_asked_for_only_if_the_list_is_full(hub: Answers) -> None:
    full = [pull_json(number, head={"label": "x", "sha": HEAD}) for number in range(2, 52)]
    hub.replies["GET /pulls?state=all&sort=recentupdate&limit=50"] = full
    hub.replies["GET /pulls?state=all&sort=recentupdate&poster=us&page=1&limit=50"] = [pull_json()]
    assert hub.forge().pulls(["m/1.1"]) == [pull()]
    assert hub.asked() == ["GET /pulls", "GET /user", "GET /pulls"]


def test_the_pull_request_of_a_strangers_fork_is_none_of_ours(hub: Answers) -> None:
    theirs = {"label": "m/1.1", "ref": "m/1.1", "sha": HEAD, "repo": {"full_name": "eve/r"}}
    ours = {**theirs, "repo": {"full_name": "US/r"}}
    hub.replies["GET /pulls"] = [pull_json(2, head=theirs), pull_json(1, head=ours)]
    assert [one.fork for one in hub.forge().pulls(["m/1.1"])] == ["US/r"]


@pytest.mark.parametrize(
    ("wanted", "name", "expected"),
    [
        ("build", "build", True),
        ("build", "build (pull_request)", False),
        ("ci / *", "ci / build (pull_request)", True),
        ("ci/*", "ci/a/b", True),
        ("*", "anything", True),
        ("ci / {build,lint} (*)", "ci / lint (push)", True),
        ("ci / {build,lint} (*)", "ci / docs (push)", False),
        ("test-[0-9]", "test-3", True),
        ("test-[!0-9]", "test-3", False),
        ("test?", "test", False),
    ],
)
def test_a_required_check_may_be_a_pattern(wanted: str, name: str, *, expected: bool) -> None:
    assert matches(wanted, name) is expected


def test_a_required_pattern_is_a_check_as_bad_as_the_worst_that_it_matches(hub: Answers) -> None:
    looked(hub)
    statuses = [
        {"context": "ci / build", "status": "success", "description": "Successful in 1s"},
        {"context": "ci / lint", "status": "failure", "description": "Failing after 2s"},
        {"context": "docs", "status": "pending", "description": None},
    ]
    hub.replies[f"GET /commits/{HEAD}/status"] = {"statuses": statuses}
    protected = {"name": "main", "protected": True, "enable_status_check": True}
    hub.replies["GET /branches/main"] = {**protected, "status_check_contexts": ["ci / *", "other / *"]}
    forge = hub.forge()
    assert forge.rules("main") == Rules(("ci / *", "other / *"))
    assert {one.name: one.outcome for one in forge.look(pull()).checks} == {
        "ci / *": CheckOutcome.FAILED,
        "ci / build": CheckOutcome.PASSED,
        "ci / lint": CheckOutcome.FAILED,
        "docs": CheckOutcome.PENDING,
    }
    hub.replies["GET /branches/main"] = {**protected, "enable_status_check": False, "status_check_contexts": ["ci"]}
    assert hub.forge().rules("main") == Rules()


def test_what_administrators_see_of_a_protection(hub: Answers) -> None:
    hub.replies["GET /branches/main"] = {
        "name": "main",
        "protected": True,
        "required_approvals": 2,
        "effective_branch_protection_name": "ma*",
    }
    assert hub.forge().rules("main") == Rules(approvals=2), "this token may not see more"
    details: dict[str, Any] = {"block_on_outdated_branch": True, "block_on_rejected_reviews": True}
    details |= {"enable_merge_whitelist": True, "merge_whitelist_usernames": ["ada"], "require_signed_commits": True}
    hub.replies["GET /branch_protections/ma%2A"] = details
    expected = Rules(strict=True, approvals=2, signed=True, others=("merge_whitelist", "block_on_rejected_reviews"))
    assert hub.forge().rules("main") == expected
    hub.replies["GET /branch_protections/ma%2A"] = {**details, "merge_whitelist_usernames": []}
    assert hub.forge().rules("main").locked is True


def test_a_conflict_is_believed_when_it_is_said_twice(hub: Answers) -> None:
    looked(hub)
    first = hub.forge().look(pull())
    assert (first.mergeable, first.behind) == (Mergeable.YES, False)
    looked(hub, mergeable=False, merge_base=OTHER)
    second = hub.forge().look(pull(), first)
    assert (second.mergeable, second.behind) == (Mergeable.UNKNOWN, True)
    assert hub.forge().look(pull(), second).mergeable is Mergeable.CONFLICTS
    looked(hub, mergeable=False, title="WIP: Add c", draft=True)
    assert hub.forge().look(pull()).mergeable is Mergeable.UNKNOWN, "a draft is never mergeable for Forgejo"


def _remarked(hub: Answers) -> None:
    remark = {"id": 7, "user": {"id": 2, "login": "ada"}, "body": "Why?", "path": "a:b.txt", "original_position": 3}
    hub.replies |= {
        "GET /pulls/1/reviews": [{"id": 5, "user": {"id": 2, "login": "ada"}, "state": "COMMENT", "comments_count": 1}],
        "GET /pulls/1/reviews/5/comments": [remark],
        "GET /assignees": [{"id": 2, "login": "Ada"}],
    }


def test_a_reply_goes_where_the_version_has_a_place_for_it(hub: Answers) -> None:
    looked(hub)
    _remarked(hub)
    [thread] = hub.forge().look(pull()).threads
    assert (thread.path, thread.line, thread.comments[0].author.trusted) == ("a:b.txt", 3, True)
    hub.replies["POST /pulls/1/reviews/5/comments"] = Reply(200, {})
    assert hub.forge().reply(1, thread.id, "Because.", "k") is True
    [remark] = hub.sent("POST /pulls/1/reviews/5/comments")
    assert remark == {"path": "a:b.txt", "body": write("Because.", "k"), "old_position": 3}

    hub.replies["POST /pulls/1/reviews/5/comments"] = Reply(405, None)
    hub.replies["POST /pulls/1/comments/7/replies"] = Reply(201, {})
    assert hub.forge().reply(1, thread.id, "Because.", "k") is True
    assert hub.sent("POST /pulls/1/comments/7/replies") == [{"body": write("Because.", "k")}]

    del hub.replies["POST /pulls/1/comments/7/replies"]
    hub.replies |= {"GET /issues/1/comments": [], "POST /issues/1/comments": Reply(201, {})}
    assert hub.forge().reply(1, thread.id, "Because.", "k") is True
    assert hub.sent("POST /issues/1/comments") == [{"body": write("About `a:b.txt`: Because.", "k")}]


def test_lists_are_read_to_their_end_by_their_size(hub: Answers) -> None:
    looked(hub)
    review = {"user": {"id": 2, "login": "ada"}, "state": "APPROVED", "commit_id": HEAD}
    first = [{"id": number, **review} for number in range(1, 21)]
    hub.replies["GET /pulls/1/reviews?page=1&limit=50"] = Reply(200, first, {"X-Total-Count": "21"})
    hub.replies["GET /assignees"] = []
    last = [{"id": 21, **review, "state": "REQUEST_CHANGES"}]
    hub.replies["GET /pulls/1/reviews?page=2&limit=50"] = Reply(200, last, {"X-Total-Count": "21"})
    [seen] = hub.forge().look(pull()).reviews
    assert (seen.id, seen.state) == ("21", ReviewState.CHANGES_REQUESTED), "a page may have fewer than asked for"


def test_a_forge_without_logs_and_reruns_says_so(hub: Answers) -> None:
    check = Check("ci / build", CheckOutcome.FAILED, "12/0")
    assert (hub.forge().log(check), hub.forge().rerun(check)) == ("", False)
    hub.replies["GET /actions/runs"] = {"workflow_runs": [{"id": 90, "index_in_repo": 12}]}
    assert (hub.forge().log(check), hub.forge().rerun(check)) == ("", False)
    hub.replies["GET /actions/runs/90/jobs"] = {"jobs": [{"id": 91, "name": "build"}]}
    assert (hub.forge().log(check), hub.forge().rerun(check)) == ("", False)
    hub.replies["GET /actions/jobs/91/logs"] = Reply(200, b"2026-11-28T12:00:00.1234567Z \x1b[31mred\x1b[0m\n")
    hub.replies["POST /actions/runs/90/jobs/91/rerun"] = Reply(201, {})
    assert (hub.forge().log(check), hub.forge().rerun(check)) == ("red", True)


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (409, "head out of date", Merged(MergeOutcome.MOVED, "head out of date")),
        (409, "merge push out of date", Merged(MergeOutcome.REFUSED, "merge push out of date")),
        (409, "", Merged(MergeOutcome.REFUSED, "it conflicts with its base")),
        (
            405,
            "Not all required status checks successful",
            Merged(MergeOutcome.REFUSED, "Not all required status checks successful"),
        ),
        (405, "", Merged(MergeOutcome.REFUSED, "a rule of the branch is not met")),
    ],
)
def test_a_merge_that_is_not_made_says_why(hub: Answers, status: int, words: str, expected: Merged) -> None:
    hub.replies["GET /pulls/1"] = pull_json()
    hub.replies["POST /pulls/1/merge"] = Reply(status, {"message": words})
    assert hub.forge().merge(1, HEAD, MergeMethod.SQUASH) == expected
    assert hub.sent("POST /pulls/1/merge") == [{"Do": "squash", "head_commit_id": HEAD}]


def test_a_merge_without_the_right_or_into_an_archived_repository_is_an_error(hub: Answers) -> None:
    hub.replies["GET /pulls/1"] = pull_json()
    for status, words, trouble in (
        (405, "User not allowed to merge PR", ForgeTrouble.FORBIDDEN),
        (423, "o/r is archived", ForgeTrouble.ARCHIVED),
    ):
        hub.replies["POST /pulls/1/merge"] = Reply(status, {"message": words})
        with pytest.raises(ForgeError) as met:
            hub.forge().merge(1, HEAD, MergeMethod.MERGE)
        assert met.value.trouble is trouble


def test_methods_are_those_that_the_repository_allows_the_preferred_one_first(hub: Answers) -> None:
    hub.replies["GET "] = repository(
        allow_merge_commits=False,
        allow_rebase_explicit=True,
        allow_rebase=False,
        allow_fast_forward_only_merge=True,
        default_merge_style="fast-forward-only",
    )
    seen = hub.forge().repository()
    assert seen.methods == (MergeMethod.REBASE, MergeMethod.MERGE, MergeMethod.SQUASH)
    hub.replies |= {"GET /pulls/1": pull_json(), "POST /pulls/1/merge": Reply(200, None)}
    hub.forge().merge(1, HEAD, MergeMethod.MERGE)
    hub.forge().merge(1, HEAD, MergeMethod.REBASE)
    assert [one["Do"] for one in hub.sent("POST /pulls/1/merge")] == ["rebase-merge", "fast-forward-only"]


def test_labels_milestone_and_people_are_added_by_their_ids(hub: Answers) -> None:
    hub.replies |= {
        "GET /pulls": [pull_json(labels=[{"id": 3, "name": "mine"}])],
        "GET /labels": [{"id": 3, "name": "mine"}],
        "POST /labels": Reply(201, {"id": 4, "name": "new"}),
        "GET /milestones": [{"id": 8, "title": "v1"}],
        "PATCH /pulls/1": pull_json(),
        "POST /pulls/1/requested_reviewers": Reply(201, []),
    }
    new = NewPull("m/1.1", "main", "t", "", labels=("mine", "new"), milestone="v1", assignees=("us",))
    assert hub.forge().open(new) == pull()
    assert hub.sent("PATCH /pulls/1") == [{"labels": [3, 4], "assignees": ["us"], "milestone": 8}]
    hub.forge().open(NewPull("m/1.1", "main", "t", "", reviewers=("ada", "o/core")))
    expected = [{"reviewers": ["ada"], "team_reviewers": ["core"]}]
    assert hub.sent("POST /pulls/1/requested_reviewers") == expected
    with pytest.raises(ForgeError, match="no open milestone `v2`"):
        hub.forge().open(NewPull("m/1.1", "main", "t", "", milestone="v2"))
