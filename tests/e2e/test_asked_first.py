"""A person's question before a surprise: what a command will do is said, and nobody's silence means yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.people import HONEST
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One feature
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
ASKED = ONE.replace("land: auto", "land: ask").replace('["file: `1.1.txt`"]\n', '["manual: it is nice"]\n', 1)


def test_what_would_surprise_needs_a_yes_where_nobody_can_be_asked(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ASKED)
    head = person.state_head()
    refused = person.mission("start", "m", ok=(2,))
    assert refused.err == "error: m starts: this needs your confirmation, and there is no terminal\n hint: add --yes\n"
    refused = person.mission("cancel", "m", ok=(2,))
    assert refused.err.startswith(
        "error: m ends with 0 of 1 features finished, no job is running; to continue it later: mission start m: this needs your confirmation, and there is no terminal\n"
    )
    assert person.mission("resume", "m", ok=(2,)).err == "error: m is planning\n hint: to start it: mission start m\n"
    assert person.state_head() == head
    person.mission("start", "m", "--yes")
    person.run(ok=(3,))
    person.mission("answer", "m", "1", "pass")
    person.run(ok=(3,))
    assert person.mission("answer", "m", "1", "fail", ok=(2,)).err.startswith(
        "error: request 1 is answered already, by Ada: pass\n"
    )
    done, base = person.state_head(), person.git("rev-parse", "main")
    refused = person.mission("retry", "m/1.1", ok=(2,))
    words = "1.1 is done and milestone 1 has passed: both are opened again, and another attempt costs money"
    assert refused.err.startswith(f"error: {words}: this needs your confirmation, and there is no terminal\n")
    assert (
        "1 feature of m would land on main: this needs your confirmation, and there is no terminal\n"
        in person.mission("land", "m", ok=(2,)).err
    )
    assert (person.state_head(), person.git("rev-parse", "main")) == (done, base)
    person.mission("land", "m", "--yes")
    assert person.mission("resume", "m", ok=(2,)).err == (
        "error: m is completed\n hint: to continue it: mission start m\n"
    )
    assert person.mission("land", "m", "--yes", ok=(3,)).err == (
        "error: m is completed, its work is on main\n hint: mission history m shows when; to continue the work: mission start m\n"
    )
    again = person.mission("start", "m", "--yes").out.splitlines()
    assert "     runs  no worker: every feature is done or skipped; all criteria are checked again" in again


TWO = (
    "resources: [{name: key, status: needed}]\n"
    + ONE
    + "      - {title: two, depends: ['1.1'], criteria: ['file: `1.2.txt`']}\n"
)


def test_a_person_is_asked_and_may_say_no_and_a_script_is_not(person: Person) -> None:
    person.worker(HONEST)
    for name in ("m", "other"):
        person.plan(TWO, identity=name)
        person.mission("start", name, "--yes")  # no worker starts without the key
    with terminal(person.repo) as window:
        window.line("clear; mission skip m/1.1 --reason later")
        window.see("1.2 depends on 1.1 and starts without it.", "Continue? [y/N]:")
        window.type("Enter")
        window.see("nothing was changed")
        window.line("clear; mission stop --all")
        window.see("2 missions stop: m and other;", "Stop? [Y/n]:")
        window.line("n")
        window.see("nothing was changed")
        assert not (person.runtime / "STOP").exists()
        window.line("clear; mission stop --all")
        window.see("Stop? [Y/n]:")
        window.type("Enter")
        window.see("STOP is set")
    person.mission("resume", "--all")
    assert "STOP is set" in person.mission("stop", "--all").out
    person.mission("skip", "m/1.1", "--reason", "later")
