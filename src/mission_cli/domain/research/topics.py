"""Topics of research: names that are safe paths, the files of each, and which features need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.slug import slug
from mission_cli._support.text import digest
from mission_cli.domain.routing import is_research

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.tables import Gate

SECTION = "Research"
"""The section of the mission file with a row for each topic."""
_LONGEST = 60
_TAKEN = frozenset({"analysis", "mail"})
"""Names below `research/` that the document of a phase and the mails of workers have."""


@dataclass(frozen=True, slots=True)
class FoundOut:
    """What an attempt found out about a topic: the row of `## Research`."""

    topic: str
    summary: str


def topic_of(text: str) -> str:
    """Return the topic that a text names, as a path of one segment; empty if the text is empty."""
    if not text.strip():
        return ""
    name = slug(text, _LONGEST) or f"topic-{digest(text)}"
    return f"topic-{name}" if name in _TAKEN else name


def document_of(topic: str) -> str:
    """Return the path of a topic's document below the folder `research/`."""
    return f"{topic}.md"


def is_of(topic: str, name: str) -> bool:
    """Whether a file below `research/` belongs to a topic: its document, or a file in the folder of that name."""
    return name == document_of(topic) or name.startswith(f"{topic}/")


def topic_in(mission: Mission, feature: Feature) -> str:
    """Return the topic whose document is the result of a feature; empty if it has another result."""
    return feature.topic if is_research(mission, feature) else ""


def topics(mission: Mission) -> Mapping[str, Feature]:
    """Return the features that find something out, by topic."""
    found: dict[str, Feature] = {}
    for feature in mission.features():
        if topic := topic_in(mission, feature):
            found.setdefault(topic, feature)
    return found


def needed(mission: Mission, feature: Feature) -> tuple[str, ...]:
    """Return the topics that a feature needs: those of the features that it depends on, directly or by others."""
    known = {f.number: f for f in mission.features()}
    waiting, seen = list(feature.depends), set[str]()
    while waiting:
        number = waiting.pop()
        if number not in seen and number in known:
            seen.add(number)
            waiting += known[number].depends
    return tuple(topic for topic, source in topics(mission).items() if source.number in seen)


def not_needed(mission: Mission) -> Iterator[tuple[str, Feature]]:
    """Yield the topics on which no other feature depends."""
    found = {topic for feature in mission.features() for topic in needed(mission, feature)}
    yield from ((topic, feature) for topic, feature in topics(mission).items() if topic not in found)


def document_at(mission: Mission, gate: Gate) -> str:
    """Return the document that people look at where a gate follows exactly one topic; empty if it follows work."""
    before = [topic_in(mission, f) if (f := mission.feature(number)) is not None else "" for number in gate.after]
    return document_of(before[0]) if len(before) == 1 and before[0] else ""


def readable(mission: Mission, feature: Feature, names: Iterable[str]) -> Iterator[str]:
    """Yield those of the findings that the worker of a feature reads: without those of topics that it does not need."""
    own = topic_in(mission, feature)
    wanted = {*needed(mission, feature), *([own] if own else [])}
    others = [topic for topic in topics(mission) if topic not in wanted]
    yield from (name for name in names if not any(is_of(topic, name) for topic in others))


def may_keep(mission: Mission, number: FeatureNumber, name: str) -> bool:
    """Whether a feature may change a finding: those of a topic belong to the feature that finds it out."""
    return all(not is_of(topic, name) or source.number == number for topic, source in topics(mission).items())
