"""What `mission list --all` keeps of repositories: it is shown without git, and never when something has changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import Person, make_person

from mission_cli.surfaces.everywhere import all_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.results.views import Line

PLAN = """\
title: Kept
budget: {money_usd: 3}
milestones: [{name: One, features: [{title: a}]}]
"""
NAMES = ("lines.json", "listed.json")


def listed() -> tuple[list[Line], dict[str, object], list[str]]:
    """The lines of all repositories, STOP in them, and what was noted."""
    noted: list[str] = []
    lines, stopped = all_lines(noted.append)
    return lines, dict(stopped), noted


def fresh(*people: Person) -> tuple[list[Line], dict[str, object], list[str]]:
    """The same when nothing is kept."""
    for person in people:
        for name in NAMES:
            (person.runtime / name).unlink(missing_ok=True)
    return listed()


def titled(person: Person) -> None:
    person.mission("set", "m", "priority", "high")


def edited_by_hand(person: Person) -> None:
    file = person.repo / "missions/m/mission.md"
    file.write_text(file.read_text().replace("Kept", "By hand"))
    person.git("commit", "-qam", "By hand", cwd=file.parent)


def stopped(person: Person) -> None:
    person.mission("stop", "--all")


def in_trouble(person: Person) -> None:
    (person.runtime / "trouble.json").write_text(
        json.dumps({"troubles": [{"at": "", "message": "no", "mission": "m"}]})
    )


def another_mission(person: Person) -> None:
    person.mission("new", "--plan", "-", "--id", "n", "--headless", stdin=PLAN)


def without_settings(person: Person) -> None:
    (person.repo / ".mission.toml").write_text("attempts = 'many'\n")


def garbage(person: Person) -> None:
    (person.runtime / "lines.json").write_text('{"about": [], "looks": {}, "answer": [{"class": "os"}]}')
    edited_by_hand(person)


def cut(person: Person) -> None:
    kept = person.runtime / "lines.json"
    kept.write_bytes(kept.read_bytes()[:-20])
    edited_by_hand(person)


def of_another_version(person: Person) -> None:
    kept = person.runtime / "lines.json"
    kept.write_text(kept.read_text().replace("Kept", "Old").replace('"about": ["', '"about": ["0.0.'))


def forged(person: Person) -> None:
    kept = person.runtime / "lines.json"
    facts = json.loads(kept.read_text())
    facts["answer"][0]["class"] = "Path"
    kept.write_text(json.dumps(facts))


CHANGES = [
    titled,
    edited_by_hand,
    stopped,
    in_trouble,
    another_mission,
    without_settings,
    garbage,
    cut,
    of_another_version,
    forged,
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository, and the home in which it was made."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "home").mkdir()
        (folder / "home/.gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        patch.setenv("HOME", os.fspath(folder / "home"))
        person = make_person(folder / "repo")
        person.mission("new", "--plan", "-", "--id", "m", "--headless", stdin=PLAN)
    return folder


@pytest.fixture
def ada(made: Path, tmp_path: Path) -> Person:
    """Its owner, with a copy of the repository that is the only known one."""
    shutil.copytree(made / "repo", tmp_path / "repo", symlinks=True)
    know(tmp_path / "repo")
    return Person(tmp_path / "repo")


def know(*places: Path) -> None:
    """Let these be the known repositories."""
    state = Path(os.environ["HOME"]) / ".local/state/mission"
    state.mkdir(parents=True, exist_ok=True)
    (state / "repos.json").write_text(json.dumps([*map(os.fspath, places)]))


def listed_without_git() -> tuple[list[Line], dict[str, object], list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        return listed()


def test_a_second_list_needs_no_git_and_is_the_same(ada: Person) -> None:
    first = listed()
    assert [line.id for line in first[0]] == ["m"]
    assert listed_without_git() == first
    (ada.runtime / "lines.json").unlink()
    lines, _, noted = listed_without_git()
    assert lines == []
    assert "git" in noted[0], "this is what it looks like when git is needed"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_after_a_change_the_list_is_what_it_is_without_anything_kept(
    ada: Person, change: Callable[[Person], None]
) -> None:
    before = listed()
    change(ada)
    after = listed()
    assert after == fresh(ada) == listed()
    assert (after != before) == (change not in {of_another_version, forged, without_settings})


def test_what_was_kept_in_a_copied_repository_is_not_shown_of_the_copy(ada: Person, tmp_path: Path) -> None:
    listed()
    other = tmp_path / "copy"
    shutil.copytree(ada.repo, other, symlinks=True)
    know(other)
    lines, _, _ = listed()
    assert [(line.repo, line.path) for line in lines] == [
        (os.fspath(other), os.fspath(other / "missions/m/mission.md"))
    ]


def test_missions_without_a_repository_are_kept_too(ada: Person) -> None:
    assert [line.id for line in listed()[0]] == ["m"]
    ada.mission("new", "--plan", "-", "--id", "home", "--homeless", "--headless", stdin=PLAN)
    first = listed()
    assert [line.id for line in first[0]] == ["m", "home"]
    assert listed_without_git() == first
