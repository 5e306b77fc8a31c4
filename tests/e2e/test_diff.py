"""`mission diff`: a change by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Word counter
goal: Count words.
budget: {money_usd: 20}
resources: [{name: staging, type: server, status: needed}]
gates: [{name: design, kind: approval, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Core
    validation: ["run: `true`"]
    features:
      - {title: Count, criteria: ["file: `wc.py`"]}
      - {title: Read, depends: ["1.1"]}
"""


def commit(person: Person, *changes: tuple[str, str], message: str = "Edit") -> str:
    """Edit the mission file by hand and commit it."""
    text = person.file().read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    person.file().write_text(text)
    person.git("commit", "--quiet", "-am", message, cwd=person.repo / "missions")
    return person.state_head()


def edited(person: Person) -> str:
    """A mission in which much has changed; the commit before all that."""
    person.worker()
    person.plan(PLAN)
    first = person.state_head()
    commit(person, ("| 1.1 | Count |  | pending |  | | |", "| 1.1 | Count |  | dispatched |  | script a1 | |"))
    spend = "| 2026-11-20 | Money (USD) | $0.42 | 1.1-a1 done | 1 |\n| 2026-11-20 | Money (USD) | $3 | lunch | |"
    commit(
        person,
        ("| 1.1 | Count |  | dispatched |", "| 1.1 | Count |  | done |"),
        ("| 1.2 | Read `[depends:1.1]` |  | pending |  | | |", "| 1.3 | Read all `[tries-after:2]` | | | 2h | | |"),
        ("**Status:** pending", "**Status:** active"),
        ("- [ ] run: `true`", "- [x] run: `true` <!-- pass 2026-11-20T10:00:00Z 4f2c1a9 -->"),
        ("money_usd: 20", "money_usd: 30"),
        ("| | | | | |\n\n## Decision Log", f"{spend}\n\n## Decision Log"),
        ("| staging | server |  | needed |", "| staging | server |  | ready |"),
        ("| design | approval |", "| sketch | approval |"),
        ("_None._", "- no dependencies\n- no database"),
        ("\n| | | |\n", "\n| 2026-11-20T10:00:00Z | mission.edited | by Ada |\n"),
    )
    return first


def test_a_change_is_told_by_meaning(person: Person) -> None:
    first = edited(person)
    assert person.mission("diff", "m").out == snapshot("""\
mission budget.money_usd 20 → 30; +$3
milestone 1 pending → active; `run: `true`` open → passed
1.1 dispatched → done; +$0.42
1.2 gone: Read
1.3 new: Read all
Non-goals words 1 line → 2 lines
Resources staging needed → ready
Gates gone: design · approval · 1.1 · 1.2 · pending; new: sketch · approval · 1.1 · 1.2 · pending
Progress Log new: 1 row
""")
    assert person.mission("diff", "m", first).out.splitlines()[2:4] == snapshot(
        ["1.1 pending → done; worker - → script a1; +$0.42", "1.2 gone: Read"]
    )
    assert person.mission("diff", "m", f"{first}..missions~1").out == snapshot(
        "1.1 pending → dispatched; worker - → script a1\n"
    )
    assert person.mission("diff", "m", "missions").out == snapshot("nothing has changed\n")
    assert person.mission("diff", "m", "nowhere", ok=(1,)).err == snapshot("""\
error: there is no revision `nowhere`
 hint: mission history lists the revisions
""")


def test_a_change_is_told_to_programs(person: Person) -> None:
    first = edited(person)
    facts = person.mission("diff", "m", f"{first}..missions~1", "--json").facts
    assert {**facts, "from": facts["from"] == first} == snapshot(
        {
            "schema": 1,
            "stopped": None,
            "id": "m",
            "from": True,
            "to": "missions~1",
            "changes": [
                {"subject": "1.1", "what": "status", "before": "pending", "after": "dispatched"},
                {"subject": "1.1", "what": "worker", "before": "", "after": "script a1"},
            ],
        }
    )


def test_the_first_commit_is_all_new(person: Person) -> None:
    person.worker()
    person.plan(PLAN)
    assert person.mission("diff").out == snapshot("""\
mission new: Word counter
milestone 1 new: Core
1.1 new: Count
1.2 new: Read
""")
