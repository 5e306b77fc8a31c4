"""Three clones with 50 edits each, merged in all orders by plain git: with the driver, and without it."""

from __future__ import annotations

import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.e2e.test_merge import PLAN
from tests.kit.edits import hand

from mission_cli.adapters.git.state.merging import register
from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.plans.plan import read_plan, template_values
from mission_cli.wiring.command_lines import python_command

EDITS, SEEDS = 50, 5
SOMEBODY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def main() -> None:
    """Print one line for each way."""
    for driver in (False, True):
        runs = [_measure(seed, driver=driver) for seed in range(SEEDS)]
        merges, stopped, regions, results, seconds = zip(*runs, strict=True)
        print(
            f"{'with' if driver else 'without'} the driver: {sum(stopped)} of {sum(merges)} merges stop, "
            f"{statistics.mean(regions):.1f} conflict regions each; "
            f"{statistics.mean(results):.1f} different files from six orders; "
            f"{1000 * statistics.median(seconds):.0f} ms a merge"
        )


def _measure(seed: int, *, driver: bool) -> tuple[int, int, float, int, float]:
    """(merges, how many stopped, conflict regions a merge, different results, seconds a merge)."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        _clones(repo, seed)
        if driver:
            register(repo / ".git", ("",), python_command("_merge"))
        results, stopped, regions, seconds = set(), 0, [], []
        for order in itertools.permutations("abc"):
            _git(repo, "checkout", "--quiet", "--force", "--detach", order[0])
            for other in order[1:]:
                begun = time.perf_counter()
                stopped += _git(repo, "merge", "--quiet", "--no-edit", other) != 0
                seconds.append(time.perf_counter() - begun)
                text = (repo / "m/mission.md").read_text()
                regions.append(len(re.findall("^<<<<<<< ", text, re.MULTILINE)))
                _git(repo, "commit", "--quiet", "--allow-empty", "-am", "as it is")
            results.add((repo / "m/mission.md").read_text())
        return len(seconds), stopped, statistics.mean(regions), len(results), statistics.mean(seconds)


def _clones(repo: Path, seed: int) -> None:
    plan = read_plan(PLAN).plan
    assert plan is not None
    values = template_values(plan, mission_id="m", created="2026-11-20", created_by="Ada", repo="", base="main")
    base = JinjaTemplates().render("mission.md.j2", values)
    _git(repo, "init", "--quiet", "--initial-branch=main")
    (repo / "m").mkdir()
    (repo / "m/mission.md").write_text(base)
    _git(repo, "add", "m")
    _git(repo, "commit", "--quiet", "-m", "Begin")
    for name in "abc":
        _git(repo, "checkout", "--quiet", "-b", name, "main")
        someone, text = hand(name, seed), base
        for _ in range(EDITS):
            text = someone.edit(text)
        (repo / "m/mission.md").write_text(text)
        _git(repo, "commit", "--quiet", "-am", name)


def _git(repo: Path, *args: str) -> int:
    return subprocess.run(["git", *SOMEBODY, *args], cwd=repo, check=False, capture_output=True).returncode


if __name__ == "__main__":
    main()
