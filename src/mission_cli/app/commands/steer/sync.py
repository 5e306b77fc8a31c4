"""Bring what people have committed on the base into the work of a running mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.addressing import Address, resolve
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import MissionStatus
from mission_cli.engine import remote_sync
from mission_cli.engine.loop import pulse
from mission_cli.planner.milestones.milestones import apart

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads


def sync(ctx: Context, text: str) -> Done:
    """Merge the base into the branch of finished work now, without waiting for the next milestone.

    Later attempts start from the merge, and everything is judged on it. Raises BlockedError if they conflict, or if
    something other than this program or a person moved a branch; ConflictError if the branch moves meanwhile.
    """
    address = resolve(ctx.state.snapshot(), text)
    mission = address.need_whole()
    _refuse_unready(ctx, mission)
    pulse(ctx, [mission.id])  # it accepts what people have committed, and moves back what workers have moved
    heads = ctx.code.heads(mission.id, mission.base)
    base, work = _branches(mission, heads)
    merged = ctx.code.base_merge(base, work)
    if merged is None:
        return Done(f"the work of {mission.id} contains {mission.base} already", address)
    if merged.commit is None:
        found = apart(mission, merged.conflicts)
        raise BlockedError(found.text, hint=found.remedy)
    missing = len(news_of_base(ctx, heads))
    if not ctx.code.move_work(mission.id, merged.commit, work):
        raise ConflictError(f"the work of {mission.id} has moved meanwhile", hint=do("sync", mission.id))
    words = f"{counted(missing, 'commit')} of {mission.base} merged into the work, as {merged.commit[:7]}"
    what = f"Merge {mission.base} into the work"

    def record(_: Address) -> Wanted:
        return Wanted(words, EventKind.WORK_SYNCED, decisions=(what,), reason=str(do("sync")), record=True)

    return commit_change(ctx, mission.id, record)


def news_of_base(ctx: Context, heads: Heads) -> tuple[Sha, ...]:
    """Return the commits of the base that the work does not contain, newest first."""
    if heads.base is None or heads.work is None:
        return ()
    start = ctx.code.common(heads.base, heads.work)
    return ctx.code.gained(start, heads.base, heads.work) if start is not None else ()


def _refuse_unready(ctx: Context, mission: Mission) -> None:
    if mission.status not in {MissionStatus.ACTIVE, MissionStatus.PAUSED} or not mission.managed:
        words = f"{mission.id} is {mission.raw_status}: it takes {mission.base or 'the base'} when it starts"
        raise BlockedError(words, hint=do("start", mission.id))
    if not remote_sync.drives(ctx, mission):
        raise BlockedError(f"{mission.id} is run by {mission.host}", hint=do("takeover", mission.id))


def _branches(mission: Mission, heads: Heads) -> tuple[Sha, Sha]:
    """Return base and work. Raises BlockedError if one is missing, or was moved by a worker and not yet moved back."""
    if heads.base is None:
        raise BlockedError(f"the base branch `{mission.base}` does not exist", hint=do("why", mission.id))
    if heads.work is None:
        raise BlockedError(f"no milestone of {mission.id} has started: the first one starts from {mission.base}")
    if heads.work != heads.ours or heads.base != heads.known_base:
        raise BlockedError("a branch was moved by something other than `mission`", hint=do("why", mission.id))
    return heads.base, heads.work
