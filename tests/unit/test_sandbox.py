"""What a job finds of the home inside of the sandbox."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.kit.agents import needs_bubblewrap

from mission_cli.adapters.executors.sandbox import Room, find_bwrap, wrap


def inside(tmp_path: Path, script: str, *scratch: str) -> str:
    """Run a shell script in a room; return what it printed."""
    needs_bubblewrap()
    tree, objects = tmp_path / "tree", tmp_path / "objects"
    tree.mkdir()
    objects.mkdir()
    room = Room(tree, objects, Path(os.environ["HOME"]), scratch=scratch, copies=tmp_path / "copies")
    argv = wrap(find_bwrap(os.environ["PATH"]), ["/bin/sh", "-ec", script], room)
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_settings_that_a_person_has_not_are_not_there_and_can_be_made(tmp_path: Path) -> None:
    script = "ls -A ~; echo made > ~/.agent.json; cat ~/.agent.json"
    assert inside(tmp_path, script, ".agent", ".agent.json") == ".gitconfig\nmade\n"
    assert not (Path.home() / ".agent.json").exists()


def test_settings_of_a_person_are_read_and_changes_to_them_vanish(tmp_path: Path) -> None:
    (Path.home() / ".agent.json").write_text("theirs\n")
    script = "cat ~/.agent.json; echo ours > ~/.agent.json; cat ~/.agent.json"
    assert inside(tmp_path, script, ".agent.json") == "theirs\nours\n"
    assert (Path.home() / ".agent.json").read_text() == "theirs\n"
