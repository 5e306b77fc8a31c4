"""Decide gates, and approve landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import command_line, stamp
from mission_cli.app.commands.features import records_of, retried
from mission_cli.app.commands.phases.decide import as_seen, decided, no_gate, refuse_other
from mission_cli.app.commands.phases.documents import Given, refuse_misplaced
from mission_cli.app.messages import as_line, message_row
from mission_cli.app.transaction import (
    Done,
    Wanted,
    commit_change,
)
from mission_cli.document.changes import AppendRow, Change, SetCell, SetFront
from mission_cli.domain.branches.landing import LandPlan, LandState
from mission_cli.domain.errors import (
    BlockedError,
    ConflictError,
)
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import PAUSED_BY
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.look import PhaseLook
from mission_cli.domain.phases.table import with_gate
from mission_cli.domain.research.topics import topic_in
from mission_cli.domain.status import (
    FeatureStatus,
    GateKind,
    GateStatus,
    LandMethod,
    MissionStatus,
)
from mission_cli.domain.tables import LANDING, SQUASH
from mission_cli.engine.observing.code_look import landing_target
from mission_cli.engine.observing.decision_look import gate_look
from mission_cli.planner.core.phases import lands_later
from mission_cli.planner.mission.base import base_gone

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.addressing import Address
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.tables import Gate
    from mission_cli.engine.context import Context

_NOTHING = Given()


def decide_gate(
    ctx: Context,
    text: str,
    gate: str,
    *,
    approved: bool,
    comment: str = "",
    saw: str = "",
    given: Given = _NOTHING,
    only_if: Callable[[Address], None] = lambda _: None,
) -> Done:
    """Approve or reject a gate; the comment of a rejection goes to the workers whose features go back to work.

    `saw`: the commit, or the blob of the document, that the person looked at, or its first digits; ConflictError if the
    gate shows something else by now, UsageError if there are too few digits. `given`: what they chose or changed there.
    `only_if` raises if the mission, as it is when this is decided, does not allow it.
    """
    word = GateStatus.APPROVED if approved else GateStatus.REJECTED
    said, saw = as_line(comment, "comment"), as_seen(saw)

    def change(address: Address) -> Wanted:
        only_if(address)
        mission = address.mission
        phase = with_gate(mission.phases, gate)
        if phase is not None:
            return decided(ctx, address, phase, word, comment, saw, given)
        refuse_misplaced(given, "", gate)
        found = next((g for g in mission.gates if g.name.casefold() == gate.casefold()), None)
        if found is None:
            raise no_gate(mission, gate)
        look = gate_look(ctx, address.stored, mission, found)
        topic = look.name.removesuffix(".md")
        help_by = do("show", mission.id, "--research", topic) if topic else do("why", mission.id)
        refuse_other(found.name, PhaseLook(look.shown), saw, help_by)
        back = [] if approved else _go_back(mission, found)
        changes: list[Change] = [
            SetCell("Gates", {"Gate": found.name}, "Status", GateStatus.PENDING if back else word),
            approval(ctx, found.name, word, look.shown, said),
        ]
        records = records_of(ctx, address) if back else []
        for feature in back:
            told = f"the gate `{found.name}` was rejected" + (f": {said}" if said else "")
            more = [*retried(address, feature, records), message_row(ctx, feature.number, told)]
            changes += [change for change in more if change not in changes]
        if (approved or back) and mission.status is MissionStatus.PAUSED and _paused_by(mission, found.name):
            changes.append(SetFront(("status",), str(MissionStatus.ACTIVE)))
        again = f"; back to work: {', '.join(feature.number for feature in back)}" if back else ""
        return Wanted(
            f"gate {found.name} is {word}" + (f": {said}" if said else "") + again,
            EventKind.of("gate", word),
            tuple(changes),
            decisions=(f"{'Approve' if approved else 'Reject'} the gate {found.name}",),
            reason=said,
        )

    return commit_change(ctx, text, change)


def _go_back(mission: Mission, gate: Gate) -> list[Feature]:
    """Return the features that a rejection sends back to work: those before a checkpoint or quality gate that waits.

    Another approval that is rejected stays rejected: a phase, or a person, decides what follows. What was found out
    about topics is found out again.
    """
    before = [f for number in gate.after if (f := mission.feature(number)) is not None]
    research = bool(before) and all(topic_in(mission, feature) for feature in before)
    asks = gate.state is GateStatus.WAITING or (gate.kind is GateKind.QUALITY and gate.state is GateStatus.FAILED)
    if not asks or not (gate.kind in {GateKind.CHECKPOINT, GateKind.QUALITY} or research):
        return []
    return [feature for feature in before if feature.status is FeatureStatus.DONE]


def may_land(ctx: Context, mission: Mission, *, squash: bool = False) -> tuple[Sha, Sha]:
    """Return the base, and the commit that landing brings to it. Raises BlockedError if there is none.

    Also if a part is to be squashed: the rest, which contains that part, could not be merged with it later.
    """
    if mission.status is MissionStatus.COMPLETED:
        hint = advise(do("history", mission.id), " shows when; to continue the work: ", do("start", mission.id))
        raise BlockedError(f"{mission.id} is completed, its work is on {mission.base}", hint=hint)
    if mission.status is not MissionStatus.ACTIVE:
        help_by = "resume" if mission.status is MissionStatus.PAUSED else "start"
        raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do(help_by, mission.id))
    later = lands_later(mission)
    if later is not None:
        raise BlockedError(later.text, hint=later.remedy)
    heads = ctx.code.heads(mission.id, mission.base)
    if heads.base is None:
        gone = base_gone(mission, heads.renamed)
        raise BlockedError(gone.text, hint=gone.remedy)
    target = landing_target(ctx, mission, heads)
    if target is None:
        raise BlockedError("no milestone has passed yet", hint=do("status", mission.id))
    if squash and not all(m.finished for m in mission.milestones):
        hint = advise("land it as a merge: ", do("land", mission.id))
        raise BlockedError("only the whole work can be squashed, and a milestone is not finished", hint=hint)
    return heads.base, target


def land(
    ctx: Context,
    text: str,
    *,
    squash: bool = False,
    saw: str = "",
    only_if: Callable[[Address], None] = lambda _: None,
) -> Done:
    """Approve the landing of the finished work as it is now; `about` of the result is its commit.

    `saw`: the commit that the person looked at; ConflictError if another would land by now. `only_if` raises if the
    mission, as it is when this is decided, does not allow it.
    """
    method = LandMethod.SQUASH if squash else LandMethod.MERGE

    def change(address: Address) -> Wanted:
        only_if(address)
        mission = address.mission
        _, target = may_land(ctx, mission, squash=squash)
        if saw and saw != target:
            raise ConflictError(f"{target[:7]} would land by now, and not {saw[:7]}", hint=do("land", mission.id))
        words = f"landing of {target[:7]} is approved" + (", squashed" if squash else "")
        already = any(a.commit == target for a in mission.landings) and mission.land_method(target) is method
        changes = () if already else (approval(ctx, "landing", SQUASH if squash else LANDING, target, ""),)
        decision = f"Land {target[:7]} on {mission.base}{' as one commit' if squash else ''}"
        return Wanted(words, EventKind.LANDING_APPROVED, changes, decisions=(decision,), about=target)

    return commit_change(ctx, text, change)


def landed_as(ctx: Context, mission: Mission, work: str) -> tuple[str, str] | None:
    """Return the commit that landed `work`, and the git command that takes it back; None if it has not landed.

    Both are empty for a landing without a commit of its own: the base was moved forward automatically.
    """
    base, commit = ctx.code.heads(mission.id, mission.base).base, ctx.code.find_commit(work)
    if base is None or commit is None:
        return None
    method = mission.land_method(commit)
    if ctx.code.landing(mission.base, base, commit, LandPlan(method)).state is not LandState.LANDED:
        return None
    landed = ctx.code.landing_commit(base, commit)
    if landed is None:
        return "", ""
    return landed, command_line("git", "revert", *([] if method is LandMethod.SQUASH else ["-m", "1"]), landed)


def approval(ctx: Context, gate: str, word: str, commit: str, comment: str) -> AppendRow:
    """Return a row of the section Approvals, by the person who gives the command."""
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
