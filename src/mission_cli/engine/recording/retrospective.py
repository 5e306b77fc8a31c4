"""Write the retrospective at the end of a mission; every line comes from `domain.retrospective`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.changes import AppendRow, Change, FillSection, SetCell
from mission_cli.document.editing.insert import is_placeholder
from mission_cli.document.syntax.escape import prose
from mission_cli.domain.events import EventKind
from mission_cli.domain.feedback.rows import SECTION as FEEDBACK
from mission_cli.domain.feedback.rows import cells_of, unrecorded
from mission_cli.domain.tables import REMOVED
from mission_cli.engine.recording.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.feedback.rows import FeedbackRow
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.skills.skill import Skill

SECTION = "retrospective"
EXECUTIONS, NARRATIVE = "executions", "narrative"
_OF_TEMPLATES = ("outcomes", "lessons learned", "improvements", "budget accuracy")
"""Sections that files have from the beginning."""


def closing(
    loaded: Loaded, records: Sequence[RunRecord], now: datetime, learned: Sequence[Skill] = ()
) -> Iterator[Change]:
    """Write the retrospective, and mark agents that existed only for this mission as removed; their rows stay."""
    from mission_cli.domain.retrospective.facts import facts_of  # most pulses end no mission
    from mission_cli.domain.retrospective.signals import observations
    from mission_cli.domain.retrospective.told import sections_of
    from mission_cli.planner.judgments.telling import narrative_of

    mission = loaded.mission
    drafts = unrecorded(mission.feedback, observations(mission, records))
    yield from (AppendRow(FEEDBACK, cells_of(row)) for row in drafts)
    if drafts:
        yield FillSection((SECTION, "improvements"), as_list(map(_draft, drafts)))
    with_skills = replace(mission, learned=(*mission.learned, *learned))
    told = sections_of(facts_of(with_skills, records, stamp(now)))
    for one in told:
        yield FillSection((SECTION, one.title), as_list(one.lines))
    narrative = narrative_of(mission, records)
    if narrative is not None:
        yield FillSection((SECTION, NARRATIVE), as_list(narrative.lines()))
    for title in _OF_TEMPLATES:
        if (
            not (drafts and title == "improvements")
            and title not in {one.title for one in told}
            and is_placeholder(loaded.layout, (SECTION, title))
        ):
            yield FillSection((SECTION, title), "- None.")
    for member in mission.team:
        if member.volatile:
            yield SetCell("Team", {"Agent": member.agent}, "Volatile", REMOVED)


def _draft(row: FeedbackRow) -> str:
    return f"Draft {row.number} of an issue, for {row.target}: {row.title}"


def closing_execution(mission: Mission, records: Sequence[RunRecord], now: datetime) -> Iterator[Change]:
    """Write one line about an execution that another one follows; its whole retrospective is in the report."""
    from mission_cli.domain.retrospective.facts import facts_of  # most pulses end no execution
    from mission_cli.domain.retrospective.told import short_line

    at = stamp(now)
    yield FillSection((SECTION, EXECUTIONS), as_list([short_line(facts_of(mission, records, at), at)]))


def as_list(lines: Iterable[str]) -> str:
    """Return lines as a list in Markdown, in which nothing changes the structure of the file."""
    return prose("\n".join(f"- {line}" for line in lines))


def removals(mission: Mission) -> Iterator[Entry]:
    """Yield a row of the log for each of them."""
    for member in mission.team:
        if member.volatile:
            words = f"{member.agent} was only for this mission, and is removed from the team"
            yield Entry(EventKind.AGENT_REMOVED, words)
