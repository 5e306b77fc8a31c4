"""Code repositories: branches of missions, what attempts left, and landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mission_cli.domain.branches.landing import LANDED, LandPlan, LandState, Words
from mission_cli.domain.ids import FeatureNumber, MissionId, RunId, Sha
from mission_cli.domain.status import LandMethod
from mission_cli.domain.touch.facts import Changed
from mission_cli.surfaces.markup.patches import read_patch

if TYPE_CHECKING:
    from tests.contract.places import Place

    from mission_cli.domain.runs.evidence import Evidence

M = MissionId("m")
RUN = RunId("m/1.1-a1")


def evidence(place: Place, start: Sha, work: Sha, run: RunId = RUN) -> Evidence:
    """What an attempt left; nothing but `.github` is protected."""
    seen = place.context().code.evidence(
        run,
        start=start,
        work=work,
        protected=lambda path, existed: existed and path == "kept.txt",
        words=Words("Merge 1.1\n"),
    )
    assert seen is not None
    return seen


def test_work_is_made_once_and_moved_by_compare_and_swap(place: Place) -> None:
    base = place.base(a_txt="a\n")
    code = place.context().code
    assert (code.heads(M, "main").base, code.heads(M, "main").work) == (base, None)
    code.make_work(M, base)
    newer = place.base(b_txt="b\n")
    code.make_work(M, newer)
    assert code.heads(M, "main").work == base
    assert code.heads(M, "main").ours == base, "making it again is no move"
    assert not code.move_work(M, newer, newer)
    assert code.heads(M, "main").ours == base, "a move that came too late is none"
    assert code.move_work(M, newer, base)
    assert code.heads(M, "main").work == newer
    assert code.newest([base, newer]) == newer == code.newest([newer])
    assert (code.newest([]), code.find_commit(newer[:12]), code.find_commit("feedbeef")) == (None, newer, None)
    code.fence(M, "fence\n")
    fenced = code.heads(M, "main").work
    assert fenced is not None
    assert fenced != newer
    assert code.code_tree(fenced) == code.code_tree(newer)


def test_an_attempt_is_seen_merged_on_work(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    code.make_work(M, start)
    nothing = evidence(place, start, start)
    assert (nothing.tip, nothing.commits) == (None, 0)
    place.attempt(RUN, start, new_txt="new\n", test__x_py="")
    seen = evidence(place, start, start)
    assert seen.candidate is not None
    facts = (seen.commits, seen.changed, seen.substantial, seen.conflicts, seen.integrated, seen.completes)
    assert facts == (1, ("new.txt", "test..x.py"), True, (), False, ("1.1",))
    assert evidence(place, start, start) == seen
    assert code.heads(M, "main").highest == {FeatureNumber("1.1"): 1}
    assert code.move_work(M, seen.candidate, start)
    after = evidence(place, start, seen.candidate)
    assert (after.integrated, after.candidate, after.tree) == (True, seen.candidate, seen.tree)


def test_conflicts_protected_paths_and_empty_changes_are_named(place: Place) -> None:
    start = place.base(a_txt="a\n", kept_txt="kept\n")
    code = place.context().code
    code.make_work(M, start)
    place.attempt(RUN, start, a_txt="mine\n", kept_txt="changed\n")
    theirs = place.base(a_txt="theirs\n")
    seen = evidence(place, start, theirs)
    assert (seen.conflicts, seen.candidate, seen.protected) == (("a.txt",), None, ("kept.txt",))
    place.attempt(RunId("m/1.2-a1"), start, a_txt="a \n")
    assert not evidence(place, start, start, RunId("m/1.2-a1")).substantial


def test_the_base_is_merged_into_work(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    place.attempt(RUN, start, b_txt="b\n")
    work = evidence(place, start, start).candidate
    assert work is not None
    assert code.base_merge(start, work) is None
    moved = code.base_merge(place.base(c_txt="c\n"), work)
    assert moved is not None
    assert moved.commit is not None
    clashing = code.base_merge(place.base(b_txt="other\n"), work)
    assert clashing is not None
    assert (clashing.commit, clashing.conflicts) == (None, ("b.txt",))


def test_what_has_no_history_in_common_is_merged_by_nobody(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    place.attempt(RUN, start, b_txt="b\n")
    work = evidence(place, start, start).candidate
    assert work is not None
    root = place.rewrite()
    merge = code.base_merge(root, work)
    assert merge is not None
    assert (merge.commit, merge.conflicts, merge.unrelated) == (None, (), True)
    landing = code.landing("main", root, work)
    assert (landing.state, landing.commit, landing.conflicts) == (LandState.CONFLICT, None, ())
    seen = evidence(place, start, root)
    assert (seen.unrelated, seen.candidate, seen.conflicts, seen.commits) == (True, None, (), 1)
    assert not evidence(place, start, start).unrelated


def test_landing_is_a_fast_forward_of_what_was_judged(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    place.attempt(RUN, start, b_txt="b\n")
    work = evidence(place, start, start).candidate
    assert work is not None
    forward = code.landing("main", start, work)
    assert (forward.state, forward.commit, forward.obstacle) == (LandState.FORWARD, work, "")
    newer = place.base(c_txt="c\n")
    assert "moved" in code.land("main", work, start)
    merge = code.landing("main", newer, work)
    assert (merge.state, merge.conflicts) == (LandState.MERGE, ())
    assert merge.commit is not None
    assert code.land("main", merge.commit, newer) == ""
    assert code.landing("main", merge.commit, work).state is LandState.LANDED
    assert code.heads(M, "main").base == merge.commit
    clashing = code.landing("main", place.base(b_txt="x\n"), work)
    assert clashing.state is LandState.LANDED


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("method", LandMethod)
def test_a_landing_by_each_method_is_recognized_and_found_again(
    place: Place, method: LandMethod, *, moved: bool
) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    place.attempt(RUN, start, b_txt="b\n")
    work = evidence(place, start, start).candidate
    assert work is not None
    base = place.base(c_txt="c\n") if moved else start
    plan = LandPlan(method, Words(f"A mission\n\n{LANDED}: {work}\n"))
    landing = code.landing("main", base, work, plan)
    assert landing.commit is not None
    assert landing.state is (LandState.MERGE if moved else LandState.FORWARD)
    assert landing.tree == code.code_tree(landing.commit)
    assert code.landing("main", base, work, plan).commit == landing.commit, "the same each time"
    assert (landing.commit == work) is (method is LandMethod.FORWARD and not moved)
    assert [one.path for one in code.content(base, landing.commit).files] == ["b.txt"]
    assert "b.txt" in code.diff(base, landing.commit)
    assert [(f.path, f.kind, f.count("added")) for f in read_patch(code.diff(base, landing.commit, ["b.txt"]))] == [
        ("b.txt", "new", 1)
    ]
    assert code.diff(base, landing.commit, ["c.txt"]) == code.diff(base, landing.commit, []) == ""
    assert code.land("main", landing.commit, base) == ""
    assert code.landing("main", landing.commit, work, plan).state is LandState.LANDED
    own = None if landing.commit == work else landing.commit
    assert code.landing_commit(landing.commit, work) == own
    newer = place.base(d_txt="d\n")
    assert code.landing("main", newer, work, plan).state is LandState.LANDED
    assert code.landing_commit(newer, work) == own


def test_the_merge_of_an_attempt_says_what_it_did_and_who_did_it(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    place.attempt(RUN, start, b_txt="b\n")
    for author in ("opencode (x <y>, z)", ""):
        words = Words("Count words (1.1)\n\nMission-Agent: opencode\n", author)
        seen = code.evidence(RUN, start=start, work=start, protected=lambda *_: False, words=words)
        assert seen is not None
        assert seen.candidate is not None
        [made] = code.content(start, seen.candidate).commits
        assert (made.commit, made.subject) == (seen.candidate, "Count words (1.1)")
        assert made.author.startswith("opencode (x ") is bool(author)


def test_a_glance_shows_two_levels_and_what_is_wanted(place: Place) -> None:
    head = place.base(Makefile="test:\n\ttrue\n", a_txt="a\n")
    seen = place.context().code.glance(head, ("Makefile",))
    assert {name: seen[name] for name in ("Makefile", "a.txt")} == {"Makefile": "test:\n\ttrue\n", "a.txt": ""}


def test_paths_below_some_places_are_listed(place: Place) -> None:
    code = place.context().code
    head = place.base(**{"docs/a.md": "a", "docs/b/c.md": "c", "AGENTS.md": "x", "docsy.md": "no"})
    assert code.below(head, ["docs", "AGENTS.md", "absent"]) == ["AGENTS.md", "docs/a.md", "docs/b/c.md"]
    assert list(code.below(head, [])) == []


def test_the_subjects_of_the_last_commits_are_read_newest_first(place: Place) -> None:
    code = place.context().code
    place.base(a_txt="a\n")
    head = place.base(a_txt="b\n")
    assert code.recent(head, 2) == ("A person's work", "A person's work")
    assert len(code.recent(head, 20)) == 3


def test_files_that_change_together_and_import_each_other_are_known(place: Place) -> None:
    code = place.context().code
    place.base(**{"pkg/a.py": "from pkg import b\n", "pkg/b.py": "B = 1\n"})
    head = place.base(**{"pkg/b.py": "B = 2\n", "pkg/c d.py": "import json\n"})
    for _ in range(2):
        facts = code.touched(head)
        assert {"pkg/a.py", "pkg/b.py", "pkg/c d.py"} <= {*facts.paths}
        assert facts.commits[0] == Changed("A person's work", ("pkg/b.py", "pkg/c d.py"))
        assert len(facts.commits) == 3
        assert facts.imports == {"pkg/a.py": ("pkg/b.py",)}
    assert code.touched(place.base(e_txt="e\n")).commits[0].paths == ("e.txt",)


def test_who_moves_work_is_seen_and_may_own_it(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    code.make_work(M, start)
    assert code.heads(M, "main").ours == start
    place.attempt(RUN, start, b_txt="b\n")
    seen = evidence(place, start, start)
    assert seen.candidate is not None
    assert seen.tip is not None
    code.own_work(M, seen.candidate)
    assert code.heads(M, "main").ours == start, "a move that is about to be made is none of another's"
    assert code.move_work(M, seen.candidate, start)
    newer = place.base(c_txt="c\n")
    code.own_work(M, newer)
    assert code.heads(M, "main").ours == newer
    assert code.heads(M, "main").work == seen.candidate
    assert code.makers(seen.tip, [RUN, RunId("m/1.2-a1")]) == (RUN,)


def test_a_commit_in_which_files_are_as_they_were_elsewhere(place: Place) -> None:
    start = place.base(a_txt="a\n", b_txt="b\n", c_txt="c\n")
    place.attempt(RUN, start, a_txt="A\n", d_txt="d\n")
    code = place.context().code
    seen = evidence(place, start, start)
    assert seen.tip is not None
    assert code.common(start, seen.tip) == start
    assert dict(code.read(start, ["a.txt", "none.txt"])) == {"a.txt": "a\n"}
    changes = code.changes(start, seen.tip, lambda path: path != "d.txt")
    assert [(c.path, c.old, c.new) for c in changes] == [("a.txt", "a\n", "A\n")]
    made = code.overlay(seen.tip, {"a.txt": "a\n", "b.txt": None})
    assert made == code.overlay(seen.tip, {"a.txt": "a\n", "b.txt": None})
    assert dict(code.read(made, ["a.txt", "b.txt", "c.txt", "d.txt"])) == {
        "a.txt": "a\n",
        "c.txt": "c\n",
        "d.txt": "d\n",
    }


def test_findings_are_apart_from_the_work_and_seen_by_those_who_judge(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    code.make_work(M, start)
    name = "missions/m/research/a.md"
    place.attempt(RUN, start, **{name: "found\n"})
    alone = evidence(place, start, start)
    assert (alone.commits, alone.changed, alone.findings) == (0, (), (name,))
    assert alone.completes == ("1.1",), "a POC counts the trailer of findings, too"
    assert (alone.candidate, alone.integrated) == (start, False)
    assert alone.tip is not None
    assert alone.judged is not None
    assert code.read(alone.tip, [name, "gone"]) == {name: "found\n"} == code.read(alone.judged, [name])
    other = RunId("m/1.2-a1")
    place.attempt(other, start, b_txt="b\n", **{name: "more\n"})
    both = evidence(place, start, start, other)
    assert (both.commits, both.changed, both.findings) == (1, ("b.txt",), (name,))
    assert both.candidate is not None
    assert code.read(both.candidate, [name, "b.txt"]) == {"b.txt": "b\n"}
    assert code.move_work(M, both.candidate, start)
    after = evidence(place, start, both.candidate, other)
    assert (after.integrated, after.candidate, after.tree) == (True, both.candidate, both.tree)


def test_a_base_that_a_worker_moved_is_known_by_whose_commits_it_gained(place: Place) -> None:
    start = place.base(a_txt="a\n")
    code = place.context().code
    assert code.heads(M, "main").known_base is None
    code.own_base(M, start)
    assert code.heads(M, "main").known_base == start
    place.attempt(RUN, start, b_txt="b\n")
    tip = evidence(place, start, start).tip
    assert tip is not None
    assert code.gained(start, tip, None) == (tip,)
    assert code.gained(start, tip, tip) == ()
    assert code.land("main", tip, start) == ""
    newer = place.base(c_txt="c\n")
    assert [code.makers(commit, [RUN]) for commit in code.gained(start, newer, None)] == [(), (RUN,)]
    code.put_base_back("main", start, tip)
    assert code.heads(M, "main").base == newer, "it has moved again"
    code.put_base_back("main", start, newer)
    assert code.heads(M, "main").base == start
