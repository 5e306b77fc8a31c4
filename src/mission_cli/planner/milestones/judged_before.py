"""Judge the work with the test files of the base, if the work changed test files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import first_error, one_line
from mission_cli.domain.status import CriterionKind, HoldKind, Verdict
from mission_cli.planner.core.requests import Question, answer_to, ask, find_request
from mission_cli.planner.milestones.judging import judge, start_checks
from mission_cli.planner.milestones.judgment import Judged, says_yes
from mission_cli.planner.milestones.meant import ACCEPT_CHANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.branches.against import Against
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.planner.core.draft import Draft

_RUN = frozenset({CriterionKind.RUN, CriterionKind.METRIC})
_MOST_NAMES = 10
_LONGEST_PROMPT = 480
_PLAIN = str.maketrans({"`": "'", "|": "/", "<": "(", ">": ")"})


@dataclass(slots=True)
class Before:
    """The result with the test files of the base: open, failed or passed."""

    open: bool = False
    against: str = ""
    """Why the work is not accepted; empty while it is."""
    known: list[Judged] = field(default_factory=list)
    red: list[Judged] = field(default_factory=list)
    """The criteria that fail with the test files of the base."""

    @property
    def failures(self) -> list[Judged]:
        """`red` as failures, each with `against` in front of its output."""
        return [replace(j, verdict=Verdict.FAILED, detail=f"{self.against}\n{j.detail}") for j in self.red]

    @property
    def good(self) -> bool:
        """Whether the work is accepted."""
        return not self.open and not self.against


def as_before(
    draft: Draft, against: Against, criteria: Sequence[Criterion], *, owner: str, about: str, turn: str = ""
) -> Before:
    """Judge with the test files of the base if the work changed them; ask a person if only they can decide."""
    before = Before()
    runnable = [c for c in criteria if c.kind in _RUN]
    if against.commit is not None and runnable:
        judgment = judge(draft, runnable, owner=owner, commit=against.commit, tree=against.tree, turn=turn)
        start_checks(draft, judgment)
        before.known, before.open = judgment.known, not judgment.over
        if before.open:
            return before
        before.red = [j for j in judgment.known if not j.passes]
    if before.red and not against.person:
        first = before.red[0]
        words = one_line(first_error(first.detail)) or str(first.verdict)
        before.against = f"with {_names(against.restored)} as on the base, {first.criterion.text}: {words}"
    elif before.red or against.lost_tests:
        _ask(draft, against, before, owner, about)
    return before


def _ask(draft: Draft, against: Against, before: Before, owner: str, about: str) -> None:
    lost = [name.replace(": ", " ") for name in against.lost_tests]
    red = [f"{path} (fails as it is on the base)" for path in against.restored] if before.red else []
    words = one_line(f"{about}{ACCEPT_CHANGE}: {_names([*lost, *red])}", _LONGEST_PROMPT).translate(_PLAIN)
    found = find_request(draft.mission, owner, words)
    if found is not None and not found.open:
        if not says_yes(found.response):
            before.against = f"a person did not {ACCEPT_CHANGE} ({found.response}): {_names([*lost, *red])}"
        return
    before.open = True
    why = "tests or checks of the base were changed"
    asked = found or ask(draft, Question(owner, words, ("accept", "reject"), why))
    help_by = answer_to(draft.mission, asked)
    draft.hold(owner, HoldKind.REQUEST, f"a person has to answer: {words}", unblock=help_by, person=True)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
