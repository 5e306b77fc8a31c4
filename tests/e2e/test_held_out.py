"""A criterion that no worker has seen: the work that only fits the visible one goes back, and nothing gives it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.people import Person

WORKER = """\
write("double.py", "print(4)\\n" if FEATURE == "1.1" else "import sys\\nprint(2 * int(sys.argv[1]))\\n")
assert "734529" not in PROMPT and "held-out criterion 1" not in PROMPT
commit()
"""
PLAN = """\
title: Double
budget: {time_hours: 2}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["run: `test \\"$(python3 double.py 2)\\" = 4`"]
    features:
      - {title: one, criteria: ["file: `double.py`"]}
"""
HIDDEN = 'run: test "$(python3 double.py 734529)" = 1469058'


def test_what_only_fits_the_visible_criterion_goes_back_and_the_file_keeps_the_secret(person: Person) -> None:
    person.worker(WORKER)
    person.plan(PLAN)
    person.mission("hold-out", "m", HIDDEN)
    person.start()
    person.run()
    text = person.file().read_text()
    assert "734529" not in text
    assert HIDDEN not in text
    assert person.features() == {"1.1": "done", "1.2": "done"}
    shown = person.mission("hold-out", "m", "--json").facts["criteria"]
    assert [(one["milestone"], one["text"]) for one in shown] == [(1, HIDDEN)]
    assert [result.split(" ")[0] for result in shown[0]["results"].split("; ")] == ["failed", "passed"]
    assert person.git("show", "main:double.py").startswith("import sys")
