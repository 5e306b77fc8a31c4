"""What a worker writes into the file MISSION_NOTES: read whatever it is, bounded, and recorded with the end alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_planner import GOOD, ended

from mission_cli._support.dataclass import replace
from mission_cli.domain.asking.told import KINDS, LONGEST_NOTE, LONGEST_VALUE, MOST, Outcome, Told, read_told
from mission_cli.domain.events import EventKind
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import AgentReport, Exit
from mission_cli.domain.status import Cause, EndReason
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.mission import Note

TEXT = '{"note": "It is slow."}\n{"outcome": {"type": "url", "label": "preview", "value": "https://x"}}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", Told()),
        ("\n \n", Told()),
        ("half done\n", Told(("half done",))),
        ('{"note": "a\\nb"}', Told(("a b",))),
        ('{"note": ""}', Told(('{"note": ""}',))),
        ('{"note": 3}', Told(('{"note": 3}',))),
        ("[1]", Told(("[1]",))),
        ('{"outcome": {"label": "x"}}', Told((), (Outcome("text", "x", ""),))),
        ('{"outcome": {"type": "PATH", "label": "x", "value": 7}}', Told((), (Outcome("text", "x", "7"),))),
        ('{"outcome": {"type": " File ", "label": "x", "value": "a"}}', Told((), (Outcome("file", "x", "a"),))),
        ('{"outcome": {"label": " "}}', Told(('{"outcome": {"label": " "}}',))),
        (TEXT, Told(("It is slow.",), (Outcome("url", "preview", "https://x"),))),
    ],
)
def test_a_line_is_a_note_or_an_outcome(text: str, told: Told) -> None:
    assert read_told(text) == told


def test_more_than_a_few_are_counted_and_left_out() -> None:
    told = read_told("a\n" * (MOST + 5) + '{"outcome": {"label": "x"}}\n' * (MOST + 1))
    assert (len(told.notes), told.notes[-1], len(told.outcomes)) == (MOST + 1, "6 more lines left out", MOST)


@given(st.text(max_size=3000))
def test_any_text_is_read_and_bounded(text: str) -> None:
    told = read_told(text)
    assert len(told.notes) <= MOST + 1
    assert len(told.outcomes) <= MOST
    assert all("\n" not in note and len(note) <= LONGEST_NOTE for note in told.notes)
    assert all(one.kind in KINDS and len(one.value) <= LONGEST_VALUE for one in told.outcomes)


@pytest.mark.parametrize(
    ("end", "evidence", "recorded"),
    [
        (Exit(EndReason.EXIT, 1), Evidence(None), True),
        (Exit(EndReason.DEADLINE, -15), GOOD, True),
        (Exit(EndReason.EXIT, 0), replace(GOOD, protected=(".github/x",)), False),
        (Exit(EndReason.EXIT, 0), GOOD, False),
    ],
)
def test_it_is_recorded_once_with_the_settlement_and_never_of_an_attempt_that_tampered(
    end: Exit,
    evidence: Evidence,
    recorded: bool,  # noqa: FBT001 - of a table
) -> None:
    """An attempt in review is not settled yet: what it told comes later, once."""
    plan = ended(replace(end, report=AgentReport(told=TEXT)), evidence)
    plain = ended(end, evidence)
    notes = [(m.event, m.details) for m in plan.transitions if isinstance(m, Note)]
    outcomes = [one for m in plan.transitions if isinstance(m, Settle) for one in m.outcomes]
    assert notes == ([(EventKind.MESSAGE_AGENT, "1.1-a1: It is slow.")] if recorded else [])
    assert outcomes == ([Outcome("url", "preview", "https://x")] if recorded else [])
    told = [m for m in plan.transitions if not isinstance(m, Note)]
    assert [replace(m, outcomes=()) if isinstance(m, Settle) else m for m in told] == list(plain.transitions)
    causes = [m.record.cause for m in plan.transitions if isinstance(m, Settle)]
    assert recorded == bool(causes and causes != [Cause.TAMPERED])
