"""A mission that finds something out before the work, and what its workers write; the laws about it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome

from mission_cli.document.reading.load import load
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.research.documents import lacking
from mission_cli.domain.research.topics import document_of, topic_in
from mission_cli.domain.status import FeatureStatus, GateStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.fakes.objects import Commit

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Search
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
model_routing: {workers: big, research: small}
research:
  - {topic: "Full-text search?", question: "Which engine?", sources: [notes.txt], needed_by: ["1.1", two], review: true,
     max_usd: 2}
  - {topic: banks}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["grep: `good` in `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features: [{title: three, criteria: ["grep: `good` in `2.1.txt`"]}]
"""
SEARCH, BANKS = "full-text-search", "banks"
GATE = f"research-{SEARCH}"
_RUNS = {
    word: re.compile(rf"Mission-Event: (?:feature|attempt)\.{word}\nMission-Run: m/(\d+\.\d+)-a")
    for word in ("dispatched", "settled")
}
FOLDER = "missions/m/research"
DOCUMENT = """\
# {topic}

## Decision

Use {topic}
first.

Because it is there.

## Options

- another one

## Sources

- `notes.txt`

## Pitfalls

- it is slow
"""


def works(spec: JobSpec) -> Outcome:
    """The first document about search lacks a part; everything else is right."""
    feature, attempt = spec.program.env["MISSION_FEATURE"], int(spec.program.env["MISSION_ATTEMPT"])
    cost = (Decimal("0.1"), Decimal("0.2"))
    topic = next((t for t in (SEARCH, BANKS) if f"{FOLDER}/{document_of(t)}`" in spec.program.stdin), "")
    if not topic or not spec.sandbox.only:
        return Outcome(60.0, {f"{feature}.txt": "good\n"}, costs=cost, completes=feature)
    text = DOCUMENT.format(topic=topic)
    text = text.replace("## Pitfalls", "## More") if (topic, attempt) == (SEARCH, 1) else text
    return Outcome(60.0, {f"{FOLDER}/{document_of(topic)}": text}, costs=cost, completes=feature)


def broken(before: Commit, after: Commit) -> str:
    """Return which law about research a commit of the state breaks; empty if none.

    No feature is dispatched before the documents that it needs are there and, where a gate says so, approved; no
    research is done without a whole document; and research adds nothing to the code.
    """
    if "m/mission.md" not in after.files or "m/mission.md" not in before.files:
        return ""
    begun, ended = (_RUNS[word].findall(after.message) for word in ("dispatched", "settled"))
    if not begun and not ended:
        return ""
    mission, was = (load(c.files["m/mission.md"], "m").mission for c in (after, before))
    for number in begun:
        feature = mission.feature(FeatureNumber(number))
        if feature is not None and (words := _too_early(mission, feature, after.files)):
            return words
    for number in ended:
        feature, old = mission.feature(FeatureNumber(number)), was.feature(FeatureNumber(number))
        topic = topic_in(mission, feature) if feature is not None else ""
        finished = feature and old and feature.status is FeatureStatus.DONE and old.status is not FeatureStatus.DONE
        if finished and topic and lacking(after.files.get(_path(topic), "")):
            return f"{number} is done without its document"
    return ""


def _path(topic: str) -> str:
    return f"m/research/{document_of(topic)}"


def _too_early(mission: Mission, feature: Feature, files: Mapping[str, str]) -> str:
    for source in _waited_for(mission, feature):
        topic = topic_in(mission, source)
        if not topic:
            continue
        if lacking(files.get(_path(topic), "")):
            return f"{feature.number} starts before {topic} is there"
        gate = next((g for g in mission.gates if source.number in g.after and feature.number in g.blocks), None)
        if gate is not None and gate.state is not GateStatus.APPROVED:
            return f"{feature.number} starts before {gate.name} is approved: {gate.status}"
    return ""


def _waited_for(mission: Mission, feature: Feature) -> list[Feature]:
    """Return all that a feature waits for, directly or through others; a feature that was skipped waits for nothing."""
    found: dict[str, Feature] = {}
    waiting = list(feature.depends)
    while waiting:
        one = mission.feature(waiting.pop())
        if one is not None and one.number not in found and one.status is not FeatureStatus.SKIPPED:
            found[one.number] = one
            waiting += one.depends
    return list(found.values())
