"""What the adapter for GitLab makes of answers, against a real server on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.forge.answers import Answers
from tests.kit.loopback import Reply, loopback

from mission_cli.adapters.forges.gitlab import GitLab
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
    PullState,
    ReviewState,
    Rules,
)
from mission_cli.ports.git.forge import NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD, OLD, OTHER = "a" * 40, "b" * 40, "c" * 40
US, ADA, BEN = {"id": 1, "username": "us"}, {"id": 2, "username": "ada"}, {"id": 3, "username": "ben"}
M = "GET /merge_requests/1"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Answers]:
    with loopback(lambda _: Reply(404)) as server:
        made = Answers(server, tmp_path, "gitlab", GitLab, "/projects/o%2Fr")
        made.replies = {"GET /user": US, "GET ": project()}
        looked(made)
        yield made
        assert made.contract.broken == []


def project(**more: Any) -> dict[str, Any]:
    rights = {"project_access": None, "group_access": {"access_level": 30}}
    return {"id": 7, "path_with_namespace": "o/r", "default_branch": "main", "permissions": rights, **more}


def mr(**more: Any) -> dict[str, Any]:
    return {
        "iid": 1,
        "web_url": "https://forge.example/o/r/-/merge_requests/1",
        "title": "Add c",
        "description": "",
        "state": "opened",
        "draft": False,
        "source_branch": "m/1.1",
        "target_branch": "main",
        "source_project_id": 7,
        "target_project_id": 7,
        "sha": HEAD,
        "updated_at": "2026-11-28T12:00:00.123Z",
        "detailed_merge_status": "mergeable",
        **more,
    }


def pull(**more: Any) -> Pull:
    facts = {"number": 1, "url": "https://forge.example/o/r/-/merge_requests/1", "title": "Add c", "branch": "m/1.1"}
    facts |= {"head": HEAD, "base": "main", "state": PullState.OPEN, "updated": "2026-11-28T12:00:00.123Z"}
    return Pull(**{**facts, **more})


def looked(hub: Answers, **more: Any) -> None:
    """Let the forge know one merge request without anything said."""
    hub.replies |= {M: mr(**more), f"{M}/discussions": [], f"GET /repository/commits/{HEAD}/statuses": []}


def note(number: int, body: str, author: dict[str, Any], *, system: bool = False, **more: Any) -> dict[str, Any]:
    return {"id": number, "body": body, "author": author, "system": system, "created_at": "t", **more}


def alone(*notes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": f"n{one['id']}", "individual_note": True, "notes": [one]} for one in notes]


def test_a_look_is_three_requests_when_the_project_is_known(hub: Answers) -> None:
    hub.replies["GET "] = Reply(200, project(), {"ETag": '"1"'})
    hub.forge().repository()
    hub.asked()
    seen = hub.forge().look(pull())
    assert (seen.pull, seen.mergeable, seen.behind) == (pull(), Mergeable.YES, False)
    assert hub.asked() == [M, f"{M}/discussions", f"GET /repository/commits/{HEAD}/statuses"]


@pytest.mark.parametrize("title", ["Draft: Add c", "draft:Add c", "[Draft] Add c", "(Draft) Add c", "WIP: Add c"])
@pytest.mark.parametrize("draft", [True, None])
def test_a_draft_is_in_the_title(hub: Answers, title: str, *, draft: bool | None) -> None:
    hub.replies |= {M: mr(title=title, draft=draft), "PUT /merge_requests/1": mr()}
    assert hub.forge().look(pull()).pull == pull(draft=True)
    assert hub.forge().change(1, PullChange(draft=False)) == pull()
    assert hub.sent("PUT /merge_requests/1") == [{"title": "Add c"}]
    hub.replies[M] = mr()
    hub.forge().change(1, PullChange(draft=True))
    assert hub.sent("PUT /merge_requests/1")[1:] == [{"title": "Draft: Add c"}]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Mergeable.YES),
        ({"detailed_merge_status": "ci_must_pass"}, Mergeable.YES),
        ({"detailed_merge_status": "conflict"}, Mergeable.CONFLICTS),
        ({"has_conflicts": True}, Mergeable.CONFLICTS),
        ({"detailed_merge_status": "checking"}, Mergeable.UNKNOWN),
        ({"detailed_merge_status": "unchecked"}, Mergeable.UNKNOWN),
        ({"detailed_merge_status": "", "merge_status": "checking"}, Mergeable.UNKNOWN),
        ({"state": "closed"}, Mergeable.UNKNOWN),
    ],
)
def test_whether_it_merges(hub: Answers, more: dict[str, Any], expected: Mergeable) -> None:
    looked(hub, **more)
    assert hub.forge().look(pull()).mergeable is expected


def test_what_was_merged_names_the_commit_on_the_base(hub: Answers) -> None:
    merged = mr(state="merged", source_branch="m/1.1")
    for commits, expected in (
        ({"merge_commit_sha": OTHER, "squash_commit_sha": OLD}, OTHER),
        ({"squash_commit_sha": OLD}, OLD),
        ({}, HEAD),
    ):
        hub.replies["GET /merge_requests"] = [{**merged, **commits}]
        [seen] = hub.forge().pulls(["m/1.1"])
        assert (seen.state, seen.merged_as) == (PullState.MERGED, expected)


def test_reviews_are_what_gitlab_notes_with_the_head_that_they_were_for(hub: Answers) -> None:
    push = f"added 2 commits\n\n<ul></ul>\n\n[Compare with previous version](/x/diffs?diff_id=9&start_sha={OLD})"
    hub.replies[f"{M}/discussions"] = alone(
        note(1, "approved this merge request", ADA, system=True),
        note(2, "requested changes", BEN, system=True),
        note(3, push, US, system=True),
        note(4, "approved this merge request", BEN, system=True),
        note(5, "approved this merge request", {"id": 4, "username": "eve"}, system=True),
        note(6, "unapproved this merge request", {"id": 4, "username": "eve"}, system=True),
        note(7, "approved this merge request", US),
    )
    seen = hub.forge().look(pull())
    assert {one.author.login: (one.state, one.commit) for one in seen.reviews} == {
        "ada": (ReviewState.APPROVED, OLD),
        "ben": (ReviewState.APPROVED, HEAD),
        "eve": (ReviewState.DISMISSED, HEAD),
    }, "a comment with the same words is none"
    reset = note(8, "reset approvals from @ada and @ben by pushing to the branch", US, system=True)
    hub.replies[f"{M}/discussions"] += alone(reset)
    states = {one.author.login: one.state for one in hub.forge().look(pull()).reviews}
    assert states == dict.fromkeys(("ada", "ben", "eve"), ReviewState.DISMISSED)


def test_threads_with_and_without_a_place(hub: Answers) -> None:
    place: dict[str, Any] = {"position": {"new_path": "c.txt", "old_path": "b.txt", "new_line": None, "old_line": 4}}
    thread = {"id": "d1", "notes": [note(1, "Why?", ADA, resolved=True, **place)]}
    moved = {"id": "d2", "notes": [note(2, "And?", BEN, **place), note(3, "changed this line in x", US, system=True)]}
    free = {"id": "d3", "notes": [note(4, "In general?", ADA)]}
    hub.replies[f"{M}/discussions"] = [thread, moved, free, *alone(note(6, "two", ADA), note(5, "one", ADA))]
    hub.replies["GET /members/all/2"] = {"access_level": 40}
    hub.replies["GET /members/all/3"] = {"access_level": 20}
    seen = hub.forge().look(pull()).threads
    assert [(one.id, one.path, one.line, one.resolved, one.outdated) for one in seen] == [
        ("d1", "c.txt", 4, True, False),
        ("d2", "c.txt", 4, False, True),
        ("d3", "", 0, False, False),
        ("conversation", "", 0, False, False),
    ]
    assert [one.text for one in seen[3].comments] == ["one", "two"]
    assert [one.comments[0].author.trusted for one in seen[:2]] == [True, False]


@pytest.mark.parametrize(
    ("name", "bot"),
    [("project_7_bot_1a2b", True), ("group_9_bot", True), ("service_account_x", True), ("robot", False)],
)
def test_the_accounts_of_tokens_are_bots(hub: Answers, name: str, *, bot: bool) -> None:
    hub.replies[f"{M}/discussions"] = alone(note(1, "Hm", {"id": 9, "username": name}))
    assert hub.forge().look(pull()).threads[0].comments[0].author.bot is bot


def status(number: int, name: str, state: str, *, job: bool = True, **more: Any) -> dict[str, Any]:
    url = f"https://forge.example/o/r/-/jobs/{number}" if job else "https://ci.example/1"
    return {"id": number, "name": name, "status": state, "target_url": url, **more}


def test_jobs_and_statuses_from_outside_are_checks(hub: Answers) -> None:
    looked(hub, head_pipeline={"id": 50, "status": "failed", "sha": OTHER, "web_url": "u"})
    hub.replies[f"GET /repository/commits/{OTHER}/statuses"] = [
        status(11, "build", "success"),
        status(10, "build", "failed"),
        status(12, "lint", "failed"),
        status(13, "test", "failed"),
        status(14, "flaky", "failed", allow_failure=True),
        status(15, "deploy", "manual"),
        status(16, "docs", "canceled"),
        status(17, "jenkins", "failed", job=False, description="broken"),
        status(18, "late", "waiting_for_resource"),
    ]
    hub.replies["GET /pipelines/50/jobs"] = [
        {"id": 12, "name": "lint", "failure_reason": "runner_system_failure"},
        {"id": 13, "name": "test", "failure_reason": "script_failure"},
    ]
    assert [(one.name, one.outcome, one.id, one.detail) for one in hub.forge().look(pull()).checks] == [
        ("build", CheckOutcome.PASSED, "job:11", ""),
        ("deploy", CheckOutcome.ACTION, "job:15", ""),
        ("docs", CheckOutcome.INFRASTRUCTURE, "job:16", ""),
        ("flaky", CheckOutcome.PASSED, "job:14", "failed, which is allowed"),
        ("jenkins", CheckOutcome.FAILED, "", "broken"),
        ("late", CheckOutcome.PENDING, "job:18", ""),
        ("lint", CheckOutcome.INFRASTRUCTURE, "job:12", "runner system failure"),
        ("test", CheckOutcome.FAILED, "job:13", "script failure"),
    ]


def test_the_pipeline_is_a_check_if_it_has_to_succeed(hub: Answers) -> None:
    hub.replies["GET "] = project(only_allow_merge_if_pipeline_succeeds=True)
    hub.replies["GET /repository/branches/main"] = {"name": "main"}
    assert hub.forge().rules("main") == Rules(("pipeline",))
    assert hub.forge().look(pull()).checks == (), "there is none yet"
    looked(hub, head_pipeline={"id": 50, "status": "failed", "sha": HEAD, "web_url": "u"})
    [check] = hub.forge().look(pull()).checks
    assert check == Check("pipeline", CheckOutcome.FAILED, "pipeline:50", "u", "failed")
    assert hub.forge().log(check) == ""
    hub.replies["GET /pipelines/50/jobs"] = [{"id": 13, "name": "test"}, {"id": 12, "name": "lint"}]
    trace = b"section_start:1700000000:step[collapsed=true]\r\x1b[0KRunning\n\x1b[31mred\x1b[0m\n"
    hub.replies["GET /jobs/12/trace"] = Reply(200, trace)
    assert hub.forge().log(check).split("\n")[:2] == ["failed: lint, test", "lint:"]
    assert hub.forge().log(check).endswith("red")
    hub.replies["POST /pipelines/50/retry"] = Reply(201, {})
    assert hub.forge().rerun(check) is True


def test_external_status_checks_are_required_by_name(hub: Answers) -> None:
    hub.replies["GET "] = project(only_allow_merge_if_all_status_checks_passed=True)
    hub.replies["GET /repository/branches/main"] = {"name": "main"}
    assert hub.forge().rules("main") == Rules(others=("external_status_checks",)), "the token may not see their names"
    hub.replies["GET /external_status_checks"] = [{"name": "security"}]
    assert hub.forge().rules("main") == Rules(("security",))
    hub.replies[f"{M}/status_checks"] = [{"name": "security", "status": "pending", "external_url": "u"}]
    assert hub.forge().look(pull()).checks == (Check("security", CheckOutcome.PENDING, url="u"),)


def test_rules_of_a_project_and_of_a_branch(hub: Answers) -> None:
    hub.replies["GET "] = project(
        merge_method="ff", merge_trains_enabled=True, only_allow_merge_if_all_discussions_are_resolved=True
    )
    hub.replies |= {
        "GET /repository/branches/main": {"name": "main", "protected": True},
        "GET /protected_branches/main": {"merge_access_levels": [{"access_level": 0}, {"access_level": 40}]},
        "GET /approval_rules": [
            {"approvals_required": 2, "protected_branches": []},
            {"approvals_required": 5, "protected_branches": [{"name": "release"}]},
        ],
        "GET /approvals": {"merge_requests_disable_committers_approval": True},
        "GET /push_rule": Reply(200, None),
    }
    expected = Rules(strict=True, approvals=2, last_push=True, conversations=True, linear=True, queue=True)
    assert hub.forge().rules("main") == expected
    hub.replies["GET /protected_branches/main"] = {"merge_access_levels": [], "code_owner_approval_required": True}
    assert (hub.forge().rules("main").locked, hub.forge().rules("main").code_owners) == (True, True)
    assert hub.forge().rules("none") == Rules()


@pytest.mark.parametrize(
    ("status", "words", "outcome", "detail"),
    [
        (409, "SHA does not match HEAD of source branch: x", MergeOutcome.MOVED, "SHA does not match"),
        (405, "405 Method Not Allowed", MergeOutcome.REFUSED, "405 Method Not Allowed; it needs approval"),
        (422, "Branch cannot be merged", MergeOutcome.REFUSED, "Branch cannot be merged"),
    ],
)
def test_a_merge_that_is_not_made_says_why(
    hub: Answers, status: int, words: str, outcome: MergeOutcome, detail: str
) -> None:
    looked(hub, detailed_merge_status="not_approved")
    hub.replies["PUT /merge_requests/1/merge"] = Reply(status, {"message": words})
    done = hub.forge().merge(1, HEAD, MergeMethod.SQUASH)
    assert (done.outcome, done.detail.startswith(detail)) == (outcome, True)
    assert hub.sent("PUT /merge_requests/1/merge") == [{"sha": HEAD, "squash": True}]


def test_a_merge_waits_for_the_pipeline_or_joins_the_train(hub: Answers) -> None:
    hub.replies["PUT /merge_requests/1/merge"] = mr(merge_when_pipeline_succeeds=True)
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE, auto=True) == Merged(MergeOutcome.AUTO)
    sent = {"sha": HEAD, "squash": False, "auto_merge": True, "merge_when_pipeline_succeeds": True}
    assert hub.sent("PUT /merge_requests/1/merge") == [sent]
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE, queue=True).outcome is MergeOutcome.REFUSED
    hub.replies["GET "] = project(merge_trains_enabled=True)
    past = hub.forge().merge(1, HEAD, MergeMethod.MERGE)
    assert past == Merged(MergeOutcome.REFUSED, "the project merges by its merge train")
    hub.replies["POST /merge_trains/merge_requests/1"] = Reply(201, [])
    looked(hub, detailed_merge_status="checking")
    ignored = hub.forge().merge(1, HEAD, MergeMethod.MERGE, queue=True)
    assert ignored == Merged(MergeOutcome.REFUSED, "GitLab has not computed yet whether it can be merged")
    looked(hub, merge_when_pipeline_succeeds=True)
    seen = hub.forge().look(pull())
    assert (seen.queued, seen.auto_merge) == (False, True)
    hub.replies["GET /merge_trains/merge_requests/1"] = {"id": 1}
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE, queue=True).outcome is MergeOutcome.QUEUED
    seen = hub.forge().look(pull())
    assert (seen.queued, seen.auto_merge) == (True, False)


def test_a_merge_that_gitlab_has_begun_is_awaited(hub: Answers) -> None:
    hub.replies["PUT /merge_requests/1/merge"] = mr(state="locked")
    assert hub.forge().merge(1, HEAD, MergeMethod.MERGE) == Merged(MergeOutcome.AUTO)
    looked(hub, state="locked")
    assert hub.forge().look(pull()).pull.state is PullState.OPEN


def test_a_refusal_is_named_by_what_the_project_and_the_merge_request_are(hub: Answers) -> None:
    hub.replies["PUT /merge_requests/1/merge"] = Reply(401, {"message": "401 Unauthorized"})
    hub.replies["POST /merge_requests/1/notes"] = Reply(403, {"message": "403 Forbidden"})

    def trouble(*, merges: bool) -> ForgeTrouble:
        forge = hub.forge()
        with pytest.raises(ForgeError) as met:
            forge.merge(1, HEAD, MergeMethod.MERGE) if merges else forge.reply(1, "conversation", "Hm", "k")
        return met.value.trouble

    assert trouble(merges=True) is ForgeTrouble.FORBIDDEN
    assert trouble(merges=False) is ForgeTrouble.FORBIDDEN
    looked(hub, discussion_locked=True)
    assert trouble(merges=False) is ForgeTrouble.LOCKED
    hub.replies["GET "] = project(archived=True)
    assert trouble(merges=False) is ForgeTrouble.ARCHIVED


def test_the_methods_of_a_project(hub: Answers) -> None:
    for merge_method, squash_option, expected in (
        ("merge", "default_off", (MergeMethod.MERGE, MergeMethod.SQUASH)),
        ("merge", "default_on", (MergeMethod.SQUASH, MergeMethod.MERGE)),
        ("rebase_merge", "never", (MergeMethod.MERGE,)),
        ("ff", "never", (MergeMethod.REBASE,)),
        ("ff", "always", (MergeMethod.SQUASH,)),
    ):
        hub.replies["GET "] = project(merge_method=merge_method, squash_option=squash_option)
        assert hub.forge().repository().methods == expected
        assert hub.forge().repository().may_push is True


def test_the_account_of_a_token_that_tells_its_rights_or_not(hub: Answers) -> None:
    assert hub.forge().account() == Account("us")
    hub.replies["GET /personal_access_tokens/self"] = {"scopes": ["read_user", "api"], "expires_at": "2026-12-31"}
    expected = Account("us", kind="personal access token", scopes=("api", "read_user"), expires="2026-12-31")
    assert hub.forge().account() == expected


def test_labels_milestone_and_people_are_added(hub: Answers) -> None:
    hub.replies |= {
        "GET /merge_requests": [mr(labels=["mine"], reviewers=[BEN])],
        "GET /users?username=ada": [ADA],
        "GET /users": [],
        "GET /milestones": [{"id": 8, "title": "v1"}],
        "PUT /merge_requests/1": mr(),
    }
    new = NewPull("m/1.1", "main", "t", "", labels=("mine", "a", "b"), reviewers=("ada", "ben"), milestone="v1")
    assert hub.forge().open(new) == pull()
    assert hub.sent("PUT /merge_requests/1") == [{"add_labels": "a,b", "reviewer_ids": [3, 2], "milestone_id": 8}]
    for wrong, words in (("eve", "there is no account `eve`"), ("o/core", "not groups")):
        with pytest.raises(ForgeError, match=words):
            hub.forge().open(NewPull("m/1.1", "main", "t", "", assignees=(wrong,)))


def test_older_merge_requests_are_asked_for_by_their_branch(hub: Answers) -> None:
    full = Reply(200, [mr(iid=number, source_branch="x") for number in range(2, 102)], {"ETag": '"1"'})
    hub.replies["GET /merge_requests"] = full
    query = "state=all&scope=all&order_by=updated_at&sort=desc&per_page=100&source_branch=m%2F1.1"
    hub.replies[f"GET /merge_requests?{query}"] = Reply(200, [mr()], {"ETag": '"2"'})
    assert hub.forge().pulls(["m/1.1"]) == [pull()]
    assert hub.asked() == ["GET /merge_requests"] * 2


def test_the_merge_request_of_a_strangers_fork_is_none_of_ours(hub: Answers) -> None:
    hub.replies |= {
        "GET /merge_requests": [mr(iid=3, source_project_id=None), mr(iid=2, source_project_id=9), mr(iid=1)],
        "GET /projects/9": {"id": 9, "path_with_namespace": "eve/r"},
    }
    assert [one.number for one in hub.forge().pulls(["m/1.1"])] == [1]
    hub.replies["GET /projects/9"] = {"id": 9, "path_with_namespace": "us/r"}
    assert [(one.number, one.fork) for one in hub.forge().pulls(["m/1.1"])] == [(2, "us/r"), (1, "")]
