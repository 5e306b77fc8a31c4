"""The narrative of a retrospective: asked for before the end, and never a reason not to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.retrospective.attempts import of_execution
from mission_cli.domain.retrospective.causes import runner_of
from mission_cli.domain.retrospective.narrative import checked
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.judgments.asking import Question, answer_in, judged, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.retrospective.narrative import Narrative
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft


def is_being_told(draft: Draft) -> bool:
    """Ask for the narrative of an execution that is about to end; whether the question was sent in this round.

    If it cannot be sent now, or its answers cannot be used, the execution ends without one.
    """
    mission = draft.mission
    if not mission.orchestrator.narrative:
        return False
    kind = JudgmentKind.NARRATIVE
    subject = subject_of(kind, "", str(mission.executions), mission.started)
    facts = facts_as_text(mission, draft.observation.records, stamp(draft.observation.now))
    judged(draft, Question(kind, "", facts, subject))
    sent = (move.record for move in draft.transitions if isinstance(move, Dispatch))
    return any(record.judging and record.subject == subject for record in sent)


def facts_as_text(mission: Mission, records: Sequence[RunRecord], until: str) -> str:
    """Return the sections of a retrospective as a model reads them."""
    from mission_cli.domain.retrospective.facts import facts_of  # most pulses end no mission
    from mission_cli.domain.retrospective.told import sections_of

    told = sections_of(facts_of(mission, records, until))
    return "\n\n".join(f"{one.title}:\n" + "\n".join(f"- {line}" for line in one.lines) for one in told)


def narrative_of(mission: Mission, records: Iterable[RunRecord]) -> Narrative | None:
    """Return what a model said about the present execution, with the figures that it was given; None: nothing."""
    kind = JudgmentKind.NARRATIVE
    mine = [r for r in of_execution(mission, records) if r.judging and r.asks == kind and not r.open]
    for record in sorted(mine, key=lambda one: -one.attempt):
        answer = answer_in(record)
        if answer is not None:
            text = answer.model_dump().get("text", "")
            return checked(str(text), record.evidence, runner_of(record))
    return None
