"""Requests for what only a person can fix: ask after an attempt, see whether they have helped, withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp
from mission_cli.domain.asking.asked import read_asked
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import Cause, RequestStatus
from mission_cli.planner.attempts import causes
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.requests import ask, from_worker, withdraw_stale

if TYPE_CHECKING:
    from mission_cli.domain.ids import RunId
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft


def ask_for_help(draft: Draft, settled: RunRecord, asked: str) -> None:
    """Ask a person for what an attempt needs to continue; `asked` is what its worker wrote into MISSION_ASK."""
    detail = settled.detail or str(settled.cause)
    told = read_asked(asked) if settled.cause is Cause.QUESTION else None
    ask(draft, from_worker(settled.feature, f"{attempt_name(settled.run)}: {detail}", detail, told))


def helped(draft: Draft, feature: Feature) -> frozenset[RunId]:
    """Return attempts that needed a person who has since answered, or changed the settings if that helps."""
    wanting = (r for r in draft.records_of(feature.number) if r.cause is not None and causes.RULES[r.cause].person)
    said = answered(draft, feature)
    return frozenset(r.run for r in wanting if r.run in said or _settings_changed(draft, r))


def answered(draft: Draft, feature: Feature) -> frozenset[RunId]:
    """Return attempts that needed a person who has since answered."""
    asked = ((record, _asked(draft, record)) for record in draft.records_of(feature.number))
    return frozenset(
        r.run for r, found in asked if found and not found.open and found.status != RequestStatus.WITHDRAWN
    )


def going_on(draft: Draft, feature: Feature, record: RunRecord) -> RunRecord:
    """Return the record of a new attempt; it goes on with the conversation of the last one if its question is answered.

    Only with the same runner and model, on the same machine. The engine takes it back if the agent cannot resume.
    """
    last = max(draft.records_of(feature.number), key=lambda one: one.attempt, default=None)
    if last is None or last.cause is not Cause.QUESTION or not last.session or last.run not in answered(draft, feature):
        return record
    if (last.runner, last.model, last.host, last.ran_on) != (record.runner, record.model, record.host, record.ran_on):
        return record
    return replace(record, continues=last.continues or attempt_name(last.run), conversation=last.session)


def withdraw(draft: Draft) -> None:
    """Withdraw requests that need no answer any more: a later attempt follows, or the feature is finished."""
    withdraw_stale(draft)
    for feature in draft.mission.features():
        records = [r for r in draft.records_of(feature.number) if r.cause and causes.RULES[r.cause].person]
        last = max((r.attempt for r in draft.records_of(feature.number)), default=0)
        for record in records:
            asked = _asked(draft, record)
            moot = feature.finished or max(last, feature.tries_after + 1) > record.attempt
            if asked is not None and asked.open and (moot or _settings_changed(draft, record)):
                why = f"request {asked.number} is withdrawn: {feature.number} can continue without it"
                draft.transitions.append(MoveRequest(asked.number, RequestStatus.WITHDRAWN, why))


def _asked(draft: Draft, record: RunRecord) -> InputRequest | None:
    begins = f"{attempt_name(record.run)}: "
    mine = (r for r in draft.mission.requests if r.feature == record.feature and r.prompt.startswith(begins))
    return next(mine, None)


def _settings_changed(draft: Draft, record: RunRecord) -> bool:
    ended = parse_stamp(record.ended) if record.ended else None
    changed = draft.observation.settings_at
    return record.cause in causes.MENDED_BY_SETTINGS and ended is not None and changed is not None and changed > ended
