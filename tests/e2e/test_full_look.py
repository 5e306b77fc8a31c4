"""A look at everything comes anyway, and says so when it finds what nothing had told of."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

TWO = """\
title: Two files
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features:
      - title: one
      - {title: two, depends: ["1.1"]}
"""
LOUD = "found by a full check: no watched file had changed"


def test_a_program_that_is_back_is_found_and_said(person: Person) -> None:
    program = person.repo.parent / "program"
    person.worker(HONEST, f"if FEATURE == '1.1': os.unlink({os.fspath(program)!r})\n")
    text = f"#!/bin/sh\nexec {sys.executable} {person.repo.parent / 'script.py'}\n"
    person.tables = [person.tables[0].replace(json.dumps([sys.executable, os.fspath(person.repo.parent / "script.py")]), json.dumps([os.fspath(program)]))]  # fmt: skip
    person.set('full_look = "0s"')
    program.write_text(text)
    program.chmod(0o755)
    person.plan(TWO)
    person.start()
    person.run(ok=(3,))
    why = person.mission("why", "m/1.2", "--json").facts["why"][0]["holds"][0]
    assert why["detail"] == f"the runner's program `{program}` does not exist"
    assert person.mission("pulse").out == ""
    signature = person.runtime / "idle.json"
    rest = json.loads(signature.read_text())
    # as if pulses did not know that the program may come back
    signature.write_text(json.dumps(rest | {"again": False}))

    program.write_text(text)
    program.chmod(0o755)
    lines = person.mission("pulse").out.splitlines()
    assert lines[0].startswith("m: attempt 1 at 1.2 two: ")
    assert lines[-1] == LOUD
    person.run(ok=(3,))
    (person.runtime / "kick").touch()
    assert LOUD not in person.mission("pulse").out
