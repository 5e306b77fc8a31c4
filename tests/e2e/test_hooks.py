"""Hooks with real processes: a command before a step holds it, one after a step runs in a tree of the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""


def test_a_hook_holds_a_step_and_another_runs_in_a_tree_of_what_landed(person: Person) -> None:
    person.worker(HONEST)
    before = 'echo \\"$MISSION_HOOK of $MISSION_ID/$MISSION_FEATURE\\"; exit 3'
    after = "git cat-file -e $MISSION_COMMIT && cat 1.1.txt && echo landed"
    person.tables.append(f'[hooks]\nbefore_dispatch = "{before}"\nafter_landing = "{after}"\n')
    person.save_settings()
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))
    [waiting] = person.mission("inbox", "--json", ok=(3,)).facts["inbox"]
    assert (waiting["kind"], waiting["name"], waiting["unblock"]) == (
        "hook",
        "1.1: the command before_dispatch of 1.1 did not pass (exit 3: before_dispatch of m/1.1)",
        "mission resume m",
    )
    assert person.starts() == []
    settings = person.repo / ".mission.toml"
    settings.write_text(settings.read_text().replace("exit 3", "exit 0"))
    person.run()
    rows = [row.details for row in person.loaded("m").mission.progress if row.event.startswith("hook.")]
    landed = person.git("rev-parse", "mission/m/work")
    assert rows == [f"after_landing MISSION_COMMIT={landed} ended (exit 0: landed)"]
