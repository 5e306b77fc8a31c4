"""A program reviews what another one made: its finding is proven by running it, and the work is fixed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from tests.kit.reviews import answer, finding

if TYPE_CHECKING:
    from tests.kit.people import Person

WORKER = """\
write("total.py", "def total(numbers):\\n    return " + ("sum(numbers)" if ATTEMPT > 1 else "sum(numbers[1:])") + "\\n")
commit()
"""
COMMAND = "test ! -e total.py || python3 -c 'import total; assert total.total([1, 2]) == 3'"
CRITIC = f"""\
import json, os, pathlib, subprocess, sys
prompt = sys.stdin.read()
assert "errors are handled" in prompt and "diff --git a/total.py" in prompt and "What you judge" in prompt
pathlib.Path("notes.txt").write_text("a reviewer was here")
good = {json.dumps(answer(4))}
bad = {json.dumps(answer(4, findings=[finding("the first number is left out", file="total.py", first_line=2, command=COMMAND)]))}
found = subprocess.run(["sh", "-c", {json.dumps(COMMAND)}], capture_output=True).returncode
print(bad if found else good)
"""
PLAN = """\
title: A total
budget: {time_hours: 2}
quality_threshold: 3.5
reviews: {reviewers: ["critic:"], per_milestone: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `total.py`"]
    features:
      - {title: one, criteria: ["file: `total.py`", "review: errors are handled"]}
"""


def test_a_finding_that_is_proven_sends_the_work_back_and_the_fixed_work_passes(person: Person) -> None:
    person.set('retry_delays = ["0s"]\nsandbox = "required"')
    person.worker(WORKER)
    script = person.repo.parent / "critic.py"
    script.write_text(CRITIC, encoding="utf-8")
    command = json.dumps([sys.executable, os.fspath(script)])
    person.tables.append(f'[runners.critic]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n')
    person.save_settings()
    person.plan(PLAN)
    person.start()
    person.run()
    assert person.causes() == [
        ("1.1-a1", "criteria_failed"),
        ("1.1-a2", "done"),
        ("review-a1", "done"),
        ("review-a2", "done"),
    ]
    record = (person.file().parent / "runs/1.1-a1.md").read_text()
    assert "error: total.py:2: the first number is left out" in record
    assert "fails with it and passed before" in record
    [_, reviewed] = person.loaded().mission.milestones[0].features[0].criteria
    assert reviewed.result is not None
    assert (str(reviewed.result.verdict), reviewed.ticked) == ("passed", True)
    assert person.git("show", "main:notes.txt") == "hello"
    events = [row.event for row in person.loaded().mission.progress]
    assert events.count("review.settled") == 2
