"""The state store: mission files and run records as committed, and how this program commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import sha256_of
from mission_cli.ports.git.proofs import Proofs

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
    """The name of its folder, or of its file in the flat layout."""
    path: str
    """Relative to the store's work tree, with slashes."""
    text: str
    runs: str
    """Folder of its run records, relative like `path`."""
    content: str = ""
    """Equal while nothing in its folder changes; empty if unknown."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A finished mission; it need not be read again while its `content` stays the same."""

    content: str
    status: MissionStatus


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All missions at one commit. `head` is None before the first one."""

    head: Sha | None
    missions: Mapping[MissionId, Stored] = field(default_factory=dict)
    settled: Mapping[MissionId, Settled] = field(default_factory=dict)
    """The missions given as settled that have not changed; they are not in `missions`."""


def folder_of(stored: Stored) -> str:
    """Return the folder of the store with everything of a mission besides its file."""
    return stored.runs.rpartition("/")[0]


def research_folder(stored: Stored) -> str:
    """Return the folder of the store with the findings of a mission."""
    return f"{folder_of(stored)}/research"


def assets_folder(stored: Stored) -> str:
    """Return the folder of the store with pictures and other files about a mission."""
    return f"{folder_of(stored)}/assets"


def evidence_folder(stored: Stored) -> str:
    """Return the folder of the store with the evidence files of a mission."""
    return f"{folder_of(stored)}/evidence"


@dataclass(frozen=True, slots=True)
class Write:
    """A new content for one file; None deletes it. `old` is the committed text that it replaces, None for a new file.

    `rework` makes the same change on another version of the text: on the copy in the work tree if a person has edits
    there that are not committed.
    """

    path: str
    new: str | None
    old: str | None = None
    rework: Callable[[str], str] | None = None
    by_hash: bool = False
    """Whether its name has the hash of its content: a file that is there already with this text is left as it is."""


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
    """The commit that this one undoes."""
    notify: tuple[str, ...] = ()
    """`Mission-Notify` trailers: the number of an event from 1, and the names on its gate or feature."""
    sum: str = ""
    """SHA-256 over the files that the commit wrote (`sum_of`), as its message says; empty if it says nothing."""

    def recipients(self, number: int) -> tuple[str, ...]:
        """Return the names on the gate or feature that an event is about, by its number from 1."""
        found = (line.partition(" ") for line in self.notify)
        lists = [names.split(",") for place, _, names in found if place == str(number)]
        return tuple(name for names in lists for one in names if (name := one.strip()))


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of the store whose copy in the work tree differs from what is committed."""

    path: str
    kind: str
    """modified, deleted, untracked or staged"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """The moves of the state branch that this program did not make, since it was last known; oldest first."""

    head: Sha | None
    """Where the branch is now; commits of this program may be on top of foreign ones."""
    moves: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the journal: a commit, and the one whose state it is compared with."""

    event: Event
    before: Sha | None
    """None: there was nothing before."""
    joins: bool = False
    """Whether `before` is not the first parent: the commit merges the line that `before` is on into another one."""


Texts = tuple[str | None, str | None]
"""A file before and after a change; None: it does not exist."""


def sum_of(texts: Mapping[str, Texts]) -> str:
    """Return the SHA-256 over the files that a commit changed, by path: what the trailer `Mission-Sum` says."""
    lines = [
        f"{path} {'-' if new is None else sha256_of(new)}\n" for path, (old, new) in sorted(texts.items()) if old != new
    ]
    return sha256_of("".join(lines)) if lines else ""


class Relocation(Protocol):
    """Moves one mission, with its commits, from one state repository to another."""

    def refuse_edits(self) -> None:
        """Raise BlockedError if the mission has uncommitted edits."""
        ...

    def is_done(self) -> bool:
        """Whether this state of the mission was moved already, by a move that died before `tidy`."""
        ...

    def bring(self, text: str, message: str, author: Person) -> None:
        """Commit its history and then `text` as its file, all or nothing.

        Raises ConflictError if the mission files move meanwhile.
        """
        ...

    def tidy(self, message: str, author: Person) -> None:
        """Remove the mission from its old place. Raises BlockedError if a person has uncommitted edits of it."""
        ...


class StateStore(Proofs, Protocol):
    """A repository and a folder. Only `commit`, `join` and `put_back` change them.

    Before each of them moves the branch, it records the new place in the runtime folder.
    """

    def head(self) -> Sha | None:
        """Return the head of the state branch; None before the first commit."""
        ...

    def snapshot(self, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Return what is committed now, without the texts of settled missions that have not changed."""
        ...

    def runs(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of run records at a commit by attempt (`1.2-a1`), including those in yearly archives."""
        ...

    def run_files(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of the files with run records, by file name without `.md`."""
        ...

    def found(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the findings at a commit: texts of files in the mission's folder `research/`, by path below it."""
        ...

    def evidence(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the evidence files at a commit: texts by name."""
        ...

    def assets(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the files in the mission's folder `assets/` at a commit, by name.

        Bytes that are not UTF-8 are surrogates, as in all texts of the store.
        """
        ...

    def workspace(self, stored: Stored, at: Sha, *folders: str) -> Mapping[str, str]:
        """Return the texts of the files in these folders of a mission, by path such as `agents/reader.md`."""
        ...

    def file(self, path: str, at: Sha) -> str | None:
        """Return the text of any file at a commit; None if there is none. A link or a folder is an empty text."""
        ...

    def commit(self, writes: Sequence[Write], *, message: str, expect: Sha | None, author: Person | None = None) -> Sha:
        """Commit exactly these files on top of `expect`, then update the work tree.

        Raises ConflictError if the branch has moved, BusyError if a git command of a person is running there.
        """
        ...

    def common(self, theirs: Sha) -> Sha | None:
        """Return the last common commit of the local head and another one; None if there is none."""
        ...

    def join(self, theirs: Sha, *, message: str, taken: Sequence[Stored] = ()) -> Sha:
        """Merge another head of the state branch field by field; return the new head.

        In the missions of `taken`, which another clone has taken over, local changes of the loop are dropped; edits of
        persons are kept, and the driver is the other one.

        Raises BlockedError with the files if a person has to decide; then nothing has changed.
        """
        ...

    def recover(self) -> list[str]:
        """Finish what an interrupted process of this program had begun; return what was done, as text."""
        ...

    def text_on_disk(self, stored: Stored) -> str | None:
        """Return the mission file in the work tree; None if it does not exist."""
        ...

    def edits(self, path: str = "") -> list[Edit]:
        """Return the edits of persons that are not committed: all of them, or that of one file."""
        ...

    def history(self, mission: Stored | None = None, since: Sha | None = None, limit: int = 100) -> list[Event]:
        """Return commits that touched a mission (or any), newest first."""
        ...

    def event(self, commit: Sha) -> Event:
        """Return a commit as an event."""
        ...

    def steps(self, since: Sha, limit: int) -> Sequence[Step] | None:
        """Return the steps from a commit to the head, oldest first; each begins where the one before has ended.

        None if the branch does not contain the commit, or if there are more than `limit`. `<id>^` is the first parent.
        """
        ...

    def last_change(self, mission: Stored) -> str:
        """Return the commit that last changed a mission, as `history` has it first; empty if there is none."""
        ...

    def text_at(self, stored: Stored, revision: str) -> str:
        """Return a mission's text at a revision, empty if it did not exist. Raises NotFoundError for an unknown one."""
        ...

    def last_editor(self, stored: Stored) -> str:
        """Return the name of the last person who committed the file, or the empty string."""
        ...

    def path_for(self, mission: MissionId) -> str:
        """Return the path of a new mission's file."""
        ...

    def work_path(self, path: str) -> str:
        """Return where a file of the store is on disk."""
        ...

    def at(self, commit: Sha, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Return all missions at another commit."""
        ...

    def foreign(self, head: Sha | None) -> Foreign | None:
        """Return the foreign moves up to `head`; None if there are none.

        If nothing is known of earlier moves, the branch is known from now on.
        """
        ...

    def own(self, head: Sha | None) -> None:
        """Record the branch as known, unless it has moved on from `head`."""
        ...

    def changed(self, before: Sha | None, after: Sha | None) -> Mapping[MissionId, Mapping[str, Texts]]:
        """Return the texts of mission files that differ between two commits, by mission and path.

        `<id>^` is the first parent of a commit.
        """
        ...

    def put_back(self, texts: Mapping[str, str | None], *, message: str, foreign: Foreign) -> Sha:
        """Commit these files on top of foreign moves, in one commit with everything that those left out as a parent.

        Then the branch is known. Raises ConflictError if it has moved meanwhile, BusyError as `commit` does.
        """
        ...

    def watch(self) -> list[str]:
        """Return files whose look changes with every commit."""
        ...

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """Return a text with both changes, or None if they touch each other."""
        ...
