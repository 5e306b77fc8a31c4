"""A draft of an issue is filed on a forge over HTTP, by the real command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.merging import merging
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {time_hours: 100}
preferences: {land: auto, pull_requests: none}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, estimate: ~50h, criteria: ["file: `1.1.txt`"]}]
"""


@pytest.mark.parametrize("kind", by_day(["github", "gitlab", "forgejo"], 1))
def test_what_a_mission_observed_becomes_one_issue(person: Person, tmp_path: Path, kind: str) -> None:
    person.tables.append('[feedback]\nmission = "acme/shop"\nlabels = ["feedback"]\n')
    with merging(person, tmp_path, kind=kind) as shop:
        person.worker(HONEST)
        person.plan(PLAN)
        person.start()
        person.run()
        assert (
            "- Draft 1 of an issue, for mission: The estimate of hours was off by over 50 %"
            in person.loaded().layout.text
        )
        assert "acme/shop would get" in person.mission("feedback", "file", "m", "1", "--dry-run").out
        assert shop.site.issues == {}
        for _ in range(2):
            person.mission("feedback", "file", "m", "1", "--yes")
        (issue,) = shop.site.issues.values()
        assert issue.title == "Improvement: The estimate of hours was off by over 50 %: it took less"
        assert "- Expected: 2 d 2 h\n" in issue.body
        (draft,) = person.mission("feedback", "list", "--all", "--json").facts["drafts"]
        assert (draft["status"], draft["issue"].endswith("/1")) == ("filed", True)
        assert "File the draft 1 as an issue" in person.loaded().layout.text
