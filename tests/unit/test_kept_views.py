"""Views that readers of a server share: made once, made again after each change, and never by two at once."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.people import Person, make_person

from mission_cli.adapters.fs.by_look import AtOneMoment, ByLook
from mission_cli.app import keeping
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.engine.observing import observe
from mission_cli.surfaces.http.places import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.app.results.views import MissionView
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.policy import Policy
    from mission_cli.ports.git.state import Snapshot, Stored

PLAN = """\
title: Shared
budget: {money_usd: 3}
milestones: [{name: One, features: [{title: a}, {title: b}]}]
"""


class Time:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_an_answer_is_kept_until_its_time_is_over_or_a_file_has_changed(tmp_path: Path) -> None:
    time, file, asked = Time(), tmp_path / "file", list[int]()
    kept = ByLook(clock=time)

    def ask() -> int:
        asked.append(1)
        return len(asked)

    def of(question: str = "q", seconds: float = 1) -> int:
        return kept.of(question, [os.fspath(file)], ask, seconds)

    assert [of(), of(), of()] == [1, 1, 1]
    file.write_text("now it exists")
    assert [of(), of()] == [2, 2]
    file.write_text("now it differs")  # as long as before
    assert [of(), of()] == [3, 3]
    file.unlink()
    assert [of(), of()] == [4, 4]
    time.now += 0.9
    assert of() == 4
    time.now += 0.2
    assert [of(), of(), of("another"), of("another")] == [5, 5, 6, 6]
    assert kept.of("q", [], ask) == 7, "it depends on other files now"
    assert [kept.of("q", [], ask, about=what) for what in ("a", "a", "b")] == [8, 8, 9]


def test_what_fails_is_not_kept_and_old_questions_are_forgotten() -> None:
    kept = ByLook(most=2)

    def fails() -> str:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept.of("q", [], fails)
    for name in ("a", "b", "c"):
        kept.of(name, [], name.upper)
    assert [kept.of(name, [], lambda: "new") for name in ("c", "b", "a")] == ["C", "B", "new"]


def test_several_that_ask_the_same_at_once_get_one_answer() -> None:
    kept, begun, go, asked = ByLook(), threading.Event(), threading.Event(), list[int]()

    def slow() -> int:
        asked.append(1)
        begun.set()
        assert go.wait(10)
        return len(asked)

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(kept.of("q", [], slow))) for _ in range(4)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    """Somebody with two missions, one of which is under way."""
    person = make_person(tmp_path / "repo")
    person.worker("commit()")
    for name in ("m", "n"):
        person.mission("new", "--plan", "-", "--id", name, "--headless", "--runner", "script", stdin=PLAN)
    return person


def seen(ctx: Context, mission: str = "m") -> MissionView:
    state = ctx.state.snapshot()
    return status_of(ctx, state, resolve(state, mission))


def test_readers_see_each_change_at_once_and_one_view_until_then(ada: Person) -> None:
    place = Place(ada.repo)

    def look(mission: str = "m") -> MissionView:
        with place.context(reading=True) as ctx:
            return seen(ctx, mission)

    def edit() -> None:
        file = ada.repo / "missions/m/mission.md"
        file.write_text(file.read_text().replace("Shared", "Edited"))

    def trouble() -> None:
        ada.mission("pulse")
        (ada.runtime / "trouble.json").write_text('{"troubles": [{"at": "", "message": "broken"}]}')

    def settings() -> None:
        ada.set("attempts = 7")

    changes: list[tuple[Callable[[], object], Callable[[MissionView], object]]] = [
        (lambda: ada.mission("set", "m", "priority", "high"), lambda view: view.id),
        (edit, lambda view: view.edits),
        (trouble, lambda view: view.trouble),
        (lambda: ada.git("branch", "mission/m/work"), lambda view: view.holds),
        (settings, lambda view: view.status),
    ]
    other = look("n")
    for change, part in changes:
        before = look()
        assert look() is before, "nothing has changed"
        change()
        after = look()
        assert after is not before
        with place.context() as ctx:
            assert part(after) == part(seen(ctx)), "who looks without anything kept sees the same"
    assert other.id == "n"


def test_a_change_of_one_mission_leaves_the_views_of_others(ada: Person) -> None:
    place = Place(ada.repo)
    with place.context(reading=True) as ctx:
        before = seen(ctx, "n"), explain(ctx, ctx.state.snapshot(), resolve(ctx.state.snapshot(), "n"))
        ada.mission("set", "m", "priority", "high")
        state = ctx.state.snapshot()
        assert seen(ctx, "n") is before[0]
        assert explain(ctx, state, resolve(state, "n")) is before[1]


def test_readers_wait_for_no_writer_and_writers_for_each_other(ada: Person) -> None:
    place, order = Place(ada.repo), list[str]()

    def write(name: str) -> None:
        with place.context():
            order.append(name)

    with place.context() as first:
        second = threading.Thread(target=write, args=("second",))
        second.start()
        with place.context(reading=True) as reader:
            assert reader.state is not first.state
            assert seen(reader).id == "m"
        assert not order
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_all_views_of_a_mission_are_made_from_one_observation(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    place, observed = Place(ada.repo), list[str]()
    real = observe.consider

    def counted(ctx: Context, policy: Policy, snapshot: Snapshot, stored: Stored, *rest: Any, **more: Any) -> Case:
        observed.append(stored.id)
        return real(ctx, policy, snapshot, stored, *rest, **more)

    monkeypatch.setattr(keeping, "consider", counted)

    def look() -> None:
        with place.context(reading=True) as ctx:
            state = ctx.state.snapshot()
            address = resolve(state, "m")
            status_of(ctx, state, address)
            status_of(ctx, state, address, forecast=False)
            explain(ctx, state, address)
            explain(ctx, state, resolve(state, "m/1.1"))

    for _ in range(3):
        look()
    assert observed == ["m"]
    ada.mission("set", "m", "priority", "high")
    look()
    assert observed == ["m", "m"]


def test_one_request_looks_at_a_file_once_and_the_next_one_again(tmp_path: Path) -> None:
    file, kept, asked = tmp_path / "file", ByLook(), list[int]()

    def ask() -> int:
        asked.append(1)
        return len(asked)

    def of(moment: AtOneMoment, question: str) -> int:
        return moment.of(question, [os.fspath(file)], ask)

    first = AtOneMoment(kept)
    assert (of(first, "a"), of(first, "b"), of(first, "a")) == (1, 2, 1)
    file.write_text("new")
    assert (of(first, "a"), of(first, "b")) == (1, 2), "as it was when the request began"
    assert of(first, "c") == 3
    later = AtOneMoment(kept)
    assert (of(later, "a"), of(later, "b"), of(later, "c")) == (4, 5, 3)
    os.utime(file, (1, 1))
    assert [of(AtOneMoment(kept), name) for name in ("a", "a", "b")] == [6, 6, 7]
    file.write_text("old")  # as long as before
    os.utime(file, (1, 1))
    assert [of(AtOneMoment(kept), name) for name in ("a", "a", "b")] == [8, 8, 9]


def test_a_server_prepares_what_its_first_readers_ask_for(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    place, observed = Place(ada.repo), list[str]()
    place.warm()
    real = observe.consider

    def counted(ctx: Context, policy: Policy, snapshot: Snapshot, stored: Stored, *rest: Any, **more: Any) -> Case:
        observed.append(stored.id)
        return real(ctx, policy, snapshot, stored, *rest, **more)

    with monkeypatch.context() as gitless:
        gitless.setattr(keeping, "consider", counted)
        gitless.setenv("PATH", "")
        with place.context(reading=True) as first, place.context(reading=True) as second:
            assert [seen(ctx).id for ctx in (first, second)] == ["m", "m"], "no reader opens anything, or asks git"
    assert observed == []
