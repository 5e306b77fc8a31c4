"""Queries whose results surfaces show: plain values, the same for terminal and JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp, show_duration
from mission_cli.app.commands.edit import commit_commands
from mission_cli.app.commands.steer.preview import preview_of
from mission_cli.app.commands.steer.quarantine import KEY
from mission_cli.app.deploys.views import deployments_of
from mission_cli.app.forecasting.currency import converted
from mission_cli.app.forecasting.forecast import forecast_of
from mission_cli.app.forecasting.spending import price_note
from mission_cli.app.keeping import kept
from mission_cli.app.mail.diagnosis import mail_findings
from mission_cli.app.queries.diagnosis.news import news_findings
from mission_cli.app.queries.needs.waiting import in_brief, waiting_of
from mission_cli.app.queries.progress import elapsed, left, phase_of, phase_rows, progress_of, took, usd_of
from mission_cli.app.queries.pulls import pulls_of
from mission_cli.app.queries.troubles import unserved
from mission_cli.app.results.reports import Changes
from mission_cli.app.results.views import (
    Blocker,
    CriterionView,
    FeatureView,
    FlakyView,
    MilestoneView,
    MissionView,
    Money,
    TestsView,
)
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.forecast.vendors import moves_of
from mission_cli.domain.forge.rows import MISSION
from mission_cli.domain.judging.quarantine import quarantined
from mission_cli.domain.judging.test_results import NAMED, from_lines
from mission_cli.domain.mission import counts
from mission_cli.domain.notice import do
from mission_cli.domain.runs.usage import Tally
from mission_cli.domain.status import (
    FINISHED_MISSION,
    CriterionKind,
    FeatureStatus,
    HoldKind,
    JobState,
    MilestoneStatus,
    MissionStatus,
)
from mission_cli.domain.timing.schedule import end_of
from mission_cli.engine.guards.health import pulse_findings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.outlook import Converted, Forecast
    from mission_cli.app.results.pulls import PullView
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import Snapshot, StateStore


def status_of(ctx: Context, snapshot: Snapshot, address: Address, *, forecast: bool = True) -> MissionView:
    """Return everything about one mission that `status` shows, perhaps without the forecast."""

    def with_forecast(case: Case) -> MissionView:
        return replace(_status(ctx, address, case), forecast=expected_of(ctx, snapshot, case))

    if forecast:
        return kept(ctx, snapshot, address, "status", with_forecast)
    return kept(ctx, snapshot, address, "status without forecast", lambda case: _status(ctx, address, case))


def _status(ctx: Context, address: Address, case: Case) -> MissionView:
    mission, pulls = case.mission, pulls_of(ctx, case)
    edits = ctx.state.edits(address.stored.path)
    ours = unserved(ctx, address.stored, address.loaded)
    now, waiting = case.observation.now, waiting_of(case, ours)
    done, planned = counts(mission.features())
    return MissionView(
        id=mission.id,
        title=mission.title,
        status=str(mission.status or mission.raw_status),
        mode=mission.mode,
        path=ctx.state.work_path(address.stored.path),
        shown_as=shown_as(case),
        progress=progress_of(mission),
        base=mission.base,
        host=mission.host,
        runner=mission.preferences.runner or ctx.default_runner(),
        milestones=tuple(_milestone(ctx, case, m, pulls) for m in mission.milestones),
        budget=_budget(mission, case.observation.records),
        waiting_for=tuple(waiting),
        problems=case.loaded.problems,
        holds=(*ours, *case.plan.holds),
        edits=(
            *(f"{e.path} ({e.kind})" for e in edits),
            *(
                (".mission.toml (counts once it is committed, because workers ran without a sandbox)",)
                if ctx.settings_edited()
                else ()
            ),
        ),
        commit_edits=commit_commands(ctx, edits),
        sandbox=ctx.machine.sandbox().words,
        pulse=(*pulse_findings(ctx, case), *news_findings(ctx), *mail_findings(ctx)),
        trouble="; ".join(hold.detail for hold in ours),
        done=done,
        planned=planned,
        elapsed=elapsed(mission, now),
        left=left(mission, sum(job.state is JobState.RUNNING for job in case.observation.jobs.values())),
        until_deadline=until_deadline(case),
        flaky=flaky_of(mission),
        moved=_moved(case),
        next_command=str(do("attach" if mission.is_homeless else "start", mission.id)) if _is_new(address) else "",
        phase=phase_of(mission),
        phases=tuple(phase_rows(mission, now)),
        pull=pulls.get(MISSION),
        preview=preview_of(mission),
        deployments=deployments_of(mission),
        needs_me=in_brief(waiting),
        currency=_currency(ctx, mission, case.observation.records),
        list_prices=price_note(mission.id, case.observation.records),
    )


def until_deadline(case: Case) -> timedelta | None:
    """Return how long until the deadline, negative after it; None if the mission has none or is finished."""
    over = end_of(case.mission.deadline, case.observation.zone)
    return None if over is None or case.mission.status in FINISHED_MISSION else over - case.observation.now


def expected_of(ctx: Context, snapshot: Snapshot, case: Case) -> Forecast | None:
    """Return what a mission will cost, when it will be finished, and whether it will miss its deadline."""
    if case.loaded.refused:
        return None
    took = elapsed(case.mission, case.observation.now)
    return forecast_of(ctx, snapshot, case, until=until_deadline(case), took=took)


def _moved(case: Case) -> tuple[str, ...]:
    """Return the unfinished features whose last attempt is in the place of another runner, and why."""
    unfinished = {f.number for f in case.mission.features() if not f.finished}
    moves = {r.feature: (r, words) for r, words in moves_of(case.observation.records, case.observation.zone)}
    last = {r.feature: r.run for r in sorted(case.observation.records, key=lambda r: r.attempt)}
    return tuple(words for name, (r, words) in moves.items() if name in unfinished and last[name] == r.run)


def flaky_of(mission: Mission) -> tuple[FlakyView, ...]:
    """Return what is quarantined, each with the command that lifts it."""
    return tuple(
        FlakyView(one.name, "criterion" if one.whole else "test", one.why, do("set", mission.id, KEY, "none"))
        for one in quarantined(mission)
    )


def _is_new(address: Address) -> bool:
    return address.mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING} and not address.loaded.refused


def _milestone(ctx: Context, case: Case, milestone: Milestone, pulls: Mapping[str, PullView]) -> MilestoneView:
    done, planned = counts(milestone.features)
    return MilestoneView(
        number=milestone.number,
        name=milestone.name,
        status=str(milestone.status or milestone.raw_status),
        rounds=milestone.rounds,
        criteria=tuple(_criterion(c) for c in milestone.criteria),
        features=tuple(_feature(ctx, case, f, pulls.get(f.number)) for f in milestone.features),
        done=done,
        planned=planned,
        usd=usd_of(case.mission, milestone),
        took=took(case.mission, milestone, case.observation.now),
        pull=pulls.get(str(milestone.number)),
    )


def shown_as(case: Case) -> str:
    """Return the derived status: waiting, blocked, validating or recovering; otherwise the stored one."""
    mission = case.mission
    if mission.status is not MissionStatus.ACTIVE:
        return str(mission.status or mission.raw_status)
    if case.plan.running or case.plan.effects or case.plan.transitions or case.open_jobs:
        validating = any(m.status is MilestoneStatus.VALIDATING for m in mission.milestones)
        return "validating" if validating else "active"
    if any(r.open for r in mission.recoveries):
        return "recovering"
    if any(h.person for h in case.plan.holds):
        outside = {HoldKind.BASE, HoldKind.CONFLICT, HoldKind.RUNNER, HoldKind.CHECK, HoldKind.FORGE}
        return "blocked" if all(h.kind in outside for h in case.plan.holds if h.person) else "waiting"
    return "waiting" if case.plan.holds else "active"


def _criterion(criterion: Criterion) -> CriterionView:
    verdict = str(criterion.result.verdict) if criterion.result else ""
    if not verdict and criterion.kind is CriterionKind.MANUAL and criterion.ticked:
        verdict = "passed"
    vacuous = criterion.baseline is not None and str(criterion.baseline.verdict) == "passed"
    return CriterionView(criterion.text, str(criterion.kind), verdict, vacuous)


def _feature(ctx: Context, case: Case, feature: Feature, pull: PullView | None) -> FeatureView:
    records = [r for r in case.observation.records if r.feature == feature.number]
    last = max(records, key=lambda r: r.attempt, default=None)
    holds = [h for h in case.plan.holds if h.subject == feature.number]
    settled = max((r for r in records if not r.open), key=lambda r: r.attempt, default=None)
    running_for, tally = _at_work(ctx, case, last) if last is not None and last.open and not last.by else ("", None)
    return FeatureView(
        number=feature.number,
        title=feature.title,
        status=str(feature.status or feature.raw_status),
        raw_status=feature.raw_status,
        shown_as=_feature_shown_as(case.mission, feature, holds),
        depends=tuple(feature.depends),
        attempts=len(records),
        worker=feature.worker,
        pr=feature.pr,
        run=last.run if last else "",
        cause=str(settled.cause or "") if settled else "",
        detail=settled.detail if settled else "",
        finding=settled.finding if settled and feature.status is not FeatureStatus.SKIPPED else "",
        running_for=running_for,
        tally=tally,
        blocked_by=tuple(_blocker(h) for h in holds if h.kind not in {HoldKind.RUNNING, HoldKind.JUDGMENT}),
        tests=tuple(map(_tests, from_lines(settled.evidence.splitlines()))) if settled else (),
        pull=pull,
        ran_on=last.ran_on if last else "",
    )


def _tests(found: SuiteSummary) -> TestsView:
    names = (getattr(found, kind).first for kind in NAMED)
    return TestsView(found.passed, found.failed, found.skipped, *names)


def _feature_shown_as(mission: Mission, feature: Feature, holds: list[Hold]) -> str:
    if any(h.kind == HoldKind.DEPENDENCY and h.person for h in holds):
        return "blocked"
    if any(h.kind in {HoldKind.REQUEST, HoldKind.BY_HAND} for h in holds):
        return "waiting_human"
    if any(h.kind == HoldKind.WAIT for h in holds):
        return "waiting_external"
    if any(r.open and r.feature == feature.number for r in mission.recoveries) and not feature.finished:
        return "recovering"
    return str(feature.status or feature.raw_status)


def _at_work(ctx: Context, case: Case, record: RunRecord) -> tuple[str, Tally | None]:
    """Return how long the worker of an open attempt has been running, and its tally; before its start what is done."""
    job = case.observation.jobs.get(record.run)
    if job is None or job.state not in {JobState.RUNNING, JobState.WAITING}:
        return "", None
    tally, started = ctx.executor.tally(record.run), parse_stamp(job.started)
    if started is None:
        return "", tally or Tally(action="making its tree")
    return show_duration(case.observation.now - started), tally


def _blocker(hold: Hold) -> Blocker:
    until = hold.until.isoformat().replace("+00:00", "Z") if hold.until else ""
    return Blocker(hold.kind, hold.detail, until, hold.unblock, hold.person)


def _budget(mission: Mission, records: tuple[RunRecord, ...]) -> dict[str, Money]:
    state = account(mission.limits, mission.spends, records, purchases=mission.purchases)
    return {
        category: Money(
            cap=state.cap(category) or Decimal(0),
            spent=state.spent.of(category),
            reserved=state.held.of(category),
            unknown_runs=state.spent.unknown if category == "usd" else 0,
        )
        for category in CATEGORIES
    }


def _currency(ctx: Context, mission: Mission, records: tuple[RunRecord, ...]) -> Converted | None:
    state = account(mission.limits, mission.spends, records, purchases=mission.purchases)
    return converted(ctx.settings.currency, spent=state.spent.usd, reserved=state.held.usd, cap=state.limits.usd)


def change_of(state: StateStore, address: Address, revisions: str = "") -> Changes:
    """Return what changed since a revision, or between two (`A..B`); without one, in the mission's last commit."""
    from mission_cli.document.merging.difference import differences
    from mission_cli.document.reading.placed import load_placed

    stored = address.stored
    old, _, new = revisions.partition("..")
    if not old:
        last = state.history(stored, limit=1)
        new = new or (last[0].commit if last else "")
        old = f"{new}^"
    after = state.text_at(stored, new) if new else stored.text
    before = state.text_at(stored, old)
    found = differences(load_placed(before, stored.id), load_placed(after, stored.id))
    return Changes(address.mission.id, old, new or "now", found)
