"""What landing would bring to the base, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.gates import may_land
from mission_cli.app.queries.before.change import change_between
from mission_cli.app.results.landing import LandedCriterion, LandedFeature, LandingPreview, LeftOut
from mission_cli.domain.branches.landing import LandPlan, LandState
from mission_cli.domain.status import FeatureStatus, LandMethod
from mission_cli.engine.recording.credits import agent_of, done_by, landed_features, landing_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.results.mission_report import Change
    from mission_cli.domain.branches.landing import Landing
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context


def landing_preview(ctx: Context, text: str, *, squash: bool = False) -> LandingPreview:
    """Return what landing would bring to the base. Raises BlockedError if nothing can land."""
    address = resolve(ctx.state.snapshot(), text)
    mission, records = address.need_whole(), records_of(ctx, address)
    base, work = may_land(ctx, mission, squash=squash)
    method = LandMethod.SQUASH if squash else LandMethod.MERGE
    landing = ctx.code.landing(mission.base, base, work, LandPlan(method, landing_words(mission, work, records)))
    content = ctx.code.content(base, landing.commit or work)
    landed = list(landed_features(mission))
    commits = ctx.code.content(base, work).commits
    return LandingPreview(
        id=mission.id,
        title=mission.title,
        base=mission.base,
        work=work,
        method=str(method),
        base_moved=landing.state is not LandState.FORWARD,
        features=[_feature(f, records) for f in landed],
        commits=commits,
        files=content.files,
        added=sum(f.added or 0 for f in content.files),
        removed=sum(f.removed or 0 for f in content.files),
        criteria=list(_criteria(mission, landed)),
        left_out=list(_left_out(mission, landed)),
        obstacle=_obstacle(landing),
    )


def landing_diff(ctx: Context, text: str, *, squash: bool = False) -> str:
    """Return the whole change that landing would make to the base. Raises BlockedError if nothing can land."""
    mission = resolve(ctx.state.snapshot(), text).mission
    base, work = may_land(ctx, mission, squash=squash)
    return ctx.code.diff(base, ctx.code.landing(mission.base, base, work).commit or work)


def landing_change(ctx: Context, text: str, *, squash: bool = False) -> Change:
    """Return the same for a page: files, and lines as far as a person can read them."""
    mission = resolve(ctx.state.snapshot(), text).mission
    base, work = may_land(ctx, mission, squash=squash)
    return change_between(ctx, base, ctx.code.landing(mission.base, base, work).commit or work)


def _feature(feature: Feature, records: Sequence[RunRecord]) -> LandedFeature:
    record = done_by(records, feature)
    return LandedFeature(feature.number, feature.title, agent_of(record) if record else "")


def _criteria(mission: Mission, landed: Sequence[Feature]) -> Iterator[LandedCriterion]:
    numbers = {feature.number for feature in landed}
    for milestone in mission.milestones:
        inside = [f for f in milestone.features if f.number in numbers]
        for owner, criteria in [(str(milestone.number), milestone.criteria), *((f.number, f.criteria) for f in inside)]:
            yield from (LandedCriterion(owner, c.text, _verdict(c)) for c in criteria if inside)


def _verdict(criterion: Criterion) -> str:
    return str(criterion.result.verdict) if criterion.result else "passed" if criterion.ticked else ""


def _left_out(mission: Mission, landed: Sequence[Feature]) -> Iterator[LeftOut]:
    numbers = {feature.number for feature in landed}
    for milestone in mission.milestones:
        for feature in milestone.features:
            if feature.number in numbers:
                continue
            why = feature.raw_status or str(feature.status)
            if feature.status is FeatureStatus.DONE:
                why = f"done, but milestone {milestone.number} has not passed"
            yield LeftOut(feature.number, feature.title, why)


def _obstacle(landing: Landing) -> str:
    if landing.state is not LandState.CONFLICT:
        return landing.obstacle
    return f"conflicts in {', '.join(landing.conflicts)}" if landing.conflicts else "no history in common with the base"
