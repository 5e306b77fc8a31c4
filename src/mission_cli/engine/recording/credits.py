"""Messages of the commits that the program makes in the code repository: what was done, by which agent and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.branches.landing import LANDED, Words
from mission_cli.domain.status import Cause, FeatureStatus, MilestoneStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord

_SUBJECT = 72


def feature_words(feature: Feature | None, record: RunRecord) -> Words:
    """Return the words of the merge that brings an attempt to the work branch: its subject is the feature's title."""
    number = record.feature
    lines = [_subject(feature.title if feature else "", f"({number})" if feature else f"Feature {number}"), ""]
    lines += [f"Completes-feature: {number}", f"Mission-Run: {record.run}"]
    lines += [f"Mission-Agent: {credit}"] if (credit := agent_of(record)) else []
    return Words("\n".join(lines) + "\n", record.by or credit)


def landing_words(mission: Mission, work: Sha, records: Sequence[RunRecord]) -> Words:
    """Return the words of the commit that lands a mission: its title, its features, and who did them."""
    done = list(landed_features(mission))
    lines = [
        _subject(mission.title, ""),
        "",
        *(f"- {f.number} {one_line(f.title)}" for f in done),
        *([""] if done else []),
    ]
    agents = (agent_of(r) for f in done if (r := done_by(records, f)) is not None)
    lines += [f"Mission-Id: {mission.id}", f"{LANDED}: {work}"]
    lines += [f"Mission-Agent: {agent}" for agent in dict.fromkeys(filter(None, agents))]
    return Words("\n".join(lines) + "\n")


def landed_features(mission: Mission) -> Iterator[Feature]:
    """Yield the features that landing brings to the base: done ones of passed milestones, in a POC all done ones."""
    for milestone in mission.milestones:
        if mission.poc or milestone.status is MilestoneStatus.PASSED:
            yield from (f for f in milestone.features if f.status is FeatureStatus.DONE)


def done_by(records: Sequence[RunRecord], feature: Feature) -> RunRecord | None:
    """Return the attempt that finished a feature, or None if its record is missing."""
    mine = [r for r in records if r.feature == feature.number and r.cause is Cause.DONE]
    return max(mine, key=lambda r: r.attempt, default=None)


def agent_of(record: RunRecord) -> str:
    """Return who did an attempt: `RUNNER (MODEL)`; empty for a person."""
    if record.by or not record.runner:
        return ""
    return one_line(f"{record.runner} ({record.model})" if record.model else record.runner, 100)


def _subject(title: str, end: str) -> str:
    """Return a subject of at most 72 characters, or its end alone if there is no title."""
    room = _SUBJECT - len(end) - 1 if end else _SUBJECT
    return f"{one_line(title, room)} {end}".strip() or "The work of a mission"
