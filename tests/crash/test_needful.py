"""A key that a person provides when they are asked: with a death at any step it is asked for once, and the work is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, only_at_night

from mission_cli.app.resources.change import provide_resource
from mission_cli.domain.resources.rows import ResourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Shop
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
resources: [{name: Key, type: credential}]
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, needs: [key], criteria: ["grep: `secret:m/key` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `nothing` in `1.2.txt`"]}
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"), ("1.2", "done")),
    base=(("1.1.txt", "secret:m/key\n"), ("1.2.txt", "nothing\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """A worker that writes down the reference that its job has."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": f"{spec.program.secrets.get('KEY', 'nothing')}\n"}, completes=name)


def provides(host: Host) -> bool:
    """A person who gives the value when they are asked."""
    one = loaded(committed(host)["m/mission.md"]).mission.resources[0]
    if one.status is not ResourceStatus.REQUESTED:
        return False
    provide_resource(host.context(), "m", "key", value="a secret value")
    return True


class Needful(Deaths):
    """A mission whose first feature needs a key."""

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end a person was asked once, and no file has the value."""
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            events = [row.event for row in loaded(files["m/mission.md"]).mission.progress]
            assert (events.count("resource.requested"), events.count("resource.available")) == (1, 1)
            assert not any("a secret value" in text for text in files.values())


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
def test_a_death_at_every_step_where_a_key_is_missing(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Needful(plan=PLAN, script=works, person=provides)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    record_property("counts", dict(deaths.counts))
