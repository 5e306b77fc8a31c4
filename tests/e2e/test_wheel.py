"""What is installed from the built wheel, in an empty venv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAN = "title: T\nbudget: {time_hours: 1}\nmilestones:\n  - {name: A, features: [{title: one}]}\n"


def test_the_wheel_brings_everything_that_it_needs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", os.fspath(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel = next((tmp_path / "dist").glob("mission_cli-*.whl"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    install = [os.fspath(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", os.fspath(wheel)]
    subprocess.run(install, cwd=tmp_path, check=True)
    repo = tmp_path / "repo"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", repo], check=True)
    (tmp_path / "plan.yaml").write_text(PLAN)
    mission = os.fspath(tmp_path / "venv/bin/mission")

    def run(*words: str) -> str:
        done = subprocess.run([mission, *words], cwd=repo, check=True, capture_output=True, text=True)
        return done.stdout

    assert run("--version") == "mission 0.1.0\n"
    made = json.loads(run("new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--id", "m", "--json"))
    said = [warning["message"] for warning in made.pop("warnings")]
    assert made == {"schema": 1, "id": "m", "path": f"{repo}/missions/m/mission.md"}
    assert said == ["milestone 1 has no criterion", "feature 1.1 has no criterion"]
    assert run("show", "m").splitlines()[0] == "T  (m, planning)"
    assert run("pulse") == ""
    assert run("help", "settings").startswith("# Settings\n")
    assert run("_complete", "bash", "2", "mission", "status", "") == "m\n"
    page = (tmp_path / "venv/share/man/man1/mission.1").read_text(encoding="utf-8")
    assert page == (ROOT / "docs/man/mission.1").read_text(encoding="utf-8")
    there = next((tmp_path / "venv").rglob("mission_cli/templates"))
    templates = sorted(p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file())
    source = ROOT / "templates"
    assert templates == sorted(p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file())
    pages = next((tmp_path / "venv").rglob("mission_cli/surfaces/http/web"))
    ours = ROOT / "src/mission_cli/surfaces/http/web"
    for folder in ("templates", "static"):
        there_too = {p.relative_to(pages).as_posix() for p in (pages / folder).iterdir()}
        assert there_too == {p.relative_to(ours).as_posix() for p in (ours / folder).iterdir()}
        assert len(there_too) > 3
