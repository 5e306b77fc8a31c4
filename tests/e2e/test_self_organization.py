"""A mission that equips itself, on real opencode: it researches first, drafts an agent, uses it, and a person decides."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import OPENCODE_PRICES, feature_of, needs_bubblewrap, use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Words
budget: {money_usd: 9, time_hours: 4}
model_routing: {research: sonnet}
preferences: {land: auto, max_parallel_workers: 2}
research: [{topic: "Change log", question: "What belongs into it?", needed_by: ["1.1"]}]
gates: [{name: look, kind: checkpoint, after: ["1.2"], blocks: ["1.3"]}]
milestones:
  - name: Only
    validation: ["file: `1.4.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
      - {title: three, depends: ["1.2"], criteria: ["file: `1.3.txt`"]}
      - {title: four, depends: ["1.3"], criteria: ["file: `1.4.txt`"]}
"""
LINE = "Every change gets one line in CHANGELOG.md."
DOCUMENT = "## Decision\nOne line each.\n## Options\nnone\n## Sources\n`notes.txt`\n## Pitfalls\nlong lines\n"
AGENT = {
    "needed": True,
    "name": "change-log",
    "description": "Says what belongs into CHANGELOG.md",
    "tools": ["read"],
    "text": f"{LINE} It ends with a full stop.",
    "reason": "It was said three times.",
}
ASKED = "What belongs into CHANGELOG.md for the fourth file?"


def script(prompt: str, step: int) -> Turn:
    """What the model does: research, judgments, work, and questions of the last worker to the drafted agent."""
    if "Is an agent worth drafting?" in prompt:
        return Turn(json.dumps(AGENT))
    if ASKED in prompt and not feature_of(prompt):
        return Turn("One line that ends with a full stop.")
    feature = feature_of(prompt)
    if feature == "1.5":
        path = "missions/m/research/change-log.md"
        words = f"printf '%s' '{DOCUMENT}' > {path}; git add {path} && git commit -qm 'Find it out' -m 'Completes-feature: 1.5'"
        return Turn("", (("bash", {"command": words}),)) if step == 0 else Turn("Done.")
    if feature == "1.4" and step == 0:
        return Turn("", (("tool:task", {"description": "ask", "prompt": ASKED, "subagent_type": "change-log"}),))
    return writes_and_commits(prompt, step - 1 if feature == "1.4" else step)


def allow_drafts(person: Person) -> None:
    """A person allows drafts in the mission file, and commits that."""
    file, folder = person.file(), person.repo / "missions"
    head, _, rest = file.read_text().partition("\n")
    file.write_text(f"{head}\norchestrator:\n  drafts: true\n  budget_pct: 40\n{rest}")
    person.git("commit", "-qam", "Allow drafts", cwd=folder)


@only_at_night
@pytest.mark.timeout(600)
def test_opencode_drafts_an_agent_at_the_third_repetition_uses_it_and_a_person_decides(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.set('sandbox = "required"')
        person.plan(PLAN)
        allow_drafts(person)
        for number in ("1.1", "1.2"):
            person.mission("tell", f"m/{number}", LINE)
        person.start()
        person.run(ok=(3,))
        assert person.causes() == [("1.1-a1", "done"), ("1.2-a1", "done"), ("1.5-a1", "done")]
        person.mission("tell", "m/1.3", LINE)
        person.mission("approve", "m", "look", ok=(0, 3))
        person.run(ok=(0, 3))
        bill, bodies = server.bill.cost(**OPENCODE_PRICES), [body.decode() for body in server.bodies]
    _began_with_research(person)
    _was_used(person, bodies)
    _figures_equal_the_records(person, bill)
    _is_decided(person)


def _began_with_research(person: Person) -> None:
    records = {path.stem: read_run(path.read_text()) for path in (person.repo / "missions/m/runs").glob("*.md")}
    began = {name: one.intended for name, one in records.items() if one is not None}
    assert min(began, key=began.__getitem__) == "1.5-a1"
    assert person.causes() == [
        ("1.1-a1", "done"), ("1.2-a1", "done"), ("1.3-a1", "done"), ("1.4-a1", "done"), ("1.5-a1", "done"),
        ("judge-a1", "done"),
    ]  # fmt: skip


def _was_used(person: Person, bodies: list[str]) -> None:
    assert (person.repo / "missions/m/agents/change-log.md").read_text().endswith(f"{AGENT['text']}\n")
    last = read_run((person.repo / "missions/m/runs/1.4-a1.md").read_text())
    assert last is not None
    assert last.drafts == ("agents/change-log.md",)
    assert (
        "- The agent `change-log`, which you can ask as a subagent: Says what belongs into CHANGELOG.md" in last.prompt
    )
    asked = [body for body in bodies if ASKED in body and "They are advice" in body and str(AGENT["text"]) in body]
    assert asked, "the subagent was asked, with the notes of the draft as its instructions"
    assert all('"name":"bash"' not in body.replace(" ", "") for body in asked), "it has no more tools than it names"


def _figures_equal_the_records(person: Person, bill: float) -> None:
    paths = sorted((person.repo / "missions/m/runs").glob("*.md"))
    records = [one for path in paths if (one := read_run(path.read_text())) is not None]
    [shown] = person.mission("agents", "list", "m", "--json").facts["drafts"]
    for which, mine in (
        ("before", [r for r in records if r.feature in {"1.1", "1.2", "1.3", "1.5"}]),
        ("after", [r for r in records if r.drafts]),
    ):
        assert (shown[which]["attempts"], shown[which]["failures"], shown[which]["tokens"]) == (
            len(mine), 0, sum(r.usage.total_tokens for r in mine),
        )  # fmt: skip
    spent = sum((r.usage.usd or Decimal(0) for r in records), Decimal(0))
    assert float(spent) == pytest.approx(bill, abs=1e-6)
    assert person.mission("status", "m", "--json").facts["budget"]["usd"]["spent"] == pytest.approx(bill, abs=1e-6)
    assert str(person.loaded().mission.status) == "completed"
    told = person.file().read_text().partition("## Retrospective")[2]
    assert f"${spent:.2f}" in told, "what it says was spent is what the records say"


def _is_decided(person: Person) -> None:
    [request] = person.mission("inbox", "--json", ok=(3,)).facts["inbox"]
    assert [one["label"] for one in request["options"]] == ["to me", "to the repository", "discard"]
    person.mission("answer", "m", str(request["number"]), "to me")
    person.mission("pulse")
    own = Path(os.environ["HOME"]) / ".config"
    promoted = (own / "mission/agents/change-log.md").read_text()
    assert "status: promoted" in promoted
    native = (own / "opencode/agents/change-log.md").read_text()
    assert native.startswith('---\ndescription: "Says what belongs into CHANGELOG.md"\nmode: "subagent"\n')
    assert str(AGENT["text"]) in native
    person.mission("agents", "discard", "m", "change-log")
    assert not (person.repo / "missions/m/agents/change-log.md").exists()
    assert (own / "mission/agents/change-log.md").read_text() == promoted
    assert person.git("log", "--format=%s", "main", "--", "missions") == ""


RUNS = """
import os, subprocess
place = "/run/mission/setup.sh"
said = subprocess.run([place], capture_output=True, text=True, check=False).stdout if os.path.exists(place) else "none\\n"
try:
    open(place, "a").close()
except OSError:
    said += "read-only\\n"
write("1.1.txt", said)
commit("Use it")
"""
ONE = """\
title: One
budget: {time_hours: 1}
preferences: {land: auto}
milestones: [{name: Only, validation: ["file: `1.1.txt`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


@only_at_night
def test_a_script_can_be_run_in_the_sandbox_and_changed_by_no_worker(person: Person) -> None:
    needs_bubblewrap()
    person.worker(RUNS)
    person.set('sandbox = "required"')
    person.plan(ONE)
    folder = person.repo / "missions"
    (folder / "m/scripts").mkdir()
    (folder / "m/scripts/setup.sh").write_text("#!/bin/sh\n# description: says hello\n\necho hello\n")
    table = "| Agent | Purpose | Path | Promote? |\n|---|---|---|---|\n| setup | says hello | scripts/setup.sh | |\n"
    person.file().write_text(f"{person.file().read_text()}\n## Mission Agents\n\n{table}")
    person.git("add", "-A", cwd=folder)
    person.git("commit", "-qm", "Add a script", cwd=folder)
    person.start()
    person.run()
    assert person.git("show", "main:1.1.txt") == "hello\nread-only"
    prompt = read_run((folder / "m/runs/1.1-a1.md").read_text())
    assert prompt is not None
    assert "- The script `/run/mission/setup.sh`, which you can read and run: says hello" in prompt.prompt
    assert person.git("ls-tree", "-r", "--name-only", "main").split() == ["1.1.txt", "notes.txt"]
