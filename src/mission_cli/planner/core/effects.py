"""Effects: what a round starts, stops and moves outside of the mission file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.planner.core.moves.drafts import PromoteDraft
from mission_cli.planner.core.moves.mails import MailEffect
from mission_cli.planner.core.moves.purchases import PurchaseEffect

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.forge.facts import Check
    from mission_cli.domain.ids import FeatureNumber, RunId, Sha


# Transitions


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit an intended attempt to the executor, again if necessary."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Recover a job whose supervisor died: end its processes, save the work, write the exit file."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a running attempt and keep its work."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class AskHost:
    """Find out, beside the pulse, whether a host can be reached again."""

    host: str
    why: str


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Judge one criterion on one commit."""

    key: str
    attempt: int
    criterion: Criterion
    commit: Sha
    why: str


@dataclass(frozen=True, slots=True)
class RunHook:
    """Run a command of the settings once, in a tree of a commit."""

    key: str
    attempt: int
    command: str
    commit: Sha
    facts: tuple[tuple[str, str], ...]
    """Variables of its environment."""
    timeout_s: int
    why: str


@dataclass(frozen=True, slots=True)
class Integrate:
    """Move `work` from `expect` to the candidate of an attempt."""

    run: RunId
    candidate: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MakeWork:
    """Create the branch of finished features at the base."""

    base: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MoveWork:
    """Move `work` to the commit that has the base merged in."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class PutBaseBack:
    """Move the base back to where it was before a worker moved it."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class Land:
    """Fast-forward the base to a commit that was judged."""

    commit: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class PushPull:
    """Push the judged commit to the branch of a pull request, on top of what is there. Never forces."""

    subject: str
    branch: str
    commit: Sha
    why: str


@dataclass(frozen=True, slots=True)
class OpenPull:
    """Open the pull request of a subject, unless one is open from its branch."""

    subject: str
    draft: bool
    why: str


class Turn(StrEnum):
    """What can be changed of a pull request."""

    READY = "ready"
    """Not a draft any more."""
    RESTART = "restart"
    """Closed and opened again, so that its checks start."""
    CLOSE = "close"
    DESCRIBE = "describe"
    """Title and description as they are now."""


@dataclass(frozen=True, slots=True)
class TurnPull:
    """Change one thing of a pull request."""

    subject: str
    number: int
    turn: Turn
    why: str


@dataclass(frozen=True, slots=True)
class MergePull:
    """Have the forge merge a pull request with this head, by its own rules."""

    subject: str
    number: int
    head: Sha
    queue: bool
    why: str


@dataclass(frozen=True, slots=True)
class ReplyPull:
    """Answer in a thread, once for each key."""

    subject: str
    number: int
    thread: str
    key: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class RerunCheck:
    """Start a check again that did not judge the work."""

    subject: str
    check: Check
    why: str


@dataclass(frozen=True, slots=True)
class TidyPull:
    """Retarget the pull requests on a merged branch, then delete it."""

    subject: str
    number: int
    branch: str
    base: str
    why: str


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """Open the issue of a feature, unless it was opened before."""

    feature: FeatureNumber
    why: str


@dataclass(frozen=True, slots=True)
class CloseIssue:
    """Close the issue of a feature with a comment, unless it is closed."""

    feature: FeatureNumber
    number: int
    comment: str
    why: str


@dataclass(frozen=True, slots=True)
class StartPreview:
    """Submit the job of a preview, again if necessary: a second submission only ends what is left of the first one."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class CleanPreview:
    """Run the cleanup command for a preview whose job has ended."""

    number: int
    why: str


class DeployPart(StrEnum):
    """The commands of a deployment."""

    DEPLOY = "deploy"
    HEALTH = "health"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class RunDeploy:
    """Submit a job of a deployment, again if necessary: deploying and rolling back start once."""

    number: int
    part: DeployPart
    attempt: int
    """Which try of the health check; the others have one."""
    why: str

    @property
    def is_check(self) -> bool:
        """Whether its job takes a slot for checks."""
        return self.part is DeployPart.HEALTH


ForgeEffect = PushPull | OpenPull | TurnPull | MergePull | ReplyPull | RerunCheck | TidyPull | OpenIssue | CloseIssue
PreviewEffect = StartPreview | CleanPreview
OutsideEffect = MailEffect | PurchaseEffect | RunDeploy
CodeEffect = PromoteDraft | Integrate | MakeWork | MoveWork | PutBaseBack | Land
Effect = (
    Submit | Recover | Cancel | AskHost | RunCheck | RunHook | CodeEffect | ForgeEffect | PreviewEffect | OutsideEffect
)
