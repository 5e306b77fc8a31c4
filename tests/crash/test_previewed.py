"""A preview that a person asks for: if a process dies at any step, none is started twice and nothing stays behind."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import committed, loaded
from tests.kit.fakes.code import TREES
from tests.kit.fakes.executor import JOBS, Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, NIGHTLY, by_day

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.gates import land
from mission_cli.app.commands.steer.preview import start_preview
from mission_cli.domain.preview.rows import PreviewStatus, newest
from mission_cli.domain.status import FeatureStatus, MissionStatus
from mission_cli.settings import PreviewSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Shown
budget: {money_usd: 20, time_hours: 20}
preferences: {land: ask, runner: script}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
"""


def works(spec: JobSpec) -> Outcome:
    """A worker that does what it should."""
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{feature}.txt": "good\n"}, costs=(Decimal("0.5"),), completes=feature)


def look_and_land(host: Host) -> bool:
    """Ask for a preview when the work is done, look at it, and land; ask again if it failed."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    done = all(f.status is FeatureStatus.DONE for f in mission.features()) and mission.milestones[0].finished
    row = newest(mission.previews)
    if mission.status is not MissionStatus.ACTIVE or not done or mission.landings:
        return False
    if row is None or row.status is PreviewStatus.FAILED:
        start_preview(host.context(), "m")
    elif row.status is PreviewStatus.READY:
        land(host.context(), "m")
    else:
        return False
    return True


@dataclass
class PreviewDeaths(Deaths):
    """The same deaths, with a person who looks at the work."""

    cleanup: str = ""

    def furnish(self, host: Host) -> None:
        """Give the host a command for previews, and somebody who asks for them."""
        host.settings = replace(host.settings, preview=PreviewSettings(run="serve", cleanup=self.cleanup))
        host.errand = look_and_land

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            mission = loaded(committed(host)["m/mission.md"]).mission
            assert {row.status for row in mission.previews} == {PreviewStatus.CLOSED}
            assert host.jobs.supervisors == {}
            keys = {f"m/preview-{row.number}" for row in mission.previews}
            assert not keys & host.jobs.disk.below(TREES).keys(), "a tree is left"
            started = {run for run in host.jobs.truth.starts if "preview" in run}
            assert started <= keys
            if self.cleanup:
                assert all(host.jobs.disk.has(f"{JOBS}/{key}-cleanup/exit") for key in started)
            self.counts["previews at the end"] = max(self.counts["previews at the end"], len(mission.previews))


@pytest.mark.parametrize(("kind", "cleanup"), by_day([(k, c) for c in ("true", "") for k in Kind], 1))
def test_a_death_at_every_step_of_a_preview(
    kind: Kind, cleanup: str, record_property: Callable[[str, object], None]
) -> None:
    deaths = PreviewDeaths(plan=PLAN, script=works, cleanup=cleanup)
    assert deaths.expected.status == "completed"
    deaths.every(kind, each=EACH)
    if NIGHTLY:
        deaths.pairs(300, 1)
    record_property("counts", dict(deaths.counts))
