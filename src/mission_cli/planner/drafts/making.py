"""Make drafts: ask the orchestrator's tier once for each reason, and add what it answers as a row with a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line, stamp
from mission_cli.domain.agents.drafts import (
    LONGEST_DESCRIPTION,
    TOOLS,
    USUAL_TOOLS,
    DraftKind,
    NewDraft,
    name_in,
    name_of,
    read_draft,
    rows_of,
    written,
)
from mission_cli.domain.agents.workspace import size_of, too_large
from mission_cli.domain.events import EventKind
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import MissionStatus
from mission_cli.planner.core.moves.drafts import AddDraft, RefuseDraft
from mission_cli.planner.drafts.triggers import triggers
from mission_cli.planner.judgments.asking import Question, judged, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.judgments.answers import Answer
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.drafts.triggers import Trigger

MOST = 8
"""How many drafts a mission makes by itself, discarded ones included."""
_ONCE = (EventKind.DRAFT_ADDED, EventKind.DRAFT_REFUSED)


def drafts(draft: Draft) -> None:
    """Ask about each reason for which there is no draft yet, once, and add what was answered."""
    for trigger in due(draft):
        script = trigger.kind is DraftKind.SCRIPT
        kind = JudgmentKind.DRAFT_SCRIPT if script else JudgmentKind.DRAFT_AGENT
        answer = judged(draft, Question(kind, "", trigger.facts, subject_of(kind, "", trigger.keys[0])))
        if answer is not None:
            _take(draft, trigger, answer)


def _take(draft: Draft, trigger: Trigger, answer: Answer) -> None:
    from mission_cli.domain.judgments.answers import AgentDraft, ScriptDraft  # pydantic: most pulses need none

    if not isinstance(answer, AgentDraft | ScriptDraft):
        return
    if not answer.needed:
        why = f"no draft is made ({trigger.source}): {one_line(answer.reason)}"
        draft.transitions.append(RefuseDraft(trigger.keys, why))
        return
    name, _, ending = answer.name.partition(".")
    tools = answer.tools if isinstance(answer, AgentDraft) else ()
    language = "py" if ending == "py" else "sh"
    add(draft, trigger, NewDraft(name, trigger.kind, answer.description, answer.text, tools, "", language))


def due(draft: Draft) -> Iterator[Trigger]:
    """Yield the reasons for which there is no draft yet, as far as the mission may make one."""
    mission = draft.mission
    if not mission.orchestrator.drafts or mission.status is not MissionStatus.ACTIVE:
        return
    if len(rows_of(mission)) >= MOST:
        return
    seen = draft.observation.drafts
    for trigger in triggers(mission, draft.observation.records, seen.rules, scripts=seen.boxed):
        if not any(is_noted(mission, kind, key) for key in trigger.keys for kind in _ONCE):
            yield trigger


def add(draft: Draft, trigger: Trigger, new: NewDraft) -> None:
    """Add what was answered about a reason; a draft without a name, or too large to be kept, is refused."""
    taken = {*map(name_in, draft.observation.drafts.files), *(name_in(r.path) for r in rows_of(draft.mission))}
    taken |= {name_in(move.path) for move in draft.transitions if isinstance(move, AddDraft)}
    name = name_of(new.name or new.description, taken)
    unknown = [tool for tool in new.tools if tool.strip().casefold() not in TOOLS]
    tools = tuple(dict.fromkeys(t.strip().casefold() for t in new.tools if t.strip().casefold() in TOOLS))
    usual = tools or (USUAL_TOOLS if new.kind is DraftKind.AGENT else ())
    purpose = one_line(new.description, LONGEST_DESCRIPTION)
    fresh = NewDraft(name, new.kind, purpose, new.text, usual, trigger.source, new.language)
    text = written(fresh, stamp(draft.observation.now))
    large = too_large(fresh.path, size_of(text)) if name else "it has no name"
    if large or not purpose:
        why = f"no draft is made ({trigger.source}): {large or 'it has no description'}"
        draft.transitions.append(RefuseDraft(trigger.keys, why))
        return
    found = read_draft(fresh.path, text)
    without = f", without {counted(len(unknown), 'tool')} that no worker has" if unknown else ""
    inert = f"; it is not used: {found.wrong}" if found.wrong else ""
    why = f"draft {new.kind} {name} is added ({trigger.source}){without}: {purpose}{inert}"
    draft.transitions.append(AddDraft(name, purpose, fresh.path, text, trigger.keys, why))
