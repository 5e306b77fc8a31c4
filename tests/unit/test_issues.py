"""One issue for each feature: opened once, named in the file, closed once, and never in the way of the work."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kit.fakes.others import ADA as PERSON
from tests.kit.forge.events import ADA
from tests.kit.forge.records import Did
from tests.kit.forge.trouble import Fault
from tests.kit.pulls import PLAN, Followed

from mission_cli.app.commands.features import skip
from mission_cli.document.changes import SetFeature
from mission_cli.document.editing import patch
from mission_cli.domain.forge.memory import ForgeMemory
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.ids import FeatureNumber
from mission_cli.ports.git.state import Write

HOWS = [how for how in Proposing if how is not Proposing.NONE]


def _begin(plan: str = PLAN, how: str = "feature", **settings: Any) -> Followed:
    plan = plan.replace("pull_requests: feature", f"pull_requests: {how}")
    return Followed.begin(plan, **{"issues": True, **settings})


def _done(followed: Followed) -> Followed:
    followed.until(lambda f: str(f.mission.status) == "completed")
    return followed


def _events(followed: Followed, what: Did) -> list[str]:
    return [entry.key for entry in followed.world.site.log if entry.what is what]


def _issues(followed: Followed) -> dict[str, bool]:
    return {issue.title: issue.open for issue in followed.world.site.issues.values()}


@pytest.mark.parametrize("how", HOWS)
def test_each_feature_has_an_issue_that_its_merge_closes(how: str) -> None:
    followed = _done(_begin(how=how, labels=("bot", "mission")))
    site = followed.world.site
    assert _issues(followed) == {"[m/1.1] one": False, "[m/1.2] two": False, "[m/2.1] three": False}
    assert _events(followed, Did.ISSUE_OPENED) == ["m/1.1", "m/1.2", "m/2.1"]
    closed = [entry for entry in site.log if entry.what is Did.ISSUE_CLOSED]
    assert sorted(entry.key for entry in closed) == ["m/1.1", "m/1.2", "m/2.1"]
    assert {entry.detail for entry in closed} == {"by a merge"}
    assert [issue.comments for issue in site.issues.values()] == [[], [], []], "a merge needs no comment of ours"
    assert {tuple(issue.labels) for issue in site.issues.values()} == {("bot", "mission")}
    assert [feature.task for feature in followed.mission.features()] == [
        f"GH#{number}" for number in sorted(site.issues)
    ]
    assert site.issues[1].body == (
        "Feature 1.1 of the mission `m`, milestone 1: First.\n\nIt is done when these criteria pass:\n\n"
        "- grep: `good` in `1.1.txt`\n\n<!-- mission:m/1.1 -->\n"
    )


@pytest.mark.parametrize("how", HOWS)
def test_issues_of_the_next_milestone_are_opened_when_it_starts(how: str) -> None:
    followed = _begin(PLAN.replace("land: auto", "land: ask"), how)
    followed.until(lambda f: f.world.site.issues)
    assert _issues(followed) == {"[m/1.1] one": True, "[m/1.2] two": True}
    followed.until(lambda f: f.opened())
    assert all(number.open for number in followed.world.site.issues.values())


@pytest.mark.parametrize("how", HOWS)
def test_where_a_merge_closes_nothing_each_is_closed_once_with_a_comment(how: str) -> None:
    followed = _begin(how=how)
    followed.world.site.default = "trunk"
    _done(followed)
    site = followed.world.site
    said = [comment.body for issue in site.issues.values() for comment in issue.comments]
    assert [words.partition(" by pull")[0] for words in said] == [
        f"Closed by the program `mission`: {number} of the mission `m` is done, and its work is in `main`"
        for number in ("1.1", "1.2", "2.1")
    ]
    assert not any(_issues(followed).values())


def test_none_is_opened_for_a_poc_without_pull_requests_or_without_the_setting() -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        (PLAN.replace("title:", "mode: poc\ntitle:", 1), {}),
        (PLAN.replace("pull_requests: feature", "pull_requests: none"), {}),
        (PLAN, {"issues": False}),
    ]
    for plan, settings in cases:
        followed = _begin(plan, **settings)
        followed.pulses(25)
        assert followed.world.site.issues == {}


def test_a_cell_that_a_person_filled_stays_and_gets_no_issue() -> None:
    followed = _begin(PLAN.replace("{title: two,", "{title: two,"))
    _fill(followed, "1.2", "T-12")
    _done(followed)
    assert [feature.task for feature in followed.mission.features()] == ["GH#1", "T-12", "GH#4"]
    assert _events(followed, Did.ISSUE_OPENED) == ["m/1.1", "m/2.1"]


def test_an_issue_that_a_person_names_is_closed_by_the_merge() -> None:
    followed = _begin(PLAN)
    theirs = followed.world.site.open_issue(ADA, "Please", "do it")
    _fill(followed, "1.1", f"GH#{theirs.number}")
    _done(followed)
    assert not theirs.open
    assert _events(followed, Did.ISSUE_OPENED) == ["", "m/1.2", "m/2.1"]


def test_a_person_who_closes_an_issue_changes_nothing() -> None:
    followed = _begin()
    followed.until(lambda f: f.world.site.issues)
    followed.world.site.close_issue(ADA, 1)
    _done(followed)
    assert _events(followed, Did.ISSUE_CLOSED).count("m/1.1") == 1
    assert followed.world.site.issues[1].comments == []


def test_the_issue_of_a_skipped_feature_is_closed_with_that_reason() -> None:
    followed = _begin()
    followed.until(lambda f: f.world.site.issues)
    skip(followed.host.context(), "m/1.2", reason="not needed")
    followed.pulses(3)
    assert [comment.body for comment in followed.world.site.issues[2].comments] == [
        "Closed by the program `mission`: 1.2 was skipped in the mission `m`."
    ]
    assert not followed.world.site.issues[2].open


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED, Fault.BROKEN, Fault.LIMITED])
@pytest.mark.parametrize("verb", ["open_issue", "close_issue"])
def test_whatever_goes_wrong_there_is_one_issue(verb: str, fault: Fault) -> None:
    followed = _begin()
    followed.world.site.default = "trunk"
    followed.world.troubles.plan(verb, fault, fault, None, fault)
    _done(followed)
    assert sorted(_events(followed, Did.ISSUE_OPENED)) == ["m/1.1", "m/1.2", "m/2.1"]
    assert sorted(_events(followed, Did.ISSUE_CLOSED)) == ["m/1.1", "m/1.2", "m/2.1"]
    assert [len(issue.comments) for issue in followed.world.site.issues.values()] == [1, 1, 1]


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.NOT_FOUND])
def test_a_forge_without_issues_holds_nothing_and_that_is_said_once(fault: Fault) -> None:
    followed = _begin()
    followed.world.troubles.plan("open_issue", *[fault] * 99)
    _done(followed)
    said = [row.details for row in followed.mission.progress if row.event == "issue.refused"]
    assert said == [f"no issues are opened and closed, because the forge refuses it: the scripted forge: {fault.value}"]
    assert [feature.task for feature in followed.mission.features()] == ["", "", ""]


def test_a_clone_that_remembers_nothing_opens_and_closes_nothing_twice() -> None:
    followed = _begin()
    followed.world.site.default = "trunk"
    desk = followed.host.context().forge
    for _ in range(30):
        followed.pulse()
        desk.keep(followed.mission.id, ForgeMemory())
    assert str(followed.mission.status) == "completed"
    assert sorted(_events(followed, Did.ISSUE_OPENED)) == ["m/1.1", "m/1.2", "m/2.1"]
    assert sorted(_events(followed, Did.ISSUE_CLOSED)) == ["m/1.1", "m/1.2", "m/2.1"]


def test_the_end_waits_for_closing_while_the_forge_cannot_be_reached_and_not_for_a_person() -> None:
    for fault, status in ((Fault.REFUSED, "active"), (Fault.UNAUTHORIZED, "completed")):
        followed = _begin()
        followed.world.site.default = "trunk"
        followed.world.troubles.plan("close_issue", None, None, *[fault] * 200)
        followed.until(lambda f: f.status_of("2.1") == "done")
        followed.pulses(8)
        assert str(followed.mission.status) == status
    followed = _begin()
    followed.world.site.default = "trunk"
    followed.world.troubles.plan("close_issue", None, None, *[Fault.REFUSED] * 5)
    followed.until(lambda f: f.held("") == "1 issue of finished features to close")
    followed.until(lambda f: str(f.mission.status) == "completed")


def _fill(followed: Followed, number: str, task: str) -> None:
    """A person writes into the Task ID column."""
    state = followed.host.context().state
    stored = state.snapshot().missions[followed.mission.id]
    new = patch.apply(stored.text, [SetFeature(FeatureNumber(number), "Task ID", task)], where=stored.path)
    state.commit([Write(stored.path, new, stored.text)], message="Name it\n", expect=state.head(), author=PERSON)
