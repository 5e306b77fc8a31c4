"""The bill: reserved at the intent, settled at the outcome, always adding up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.ledger import spent

if TYPE_CHECKING:
    from tests.kit.people import Person

THREE = """\
title: Three features
budget: {money_usd: 10}
preferences: {max_parallel_workers: 1, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt`"]
    features: [{title: one}, {title: two}, {title: three}]
"""
COSTS = """\
Path(os.environ["MISSION_USAGE"]).write_text('{"cost_usd": %s, "input_tokens": 100}')
"""


def test_start_refuses_a_mission_without_any_cap(person: Person) -> None:
    person.worker(HONEST)
    person.plan(THREE.replace("budget: {money_usd: 10}\n", ""))
    answer = person.mission("start", "m", "--headless", ok=(3,))
    assert answer.err == (
        "error: m has no budget cap\n hint: name one, as a number or unlimited: mission set m budget.money_usd USD\n"
    )
    assert person.loaded().mission.status == "planning"


def test_the_threshold_pauses_with_choices_and_resume_raises_it(person: Person) -> None:
    person.worker(COSTS % "4.1", HONEST)
    person.plan(THREE.replace("money_usd: 10", "money_usd: 10, per_feature_usd: 4.5"))
    person.start()
    person.run(ok=(3,))
    mission = person.loaded().mission
    assert mission.status == "paused"
    assert [f.status for f in mission.features()] == ["done", "done", "pending"]
    details = next(r.details for r in mission.progress if r.event == "mission.paused")
    assert details == (
        "82% of the money is spent, the threshold is 80%: "
        "continue (mission resume m), raise the cap (mission set m budget.money_usd 20), or stop (mission cancel m)"
    )
    assert "m: 82% of the money is spent" in person.mission("inbox", ok=(3,)).out
    person.mission("resume", "m")
    mission = person.loaded().mission
    assert mission.limits.alert_pct == 90
    assert "Continue above the budget threshold, now 90%" in person.file().read_text()


def test_at_its_cap_a_mission_is_judged_and_completed(person: Person) -> None:
    person.worker(HONEST, COSTS % "5")
    person.plan(THREE.replace(", {title: three}", "").replace(" `1.3.txt`", ""))
    person.start()
    person.run()
    mission = person.loaded().mission
    assert spent(mission.spends).usd == 10
    assert mission.raw_status == "completed"


def test_resume_at_the_cap_says_what_helps(person: Person) -> None:
    person.worker(HONEST, COSTS % "10")
    person.plan(THREE)
    person.start()
    person.run(ok=(3,))
    said = person.mission("resume", "m", ok=None).out.splitlines()
    assert said[-1] == (
        "m is resumed; the cap in usd is used up: no attempt can start until it is raised: "
        "mission set m budget.money_usd 20"
    )


def test_log_summary_and_records_say_the_same_in_every_commit(person: Person) -> None:
    person.worker(COSTS % "1.25", HONEST)
    person.plan(THREE)
    person.start()
    person.run()
    missions = person.repo / "missions"
    for commit in person.git("log", "--format=%H", "missions", "--", "m", cwd=missions).splitlines():
        loaded = load(person.git("show", f"{commit}:m/mission.md", cwd=missions) + "\n", "m")
        names = person.git("ls-tree", "--name-only", commit, "m/runs/", cwd=missions).splitlines()
        records = [read_run(person.git("show", f"{commit}:{n}", cwd=missions) + "\n") for n in names]
        settled = [r for r in records if r is not None and not r.open]
        assert sum((r.usage.usd or Decimal(0)) for r in settled) == spent(loaded.mission.spends).usd
        assert sum(r.usage.total_tokens for r in settled) == spent(loaded.mission.spends).tokens
        summary = {r["category"]: r["spent"] for r in rows_in(loaded.layout, "Budget Tracking", "category", "spent")}
        if settled:
            assert summary["Money (USD)"] == f"${sum(r.usage.usd or 0 for r in settled)}"
        held = sum((r.reserve.usd for r in records if r is not None and r.open), Decimal(0))
        assert spent(loaded.mission.spends).usd + held <= 10


@only_at_night
def test_a_cost_that_nobody_knows_is_unknown_and_keeps_its_reserve_held(person: Person) -> None:
    person.worker('Path(os.environ["MISSION_USAGE"]).write_text("not json")\n', HONEST)
    person.plan(THREE.replace("money_usd: 10", "money_usd: 10, per_feature_usd: 4"))
    person.start()
    answer = person.run()
    money = answer.facts["budget"]["usd"]
    assert money == {"cap": 10, "spent": 0, "reserved": 10, "unknown_runs": 3}
    text = person.file().read_text()
    assert "| unknown |" in text
    assert "$0 + 3 unknown" in text


def test_nothing_starts_when_nothing_is_left_to_promise(person: Person) -> None:
    person.worker('Path(os.environ["MISSION_USAGE"]).write_text("not json")\n', HONEST)
    person.plan(THREE.replace("money_usd: 10", "money_usd: 10, per_feature_usd: 5"))
    person.start()
    person.rest()
    for _ in range(6):
        person.mission("pulse")
        person.rest()
    assert person.starts() == ["m/1.1-a1", "m/1.2-a1"]
    why = person.mission("why", "m/1.3").out
    assert why.splitlines()[0] == "m/1.3: nothing is left to reserve: $0 spent and $10 reserved of $10"
