"""What lies where a mission file should be and is none is left as it is, and nobody waits for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.fs.exchange import remove_unless_changed, rework_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing"])
def test_a_change_of_ours_keeps_what_is_no_file(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "mission.md"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to("nothing")
    before = place.lstat()
    assert rework_file(place, b"old", b"new", lambda now: now + b"!", temp_folder=tmp_path) == "kept"
    assert not remove_unless_changed(place, b"old", temp_folder=tmp_path)
    assert place.lstat() == before
    assert os.listdir(tmp_path) == ["mission.md"]  # noqa: PTH208 - its names alone
