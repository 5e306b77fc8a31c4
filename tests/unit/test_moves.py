"""Moves of the state branch: which of them are ours, whatever dies between the note and the move."""

from __future__ import annotations

import pytest

from mission_cli.domain.branches.moves import (
    MOST,
    Moved,
    Moves,
)
from mission_cli.domain.ids import Sha

A, B, C, D = (Sha(letter * 40) for letter in "abcd")
LINE = [A, B, C, D]


def contains(old: Sha, new: Sha) -> bool:
    """As if each commit stood on the one before it."""
    return LINE.index(old) <= LINE.index(new)


def test_a_move_of_ours_is_known_from_its_note_on() -> None:
    note = Moves(A).begun(A, B, settles=False)
    assert note == Moves(A, about=Moved(A, B))
    assert note.ended(moved=True) == Moves(B)
    assert note.ended(moved=False) == Moves(A)


@pytest.mark.parametrize(
    ("head", "known"),
    [(A, Moves(A)), (B, Moves(B)), (C, Moves(B)), (None, Moves(A))],
    ids=["it was not made", "it was made", "it was made and somebody went on", "the branch was deleted"],
)
def test_where_we_died_in_a_move_the_branch_says_whether_it_was_made(head: Sha | None, known: Moves) -> None:
    assert Moves(A).begun(A, B, settles=False).found(head, contains) == known


def test_moves_of_others_stay_told_until_they_are_judged_also_below_ours() -> None:
    note = Moves(A).begun(B, C, settles=False).ended(moved=True)
    assert note == Moves(C, (Moved(A, B),))
    assert note.foreign(C) == (Moved(A, B),)
    assert note.foreign(D) == (Moved(A, B), Moved(C, D))
    assert note.begun(C, D, settles=False).ended(moved=True) == Moves(D, (Moved(A, B),))
    assert note.begun(C, D, settles=True).ended(moved=True) == Moves(D)
    assert note.begun(C, D, settles=True).ended(moved=False) == note
    assert note.begun(C, D, settles=True).found(D, contains) == Moves(D)


def test_the_note_does_not_grow_for_ever() -> None:
    note = Moves(A)
    for _ in range(2 * MOST):
        note = note.begun(B, C, settles=False).ended(moved=True)
    assert len(note.others) == MOST
