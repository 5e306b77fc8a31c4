"""What a command would do that a person may not expect, so that a surface can ask before it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import open_records
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.forge.rows import open_ones
from mission_cli.domain.notice import do
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import StateStore


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a command means, for the person who is asked whether to go on."""

    text: str
    costs: bool = True
    """Whether money or work is at stake: then a program that cannot be asked has to confirm it, too."""
    default: bool = False
    """What an empty answer means."""


def of_retry(ctx: Context, text: str) -> Consequence | None:
    """Return what a retry opens again although it was finished; None if nothing."""
    address = resolve(ctx.state.snapshot(), text)
    feature = address.need_feature()
    milestone = address.mission.milestone_holding(feature.number)
    parts = [f"{feature.number} is done"] if feature.status is FeatureStatus.DONE else []
    if milestone is not None and milestone.status is MilestoneStatus.PASSED:
        parts.append(f"milestone {milestone.number} has passed")
    both = "both are opened again" if len(parts) > 1 else "it is opened again"
    return Consequence(f"{' and '.join(parts)}: {both}, and another attempt costs money") if parts else None


def of_skip(ctx: Context, text: str) -> Consequence | None:
    """Return which features lose what they depend on, and which pull request is closed; None if nothing is."""
    address = resolve(ctx.state.snapshot(), text)
    number = address.need_feature().number
    waiting = [f.number for f in address.mission.features() if number in f.depends and not f.finished]
    pull = open_ones(row for row in address.mission.pulls if row.subject == number)
    if not waiting and not pull:
        return None
    words = f"{pull} of {number} is closed without a merge" if pull else ""
    if waiting:
        words += f"{'; ' if pull else ''}{_listed(waiting)} {'depends' if len(waiting) == 1 else 'depend'} on {number}"
        words += f" and {'starts' if len(waiting) == 1 else 'start'} without it"
    running = [r.attempt for r in open_records(ctx, address) if r.feature == number]
    words += f"; its attempt {running[-1]} is stopped, the work is kept" if running else ""
    return Consequence(words, costs=False)


def of_cancel(state: StateStore, running: Sequence[str], text: str) -> Consequence:
    """Return what ends with a mission; `running` are the keys of the jobs of this repository."""
    mission = resolve(state.snapshot(), text).need_whole()
    features = list(mission.features())
    finished = f" with {sum(f.finished for f in features)} of {len(features)} features finished" if features else ""
    mine = sum(key.startswith(f"{mission.id}/") for key in running)
    pulls = open_ones(mission.pulls)
    left = f"; {pulls} {'stays' if ',' not in pulls else 'stay'} open at the forge" if pulls else ""
    again = do("start", mission.id)
    return Consequence(f"{mission.id} ends{finished}, {_jobs(mine)}{left}; to continue it later: {again}")


def of_stop(state: StateStore, running: Collection[str]) -> Consequence | None:
    """Return what stops with everything in a repository; None if at most one mission is under way."""
    missions = (load_placed(stored.text, stored.id).mission for stored in state.snapshot().missions.values())
    under_way = sorted(m.id for m in missions if _is_under_way(m, running))
    if len(under_way) < 2:  # noqa: PLR2004 - several
        return None
    words = f"{counted(len(under_way), 'mission')} stop: {_listed(under_way)}; {_jobs(len(running))}"
    return Consequence(f"{words}, and nothing starts until {do('resume', '--all')}", costs=False, default=True)


def _jobs(running: int) -> str:
    return f"{counted(running, 'running job')} will be stopped, the work is kept" if running else "no job is running"


def _is_under_way(mission: Mission, running: Collection[str]) -> bool:
    active = mission.managed and mission.status is MissionStatus.ACTIVE
    return active or any(key.startswith(f"{mission.id}/") for key in running)


def _listed(names: Sequence[FeatureNumber | str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)
