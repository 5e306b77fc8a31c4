"""The scripted forge of the tests: its laws can be broken, its events happen, and a seed is one world."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.objects import Objects
from tests.kit.forge.commits import BareCommits, MemoryCommits
from tests.kit.forge.events import ADA, BEN, Happens, forge_events_of, happen
from tests.kit.forge.laws import broken
from tests.kit.forge.records import DeniedError, Did, Entry
from tests.kit.forge.state import OURS
from tests.kit.forge.world import World, memory_world

from mission_cli.adapters.forges import marks
from mission_cli.domain.errors import ForgeError
from mission_cli.domain.forge.facts import MergeMethod, PullState, Rules
from mission_cli.ports.git.forge import NewPull

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.forge.commits import Commits
    from tests.kit.forge.records import PullRecord


def _pull(world: World, branch: str = "one", base: str = "main") -> PullRecord:
    world.people.commit(branch, OURS, start=base, **{f"{branch}_txt": "text\n"})
    return world.site.open(OURS, branch, base, branch)


def test_two_open_pull_requests_of_one_branch_break_a_law() -> None:
    world = memory_world()
    _pull(world)
    world.people.commit("other", d_txt="d\n")
    world.site.open(OURS, "one", "other", "again")
    assert broken(world.site.log) == ["two pull requests are open for one: [1, 2]"]


def test_doubled_replies_and_issues_break_a_law() -> None:
    world = memory_world()
    _pull(world)
    for _ in range(2):
        world.site.comment(OURS, 1, marks.write("text", "k"))
        world.site.comment(ADA, 1, marks.write("text", "other"))
        world.site.open_issue(OURS, "title", marks.write("text", "i"))
    assert broken(world.site.log) == ["#1 has 2 replies with the key k", "2 issues have the key i"]


def test_merges_without_a_check_of_ours_or_a_judgement_break_a_law() -> None:
    world = memory_world()
    pull = _pull(world)
    world.site.set_rules("main", Rules(required=("build",)))
    world.people.check(1, "build")
    world.site.merge(OURS, 1, pull.head, MergeMethod.SQUASH)
    assert broken(world.site.log, judged=lambda commit: commit == pull.head) == []
    assert broken(world.site.log, judged=lambda _commit: False, required=["ours"]) == [
        "#1 was merged without ours",
        f"#1 was merged (merge) with {pull.head[:7]}, which nobody judged",
    ]


def test_a_merge_with_an_approval_of_an_older_head_breaks_a_law() -> None:
    world = memory_world()
    pull = _pull(world)
    world.site.set_rules("main", Rules(approvals=1))
    world.people.approve(1)
    world.people.commit("one", OURS, d_txt="d\n")
    world.site.merge(OURS, 1, pull.head, MergeMethod.SQUASH)
    assert broken(world.site.log) == []
    assert broken(world.site.log, fresh=True) == ["#1 was merged with 0 approvals of its head; 1 are required"]


def test_a_reviewer_reacts_to_what_happens() -> None:
    """It objects to a word in a file, and approves as soon as that is gone."""
    world = memory_world()
    world.site.set_rules("main", Rules(approvals=1))

    def review(entry: Entry) -> None:
        if entry.what in {Did.OPENED, Did.PUSHED}:
            bad = [path for path, text in world.site.commits.files(entry.commit).items() if "TODO" in text]
            for path in bad:
                world.people.remark(entry.number, ADA, path, 1, "Do it now.")
            if not bad:
                world.people.approve(entry.number)

    world.site.watchers.append(review)
    world.people.commit("one", OURS, c_txt="TODO\n")
    pull = world.site.open(OURS, "one", "main", "one")
    world.site.update()
    assert ([one.path for one in pull.threads], pull.reviews) == (["c.txt"], [])
    world.people.commit("one", OURS, c_txt="done\n")
    assert [(one.by, one.commit) for one in pull.reviews] == [(ADA, pull.head)]


def test_auto_merge_of_what_a_person_pushed_breaks_a_law() -> None:
    world = memory_world()
    pull = _pull(world)
    judged = pull.head
    world.site.auto_merge = True
    world.site.set_rules("main", Rules(approvals=1))
    world.site.enable_auto_merge(OURS, 1, judged, MergeMethod.SQUASH)
    theirs = world.people.commit("one", ADA, d_txt="d\n")
    world.people.approve(1, BEN)
    assert world.site.pulls[1].state is PullState.MERGED
    assert broken(world.site.log, judged=lambda commit: commit == judged) == [
        f"#1 was merged (auto-merge) with {theirs[:7]}, which nobody judged"
    ]


def test_a_child_closed_by_our_deletion_breaks_a_law() -> None:
    for who, laws in ((OURS, ["#2 was closed by the deletion of its base"]), (ADA, [])):
        world = memory_world()
        _pull(world)
        _pull(world, "two", "one")
        world.site.delete_branch(who, "one")
        assert world.site.pulls[2].state is PullState.CLOSED
        assert broken(world.site.log) == laws


def test_a_forced_push_and_a_push_to_the_base_break_a_law() -> None:
    world = memory_world()
    pull = _pull(world)
    world.people.rewrite("one", ADA, x_txt="x\n")
    assert broken(world.site.log) == []
    forced = world.people.rewrite("one", OURS, y_txt="y\n")
    world.people.commit("main", OURS, z_txt="z\n")
    world.people.commit("main", ADA, z_txt="Z\n")
    assert pull.state is PullState.OPEN
    assert broken(world.site.log) == [f"one was forced to {forced[:7]}", "main was pushed to"]


@pytest.mark.parametrize("kind", ["memory", "bare"])
def test_both_stores_of_commits_say_the_same(kind: str, tmp_path: Path) -> None:
    commits: Commits = MemoryCommits() if kind == "memory" else BareCommits.make(tmp_path / "a" / "b.git", {"a": "a\n"})
    if kind == "memory":
        commits.set_branch("main", commits.commit("", {"a": "a\n"}, "Begin"))
    main = commits.branches()["main"]
    one = commits.commit(main, {"b": "b\n"}, "One")
    two = commits.commit(one, {"a": "A\n"}, "Two")
    other = commits.commit(main, {"a": "other\n"}, "Other")
    assert commits.files(two) == {"a": "A\n", "b": "b\n"}
    assert (list(commits.changed(main, two)), list(commits.parents(two))) == (["a", "b"], [one])
    assert (list(commits.between(main, two)), list(commits.between(two, main))) == ([one, two], [])
    assert (commits.contains(two, main), commits.contains(main, two), commits.contains(two, two)) == (True, False, True)
    assert [commits.merge(other, two, method, "m") for method in MergeMethod] == [("", ("a",))] * 3
    merged = commits.merge(other, one, MergeMethod.MERGE, "m")[0]
    assert commits.files(merged) == {"a": "other\n", "b": "b\n"}
    rebased = commits.merge(other, one, MergeMethod.REBASE, "m")[0]
    assert (list(commits.parents(merged)), list(commits.parents(rebased))) == ([other, one], [other])
    commits.set_branch("deep/er", two)
    fork = commits.fork("c/b")
    there = fork.commit(two, {"d": "d\n"}, "There")
    fork.set_branch("new", there)
    commits.take(fork, there)
    assert commits.contains(there, two)
    assert fork.branches() == {"main": main, "deep/er": two, "new": there}
    commits.delete_branch("deep/er")
    commits.delete_branch("none")
    assert commits.branches() == {"main": main}


def test_a_store_that_is_shared_shows_pushes_and_merges_to_both() -> None:
    objects, refs = Objects(), {"claims/m/1.1-a1": "a claim"}
    world = memory_world(objects, refs)
    commits = MemoryCommits(objects, refs)
    refs["heads/mission/m/1.1"] = commits.commit(refs["heads/main"], {"c.txt": "c\n"}, "Add c")
    pull = world.forge().open(NewPull("mission/m/1.1", "main", "Add c", ""))
    refs["heads/mission/m/1.1"] = commits.commit(pull.head, {"d.txt": "d\n"}, "Add d")
    [seen] = world.forge().pulls(["mission/m/1.1"])
    assert seen.head == refs["heads/mission/m/1.1"]
    world.forge().merge(seen.number, seen.head, MergeMethod.MERGE)
    assert commits.contains(refs["heads/main"], seen.head)


def _lived(seed: int, number: int) -> tuple[World, set[Happens]]:
    """Return a world in which a simple program opens and merges while things happen."""
    world, done = memory_world(), set()
    world.site.ci = {"build": None, "lint": None}
    for place, event in enumerate(forge_events_of(seed, number)):
        if happen(world.people, event):
            done.add(event.what)
        with suppress(ForgeError, DeniedError):
            if len(world.site.open_pulls()) < 2:
                _pull(world, f"branch{place}")
            for pull in world.site.open_pulls() if place % 3 == 0 else ():
                queue = world.forge().rules(pull.base).queue
                world.forge().merge(pull.number, pull.head, list(MergeMethod)[place % 3], queue=queue)
    return world, done


def test_every_event_happens_and_no_law_is_broken() -> None:
    happened: set[Happens] = set()
    for seed in range(4):
        world, done = _lived(seed, 1000)
        happened |= done
        assert broken(world.site.log) == [], seed
    assert set(Happens) - happened == set()


def test_a_seed_is_one_world() -> None:
    [first, again] = [_lived(7, 300)[0] for _ in range(2)]
    assert first.site.log == again.site.log
    assert {entry.what for entry in first.site.log} >= {Did.MERGED, Did.CHECKED, Did.REFUSED}


def test_a_copy_goes_its_own_way() -> None:
    world = memory_world()
    _pull(world)
    held = world.site.commits
    assert isinstance(held, MemoryCommits)
    twin = world.site.copy(MemoryCommits(held.objects, dict(held.refs)))
    twin.close(ADA, 1)
    twin.delete_branch(ADA, "one")
    assert (world.site.pulls[1].state, twin.pulls[1].state) == (PullState.OPEN, PullState.CLOSED)
    assert "one" in world.site.commits.branches()
    assert len(twin.log) > len(world.site.log)
