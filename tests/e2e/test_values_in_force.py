"""What bounds a mission, from a person's typo to the command that mends it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

BLOCKED = 3
PLAN = """\
title: Capped
budget: {money_usd: 5}
preferences: {land: auto}
milestones:
  - name: One
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["manual: look at it"]}
"""


def test_a_typo_in_a_cap_keeps_it_and_set_changes_it(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    person.mission("start", "m", "--headless")
    person.rest()
    committed = person.loaded().layout.text
    assert "in_force:\n" in committed
    assert "  money_usd: 5\n" in committed.partition("in_force:\n")[2]

    editor = person.repo.parent / "editor.sh"
    editor.write_text('sed -i "0,/money_usd: 5$/s//money_usd: 5 dollars/" "$1"\n')
    refused = person.process("edit", "m", env={"EDITOR": f"sh {editor}"})
    assert refused.code == BLOCKED
    assert "`budget.money_usd` is `5 dollars`, which is not a number; `5` stays in force" in refused.err
    assert person.loaded().layout.text == committed

    file = person.file()
    file.write_text(file.read_text().replace("money_usd: 5\n", "money_usd: 5 dollars\n", 1))
    person.git("commit", "-qam", "a typo", cwd=person.repo / "missions")
    person.mission("pulse")
    assert person.mission("status", "m", "--json").facts["budget"]["usd"]["cap"] == 5
    set_it = "mission set m budget.money_usd 5"
    for words in (("status", "m"), ("why", "m"), ("inbox",), ("lint", "m")):
        said = person.mission(*words, ok=(0, 1, 3))
        assert "`budget.money_usd` is `5 dollars`" in said.out, words
        assert words[0] == "lint" or set_it in said.out, words

    assert "m: budget.money_usd: 5 → 7" in person.mission("set", "m", "budget.money_usd", "7").out
    far = person.mission("set", "m", "budget.money_usd", "7000", ok=(2,))
    assert far.err == (
        "error: `budget.money_usd` grows from 7 to 7000, more than tenfold: this needs your confirmation, and there is no"
        " terminal\n hint: add --yes\n"
    )
    person.mission("set", "m", "budget.money_usd", "unlimited", "--yes")
    loaded = person.loaded()
    assert not loaded.errors()
    assert loaded.mission.limits.unlimited == {"usd"}
    rows = [row.cells["decision"] for row in loaded.mission.kept if row.section == "Decision Log"]
    assert rows == ["Start the mission", "budget.money_usd: 5 → 7", "budget.money_usd: 7 → unlimited"]


def test_set_names_what_it_takes(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    refusals = {
        ("budget.monney_usd", "7"): "there is no key `budget.monney_usd`",
        ("budget.money_usd", "0"): "`0` is not a limit",
        ("budget.money_usd", "5,50"): "`budget.money_usd` is not a number: `5,50`",
        ("status", "active"): "`set` cannot change the status",
        ("host", "there"): "`host` is written by the program",
        ("preferences.tech_stack", "python"): "`preferences.tech_stack` holds more than one value",
    }
    for words, message in refusals.items():
        assert message in person.mission("set", "m", *words, ok=(2,)).err, words
    assert "m: model_routing.workers: sonnet → opus" in person.mission("set", "m", "model_routing.workers", "opus").out
    assert os.fspath(person.file()) in person.mission("lint", "m").out or not person.loaded().errors()
