"""Drafts of missions in memory: how a person puts one there, and what a good one says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.agents.drafts import SECTION, rows_of
from mission_cli.ports.git.state import Write, folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.fakes.host import Host

ADDED = "draft.added"
READER = """\
---
description: Reads the change log and says what belongs into it
mode: subagent
status: draft
created: 2026-11-20T10:00:00Z
source: said to 1.1, 1.2, 1.3
tools: [read, grep]
---

Every change gets one line in CHANGELOG.md.
"""
SETUP = """\
#!/bin/sh
# description: Installs what the tests need
# status: draft

npm ci
"""


def hand_in(host: Host, files: Mapping[str, str], *, purpose: str = "helps", row: bool = True) -> None:
    """A person writes drafts and their rows, and commits them."""
    state = host.context().state
    snapshot = state.snapshot()
    stored = next(iter(snapshot.missions.values()))
    rows = [AppendRow(SECTION, {"Agent": f"a{n}", "Purpose": purpose, "Path": path}) for n, path in enumerate(files, 1)]
    writes = [Write(f"{folder_of(stored)}/{path}", text) for path, text in files.items()]
    if row:
        writes.append(Write(stored.path, patch.apply(stored.text, rows, where=stored.path), stored.text))
    state.commit(writes, message="By hand\n", expect=snapshot.head)


def allow(host: Host, *, drafts: bool = True, pct: str = "50") -> None:
    """A person allows drafts in the file."""
    state = host.context().state
    snapshot = state.snapshot()
    stored = next(iter(snapshot.missions.values()))
    values = {"drafts": str(drafts).lower(), "budget_pct": pct}
    changes = [SetFront(("orchestrator", key), value) for key, value in values.items()]
    write = Write(stored.path, patch.apply(stored.text, changes, where=stored.path), stored.text)
    state.commit([write], message="By hand\n", expect=snapshot.head)


def lawless(files: Mapping[str, str]) -> str:
    """Say what is wrong with the drafts of a state: a row without its file, a file without its row, one made twice."""
    mission = load(files["m/mission.md"], "m").mission
    rows = rows_of(mission)
    named = sorted(row.path for row in rows if row.used)
    there = sorted(path.removeprefix("m/") for path in files if path.startswith(("m/agents/", "m/scripts/")))
    if named != there:
        return f"rows name {named}, and there are {there}"
    made = [row.details.partition(" is added ")[2].partition(")")[0] for row in mission.progress if row.event == ADDED]
    said = sum(key.startswith(f"{ADDED} said ") for key in mission.noted)  # two sayings may be for the same features
    alike = [one for one in made if not one.startswith("(said ")]
    once = len(alike) == len(set(alike)) and len(made) == len(alike) + said == len(rows)
    return "" if once else f"a draft was made twice: {made}"
