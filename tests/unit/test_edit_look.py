"""An edit that changes more than words says so before it counts, and an uncommitted edit is part of it or stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.state import TREE
from tests.unit.test_keys_act import honest

from mission_cli.app.commands.edit import save_edit
from mission_cli.app.queries.before.edit import look_at_edit, uncommitted_words
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import MissionId

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

M = MissionId("m")
PLAN = """\
title: One
budget: {money_usd: 5}
preferences: {runner: script}
milestones: [{name: Only, features: [{title: one, criteria: ["file: `x`"]}, {title: two}]}]
"""
EDITS = {
    "words": [('title: "One"', 'title: "Won"')],
    "a cap": [("money_usd: 5", "money_usd: 50")],
    "a status": [("status: planning", "status: paused"), ("| 1.2 | two |  | pending", "| 1.2 | two |  | done")],
    "a milestone's status": [("**Status:** pending", "**Status:** passed")],
    "an unknown key": [("mode: full", "mode: full\nmodel: opus\nbudget_usd: 7")],
    "an unknown key of a group": [("  money_usd: 5", "  money_usd: 5\n  money_eur: 5")],
    "a feature less": [("| 1.2 | two |  | pending |  | | |\n", "")],
    "a value that is not read": [("mode: full", "mode: fool")],
    "an approval": [("## Budget Tracking", "## Approvals\n\n| Timestamp | Gate | Decision | By | Commit |\n|-|-|-|-|-|\n| | g | approved | me | |\n\n## Budget Tracking")],
    "an error": [("| 1.2 | two |", "| 1.1 | two |")],
}  # fmt: skip


def host() -> Host:
    made = make_host(honest)
    make_mission(made, PLAN, "m")
    return made


def text_of(there: Host) -> str:
    return there.context().state.snapshot().missions[M].text


def edited(text: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_an_edit_is_looked_at_before_it_counts() -> None:
    before = text_of(host())
    said = {}
    for name, pairs in EDITS.items():
        look = look_at_edit(M, before, edited(before, pairs))
        said[name] = [*(problem.message for problem in look.errors), *look.changes]
    assert said == snapshot(
        {
            "words": [],
            "a cap": ["budget.money_usd: 5 → 50"],
            "a status": ["status: planning → paused", "1.2: pending → done"],
            "a milestone's status": ["milestone 1: pending → passed"],
            "an unknown key": [
                "the key `budget_usd` is not known: it is kept and does nothing",
                "the key `model` is not known: it is kept and does nothing",
            ],
            "an unknown key of a group": [
                "budget.money_eur: not set → 5",
                "the key `budget.money_eur` is not known: it is kept and does nothing",
            ],
            "a feature less": ["1.2: gone: two"],
            "a value that is not read": [
                "`mode` is `fool`, which is not one of poc, full, subagent, and no earlier value is known"
            ],
            "an approval": ["Approvals: new: g · approved · me"],
            "an error": ["two features have the number 1.1"],
        }
    )


def test_an_uncommitted_edit_that_was_taken_in_is_committed_and_any_other_stays() -> None:
    there = host()
    before = text_of(there)
    on_disk = edited(before, [("| 1.1 | one", "| 1.1 | two")])
    assert uncommitted_words(M, before, on_disk) == ["1.1 title one → two"]
    place = f"{TREE}/m/mission.md"
    there.jobs.disk.write(place, on_disk)
    mine = edited(before, [("| 1.1 | one", "| 1.1 | three")])
    with pytest.raises(BlockedError) as refusal:
        save_edit(there.context(), "m", before, mine)
    assert refusal.value.message == "your uncommitted edit changes the same place"
    assert (text_of(there), there.jobs.disk.read(place, str)) == (before, on_disk), "neither is lost"
    save_edit(there.context(), "m", before, edited(on_disk, [("money_usd: 5", "money_usd: 6")]), seen=on_disk)
    assert "| 1.1 | two" in text_of(there)
    assert "money_usd: 6" in text_of(there)
    assert there.jobs.disk.read(place, str) == text_of(there)
    before = text_of(there)
    on_disk = edited(before, [("### Constraints\n", "### Constraints\n\nOne of many.\n")])
    there.jobs.disk.write(place, on_disk)
    save_edit(there.context(), "m", before, edited(before, [("| 1.1 | two", "| 1.1 | three")]))
    assert "One of many." not in text_of(there)
    left = there.jobs.disk.read(place, str)
    assert left is not None
    assert "One of many." in left
    assert "| 1.1 | three" in left
