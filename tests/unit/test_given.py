"""What a person gives is checked where it is given."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

from mission_cli.app.given import moment, statuses
from mission_cli.document.criteria.parse import kind_meant, read_criterion
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.errors import UsageError
from mission_cli.domain.timing.moments import read_moment
from mission_cli.interchange.criteria import words as as_criterion

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 25, 12, 30, tzinfo=ZONE)  # a Wednesday
PLAN = "title: T\nmilestones: [{name: A, validation: ['file: `a`'], features: [{title: a, criteria: ['file: `a`']}]}]\n"
FORMS = "write 2026-12-01, 2026-12-01T18:00, tomorrow 18:00, friday 09:00, or +3d"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow 18:00", "2026-11-26T18:00"),
        ("Tomorrow at 18:00", "2026-11-26T18:00"),
        ("tomorrow", "2026-11-26T23:59"),
        ("today 20:00", "2026-11-25T20:00"),
        ("today", "2026-11-25T23:59"),
        ("18:00", "2026-11-25T18:00"),
        ("9:05", "2026-11-26T09:05"),
        ("friday 09:00", "2026-11-27T09:00"),
        ("fri", "2026-11-27T23:59"),
        ("wednesday", "2026-12-02T23:59"),
        ("tue 08:00", "2026-12-01T08:00"),
        ("+3d", "2026-11-28T12:30"),
        ("+2h30m", "2026-11-25T15:00"),
        ("+ 1w", "2026-12-02T12:30"),
        ("in 3 days", "2026-11-28T12:30"),
        ("in 1 hour", "2026-11-25T13:30"),
        ("in 90 minutes", "2026-11-25T14:00"),
        ("2026-12-01", "2026-12-01T00:00"),
        ("2026-12-01 18:00", "2026-12-01T18:00"),
        ("2026-12-01T18:00:00+00:00", "2026-12-01T20:00"),
    ],
)
def test_times_that_people_type(text: str, meant: str) -> None:
    found = read_moment(text, NOW)
    assert found is not None
    assert found.astimezone(ZONE).isoformat()[:16] == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "tomorow",
        "24:00",
        "12:60",
        "tomorrow 25:00",
        "+",
        "+3",
        "+3x",
        "in",
        "in a while",
        "3d",
        "to",
        "9",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert read_moment(text, NOW) is None


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        read_moment("today", NOW.replace(tzinfo=None))


def test_a_deadline_is_stored_as_a_time_that_every_reader_understands() -> None:
    assert moment("deadline", "+3d", NOW.astimezone(UTC)) == "2026-11-28T10:30:00Z"
    assert moment("deadline", " 2026-12-01 ", NOW) == "2026-12-01"
    with pytest.raises(UsageError) as refused:
        moment("deadline", "soon", NOW)
    assert (refused.value.message, str(refused.value.hint)) == ("`deadline` is `soon`, which is not a time", FORMS)
    with pytest.raises(UsageError, match="which has passed"):
        moment("deadline", "+0h", NOW)


def test_statuses_are_those_of_missions() -> None:
    assert statuses("active, Paused,") == {"active", "paused"}
    assert statuses("") == frozenset()
    with pytest.raises(UsageError) as refused:
        statuses("activ,foo")
    assert refused.value.message == "`activ` is not a status of a mission"
    assert str(refused.value.hint).startswith("did you mean `active`?; use one of draft, planning, ")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("runn: `pytest -q`", "run"),
        ("rnu: `pytest`", ""),
        ("runs: pytest -q", "run"),
        ("files: `a`", "file"),
        ("gerp: `x` in `y`", "grep"),
        ("not-gerp: `x`", "not grep"),
        ("metrics: `./x` >= 3", "metric"),
        ("manuel: look at it", "manual"),
        ("reveiw: look at it", "review"),
        ("run: `pytest`", ""),
        ("Not grep: `x`", ""),
        ("The report has a total: `x`", ""),
        ("Login: works with a token", ""),
        ("no colon here", ""),
    ],
)
def test_a_misspelled_kind_of_criterion(text: str, kind: str) -> None:
    assert kind_meant(text) == kind


def test_a_misspelled_kind_with_a_command_is_never_a_question() -> None:
    read = read_criterion("runn: `test -f a.txt`")
    assert (read.wrong, read.remedy) == (
        "`runn:` is not a kind of criterion",
        "did you mean `run:`? what a person should judge is `manual: …`",
    )
    assert read_criterion("Files: all of them are there").wrong == "", "prose in a mission file stays a question"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("runn: pytest -q", "run"), ("command: `pytest`", "run"), ("test: `pytest`", "run"), ("path: `a`", "file")],
)
def test_a_plan_with_a_misspelled_kind_is_refused(text: str, meant: str) -> None:
    plan = f"title: T\nmilestones: [{{name: A, features: [{{title: a, criteria: ['{text}']}}]}}]\n"
    errors = [p for p in read_plan(plan).problems if p.severity == "error"]
    assert [p.hint for p in errors] == [f"did you mean `{meant}:`? what a person should judge is `manual: …`"]
    assert f"`{text}` of feature 1.1 cannot be read: `{text.partition(':')[0]}:` is not a kind" in errors[0].message


def test_prose_of_a_document_is_imported_as_prose() -> None:
    assert as_criterion("Files: all of them are there") == "manual: Files: all of them are there"
    assert as_criterion("It is fast") == "It is fast"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["--base", "nobranch"], "error: there is no branch `nobranch`\n hint: git branch lists the branches\n"),
        (["--deadline", "soon"], f"error: `deadline` is `soon`, which is not a time\n hint: {FORMS}\n"),
        (["--priority", "hihg"], "error: `priority` is `hihg`, which is not known\n hint: did you mean `high`? use one of low, normal, high, urgent\n"),
        (["--max-usd", "lots"], "error: `lots` is not a number\n hint: money_usd is a number, or unlimited\n"),
        (["--id", "a/b"], None),
    ],
)  # fmt: skip
def test_new_refuses_and_leaves_nothing(person: Person, tmp_path: Path, command: list[str], told: str | None) -> None:
    person.worker(HONEST)
    (tmp_path / "plan.yaml").write_text(PLAN)
    answer = person.mission("new", "--plan", os.fspath(tmp_path / "plan.yaml"), *command, ok=(2,))
    assert told is None or answer.err.endswith(told)
    assert not person.file().exists()
    assert not (person.repo / "missions").exists()


def test_new_refuses_a_runner_that_does_not_exist(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    (tmp_path / "plan.yaml").write_text(PLAN)
    words = person.mission("new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--runner", "scirpt", ok=(2,)).err
    assert "error: the runner `scirpt` is not configured\n hint: did you mean `script`?; or " in words


def test_a_deadline_in_words_is_kept_as_a_time(person: Person, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    person.mission("new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--id", "m", "--deadline", "+3d")
    kept = person.loaded().mission.deadline
    assert timedelta(days=2, hours=23) < datetime.fromisoformat(kept) - datetime.now(UTC) <= timedelta(days=3)
    person.mission("set", "m", "deadline", "tomorrow 18:00")
    assert person.loaded().mission.deadline < kept
    refused = person.mission("set", "m", "deadline", "soon", ok=(2,)).err
    assert refused == f"error: `deadline` is `soon`, which is not a time\n hint: {FORMS}\n"


def test_a_plan_is_read_from_standard_input(person: Person) -> None:
    person.mission("new", "--plan", "-", "--id", "m", stdin=PLAN)
    assert person.loaded().mission.title == "T"
    told = person.mission("new", "--plan", "-", stdin="title: T\n", ok=(1,)).err
    assert told == "error: -:1:1: `milestones` is missing\n"


def test_list_refuses_a_status_and_begins_with_nothing(person: Person) -> None:
    begin = "make the first one: mission new 'YOUR GOAL', or mission new --plan FILE"
    for words in (["list"], []):
        assert person.mission(*words).out == f"{person.repo} has no missions yet\n{begin}\n"
    assert person.mission("list", "--json").facts == {"schema": 1, "stopped": None, "missions": []}
    person.mission("init")
    assert person.mission("list").out == f"there are no missions yet\n{begin}\n"
    assert person.mission("list", "--status", "foo", ok=(2,)).err.startswith(
        "error: `foo` is not a status of a mission\n"
    )


REQUESTS = """

## Input Requests

| # | Asked | Feature | Prompt | Options | Urgency | Expires | Status | Response |
|---|---|---|---|---|---|---|---|---|
| 1 | | 1.1 | Which database? | sqlite, postgres | | | open | |
| 2 | | 1.1 | Which name? | | | | open | |
"""


def test_an_answer_without_words_says_what_was_asked_and_what_is_allowed(person: Person) -> None:
    person.plan(PLAN)
    person.file().write_text(person.file().read_text() + REQUESTS)
    person.git("commit", "--quiet", "-am", "Ask", cwd=person.file().parent)
    told = [person.mission("answer", "m", number, ok=(2,)).err for number in ("1", "2")]
    assert told == [
        "error: request 1 has no answer yet: Which database?\n hint: answer with sqlite, postgres\n",
        "error: request 2 has no answer yet: Which name?\n hint: add the answer as text\n",
    ]
    refused = person.mission("answer", "m", "9", "x", ok=(1,)).err
    assert refused == "error: there is no request 9\n hint: open requests: 1, 2\n"


def test_outside_of_a_repository_new_says_where_the_mission_is_and_what_comes_next(
    person: Person, tmp_path: Path
) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--id", "m", f"--repo={elsewhere}"]
    out = person.mission(*words).out
    assert out.splitlines()[1:] == [
        "it belongs to no repository yet, and is kept in your data folder",
        "next, in its repository: mission attach m",
    ]
    assert person.mission(*words, "--start", ok=(2,)).err == (
        "error: a mission without a repository cannot start\n hint: run it in a repository, without --homeless\n"
    )
    assert person.mission("attach", "m").out.splitlines()[-1] == "next: mission start m"


def test_an_unknown_kind_of_runner_is_refused_with_what_was_meant(person: Person) -> None:
    person.write(".mission.toml", '[runners.x]\nkind = "comand"\ncommand = ["true"]\n')
    told = person.mission("new", "--plan", "-", stdin=PLAN, ok=(2,)).err
    assert told.endswith("error: the setting `runners.x.kind` is 'comand'\n hint: did you mean `command`?\n")
