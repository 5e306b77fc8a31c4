"""The attempts that a round intends: their records, each with its prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.attempts.handover import startable
from mission_cli.engine.attempts.prompt import judgment_prompt, prompt_for, review_prompt
from mission_cli.engine.context import agent_of
from mission_cli.engine.drafts.given import NOTHING, Given, given_for
from mission_cli.engine.learning.advice import Advice, finished
from mission_cli.engine.mails.letters import with_text
from mission_cli.engine.money.prices import with_prices
from mission_cli.engine.phases.brief import brief_for
from mission_cli.engine.recording.signals import data_of
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mails import AddMail
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.planner.pulls.told import told_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import Wait
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition


def with_prompts(ctx: Context, case: Case) -> list[Transition]:
    """Return the transitions with the prompt in each new record, so that what is submitted is what is recorded.

    Settled records get list prices.
    """
    transitions: list[Transition] = []
    advice = Advice(ctx, case.mission)
    for move in case.plan.transitions:
        if isinstance(move, Dispatch):
            found, record = ctx.state.found(case.stored, case.head), move.record
            if record.answering:
                prompt_of = judgment_prompt if record.judging else review_prompt
                words = prompt_of(ctx, case.mission, record)
            else:
                about = told_of(case.observation, record.feature)
                data = data_of(ctx, case.stored, _waits(case.mission, record))
                records = case.observation.records
                record = startable(ctx, case, _that_resumes(ctx, record, records, news=about))
                brief = brief_for(ctx, case.mission, record, found)
                skills = () if record.conversation else advice.of(record)
                given = _given(ctx, case, record)
                record = replace(record, drafts=given.names, skills=tuple(one.skill.name for one in skills))
                words = prompt_for(
                    ctx,
                    case.mission,
                    record,
                    records,
                    found,
                    pull=about,
                    brief=brief,
                    data=data,
                    given=given,
                    skills=skills,
                )
            prompt = ctx.secrets.scrub(words)
            transitions.append(replace(move, record=_as_written(replace(record, prompt=prompt))))
        elif isinstance(move, Finish) and move.to is MissionStatus.COMPLETED:
            transitions.append(finished(ctx, case.mission, case.observation.records, move))
        else:
            transitions.append(with_text(ctx, case, move) if isinstance(move, AddMail) else with_prices(ctx, move))
    return transitions


def _given(ctx: Context, case: Case, record: RunRecord) -> Given:
    """Return the drafts for an attempt; one that goes on with a conversation has them already."""
    feature = case.mission.feature(record.feature)
    if feature is None or record.conversation or record.by:
        return NOTHING
    return given_for(ctx, case.stored, case.head, case.mission, feature, record)


def _that_resumes(ctx: Context, record: RunRecord, records: Sequence[RunRecord], *, news: str) -> RunRecord:
    """Return the record of an attempt; one that would go on with a conversation begins anew if it cannot be resumed.

    What its subagents used would be charged again, so one that had subagents is not resumed, nor is one with news of
    its pull request, which only the whole prompt contains.
    """
    resumed = bool(record.conversation) and not news
    asked = next((r for r in records if r.session == record.conversation), None) if resumed else None
    if asked is None:
        return replace(record, continues="", conversation="")
    agent = agent_of(ctx, record.runner, ctx.settings.runners[record.runner])
    job = ctx.executor.poll([asked.run]).get(asked.run)
    known = job.exit if job is not None else None
    able = agent is not None and agent.resumes and known is not None and not known.report.children
    return record if able else replace(record, continues="", conversation="")


def _waits(mission: Mission, record: RunRecord) -> list[Wait]:
    return [wait for wait in mission.waits if wait.feature == record.feature]


def dispatched(transitions: list[Transition]) -> list[RunRecord]:
    """Return the attempts that this round intends and submits."""
    return [move.record for move in transitions if isinstance(move, Dispatch)]


def _as_written(record: RunRecord) -> RunRecord:
    """Return the record as another process reads it, so that submitting it again submits the same."""
    return read_run(write_run(record)) or record
