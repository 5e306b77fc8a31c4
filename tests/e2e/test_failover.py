"""A vendor goes down in the middle of a feature: another real agent finishes what the first one began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import feature_of, needs_bubblewrap, use_claude, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One feature
budget: {money_usd: 5}
preferences: {runner: script, runners: [script, claude], land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `more.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`", "grep: `good` in `more.txt`"]}
"""
LIMIT = Turn(status=429, error="Rate limit reached", headers={"retry-after": "7200"})


def begins(prompt: str, step: int) -> Turn:
    """Commit one half, begin the other, and be at a limit from then on."""
    if not feature_of(prompt):
        return Turn("ok")
    commands = (
        "echo 1.1 > 1.1.txt && git add -A && git commit -q -m 'Begin 1.1'",
        "echo half > more.txt",
    )
    return Turn("", (("bash", {"command": commands[step]}),)) if step < len(commands) else LIMIT


def finishes(prompt: str, step: int) -> Turn:
    """Go on with what is there; nothing that is committed is made again."""
    if not feature_of(prompt):
        return Turn("ok")
    if step == 0:
        assert "## The work so far" in prompt
        command = "git reset -q --soft HEAD~1 && test half = $(cat more.txt) && echo good > more.txt"
        command += " && git add -A && git commit -q -m 'Finish 1.1' -m 'Completes-feature: 1.1'"
        return Turn("", (("bash", {"command": command}),))
    return Turn("1.1 is finished and committed.")


@only_at_night
@pytest.mark.timeout(600)
def test_claude_finishes_what_opencode_began_when_its_vendor_is_at_its_limit(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(begins).running() as one, ModelServer(finishes).running() as other:
        use_claude(person, other)
        [second] = person.tables
        use_opencode(person, one)
        [first] = person.tables
        person.tables = [first, second.replace("runners.script", "runners.claude")]
        person.save_settings()
        person.set('sandbox = "required"')
        person.plan(PLAN)
        person.start()
        ended = person.run()
        bills = one.bill.requests, other.bill.requests
    assert ended.facts["status"] == "completed"
    assert person.causes() == [("1.1-a1", "rate_limit"), ("1.1-a2", "done")]
    records = [read_run(p.read_text(encoding="utf-8")) for p in sorted((person.repo / "missions/m/runs").glob("*.md"))]
    runners = [(r.runner, r.instead_of, bool(r.starts)) for r in records if r is not None]
    assert runners == [("script", "", False), ("claude", "script", True)]
    subjects = person.git("log", "--format=%s", "main").splitlines()
    assert subjects.count("Begin 1.1") == subjects.count("Finish 1.1") == 1
    assert (person.repo / "more.txt").read_text() == "good\n"
    costs = [r.usage.usd for r in records if r is not None and r.usage.usd is not None]
    assert len(costs) == 2
    assert ended.facts["budget"]["usd"]["spent"] == pytest.approx(float(sum(costs)), abs=1e-6)
    assert all(bills)
    why = person.mission("why", "m/1.1", ok=None)
    assert "1.1 moved from script to claude at " in why.out
