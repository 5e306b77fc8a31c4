"""Playbooks on the command line: from a name to a mission, and shipped ones to landed work."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pexpect
from tests.kit.nightly import only_at_night
from tests.unit.test_playbooks import POLPO

if TYPE_CHECKING:
    from tests.kit.people import Person

BOOK = """\
playbook: endpoint
description: One endpoint.
parameters:
  name: {description: Its name., pattern: "[a-z]+", example: orders}
  storage: {type: choice, choices: [none, SQLite], description: Where data is kept.}
  tags: {type: list, default: [], description: Labels.}
plan:
  title: "Endpoint {{name}}"
  budget: {money_usd: 5}
  constraints: ["{{tags}}"]
  milestones:
    - name: All
      validation: ["file: `{{name}}.txt`"]
      features:
        - {title: "Add {{name}}", criteria: ["run: `test -s {{name}}.txt`"]}
        - {title: "Store in {{storage}}", when: storage != none, criteria: ["file: `db`"]}
"""
TOOL = """\
#!/bin/sh
case "$1" in
  --help) echo "usage: tool [--json] FILE" ;;
  --version) echo "tool 1.0" ;;
  -*) echo "tool: unknown option $1" >&2; exit 2 ;;
  count|compare) [ "$2" = --help ] && echo "usage: tool $1" ;;
  *) wc -w < "$1" || exit 1 ;;
esac
"""
BUILDER = f"""
made = {{
    "1.1": {{"bin/tool": {TOOL!r}, "check.sh": "bin/tool --version | grep 1.0\\n"}},
    "1.2": {{"tests/main.sh": "echo a b | bin/tool -\\n"}},
    "2.1": {{"docs/commands.md": "count, compare\\n"}},
    "2.2": {{"docs/json.md": "keys\\n"}},
    "2.3": {{"scripts/bench": "#!/bin/sh\\necho 12\\n"}},
    "3.1": {{"package.sh": "tar cf /dev/null bin\\n", "CHANGELOG.md": "# 1.0\\n"}},
    "3.2": {{"README.md": "# words\\n\\nExit codes: 0, 1, 2\\n"}},
}}
for name, text in made[FEATURE].items():
    write(name, text)
    os.chmod(name, 0o755)
commit()
"""
SCHOLAR = """
place = f"missions/{os.environ['MISSION_ID']}/research/"
links = "".join(f"- https://example.org/{n} RabbitMQ, NATS and my sql\\n" for n in range(9))
made = {
    "1.1": {"criteria.md": "- cost 50\\n- speed 30\\n- safety 20\\n"},
    "1.2": {"options.md": links, "sources.md": links},
    "1.3": {"experiment.md": "Result: 5 ms\\n"},
    "2.1": {"report.md": "# Recommendation\\n\\nRabbitMQ, not NATS, not my sql\\n\\n# Risks\\n\\nnone\\n"},
    "2.2": {"objections.md": "- one\\n- two\\n- three\\n- four\\n- five\\n"},
}
for name, text in made[FEATURE].items():
    write(place + name, text)
commit()
"""


def test_a_person_makes_a_mission_from_a_playbook_of_the_repository(person: Person) -> None:
    person.worker("")
    person.commit("Add a playbook", **{"playbooks/endpoint.yaml": BOOK})
    assert "endpoint         repository  name*, storage*, tags" in person.mission("playbooks", "list").out
    assert "  name*     string" in person.mission("playbooks", "show", "endpoint").out
    assert person.mission("playbooks", "check", "endpoint").out == "0 errors, 0 warnings, 1 file\n"
    new = ("new", "--playbook", "endpoint", "--id", "m", "--runner", "script")
    lacking = person.mission(*new, ok=(2,))
    assert lacking.err == (
        "error: `endpoint` needs name, storage\n hint: add -p name=orders -p 'storage=none|SQLite'\n"
    )
    values = ("-p", "name=users", "-p", "storage=SQLite", "-p", "tags=a,b", "-p", "tags=c")
    wrong = person.mission(*new, *values, "-p", "name=twice", ok=(2,)).err
    assert wrong == "error: `name` was given twice\n hint: give one value\n"
    draft = person.mission(*new, *values, "--dry-run")
    assert draft.err == "nothing was written\n"
    assert not (person.repo / "missions").exists()
    person.mission(*new, *values)
    assert draft.out == person.file().read_text()
    assert [f.title for f in person.loaded().mission.features()] == ["Add users", "Store in SQLite"]
    assert person.mission("lint", "m").out == "no errors or warnings\n"


def test_a_playbook_goes_to_a_mission_and_back_and_one_of_polpo_is_taken_in(person: Person) -> None:
    person.worker("")
    person.write("playbooks/endpoint.yaml", BOOK)
    values = ("-p", "name=users", "-p", "storage=SQLite")
    person.mission("new", "--playbook", "endpoint", "--id", "m", "--runner", "script", *values)
    exported = person.mission("export", "m", "--as", "playbook")
    person.write("playbooks/m.yaml", exported.out)
    assert person.mission("export", "m", "--as", "playbook", "--json").facts["document"]["playbook"] == "m"
    person.mission("new", "--playbook", "m", "--id", "again", "--runner", "script")
    assert person.file("again").read_text().replace('id: "again"', 'id: "m"') == person.file().read_text()
    theirs = person.write("theirs.json", POLPO)
    taken = person.mission("import", os.fspath(theirs), "--json").facts
    assert taken["path"] == os.fspath(person.repo / "playbooks/bug-fix.yaml")
    assert "exists already" in person.mission("import", os.fspath(theirs), ok=(4,)).err
    person.mission("import", os.fspath(theirs), "--homeless", "--id", "mine")
    assert "mine             person      issue*" in person.mission("playbooks", "list").out


def test_nonsense_is_refused_before_anything_is_made(person: Person) -> None:
    for words, said in (
        (("--playbook", "library", "--plan", "p.yaml"), "--plan and --playbook both name a plan"),
        (("--playbook", "library", "--phases"), "--phases makes a plan of its own"),
        (("-p", "a=b", "--headless", "Goal"), "-p gives a value to a playbook"),
        (("--dry-run", "--headless", "Goal"), "--dry-run needs a plan"),
        (("--playbook", "library", "-p", "name"), "`-p name` is not NAME=VALUE"),
        (("--playbook", "library", "-p", "nme=x"), "`nme`: it is not a parameter of the playbook"),
    ):
        answer = person.mission("new", *words, ok=(2,))
        assert answer.err.splitlines()[0] == f"error: {said}"
    assert person.mission("new", "--playbook", "./none.yaml", ok=(1,)).err.startswith(
        "error: ./none.yaml cannot be read"
    )
    assert not (person.repo / "missions").exists()


@only_at_night
def test_missing_values_are_asked_on_a_terminal_until_they_can_be_used(person: Person) -> None:
    person.worker("")
    person.write("playbooks/endpoint.yaml", BOOK)
    command = ["-P", "-m", "mission_cli", "new", "--playbook", "endpoint", "--id", "m", "--runner", "script"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    child = pexpect.spawn(sys.executable, command, cwd=os.fspath(person.repo), env=env, encoding="utf-8", timeout=60)
    child.expect("Its name")
    child.expect(r"name\?")
    child.sendline("Not Good")
    child.expect(r"`Not Good` does not match")
    child.expect(r"name\?")
    child.sendline("users")
    child.expect(r"Where data is kept. \(none, SQLite\)")
    child.sendline("none")
    child.expect("m is planned")
    child.expect(pexpect.EOF)
    assert [f.title for f in person.loaded().mission.features()] == ["Add users"]


@only_at_night
def test_the_command_line_tool_is_built_and_lands(person: Person) -> None:
    person.worker(BUILDER)
    values = [
        "name=words",
        "purpose=Counts words.",
        "commands=count,compare",
        "test=sh check.sh",
        "package=sh package.sh",
    ]
    given = [word for value in values for word in ("-p", value)]
    person.mission("new", "--playbook", "cli-tool", "--id", "m", "--runner", "script", *given)
    person.start()
    person.run(ok=(0, 3))
    assert set(person.features().values()) == {"done"}
    person.mission("land", "m", "--yes")
    person.run(ok=(0,))
    assert str(person.loaded().mission.status) == "completed"
    assert "bin/tool" in person.git("ls-tree", "-r", "--name-only", "main").split()


@only_at_night
def test_the_report_is_researched_to_its_end(person: Person) -> None:
    person.worker(SCHOLAR)
    given = ["-p", "question=Which queue?", "-p", "options=RabbitMQ,NATS,my sql"]
    person.mission("new", "--playbook", "research-report", "--id", "m", "--runner", "script", *given)
    person.start()
    person.run(ok=(0,))
    assert str(person.loaded().mission.status) == "completed"
    found = {path.name for path in (person.repo / "missions/m/research").iterdir()}
    assert found == {"criteria.md", "options.md", "sources.md", "experiment.md", "report.md", "objections.md"}
