"""Advance an open pull request: answer, give failures to a worker, update it, and merge it when nothing blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, one_line, parse_stamp, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.facts import CheckOutcome, Rules
from mission_cli.domain.forge.gate import Blocker, approves, blocks, gating
from mission_cli.domain.forge.rows import MISSION, TODO, Handled
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import NO_ADVICE, advise, do, joined
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.core.approvals import landing_is_approved
from mission_cli.planner.core.effects import MergePull, RerunCheck, Turn, TurnPull
from mission_cli.planner.core.moves.features import MoveFeature
from mission_cli.planner.core.phases import lands_later
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.pulls.fixes import fix_for_milestone
from mission_cli.planner.pulls.judged import is_judged
from mission_cli.planner.pulls.news import News, check_key, handed, news_of, replies

if TYPE_CHECKING:
    from mission_cli.domain.forge.gate import Block
    from mission_cli.planner.pulls.subject import Subject

_FOR_PERSON = frozenset({Blocker.LOCKED, Blocker.CHECK_ACTION, Blocker.CHECK_FAILED})
"""What only a person can clear; what a worker can do about failed checks is done before."""
_MOST_QUEUED = 2
_LONGEST = 200


def advance(subject: Subject) -> None:
    """Decide what comes next for a pull request whose branch is at the forge and whose work is judged."""
    row, look = subject.row, subject.look
    if subject.facts.pull.head != look.tip:
        subject.hold("the forge is asked about the new commit next")
        return
    rules = subject.forge.rules or Rules()
    _keep_current(subject)
    subject.draft.effects += replies(subject)
    if _start_again(subject, rules):
        return
    news = news_of(subject, rules)
    if news:
        _give_to_worker(subject, news)
        return
    if _is_updated(subject, rules):
        return
    found = blocks(subject.facts, rules, expects_checks=subject.forge.has_workflows)
    if found:
        _wait(subject, found)
    elif look.facts is not None and (look.facts.queued or look.facts.auto_merge):
        subject.hold("it is in the merge queue" if look.facts.queued else "the forge merges it when its rules allow it")
    elif look.refused:
        words = f"the forge does not merge it: {one_line(look.refused, _LONGEST)}"
        subject.hold(words, unblock=advise("merge it at the forge: ", row.url), person=True)
    elif _may_merge(subject) and (subject.feature is None or is_judged(subject, Sha(row.head), look.tree, "")):
        _merge(subject, queue=rules.queue)


def _merge(subject: Subject, *, queue: bool) -> None:
    """Have the forge merge it; what a merge queue removed twice, a person looks at."""
    row, head = subject.row, Sha(subject.facts.pull.head)
    tries = sum(row.has(Handled.QUEUED, f"{head[:12]} {number}") for number in range(1, _MOST_QUEUED + 1))
    if queue and tries == _MOST_QUEUED:
        unblock = advise("look at its checks in the queue: ", row.url)
        subject.hold("it was removed from the merge queue twice", unblock=unblock, person=True)
        return
    why = f"merge {row.name} at {head[:7]}"
    if queue:
        why = f"add {row.name} to the merge queue at {head[:7]}"
        subject.note(why, row.noting(Handled.QUEUED, f"{head[:12]} {tries + 1}"))
    subject.draft.effects.append(MergePull(row.subject, row.number, head, queue, why))


def _keep_current(subject: Subject) -> None:
    """Keep the description current, and mark the pull request of a finished mission as ready."""
    row = subject.row
    if not subject.look.described:
        why = f"update the description of {row.name}"
        subject.draft.effects.append(TurnPull(row.subject, row.number, Turn.DESCRIBE, why))
    if row.subject == MISSION and _is_finished(subject) and subject.facts.pull.draft:
        why = f"{row.name} is ready: every milestone has passed"
        subject.draft.effects.append(TurnPull(row.subject, row.number, Turn.READY, why))


def _is_finished(subject: Subject) -> bool:
    return all(milestone.finished for milestone in subject.draft.mission.milestones)


def _start_again(subject: Subject, rules: Rules) -> bool:
    """Start checks again that did not judge the work, once each; True if one was."""
    row, facts = subject.row, subject.facts
    for check in gating(facts, rules):
        key = check_key(check, facts)
        if check.outcome is CheckOutcome.INFRASTRUCTURE and check.id and not row.has(Handled.RERUN, key):
            why = f"`{one_line(check.name, _LONGEST)}` of {row.name} did not judge the work and is started again"
            subject.note(why, row.noting(Handled.RERUN, key))
            subject.draft.effects.append(RerunCheck(row.subject, check, why))
            return True
    return False


def _give_to_worker(subject: Subject, news: News) -> None:
    """Give everything to one fix attempt; after too many rounds to a person."""
    row, draft, mission = subject.row, subject.draft, subject.draft.mission
    over = _is_too_much(subject, news)
    if over:
        unblock = advise(do("retry", subject.address), " tries once more; or fix it at the forge: ", row.url)
        subject.hold(f"{news.words}; {over}", unblock=unblock, person=True)
        return
    given = row
    for what, key in handed(subject, news):
        given = given.noting(what, key)
    why = f"{row.name} goes back to a worker: {news.words}"
    if subject.feature is not None:
        to = move_feature(FeatureStatus.REVIEW, FeatureStatus.PENDING)
        draft.transitions.append(MoveFeature(subject.feature.number, to, why))
    elif subject.milestone is not None:
        draft.transitions += fix_for_milestone(draft, subject, news, why)
    else:
        subject.hold(news.words, unblock=do("add", mission.id), person=True)
        return
    subject.write(EventKind.PULL_RETURNED, why, given)


def _is_too_much(subject: Subject, news: News) -> str:
    """Return why a person has to look first, or the empty string."""
    row, policy = subject.row, subject.draft.policy
    if news.opinions and row.count(Handled.OPINIONS) >= policy.opinion_rounds:
        return f"{counted(policy.opinion_rounds, 'round')} of reviews did not settle it"
    if news.checks and row.count(Handled.CHECK) >= policy.attempts:
        return f"{counted(row.count(Handled.CHECK), 'failed check')} did not lead to green ones"
    if news.conflicts and row.count(Handled.CONFLICT) > policy.conflicts:
        return f"it conflicted {row.count(Handled.CONFLICT)} times"
    return ""


def _is_updated(subject: Subject, rules: Rules) -> bool:
    """Merge the base into the branch if the forge demands it, after judging the merge; True while that goes on."""
    look, row = subject.look, subject.row
    wanted = {Blocker.CONFLICT, Blocker.BEHIND}
    demanded = any(b.kind in wanted for b in blocks(subject.facts, rules, expects_checks=False))
    if look.update is None or not demanded:
        return False
    if look.update.commit is None:
        subject.hold(f"it conflicts with `{row.base}` in {', '.join(look.update.conflicts[:3])}")
        return True
    if is_judged(subject, look.update.commit, look.update_tree, f"merged with {row.base}: "):
        now = stamp(subject.draft.observation.now)
        updated = replace(row.noting(Handled.HEAD, row.head[:12]), head=look.update.commit, since=now)
        subject.note(f"{row.name} takes the commits of {row.base} along", updated)
    return True


def _wait(subject: Subject, found: tuple[Block, ...]) -> None:
    """Hold it for what blocks it; a check that never starts is asked for once, then a person is."""
    first, row = found[0], subject.row
    words = f"{first.text} ({first.who})"
    if first.kind is Blocker.DRAFT and row.subject == MISSION and not _is_finished(subject):
        words = "it stays a draft until every milestone has passed"
    if all(block.kind is Blocker.CHECK_MISSING for block in found) and _is_overdue(subject):
        if not row.has(Handled.REOPENED):
            why = f"{row.name} is closed and opened again, so that its checks start: {first.text}"
            subject.note(why, row.noting(Handled.REOPENED))
            subject.draft.effects.append(TurnPull(row.subject, row.number, Turn.RESTART, why))
            return
        unblock = advise("start it at the forge, or change what is required: ", row.url)
        subject.hold(f"{first.text}, not even after it was opened again", unblock=unblock, person=True)
    elif first.kind in _FOR_PERSON:
        again = do("retry", subject.address) if first.kind is Blocker.CHECK_FAILED and subject.feature else NO_ADVICE
        unblock = joined([advise("look at it: ", row.url), again], "; or ")
        subject.hold(first.text, unblock=unblock, person=True)
    else:
        subject.hold(words)


def _is_overdue(subject: Subject) -> bool:
    since = parse_stamp(subject.row.since)
    draft = subject.draft
    return since is not None and draft.observation.since(since) >= draft.policy.checks_grace * (
        2 if subject.row.has(Handled.REOPENED) else 1
    )


def _may_merge(subject: Subject) -> bool:
    """Whether somebody wants it merged: the mission lands by itself, or a person approved it here or at the forge."""
    mission, facts, repository = subject.draft.mission, subject.facts, subject.forge.repository
    if repository is not None and not repository.may_push:
        subject.hold("nothing blocks it (someone with write access merges it)")
        return False
    later = lands_later(mission) if subject.row.subject != TODO else None
    if later is not None:
        subject.hold(f"nothing blocks it, but {later.text}", unblock=later.remedy)
        return False
    approved = any(
        subject.row.head.startswith(a.commit) or facts.pull.head.startswith(a.commit) for a in mission.landings
    )
    approved = approved or landing_is_approved(mission, subject.draft.observation.phase)
    if mission.preferences.land == "auto" or approved or any(approves(r, facts) for r in facts.reviews):
        return True
    unblock = advise(do("land", mission.id), ", or approve or merge it at the forge: ", subject.row.url)
    subject.hold("nothing blocks it, and it waits for you to land it", unblock=unblock, person=True)
    return False
