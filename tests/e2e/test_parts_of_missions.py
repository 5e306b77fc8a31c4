"""A command for a whole mission refuses the address of a part: `mission cancel m/1.2` must not end all of `m`.

It refuses before it asks anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Two files
budget: {time_hours: 1}
milestones:
  - name: Only
    features:
      - {title: Write the first file, criteria: ["file: `1.1.txt`"]}
      - {title: Write the second file, criteria: ["file: `1.2.txt`"]}
"""
WHOLE = (
    "add-milestone PART More --feature Third",
    "advance PART --expected-phase analyzing",
    "approve PART code_review",
    "archive PART",
    "cancel PART",
    "deploy PART --drop",
    "land PART",
    "pause PART",
    "preview PART",
    "pulse PART",
    "reject PART code_review --comment no",
    "resume PART",
    "retry PART --phase",
    "run PART",
    "set PART budget.time_hours 9",
    "set PART title Other",
    "skip PART --phase analyzing --reason none",
    "start PART",
    "sync PART",
    "takeover PART",
    "undo PART",
)

REFUSED = """\
error: `PART` is a part of a mission, and this is done to a whole mission
 hint: for the whole mission, write m
"""


def test_what_is_done_to_a_whole_mission_refuses_a_part(person: Person) -> None:
    person.worker("pass")
    person.plan(PLAN)
    head = person.state_head()
    said = {}
    for part in ("m/1", "m/1.2"):
        for line in WHOLE:
            answer = person.mission(*line.replace("PART", part).split(), ok=None)
            said[line.replace("PART", part)] = (answer.code, answer.err)
    refused = {line: (2, REFUSED.replace("PART", line.split()[1])) for line in said}
    assert said == refused
    assert person.state_head() == head
