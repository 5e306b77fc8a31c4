"""Deployments: if a process dies at any step, none runs twice, a failed one is rolled back once, and people approve."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import NIGHTLY, by_day

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.features import answer
from mission_cli.app.deploys.commands import deploy, drop, to_deploy
from mission_cli.domain.deploys.rows import DeployStatus, newest
from mission_cli.settings import DeploySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Deployed
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, deploy_target: "staging, live"}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
"""
STAGING = DeploySettings(command="up", after="milestone", health="/health", rollback="back")
LIVE = DeploySettings(command="up", kind="production", after="landed", url="https://live.example", rollback="back")
SELDOM = 50
"""By day a death at each so many steps: the deaths of previews take the same ways."""
HOW = {"well": ("https://s.example", 0, 0), "sick": ("https://sick.example", 0, 0), "stuck": ("", 1, 1)}
"""What the command prints, how it ends, and how the rollback ends."""


def works(how: str, spec: JobSpec) -> Outcome:
    """A worker that does what it should, and the commands of deployments."""
    prints, up, back = HOW[how]
    if "MISSION_DEPLOY" in spec.program.env:
        rolls_back = spec.key.endswith("rollback")
        return Outcome(20.0, code=back if rolls_back else up, prints=(prints,))
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{feature}.txt": "good\n"}, costs=(Decimal("0.5"),), completes=feature)


def decide(host: Host) -> bool:
    """Answer what is asked; leave what failed, but once deploy it again."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    asked = next(iter(mission.open_requests()), None)
    if asked is not None:
        answer(host.context(), "m", asked.number, asked.options[0])
        return True
    failed = [row for row in mission.deploys if row.status is DeployStatus.FAILED and _is_newest(mission, row.number)]
    for row in failed:
        if sum(one.target == row.target for one in mission.deploys) == 1:
            deploy(host.context(), to_deploy(host.context(), "m", row.target, row.commit[:12]))
        else:
            drop(host.context(), "m", row.target)
        return True
    return False


def _is_newest(mission: Mission, number: int) -> bool:
    row = next(one for one in mission.deploys if one.number == number)
    last = newest(mission.deploys, row.target)
    return last is not None and last.number == number


@dataclass
class DeployDeaths(Deaths):
    """The same deaths, with targets, and a person who decides about them."""

    def furnish(self, host: Host) -> None:
        """Give the host two targets and its person."""
        host.settings = replace(host.settings, deploy={"staging": STAGING, "live": LIVE})
        host.errand = decide

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            mission = loaded(committed(host)["m/mission.md"]).mission
            check_laws(mission, host.jobs.truth.starts)
            self.counts["deployments at the end"] = max(self.counts["deployments at the end"], len(mission.deploys))


def check_laws(mission: Mission, starts: Iterable[str]) -> None:
    """Nothing runs twice, is rolled back twice, or reaches production without an approval."""
    began = Counter(run for run in starts if "/deploy-" in run and not run.partition("-health")[1])
    assert not [run for run, times in began.items() if times > 1], "a command ran twice"
    rows = {f"m/deploy-{row.number}": row for row in mission.deploys}
    assert {run.removesuffix("-rollback") for run in began} <= rows.keys(), "a command ran without a row"
    by_loop = Counter((row.target, row.commit) for row in mission.deploys if not row.because.startswith("asked for by"))
    assert not [one for one, times in by_loop.items() if times > 1], "the loop planned a commit twice"
    ran = [row for run, row in rows.items() if began[run]]
    assert all(row.by for row in ran if row.target == "live"), "production without an approval"


@pytest.mark.parametrize(("kind", "how"), by_day([(k, h) for h in HOW for k in Kind], 1))
def test_a_death_at_every_step_of_a_deployment(
    kind: Kind, how: str, record_property: Callable[[str, object], None]
) -> None:
    deaths = DeployDeaths(plan=PLAN, script=lambda spec: works(how, spec))
    assert deaths.expected.status == "completed"
    deaths.every(kind, each=1 if NIGHTLY else SELDOM)
    if NIGHTLY:
        deaths.pairs(300, 1)
    record_property("counts", dict(deaths.counts))
