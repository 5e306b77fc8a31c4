"""Eight that make a mission at the same moment have eight missions."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = "title: Word counter\nbudget: {money_usd: 1}\nmilestones: [{name: A, features: [{title: a}]}]\n"


def test_eight_at_once_never_share_an_id(person: Person) -> None:
    person.mission("init")
    person.write("plan.yaml", PLAN)
    command = [sys.executable, "-P", "-m", "mission_cli", "new", "--plan", "plan.yaml", "--json"]
    pipe = subprocess.PIPE
    at_once = [subprocess.Popen(command, cwd=person.repo, stdout=pipe, text=True) for _ in range(8)]
    ids = sorted(json.loads(one.communicate()[0])["id"] for one in at_once)
    assert ids == ["word-counter", *(f"word-counter-{n}" for n in range(2, 9))]
    assert sorted(one["id"] for one in person.mission("list", "--json").facts["missions"]) == ids
