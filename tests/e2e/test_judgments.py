"""A program is the orchestrator: its advice makes a failed feature smaller, and changes nothing else."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.judgments import judgment

from mission_cli.domain.judgments.rules import JudgmentKind

if TYPE_CHECKING:
    from tests.kit.people import Person

PROGRAM = f"""\
import os, pathlib, subprocess, sys
prompt = sys.stdin.read()
if os.environ.get("MISSION_JUDGMENT") == "reduce":
    assert "1.1-a1 ended with criteria_failed" in prompt, prompt
    tries = pathlib.Path(__file__).parent / "tries"
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    pathlib.Path("one.txt").write_text("good")
    print("It is too big." if len(tries.read_text()) == 1 else {judgment(JudgmentKind.REDUCE)!r})
else:
    smaller = "Advice of a model" in prompt and "Support UTF-8 only" in prompt
    pathlib.Path("one.txt").write_text("good\\n" if smaller else "bad\\n")
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "work\\n\\nCompletes-feature: 1.1"], check=True)
"""
PLAN = """\
title: One
budget: {time_hours: 20}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `one.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `one.txt`"]}
"""


def test_a_failed_feature_is_simplified_by_the_advice_of_a_program(person: Person) -> None:
    person.set('retry_delays = ["0s"]\nattempts = 1')
    script = person.repo.parent / "agent.py"
    script.write_text(PROGRAM, encoding="utf-8")
    command = json.dumps([sys.executable, os.fspath(script)])
    person.tables = [f'[runners.script]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n']
    person.save_settings()
    person.plan(PLAN)
    person.mission("set", "m", "orchestrator.judgments", "act")
    before = person.loaded().mission
    person.start()
    person.run()
    assert person.causes() == [
        ("1.1-a1", "criteria_failed"),
        ("1.1-a2", "done"),
        ("judge-a1", "wrong_output"),
        ("judge-a2", "done"),
    ]
    assert person.git("show", "main:one.txt") == "good"
    mission = person.loaded().mission
    assert (mission.limits, mission.gates) == (before.limits, before.gates)
    assert [(m.sender, m.text) for m in mission.messages] == [
        ("orchestrator", "Support UTF-8 only; other encodings can follow later.")
    ]
    log = person.file().read_text().partition("## Decision Log")[2].partition("\n## ")[0]
    rows = [[cell.strip(" |") for cell in line.split(" | ")[2:]] for line in log.splitlines() if "judge-" in line]
    assert rows == snapshot(
        [
            ["Judgment of 1.1 (reduce): simplify it", "it looks so (m/judge-a2)", "wait"],
            [
                "Retry 1.1 one",
                "1.1 is tried again, smaller: Support UTF-8 only; other encodings can follow later. (m/judge-a2)",
                "",
            ],
        ]
    )
    told = {"1.1-a1 criteria_failed", "judge-a1 of 1.1 wrong_output", "judge-a2 of 1.1 done", "1.1-a2 done"}
    assert {row.description for row in mission.spends} <= told  # what takes no time that counts has no row
    said = person.mission("logs", "m", "--judgment").out
    assert "it looks so" in said
