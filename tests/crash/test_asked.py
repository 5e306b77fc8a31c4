"""Workers and people who ask: whoever dies at any step, each question is asked once and each answer is read with it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, by_day

from mission_cli.app.commands import features
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Asked
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["grep: `good` in `1.1.txt`"]}]
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"),),
    base=(("1.1.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)
ASKED = '{"question": "Which?", "options": ["good", "bad: not good"], "context": {"rows": 1}}'
ANSWERS = {"1.1-aN: Which?": "good", "May it land?": "yes"}


def works(spec: JobSpec) -> Outcome:
    """A worker that commits half of its work and asks, and finishes it when it reads the answer."""
    costs = (Decimal("0.3"),)
    if "Which?: good" in spec.program.stdin:
        return Outcome(60.0, {"1.1.txt": "good\n"}, costs=costs, completes="1.1")
    return Outcome(60.0, {"1.1.txt": "half\n"}, costs=costs, asked=ASKED)


def asked_by_any(prompt: str) -> str:
    """The same for whichever attempt asks: where one is lost, the next one does."""
    return re.sub(r"-a\d+", "-aN", prompt)


def helps(host: Host) -> bool:
    """A person who asks one question, and answers every one; False when there is nothing to do."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    if not any(request.prompt == "May it land?" for request in mission.requests):
        ask(host.context(), "m", Given("May it land?", ["yes", "no"]))
        return True
    for request in mission.requests:
        if request.open:
            features.answer(host.context(), "m", request.number, ANSWERS[asked_by_any(request.prompt)])
            return True
    return False


class Asked(Deaths):
    """A mission in which people are asked."""

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end, each question was asked once, has a number of its own, and has its own answer."""
        states = list(states)
        super()._look(states)
        for state in states:
            mission = loaded(committed(self.lives.end(state))["m/mission.md"]).mission
            assert sorted((asked_by_any(r.prompt), r.response) for r in mission.requests) == sorted(ANSWERS.items())
            assert sorted(r.number for r in mission.requests) == [1, 2]


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step_where_people_are_asked(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Asked(plan=PLAN, script=works, person=helps)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    record_property("counts", dict(deaths.counts))


def test_what_questions_leave_in_file_and_records() -> None:
    deaths = Asked(plan=PLAN, script=works, person=helps)
    files = committed(deaths.lives.end(deaths.begin))
    mission = loaded(files["m/mission.md"]).mission
    records = {r.run: str(r.cause) for path, text in files.items() if "/runs/" in path and (r := read_run(text))}
    assert records == {"m/1.1-a1": "question", "m/1.1-a2": "done"}
    [context] = [request.context for request in mission.requests if request.context]
    assert files[f"m/{context}"] == '{\n  "rows": 1\n}\n'
