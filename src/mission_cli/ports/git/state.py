"""The state store: mission files and run records as they are committed, and commits of ours on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.branches.moves import Moved
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId, Sha
    from mission_cli.domain.status import MissionStatus


@dataclass(frozen=True, slots=True)
class Stored:
    """One mission file as it is committed."""

    id: MissionId
    """The name of its folder, or of the file in the flat layout."""
    path: str
    """Relative to the store's work tree, with slashes."""
    text: str
    runs: str
    """Folder of its run records, relative like `path`."""
    content: str = ""
    """Equal as long as nothing in its folder changes; empty where that cannot be said."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A mission that is over: as long as its `content` stays, nobody has to look at it again."""

    content: str
    status: MissionStatus


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one commit. `head` is None before the first one."""

    head: Sha | None
    missions: Mapping[MissionId, Stored] = field(default_factory=dict)
    settled: Mapping[MissionId, Settled] = field(default_factory=dict)
    """Those that were said to be settled and are as they were; they are not among `missions`."""


def research_folder(stored: Stored) -> str:
    """Where in the store the findings of a mission lie."""
    return f"{stored.runs.rpartition('/')[0]}/research"


@dataclass(frozen=True, slots=True)
class Write:
    """A new content for one file; None takes it away. `old` is the committed text it was made from, None for a new one.

    `rework` makes the same change on another version of the text: on the work tree's copy where a person
    has edits that are not committed.
    """

    path: str
    new: str | None
    old: str | None = None
    rework: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One commit of the state branch."""

    commit: Sha
    at: datetime
    author: Person
    subject: str
    events: tuple[str, ...] = ()
    """`Mission-Event` trailers; empty for a person's own commit."""
    missions: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    """`Mission-Run` trailers."""
    undoes: str = ""
    """The commit that this one took back."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of the store whose work tree copy differs from what is committed."""

    path: str
    kind: str
    """modified, deleted, untracked or staged"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """The moves of the state branch since it was known last that this program did not make, oldest first."""

    head: Sha | None
    """Where the branch is now: commits of ours may stand on top of the foreign ones."""
    moves: tuple[Moved, ...]


Texts = tuple[str | None, str | None]
"""A file before and after a change; None: it is no file there."""


class StateStore(Protocol):
    """A repository and a folder. Only `commit`, `join` and `put_back` change anything in it.

    Each of them notes in the runtime folder, before the branch moves, where it puts the branch.
    """

    def head(self) -> Sha | None:
        """The head of the state branch; None before the first commit."""
        ...

    def snapshot(self, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """What is committed now, without the texts of missions that are settled and as they were then."""
        ...

    def runs(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of a mission's run records at a commit, by attempt (`1.2-a1`), those of a year's file among them."""
        ...

    def run_files(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of the files that hold them, by file name without `.md`."""
        ...

    def found(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of what workers found out, files of the mission's folder `research/` at a commit, by path below it."""
        ...

    def commit(self, writes: Sequence[Write], *, message: str, expect: Sha | None, author: Person | None = None) -> Sha:
        """Commit exactly these files on top of `expect`, then let the work tree follow.

        Raises ConflictError when the branch moved, BusyError when a person's git is at work there.
        """
        ...

    def common(self, theirs: Sha) -> Sha | None:
        """The last commit that our head and another one both contain; None when there is none."""
        ...

    def join(self, theirs: Sha, *, message: str, taken: Sequence[Stored] = ()) -> Sha:
        """Bring another head of the state branch in, by meaning; return the new head.

        Of the missions `taken` over meanwhile, what the loop did here since is dropped; persons' edits are kept,
        and who drives them is as there.

        Raises BlockedError with the files where a person has to decide; then nothing has changed.
        """
        ...

    def recover(self) -> list[str]:
        """Finish what a dead process of ours had begun; return what was done, in words."""
        ...

    def text_on_disk(self, stored: Stored) -> str | None:
        """A mission's file as it lies in the work tree; None where it is not there."""
        ...

    def edits(self) -> list[Edit]:
        """A person's edits that are not committed."""
        ...

    def history(self, mission: Stored | None = None, since: Sha | None = None, limit: int = 100) -> list[Event]:
        """Commits that touched a mission (or any), newest first."""
        ...

    def text_at(self, stored: Stored, revision: str) -> str:
        """A mission's text at a revision, empty where it was not there. Raises NotFoundError for an unknown one."""
        ...

    def last_editor(self, stored: Stored) -> str:
        """Name of who last committed the file without being us, or the empty string."""
        ...

    def path_for(self, mission: MissionId) -> str:
        """Path of a new mission's file."""
        ...

    def work_path(self, path: str) -> str:
        """Where a file of the store lies on disk."""
        ...

    def at(self, commit: Sha, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Everything at another commit."""
        ...

    def foreign(self, head: Sha | None) -> Foreign | None:
        """The moves that this program did not make; None where there are none up to `head`, as it was seen.

        Where nothing is known of earlier moves, the branch is known from now on.
        """
        ...

    def own(self, head: Sha | None) -> None:
        """Take the branch as it is for known, unless it has moved on from `head`."""
        ...

    def changed(self, before: Sha | None, after: Sha | None) -> Mapping[MissionId, Mapping[str, Texts]]:
        """Texts of the files of missions that differ between two commits, by mission and path.

        `<id>^` is the first parent of a commit.
        """
        ...

    def put_back(self, texts: Mapping[str, str | None], *, message: str, foreign: Foreign) -> Sha:
        """Commit these files on top of foreign moves, in one commit that has all they left out as a parent.

        With it the branch is known. Raises ConflictError when it moved meanwhile, BusyError as `commit`.
        """
        ...

    def watch(self) -> list[str]:
        """Files whose look changes whenever something is committed."""
        ...

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """Both changes of a text in one, or None where they touch each other."""
        ...
