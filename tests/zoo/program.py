"""The same cases through the whole program: a plan, `start`, `run`, and what `why` says, with and without a sandbox."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from tests.kit.people import make_person
from tests.zoo.court import PRELUDE, Sentence

from mission_cli.domain.status import MilestoneStatus

if TYPE_CHECKING:
    from tests.kit.people import Person
    from tests.zoo.court import Case

WORKER = """\
sys.stdin.read()
{work}
for words in (["add", "--all", "--force"], ["commit", "--quiet", "-m", "work"]):
    subprocess.run(["git", *words], check=False)
"""
_ENDS = (0, 3)
"""Finished, or waiting for a person."""

_NOTHING_TO_PROVE = "has only criteria that passed before any work"
"""In the question about a milestone whose criteria held before anybody worked: a person accepts it."""


def written(text: str) -> str:
    """Return a criterion of a case as a plan has it."""
    if text.startswith("file: "):
        return f"file: `{text.removeprefix('file: ')}`"
    return f"run: `{text}`"


def plan_of(case: Case) -> str:
    """The plan of a case: one feature, and a milestone that is judged by the same where the case says nothing."""
    criteria = [written(text) for text in case.criteria]
    validation = [written(text) for text in case.validation] or criteria
    feature = {"title": case.title, "criteria": criteria}
    plan = {
        "title": "Zoo",
        "budget": {"time_hours": 1},
        "preferences": {"land": "auto"},
        "milestones": [{"name": "Only", "validation": validation, "features": [feature]}],
    }
    return yaml.safe_dump(plan, sort_keys=False, width=4000)


def prepare(folder: Path, case: Case, *, sandbox: bool) -> Person:
    """A person with the files of a case, and with a runner that does its work."""
    person = make_person(folder / "repo")
    person.commit("Begin", **case.files)
    script = folder / "worker.py"
    script.write_text(PRELUDE + WORKER.format(work=case.work), encoding="utf-8")
    command = json.dumps([sys.executable, str(script)])
    person.tables = [
        f'[runners.script]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n',
        '[tree]\nkeys = ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]\n',
    ]
    keys = Path.home() / ".config/mission/env"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text("PYTEST_DISABLE_PLUGIN_AUTOLOAD=1\n", encoding="utf-8")
    keys.chmod(0o600)
    person.set(f'attempts = 1\nvalidation_rounds = 1\nsandbox = "{"required" if sandbox else "off"}"')
    return person


def sentence(person: Person, case: Case) -> Sentence:
    """Let the program drive the case to its end; green where the milestone has passed."""
    person.plan(plan_of(case))
    person.mission("start", "m", "--yes")
    person.run(ok=_ENDS)
    for request in person.loaded().mission.requests:
        if request.open and _NOTHING_TO_PROVE in request.prompt:
            person.mission("answer", "m", str(request.number), "accept")
            person.run(ok=_ENDS)
    (milestone,) = person.loaded().mission.milestones
    said = [person.mission("why", *where, ok=None).out for where in ((), ("m",), ("m/1.1",))]
    return Sentence(milestone.status is MilestoneStatus.PASSED, "\n".join(said))
