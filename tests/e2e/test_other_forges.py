"""A mission that is merged on GitLab and on Forgejo, over HTTP and with real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.forge.laws import broken
from tests.kit.merging import merging
from tests.kit.people import HONEST

from mission_cli.domain.forge.facts import Rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {time_hours: 1}
preferences: {land: auto, pull_requests: feature}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""


@pytest.mark.parametrize("kind", ["gitlab", "forgejo"])
def test_a_feature_is_merged_on_another_forge(person: Person, tmp_path: Path, kind: str) -> None:
    with merging(person, tmp_path, kind=kind) as shop:
        shop.site.ci["build"] = lambda check: setattr(check, "state", "success")
        shop.site.set_rules("main", Rules(required=("build",)))
        person.worker(HONEST)
        person.plan(PLAN)
        person.start()
        person.run()
        assert person.loaded().mission.status == "completed"
        assert {*shop.base()} >= {"1.1.txt"}
        assert set(shop.site.commits.branches()) == {"main"}
        assert broken(shop.site.log) == []
