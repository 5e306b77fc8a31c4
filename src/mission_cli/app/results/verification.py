"""The result of `mission verify`: every verdict judged again, and what does not fit in the record."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.status import Verdict


class Outcome(StrEnum):
    """What came of judging a recorded verdict again."""

    SAME = "same"
    DIFFERS = "differs"
    CANNOT_RUN = "cannot run here"
    NO_COMMIT = "commit is not in this clone"
    CHANGED = "criterion is unknown"
    """No criterion of the mission, now or earlier, has the recorded hash."""
    PERSON = "judged by a person"
    """Only a person can judge it; this changes no exit status."""
    REVIEWERS = "judged by reviewers"
    """Agents judged it, and asking them again would cost money; their answers are in sealed run records."""


@dataclass(frozen=True, slots=True)
class VerifiedVerdict:
    """One recorded verdict, and what the same criterion says now on the same commit."""

    subject: str
    """Where it is recorded: an attempt such as `1.2-a1`, `milestone 1, validation`, or `landing`."""
    criterion: str
    commit: str
    recorded: Verdict
    outcome: Outcome
    now: Verdict | None = None
    detail: str = ""
    """Why it differs or cannot be run, or how to get the commit."""
    side: str = ""
    """`base` if it was judged with the test files of the base."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something in the record that does not fit: a changed byte, a verdict without evidence, a wrong sum."""

    where: str
    """A file, perhaps with a line, or a commit of the mission files."""
    what: str


@dataclass(frozen=True, slots=True)
class ContractChange:
    """A change of the criteria of a milestone after it had started."""

    commit: str
    at: str
    by: str
    what: str
    allowed: bool
    """Whether a person, or a rule that adds fix features, made it."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The criteria of a milestone and of its features, frozen when it started."""

    milestone: int
    at: str
    hash: str
    now: str
    """The hash of the present criteria; equal if nothing has changed."""
    criteria: int
    changes: Sequence[ContractChange]


@dataclass(frozen=True, slots=True)
class ChainLook:
    """The chain of a mission's commits."""

    links: int = 0
    """Commits with a link; all of them were compared."""
    since: str = ""
    """The first commit with a link; empty if an older version wrote them all."""


@dataclass(frozen=True, slots=True)
class SignatureLook:
    """What git says about the signatures of the commits of all mission files."""

    good: int
    none: int
    bad: int
    unknown: int
    """Signed by a key that git does not know."""
    unsigned: Sequence[str]
    """Commits without a signature after the first one that has one, newest first; 20 at most."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A mission, verified."""

    id: MissionId
    state: str
    """The commit of the mission files that was verified."""
    finished: bool
    verdicts: Sequence[VerifiedVerdict]
    misfits: Sequence[Misfit]
    contracts: Sequence[Contract]
    records: int
    """Run records that were read."""
    files: int
    """Evidence files that were read."""
    commits: int
    """Commits of the mission files that were read."""
    sums: int
    """Commits at which spend log, run records and summary were compared."""
    chain: ChainLook = ChainLook()
    signatures: SignatureLook | None = None
    """Null without `--history`."""

    @property
    def verified(self) -> bool:
        """Whether every verdict that can be judged again is the same, and nothing is misfit."""
        fine = {Outcome.SAME, Outcome.PERSON, Outcome.REVIEWERS}
        return not self.misfits and all(v.outcome in fine for v in self.verdicts)


@dataclass(frozen=True, slots=True)
class Difference:
    """One round in which this version decides something else."""

    commit: str
    """The commit of the state that recorded the round."""
    at: str
    """When it was decided."""
    recorded: Sequence[str]
    """What was decided then and is not now: the kind of the decision, and why."""
    now: Sequence[str]
    """What is decided now and was not then."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """All rounds of a mission with a commit, as far as they were recorded."""

    mission: str
    ticks: int
    """Rounds that were decided again."""
    unreadable: int
    """Rounds that cannot be decided again: written by another version, or on a commit that is gone."""
    since: str
    """When the first of them was decided; earlier ones are not kept. Empty if none can be read."""
    differences: Sequence[Difference]

    @property
    def same(self) -> bool:
        """Whether every round could be decided again, without a difference."""
        return not (self.differences or self.unreadable)
