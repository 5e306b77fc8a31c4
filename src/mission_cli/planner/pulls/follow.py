"""Follow the pull requests of a mission: one decision for each of them in a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.facts import PullState
from mission_cli.domain.forge.rows import MISSION, TODO, Handled, Proposing, RowStatus
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import EXECUTABLE_KINDS, FeatureStatus, HoldKind, MilestoneStatus, MissionStatus
from mission_cli.planner.core.effects import MoveWork, OpenPull, PushPull, TidyPull, Turn, TurnPull
from mission_cli.planner.core.moves.features import MoveFeature
from mission_cli.planner.core.moves.outside import WritePull
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.pulls.judged import is_judged
from mission_cli.planner.pulls.merging import advance
from mission_cli.planner.pulls.rows import followed, propose, proposing, row_of
from mission_cli.planner.pulls.subject import Subject
from mission_cli.planner.pulls.todo import let_go, propose_todo

if TYPE_CHECKING:
    from mission_cli.planner.core.draft import Draft

_LONGEST = 120


def pulls(draft: Draft) -> None:
    """Propose what is judged, and follow each pull request until it is merged or closed."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    how = proposing(draft.mission)
    if how is Proposing.FEATURE:
        _follow_base(draft)
    elif how is not Proposing.NONE:
        _propose_milestones(draft, how)
    propose_todo(draft)
    again = draft.observation.forge.again
    rows = followed(draft.mission)
    if rows and again is not None and again > draft.observation.now:
        draft.wakes.append(again)
    written = {move.row.subject for move in draft.transitions if isinstance(move, WritePull)}
    for row in rows:
        if row.subject not in written:
            subject, held = Subject.of(draft, row), len(draft.holds)
            _follow(subject)
            if row.subject == TODO:
                let_go(subject, held)


def _follow_base(draft: Draft) -> None:
    """Move `work` on with the base: what is merged there is finished work."""
    merge, work = draft.observation.base_merge, draft.observation.work
    if work is not None and merge is not None and merge.commit is not None:
        why = f"finished work follows {draft.mission.base}"
        draft.effects.append(MoveWork(merge.commit, work, why))


def _propose_milestones(draft: Draft, how: Proposing) -> None:
    """Propose the commit on which the last milestone passed: for itself, or for the mission so far."""
    passed = [m for m in draft.mission.milestones if m.status is MilestoneStatus.PASSED]
    target = draft.observation.target
    if not passed or target is None or draft.observation.landing.state is LandState.LANDED:
        return
    subject = MISSION if how is Proposing.MISSION else str(passed[-1].number)
    if how is Proposing.MILESTONE and any(r.going and r.subject not in {subject, TODO} for r in draft.mission.pulls):
        return  # the pull request of the milestone before comes first
    row = row_of(draft.mission, subject)
    known = row is not None and (row.head == target or row.has(Handled.HEAD, target[:12]))
    if row is None or not known or row.status is RowStatus.DONE:
        propose(draft, subject, target, f"milestone {passed[-1].number} passed and is to be merged by the forge")


def _follow(subject: Subject) -> None:
    draft, row, look, forge = subject.draft, subject.row, subject.look, subject.forge
    if row.status is RowStatus.MERGED:
        _tidy(subject)
        return
    if subject.is_dropped and not row.number:
        closed = replace(row, status=RowStatus.CLOSED)
        subject.write(EventKind.PULL_CLOSED, f"no pull request is opened for {row.subject}: it is skipped", closed)
        return
    if forge.trouble is not None:
        until = None if forge.person else forge.again
        words = f"{row.name} waits: {forge.trouble.text}"
        unblock = forge.trouble.remedy
        draft.hold(subject.about, HoldKind.FORGE, words, until=until, unblock=unblock, person=forge.person)
    elif not look.known:
        subject.hold("the forge is asked about it next")
    elif look.facts is None:
        _begin(subject)
    elif row.number != look.facts.pull.number:
        opened = replace(row, number=look.facts.pull.number, url=look.facts.pull.url, status=RowStatus.OPEN)
        subject.write(EventKind.PULL_OPENED, f"{opened.name} is open: {opened.url}", opened)
    elif subject.state is PullState.OPEN:
        _open(subject)
    elif look.arrived:
        _merged(subject)
    else:
        _lost(subject)


def _begin(subject: Subject) -> None:
    """Push the branch, then open the pull request."""
    row = subject.row
    if not subject.in_review:
        return
    if row.status is not RowStatus.PLANNED:
        words = f"{row.name} no longer exists at the forge"
        unblock = advise(do("retry", subject.address), " opens another one")
        subject.hold(words, unblock=unblock, person=True)
    elif not subject.look.pushed:
        _push(subject)
    else:
        draft = row.subject == MISSION and not all(m.finished for m in subject.draft.mission.milestones)
        why = f"open a pull request for {row.subject} from {row.branch}"
        subject.draft.effects.append(OpenPull(row.subject, draft, why))


def _push(subject: Subject) -> None:
    row = subject.row
    why = f"push {row.head[:7]} to {row.branch}"
    subject.draft.effects.append(PushPull(row.subject, row.branch, Sha(row.head), why))


def _open(subject: Subject) -> None:
    """Advance a pull request that is open at the forge."""
    row, look = subject.row, subject.look
    if subject.is_dropped:
        why = f"close {row.name}: {row.subject} is skipped"
        subject.draft.effects.append(TurnPull(row.subject, row.number, Turn.CLOSE, why))
    elif row.status is RowStatus.THEIRS:
        if not look.foreign:
            subject.write(EventKind.PULL_RETURNED, f"{row.name} is ours again", replace(row, status=RowStatus.OPEN))
        else:
            _theirs(subject)
    elif look.foreign:
        why = f"someone pushed to {row.branch}: {row.name} is theirs now"
        subject.write(EventKind.PULL_TAKEN, why, replace(row, status=RowStatus.THEIRS))
    elif row.status is not RowStatus.OPEN:
        subject.write(EventKind.PULL_OPENED, f"{row.name} is open", replace(row, status=RowStatus.OPEN))
    elif not subject.in_review:
        return
    elif not look.pushed:
        _push(subject)
    else:
        advance(subject)


def _theirs(subject: Subject) -> None:
    words = f"someone pushed to `{subject.row.branch}`, so nothing is done with it until it is merged or closed"
    unblock = advise("merge or close it at the forge: ", subject.row.url)
    if subject.feature is not None:
        unblock = advise(do("handback", subject.address), " judges what they pushed")
    subject.hold(words, unblock=unblock, person=True)


def _merged(subject: Subject) -> None:
    """Record that the base contains the work; a feature is done then."""
    row, feature = subject.row, subject.feature
    how = "was merged" if subject.state is PullState.MERGED else "was closed, and its changes are in the base"
    subject.write(EventKind.PULL_MERGED, f"{row.name} {how}", replace(row, status=RowStatus.MERGED))
    if feature is not None and feature.status is FeatureStatus.REVIEW and subject.in_review:
        to = move_feature(feature.status, FeatureStatus.DONE)
        subject.draft.transitions.append(MoveFeature(feature.number, to, f"{row.name} of {feature.number} is merged"))


def _lost(subject: Subject) -> None:
    """Hold a pull request that ended without its work in the base."""
    row = subject.row
    if subject.state is PullState.MERGED:
        _merged_otherwise(subject)
        return
    if row.status is not RowStatus.CLOSED:
        closed = replace(row, status=RowStatus.CLOSED)
        subject.write(EventKind.PULL_CLOSED, f"{row.name} was closed without a merge", closed)
        return
    feature = subject.feature
    if feature is not None and (feature.status is not FeatureStatus.REVIEW or not subject.in_review):
        return
    words, again = "it was closed without a merge", advise("open it again at the forge")
    if subject.look.gone:
        words = f"it was closed because its branch `{row.branch}` was deleted"
        again = advise("restore the branch and open it again at the forge")
    if feature is not None:
        again = advise(again, ", or ", do("retry", subject.address), ", or ", do("skip", subject.address))
    subject.hold(words, unblock=again, person=True)


def _merged_otherwise(subject: Subject) -> None:
    """Judge the base, where a person merged something else; what a milestone has beyond it is proposed again."""
    row, draft, feature = subject.row, subject.draft, subject.feature
    if feature is None:
        why = f"{row.name} was merged, without the newest commits"
        subject.write(EventKind.PULL_MERGED, why, replace(row, status=RowStatus.MERGED))
    elif not subject.in_review or draft.observation.work is None or draft.observation.base_merge is not None:
        subject.hold("it was merged with other changes than those that were judged")
    elif not any(c.kind in EXECUTABLE_KINDS for c in feature.criteria):
        words = f"it was merged, but `{row.base}` does not contain the changes that were judged"
        unblock = advise("look at it: ", row.url, "; then ", do("skip", subject.address), " or ")
        subject.hold(words, unblock=advise(unblock, do("retry", subject.address)), person=True)
    elif is_judged(subject, draft.observation.work, draft.observation.work_tree, "as it was merged: "):
        _merged(subject)


def _tidy(subject: Subject) -> None:
    """Delete the branch of a merged pull request, after those that are based on it were retargeted."""
    row = subject.row
    if subject.look.tidied:
        why = f"the branch of {row.name} is deleted, or stays because it is needed"
        subject.note(why, replace(row, status=RowStatus.DONE))
    elif subject.forge.trouble is None and subject.look.known:
        why = f"delete {one_line(row.branch, _LONGEST)}, which is merged"
        subject.draft.effects.append(TidyPull(row.subject, row.number, row.branch, row.base, why))
