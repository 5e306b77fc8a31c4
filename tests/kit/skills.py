"""Missions of one repository that all meet the same conventions, and workers that keep those that they are told of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.house import RULES

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.ids import MissionId
from mission_cli.domain.skills.skill import MOST_ROWS
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.engine.loop import pulse
from mission_cli.planner.learning.distill import distilled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

SUBJECTS = ("parser", "printer", "cache", "login", "report", "search", "export", "import", "queue", "mail")
_ENDS = (*RULES,)


def plan(number: int) -> str:
    """The plan of one of the missions: two features, each with a convention that no plan names."""
    one, two = (SUBJECTS[(number + n) % len(SUBJECTS)] for n in (0, 3))
    first, second = (f"{word}{number}{_ENDS[(number + n) % 3]}" for n, word in enumerate((one, two)))
    return f"""\
title: "The {one} and the {two}"
budget: {{money_usd: 20, time_hours: 20}}
preferences: {{land: auto, runner: script}}
milestones:
  - name: Only
    validation: ["run: `house {first} {second}`"]
    features:
      - {{title: "Write the {one}", files: [{first}], criteria: ["run: `house {first}`"]}}
      - {{title: "Write the {two}", files: [{second}], criteria: ["run: `house {second}`"]}}
"""


def obeys(spec: JobSpec) -> Outcome:
    """A worker that writes the file of its feature, with each line of a convention that its prompt contains."""
    prompt = spec.program.stdin
    path = prompt.partition("Its files are ")[2].split()[0].rstrip(".")
    lines = [line for line in RULES.values() if line in prompt]
    return Outcome(60.0, {path: "\n".join(["text", *lines, ""])}, completes=spec.program.env["MISSION_FEATURE"])


def host_with(*, learn: bool = True, tokens: int = 800) -> Host:
    """A repository without missions, with these settings."""
    host = make_host(obeys)
    host.settings = replace(host.settings, skills=replace(host.settings.skills, learn=learn, tokens=tokens))
    return host


def begin_mission(host: Host, number: int) -> list[RunRecord]:
    """Make a mission and let its first attempts begin; return their records."""
    name = MissionId(f"m{number:02d}")
    make_mission(host, plan(number), name)
    lifecycle.start(host.context(), name)
    pulse(host.context(), [name])
    return stand_of(host, name)[1]


def run_mission(host: Host, number: int) -> tuple[Mission, list[RunRecord]]:
    """Make a mission and let it run to its end."""
    name = MissionId(f"m{number:02d}")
    begin_mission(host, number)
    for _ in range(200):
        report = pulse(host.context(), [name])
        assert not report.bugs, report.bugs
        mission, records = stand_of(host, name)
        if mission.status in FINISHED_MISSION:
            return mission, records
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()
    raise AssertionError(f"{name} does not come to an end: {report.lines}")


def advice_in(prompt: str) -> str:
    """The section of a prompt with what earlier missions learned; empty without one."""
    _, head, rest = prompt.partition("## What earlier missions learned\n")
    return head + rest.partition("\n## ")[0]


def stand_of(host: Host, name: MissionId) -> tuple[Mission, list[RunRecord]]:
    """A mission as it is committed, and its records."""
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    assert snapshot.head is not None
    stored = snapshot.missions[name]
    records = [r for text in ctx.state.runs(stored, snapshot.head).values() if (r := read_run(text)) is not None]
    return load(stored.text, name).mission, records


def wrongly_learned(before: Mapping[str, str], after: Mapping[str, str], message: str, path: str) -> str:
    """What is wrong with the skills of a mission file after a commit of the loop; empty if nothing is.

    Skills change only in the commit that completes the mission, which has all that its records show, each once.
    """
    if "Mission-Event: mission.completed" not in message:
        was, now = (files[path].partition("### Skill Learning")[2].partition("\n#")[0] for files in (before, after))
        return "" if was == now else f"{path} learns before its end"
    ended, began = (load(files[path], path.partition("/")[0]).mission for files in (after, before))
    names = [one.name for one in ended.learned]
    if len(names) != len(set(names)):
        return f"{path} has a skill twice"
    records = [r for name, text in before.items() if "/runs/" in name and (r := read_run(text)) is not None]
    lacking = {one.name for one in distilled(began, records)} - {*names}
    return f"{path} lacks {sorted(lacking)}" if lacking and len(names) < MOST_ROWS else ""
