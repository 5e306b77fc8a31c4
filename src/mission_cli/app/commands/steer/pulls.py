"""Decisions of people about pull requests: open one for the rest, approve merging, take over what someone pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.app.addressing import Address, resolve
from mission_cli.app.commands.gates import approval, may_land
from mission_cli.app.pull_requests import KEY, refuse_pulls
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import SetFront
from mission_cli.domain.errors import BlockedError, ConflictError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import MISSION, Handled, Proposing, RowStatus
from mission_cli.domain.notice import advise, do
from mission_cli.domain.tables import LANDING
from mission_cli.engine.recording.pulls import pull_changes
from mission_cli.planner.pulls.rows import proposing, row_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_TRIES = 5


def open_for_the_rest(ctx: Context, text: str) -> Done:
    """Turn one pull request for the whole mission on, which is opened for everything that has passed.

    Raises BlockedError if nothing has passed, or if no pull request can be opened.
    """

    def change(address: Address) -> Wanted:
        mission = address.mission
        if proposing(mission) is not Proposing.NONE:
            raise UsageError(f"{mission.id} opens pull requests already", hint=do("pr", mission.id))
        refuse_pulls(ctx, mission, Proposing.MISSION)
        may_land(ctx, mission)
        place = ctx.forge.place()
        where = f" at {place.name}" if place is not None else ""
        words = f"{mission.id} opens one pull request{where} for everything that has passed"
        merged = "as soon as its rules allow"
        if mission.preferences.land != "auto":
            merged += f", after {do('land', mission.id)} or an approving review"
        decisions = (f"Open one pull request for {mission.id}, instead of landing it here",)
        changes = (SetFront(KEY, str(Proposing.MISSION)),)
        said = f"{words}; the forge merges it {merged}"
        return Wanted(words, EventKind.MISSION_SET, changes, decisions=decisions, said=said)

    return commit_change(ctx, text, change)


def waiting_rows(address: Address) -> list[PullRow]:
    """Return the pull requests that a landing can approve: those that are under way and ours."""
    mission, one = address.mission, address.feature
    wanted = {RowStatus.PLANNED, RowStatus.OPEN}
    return [row for row in mission.pulls if row.status in wanted and one in {None, row.subject}]


def approve_pulls(ctx: Context, text: str) -> Done:
    """Approve the merge of the pull requests of a mission as they are now: each for its commit, by the forge's rules.

    Raises BlockedError if none waits for it.
    """

    def change(address: Address) -> Wanted:
        mission, rows = address.mission, waiting_rows(address)
        if not rows:
            hint = advise(do("pr", mission.id), " shows its pull requests")
            raise BlockedError(f"no pull request of {mission.id} waits to be merged", hint=hint)
        new = [row for row in rows if not any(row.head.startswith(a.commit) for a in mission.landings)]
        names = ", ".join(f"{row.name} ({row.subject})" if row.number else f"that of {row.subject}" for row in rows)
        words = f"merging is approved: {names}"
        changes = tuple(approval(ctx, "landing", LANDING, row.head, "") for row in new)
        decisions = tuple(f"Let the forge merge {row.head[:7]} into {row.base}" for row in new)
        said = f"{words}; the forge merges by its rules, and {do('pr', mission.id)} shows what blocks it"
        return Wanted(words, EventKind.LANDING_APPROVED, changes, decisions=decisions, said=said)

    return commit_change(ctx, text, change, part=True)


def take_back(ctx: Context, text: str) -> Done | None:
    """Make the commit that someone pushed to the branch of a feature ours, so that it is judged; None: there is none.

    The row is written first. If this dies before the branch is taken, the next pulse sees that it is theirs.
    Raises BlockedError for that of a milestone or of the whole mission, which is judged before it is proposed.
    """
    for _ in range(_TRIES):
        address = resolve(ctx.state.snapshot(), text)
        subject = address.feature or (str(address.milestone) if address.milestone is not None else MISSION)
        row = row_of(address.mission, subject)
        if row is not None and row.status is RowStatus.THEIRS and address.feature is None:
            hint = f"merge or close it at the forge: {row.url}"
            raise BlockedError(f"{row.name} has commits of someone else, and only features are judged again", hint=hint)
        tip = ctx.forge.upstream.tip(row.branch) if row is not None and row.status is RowStatus.THEIRS else None
        if row is None or tip is None:
            return None
        done = commit_change(ctx, text, _ours(ctx, row, tip), part=True)
        if ctx.forge.upstream.take(row.branch) == tip:
            return done
    raise ConflictError("the branch keeps moving", hint="try again")


def _ours(ctx: Context, row: PullRow, tip: Sha) -> Callable[[Address], Wanted]:
    now = stamp(ctx.clock.now())
    mine = replace(row.noting(Handled.HEAD, row.head[:12]), head=tip, status=RowStatus.OPEN, since=now)
    words = f"{row.name} is ours again, with {tip[:7]} of someone else; its criteria are run before it is merged"

    def change(address: Address) -> Wanted:
        changes = tuple(pull_changes(address.mission, mine))
        decision = f"Take the commit {tip[:7]} on {row.branch} over"
        return Wanted(words, EventKind.PULL_RETURNED, changes, decisions=(decision,))

    return change
