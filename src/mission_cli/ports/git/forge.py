"""A forge: pull requests, checks, reviews and issues of one repository on GitHub, GitLab, Forgejo or the like.

Every method may contact the forge, and raises `ForgeError` if it cannot. A write may have arrived although its answer
was lost: each can be repeated, and looks first whether it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.memory import ForgeMemory

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.forge.facts import (
        Account,
        Check,
        Issue,
        Merged,
        MergeMethod,
        Pull,
        PullFacts,
        PullState,
        Repository,
        Rules,
    )
    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.upstream import Upstream


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request to open."""

    branch: str
    base: str
    title: str
    body: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Logins; a team is `owner/team`."""
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    """The title of an existing milestone; empty: none."""
    fork: str = ""
    """`owner/name` of the fork that the branch is in; empty: the repository itself."""


@dataclass(frozen=True, slots=True)
class PullChange:
    """What to change of a pull request; None: as it is."""

    title: str | None = None
    body: str | None = None
    base: str | None = None
    draft: bool | None = None
    state: PullState | None = None
    """OPEN reopens, CLOSED closes."""


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue to open. `key` goes into its marker, and an issue with that key is not opened again."""

    key: str
    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgePlace:
    """The repository at the forge that the remote names, and the token for it."""

    kind: str
    """`github`, `gitlab`, `forgejo` or the name of a stand-in."""
    host: str
    name: str
    """`owner/name`, as the remote spells it."""
    token: str = ""
    """Where the token comes from, such as `$GITHUB_TOKEN`; empty: there is none."""


class ForgeDesk(Protocol):
    """Where the forge of this repository is found, and what is remembered of it."""

    @property
    def remote(self) -> str:
        """The git remote of the forge; empty: there is no forge."""
        ...

    @property
    def settings(self) -> str:
        """A hash of what decides which forge is asked."""
        ...

    @property
    def upstream(self) -> Upstream:
        """The repository at the forge, as git sees it."""
        ...

    def place(self) -> ForgePlace | None:
        """Return where the forge is, without contacting it; None: there is none."""
        ...

    def ready(self) -> str:
        """Return why no pull request can be opened from here, without asking the forge; empty if nothing is known."""
        ...

    def connect(self) -> Forge:
        """Return the forge. Raises ForgeError without a token, or if the remote is on no known forge."""
        ...

    def elsewhere(self, name: str) -> tuple[str, Forge]:
        """Return the address of another project, and its forge: `owner/name` on this forge, or its https address.

        Raises ForgeError without a token, or if it is on no known forge.
        """
        ...

    def address(self, name: str) -> str:
        """Return the address of that project in a browser, without the network; empty if it is on no known forge."""
        ...

    def attend(self) -> None:
        """Note that somebody waits for a merge now, in a terminal."""
        ...

    def attended(self) -> bool:
        """Whether somebody did so in the last minute."""
        ...

    def recall(self, mission: MissionId) -> ForgeMemory:
        """Return what is remembered; nothing if that cannot be read."""
        ...

    def keep(self, mission: MissionId, memory: ForgeMemory) -> None:
        """Remember."""
        ...


class NoForge:
    """A repository without a forge."""

    remote = ""
    settings = ""

    @property
    def upstream(self) -> Upstream:
        """There is none."""
        raise ForgeError(ForgeTrouble.NOT_FOUND, "the repository has no forge", hint="add a remote: git remote add")

    def place(self) -> None:
        """There is none."""

    def ready(self) -> str:
        """Return that there is none."""
        return "there is no forge"

    def connect(self) -> Forge:
        """Raise: there is none."""
        raise ForgeError(ForgeTrouble.NOT_FOUND, "the repository has no forge", hint="add a remote: git remote add")

    def elsewhere(self, name: str) -> tuple[str, Forge]:
        """Raise: there is none."""
        del name
        return "", self.connect()

    def address(self, name: str) -> str:
        """Return an address that is one already."""
        return name if name.startswith("https://") else ""

    def attend(self) -> None:
        """Note nothing."""

    def attended(self) -> bool:
        """Nobody waits."""
        return False

    def recall(self, mission: MissionId) -> ForgeMemory:
        """Return nothing."""
        del mission
        return ForgeMemory()

    def keep(self, mission: MissionId, memory: ForgeMemory) -> None:
        """Remember nothing."""
        del mission, memory


class Forge(Protocol):
    """One repository on a forge, with one token."""

    kind: str
    """`github`, `gitlab`, `forgejo` or the name of a stand-in."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far, those answered with 304 too."""
        ...

    def account(self) -> Account:
        """Return whose token is used."""
        ...

    def repository(self) -> Repository:
        """Return what the repository allows."""
        ...

    def rules(self, base: str) -> Rules:
        """Return the rules for merging into a branch; no rules for a branch that does not exist."""
        ...

    def pulls(self, branches: Collection[str]) -> Sequence[Pull]:
        """Return all pull requests from these branches, open or not, newest first; from other branches none.

        One conditional request if nothing changed.
        """
        ...

    def find(self, number: int) -> Pull:
        """Return the pull request with a number. Raises ForgeError (NOT_FOUND) if there is none."""
        ...

    def children(self, branch: str) -> Sequence[Pull]:
        """Return the open pull requests whose base is a branch."""
        ...

    def look(self, pull: Pull, before: PullFacts | None = None) -> PullFacts:
        """Return everything about a pull request with at most three requests.

        `before`: what was last seen; what cannot have changed since is taken from it.
        """
        ...

    def open(self, new: NewPull) -> Pull:
        """Open a pull request, or return the open one from that branch to that base."""
        ...

    def change(self, number: int, change: PullChange) -> Pull:
        """Change a pull request, and return it."""
        ...

    def reply(self, number: int, thread: str, body: str, key: str) -> bool:
        """Answer in a thread, unless a comment with the key's marker is there; False then.

        The adapter adds the marker. A thread that is not a place of the diff is answered below the pull request.
        """
        ...

    def merge(self, number: int, head: str, method: MergeMethod, *, queue: bool = False, auto: bool = False) -> Merged:
        """Merge if the head is the expected one: by the queue, by auto-merge, or now. Never by privileges."""
        ...

    def log(self, check: Check) -> str:
        """Return annotations and the last lines of a check's log, as far as the forge offers them."""
        ...

    def rerun(self, check: Check) -> bool:
        """Run a check again; False if the forge cannot do that."""
        ...

    def fork(self) -> str:
        """Return `owner/name` of the account's fork, which is made if there is none."""
        ...

    def issues(self, most: int) -> Sequence[Issue]:
        """Return the open issues, newest first, at most `most`."""
        ...

    def open_issue(self, new: NewIssue) -> Issue:
        """Open an issue, or return the one with that key."""
        ...

    def close_issue(self, number: int, comment: str) -> None:
        """Close an issue with a comment, unless it is closed."""
        ...
