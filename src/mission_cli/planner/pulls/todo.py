"""The pull request for `TODO.md`: it is merged like any other, and nothing waits for a person who does not merge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.gate import FORGE, PROGRAM, blocks
from mission_cli.domain.forge.rows import TODO, Handled, Proposing, RowStatus, key_of
from mission_cli.planner.core.moves.outside import WritePull
from mission_cli.planner.pulls.rows import propose, proposing, row_of

if TYPE_CHECKING:
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.pulls.subject import Subject

_TRAILING = "the pull request for TODO.md is merged first"


def propose_todo(draft: Draft) -> None:
    """Propose the commit that brings the list up to date, if there is one."""
    commit = draft.observation.todo
    row = row_of(draft.mission, TODO)
    if commit is None or proposing(draft.mission) is Proposing.NONE or (row and row.status is RowStatus.THEIRS):
        return
    propose(draft, TODO, commit, "TODO.md is to say how far the mission is")
    draft.trailing.append(_TRAILING)


def let_go(subject: Subject, held: int) -> None:
    """Take back the holds of the pull request for the list, those after the first `held`: only the log says them.

    The end of the mission waits for it as long as nobody but the program and the forge has to do something.
    """
    draft, row = subject.draft, subject.row
    holds, draft.holds[held:] = draft.holds[held:], []
    person = next((hold for hold in holds if hold.person), None)
    if person is None:
        if not _waits_for_somebody(subject):
            draft.trailing.append(_TRAILING)
        return
    key = key_of(person.detail)
    written = any(isinstance(move, WritePull) and move.row.subject == TODO for move in draft.transitions)
    if not row.has(Handled.SAID, key) and not written and subject.forge.trouble is None:
        why = f"{person.detail}; the mission does not wait for it"
        draft.transitions.append(WritePull(row.noting(Handled.SAID, key), EventKind.PULL_UPDATED, why))


def _waits_for_somebody(subject: Subject) -> bool:
    """Whether a rule of the forge needs a person, or has needed something for as long as checks may take to start."""
    look, forge, draft = subject.look, subject.forge, subject.draft
    since = parse_stamp(subject.row.since)
    if since is not None and draft.observation.since(since) >= draft.policy.checks_grace:
        return True
    if look.facts is None or forge.rules is None:
        return False
    found = blocks(look.facts, forge.rules, expects_checks=forge.has_workflows)
    return bool(found) and found[0].who not in {FORGE, PROGRAM}
