"""`TODO.md`: the lines of a mission's features, in pull requests of their own; every other byte stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kit.fakes.objects import Commit
from tests.kit.forge.events import ADA, BEN
from tests.kit.forge.records import Did
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.pulls import PLAN, Followed

from mission_cli.app.commands.steer.pulls import approve_pulls
from mission_cli.app.queries.pulls import pull_requests
from mission_cli.domain.forge.facts import PullState, Rules
from mission_cli.domain.forge.memory import ForgeMemory
from mission_cli.domain.forge.rows import Proposing, RowStatus
from mission_cli.domain.ids import Sha
from mission_cli.interchange.todo_list import DONE, DROPPED, Item, lines_of, number_of, with_items

HOWS = [how for how in Proposing if how is not Proposing.NONE]
BRANCH = "mission/m/todo"


def _begin(plan: str = PLAN, how: str = "feature", **told: Any) -> Followed:
    plan = plan.replace("pull_requests: feature", f"pull_requests: {how}")
    return Followed.begin(plan, **{"todo": True, **told})


def _done(followed: Followed, most: int = 60) -> Followed:
    followed.until(lambda f: str(f.mission.status) == "completed", most)
    return followed


def _lists(followed: Followed) -> list[str]:
    """What each merged pull request for the list made of it."""
    site, objects = followed.world.site, followed.host.jobs.objects
    mine = [pull for pull in site.pulls.values() if pull.branch == BRANCH and pull.state is PullState.MERGED]
    return [objects.get(Sha(pull.merged_as or pull.head)).files["TODO.md"] for pull in mine]


def _row(followed: Followed) -> RowStatus:
    return next(row.status for row in followed.mission.pulls if row.subject == "todo")


def test_the_list_says_what_is_planned_and_ticks_what_is_merged() -> None:
    followed = _done(_begin(PLAN.replace("{title: one,", "{title: one, estimate: 2h,"), issues=True))
    first = (
        "- [x] 1.1 one #mission:m ~2h ref:GH#1 pr:#4 completed:2026-11-20\n"
        "- [x] 1.2 two #mission:m ref:GH#2 pr:#5 completed:2026-11-20\n"
    )
    assert _lists(followed) == [
        "- [ ] 1.1 one #mission:m ~2h ref:GH#1\n- [ ] 1.2 two #mission:m ref:GH#2\n- [ ] 2.1 three #mission:m\n",
        f"{first}- [ ] 2.1 three #mission:m ref:GH#6\n",
        f"{first}- [x] 2.1 three #mission:m ref:GH#6 pr:#8 completed:2026-11-20\n",
    ]
    pull = next(pull for pull in followed.world.site.pulls.values() if pull.branch == BRANCH)
    assert pull.title == "Update TODO.md of mission m"
    assert "say how far it is" in pull.body
    assert followed.base()["todo/tasks/m-1.1-brief.md"] == (
        "# 1.1 one\n\nFeature 1.1 of the mission `m`, milestone 1: First.\n\nIt is done when these criteria pass:\n\n"
        "- grep: `good` in `1.1.txt`\n"
    )
    assert BRANCH not in followed.world.site.commits.branches()


@pytest.mark.parametrize("how", HOWS)
def test_one_at_the_start_of_a_milestone_and_one_after_it_are_enough(how: str) -> None:
    followed = _done(_begin(how=how))
    lists = _lists(followed)
    assert len(lists) == (2 if how == "mission" else 3)
    assert lists[0].count("- [ ]") == 3
    assert lists[-1].count("- [x]") == 3
    assert [row.status for row in followed.mission.pulls if row.subject == "todo"] == [RowStatus.DONE]


def test_none_is_made_for_a_poc_without_pull_requests_or_without_the_setting() -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        (PLAN.replace("title:", "mode: poc\ntitle:", 1), {}),
        (PLAN.replace("pull_requests: feature", "pull_requests: none"), {}),
        (PLAN, {"todo": False}),
    ]
    for plan, told in cases:
        followed = _begin(plan, **told)
        followed.pulses(25)
        assert not any(row.subject == "todo" for row in followed.mission.pulls)


def test_the_end_does_not_wait_for_one_that_a_person_does_not_merge() -> None:
    followed = _begin(draft=True)
    followed.until(lambda f: any(pull.branch == BRANCH for pull in f.opened()))
    followed.pulses(3)
    for pull in followed.opened():
        if pull.branch != BRANCH:
            followed.world.site.set_draft(BEN, pull.number, draft=False)
    followed.pulses(3)
    while followed.opened() and str(followed.mission.status) != "completed":
        for pull in followed.opened():
            if pull.branch != BRANCH and pull.draft:
                followed.world.site.set_draft(BEN, pull.number, draft=False)
        followed.pulses(3)
    assert str(followed.mission.status) == "completed"
    assert _row(followed) is RowStatus.OPEN


def test_what_it_waits_for_is_said_in_the_log_once_and_holds_nothing() -> None:
    followed = _begin()
    followed.world.site.ci["build"] = lambda check: followed.world.site.finish(check, "failure")
    followed.world.site.set_rules("main", Rules(required=("build",)))
    followed.until(lambda f: any(pull.branch == BRANCH for pull in f.opened()))
    followed.pulses(6)
    said = [row.details for row in followed.mission.progress if "does not wait" in row.details]
    number = next(pull.number for pull in followed.opened() if pull.branch == BRANCH)
    assert said == [f"pull request #{number}: check `build` failed; the mission does not wait for it"]
    assert not any("todo" in hold.subject for hold in followed.holds)


def test_one_that_a_person_closes_is_not_opened_again_for_the_same_lines() -> None:
    followed = _begin(PLAN.replace("land: auto", "land: ask"))
    followed.until(lambda f: any(pull.branch == BRANCH for pull in f.opened()))
    number = next(pull.number for pull in followed.opened() if pull.branch == BRANCH)
    followed.world.site.close(ADA, number)
    followed.pulses(12)
    assert _row(followed) is RowStatus.CLOSED
    assert [pull.number for pull in followed.world.site.pulls.values() if pull.branch == BRANCH] == [number]


def test_a_conflict_is_solved_by_making_it_again_on_the_base() -> None:
    followed = _begin(PLAN.replace("land: auto", "land: ask"))
    followed.until(lambda f: any(pull.branch == BRANCH for pull in f.opened()))
    _add_to_base(followed, {"TODO.md": "# Ours\n\nby hand\n"})
    followed.pulses(12)
    pull = next(pull for pull in followed.opened() if pull.branch == BRANCH)
    text = followed.host.jobs.objects.get(Sha(pull.head)).files["TODO.md"]
    assert text == (
        "# Ours\n\nby hand\n\n- [ ] 1.1 one #mission:m\n- [ ] 1.2 two #mission:m\n- [ ] 2.1 three #mission:m\n"
    )
    assert followed.host.jobs.objects.contains(Sha(pull.head), Sha(followed.world.site.commits.branches()["main"]))


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED, Fault.BROKEN])
@pytest.mark.parametrize("verb", ["open", "push", "merge"])
def test_whatever_goes_wrong_there_is_one_at_a_time(verb: str, fault: Fault) -> None:
    followed = _begin()
    followed.world.troubles.plan(verb, fault, fault, None, fault)
    _done(followed)
    assert len(_lists(followed)) == 3
    opened = [e for e in followed.world.site.log if e.what is Did.OPENED and e.branch == BRANCH and e.by == OURS]
    assert len(opened) == 3


def test_a_clone_that_remembers_nothing_makes_no_other() -> None:
    followed = _begin()
    desk = followed.host.context().forge
    for _ in range(40):
        followed.pulse()
        desk.keep(followed.mission.id, ForgeMemory())
    assert str(followed.mission.status) == "completed"
    assert len(_lists(followed)) == 3


def test_pr_shows_it_last_under_its_name() -> None:
    followed = _begin(PLAN.replace("land: auto", "land: ask"))
    followed.until(lambda f: len(f.opened()) == 3)
    [shown] = pull_requests(followed.host.context())
    assert [(pull.subject, pull.title) for pull in shown.pulls] == [("1.1", "one"), ("1.2", "two"), ("todo", "TODO.md")]


def test_a_landing_approves_it_with_the_others() -> None:
    followed = _begin(PLAN.replace("land: auto", "land: ask"))
    followed.until(lambda f: len(f.opened()) == 3)
    approve_pulls(followed.host.context(), "m")
    followed.until(lambda f: _row(f) is RowStatus.DONE)
    assert "TODO.md" in followed.base()


ITEMS = (
    Item("1.1", "one", "2", "GH#1"),
    Item("1.2", "two", "", "GH#2", 5, DONE, "2026-11-28"),
    Item("2.1", "three <!-- x --> #mission:other", box=DROPPED, day="2026-11-29"),
)
LINE = "- [ ] 1.1 one #mission:m ~2h ref:GH#1"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{LINE}\n"),
        ("# Todo\n", f"# Todo\n\n{LINE}\n"),
        ("- [ ] mine", f"- [ ] mine\n\n{LINE}"),
        ("\ufeff# Todo\r\n\r\n", f"\ufeff# Todo\r\n\r\n{LINE}\r\n"),
        ("x  \r\n", f"x  \r\n\r\n{LINE}\r\n"),
        ("- [ ] 1.1 Mine #mission:m @ann \t\nend", "- [ ] 1.1 Mine #mission:m @ann ref:GH#1 \t\nend"),
        ("* [x] 1.1 by hand #mission:m ref:T-1", "* [x] 1.1 by hand #mission:m ref:T-1"),
        ("- [ ] 1.1 of another #mission:mm", f"- [ ] 1.1 of another #mission:mm\n{LINE}"),
        ("- [ ] 1.2 two #mission:m\nend\n", f"- [ ] 1.2 two #mission:m\n{LINE}\nend\n"),
    ],
)
def test_lines_are_changed_in_place_or_added(before: str, after: str) -> None:
    assert with_items(before, "m", ITEMS[:1]) == after


def test_a_line_is_ticked_once_with_its_day() -> None:
    text = with_items("", "m", ITEMS)
    assert text == (
        f"{LINE}\n- [x] 1.2 two #mission:m ref:GH#2 pr:#5 completed:2026-11-28\n"
        "- [-] 2.1 three &lt;!-- x --> # mission:other #mission:m cancelled:2026-11-29\n"
    )
    assert with_items(text, "m", ITEMS) == text
    later = with_items(text, "m", (Item("1.2", "renamed", "", "GH#2", 5, DONE, "2026-12-24"),))
    assert later == text


PIECES = st.lists(
    st.sampled_from(
        ["- [ ] ", "* [x] ", "1.1 ", "1.2 ", "3.4 ", "#mission:m", "#mission:mm", " ", "\t", "\n", "\r\n", "\r", "\ufeff", "x",
         "ref:GH#9", "\x0c", "\u2028", "\udce9", "## "]
    ),
    max_size=24,
).map("".join)  # fmt: skip


@given(PIECES)
@example("a\r\nb\n- [ ] 1.1 x #mission:m")
@settings(max_examples=400, deadline=timedelta(seconds=1))
def test_every_byte_of_other_lines_stays(text: str) -> None:
    new = with_items(text, "m", ITEMS)
    rest, kept = _others(new), _others(text)
    assert rest == kept or rest.rstrip("\r\n") == kept.rstrip("\r\n"), "an empty line may come before ours"
    assert new.endswith(("\n", "\r")) == (text.endswith(("\n", "\r")) or not text)
    assert {number_of(line, "m") for line in lines_of(new, "m")} >= {item.number for item in ITEMS}
    assert with_items(new, "m", ITEMS) == new


def _others(text: str) -> str:
    import re

    lines = re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", text)
    return "".join(line for line in lines if not number_of(line, "m"))


def _add_to_base(followed: Followed, files: dict[str, str]) -> None:
    objects, site = followed.host.jobs.objects, followed.world.site
    tip = Sha(site.commits.branches()["main"])
    there = objects.get(tip)
    site.push(ADA, "main", objects.add(Commit({**there.files, **files}, (tip,), "Add\n", there.author, there.at)))
