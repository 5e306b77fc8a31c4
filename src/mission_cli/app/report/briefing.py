"""Make the compact account of a mission that `mission context` prints, with everything that it may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.decisions import logged_decisions
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.app.report.history import event_types, records_by_run
from mission_cli.app.report.tasks import topics_of
from mission_cli.app.results.briefing import (
    BriefCriterion,
    BriefEvent,
    BriefFeature,
    Briefing,
    BriefMilestone,
    BriefPull,
    BriefWait,
    BriefWords,
    CurrentFeature,
    OpenQuestion,
)
from mission_cli.domain.forge.rows import RowStatus
from mission_cli.domain.notice import NO_ADVICE
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.requests import answer_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.reasons import Reason, Why
    from mission_cli.app.results.views import FeatureView, MissionView
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import InputRequest
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event, Snapshot

_MOST_EVENTS = 20
_MOST_WORDS = 10
_OVER = frozenset({RowStatus.MERGED, RowStatus.DONE, RowStatus.CLOSED})


def briefing(ctx: Context, snapshot: Snapshot, address: Address, max_tokens: int) -> Briefing:
    """Return everything that a new conversation needs to know about a mission; `fitted` shortens it."""
    address = replace(address, milestone=None, feature=None)
    mission, view = address.mission, status_of(ctx, snapshot, address, forecast=False)
    records = records_by_run(ctx, address)
    features = [feature for milestone in view.milestones for feature in milestone.features]
    return Briefing(
        id=mission.id,
        title=view.title,
        status=view.status,
        shown_as=view.shown_as,
        goal=mission.goal,
        success_criteria=mission.success_criteria,
        done=view.done,
        planned=view.planned,
        milestones=[BriefMilestone(m.number, m.name, m.status, m.done, m.planned) for m in view.milestones],
        features=[BriefFeature(f.number, f.title, f.shown_as) for f in features],
        current=[_current(mission, feature) for feature in _under_way(mission, features)],
        waits=[*_waits(view, explain(ctx, snapshot, address))],
        questions=[_question(mission, request) for request in mission.open_requests()],
        pulls=[*_pulls(view)],
        budget=view.budget,
        started=mission.started,
        deadline=mission.deadline,
        elapsed=view.elapsed,
        left=view.left,
        events=[_event(event, records) for event in ctx.state.history(address.stored, limit=_MOST_EVENTS)],
        decisions=[*logged_decisions(mission)][::-1],
        messages=[*mission.messages][::-1],
        words=[*_words(records.values())][:_MOST_WORDS],
        max_tokens=max_tokens,
        research=topics_of(mission),
    )


def _under_way(mission: Mission, features: list[FeatureView]) -> list[FeatureView]:
    """Return the unfinished features that were begun or wait for something; if there are none, the next one."""
    finished = {str(feature.number) for feature in mission.features() if feature.finished}
    unfinished = [f for f in features if f.number not in finished]
    begun = [f for f in unfinished if f.attempts or f.shown_as != "pending"]
    return begun or unfinished[:1]


def _current(mission: Mission, view: FeatureView) -> CurrentFeature:
    feature = next((f for f in mission.features() if f.number == view.number), None)
    criteria = feature.criteria if feature is not None else ()
    return CurrentFeature(
        number=view.number,
        title=view.title,
        status=view.shown_as,
        description=feature.description if feature is not None else "",
        criteria=[BriefCriterion(c.first_line, str(c.result.verdict) if c.result else "") for c in criteria],
        attempts=view.attempts,
        running_for=view.running_for,
        last=view.finding or ": ".join(filter(None, (view.cause, view.detail))),
    )


def _waits(view: MissionView, found: Why) -> Iterator[BriefWait]:
    """Yield what waits for a person, as `inbox` lists it, then what else `why` names; open requests are questions."""
    told = set[str]()
    for one in view.waiting_for:
        told |= {one.name, *map(str, one.unblock.remedies)}
        if one.kind != HoldKind.REQUEST:
            yield BriefWait("", one.name, "a person", None, one.unblock)
    for reason in [found.reason, *found.also] if found.reason is not None else []:
        helps = [remedy for choice in reason.choices for remedy in choice.command.remedies]
        known = reason.detail in told or not told.isdisjoint(map(str, helps))
        if reason.kind not in {None, HoldKind.REQUEST} and not (reason.person and known):
            command = reason.choices[0].command if reason.choices else NO_ADVICE
            yield BriefWait(reason.subject, reason.detail, _who(reason), reason.until, command)


def _who(reason: Reason) -> str:
    return "a person" if reason.person else "the clock" if reason.until is not None else "the program"


def _pulls(view: MissionView) -> Iterator[BriefPull]:
    found = [view.pull, *(m.pull for m in view.milestones), *(f.pull for m in view.milestones for f in m.features)]
    for one in found:
        if one is not None and one.state not in _OVER:
            yield BriefPull(one.subject, one.number, one.url, one.state, one.reason, one.unblock)


def _question(mission: Mission, request: InputRequest) -> OpenQuestion:
    told = [f"{o.label}: {o.description}" if o.description else o.label for o in request.answers.options]
    return OpenQuestion(
        request.number,
        request.feature,
        request.prompt,
        told,
        request.urgency,
        request.asked,
        request.expires,
        answer_to(mission, request),
    )


def _event(event: Event, records: Mapping[str, RunRecord]) -> BriefEvent:
    words = "; ".join(filter(None, event.why)) or event.subject
    return BriefEvent(event.at, event.author.name, words, event_types(event, records))


def _words(records: Iterable[RunRecord]) -> Iterator[BriefWords]:
    """Yield the last words of agents, newest first; those of a review or a judgment are its answer, for the program."""
    for record in sorted(records, key=lambda one: (one.ended, one.run), reverse=True):
        if record.output and not (record.answering or record.planning or record.by):
            agent = " ".join(filter(None, (record.runner, record.model)))
            yield BriefWords(record.ended, record.run, agent, " ".join(record.output))
