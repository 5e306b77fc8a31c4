"""A draft that is made, used and discarded: if a process dies at any step, it is made once, and row and file agree."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.drafts import lawless
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.judgments import judgment
from tests.kit.nightly import EACH, only_at_night

from mission_cli.app.commands.features import answer
from mission_cli.app.commands.steer.tell import tell
from mission_cli.domain.agents.drafts import Fate, rows_of
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Drafted
budget: {money_usd: 20, time_hours: 20}
orchestrator: {drafts: true, budget_pct: 40}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.3.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["grep: `good` in `1.2.txt`"]}
      - {title: three, depends: ["1.2"], criteria: ["grep: `good` in `1.3.txt`"]}
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"), ("1.2", "done"), ("1.3", "done")),
    base=(("1.1.txt", "good\n"), ("1.2.txt", "good\n"), ("1.3.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """Workers that do what they should, and a model that drafts an agent."""
    if spec.kind is JobKind.REVIEW:
        return Outcome(30.0, costs=(Decimal("0.1"),), answer=judgment(JudgmentKind.DRAFT_AGENT))
    number = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{number}.txt": "good\n"}, costs=(Decimal("0.1"),), completes=number)


def say(host: Host) -> bool:
    """Tell three workers the same, one after the other; at the end, discard what was drafted."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    told = {message.feature for message in mission.messages}
    due = next((f.number for f in mission.features() if f.number not in told and not f.finished), None)
    if due is not None:
        tell(host.context(), f"m/{due}", "Convert dates only when they are shown.")
        return True
    request = next((r for r in mission.requests if r.open and r.prompt.startswith("Draft `")), None)
    if request is None:
        return False
    answer(host.context(), "m", request.number, "discard")
    return True


class DraftDeaths(Deaths):
    """The same deaths, with a person who repeats themselves."""

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            rows = rows_of(loaded(files["m/mission.md"]).mission)
            assert [(row.agent, row.fate) for row in rows] == [("date-rules", Fate.DISCARDED)]

    def lawful(self) -> None:
        """No commit of any life has a row without its file, or a file without its row."""
        for commit in self.objects.all():
            if "m/mission.md" in commit.files:
                assert not lawless(commit.files)


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.timeout(3600)
def test_a_death_at_every_step_of_a_draft(kind: Kind) -> None:
    deaths = DraftDeaths(plan=PLAN, script=works, person=say)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    deaths.lawful()
