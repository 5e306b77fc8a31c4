"""What a judgment that has ended is worth, and whether one that runs is still wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.ids import JUDGING
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import Cause, HoldKind
from mission_cli.planner.judgments.limits import is_given_up

if TYPE_CHECKING:
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft


def unwanted(draft: Draft, record: RunRecord) -> str:
    """Return why a judgment that runs is not wanted any more, or the empty string."""
    kind = JudgmentKind.of(record.asks)
    rules = draft.mission.orchestrator
    if kind is None or not rules.allows(kind):
        return f"{rules.key_of(kind)} is off" if kind is not None else f"`{record.asks}` cannot be judged"
    gone = record.about and not _is_there(draft, record.about)
    return f"{record.about} is no longer in the file" if gone else ""


def cause_of_judgment(record: RunRecord, answer: str) -> tuple[Cause, str]:
    """Return done if an answer can be read, otherwise that it does not count."""
    from mission_cli.domain.judgments.answers import read_judgment  # imports pydantic
    from mission_cli.domain.reviews.answer import UnreadableError

    try:
        found = read_judgment(JudgmentKind(record.asks), answer)
    except UnreadableError as error:
        return Cause.WRONG_OUTPUT, f"it does not count: {error}"
    return Cause.DONE, found.decision


def hold_for(draft: Draft, record: RunRecord, who: str) -> None:
    """Tell people that a judgment runs. Nothing waits for it."""
    logs = do("logs", f"{draft.mission.id}/{record.about}".rstrip("/"), "--judgment")
    draft.hold(record.about, HoldKind.JUDGMENT, f"{who} judges it for the orchestrator ({record.asks})", unblock=logs)


def after_failure(draft: Draft, settled: RunRecord) -> str:
    """Return what follows a judgment that cannot be used, to be added to its reason; empty if it can."""
    if settled.cause is Cause.DONE:
        return ""
    others = [r for r in draft.records_of(JUDGING) if r.subject == settled.subject and r.run != settled.run]
    return "; it is given up" if is_given_up([*others, settled]) else "; it is asked once more"


def _is_there(draft: Draft, about: str) -> bool:
    features = {str(feature.number) for feature in draft.mission.features()}
    return about in features | {str(milestone.number) for milestone in draft.mission.milestones}
