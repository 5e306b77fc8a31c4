"""The server of the scripted forge: real git over HTTP, tags, pages, limits, redirects, and people in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from inline_snapshot import snapshot
from tests.kit.forge.events import ADA, EVE
from tests.kit.forge.laws import broken
from tests.kit.forge.promised import wrong_answers
from tests.kit.forge.records import Did, Right
from tests.kit.forge.server import Server, served, token_of
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.forge.world import bare_world
from tests.kit.loopback import Asked, Reply

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges.github import GitHub
from mission_cli.adapters.forges.remotes import place_of
from mission_cli.domain.forge.facts import MergeMethod, MergeOutcome, PullState, Rules
from mission_cli.ports.git.forge import NewIssue, NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(bare_world(tmp_path / "hub")) as running:
        yield running


def git(folder: Path, *words: str, ok: bool = True) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is ok, done.stderr
    return done.stdout.strip() if ok else done.stderr


def clone(server: Server, folder: Path, login: str = OURS) -> Path:
    git(folder, "clone", "--quiet", server.remote_for(login), "repo")
    return folder / "repo"


def commit(repo: Path, branch: str, name: str, text: str) -> str:
    git(repo, "switch", "--quiet", "-C", branch)
    (repo / name).write_text(text)
    git(repo, "add", name)
    git(repo, "commit", "--quiet", "-m", f"Add {name}")
    return git(repo, "rev-parse", "HEAD")


def ask(server: Server, path: str, login: str = OURS, **headers: str) -> httpx.Response:
    auth = {"Authorization": f"Bearer {token_of(server.world, login)}"}
    return httpx.get(f"{server.url}/api/v3{path}", headers={**auth, **headers})


def test_a_push_a_pull_request_and_a_merge_over_real_git(server: Server, tmp_path: Path) -> None:
    repo = clone(server, tmp_path)
    head = commit(repo, "one", "c.txt", "c\n")
    git(repo, "push", "--quiet", "origin", "one")
    place = place_of(server.remote, "github", server.url)
    assert place is not None
    forge = GitHub(place, token_of(server.world, OURS), tmp_path / "kept", sleep=lambda _: None)
    pull = forge.open(NewPull("one", "main", "Add c", "Text"))
    assert pull.head == head
    newer = commit(repo, "one", "d.txt", "d\n" * 1_500_000)
    git(repo, "push", "--quiet", "origin", "one")
    assert forge.merge(pull.number, head, MergeMethod.MERGE).outcome is MergeOutcome.MOVED
    merged = forge.merge(pull.number, newer, MergeMethod.MERGE)
    git(repo, "fetch", "--quiet", "origin")
    assert (merged.outcome, merged.detail) == (MergeOutcome.MERGED, git(repo, "rev-parse", "origin/main"))
    git(repo, "push", "--quiet", "origin", ":one")
    assert list(server.world.site.commits.branches()) == ["main"]
    moves = [(one.what, one.by, one.branch) for one in server.world.site.log if one.what in {Did.MOVED, Did.DELETED}]
    assert moves == [(Did.MOVED, OURS, "one"), (Did.MOVED, OURS, "one"), (Did.DELETED, OURS, "one")]
    assert broken(server.world.site.log) == []
    assert server.unknown == []


def test_git_needs_a_token_with_the_right(server: Server, tmp_path: Path) -> None:
    assert "could not read Username" in git(tmp_path, "clone", "--quiet", server.remote, "none", ok=False)
    repo = clone(server, tmp_path, EVE)
    commit(repo, "one", "c.txt", "c\n")
    assert "403" in git(repo, "push", "origin", "one", ok=False)
    server.world.people.change(archived=True)
    git(repo, "remote", "set-url", "origin", server.remote_for(ADA))
    assert "403" in git(repo, "push", "origin", "one", ok=False)
    git(repo, "fetch", "--quiet", "origin")
    server.world.site.members[ADA].expired = True
    assert "Authentication failed" in git(repo, "fetch", "origin", ok=False)
    assert list(server.world.site.commits.branches()) == ["main"]


def test_a_push_can_be_lost_or_refused(server: Server, tmp_path: Path) -> None:
    repo = clone(server, tmp_path)
    head = commit(repo, "one", "c.txt", "c\n")
    server.world.troubles.plan("push", Fault.BROKEN)
    git(repo, "push", "origin", "one", ok=False)
    assert "one" not in server.world.site.commits.branches()
    server.world.troubles.plan("push", Fault.LOST)
    git(repo, "push", "origin", "one", ok=False)
    assert server.world.site.commits.branches()["one"] == head
    git(repo, "push", "--quiet", "origin", "one")


def test_a_fork_takes_pushes_of_its_owner(server: Server, tmp_path: Path) -> None:
    server.world.site.members[OURS].right = Right.READ
    name = server.world.site.make_fork(OURS)
    repo = clone(server, tmp_path)
    head = commit(repo, "one", "c.txt", "c\n")
    git(repo, "push", "--quiet", server.remote_for(OURS, name), "one")
    pull = server.world.site.open(OURS, "one", "main", "Add c", fork=name)
    assert pull.head == head
    assert "403" in git(repo, "push", server.remote_for(ADA, name), "one", ok=False)


def test_what_has_not_changed_is_answered_with_304_and_costs_nothing(server: Server) -> None:
    first = ask(server, "/repos/acme/shop/pulls")
    left = server.budget
    again = ask(server, "/repos/acme/shop/pulls", **{"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content, server.budget) == (200, 304, b"", left)
    server.world.people.commit("one", OURS, c_txt="c\n")
    server.world.site.open(OURS, "one", "main", "Add c")
    assert ask(server, "/repos/acme/shop/pulls", **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_lists_come_in_pages(server: Server) -> None:
    for number in range(5):
        server.world.site.open_issue(OURS, f"Issue {number}", "Text")
    numbers, path, pages = [], "/repos/acme/shop/issues?per_page=2", 0
    while path:
        answer = ask(server, path)
        numbers += [one["number"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix(f"{server.url}/api/v3")
        pages += 1
    assert (numbers, pages) == ([5, 4, 3, 2, 1], 3)


def test_a_limit_a_bad_token_and_a_rename_answer_as_on_github(server: Server) -> None:
    assert httpx.get(f"{server.url}/api/v3/user").status_code == 401
    assert ask(server, "/user").headers["X-OAuth-Scopes"] == "repo"
    server.world.people.change(name="acme/store")
    moved = ask(server, "/repos/acme/shop/pulls?state=all")
    assert (moved.status_code, moved.headers["Location"]) == (
        301,
        f"{server.url}/api/v3/repositories/1/pulls?state=all",
    )
    assert ask(server, "/repositories/1/pulls").json() == []
    assert ask(server, "/repos/acme/none").status_code == 404
    server.budget = 0
    limited = ask(server, "/repos/acme/store")
    assert (limited.status_code, limited.headers["X-RateLimit-Remaining"]) == (403, "0")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { name_of_no_field } }", "Field 'name_of_no_field' doesn't exist on type 'User'"),
        ("{ viewer }", "Field must have selections"),
        ("{ viewer { login { x } } }", "Selections can't be made on scalars"),
        ("{ viewer { login", "Parse error"),
        ('{ repository(owner: "acme", name: "shop") { pullRequest(number: 9) { id } } }', "Could not resolve"),
    ],
)
def test_a_wrong_query_is_an_error(server: Server, query: str, message: str) -> None:
    auth = {"Authorization": f"Bearer {token_of(server.world, OURS)}"}
    answer = httpx.post(f"{server.url}/api/graphql", headers=auth, json={"query": query}).json()
    assert message in answer["errors"][0]["message"]


def test_answers_are_as_github_describes_them(server: Server, tmp_path: Path) -> None:
    world, site = server.world, server.world.site
    site.ci, site.milestones, site.auto_merge = {"build": None}, ("v1",), True
    site.set_rules(
        "main", Rules(("build",), strict=True, approvals=1, conversations=True, others=("workflows",)), others_met=True
    )
    place = place_of(server.remote, "github", server.url)
    assert place is not None
    forge = GitHub(place, token_of(world, OURS), tmp_path / "kept", sleep=lambda _: None)
    world.people.commit("one", OURS, c_txt="c\n", d_txt="d\n")
    issue = forge.open_issue(NewIssue("m/1.1", "Title", "Text", ("mission",)))
    new = NewPull(
        "one",
        "main",
        "Add c",
        f"Closes #{issue.number}",
        draft=True,
        labels=("mission",),
        reviewers=(ADA,),
        milestone="v1",
    )
    pull = forge.open(replace(new, assignees=(OURS,)))
    forge.change(pull.number, PullChange(title="Add c and d", draft=False))
    world.people.remark(pull.number, ADA, "c.txt")
    world.people.remark(pull.number, EVE)
    world.people.demand(pull.number, ADA)
    world.people.fail(pull.number, "build", "no\n", "c.txt:1: no")
    site.finish(site.add_check(pull.head, "outside", status=True), "success")
    seen = forge.look(pull)
    for thread in seen.threads:
        forge.reply(pull.number, thread.id, "Because.", f"k{thread.id}")
        assert thread.path == "" or site.pulls[pull.number].threads[0].comments[-1].by == OURS
    for check in seen.checks:
        forge.log(check)
        forge.rerun(check)
    forge.merge(pull.number, pull.head, MergeMethod.SQUASH, auto=True)
    site.pulls[pull.number].threads[0].resolved = True
    world.people.check(pull.number, "build")
    world.people.approve(pull.number)
    assert [one.state for one in forge.pulls(["one"])] == [PullState.MERGED]
    forge.close_issue(forge.open_issue(NewIssue("m/1.2", "Title", "Text")).number, "Done.")
    assert (forge.account().login, forge.repository().name, forge.rules("main").others) == (
        OURS,
        "acme/shop",
        ("workflows",),
    )
    assert list(forge.children("one")) == []
    assert forge.fork() == f"{OURS}/shop"
    assert list(wrong_answers(server.answered)) == []
    odd = {"login": 3, "shoe_size": 44}
    assert list(wrong_answers([(Asked("GET", "/user", {}, b""), Reply(200, odd))])) == snapshot(
        ["GET /user → 200: : {'login': 3, 'shoe_size': 44} is not valid under any of the given schemas"]
    )


def test_it_runs_as_a_process_in_which_people_act(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.kit.forge.server", os.fspath(tmp_path / "hub")]
    root = Path(__file__).parents[2]
    with subprocess.Popen(argv, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        facts = json.loads(process.stdout.readline())

        def people(what: str, **values: Any) -> tuple[int, str]:
            answer = httpx.post(f"{facts['url']}/_people/{what}", json=values)
            return answer.status_code, answer.text

        assert people("commit", branch="one", by=OURS, c_txt="c\n")[0] == 200
        auth = {"Authorization": f"Bearer {facts['token']}"}
        new = {"title": "Add c", "head": "one", "base": "main"}
        made = httpx.post(f"{facts['url']}/api/v3/repos/acme/shop/pulls", headers=auth, json=new)
        assert made.status_code == 201
        assert people("approve", number=1)[0] == 200
        assert people("approve", number=2) == (
            422,
            '{"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}',
        )
        assert people("fly")[0] == 404
        process.stdin.close()
        assert process.wait() == 0
