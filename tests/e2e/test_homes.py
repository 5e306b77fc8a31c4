"""Missions without a repository: looked at and changed by their ids from anywhere, never run there, and moved into a new repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.kit.creating import Creating, creating
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import Person, make_person

PLAN = """\
title: Idea
budget: {money_usd: 5}
milestones: [{name: One, features: [{title: Begin, criteria: ["file: `a`"]}]}]
"""
READING = (
    *(("status", "idea"), ("show", "idea"), ("why", "idea/1.1"), ("history", "idea"), ("diff", "idea")),
    *(("report", "idea"), ("context", "idea"), ("export", "idea"), ("lint", "idea"), ("budget", "forecast", "idea")),
    *(("status",), ("why",), ("export", "idea", "--as", "playbook")),
)


@pytest.fixture
def nowhere(tmp_path: Path) -> Person:
    """Somebody in a folder without a repository, with a mission."""
    place = tmp_path / "nowhere"
    place.mkdir()
    someone = Person(place)
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    someone.mission("new", "--plan", os.fspath(plan), "--id", "idea")
    return someone


def test_a_mission_without_a_repository_is_looked_at_from_anywhere(nowhere: Person, tmp_path: Path) -> None:
    home = Path(os.environ["HOME"]) / ".local/share/mission"
    there = make_person(tmp_path / "repo")
    for words in by_day(READING, 2):
        shown = nowhere.mission(*words, ok=(0, 1)).out
        assert "idea" in shown.casefold() or words[0] in {"lint", "budget"}, words
        assert shown == nowhere.mission(*words, "--repo", os.fspath(home), ok=(0, 1)).out, words
        if len(words) > 1:
            assert shown == there.mission(*words, ok=(0, 1)).out, "also in a repository that has no mission"
    listed = [one["id"] for one in nowhere.mission("list", "--all", "--json").facts["missions"]]
    assert listed == ["idea"], "the data folder is no repository of its own"
    assert nowhere.mission("why").out.splitlines()[:2] == [
        "idea belongs to no repository yet; 1 feature waits for it",
        "  → in its repository: mission attach idea",
    ]


@only_at_night
def test_its_file_is_changed_and_its_work_is_refused(nowhere: Person, tmp_path: Path) -> None:
    home = Path(os.environ["HOME"]) / ".local/share/mission"
    there = make_person(tmp_path / "repo")
    there.mission("set", "idea", "priority", "high")
    there.mission("add", "idea", "Go on")
    there.mission("note", "idea", "Ada likes it")
    text = (home / "missions/idea/mission.md").read_text()
    assert all(part in text for part in ("priority: high", "Go on", "Ada likes it"))
    for words in (("start", "idea"), ("run", "idea"), ("land", "idea")):
        assert nowhere.mission(*words, ok=(1,)).err.startswith("error: . is not in a git repository")
        refused = nowhere.mission(*words, "--repo", os.fspath(home), ok=(2,)).err
        assert refused.startswith("error: a mission without a repository cannot run\n hint: in its repository")


def configure(forge: Creating) -> None:
    """Configure a forge, with the token in a file."""
    config = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    token = config.with_name("token")
    token.write_text("s3cret")
    config.write_text(f'[forge]\nkind = "{forge.kind}"\nurl = "{forge.url}"\ntoken = "file:{token}"\n')


def moved(nowhere: Person, place: Path) -> None:
    """Check that the mission is in the repository, and nowhere else."""
    there = Person(place)
    assert there.mission("status", "idea", "--json").facts["base"] == "main"
    assert there.log() == ["Begin"]
    assert there.git("status", "--porcelain") == ""
    assert nowhere.mission("status", "idea", ok=(1,)).err.startswith("error: . is not in a git repository")


@pytest.mark.parametrize("done", by_day(["nothing", "folder", "repository", "commit", "remote"], 1))
def test_a_new_repository_is_made_from_wherever_it_was_interrupted(nowhere: Person, tmp_path: Path, done: str) -> None:
    place, remote = tmp_path / "new/repo", "https://example.org/idea.git"
    steps = {
        "folder": [],
        "repository": [["init", "-q"]],
        "commit": [["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "Begin"]],
        "remote": [
            ["init", "-q"],
            ["commit", "-q", "--allow-empty", "-m", "Begin"],
            ["remote", "add", "origin", remote],
        ],
    }
    if done != "nothing":
        place.mkdir(parents=True)
        for words in steps[done]:
            nowhere.git(*words, cwd=place)
    answer = nowhere.mission("attach", "idea", "--create-repo", os.fspath(place), "--remote", remote)
    assert answer.out.endswith(f"next: mission start idea --repo {place}\n")
    said = [line.partition(":")[0] for line in answer.err.splitlines()]
    every = ["made a repository", "made its first commit", "added the remote origin"]
    assert said == every[max(0, ["nothing", "folder", "repository", "commit", "remote"].index(done) - 1) :]
    assert nowhere.git("remote", "get-url", "origin", cwd=place) == remote
    moved(nowhere, place)


def test_a_place_that_is_not_empty_is_left_alone(nowhere: Person, tmp_path: Path) -> None:
    full, inside = tmp_path / "full", tmp_path / "repo/inside"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    make_person(tmp_path / "repo")
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        ((full,), f"{full} is not empty"),
        ((inside,), f"{inside} is inside the repository {tmp_path / 'repo'}"),
        ((tmp_path / "a", "--remote", "u", "--forge-repo", "a/b"), "--remote and --forge-repo both name a remote"),
        ((tmp_path / "a", "--private"), "--private is for a repository on a forge"),
        ((tmp_path / "a", "--remote=--upload-pack=id"), "`--upload-pack=id` is not the address of a remote"),
        ((tmp_path / "a", "--forge-repo", "a/b/c"), "`a/b/c` is not a repository on a known forge"),
    ]
    for words, said in cases:
        answer = nowhere.mission("attach", "idea", "--create-repo", *map(str, words), ok=(2,))
        assert answer.err.splitlines()[0] == f"error: {said}"
    lacking = nowhere.mission("attach", "idea", "--private", ok=(2,)).err
    assert lacking == "error: these options are for a new repository\n hint: add --create-repo PATH\n"
    assert sorted(path.name for path in full.iterdir()) == ["mine.txt"]
    assert not (tmp_path / "a").exists()
    assert not inside.exists()


@pytest.mark.parametrize("kind", by_day(["github", "gitlab", "forgejo"], 1))
@pytest.mark.parametrize("owner", by_day(["ada", "acme"], 1))
def test_a_repository_on_the_forge_is_created_once_and_gets_the_first_commit(
    nowhere: Person, tmp_path: Path, kind: str, owner: str
) -> None:
    place, name = tmp_path / "repo", f"{owner}/idea"
    words = ("attach", "idea", "--create-repo", os.fspath(place), "--forge-repo", name, "--private")
    with creating(kind, tmp_path / "forge") as forge:
        configure(forge)
        forge.lose = 1
        lost = nowhere.mission(*words, ok=None)
        assert (lost.code != 0, len(forge.writes)) == (True, 1)
        answer = nowhere.mission(*words)
        assert "s3cret" not in answer.out + answer.err + lost.out + lost.err
        assert len(forge.writes) == 1
        assert forge.repositories == {name: True}
        commit = nowhere.git("rev-parse", "HEAD", cwd=place)
        assert nowhere.git("rev-parse", "main", cwd=forge.path(name)) == commit
        assert nowhere.git("remote", "get-url", "origin", cwd=place) == os.fspath(forge.path(name))
        moved(nowhere, place)
        assert "s3cret" not in (place / ".git/config").read_text()


@only_at_night
def test_a_repository_with_other_commits_is_not_pushed_to(nowhere: Person, tmp_path: Path) -> None:
    other = make_person(tmp_path / "other")
    with creating("forgejo", tmp_path / "forge") as forge:
        configure(forge)
        forge.create("ada/idea", private=False)
        other.git("push", "-q", os.fspath(forge.path("ada/idea")), "main:trunk")
        words = ("attach", "idea", "--create-repo", os.fspath(tmp_path / "repo"), "--forge-repo", "ada/idea")
        refused = nowhere.mission(*words, ok=None)
        assert refused.code != 0
        assert "has commits already" in refused.err
        assert nowhere.git("branch", "--format=%(refname:short)", cwd=forge.path("ada/idea")) == "trunk"
        assert forge.writes == []
    assert nowhere.mission("status", "idea").out.startswith("Idea"), "the mission is where it was"


@only_at_night
def test_a_mission_of_the_repository_takes_precedence(nowhere: Person, tmp_path: Path) -> None:
    there = make_person(tmp_path / "repo")
    there.plan(PLAN.replace("Idea", "Same id"), identity="idea")
    assert there.mission("show", "idea").out.startswith("Same id")
    assert there.mission("logs", "idea/1.1", ok=None).err == nowhere.mission("logs", "idea/1.1", ok=None).err
    nowhere.mission("archive", "idea")
    assert there.mission("diff", "idea", "nonsense", ok=None).code != 0
    assert "archived" not in there.mission("show", "idea").out


@only_at_night
def test_a_mission_is_made_in_its_new_repository(nowhere: Person, tmp_path: Path) -> None:
    place = tmp_path / "fresh"
    plan = os.fspath(tmp_path / "plan.yaml")
    made = nowhere.mission("new", "--plan", plan, "--id", "two", "--create-repo", os.fspath(place), "--json")
    assert made.facts["path"] == os.fspath(place / "missions/two/mission.md")
    assert [one["id"] for one in Person(place).mission("list", "--json").facts["missions"]] == ["two"]
