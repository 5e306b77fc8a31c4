"""`mission sync`: what a person commits on the base reaches a mission that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Answer, Person

PLAN = """\
title: Two files
budget: {money_usd: 4}
preferences: {land: auto}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["run: sh check.sh"]}
"""
WORKER = """\
write(f"{FEATURE}.txt", "done\\n")
commit()
"""


def sync(person: Person, *, ok: tuple[int, ...] = (0,)) -> Answer:
    return person.mission("sync", "m", ok=ok)


def test_a_fix_on_the_base_reaches_the_next_attempt(person: Person) -> None:
    person.worker(WORKER)
    person.set("attempts = 1\n")
    person.commit("Check", **{"check.sh": "exit 1\n"})
    person.plan(PLAN)
    person.start()
    assert person.run(ok=(3,)).code == 3
    assert sync(person).out.endswith("the work of m contains main already\n")
    person.commit("Mend the check", **{"check.sh": "test -f 1.1.txt\n"})
    why = person.mission("why", "m/1.1").out
    assert "→ mission sync m take 1 newer commit of main into the work" in " ".join(why.split())
    answer = sync(person)
    assert answer.out.splitlines()[-1].startswith("1 commit of main merged into the work, as ")
    assert person.log("mission/m/work")[:2] == ["Mend the check", "Check"]
    assert "work.synced" in person.file().read_text()
    person.mission("retry", "m/1.1")
    assert person.run().code == 0
    assert person.features() == {"1.1": "done"}
    assert (person.repo / "check.sh").read_text() == "test -f 1.1.txt\n"


def test_a_conflict_is_named_with_the_command_that_merges_it(person: Person) -> None:
    person.worker(WORKER)
    person.plan(PLAN.replace("run: sh check.sh", "file: `1.1.txt`").replace("land: auto", "land: ask"))
    person.start()
    person.run(ok=(3,))
    person.commit("The same file", **{"1.1.txt": "mine\n"})
    person.mission("pause", "m")
    answer = sync(person, ok=(1, 3))
    assert answer.err == (
        "error: `main` has moved and conflicts with finished work in 1.1.txt\n"
        " hint: git switch mission/m/work && git merge main && git switch -\n"
    )


def test_a_mission_that_has_not_started_needs_no_sync(person: Person) -> None:
    person.worker(WORKER)
    person.plan(PLAN)
    assert sync(person, ok=(3,)).err == "error: m is planning: it takes main when it starts\n hint: mission start m\n"
