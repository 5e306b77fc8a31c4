"""Results of commands that change a mission, or stop and resume everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import PASSES, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.outlook import Outlook
    from mission_cli.document.merging.difference import Difference
    from mission_cli.domain.ids import MissionId, RunId, Sha
    from mission_cli.domain.problems import Problem
    from mission_cli.domain.status import CriterionKind
    from mission_cli.ports.runtime import Stopped


@dataclass(frozen=True, slots=True)
class Changed:
    """What a command changed in a mission."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file; empty if nothing had to be changed."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question that a person was asked."""

    id: MissionId
    message: str
    commit: str
    number: int
    """Its number, with which it is answered."""


@dataclass(frozen=True, slots=True)
class AddedFeature:
    """A feature that was added to a mission."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file."""
    feature: str
    """Its number, N.M."""


@dataclass(frozen=True, slots=True)
class AddedMilestone:
    """A milestone that was added to a mission."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file."""
    milestone: int


@dataclass(frozen=True, slots=True)
class HeldOutCriterion:
    """A criterion that workers do not see."""

    number: int
    milestone: int
    text: str | None
    """Null if the key of this user does not open it."""
    results: str
    """Its verdicts, the first one first; empty before its milestone is validated."""


@dataclass(frozen=True, slots=True)
class HeldOutCriteria:
    """The held-out criteria of a mission."""

    id: MissionId
    criteria: tuple[HeldOutCriterion, ...]


@dataclass(frozen=True, slots=True)
class MovedFeature:
    """A feature that was moved to another milestone."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file; empty if it is in that milestone already."""
    was: str
    """Its number before, N.M."""
    feature: str
    """Its number now."""


@dataclass(frozen=True, slots=True)
class Started:
    """A mission that was started."""

    id: MissionId
    status: str
    """active, or the status of a mission that waits for its schedule."""
    warnings: Sequence[Problem]
    """What weakens its criteria or has no effect."""
    kept: Sequence[str]
    """Parts of the file that nothing acts on."""
    outlook: Outlook
    """What was known before it started."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What `mission edit` saved."""

    id: MissionId
    commit: str
    """The commit of the mission file; empty if nothing was changed."""


@dataclass(frozen=True, slots=True)
class HandedBack:
    """A feature that a person gave back to the loop."""

    id: MissionId
    message: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a person works on a feature that they have taken over, and with what."""

    id: str
    feature: str
    run: RunId
    path: str
    """The folder to work in."""
    branch: str
    session: str
    """The agent's own id of the conversation; empty if there is none."""
    command: tuple[str, ...]
    """The program that opens it, with its arguments."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision that was taken back."""

    id: str
    subject: str
    """Subject of the commit that was taken back."""
    events: tuple[str, ...]
    """The kinds of events that it recorded."""
    undone: Sha
    commit: Sha
    """The commit that takes it back."""
    changes: Sequence[Difference]
    note: str = ""
    """What follows from it, if that is known."""


@dataclass(frozen=True, slots=True)
class JudgedCriterion:
    """One criterion with its verdict."""

    text: str
    kind: CriterionKind
    verdict: Verdict
    detail: str
    """The end of its output, or what a person wrote."""


@dataclass(frozen=True, slots=True)
class Validated:
    """The judgment of a milestone."""

    milestone: int
    commit: Sha
    """The commit that was judged."""
    criteria: Sequence[JudgedCriterion]
    needs_person: Sequence[str]
    """Questions that only a person can answer."""

    @property
    def outcome(self) -> str:
        """passed, failed, could_not_run or needs_person."""
        verdicts = {one.verdict for one in self.criteria}
        if not verdicts or Verdict.COULD_NOT_RUN in verdicts:
            return "needs_person" if self.needs_person and not verdicts else "could_not_run"
        if not verdicts <= PASSES:
            return "failed"
        return "needs_person" if self.needs_person else "passed"


@dataclass(frozen=True, slots=True)
class AllStopped:
    """STOP was set in a repository (`mission stop --all`)."""

    stopped: Stopped | None
    """null if another process has lifted it since."""
    ended: Sequence[str]
    """Keys of the jobs that were told to end."""


@dataclass(frozen=True, slots=True)
class StopLifted:
    """STOP was lifted (`mission resume --all`)."""

    lifted: bool
    """False if it was not set."""


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a changed plan does with the part of a mission that has not begun."""

    id: MissionId
    message: str
    commit: str
    """The commit of the mission file; empty: nothing was applied."""
    changes: Sequence[str]
    """By meaning, a line each."""
    plan: str
    """The rest of the mission as a plan: as proposed, or without a proposal as it is."""
    cost: str
    """What the model cost; empty: none was asked."""
