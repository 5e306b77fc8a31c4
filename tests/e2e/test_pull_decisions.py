"""What a person sees of pull requests, and decides about them, over HTTP and with real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.forge.laws import broken
from tests.kit.merging import merging
from tests.kit.people import HONEST

from mission_cli.domain.forge.facts import Rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

ASKED = """\
title: One file
budget: {time_hours: 1}
preferences: {land: ask}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""


def test_what_a_person_sees_and_decides(person: Person, tmp_path: Path) -> None:
    """The start turns pull requests on; `pr`, `doctor` and `status` show them, and `land` lets the forge merge."""
    with merging(person, tmp_path) as shop:
        shop.site.ci["build"] = lambda check: setattr(check, "state", "success")
        shop.site.set_rules("main", Rules(required=("build",)))
        person.worker(HONEST)
        person.plan(ASKED)
        started = person.mission("start", "m", "--headless")
        assert "it opens a pull request for each feature at acme/shop" in started.out
        person.run(ok=(3,))
        [mission] = person.mission("pr", "--json").facts["missions"]
        [pull] = mission["pulls"]
        assert (pull["number"], pull["checks"]["passed"], pull["blocked_by"]) == (1, 1, [])
        assert pull["reason"] == "nothing blocks it, and it waits for you to land it"
        assert person.mission("status", "m", "--json").facts["milestones"][0]["features"][0]["pull"] == pull
        assert "main: requires the check `build`" in person.mission("doctor", ok=(0, 1)).out
        refused = person.mission("land", "m", "--squash", "--yes", ok=(2,))
        assert "set `merge` in [forge]" in refused.err
        assert "1 of 1 passed" in person.mission("land", "m", "--dry-run").out
        person.mission("land", "m", "--yes", ok=(0, 3))
        person.run()
        assert person.loaded().mission.status == "completed"
        assert {*shop.base()} >= {"1.1.txt"}
        assert broken(shop.site.log) == []
