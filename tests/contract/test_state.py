"""State stores: what is committed, by whom, on top of what; and the work tree, which is a person's too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.others import ADA

from mission_cli.document.changes import AppendRow, SetFront
from mission_cli.document.editing import patch
from mission_cli.domain.board.marks import README, mark
from mission_cli.domain.branches.moves import Moved
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.status import MissionStatus
from mission_cli.ports.git.state import (
    Edit,
    Foreign,
    Settled,
    Write,
)

if TYPE_CHECKING:
    from tests.contract.places import Place

    from mission_cli.ports.git.state import StateStore

M = MissionId("m")
TEXT = """\
---
id: m
title: One
status: active
---
# One

Notes.

### Milestone 1: Only

**Status:** active

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one | pending |

## Progress Log

| Timestamp | Event | Details |
|-----------|-------|---------|
| 2026-11-20T10:00:00Z | mission.started | m is started |
"""
RECORD = "---\nrun: m/1.1-a1\nstate: intended\n---\n\n# m/1.1-a1\n"


def begun(store: StateStore) -> Sha:
    """A store with one mission and one record."""
    writes = [Write("m/mission.md", TEXT), Write("m/runs/1.1-a1.md", RECORD)]
    return store.commit(writes, message="Add m\n\nMission-Event: mission.created\n", expect=store.head())


def with_row(text: str, event: str) -> str:
    return patch.apply(text, [AppendRow("Progress Log", {"Event": event})], where="m")


def with_title(text: str, title: str) -> str:
    return patch.apply(text, [SetFront(("title",), title)], where="m")


def test_what_was_committed_is_what_is_seen(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    snapshot = place.context().state.snapshot()
    [stored] = snapshot.missions.values()
    assert (snapshot.head, store.head()) == (head, head)
    assert (stored.id, stored.path, stored.text, stored.runs) == (M, "m/mission.md", TEXT, "m/runs")
    assert store.runs(stored, head) == {"1.1-a1": RECORD} == store.run_files(stored, head)
    assert place.read("m/mission.md") == TEXT
    assert store.edits() == []


def test_a_commit_that_was_made_for_another_head_changes_nothing(place: Place) -> None:
    store = place.context().state
    before = store.head()
    head = begun(store)
    with pytest.raises(ConflictError):
        store.commit([Write("m/mission.md", "new", TEXT)], message="late\n", expect=before)
    with pytest.raises(ConflictError):
        store.commit([Write("m/mission.md", "new", "other words")], message="blind\n", expect=head)
    with pytest.raises(ConflictError):
        store.commit([Write("m/mission.md", "new")], message="as if there were none\n", expect=head)
    assert store.head() == head
    assert place.read("m/mission.md") == TEXT


def test_a_file_that_is_named_by_its_hash_may_be_there_already(place: Place) -> None:
    """A milestone that passes twice within a second leaves the same evidence file twice."""
    store = place.context().state
    first = begun(store)
    proof = Write("m/evidence/1.json", "{}\n", by_hash=True)
    second = store.commit([proof], message="One\n", expect=first)
    third = store.commit([proof, Write("m/notes.md", "x\n")], message="Two\n", expect=second)
    assert [store.file(path, third) for path in (proof.path, "m/notes.md")] == ["{}\n", "x\n"]
    with pytest.raises(ConflictError, match=r"m/evidence/1\.json was changed meanwhile"):
        store.commit([Write(proof.path, "other\n", by_hash=True)], message="Three\n", expect=third)


def test_the_edit_of_one_file_is_seen_each_time_it_is_asked_for(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    other = store.commit([Write("n/mission.md", TEXT)], message="Add n\n", expect=head)
    assert store.edits("m/mission.md") == store.edits("m/mission.md") == []
    place.scribble("m/mission.md", f"{TEXT}mine\n")
    place.scribble("n/mission.md", f"{TEXT}mine, too\n")
    assert store.edits("m/mission.md") == [Edit("m/mission.md", "modified")] == store.edits("m/mission.md")
    place.scribble("m/mission.md", TEXT)
    assert store.edits("m/mission.md") == []
    place.move_state(head)
    assert store.edits("n/mission.md") != [Edit("n/mission.md", "modified")], "it is in no commit any more"
    place.move_state(other)


def test_the_last_change_is_the_first_of_the_history_whatever_else_happened(place: Place) -> None:
    store = place.context().state
    assert store.snapshot().missions == {}
    head = begun(store)
    [m] = store.snapshot().missions.values()
    found = [store.last_change(m)]
    for number in range(3):
        head = store.commit([Write(f"n/{number}.md", "x")], message="other\n", expect=head)
        found.append(store.last_change(m))
    head = store.commit([Write("m/runs/1.1-a1.md", None, RECORD)], message="less\n", expect=head)
    for late in (store, place.context().state):
        events = late.history(m)
        assert late.last_change(m) == head == events[0].commit
        assert late.history(m) == events
        assert late.history(m, limit=1) == events[:1]
    assert [*map(str, found)] == [store.history(m)[1].commit] * 4
    back = Sha(found[0])
    place.move_state(back)
    assert (store.last_change(m), [event.commit for event in store.history(m)][:1]) == (back, [back])
    assert store.snapshot().head == back


def test_a_file_that_is_taken_away_is_gone(place: Place) -> None:
    store = place.context().state
    head = store.commit([Write("m/runs/1.1-a1.md", None, RECORD)], message="less\n", expect=begun(store))
    [stored] = store.snapshot().missions.values()
    assert store.runs(stored, head) == {}
    assert place.read("m/runs/1.1-a1.md") == ""


def test_a_persons_edit_stays_and_ours_is_made_on_it(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    place.scribble("m/mission.md", TEXT.replace("Notes.", "Notes of mine."))
    assert store.edits() == [Edit("m/mission.md", "modified")]
    new = with_row(TEXT, "attempt.settled")
    store.commit(
        [Write("m/mission.md", new, TEXT, lambda text: with_row(text, "attempt.settled"))], message="row\n", expect=head
    )
    assert store.snapshot().missions[M].text == new
    assert place.read("m/mission.md") == new.replace("Notes.", "Notes of mine.")
    assert store.edits() == [Edit("m/mission.md", "modified")]


def test_two_heads_are_joined_by_meaning(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    theirs = place.beside(head, "m/mission.md", with_title(TEXT, "Another"))
    ours = store.commit([Write("m/mission.md", with_row(TEXT, "e"), TEXT)], message="ours\n", expect=head)
    joined = store.join(theirs, message="Join\n")
    both = with_row(with_title(TEXT, "Another"), "e")
    assert joined not in {head, ours, theirs}
    assert store.snapshot().missions[M].text == both == place.read("m/mission.md")
    assert store.join(theirs, message="again\n") == joined
    assert store.join(head, message="what it contains\n") == joined


def test_files_for_readers_of_two_heads_are_joined_to_one_and_any_file_can_be_read(place: Place) -> None:
    store = place.context().state
    first = begun(store)
    one, two = (f"{mark(digit * 16)}\n{digit}\n" for digit in "12")
    head = store.commit([Write(README, f"{mark('0' * 16)}\n0\n")], message="page\n", expect=first)
    theirs = place.beside(head, README, two)
    ours = store.commit([Write(README, one, f"{mark('0' * 16)}\n0\n")], message="ours\n", expect=head)
    joined = store.join(theirs, message="Join\n")
    assert [store.file(README, commit) for commit in (first, ours, theirs, joined)] == [None, one, two, two]
    assert (store.file("m/mission.md", joined), place.read(README)) == (TEXT, two)
    mine = store.commit([Write(README, "Mine.\n", two)], message="mine\n", expect=joined)
    other = place.beside(joined, README, one)
    with pytest.raises(BlockedError):
        store.join(other, message="Join\n")
    assert store.head() == mine


def test_a_head_that_contains_ours_is_taken_as_it_is(place: Place) -> None:
    store = place.context().state
    theirs = place.beside(begun(store), "m/mission.md", with_title(TEXT, "Another"))
    assert store.join(theirs, message="Join\n") == theirs == store.head()
    assert place.read("m/mission.md") == with_title(TEXT, "Another")


def test_where_a_person_has_to_decide_nothing_is_joined(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    theirs = place.beside(head, "m/mission.md", TEXT.replace("Notes.", "Their notes."))
    ours = TEXT.replace("Notes.", "Our notes.")
    mine = store.commit([Write("m/mission.md", ours, TEXT)], message="ours\n", expect=head)
    with pytest.raises(BlockedError):
        store.join(theirs, message="Join\n")
    assert store.head() == mine
    assert place.read("m/mission.md") == ours


def test_history_tells_who_did_what(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    new = with_title(TEXT, "By hand")
    store.commit([Write("m/mission.md", new, TEXT)], message="A thought\n", expect=head, author=ADA)
    [stored] = store.snapshot().missions.values()
    told = [(e.subject, e.author.name, e.events) for e in store.history(stored)]
    assert told == [("A thought", "Ada", ()), ("Add m", "mission", ("mission.created",))]
    assert [e.subject for e in store.history(stored, since=head)] == ["A thought"]
    assert store.last_editor(stored) == "Ada"
    assert store.text_at(stored, head) == TEXT
    assert store.text_at(stored, f"{head}^") == ""
    with pytest.raises(NotFoundError):
        store.text_at(stored, "feedbeef")


def test_what_is_settled_is_not_read_until_it_changes(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    content = store.snapshot().missions[M].content
    settled = {M: Settled(content, MissionStatus.COMPLETED)}
    snapshot = store.snapshot(settled)
    assert (snapshot.missions, snapshot.settled) == ({}, settled)
    store.commit([Write("m/runs/1.1-a1.md", f"{RECORD}more\n", RECORD)], message="m\n", expect=head)
    assert list(store.snapshot(settled).missions) == [M]


def test_nothing_is_left_to_recover_when_nobody_died(place: Place) -> None:
    begun(place.context().state)
    assert place.context().state.recover() == []


def test_moves_of_ours_are_known_and_those_of_others_are_told(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    assert place.context().state.foreign(head) is None
    theirs = place.beside(head, "m/mission.md", with_title(TEXT, "Another"))
    place.move_state(theirs)
    assert place.context().state.foreign(store.head()) == Foreign(theirs, (Moved(head, theirs),))
    on_top = store.commit([Write("m/runs/1.1-a1.md", f"{RECORD}x\n", RECORD)], message="ours\n", expect=theirs)
    assert store.foreign(on_top) == Foreign(on_top, (Moved(head, theirs),))
    place.move_state(head)
    place.move_state(None)
    assert store.foreign(None) == Foreign(None, (Moved(head, theirs), Moved(on_top, None)))
    place.move_state(on_top)
    store.own(head)
    assert store.foreign(on_top) == Foreign(on_top, (Moved(head, theirs),))
    store.own(on_top)
    assert store.foreign(on_top) is None


def test_what_foreign_moves_changed_is_told_by_mission(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    other = place.beside(head, "n/mission.md", TEXT)
    new = place.beside(other, "m/runs/1.1-a2.md", RECORD)
    assert store.changed(head, new) == {
        "m": {"m/runs/1.1-a2.md": (None, RECORD)},
        "n": {"n/mission.md": (None, TEXT)},
    }
    assert store.changed(new, None)[MissionId("n")] == {"n/mission.md": (TEXT, None)}
    assert store.changed(head, head) == {}
    assert store.changed(Sha(f"{new}^"), new) == {M: {"m/runs/1.1-a2.md": (None, RECORD)}}
    assert store.changed(head, place.beside(head, "notes.md", "a word\n")) == {}
    assert list(store.at(other).missions) == ["m", "n"]
    assert list(store.snapshot().missions) == ["m"]


def test_what_is_put_back_is_one_commit_that_holds_all(place: Place) -> None:
    store = place.context().state
    head = begun(store)
    place.move_state(place.beside(store.snapshot().head or head, "m/mission.md", with_title(TEXT, "Another")))
    foreign = store.foreign(store.head())
    assert foreign is not None
    texts = {"m/mission.md": with_row(TEXT, "state.put_back"), "m/runs/1.1-a1.md": RECORD}
    new = store.put_back(texts, message="Put back\n\nMission-Event: state.put_back\n", foreign=foreign)
    assert store.foreign(new) is None
    assert store.snapshot().missions[M].text == texts["m/mission.md"] == place.read("m/mission.md")
    assert store.edits() == []
    assert store.common(head) == head
    assert store.common(foreign.head or head) == foreign.head
    with pytest.raises(ConflictError):
        store.put_back(texts, message="again\n", foreign=foreign)


@pytest.mark.parametrize("gone", [True, False])
def test_a_branch_that_was_reset_or_deleted_is_put_back_with_its_history(place: Place, *, gone: bool) -> None:
    store = place.context().state
    first = store.head()
    head = begun(store)
    place.move_state(None if gone else first)
    foreign = store.foreign(store.head())
    assert foreign == Foreign(None if gone else first, (Moved(head, None if gone else first),))
    texts = {path: old for path, (old, _) in store.changed(head, foreign.head)[M].items()}
    new = store.put_back(texts, message="Put back\n", foreign=foreign)
    assert store.snapshot().missions[M].text == TEXT
    assert store.common(head) == head
    assert (store.foreign(new), store.edits()) == (None, [])


def test_steps_lead_from_a_commit_to_the_head_whichever_line_it_is_on(place: Place) -> None:
    store = place.context().state
    first = begun(store)
    assert store.steps(first, 9) == []
    theirs = place.beside(first, "m/mission.md", with_row(TEXT, "there"))
    mine = store.commit([Write("m/mission.md", with_title(TEXT, "Here"), TEXT)], message="Here", expect=first)
    joined = store.join(theirs, message="Join\n")
    last = store.commit([Write("m/runs/1.1-a1.md", "x", RECORD)], message="Last", expect=joined)

    def found(since: Sha) -> list[tuple[Sha | None, Sha, bool]]:
        return [(step.before, step.event.commit, step.joins) for step in store.steps(since, 9) or ()]

    assert found(first) == [(first, mine, False), (mine, joined, False), (joined, last, False)]
    assert found(Sha(f"{mine}^")) == found(first)
    assert found(theirs) == [(theirs, joined, True), (joined, last, False)]
    assert found(last) == []
    assert store.steps(first, 2) is None
    assert store.steps(Sha("0" * 40), 9) is None
    place.move_state(theirs)
    assert store.steps(last, 9) is None
