"""Shares: a remote takes what contains what it has, shows signs of life, and may be out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import MissionId
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.contract.places import Place

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

M = MissionId("m")


def committed(ctx: Context, words: str) -> Sha:
    """One more commit of the state."""
    store = ctx.state
    snapshot = store.snapshot()
    old = snapshot.missions[M].text if M in snapshot.missions else None
    new = f"---\nid: m\n---\n# m\n\n{words}\n"
    return store.commit([Write("m/mission.md", new, old)], message="m\n", expect=snapshot.head)


def test_the_remote_takes_what_contains_what_it_has(place: Place) -> None:
    other, here = place.share(), place.context()
    assert here.share.remote == "origin"
    head = committed(here, "one")
    assert here.share.push(head)
    assert here.share.accepted() == head
    assert other.share.fetch() == head == other.share.accepted()
    newer = committed(here, "two")
    assert here.share.push(newer)
    assert other.share.fetch() == newer
    assert other.share.push(newer)
    assert not here.share.push(head)


def test_a_sign_of_life_is_another_after_each_beat(place: Place) -> None:
    other, here = place.share(), place.context()
    here.share.beat()
    other.share.fetch()
    first = other.share.signs()
    here.share.beat()
    assert other.share.signs() == first
    other.share.fetch()
    assert [list(first), len(first)] == [list(other.share.signs()), 1]
    assert other.share.signs() != first


def test_branches_are_sent_once_and_adopted(place: Place) -> None:
    other, here = place.share(), place.context()
    base = place.base(a_txt="a\n")
    assert here.share.unsent() == []
    here.code.make_work(M, base)
    assert here.share.unsent() == [M]
    assert here.share.push_branches([M])
    assert here.share.unsent() == []
    other.share.adopt(M)
    assert other.code.heads(M, "main").work == base


def test_out_of_reach_nothing_is_known_and_nothing_changes(place: Place) -> None:
    place.share()
    here = place.context()
    head = committed(here, "one")
    place.cut(off=True)
    with pytest.raises(ToolError):
        here.share.fetch()
    with pytest.raises(ToolError):
        here.share.push(head)
    assert here.share.accepted() is None
    place.cut(off=False)
    assert here.share.push(head)
