"""Missions without a repository: looked at and changed by their ids from anywhere, and never run there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.kit.nightly import by_day
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
    for words in by_day(READING, 4):
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
