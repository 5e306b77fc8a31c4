"""Ask people about deployments: whether one may start, and what is there after a rollback that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.asking.options import chosen
from mission_cli.domain.deploys.rows import DeployRow, DeployStatus, live_before
from mission_cli.domain.deploys.targets import TargetKind
from mission_cli.domain.events import EventKind
from mission_cli.domain.status import HoldKind, RequestStatus
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.requests import Question, answer_to, ask
from mission_cli.planner.deploys.plan import drop, write

if TYPE_CHECKING:
    from mission_cli.domain.deploys.targets import Target
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft

DEPLOY, REJECT, RESOLVED = "deploy", "reject", "resolved"
"""What a person can answer."""
_QUESTION, _STUCK = "deploy", "its rollback failed"


def approval(draft: Draft, row: DeployRow, target: Target) -> str | None:
    """Return who approved a deployment, empty if none is needed; None while it waits, or after it was rejected."""
    if row.by or not _needs_approval(target):
        return row.by
    known = _asked(draft.mission, row, _QUESTION)
    if known is None:
        options = {
            DEPLOY: f"run the command of {row.target} with this commit",
            REJECT: "leave the target as it is",
        }
        words = _prompt(draft, row, target)
        said = Question("", words, tuple(options), f"{row.target} needs an approval", tuple(options.values()))
        known = ask(draft, replace(said, urgency="high"))
    answer = _answer(known)
    if answer == DEPLOY:
        return f"request {known.number}"
    if answer == REJECT:
        drop(draft, row, f"request {known.number} was answered with {REJECT}")
        return None
    words = f"deployment {row.number} of {row.short} to {row.target} waits for an approval"
    draft.hold("", HoldKind.REQUEST, words, unblock=answer_to(draft.mission, known), person=True)
    return None


def withdraw_for(draft: Draft, row: DeployRow, why: str) -> None:
    """Withdraw the request for a deployment that never starts."""
    about = _about(row)
    for request in draft.mission.requests:
        if request.open and not request.feature and request.prompt.startswith(about):
            words = f"request {request.number} is withdrawn: {why}"
            draft.transitions.append(MoveRequest(request.number, RequestStatus.WITHDRAWN, words))


def stuck(draft: Draft, row: DeployRow) -> None:
    """Ask a person at once what is there now, and go on when they say that it is resolved."""
    mission = draft.mission
    known = _asked(mission, row, _STUCK)
    if known is None:
        prompt = f"{_about(row)} {_STUCK}. Repair {row.target} by hand, then say so here"
        told = {RESOLVED: f"{row.target} works, and other deployments may start"}
        said = Question("", prompt, tuple(told), f"the rollback of {row.target} failed", tuple(told.values()))
        known = ask(draft, replace(said, urgency="urgent"))
    if _answer(known) == RESOLVED:
        words = f"deployment {row.number} to {row.target} was resolved by hand (request {known.number})"
        write(draft, row, DeployStatus.DROPPED, EventKind.DEPLOY_DROPPED, words)
        return
    words = f"{row.target} is in an unknown state: {row.reason}"
    draft.hold("", HoldKind.REQUEST, words, unblock=answer_to(mission, known), person=True)


def _needs_approval(target: Target) -> bool:
    return target.confirm and target.kind is TargetKind.PRODUCTION


def _about(row: DeployRow) -> str:
    return f"Deployment {row.number} to {row.target}:"


def _prompt(draft: Draft, row: DeployRow, target: Target) -> str:
    """Return what is asked: which commit, where, and instead of which one."""
    before = live_before(draft.mission.deploys, row)
    instead = f", instead of {before[:7]}" if before else ""
    where = f" ({target.url})" if target.url else ""
    because = row.because or "a person asked"
    return f"{_about(row)} {_QUESTION} {row.short}{where}{instead}? The reason: {because}"


def _asked(mission: Mission, row: DeployRow, what: str) -> InputRequest | None:
    """Return the latest request about a deployment, without those that were withdrawn."""
    begins = f"{_about(row)} {what}"
    mine = [r for r in mission.requests if not r.feature and r.prompt.startswith(begins)]
    return next((r for r in reversed(mine) if r.status != RequestStatus.WITHDRAWN), None)


def _answer(request: InputRequest) -> str:
    """Return the option that a person chose; empty while there is none."""
    option = chosen(request.answers.options, request.response)
    return option.label if option is not None and not request.open else ""
