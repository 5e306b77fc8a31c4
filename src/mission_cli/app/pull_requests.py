"""What a mission proposes by pull requests: what its start turns on, in words, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.domain.branches.landing import LandPlan, LandState
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import FeatureStatus, LandMethod, MissionStatus
from mission_cli.planner.pulls.rows import proposing, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

KEY = ("preferences", "pull_requests")
NAME = ".".join(KEY)
_BEFORE_START = frozenset(
    {MissionStatus.DRAFT, MissionStatus.PLANNING, MissionStatus.SCHEDULED, MissionStatus.RECURRING}
)


def proposed_at_start(ctx: Context, loaded: Loaded) -> Proposing:
    """Return what gets pull requests once a mission is started: as its file says, or features where that works."""
    return Proposing.FEATURE if is_chosen_at_start(ctx, loaded) else proposing(loaded.mission)


def is_chosen_at_start(ctx: Context, loaded: Loaded) -> bool:
    """Whether the start turns pull requests on: full mode, nothing said or done yet, and a forge with a token."""
    mission = loaded.mission
    if mission.poc or loaded.layout.front.text(*KEY) or mission.status not in _BEFORE_START or not ctx.forge.remote:
        return False
    begun = any(f.status is not FeatureStatus.PENDING for f in mission.features())
    return not begun and ctx.code.heads(mission.id, mission.base).work is None and not ctx.forge.ready()


def proposes(ctx: Context, text: str) -> bool:
    """Whether a mission opens pull requests."""
    return proposing(resolve(ctx.state.snapshot(), text).mission) is not Proposing.NONE


def pulls_words(ctx: Context, mission: Mission, how: Proposing) -> str:
    """Return what is proposed where, and how to turn that off."""
    place = ctx.forge.place() if ctx.forge.remote else None
    what = "the whole mission" if how is Proposing.MISSION else f"each {how}"
    where = f" at {place.name}" if place is not None else ""
    return f"opens a pull request for {what}{where}; `{do('set', mission.id, NAME, Proposing.NONE)}` turns that off"


def forge_problems(ctx: Context, loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning if a mission wants pull requests, and none can be opened from here."""
    node = loaded.layout.front.node(*KEY)
    why = ctx.forge.ready() if node is not None and proposing(loaded.mission) is not Proposing.NONE else ""
    if node is not None and why:
        at, words = node.start_mark, f"no pull request can be opened: {why}"
        yield Problem(at.line + 2, at.column + 1, words, f"{do('doctor')} says more", Severity.WARNING)


def refuse_pulls(ctx: Context, mission: Mission, how: Proposing) -> None:
    """Raise UsageError or BlockedError with the reason why a mission cannot open pull requests."""
    if how is Proposing.NONE:
        return
    if mission.poc:
        raise UsageError(f"{mission.id} is a POC, which opens no pull requests", hint=do("land", mission.id))
    if why := ctx.forge.ready():
        raise BlockedError(f"no pull request can be opened: {why}", hint=do("doctor"))
    if how is Proposing.FEATURE and (left := _not_in_base(ctx, mission)):
        names = f"{', '.join(left[:3])} {'is' if len(left) == 1 else 'are'}"
        words = (
            f"{names} done but not on {mission.base}, so the pull requests of later features would contain that, too"
        )
        raise UsageError(words, hint=do("set", mission.id, NAME, Proposing.MISSION))


def _not_in_base(ctx: Context, mission: Mission) -> list[str]:
    """Return the done features that no pull request brought to the base, if the base lacks finished work."""
    done = [
        f.number for f in mission.features() if f.status is FeatureStatus.DONE and row_of(mission, f.number) is None
    ]
    heads = ctx.code.heads(mission.id, mission.base) if done else None
    if heads is None or heads.base is None or heads.work is None:
        return []
    landing = ctx.code.landing(mission.base, heads.base, heads.work, LandPlan(LandMethod.MERGE))
    return [] if landing.state is LandState.LANDED else [*map(str, done)]
