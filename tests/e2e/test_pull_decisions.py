"""What a person sees of pull requests, and decides about them, over HTTP and with real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.forge.events import ADA
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Right
from tests.kit.forge.site import Site
from tests.kit.forge.state import OURS
from tests.kit.merging import merging
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

from mission_cli.domain.forge.facts import MergeMethod, Rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

_LOOKS = 12
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


class Merging(Site):
    """A repository in which Ada merges what she has seen a while."""

    looks = 0

    def update(self, by: str = "") -> None:
        """Merge what is open when somebody has looked often enough."""
        super().update(by)
        opened = list(self.open_pulls())
        self.looks += bool(opened)
        if opened and self.looks == _LOOKS:
            self.merge(ADA, opened[0].number, opened[0].head, MergeMethod.SQUASH)


@only_at_night
def test_without_the_right_to_push_a_fork_is_used_and_somebody_else_merges(person: Person, tmp_path: Path) -> None:
    with merging(person, tmp_path, "fork = true", site=Merging) as shop:
        shop.site.members[OURS].right = Right.READ
        person.worker(HONEST)
        person.plan(ASKED.replace("land: ask", "land: auto, pull_requests: feature"))
        person.start()
        person.run()
        assert person.loaded().mission.status == "completed"
        [pull] = shop.site.pulls.values()
        assert (pull.fork, pull.branch) == ("mission-bot/shop", "mission/m/1.1")
        assert {*shop.base()} >= {"1.1.txt"}
        assert broken(shop.site.log) == []
