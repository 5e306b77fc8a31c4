"""The schemas of what commands print: those in `docs/schema`, and those that the kit checks outputs by."""

from __future__ import annotations

import json
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from tests.kit.golden import constructs, read_text
from tests.kit.schemas import check_output, validator
from tests.kit.template import TEXT

from mission_cli.app.results.changes import AllStopped
from mission_cli.app.results.machine import ScheduleStatus
from mission_cli.app.results.reports import Changes, WholeMission
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.problems import Problem
from mission_cli.ports.runtime import Stopped
from mission_cli.ports.schedule import Detached, Installed, Job
from mission_cli.surfaces.as_json import as_json
from mission_cli.surfaces.cli.shell import Shell, complain
from mission_cli.surfaces.outputs import ERROR, OUTPUTS, OVERVIEW, output_schema
from mission_cli.surfaces.schemas import FILES, SCHEMAS
from mission_cli.surfaces.type_schema import TypeSchemas

if TYPE_CHECKING:
    from tests.kit.people import Person

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_committed_schemas_are_what_the_types_say() -> None:
    made = runpy.run_path(str(DOCS / "schemas.py"))["files"]()
    found = {file.name: file.read_text(encoding="utf-8") for file in (DOCS / "schema").iterdir()}
    assert found == made, "run `make docs`"


def test_every_command_has_a_schema_and_every_schema_a_command() -> None:
    commands = runpy.run_path(str(DOCS / "cli_reference.py"))["_commands"]()
    with_json = {name for name, command in commands if any("--json" in p.opts for p in command.params)}
    assert with_json == OUTPUTS.keys() - {ERROR, OVERVIEW}
    assert not FILES.keys() & OUTPUTS.keys()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name]())


def test_the_program_prints_the_schema_of_a_command(person: Person) -> None:
    committed = (DOCS / "schema/cron-install.json").read_text(encoding="utf-8")
    assert person.mission("schema", "cron", "install").out == committed
    assert person.mission("schema", "status", "--json").facts["document"] == output_schema("status")
    refused = person.mission("schema", "statu", "--json", ok=(2,)).facts["error"]
    assert refused["hint"] == "use mission, settings, or the name of a command"


def test_amounts_are_numbers_and_spans_of_time_are_seconds() -> None:
    text = TEXT.replace("run: `pytest -q`", "run: `pytest -q` (timeout 90s)")
    mission = as_json(load(text, "m-1").mission)
    assert mission["limits"]["usd"] == 20
    assert mission["milestones"][0]["criteria"][0]["timeout"] == 90


@pytest.mark.parametrize("folder", constructs(), ids=lambda folder: folder.name)
def test_every_mission_fits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(as_json=True, stopped=lambda: None)
    shell.facts(WholeMission("m.md", load(read_text(folder / "after.md"), "m").mission))
    check_output(["show", "--json"], capsys.readouterr().out)


def test_a_key_may_be_a_word_of_python() -> None:
    found = as_json(Changes(MissionId("m"), "a", "now", ()))
    assert found == {"id": "m", "from": "a", "to": "now", "changes": []}


def test_null_and_times_fit(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(("mission", "pulse"), {"PATH": "/bin"})
    shell = Shell(as_json=True)
    shell.facts(ScheduleStatus(None, None, None, ()))
    shell.facts(
        ScheduleStatus(
            Installed("cron", job, "* * * * *"),
            Detached(7, datetime(2026, 1, 2, tzinfo=UTC)),
            datetime(2026, 1, 2, tzinfo=UTC),
            (),
        )
    )
    out = capsys.readouterr().out
    check_output(["cron", "status", "--json"], out)
    assert json.loads(out.splitlines()[1])["last_tick"] == "2026-01-02T00:00:00Z"


def test_an_error_fits_with_the_problems_of_a_file_and_in_a_view(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(1, 2, "it is empty")
    for stopped in (None, lambda: Stopped("2026-01-02T00:00:00Z")):
        shell = Shell(as_json=True, stopped=stopped)
        complain(shell, "m.md:1:2: it is empty", "", DocumentError.exit_code, [problem])
        complain(shell, "there is none", "make one", 1)
    out = capsys.readouterr().out
    check_output(["status", "m", "--json"], out)
    assert [json.loads(line)["error"]["code"] for line in out.splitlines()] == [1] * 4


def test_unknown_and_missing_keys_are_found() -> None:
    right = {"schema": 1, **as_json(AllStopped(Stopped("2026-01-02T00:00:00Z"), ["m/1.1-a1"]))}
    check_output(["stop", "--all", "--json"], json.dumps(right))
    for wrong in ({**right, "more": 1}, {**right, "ended": [1]}, {"schema": 1, "ended": []}, {**right, "schema": 2}):
        with pytest.raises(AssertionError, match="does not allow"):
            check_output(["stop", "--all", "--json"], json.dumps(wrong))
    deep = {**right, "stopped": {**right["stopped"], "more": 1}}
    assert not validator("stop").is_valid(deep)
    assert Draft202012Validator(SCHEMAS["stop"]()).is_valid(deep), "a later version may say more"


@pytest.mark.parametrize("hint", [bytes, object, complex])
def test_a_type_without_a_schema_is_refused(hint: type) -> None:
    with pytest.raises(TypeError):
        TypeSchemas().of(hint)
