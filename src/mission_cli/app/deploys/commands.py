"""Deploy finished work, take a deployment back, or drop one: what `mission deploy` records for the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import did_you_mean, stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.deploys.rows import DeployRow, DeployStatus, live_before, newest, next_number
from mission_cli.domain.deploys.targets import TargetKind
from mission_cli.domain.errors import BlockedError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.engine.recording.previews import deploy_changes

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.deploys.targets import Target
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

_NOT_BEGUN = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING, MissionStatus.CANCELLED, None})
_OVER = frozenset({DeployStatus.PLANNED, DeployStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Deploying:
    """What would be deployed, for the person who decides."""

    mission: str
    target: str
    production: bool
    commit: Sha
    url: str
    instead: str
    """The commit that is live now; empty if none is known."""

    @property
    def words(self) -> str:
        """What it is, in one sentence."""
        kind = "production" if self.production else "a preview"
        instead = f", instead of {self.instead[:7]}" if self.instead else ""
        where = f" ({self.url})" if self.url else ""
        return f"{self.commit[:7]} of {self.mission} would be deployed to {self.target}{where}, {kind}{instead}"


def to_deploy(ctx: Context, text: str, name: str = "", commit: str = "") -> Deploying:
    """Return what `deploy` would do. Raises BlockedError if nothing can be deployed, UsageError for a wrong name."""
    address = resolve(ctx.state.snapshot(), text)
    mission = address.need_whole()
    target = target_of(ctx, mission, name)
    _need_ready(ctx, address, target)
    found = _commit(ctx, address, commit)
    ahead = DeployRow(next_number(mission.deploys), target.name, found)
    instead = live_before(mission.deploys, ahead)
    return Deploying(mission.id, target.name, target.kind is TargetKind.PRODUCTION, found, target.url, instead)


def deploy(ctx: Context, wanted: Deploying) -> Done:
    """Record that a person wants a commit deployed, which also approves it. A newer one replaces one that waits."""
    person = ctx.person().name

    def change(address: Address) -> Wanted:
        mission = address.mission
        last = newest(mission.deploys, wanted.target)
        if last is not None and last.commit == wanted.commit and last.status is DeployStatus.LIVE:
            return Wanted(f"{last.short} is live at {wanted.target}", about=str(last.number))
        if last is not None and last.commit == wanted.commit and last.going and last.status is not DeployStatus.STUCK:
            if last.status is not DeployStatus.PLANNED or last.by:
                return Wanted(f"deployment {last.number} of {last.short} is {last.status}", about=str(last.number))
            row = replace(last, by=person)
        else:
            number, now = next_number(mission.deploys), stamp(ctx.clock.now())
            row = DeployRow(
                number, wanted.target, wanted.commit, because=f"asked for by {person}", by=person, since=now
            )
        words = f"deployment {row.number} of {row.short} to {row.target} is planned"
        decided = f"Deploy {row.short} to {row.target}"
        changes = tuple(deploy_changes(mission, row))
        return Wanted(words, EventKind.DEPLOY_PLANNED, changes, decisions=(decided,), about=str(row.number))

    return commit_change(ctx, wanted.mission, change)


def roll_back(ctx: Context, text: str, name: str = "") -> Done:
    """Record that what is live at a target is to be taken back. Raises BlockedError if nothing is live there."""
    mission = resolve(ctx.state.snapshot(), text).need_whole()
    target = target_of(ctx, mission, name)
    if not target.returns:
        hint = f"add `rollback` to [deploy.{target.name}] in .mission.toml, or deploy an earlier commit: --commit"
        raise BlockedError(f"{target.name} has no command for a rollback", hint=hint)

    def change(address: Address) -> Wanted:
        last = newest(address.mission.deploys, target.name)
        if last is None or last.status is not DeployStatus.LIVE:
            now = f"the newest deployment there is {last.status}" if last is not None else "nothing was deployed there"
            raise BlockedError(f"nothing can be rolled back at {target.name}: {now}", hint=do("status", mission.id))
        row = replace(last, status=DeployStatus.ROLLING_BACK, since=stamp(ctx.clock.now()))
        words = f"deployment {row.number} of {row.short} to {row.target} is rolled back"
        changes = tuple(deploy_changes(address.mission, row))
        decided = f"Roll back {row.target} from {row.short}"
        return Wanted(words, EventKind.DEPLOY_ROLLING_BACK, changes, decisions=(decided,), about=str(row.number))

    return commit_change(ctx, text, change)


def drop(ctx: Context, text: str, name: str = "") -> Done:
    """Record that a planned deployment is not to start, or that a failed one needs nothing more."""
    mission = resolve(ctx.state.snapshot(), text).need_whole()
    target = name if any(row.target == name for row in mission.deploys) else target_of(ctx, mission, name).name

    def change(address: Address) -> Wanted:
        last = newest(address.mission.deploys, target)
        if last is None or last.status not in _OVER:
            return Wanted(f"no deployment to {target} is planned or has failed")
        why = f"{last.reason}; dropped" if last.reason else "dropped"
        row = replace(last, status=DeployStatus.DROPPED, since=stamp(ctx.clock.now()), reason=why)
        words = f"deployment {row.number} of {row.short} to {row.target} is dropped"
        changes = tuple(deploy_changes(address.mission, row))
        return Wanted(words, EventKind.DEPLOY_DROPPED, changes, decisions=(words,), about=str(row.number))

    return commit_change(ctx, text, change)


def target_of(ctx: Context, mission: Mission, name: str) -> Target:
    """Return the target of a name; without one that of the mission, or the only one. Raises UsageError."""
    targets = policy_of(ctx).targets
    if name in targets:
        return targets[name]
    if name:
        hint = did_you_mean(name, targets, f"add a table [deploy.{name}] to .mission.toml")
        raise UsageError(f"the settings have no target {name!r}", hint=hint)
    if not targets:
        table = advise("add a table [deploy.NAME] with `command` to .mission.toml")
        raise BlockedError("the settings name no target for deployments", hint=table)
    own = [one for one in mission.preferences.deploy_targets if one in targets] or list(targets)
    if len(own) > 1:
        raise UsageError(f"several targets are possible: {', '.join(own)}", hint=do("deploy", mission.id, own[0]))
    return targets[own[0]]


def _need_ready(ctx: Context, address: Address, target: Target) -> None:
    mission = address.mission
    if address.loaded.refused or not mission.managed or mission.status in _NOT_BEGUN:
        raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do("start", mission.id))
    if is_elsewhere(mission.host, ctx.machine.me()):
        raise BlockedError(f"{mission.id} is run by {mission.host}", hint="deploy there")
    if target.obstacle is not None:
        raise BlockedError(
            f"nothing can be deployed to {target.name}: {target.obstacle.text}", hint=target.obstacle.remedy
        )


def _commit(ctx: Context, address: Address, name: str) -> Sha:
    """Return the commit of a name; without one the base if the work has landed, else the finished work."""
    if name:
        found = ctx.code.find_commit(name)
        if found is None:
            raise NotFoundError(f"there is no commit {name!r}", hint="git log --oneline")
        return found
    mission = address.mission
    seen = consider(
        ctx, policy_of(ctx), ctx.state.snapshot(), address.stored, address.loaded, look_only=True
    ).observation
    landed = seen.landing.state is LandState.LANDED or mission.status is MissionStatus.COMPLETED
    commit = (seen.base if landed else None) or seen.work or seen.target or seen.base
    if commit is None:
        raise BlockedError(f"{mission.id} has no finished work yet", hint=do("why", mission.id))
    return commit
