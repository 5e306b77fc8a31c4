"""Settings that count while jobs outside of the sandbox run, whoever begins, ends and vouches at the same time."""

from __future__ import annotations

import sys
from subprocess import Popen
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.sandbox import settings_trust

if TYPE_CHECKING:
    from pathlib import Path

JOBS = """\
import sys
from pathlib import Path
from mission_cli.adapters.executors.sandbox import settings_trust
folder, settings = Path(sys.argv[1]), Path(sys.argv[2])
for number in range(300):
    settings_trust.enter(folder, f"m/{sys.argv[3]}-a{number}", settings)
    settings_trust.vouch(folder)
    here = sorted(p.name for p in folder.iterdir())
    assert f"m%{sys.argv[3]}-a{number}" in here and "settings.toml" in here, here
    settings_trust.leave(folder, f"m/{sys.argv[3]}-a{number}")
    settings_trust.vouch(folder)
"""


def test_jobs_that_begin_while_a_person_vouches_are_all_noted_with_the_settings(tmp_path: Path) -> None:
    folder, settings = tmp_path / "unboxed", tmp_path / ".mission.toml"
    settings.write_text("workers = 3\n")
    command = (sys.executable, "-c", JOBS, folder, settings)
    jobs = [Popen((*command, name)) for name in ("1.1", "1.2", "1.3")]
    assert [job.wait() for job in jobs] == [0, 0, 0]
    assert [p.name for p in tmp_path.iterdir() if p.suffix not in {".toml", ".lock"}] == []


def test_one_that_was_killed_in_the_middle_is_no_hindrance(tmp_path: Path) -> None:
    folder, settings = tmp_path / "unboxed", tmp_path / ".mission.toml"
    settings.write_text("workers = 3\n")
    for rest in (folder.with_suffix(".new"), folder.with_suffix(".old")):
        (rest / "left").mkdir(parents=True)
    settings_trust.enter(folder, "m/1.1-a1", settings)
    settings.write_text("workers = 9\n")
    assert settings_trust.suspects(folder)
    assert settings_trust.kept_settings(folder).read_text() == "workers = 3\n"
    settings_trust.vouch(folder)
    assert settings_trust.suspects(folder)
    settings_trust.leave(folder, "m/1.1-a1")
    settings_trust.vouch(folder)
    assert not settings_trust.suspects(folder)
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == []
