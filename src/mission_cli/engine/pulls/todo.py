"""The commit that brings `TODO.md` up to date: made when a milestone has started or is over, and otherwise none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.shown import plain_number
from mission_cli.document.syntax.escape import quiet
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.facts import Mergeable, PullState
from mission_cli.domain.forge.references import reference_in
from mission_cli.domain.forge.rows import TODO, Proposing, RowStatus
from mission_cli.domain.status import Cause, MilestoneStatus, MissionStatus
from mission_cli.engine.pulls.issues import brief_of
from mission_cli.interchange.todo_list import DONE, DROPPED, OPEN, Item, lines_of, with_briefs, with_items
from mission_cli.planner.pulls.rows import covering, is_delivered, is_dropped, proposing, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.branches.landing import LandState
    from mission_cli.domain.forge.facts import PullFacts
    from mission_cli.domain.forge.look import ForgeState, PullLook
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context

LIST = "TODO.md"
_BRIEFS = "todo/tasks"


def todo_commit(
    ctx: Context,
    mission: Mission,
    forge: ForgeState,
    look: PullLook | None,
    records: Sequence[RunRecord],
    landing: LandState,
) -> Sha | None:
    """Return the commit to propose; None if the base, or what is proposed or was refused, says the same already."""
    base = ctx.forge.upstream.base(mission.id) if ctx.settings.forge.todo and ctx.forge.remote else None
    active = mission.status is MissionStatus.ACTIVE and proposing(mission) is not Proposing.NONE
    if base is None or not active or _waits_for_issues(ctx, mission, forge):
        return None
    items = [replace(i, title=ctx.secrets.scrub(i.title)) for i in _items(mission, records, landing)]
    there = ctx.code.read(base, [LIST])
    if not items or (LIST not in there and ctx.forge.upstream.present(base, [LIST])):
        return None  # no milestone has started, or the file is too large to be read
    text = there.get(LIST, "")
    new = with_items(text, mission.id, items)
    row = row_of(mission, TODO)
    stale = look is not None and look.facts is not None and _is_stale(look.facts, forge)
    if new == text or (row is not None and not stale and _says(ctx, mission, row.head, row.status, new)):
        return None
    briefs = {f"{_BRIEFS}/{mission.id}-{number}-brief.md": number for number in with_briefs(items, mission.id, text)}
    lacking = briefs.keys() - ctx.code.read(base, briefs).keys()
    files = {path: _brief(ctx, mission, number) for path, number in briefs.items() if path in lacking}
    return ctx.code.overlay(base, {LIST: new, **files}, f"Update {LIST} of mission {mission.id}")


def _is_stale(facts: PullFacts, forge: ForgeState) -> bool:
    """Whether an open pull request has to begin at the base of now: no worker resolves its conflicts."""
    behind = facts.behind and forge.rules is not None and forge.rules.strict
    return facts.pull.state is PullState.OPEN and (facts.mergeable is Mergeable.CONFLICTS or behind)


def _says(ctx: Context, mission: Mission, head: str, status: RowStatus, new: str) -> bool:
    """Whether a proposed commit says the same: as a whole while it is open, in our lines if it was closed."""
    commit = ctx.code.find_commit(head)
    text = ctx.code.read(commit, [LIST]).get(LIST, "") if commit is not None else ""
    if status is RowStatus.CLOSED:
        return lines_of(text, mission.id) == lines_of(new, mission.id)
    return status is RowStatus.THEIRS or (status not in {RowStatus.DONE, RowStatus.MERGED} and text == new)


def _waits_for_issues(ctx: Context, mission: Mission, forge: ForgeState) -> bool:
    """Whether issues are about to be opened, which the lines name."""
    if not ctx.settings.forge.issues or forge.no_issues:
        return False
    started = {MilestoneStatus.ACTIVE, MilestoneStatus.VALIDATING}
    return any(not f.task and not f.finished for m in mission.milestones if m.status in started for f in m.features)


def _items(mission: Mission, records: Sequence[RunRecord], landing: LandState) -> Iterator[Item]:
    """Yield what each line says. It changes when a milestone starts or is over, not with each feature."""
    if all(m.status is MilestoneStatus.PENDING for m in mission.milestones):
        return
    for milestone in mission.milestones:
        for feature in milestone.features:
            if feature.fixes and not milestone.finished:
                continue
            over, row = _over(mission, milestone, feature, landing), covering(mission, milestone, feature)
            yield Item(
                feature.number,
                feature.title,
                plain_number(feature.estimate_hours) if feature.estimate_hours else "",
                reference_in(feature.task) if milestone.status is not MilestoneStatus.PENDING else "",
                row.number if row is not None and over == DONE else 0,
                over,
                _day(mission, milestone, feature, records),
            )


def _over(mission: Mission, milestone: Milestone, feature: Feature, landing: LandState) -> str:
    if not milestone.finished:
        return OPEN
    if is_dropped(milestone, feature):
        return DROPPED
    return DONE if is_delivered(mission, milestone, feature, landing) else OPEN


def _day(mission: Mission, milestone: Milestone, feature: Feature, records: Sequence[RunRecord]) -> str:
    """Return the day on which the work of a feature ended, else that on which its milestone passed; empty: unknown."""
    ended = [r.ended for r in records if r.feature == feature.number and r.cause is Cause.DONE and r.ended]
    said = f"milestone {milestone.number} "
    rows = [row for row in mission.progress if row.event == EventKind.MILESTONE_PASSED]
    passed = [row.at for row in rows if row.details.startswith(said)]
    return ([*passed, *ended] or [""])[-1][:10]


def _brief(ctx: Context, mission: Mission, number: str) -> str:
    feature = next(f for f in mission.features() if f.number == number)
    return f"# {number} {quiet(ctx.secrets.scrub(feature.title))}\n\n{brief_of(ctx, mission, feature)}"
