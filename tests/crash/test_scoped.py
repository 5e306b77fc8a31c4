"""A budget that does not pay for everything: with a death at any step, a person is asked once."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, only_at_night

from mission_cli.app.commands import features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Scoped
budget: {money_usd: 4, when_short: propose}
preferences: {land: auto, runner: script, max_parallel_workers: 1}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt` `2.2.txt`"]
    features:
      - {title: three, criteria: ["file: `2.1.txt`"]}
      - {title: four, criteria: ["file: `2.2.txt`"]}
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed", "skipped"),
    features=(("1.1", "done"), ("1.2", "done"), ("2.1", "skipped"), ("2.2", "skipped")),
    base=(("1.1.txt", "good\n"), ("1.2.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """A worker that makes the file of its feature, for a dollar."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": "good\n"}, costs=(Decimal("0.5"), Decimal("0.5")), completes=name)


def helps(host: Host) -> bool:
    """A person who reduces the scope when they are asked; False when there is nothing to do."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    for request in mission.requests:
        if request.open:
            features.answer(host.context(), "m", request.number, "reduce")
            return True
    return False


class Scoped(Deaths):
    """A mission whose scope is reduced."""

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end, one proposal was made and carried out, and one plan was written."""
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            mission = loaded(files["m/mission.md"]).mission
            assert [(r.number, r.response) for r in mission.requests] == [(1, "reduce")]
            assert [row.event for row in mission.progress].count("scope.decided") == 1
            assert [name for name in files if "follow-up" in name] == ["m/assets/follow-up-1.yaml"]


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
def test_a_death_at_every_step_where_the_scope_is_reduced(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Scoped(plan=PLAN, script=works, person=helps)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    record_property("counts", dict(deaths.counts))
