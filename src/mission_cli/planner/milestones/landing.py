"""The end of a mission: final validation, landing, completion; and features that a person set to done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, first_error, one_line
from mission_cli.domain.branches.against import LOOK_AT_CHANGES
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.rows import TODO
from mission_cli.domain.ids import feature_number
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.table import current
from mission_cli.domain.status import (
    Cause,
    FeatureStatus,
    HoldKind,
    MilestoneStatus,
    MissionStatus,
    RecoveryStatus,
    Verdict,
)
from mission_cli.planner.core.approvals import landing_is_approved
from mission_cli.planner.core.effects import Land
from mission_cli.planner.core.moves.features import CloseRecovery
from mission_cli.planner.core.moves.milestones import MoveMilestone
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.phases import is_landing, lands_later
from mission_cli.planner.core.requests import FINAL
from mission_cli.planner.core.transitions import move_milestone
from mission_cli.planner.core.waits import idle_gates
from mission_cli.planner.deploys.plan import unsettled
from mission_cli.planner.judgments.telling import is_being_told
from mission_cli.planner.mails.outgoing import unsent
from mission_cli.planner.milestones.fixes import fix_features
from mission_cli.planner.milestones.judged_before import as_before
from mission_cli.planner.milestones.judging import judge, start_checks, turn_of
from mission_cli.planner.milestones.judgment import for_file
from mission_cli.planner.milestones.milestones import apart, current_milestones, passed_criteria, without_base
from mission_cli.planner.mission.executions import ended
from mission_cli.planner.purchases.state import unpaid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.branches.against import Against
    from mission_cli.domain.branches.landing import Landing
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Milestone
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judged_before import Before
    from mission_cli.planner.milestones.judgment import Judged, Judgment


def recoveries(draft: Draft) -> None:
    """Close safety stops whose feature has been done or skipped since."""
    for row in draft.mission.recoveries:
        number = feature_number(row.feature)
        feature = draft.mission.feature(number) if number else None
        if row.open and number and (feature is None or feature.finished):
            gone = feature is None or feature.status is FeatureStatus.SKIPPED
            to = RecoveryStatus.SKIPPED if gone else RecoveryStatus.RECOVERED
            if not any(isinstance(m, CloseRecovery) and m.feature == number for m in draft.transitions):
                draft.transitions.append(CloseRecovery(number, to, f"{number} is {to}"))


def by_hand(draft: Draft) -> None:
    """Log once each feature that a person set to done in the file; its milestone is judged all the same."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    for milestone in current_milestones(draft.mission):
        for feature in milestone.features:
            proven = any(r.cause is Cause.DONE or r.open for r in draft.records_of(feature.number))
            if (
                feature.status is FeatureStatus.DONE
                and not proven
                and not is_noted(draft.mission, EventKind.FEATURE_BY_HAND, feature.number)
            ):
                who = draft.observation.editor or "a person"
                draft.transitions.append(
                    Note(EventKind.FEATURE_BY_HAND, f"{feature.number} was set to done by {who}", (feature.number,))
                )


def finish(draft: Draft) -> None:
    """Land what may land; when every milestone is finished, judge everything once more and complete the mission."""
    mission = draft.mission
    if mission.status is not MissionStatus.ACTIVE or not mission.milestones or lands_later(mission) is not None:
        return
    done = all(m.finished for m in mission.milestones)
    if done and any(isinstance(m, MoveMilestone) for m in draft.transitions):
        return
    if done and draft.trailing:  # what is merged for it is judged with everything else, once
        draft.hold("", HoldKind.FORGE, "; ".join(draft.trailing), until=draft.observation.forge.again)
        return
    if done and (unsent(mission) or unpaid(mission)):
        return  # what each mail or purchase waits for is a hold of its own
    if done and (_is_lost(draft) or not _finally_valid(draft) or _gated(draft)):
        return
    landed = _land(draft, asks=done or is_landing(mission))
    if not done or current(mission.phases) is not None:
        return
    if any(r.open for r in mission.recoveries):
        unblock = do("edit", mission.id)
        draft.hold("", HoldKind.RECOVERY, "a safety stop is still open", unblock=unblock, person=True)
    elif draft.open_records():
        draft.hold("", HoldKind.RUNNING, "an attempt is still open")
    elif landed and not unsettled(draft) and not is_being_told(draft):  # a deployment that waits is a hold of its own
        words = "every milestone passed, the final validation passed, and the work has landed"
        draft.transitions.append(replace(ended(draft, words), verdicts=_final_verdicts(draft)))


def _final_verdicts(draft: Draft) -> tuple[tuple[RecordedVerdict, str], ...]:
    now, work = draft.observation.now, draft.observation.work
    return for_file(_judge_all(draft, work, draft.observation.work_tree)[0].known, now) if work is not None else ()


def _is_lost(draft: Draft) -> bool:
    """Hold the end if the finished work or its base cannot be found: what has to land is then unknown."""
    observation, mission = draft.observation, draft.mission
    if observation.landing.state is LandState.LANDED or not any(r.cause is Cause.DONE for r in observation.records):
        return False
    passed = [m for m in mission.milestones if m.status is MilestoneStatus.PASSED and m.passed_at]
    if observation.base is None:
        without_base(draft)
    elif observation.work is None:
        branch = work_branch(mission.id)
        at = passed[-1].passed_at if passed else "COMMIT"
        words = f"the branch `{branch}` does not exist"
        draft.hold("", HoldKind.WORK, words, unblock=advise(f"git branch {branch} {at}"), person=True)
    elif passed and observation.target is None:
        words = f"the commit {passed[-1].passed_at}, on which milestone {passed[-1].number} passed, is missing"
        draft.hold(
            "", HoldKind.WORK, words, unblock=advise("git fetch, or ", do("retry", f"{mission.id}/N.M")), person=True
        )
    else:
        return False
    return True


def _gated(draft: Draft) -> bool:
    """Hold the end if a gate that blocks no feature is not open."""
    held = list(idle_gates(draft))
    draft.holds += held
    draft.wakes += [hold.until for hold in held if hold.until and hold.until > draft.observation.now]
    return bool(held)


def _finally_valid(draft: Draft) -> bool:
    observation = draft.observation
    if observation.work is None:
        return True
    judgment, sources = _judge_all(draft, observation.work, observation.work_tree)
    start_checks(draft, judgment)
    if _cannot(draft, judgment):
        return False
    if not judgment.over:
        draft.hold(
            "",
            HoldKind.FINAL,
            f"final validation: {counted(len(judgment.known), 'criterion', 'criteria')} judged so far",
        )
        return False
    failed = judgment.having(Verdict.FAILED, Verdict.SKIPPED)
    if not failed:
        before = _as_before(draft, observation.work_against, sources, "")
        if before.against and not before.red:
            draft.pause(f"the final validation was not accepted: {before.against}")
        elif before.against:
            failed = before.failures
        elif before.open:
            words = "final validation: it is also being judged with the test files of the base"
            draft.hold("", HoldKind.FINAL, words)
        if not failed:
            return before.good
    _reopen(draft, failed, sources)
    return False


def _as_before(draft: Draft, against: Against, sources: Mapping[Criterion, Milestone], about: str) -> Before:
    """Judge everything that the milestones passed by with the test files of the base."""
    return as_before(draft, against, tuple(sources), owner=FINAL, about=about, turn=turn_of(draft.mission))


def _reopen(draft: Draft, failed: Sequence[Judged], sources: Mapping[Criterion, Milestone]) -> None:
    """Reopen the milestones whose criteria failed, with a fix feature for each failure."""
    for milestone in {sources[j.criterion].number: sources[j.criterion] for j in failed}.values():
        mine = [j for j in failed if sources[j.criterion].number == milestone.number]
        move_milestone(MilestoneStatus.PASSED, MilestoneStatus.ACTIVE)
        draft.transitions += fix_features(draft, milestone, mine)
        why = f"final validation failed: {mine[0].criterion.text}: {one_line(first_error(mine[0].detail))}"
        rounds = milestone.rounds + 1
        draft.transitions.append(MoveMilestone(milestone.number, MilestoneStatus.ACTIVE, why, rounds=rounds))
        if rounds >= draft.policy.validation_rounds:
            draft.pause(why)


def _cannot(draft: Draft, judgment: Judgment) -> bool:
    stuck = judgment.having(Verdict.COULD_NOT_RUN)
    if stuck:
        draft.pause(f"`{stuck[0].criterion.text}` cannot be run: {one_line(first_error(stuck[0].detail))}")
    return bool(stuck)


def _judge_all(draft: Draft, commit: Sha, tree: str) -> tuple[Judgment, dict[Criterion, Milestone]]:
    sources = passed_criteria(draft, tree)
    turn = turn_of(draft.mission)
    return judge(draft, list(sources), owner=FINAL, commit=commit, tree=tree, turn=turn), sources


def _land(draft: Draft, *, asks: bool) -> bool:
    """Land if it is automatic or approved; True when nothing is left to land. `asks`: a person is asked otherwise."""
    landing, mission = draft.observation.landing, draft.mission
    if landing.state in {LandState.LANDED, LandState.NOTHING}:
        return not any(row.going and row.subject != TODO for row in mission.pulls)
    if mission.proposes:
        return False  # by a pull request, which holds the mission
    passed = any(m.status is MilestoneStatus.PASSED for m in mission.milestones)
    automatic = mission.preferences.land == "auto" and (passed or mission.poc)
    if not automatic and not _approved(draft):
        if asks:
            draft.hold(
                "",
                HoldKind.LANDING,
                _for_your_look(draft),
                unblock=do("land", mission.id),
                person=True,
            )
        return False
    if landing.conflicts or landing.commit is None or draft.observation.base is None:
        found = apart(mission, landing.conflicts)
        draft.hold("", HoldKind.LANDING, found.text, unblock=found.remedy, person=True)
        return False
    if landing.obstacle:
        draft.hold(
            "",
            HoldKind.LANDING,
            landing.obstacle,
            unblock=advise("move it out of the way; landing follows by itself"),
            person=True,
        )
        return False
    if landing.state is LandState.MERGE and not mission.poc and not _merge_is_good(draft, landing, landing.commit):
        return False
    why = f"land {landing.commit[:7]} on {mission.base}"
    draft.effects.append(Land(landing.commit, draft.observation.base, why))
    return False


def lands_now(draft: Draft) -> bool:
    """Whether a part of a POC lands in this round."""
    landing, mission = draft.observation.landing, draft.mission
    waits = landing.state in {LandState.LANDED, LandState.NOTHING} or landing.conflicts or landing.obstacle
    ready = landing.commit is not None and draft.observation.base is not None and not waits
    return mission.poc and mission.preferences.land == "auto" and ready and lands_later(mission) is None


def _for_your_look(draft: Draft) -> str:
    """Return that the work waits for a person, with the tests and checks that it changed."""
    found = draft.observation.work_against.findings
    more = f"; {LOOK_AT_CHANGES}{'; '.join(found[:5])}" if found else ""
    return f"everything is done and waits for you to land it{more}"


def _last_done(draft: Draft) -> str:
    """Return the last feature that was done: if the base stays as it is, retrying it lets a worker fix the merge."""
    return next((f.number for f in reversed(list(draft.mission.features())) if f.status is FeatureStatus.DONE), "1.1")


def _approved(draft: Draft) -> bool:
    target = draft.observation.target or ""
    if landing_is_approved(draft.mission, draft.observation.phase):
        return True
    return any(target.startswith(a.commit) for a in draft.mission.landings)


def _merge_is_good(draft: Draft, landing: Landing, commit: Sha) -> bool:
    """Judge the merge with a base that has moved, because that is what would land; True if it passes."""
    judgment, sources = _judge_all(draft, commit, landing.tree)
    start_checks(draft, judgment)
    failed = judgment.having(Verdict.FAILED, Verdict.SKIPPED, Verdict.COULD_NOT_RUN)
    merged = f"merged with {draft.mission.base}"
    if failed:
        error = one_line(first_error(failed[0].detail))
        _not_as_merged(draft, f"{merged}, {failed[0].criterion.text} fails: {error}")
        return False
    if not judgment.over:
        draft.hold("", HoldKind.LANDING, "the merge with the base is being judged")
        return False
    before = _as_before(draft, landing.against, sources, f"{merged}: ")
    if before.against:
        _not_as_merged(draft, f"{merged}: {before.against}")
    elif before.open:
        draft.hold("", HoldKind.LANDING, "the merge with the base is also being judged with the test files of the base")
    return before.good


def _not_as_merged(draft: Draft, words: str) -> None:
    unblock = do("retry", f"{draft.mission.id}/{_last_done(draft)}")
    draft.hold("", HoldKind.LANDING, words, unblock=unblock, person=True)
