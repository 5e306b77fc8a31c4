"""Decide gates, and approve landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.addressing import Address, resolve
from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import AppendRow, Change, SetCell, SetFront
from mission_cli.domain.errors import (
    BlockedError,
    NotFoundError,
)
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import PAUSED_BY
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import (
    GateStatus,
    MissionStatus,
)
from mission_cli.domain.tables import LANDING
from mission_cli.engine.observing.code_look import landing_target
from mission_cli.planner.mission.base import base_gone

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context


def decide_gate(ctx: Context, text: str, gate: str, *, approved: bool, comment: str = "") -> Done:
    """Approve or reject a gate."""
    word = GateStatus.APPROVED if approved else GateStatus.REJECTED

    def change(address: Address) -> Wanted:
        mission = address.mission
        found = next((g for g in mission.gates if g.name.casefold() == gate.casefold()), None)
        if found is None:
            known = ", ".join(g.name for g in mission.gates)
            hint = f"its gates: {known}" if known else "it has no gates"
            raise NotFoundError(f"{mission.id} has no gate `{gate}`", hint=hint)
        heads = ctx.code.heads(mission.id, mission.base)
        changes: list[Change] = [
            SetCell("Gates", {"Gate": found.name}, "Status", word),
            _approval(ctx, found.name, word, str(heads.work or ""), comment),
        ]
        if approved and mission.status is MissionStatus.PAUSED and _paused_by(mission, found.name):
            changes.append(SetFront(("status",), str(MissionStatus.ACTIVE)))
        return Wanted(
            f"gate {found.name} is {word}" + (f": {comment}" if comment else ""),
            EventKind.of("gate", word),
            tuple(changes),
            decisions=(f"{'Approve' if approved else 'Reject'} the gate {found.name}",),
            reason=comment,
        )

    return commit_change(ctx, text, change)


def landing_words(ctx: Context, text: str) -> tuple[str, str]:
    """Return a mission's id, and what landing does, in words. Raises BlockedError if nothing can land."""
    address = resolve(ctx.state.snapshot(), text)
    mission = address.mission
    target = _may_land(ctx, mission)
    return mission.id, f"the finished work of {mission.id}, {target[:7]}, lands on the branch {mission.base}"


def _may_land(ctx: Context, mission: Mission) -> Sha:
    """Return the commit that landing brings to the base. Raises BlockedError if there is none."""
    if mission.status is MissionStatus.COMPLETED:
        hint = advise(do("history", mission.id), " shows when; to continue the work: ", do("start", mission.id))
        raise BlockedError(f"{mission.id} is completed, its work is on {mission.base}", hint=hint)
    if mission.status is not MissionStatus.ACTIVE:
        help_by = "resume" if mission.status is MissionStatus.PAUSED else "start"
        raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do(help_by, mission.id))
    heads = ctx.code.heads(mission.id, mission.base)
    if heads.base is None:
        gone = base_gone(mission, heads.renamed)
        raise BlockedError(gone.text, hint=gone.remedy)
    target = landing_target(ctx, mission, heads)
    if target is None:
        raise BlockedError("no milestone has passed yet", hint=do("status", mission.id))
    return target


def land(ctx: Context, text: str) -> Done:
    """Approve the landing of the finished work as it is now."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        target = _may_land(ctx, mission)
        already = any(a.commit == target for a in mission.landings)
        words = f"landing of {target[:7]} is approved"
        changes = () if already else (_approval(ctx, "landing", LANDING, target, ""),)
        return Wanted(words, EventKind.LANDING_APPROVED, changes, decisions=(f"Land {target[:7]} on {mission.base}",))

    return commit_change(ctx, text, change)


def _approval(ctx: Context, gate: str, word: str, commit: str, comment: str) -> AppendRow:
    return AppendRow(
        "Approvals",
        {
            "Timestamp": stamp(ctx.clock.now()),
            "Gate": gate,
            "Decision": word,
            "By": ctx.person().name,
            "Commit": commit,
            "Comment": comment,
        },
    )


def _paused_by(mission: Mission, gate: str) -> bool:
    return mission.noted.get(PAUSED_BY, "") == gate
