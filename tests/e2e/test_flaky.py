"""Results of tests and flaky ones, from a real test program to what a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.test_judging import plan

from mission_cli.document.runs.record import read_run
from mission_cli.domain.judging.test_results import from_lines

if TYPE_CHECKING:
    from tests.kit.people import Person

    from mission_cli.domain.runs.record import RunRecord


def records(person: Person) -> list[RunRecord]:
    """The run records, by number."""
    texts = [path.read_text() for path in sorted((person.file().parent / "runs").glob("*.md"))]
    return [record for text in texts if (record := read_run(text)) is not None]


FLAKY = """\
import os, pathlib, unittest

class T(unittest.TestCase):
    def test_steady(self): pass
    def test_now_and_then(self):
        seen = pathlib.Path({place!r}) / "seen"
        first = not seen.exists() and pathlib.Path("done.txt").exists()
        if first:
            seen.touch()
        self.assertFalse(first)
"""
REPORT = """\
<testsuite name="s"><testcase classname="T" name="new" time="0.5"/><testcase classname="T" name="bad"><failure/></testcase>
</testsuite>
"""


def test_a_flaky_test_is_quarantined_by_name_and_shown_until_a_person_lifts_it(person: Person) -> None:
    person.commit("Add tests", **{"test_it.py": FLAKY.format(place=str(person.repo.parent))})
    person.worker('write("done.txt", "x\\n")\ncommit()\n')
    person.plan(plan('["file: `done.txt`"]', '{title: one, criteria: ["run: `python3 -m unittest -v`"]}'))
    person.start()
    person.run()
    name = "test_it.T::test_now_and_then"
    mission = person.loaded().mission
    [row] = [row.details for row in mission.progress if row.event == "test.quarantined"]
    assert row == f"{name} failed and passed on the same tree (1.1, run: `python3 -m unittest -v`)"
    assert f"Quarantine as flaky: {name}" in person.file().read_text()
    assert f"- Flaky test: {name}\n" in person.file().read_text()
    [record] = records(person)
    [found] = from_lines(record.evidence.splitlines())
    assert (found.passed, found.failed, found.formats) == (2, 0, ("unittest",))
    shown = person.mission("status", "m", "--json").facts["flaky"]
    assert [(one["name"], one["kind"]) for one in shown] == [(name, "test")]
    assert f"flaky test in m: {name}" in person.mission("why", "m").out
    assert person.mission("set", "m", f"quarantine.{name}", "no", ok=(2,)).err
    person.mission("set", "m", f"quarantine.{name}", "none")
    assert person.mission("status", "m", "--json").facts["flaky"] == []


def test_what_validate_finds_flaky_is_quarantined(person: Person) -> None:
    place = person.repo.parent / "seen"
    person.commit("Begin", **{"t.sh": f"[ -e {place} ] || {{ touch {place}; exit 1; }}\n"})
    person.plan(plan('["run: `sh t.sh`"]'))
    person.mission("validate", "m", "--again", ok=(2, 3))
    person.mission("skip", "m/1.1", "--reason", "not needed")
    place.unlink(missing_ok=True)
    person.mission("validate", "m", "--again")
    [row] = [row.details for row in person.loaded().mission.progress if row.event == "test.quarantined"]
    assert row == "criterion: run: `sh t.sh` failed and passed on the same tree (1, run: `sh t.sh`)"
    assert "Quarantine as flaky: criterion: run: `sh t.sh`" in person.file().read_text()
    person.mission("validate", "m", "--again")
    assert person.file().read_text().count("Quarantine as flaky") == 1


def test_a_report_turns_a_pass_into_a_failure_and_only_one_that_this_run_wrote(person: Person) -> None:
    person.commit("Add an old report", **{"old/test-results/junit.xml": REPORT})
    program = f"open('junit.xml', 'w').write({REPORT!r})"
    person.worker(f'write("report.py", {program!r})\ncommit()\n')
    features = '{title: one, criteria: ["run: `test -f report.py`", "run: `python3 report.py`"]}'
    person.plan(plan('["file: `report.py`"]', features))
    person.start()
    person.run(ok=(3,))
    [record, *_] = records(person)
    words = "failed: it exited with 0, but its report has 1 failed test: T::bad"
    assert record.detail == f"run: `python3 report.py`: {words}"
    assert "tests: 1 passed, 1 failed\n  failed: T::bad\n" in person.mission("logs", "m/1.1", "--attempt", "1").out
    assert [s.failing.first for s in from_lines(record.evidence.splitlines())] == [("T::bad",)]
