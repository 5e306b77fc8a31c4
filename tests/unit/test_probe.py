"""The assumption on which a plan depends is checked before the approval: once, below a cap of its own, as a person wants."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.crash.lives import committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.plans import good
from tests.unit.test_discussion import adjust, told
from tests.unit.test_plannings import made, planned, seen, soon

from mission_cli._support.dataclass import replace
from mission_cli.app.plannings import carry, discussing
from mission_cli.app.plannings.probing import probe_of, wish_of, words_of
from mission_cli.document.plans.answer import read_answer
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import BlockedError
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.planning.plan import plan_lines

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.ports.executor import JobSpec

TASK = 'probe: {assumption: "FTS5 is there", task: "Make a table"}'
COMMAND = 'probe: {assumption: "FTS5 is there", command: "test -f fts5"}'


def probing(more: str, found: Outcome, *answers: str) -> tuple[Host, list[JobSpec]]:
    """A host with a plan that names a probe, and what that comes to; and the jobs that ran."""
    left = [good(more=more), *answers]
    jobs: list[JobSpec] = []

    def script(spec: JobSpec) -> Outcome:
        jobs.append(spec)
        if "MISSION_PROBE" in spec.program.env:
            return found
        return Outcome(30.0, answer=left.pop(0), costs=(Decimal("0.05"),))

    return make_host(script), jobs


def check(host: Host, name: str) -> StoredPlanning:
    """Have the assumption checked."""
    discussing.probe_for(host.context(), name)
    carry.carry_out(host.context(), name, soon(host))
    return carry.need(host.context(), name)


def test_an_agent_checks_it_once_below_its_cap_and_the_plan_is_adjusted() -> None:
    answer = "I made a table.\n\n**FAILS:** no such module: fts5\n"
    changed = good()
    host, jobs = probing(TASK, Outcome(60.0, answer=answer, costs=(Decimal("0.1"),)), changed)
    name = planned(host)
    one = check(host, name)
    probe = jobs[1]
    assert (probe.key.rpartition("/")[2], str(probe.kind), probe.tree.name, probe.caps.max_usd) == snapshot(
        ("2", "plan", f"plan/{name}-probe", "0.500000")
    )
    assert probe.program.env["MISSION_MODEL"] == "haiku"
    assert "FTS5 is there" in probe.program.stdin
    assert "Make a table" in probe.program.stdin
    assert words_of(one.probed) == "the assumption “FTS5 is there” does not hold: no such module: fts5"
    assert (probe_of(one), one.probing, seen(host, name).progress[-1]) == (None, "", words_of(one.probed))
    assert seen(host, name).cost.usd == Decimal("0.15")
    with pytest.raises(BlockedError, match="no assumption that is still to be checked"):
        discussing.probe_for(host.context(), name)
    one = adjust(host, name, wish_of(one.probed))
    assert "What the check said:\nno such module: fts5" in jobs[2].program.stdin
    assert [line for line in told(host, one) if "FTS5" in line][1:] == snapshot(["  probe: - FTS5 is there"])
    mission = load(committed_after(host, name), "m").mission
    usd = [(s.description, s.amount) for s in mission.spends if s.category == "usd"]
    assert usd == [
        ("planning a1 done", Decimal("0.05")),
        ("planning a2 done", Decimal("0.1")),
        ("planning a3 done", Decimal("0.05")),
    ]


def committed_after(host: Host, name: str) -> str:
    """The file of the mission that is made."""
    mission = made(host, name)
    return committed(host)[f"{mission}/mission.md"]


@pytest.mark.parametrize(
    ("more", "found", "said"),
    [
        (COMMAND, Outcome(9.0), "holds: exit 0"),
        (COMMAND, Outcome(9.0, code=1), "does not hold: exit 1"),
        (COMMAND, Outcome(9.0, code=127), "is still unclear: infrastructure: the runner's command could not be execu"),
        (COMMAND, Outcome(9.0, code=-9), "is still unclear: killed: killed from outside by signal 9"),
        (COMMAND, Outcome(100_000.0), "is still unclear: deadline: stopped by its deadline after 15 min"),
        (TASK, Outcome(9.0, answer="HOLDS"), "holds: HOLDS"),
        (TASK, Outcome(9.0, answer="FAILS: a\n> UNCLEAR — b"), "is still unclear: — b"),
        (TASK, Outcome(9.0, answer="It holds, I think."), "is still unclear: It holds, I think."),
        (TASK, Outcome(9.0), "is still unclear: it gave no answer"),
        (TASK, Outcome(9.0, answer="HOLDS: yes", code=1), "is still unclear: wrong_output: exit 1"),
    ],
)
def test_what_a_check_says(more: str, found: Outcome, said: str) -> None:
    host, _ = probing(more, found)
    one = check(host, planned(host))
    assert f"“FTS5 is there” {said}" in words_of(one.probed)
    assert str(one.state) == "ready"


def test_a_command_runs_in_a_clone_of_the_base_without_an_agent_and_costs_nothing() -> None:
    host, jobs = probing(COMMAND, Outcome(9.0))
    host.settings = replace(host.settings, tree=replace(host.settings.tree, setup="make deps"))
    name = planned(host)
    check(host, name)
    [job] = [job for job in jobs if "MISSION_PROBE" in job.program.env]
    assert (job.program.argv, job.program.agent, job.caps.deadline_s) == (("/bin/sh", "-c", "test -f fts5"), "", 900)
    assert (job.tree.commit, job.tree.setup) == (carry.need(host.context(), name).commit, "make deps")
    assert seen(host, name).cost.usd == Decimal("0.05")


def test_while_it_runs_nothing_else_happens_and_a_restart_pays_for_it_once() -> None:
    host, jobs = probing(TASK, Outcome(60.0, answer="HOLDS: yes", costs=(Decimal("0.1"),)))
    name = planned(host)
    discussing.probe_for(host.context(), name)

    class DiedError(Exception):
        """The terminal."""

    def die() -> None:
        raise DiedError

    with pytest.raises(DiedError):
        carry.carry_out(host.context(), name, die)
    for refused in (lambda: made(host, name), lambda: discussing.wish_for(host.context(), name, "smaller")):
        with pytest.raises(BlockedError):
            refused()
    carry.carry_out(host.context(), name, soon(host))
    one = carry.need(host.context(), name)
    assert (str(one.probed.outcome), len(jobs)) == ("holds", 2)
    assert sum(host.jobs.truth.paid.values()) == Decimal("0.15")


def test_without_money_it_does_not_start() -> None:
    host, jobs = probing(TASK, Outcome(60.0))
    host.settings = replace(host.settings, plan_max_usd=Decimal("0.05"))
    with pytest.raises(BlockedError, match="the assumption cannot be checked: nothing is left to reserve"):
        discussing.probe_for(host.context(), planned(host))
    assert len(jobs) == 1


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ("{assumption: a}", "`probe` needs exactly one of `command` and `task`"),
        ("{assumption: a, command: x, task: y}", "`probe` needs exactly one of `command` and `task`"),
        ("{assumption: '', command: x}", "`probe.assumption` is empty"),
        ("{assumption: a, command: x, max_usd: -1}", "`probe.max_usd`: `-1` is not a number"),
    ],
)
def test_mistakes_in_a_probe(probe: str, words: str) -> None:
    plan = f"title: t\nprobe: {probe}\nmilestones: [{{name: n, features: [{{title: f}}]}}]\n"
    read = read_plan(plan)
    assert read.plan is None
    assert words in next(p.message for p in read.problems if p.severity == "error")


def test_a_model_names_a_probe_but_not_its_cap_and_people_see_it() -> None:
    read = read_answer(good(more=TASK.replace("}", ", max_usd: 5}")))
    assert read.notes == ("dropped, because a model may not decide it: probe: max_usd: 5",)
    assert read.plan is not None
    assert read.plan.probe is not None
    assert read.plan.probe.max_usd == 0
    assert "└── the riskiest assumption\n    └── FTS5 is there\n" in plain(plan_lines(read.plan, 80))
