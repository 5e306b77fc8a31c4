"""The id of a mission is made of the words of its title: to be typed, spoken and told apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import make_host
from tests.unit.test_keys_act import honest
from typer.main import get_command

from mission_cli._support.numbers import whole
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.create import create
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.errors import UsageError
from mission_cli.domain.ids import RESERVED, feature_number, mission_id, spoken_id
from mission_cli.surfaces.cli.app import app

TITLES = [
    *("Word counter", "A command that counts the words of a file, with tests", "Wörter zählen & mehr!", "C++ parser"),
    *("Don't panic", "Счётчик слов", "Μετρητής λέξεων", "日本語", "ﬁne ½", "status", "Work", "3D engine", "2024"),
    *("1.2", "F1.2", "-- ", "x" * 80, "../../etc", "a.lock", "HEAD"),
]


def test_titles_become_names() -> None:
    assert {title: spoken_id(title) for title in TITLES} == snapshot(
        {
            "Word counter": "word-counter",
            "A command that counts the words of a file, with tests": "a-command-that-counts-the-words-of-a",
            "Wörter zählen & mehr!": "worter-zahlen-and-mehr",
            "C++ parser": "c-plus-plus-parser",
            "Don't panic": "dont-panic",
            "Счётчик слов": "schetchik-slov",
            "Μετρητής λέξεων": "metritis-lexeon",
            "日本語": "m-1",
            "ﬁne ½": "fine-1-2",
            "status": "m-status",
            "Work": "m-work",
            "3D engine": "m-3d-engine",
            "2024": "m-2024",
            "1.2": "m-1-2",
            "F1.2": "f1-2",
            "-- ": "m-1",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "../../etc": "etc",
            "a.lock": "a-lock",
            "HEAD": "head",
        }
    )


@given(title=st.text(max_size=90), suffix=st.sampled_from(["", "2", "17", "a3f9"]))
def test_every_name_is_an_id_that_nothing_else_is_called(title: str, suffix: str) -> None:
    name = spoken_id(title, suffix)
    assert mission_id(name) == name
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)
    assert len(name) <= 40
    assert name not in RESERVED
    for length in range(1, len(name) + 1):
        assert feature_number(name[:length]) is None
        assert whole(name[:length]) is None


def test_no_command_is_a_name() -> None:
    assert get_command(app).commands.keys() - RESERVED == set()  # type: ignore[attr-defined]  # it is a group


def made(titles: list[str], *, shared: bool = False, branch: str = "") -> list[str]:
    """The ids of missions that are made one after another on a host, which may have the branch of an earlier one."""
    host = make_host(honest)
    if branch:
        head = host.jobs.disk.read(f"{REFS}/heads/main", str)
        host.jobs.disk.write(f"{REFS}/heads/{branch}", head)
    ctx, found = host.context(), []
    for title in titles:
        plan = read_plan(
            f"title: {title!r}\nbudget: {{money_usd: 1}}\nmilestones: [{{name: A, features: [{{title: a}}]}}]\n"
        ).plan
        assert plan is not None
        name, _ = create(
            plan,
            store=ctx.state,
            templates=JinjaTemplates(),
            now=ctx.clock.now(),
            person=ctx.person(),
            base=lambda _: "main",
            used=lambda mission: ctx.code.heads(mission, "main").begun,
            shared=shared,
        )
        found.append(str(name))
        assert resolve(ctx.state.snapshot(), name).mission.id == name
    return found


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert made(["Word counter", "Word Counter!", "word-counter", "Word"]) == [
        "word-counter",
        "word-counter-2",
        "word-counter-3",
        "word",
    ]
    left = made(["Word counter"], branch="mission/word-counter/work")
    assert left == ["word-counter-2"], "the branch of a mission that was removed is not taken over"


def test_where_others_may_choose_the_same_name_it_gets_a_suffix_and_a_prefix_is_enough() -> None:
    [first, second] = made(["Word counter", "Word counter"], shared=True)
    assert re.fullmatch(r"word-counter-[0-9a-f]{4}", first)
    assert first != second


def test_a_prefix_names_a_mission_if_it_is_the_only_one_and_an_id_always_does() -> None:
    host = make_host(honest)
    ctx = host.context()
    for title in ("Word counter", "Word", "Other"):
        plan = read_plan(f"title: {title}\nmilestones: [{{name: A, features: [{{title: a}}]}}]\n").plan
        assert plan is not None
        now, person = ctx.clock.now(), ctx.person()
        create(plan, store=ctx.state, templates=JinjaTemplates(), now=now, person=person, base=lambda _: "main")
    snapped = ctx.state.snapshot()
    assert [resolve(snapped, name).mission.id for name in ("word", "WORD", "word-", "o", "other/1")] == [
        *("word", "word", "word-counter", "other", "other"),
    ]
    with pytest.raises(UsageError) as refusal:
        resolve(snapped, "wo")
    assert refusal.value.message == "`wo` is ambiguous: it can mean word, word-counter"
