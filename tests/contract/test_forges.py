"""What every implementation of the port `Forge` does.

These are the scripted forge in memory and over a bare repository, and the adapter for GitHub against a server of the
scripted forge. The adapters for other forges are checked against faces of it; what such a forge does not offer is
skipped, with the reason.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.forge.events import ADA, BEN, EVE, ROBOT
from tests.kit.forge.faces.worlds import WORLDS, face_world
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Did, Right
from tests.kit.forge.server import Server, served, token_of
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.forge.world import World, bare_world, memory_world

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges import marks
from mission_cli.adapters.forges.github import GitHub
from mission_cli.adapters.forges.remotes import place_of
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import (
    Author,
    CheckOutcome,
    Mergeable,
    MergeMethod,
    MergeOutcome,
    Pull,
    PullFacts,
    PullState,
    ReviewState,
    Rules,
)
from mission_cli.ports.git.forge import NewIssue, NewPull, PullChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mission_cli.domain.forge.facts import Thread
    from mission_cli.ports.git.forge import Forge

BRANCH = "mission/m/1.1"


class GitHubWorld(World):
    """A scripted forge behind a server, seen by the adapter for GitHub. Nobody waits: sleeping moves its clock."""

    server: Server
    folder: Path
    now = 1_800_000_000.0

    def forge(self, login: str = OURS) -> Any:
        """Return the adapter as a new process makes it; what it keeps on disk is there again."""
        place = place_of(self.server.remote_first, "github", self.server.url)
        assert place is not None
        token = token_of(self, login)
        return GitHub(place, token, self.folder / login, clock=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(params=["memory", "bare", "github", *WORLDS])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A forge with one commit on main, Ada and Ben who may write, Eve who may read, and a bot."""
    with ExitStack() as end:
        made: World
        if request.param in WORLDS:
            made = end.enter_context(face_world(request.param, tmp_path))
            yield made
            assert broken(made.site.log) == []
            return
        made = bare_world(tmp_path) if request.param == "bare" else memory_world()
        if request.param == "github":
            made = GitHubWorld(made.site)
            made.server, made.folder = end.enter_context(served(made)), tmp_path
        yield made
        assert broken(made.site.log) == []
        assert not isinstance(made, GitHubWorld) or made.server.unknown == [], "the server knows what is asked"


def opened(world: World, branch: str = BRANCH, base: str = "main", **files: str) -> Pull:
    """Return a pull request of ours from a new branch."""
    start = base if branch not in world.site.commits.branches() else ""
    world.people.commit(branch, OURS, start=start, **(files or {"c_txt": "c\n"}))
    return world.forge().open(NewPull(branch, base, "Add c", "It is missing."))


def needs(world: World, name: str) -> None:
    """Skip the rest of a test if this kind of forge does not offer something."""
    if name in world.lacks:
        pytest.skip(world.lacks[name])


def facts(world: World, pull: Pull) -> PullFacts:
    return world.forge().look(pull)


# Opening and finding


def test_opening_twice_gives_one(world: World) -> None:
    world.people.commit(BRANCH, OURS, c_txt="c\n")
    new = NewPull(BRANCH, "main", "Add c", "It is missing.", draft=True, labels=("mission",), reviewers=(ADA,))
    forge = world.forge()
    first, again = forge.open(new), forge.open(replace(new, title="Another"))
    assert (first.branch, first.base, first.title, first.body) == (BRANCH, "main", "Add c", "It is missing.")
    assert (first.state, first.draft, first.locked, first.fork) == (PullState.OPEN, True, False, "")
    assert first.head == world.site.commits.branches()[BRANCH]
    assert (again.number, again.title) == (first.number, "Add c")
    there = world.site.pull(first.number)
    assert (there.labels, there.reviewers) == (["mission"], [ADA])
    assert len(world.site.pulls) == 1


def test_opening_after_a_lost_answer_gives_the_one_that_was_opened(world: World) -> None:
    world.people.commit(BRANCH, OURS, c_txt="c\n")
    world.troubles.plan("open", Fault.LOST)
    new = NewPull(BRANCH, "main", "Add c", "")
    with pytest.raises(ForgeError) as lost:
        world.forge().open(new)
    assert lost.value.trouble is ForgeTrouble.UNREACHABLE
    assert world.forge().open(new).number == 1
    assert len(world.site.pulls) == 1


def test_what_a_lost_answer_left_out_is_added(world: World) -> None:
    world.people.commit(BRANCH, OURS, c_txt="c\n")
    world.forge().open(NewPull(BRANCH, "main", "Add c", "", labels=("theirs",)))
    new = NewPull(BRANCH, "main", "Add c", "", labels=("mission",), reviewers=(ADA,), assignees=(BEN,), milestone="v1")
    world.site.milestones = ("v1",)
    for _ in range(2):
        assert world.forge().open(new).number == 1
    there = world.site.pull(1)
    assert (sorted(there.labels), there.reviewers) == (["mission", "theirs"], [ADA])
    assert (there.assignees, there.milestone) == ([BEN], "v1")


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.BROKEN])
def test_opening_that_did_not_arrive_can_be_repeated(world: World, fault: Fault) -> None:
    world.people.commit(BRANCH, OURS, c_txt="c\n")
    world.troubles.plan("open", fault)
    new = NewPull(BRANCH, "main", "Add c", "")
    with pytest.raises(ForgeError):
        world.forge().open(new)
    assert world.site.pulls == {}
    assert world.forge().open(new).number == 1


def test_a_branch_that_is_missing_or_has_nothing_new_is_refused(world: World) -> None:
    world.site.commits.set_branch("same", world.site.commits.branches()["main"])
    places = [("none", "main"), ("main", "none"), *([] if "empty" in world.lacks else [("same", "main")])]
    for branch, base in places:
        with pytest.raises(ForgeError) as refused:
            world.forge().open(NewPull(branch, base, "t", ""))
        assert refused.value.trouble is ForgeTrouble.REFUSED, (branch, base)


def test_a_pull_request_is_found_by_its_number_in_every_state(world: World) -> None:
    pull = opened(world)
    found = world.forge().find(pull.number)
    assert (found.number, found.branch, found.state) == (pull.number, BRANCH, PullState.OPEN)
    world.site.close(ADA, pull.number)
    assert world.forge().find(pull.number).state is PullState.CLOSED
    with pytest.raises(ForgeError) as none:
        world.forge().find(99)
    assert none.value.trouble is ForgeTrouble.NOT_FOUND


def test_pull_requests_are_found_by_branch_in_every_state(world: World) -> None:
    closed = opened(world, "mission/m/1.1")
    world.site.close(ADA, closed.number)
    second = opened(world, "mission/m/1.1", d_txt="d\n")
    merged = opened(world, "mission/m/1.2", e_txt="e\n")
    world.site.merge(ADA, merged.number, merged.head, MergeMethod.SQUASH)
    opened(world, "theirs", f_txt="f\n")
    found = world.forge().pulls(["mission/m/1.1", "mission/m/1.2", "mission/m/9.9"])
    assert [(one.number, one.state) for one in found] == [
        (merged.number, PullState.MERGED),
        (second.number, PullState.OPEN),
        (closed.number, PullState.CLOSED),
    ]
    assert [one.number for one in world.forge().pulls(["theirs"])] == [4]
    assert (found[0].merged_as, found[0].head) == (world.site.commits.branches()["main"], merged.head)
    assert found[1].merged_as == ""


def test_children_are_the_open_ones_into_a_branch(world: World) -> None:
    opened(world, "one")
    child = opened(world, "two", "one", d_txt="d\n")
    closed = opened(world, "three", "one", e_txt="e\n")
    world.site.close(ADA, closed.number)
    assert [one.number for one in world.forge().children("one")] == [child.number]
    assert list(world.forge().children("two")) == []


# Changing


def test_everything_that_may_be_changed_changes_and_leaves_the_rest(world: World) -> None:
    pull = opened(world)
    world.people.commit("other", d_txt="d\n")
    forge = world.forge()
    after = forge.change(pull.number, PullChange(title="New", body="Text"))
    assert (after.title, after.body, after.base, after.draft) == ("New", "Text", "main", False)
    after = forge.change(pull.number, PullChange(base="other", draft=True))
    assert (after.title, after.base, after.draft) == ("New", "other", True)
    assert forge.change(pull.number, PullChange(draft=False)).draft is False
    assert forge.change(pull.number, PullChange(state=PullState.CLOSED)).state is PullState.CLOSED
    assert forge.change(pull.number, PullChange(state=PullState.CLOSED)).state is PullState.CLOSED
    assert forge.change(pull.number, PullChange(state=PullState.OPEN)).state is PullState.OPEN
    assert forge.change(pull.number, PullChange(state=PullState.OPEN)).state is PullState.OPEN


def test_what_cannot_be_changed_is_refused(world: World) -> None:
    pull = opened(world)
    with pytest.raises(ForgeError) as refused:
        world.forge().change(pull.number, PullChange(base="none"))
    assert refused.value.trouble is ForgeTrouble.REFUSED
    world.site.close(ADA, pull.number)
    world.site.delete_branch(ADA, BRANCH)
    with pytest.raises(ForgeError) as refused:
        world.forge().change(pull.number, PullChange(state=PullState.OPEN))
    assert refused.value.trouble is ForgeTrouble.REFUSED
    with pytest.raises(ForgeError) as refused:
        world.forge().change(99, PullChange(title="x"))
    assert refused.value.trouble is ForgeTrouble.NOT_FOUND


def test_a_change_is_seen_by_the_time_of_the_last_change(world: World) -> None:
    pull = opened(world)
    seen = {pull.updated}
    steps: list[Callable[[], object]] = [
        lambda: world.people.remark(pull.number),
        lambda: world.people.remark(pull.number, path="c.txt"),
        lambda: world.people.approve(pull.number),
        lambda: world.people.commit(BRANCH, ADA, d_txt="d\n"),
        lambda: world.site.set_draft(ADA, pull.number, draft=True),
        lambda: world.site.edit(ADA, pull.number, title="Theirs"),
        lambda: world.site.close(ADA, pull.number),
    ]
    for count, step in enumerate(steps, 2):
        step()
        seen.add(world.forge().pulls([BRANCH])[0].updated)
        assert len(seen) == count
    after = world.forge().pulls([BRANCH])[0]
    assert (after.title, after.state, after.draft) == ("Theirs", PullState.CLOSED, True)


# Checks


def test_checks_are_those_of_the_head_and_the_newest_of_each_name(world: World) -> None:
    world.site.ci = {"build": None, "lint": lambda check: setattr(check, "state", "success")}
    pull = opened(world)
    assert {one.name: one.outcome for one in facts(world, pull).checks} == {
        "build": CheckOutcome.PENDING,
        "lint": CheckOutcome.PASSED,
    }
    world.people.fail(pull.number, "build")
    world.people.check(pull.number, "build")
    assert {one.name: one.outcome for one in facts(world, pull).checks}["build"] is CheckOutcome.PASSED
    world.people.commit(BRANCH, OURS, d_txt="d\n")
    assert {one.name: one.outcome for one in facts(world, pull).checks}["build"] is CheckOutcome.PENDING


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("queued", CheckOutcome.PENDING),
        ("in_progress", CheckOutcome.PENDING),
        ("waiting", CheckOutcome.ACTION),
        ("success", CheckOutcome.PASSED),
        ("neutral", CheckOutcome.PASSED),
        ("skipped", CheckOutcome.PASSED),
        ("failure", CheckOutcome.FAILED),
        ("cancelled", CheckOutcome.INFRASTRUCTURE),
        ("startup_failure", CheckOutcome.INFRASTRUCTURE),
        ("stale", CheckOutcome.INFRASTRUCTURE),
        ("action_required", CheckOutcome.ACTION),
    ],
)
def test_a_failed_check_is_not_one_that_did_not_judge(world: World, state: str, outcome: CheckOutcome) -> None:
    pull = opened(world)
    if outcome is CheckOutcome.ACTION:
        needs(world, "action")
    world.people.check(pull.number, "build", state)
    [check] = facts(world, pull).checks
    assert (check.name, check.outcome) == ("build", outcome)


def test_the_log_of_a_check_has_annotations_and_last_lines(world: World) -> None:
    pull = opened(world)
    lines = [f"line {number}" for number in range(5000)]
    world.people.fail(pull.number, "build", "\n".join(lines), "c.txt:3: expected `d`")
    [check] = facts(world, pull).checks
    log = world.forge().log(check)
    assert "c.txt:3: " in log
    assert "expected `d`" in log
    assert "line 4999" in log
    assert "line 100\n" not in log


def test_a_check_runs_again_if_the_forge_can_do_that(world: World) -> None:
    world.site.ci = {"build": None}
    pull = opened(world)
    world.people.check(pull.number, "build", "cancelled")
    [check] = facts(world, pull).checks
    assert world.forge().rerun(check) is True
    [again] = facts(world, pull).checks
    assert (again.name, again.outcome) == ("build", CheckOutcome.PENDING)
    world.people.check(pull.number, "build")
    head = world.site.pull(pull.number).head
    world.site.finish(world.site.add_check(head, "outside", status=True), "failure")
    status = next(one for one in facts(world, pull).checks if one.name == "outside")
    assert status.outcome is CheckOutcome.FAILED
    assert world.forge().rerun(status) is False
    assert world.forge().log(status) == ""


def test_a_trigger_that_the_forge_lost_comes_with_the_reopening(world: World) -> None:
    world.site.ci, world.site.swallow = {"build": None}, 1
    pull = opened(world)
    assert facts(world, pull).checks == ()
    world.forge().change(pull.number, PullChange(state=PullState.CLOSED))
    world.forge().change(pull.number, PullChange(state=PullState.OPEN))
    assert [one.name for one in facts(world, pull).checks] == ["build"]


# Reviews and threads


def test_the_latest_opinion_of_each_reviewer_counts(world: World) -> None:
    pull = opened(world)
    world.people.demand(pull.number, ADA, "Not so.")
    world.people.demand(pull.number, BEN, "Nor so.")
    world.people.approve(pull.number, ADA)
    world.site.review(ADA, pull.number, ReviewState.COMMENTED, "By the way")
    world.site.review(EVE, pull.number, ReviewState.COMMENTED, "I wonder")
    world.site.review(ROBOT, pull.number, ReviewState.APPROVED)
    world.site.dismiss(ADA, pull.number, BEN)
    found = facts(world, pull).reviews
    assert {(one.author.login, one.state) for one in found if one.state is not ReviewState.COMMENTED} == {
        (ADA, ReviewState.APPROVED),
        (BEN, ReviewState.DISMISSED),
        (world.bot, ReviewState.APPROVED),
    }
    said = [comment for thread in facts(world, pull).threads for comment in thread.comments]
    authors = {one.login: one for one in [*(review.author for review in found), *(one.author for one in said)]}
    if "review texts" in world.lacks:
        assert [one.text for one in said if one.author.login == EVE] == ["I wonder"]
    else:
        [eve] = [one for one in found if one.author.login == EVE]
        assert (eve.text, eve.state, eve.commit) == ("I wonder", ReviewState.COMMENTED, pull.head)
    assert authors[ADA] == Author(ADA, trusted=True)
    assert authors[EVE] == Author(EVE)
    assert (authors[world.bot].bot, authors[world.bot].ours) == (True, False)


def test_an_approval_says_which_head_it_is_for(world: World) -> None:
    pull = opened(world)
    world.people.approve(pull.number)
    newer = world.people.commit(BRANCH, OURS, d_txt="d\n")
    seen = facts(world, pull)
    assert seen.pull.head == newer
    assert [one.commit for one in seen.reviews] == [pull.head]


def places(found: PullFacts) -> dict[str, Thread]:
    return {one.path: one for one in found.threads}


def test_threads_have_places_and_are_resolved_or_outdated(world: World) -> None:
    pull = opened(world, c_txt="c\n", d_txt="d\n")
    first = world.people.remark(pull.number, ADA, "c.txt", 1, "Why c?")
    second = world.people.remark(pull.number, BEN, "d.txt", 1, "Why d?")
    assert first is not None
    assert second is not None
    world.site.answer(BEN, pull.number, first.id, "Yes, why?")
    world.site.resolve(ADA, pull.number, second.id)
    world.people.commit(BRANCH, OURS, c_txt="other\n")
    threads = places(facts(world, pull))
    assert (threads["c.txt"].resolved, threads["c.txt"].outdated) == (False, "outdated" not in world.lacks)
    assert (threads["d.txt"].resolved, threads["d.txt"].outdated, threads["d.txt"].line) == (True, False, 1)
    said = [(one.author.login, one.text, one.key) for one in threads["c.txt"].comments]
    assert said == [(ADA, "Why c?", ""), (BEN, "Yes, why?", "")]


def test_comments_below_have_no_path(world: World) -> None:
    pull = opened(world)
    world.people.remark(pull.number, ADA, text="Looks odd")
    world.people.remark(pull.number, EVE, text="Indeed")
    below = [one for one in facts(world, pull).threads if not one.path]
    assert [(c.author.login, c.text) for one in below for c in one.comments] == [(ADA, "Looks odd"), (EVE, "Indeed")]


def test_a_comment_that_somebody_hid_is_not_there(world: World) -> None:
    needs(world, "hidden")
    pull = opened(world)
    world.people.remark(pull.number, ADA, "c.txt")
    world.people.remark(pull.number, EVE, text="Buy now!")
    world.site.pull(pull.number).below[0].hidden = True
    assert [one.path for one in facts(world, pull).threads] == ["c.txt"]


@pytest.mark.parametrize("path", ["c.txt", ""])
@pytest.mark.parametrize("fault", [None, Fault.LOST, Fault.REFUSED])
def test_a_reply_is_made_once_for_each_key(world: World, path: str, fault: Fault | None) -> None:
    pull = opened(world)
    world.people.remark(pull.number, ADA, path, 1, "Why?")
    [thread] = facts(world, pull).threads
    world.troubles.plan("reply", fault)
    if fault is None:
        assert world.forge().reply(pull.number, thread.id, "Because.", "k1") is True
    else:
        with pytest.raises(ForgeError):
            world.forge().reply(pull.number, thread.id, "Because.", "k1")
    for _ in range(3):
        made = world.forge().reply(pull.number, thread.id, "Because.", "k1")
        assert made is (fault is Fault.REFUSED)
        fault = None
    assert world.forge().reply(pull.number, thread.id, "And so on.", "k2") is True
    comments = [one for there in facts(world, pull).threads if there.path == path for one in there.comments]
    assert [(one.author.ours, one.key) for one in comments] == [(False, ""), (True, "k1"), (True, "k2")]
    assert "Because." in comments[1].text


def test_a_key_in_a_comment_of_somebody_else_is_none_of_ours(world: World) -> None:
    pull = opened(world)
    world.people.remark(pull.number, ADA, "c.txt", 1, "Why?")
    [thread] = facts(world, pull).threads
    world.forge().reply(pull.number, thread.id, "Because.", "k1")
    ours = world.site.pull(pull.number).threads[0].comments[1].body
    other = opened(world, "other", d_txt="d\n")
    world.people.remark(other.number, EVE, "d.txt", 1, ours)
    [copied] = facts(world, other).threads
    assert [one.key for one in copied.comments] == [""]
    assert world.forge().reply(other.number, copied.id, "Because.", "k1") is True


def test_what_our_account_writes_by_hand_is_not_ours(world: World) -> None:
    """The token is often that of a person, who comments and answers, too."""
    pull = opened(world)
    thread = world.people.remark(pull.number, OURS, "c.txt", 1, "Do not forget the docs.")
    assert thread is not None
    world.forge().reply(pull.number, places(facts(world, pull))["c.txt"].id, "Done.", "k1")
    comments = places(facts(world, pull))["c.txt"].comments
    assert [(one.author.login, one.author.ours, one.author.trusted, one.key) for one in comments] == [
        (OURS, False, True, ""),
        (OURS, True, True, "k1"),
    ]


def test_a_locked_conversation_is_named(world: World) -> None:
    pull = opened(world)
    world.people.remark(pull.number, ADA, "c.txt")
    [thread] = facts(world, pull).threads
    world.site.set_lock(ADA, pull.number, locked=True)
    assert facts(world, pull).pull.locked is True
    world.site.members[OURS].right = Right.READ
    with pytest.raises(ForgeError) as locked:
        world.forge().reply(pull.number, thread.id, "Because.", "k")
    assert locked.value.trouble is ForgeTrouble.LOCKED


# Merging


@pytest.mark.parametrize("method", MergeMethod)
def test_each_method_merges_the_expected_head(world: World, method: MergeMethod) -> None:
    if "rebase" in world.lacks:
        world.site.methods = (method,)
    pull = opened(world)
    world.people.commit(BRANCH, OURS, d_txt="d\n")
    head = facts(world, pull).pull.head
    world.people.commit("main", e_txt="e\n")
    base, forge = world.site.commits.branches()["main"], world.forge()
    assert facts(world, pull).behind is True
    done = forge.merge(pull.number, head, method)
    tip = world.site.commits.branches()["main"]
    assert (done.outcome, done.detail) == (MergeOutcome.MERGED, tip)
    parents = world.site.commits.parents(tip)
    expected = {MergeMethod.MERGE: [base, head], MergeMethod.SQUASH: [base]}
    if method in expected:
        assert list(parents) == expected[method]
    else:
        assert len(world.site.commits.between(base, tip)) == 2
    assert sorted(world.site.commits.changed(base, tip)) == ["c.txt", "d.txt"]
    assert forge.merge(pull.number, head, method).outcome is MergeOutcome.MERGED, "the answer is the same again"
    [after] = forge.pulls([BRANCH])
    assert (after.state, after.head) == (PullState.MERGED, head)


def test_a_merge_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    pull = opened(world)
    world.troubles.plan("merge", Fault.LOST)
    with pytest.raises(ForgeError):
        world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH)
    assert world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH).outcome is MergeOutcome.MERGED
    assert [one.what for one in world.site.log].count(Did.MERGED) == 1


def test_another_head_is_never_merged(world: World) -> None:
    pull = opened(world)
    world.people.commit(BRANCH, ADA, d_txt="d\n")
    done = world.forge().merge(pull.number, pull.head, MergeMethod.MERGE)
    assert done.outcome is MergeOutcome.MOVED
    assert facts(world, pull).pull.state is PullState.OPEN


def test_what_the_forge_has_not_computed_is_unknown_until_it_has(world: World) -> None:
    needs(world, "mergeable")
    world.site.lazy = True
    pull = opened(world)
    facts(world, pull)
    assert facts(world, pull).mergeable is Mergeable.YES
    world.people.commit("main", d_txt="d\n")
    assert facts(world, pull).mergeable is Mergeable.UNKNOWN
    assert facts(world, pull).mergeable is Mergeable.YES
    world.people.commit("main", e_txt="e\n")
    outcomes = [world.forge().merge(pull.number, pull.head, MergeMethod.MERGE).outcome for _ in range(3)]
    assert outcomes[-1] is MergeOutcome.MERGED
    assert {*outcomes} <= {MergeOutcome.MERGED, MergeOutcome.REFUSED}


def _conflict(world: World, pull: Pull) -> None:
    world.people.commit("main", c_txt="other\n")
    assert facts(world, pull).mergeable is Mergeable.CONFLICTS


REFUSALS: dict[str, tuple[Rules, Callable[[World, Pull], object]]] = {
    "the check is missing": (Rules(required=("build",)), lambda _world, _pull: None),
    "the check runs": (Rules(required=("build",)), lambda w, p: w.people.check(p.number, "build", "in_progress")),
    "the check failed": (Rules(required=("build",)), lambda w, p: w.people.fail(p.number, "build")),
    "one of two checks": (Rules(required=("build", "lint")), lambda w, p: w.people.check(p.number, "build")),
    "the check is of an older head": (
        Rules(required=("build",)),
        lambda w, p: (w.people.check(p.number, "build"), w.people.commit(BRANCH, OURS, d_txt="d\n")),
    ),
    "no approval": (Rules(approvals=1), lambda _world, _pull: None),
    "one approval of two": (Rules(approvals=2), lambda w, p: w.people.approve(p.number)),
    "approved by a stranger": (Rules(approvals=1), lambda w, p: w.people.approve(p.number, EVE)),
    "changes requested": (
        Rules(approvals=1),
        lambda w, p: (w.people.approve(p.number, BEN), w.people.demand(p.number, ADA)),
    ),
    "approval dismissed": (
        Rules(approvals=1),
        lambda w, p: (w.people.approve(p.number), w.site.dismiss(BEN, p.number, ADA)),
    ),
    "not a code owner": (Rules(approvals=1, code_owners=True), lambda w, p: w.people.approve(p.number, ADA)),
    "approved by the last pusher": (
        Rules(approvals=1, last_push=True),
        lambda w, p: (w.people.commit(BRANCH, ADA, d_txt="d\n"), w.people.approve(p.number, ADA)),
    ),
    "an open thread": (Rules(conversations=True), lambda w, p: w.people.remark(p.number, ADA, "c.txt")),
    "behind": (Rules(strict=True), lambda w, _pull: w.people.commit("main", d_txt="d\n")),
    "not signed": (Rules(signed=True), lambda _world, _pull: None),
    "linear": (Rules(linear=True), lambda _world, _pull: None),
    "by the queue only": (Rules(queue=True), lambda _world, _pull: None),
    "locked base": (Rules(locked=True), lambda _world, _pull: None),
    "another rule": (Rules(others=("required_deployments",)), lambda _world, _pull: None),
    "a draft": (Rules(), lambda w, p: w.site.set_draft(ADA, p.number, draft=True)),
    "a conflict": (Rules(), _conflict),
    "closed": (Rules(), lambda w, p: w.site.close(ADA, p.number)),
    "not this method": (Rules(), lambda w, _pull: setattr(w.site, "methods", (MergeMethod.SQUASH,))),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_merge_that_breaks_a_rule_is_refused_with_its_words(world: World, name: str) -> None:
    rules, act = REFUSALS[name]
    world.site.owners = (BEN,)
    pull = opened(world)
    world.site.set_rules("main", rules)
    act(world, pull)
    now = facts(world, pull).pull
    before = world.site.commits.branches()["main"]
    done = world.forge().merge(now.number, now.head, MergeMethod.MERGE)
    assert done.outcome is MergeOutcome.REFUSED, done
    assert done.detail
    assert world.site.commits.branches()["main"] == before
    assert facts(world, pull).pull.state is now.state


def test_a_merge_that_meets_all_rules_is_made(world: World) -> None:
    world.site.owners, world.site.ci = (BEN,), {"build": None}
    pull = opened(world)
    rules = Rules(
        ("build",), strict=True, approvals=1, code_owners=True, last_push=True, conversations=True, linear=True
    )
    world.site.set_rules("main", rules)
    thread = world.people.remark(pull.number, ADA, "c.txt")
    assert thread is not None
    world.site.resolve(ADA, pull.number, thread.id)
    world.people.approve(pull.number, BEN)
    world.people.check(pull.number, "build")
    seen = facts(world, pull)
    assert (seen.mergeable, seen.behind) == (Mergeable.YES, False)
    assert world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH).outcome is MergeOutcome.MERGED


def test_the_queue_merges_or_throws_out(world: World) -> None:
    needs(world, "queue")
    world.site.set_rules("main", Rules(queue=True, required=("build",)))
    pull = opened(world)
    forge = world.forge()
    refused = forge.merge(pull.number, pull.head, MergeMethod.MERGE, queue=True)
    assert refused.outcome is MergeOutcome.REFUSED
    world.people.check(pull.number, "build")
    assert forge.merge(pull.number, "0" * 40, MergeMethod.MERGE, queue=True).outcome is MergeOutcome.MOVED
    for _ in range(2):
        assert forge.merge(pull.number, pull.head, MergeMethod.MERGE, queue=True).outcome is MergeOutcome.QUEUED
    assert facts(world, pull).queued is True
    world.site.queue_ci = lambda _commit: "build failed"
    world.site.queue_step()
    seen = facts(world, pull)
    assert (seen.queued, seen.pull.state) == (False, PullState.OPEN)
    world.site.queue_ci = lambda _commit: ""
    forge.merge(pull.number, pull.head, MergeMethod.MERGE, queue=True)
    world.site.queue_step()
    assert facts(world, pull).pull.state is PullState.MERGED


def test_auto_merge_waits_for_the_rules(world: World) -> None:
    world.site.auto_merge = True
    world.site.set_rules("main", Rules(required=("build",), approvals=1))
    pull = opened(world)
    forge = world.forge()
    assert forge.merge(pull.number, "0" * 40, MergeMethod.SQUASH, auto=True).outcome is MergeOutcome.MOVED
    for _ in range(2):
        assert forge.merge(pull.number, pull.head, MergeMethod.SQUASH, auto=True).outcome is MergeOutcome.AUTO
    assert facts(world, pull).auto_merge is True or "auto_merge" in world.lacks
    world.people.check(pull.number, "build")
    assert facts(world, pull).pull.state is PullState.OPEN
    world.people.approve(pull.number)
    seen = facts(world, pull)
    assert (seen.pull.state, seen.auto_merge) == (PullState.MERGED, False)


def test_auto_merge_that_is_not_allowed_is_refused(world: World) -> None:
    needs(world, "auto_merge")
    world.site.set_rules("main", Rules(approvals=1))
    pull = opened(world)
    done = world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH, auto=True)
    assert done.outcome is MergeOutcome.REFUSED


# Stacks and branches


def test_children_are_closed_with_their_base_unless_they_are_retargeted_first(world: World) -> None:
    parent = opened(world, "one")
    child = opened(world, "two", "one", d_txt="d\n")
    other = opened(world, "three", "one", e_txt="e\n")
    world.forge().merge(parent.number, parent.head, MergeMethod.MERGE)
    assert world.forge().change(child.number, PullChange(base="main")).base == "main"
    world.site.delete_branch(ADA, "one")
    assert facts(world, child).pull.state is PullState.OPEN
    assert facts(world, other).pull.state is PullState.CLOSED


def test_a_forge_that_deletes_branches_retargets_children(world: World) -> None:
    world.site.deletes_branches = True
    assert world.forge().repository().deletes_branches is True
    parent = opened(world, "one")
    child = opened(world, "two", "one", d_txt="d\n")
    world.forge().merge(parent.number, parent.head, MergeMethod.MERGE)
    assert "one" not in world.site.commits.branches()
    now = facts(world, child).pull
    assert (now.base, now.state) == ("main", PullState.OPEN)


def test_a_pull_request_whose_branch_is_gone_is_closed(world: World) -> None:
    pull = opened(world)
    world.site.delete_branch(ADA, BRANCH)
    [seen] = world.forge().pulls([BRANCH])
    assert (seen.number, seen.state, seen.head) == (pull.number, PullState.CLOSED, pull.head)


def test_a_branch_that_reaches_the_base_by_a_push_is_merged(world: World) -> None:
    pull = opened(world)
    world.site.push(ADA, "main", pull.head)
    [seen] = world.forge().pulls([BRANCH])
    assert (seen.state, seen.head) == (PullState.MERGED, pull.head)


# Rules and repository


@pytest.mark.parametrize(
    "rules",
    [
        Rules(),
        Rules(required=("build", "lint"), strict=True),
        Rules(approvals=2, code_owners=True, last_push=True, conversations=True),
        Rules(signed=True, linear=True),
        Rules(queue=True),
        Rules(locked=True),
    ],
)
def test_rules_are_those_of_the_base(world: World, rules: Rules) -> None:
    offered = world.within(rules)
    if offered != rules and offered == Rules():
        needs(world, next(name for name in world.lacks if getattr(rules, name, False)))
    rules = offered
    world.site.set_rules("main", rules)
    world.people.commit("free", d_txt="d\n")
    seen = world.forge().rules("main")
    assert replace(seen, required=tuple(sorted(seen.required))) == rules
    assert world.forge().rules("none") == Rules()
    assert world.forge().rules("free") == Rules() or "per base" in world.lacks


def test_rules_of_a_classic_protection_are_found_too(world: World) -> None:
    """What GitHub does not show of them holds all the same: a merge is refused."""
    needs(world, "classic")
    rules = Rules(required=("build",), approvals=1, code_owners=True, conversations=True, signed=True, linear=True)
    world.site.classic, world.site.owners = {"main"}, (ADA,)
    world.site.set_rules("main", rules)
    assert world.forge().rules("main") == rules
    pull = opened(world)
    assert world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH).outcome is MergeOutcome.REFUSED


def test_rules_that_this_program_does_not_know_are_named(world: World) -> None:
    needs(world, "others")
    world.site.set_rules("main", Rules(others=("required_deployments",)))
    assert world.forge().rules("main").others == ("required_deployments",)


def test_the_repository_says_what_it_allows(world: World) -> None:
    seen = world.forge().repository()
    assert (seen.name, seen.default, seen.archived, seen.may_push) == ("acme/shop", "main", False, True)
    assert set(MergeMethod) - set(seen.methods) == ({MergeMethod.REBASE} if "rebase" in world.lacks else set())
    assert seen.auto_merge is False or "auto_merge" in world.lacks
    assert seen.deletes_branches is False
    world.people.change(archived=True, methods=(MergeMethod.REBASE,), auto_merge=True, name="acme/store")
    seen = world.forge().repository()
    assert (seen.name, seen.archived, seen.methods) == ("acme/store", True, (MergeMethod.REBASE,))
    assert seen.auto_merge is True or "auto_merge" in world.lacks
    assert world.forge(EVE).repository().may_push is False


def test_the_account_is_the_one_of_the_token(world: World) -> None:
    seen = world.forge().account()
    assert (seen.login, seen.bot) == (OURS, False)
    assert seen.scopes == ("repo",) or "scopes" in world.lacks
    assert world.forge(EVE).account().login == EVE


# Issues and forks


@pytest.mark.parametrize("fault", [None, Fault.LOST])
def test_an_issue_is_opened_once_for_each_key_and_closed_once(world: World, fault: Fault | None) -> None:
    new = NewIssue("m/1.1", "[m/1.1] Count words", "The brief.", ("mission",))
    world.troubles.plan("open_issue", fault)
    if fault is not None:
        with pytest.raises(ForgeError):
            world.forge().open_issue(new)
    first, again = world.forge().open_issue(new), world.forge().open_issue(new)
    assert (first.number, first.title, first.open, first.key) == (1, "[m/1.1] Count words", True, "m/1.1")
    assert again == first
    assert world.forge().open_issue(replace(new, key="m/1.2")).number == 2
    there = world.site.issues[1]
    assert (there.labels, "The brief." in there.body) == (["mission"], True)
    for _ in range(3):
        world.forge().close_issue(1, "Done by #2.")
    assert (there.open, [marks.strip(one.body) for one in there.comments]) == (False, ["Done by #2."])
    assert world.forge().open_issue(new).open is False


def test_open_issues_are_listed_newest_first_without_pull_requests(world: World) -> None:
    for number in range(1, 4):
        world.site.open_issue(ADA, f"Issue {number}", "Text")
    opened(world)
    world.site.close_issue(ADA, 2)
    assert [(one.number, one.title, one.open) for one in world.forge().issues(9)] == [
        (3, "Issue 3", True),
        (1, "Issue 1", True),
    ]
    assert [one.number for one in world.forge().issues(1)] == [3]


def test_an_issue_is_found_without_its_label(world: World) -> None:
    """A person has removed it, or the account may not set labels."""
    new = NewIssue("m/1.1", "Title", "Text", ("mission",))
    assert world.forge().open_issue(new).number == 1
    world.site.issues[1].labels.clear()
    assert world.forge().open_issue(new).number == 1
    world.site.members[OURS].right = Right.READ
    other = replace(new, key="m/1.2")
    assert [world.forge().open_issue(other).number for _ in range(2)] == [2, 2]


def test_a_merge_closes_the_issues_that_it_names(world: World) -> None:
    issue = world.forge().open_issue(NewIssue("k", "Title", "Text"))
    pull = opened(world)
    world.forge().change(pull.number, PullChange(body=f"Closes #{issue.number}"))
    world.forge().merge(pull.number, pull.head, MergeMethod.SQUASH)
    assert world.site.issues[issue.number].open is False


def test_a_fork_is_made_once_and_its_branches_can_be_proposed(world: World) -> None:
    world.site.members[OURS].right = Right.READ
    forge = world.forge()
    name = forge.fork()
    assert (name, forge.fork()) == (f"{OURS}/shop", name)
    there = world.site.forks[name]
    there.set_branch(BRANCH, there.commit(there.branches()["main"], {"c.txt": "c\n"}, "Add c"))
    new = NewPull(BRANCH, "main", "Add c", "", fork=name)
    pull = forge.open(new)
    assert (pull.fork, pull.branch, forge.open(new).number) == (name, BRANCH, pull.number)
    assert [one.fork for one in forge.pulls([BRANCH])] == [name]
    assert facts(world, pull).mergeable is Mergeable.YES
    world.site.merge(ADA, pull.number, pull.head, MergeMethod.SQUASH)
    assert facts(world, pull).pull.state is PullState.MERGED


# Trouble


@pytest.mark.parametrize(
    ("fault", "trouble", "again"),
    [
        (Fault.REFUSED, ForgeTrouble.UNREACHABLE, False),
        (Fault.BROKEN, ForgeTrouble.UNREACHABLE, False),
        (Fault.LIMITED, ForgeTrouble.LIMITED, True),
        (Fault.UNAUTHORIZED, ForgeTrouble.UNAUTHORIZED, False),
        (Fault.FORBIDDEN, ForgeTrouble.FORBIDDEN, False),
        (Fault.NOT_FOUND, ForgeTrouble.NOT_FOUND, False),
    ],
)
def test_every_trouble_is_named_by_every_kind_of_call(
    world: World, fault: Fault, trouble: ForgeTrouble, *, again: bool
) -> None:
    pull = opened(world)
    world.people.fail(pull.number, "build")
    [check] = facts(world, pull).checks
    calls: list[Callable[[Forge], object]] = [
        lambda forge: forge.account(),
        lambda forge: forge.repository(),
        lambda forge: forge.rules("main"),
        lambda forge: forge.pulls([BRANCH]),
        lambda forge: forge.children(BRANCH),
        lambda forge: forge.look(pull),
        lambda forge: forge.open(NewPull(BRANCH, "main", "t", "")),
        lambda forge: forge.change(pull.number, PullChange(title="t")),
        lambda forge: forge.reply(pull.number, "", "text", "k"),
        lambda forge: forge.merge(pull.number, pull.head, MergeMethod.MERGE),
        lambda forge: forge.log(check),
        lambda forge: forge.rerun(check),
        lambda forge: forge.fork(),
        lambda forge: forge.open_issue(NewIssue("k", "t", "b")),
        lambda forge: forge.close_issue(pull.number, "c"),
    ]
    world.troubles.standing = fault
    before = len(world.site.log)
    for call in calls:
        with pytest.raises(ForgeError) as met:
            call(world.forge())
        assert (met.value.trouble, (met.value.again or 0) > 0) == (trouble, again)
    assert len(world.site.log) == before, "nothing happened"


def test_what_is_archived_expired_or_without_right_is_named(world: World) -> None:
    pull, me = opened(world), world.site.members[OURS]

    def trouble(call: Callable[[Forge], object]) -> ForgeTrouble:
        with pytest.raises(ForgeError) as met:
            call(world.forge())
        return met.value.trouble

    world.people.change(archived=True)
    assert trouble(lambda forge: forge.change(pull.number, PullChange(title="t"))) is ForgeTrouble.ARCHIVED
    assert trouble(lambda forge: forge.merge(pull.number, pull.head, MergeMethod.MERGE)) is ForgeTrouble.ARCHIVED
    assert world.forge().pulls([BRANCH])[0].number == pull.number
    world.people.change(archived=False)
    me.right = Right.READ
    assert trouble(lambda forge: forge.merge(pull.number, pull.head, MergeMethod.MERGE)) is ForgeTrouble.FORBIDDEN
    me.right = Right.NONE
    assert trouble(lambda forge: forge.pulls([BRANCH])) is ForgeTrouble.NOT_FOUND
    me.right, me.expired = Right.WRITE, True
    assert trouble(lambda forge: forge.pulls([BRANCH])) is ForgeTrouble.UNAUTHORIZED
    me.expired = False
    world.people.change(gone=True)
    assert trouble(lambda forge: forge.repository()) is ForgeTrouble.NOT_FOUND
    world.people.change(gone=False)
    assert trouble(lambda forge: forge.look(replace(pull, number=99))) is ForgeTrouble.NOT_FOUND


# Requests


def test_requests_are_few_and_none_unless_asked(world: World) -> None:
    pull = opened(world)
    world.people.remark(pull.number, ADA, "c.txt")
    world.people.check(pull.number, "build")
    forge = world.forge()
    assert forge.requests == 0
    forge.pulls([])
    assert forge.requests == 0
    [listed] = forge.pulls([BRANCH])
    assert forge.requests == 1
    assert list(forge.pulls([BRANCH])) == [listed]
    assert forge.requests == 2, "a conditional request is one too"
    before = forge.requests
    seen = forge.look(listed)
    assert forge.requests - before <= world.most[0]
    before = forge.requests
    assert forge.look(listed, seen) == seen
    assert forge.requests - before <= world.most[1]
