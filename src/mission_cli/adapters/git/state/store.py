"""The state store: a repository, and a folder in it with mission files.

A state commit builds its tree with a separate index. The person's index is locked as git locks it while the ref is
moved; then index and work tree are updated. A journal, written before the first visible step, lets the next process
finish what a dead one began.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_bytes
from mission_cli.adapters.git.repo.checkout import (
    person_at_work,
    rebasing,
    refs_files,
)
from mission_cli.adapters.git.repo.staged import is_as, staged_entry
from mission_cli.adapters.git.state.commit_tempfiles import (
    litter,
)
from mission_cli.adapters.git.state.foreign_moves import (
    FILES,
    changed_files,
    entries_of,
    left_out,
)
from mission_cli.adapters.git.state.history import (
    began_as_state,
    read_edits,
    read_history,
    read_steps,
    text_at,
    with_links,
    with_sum,
)
from mission_cli.adapters.git.state.packing import pack_when_many
from mission_cli.adapters.git.state.publisher import Publisher
from mission_cli.adapters.git.state.snapshot_reader import by_owner
from mission_cli.adapters.git.state.work_tree import (
    as_bytes,
)
from mission_cli.document.runs.archive import is_roll, split_roll
from mission_cli.domain.errors import BlockedError, BusyError, ConflictError, MissionError
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import (
    Edit,
    Event,
    Foreign,
    Snapshot,
    Write,
    assets_folder,
    evidence_folder,
    folder_of,
    research_folder,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.git.repo.objects import Entry
    from mission_cli.domain.host import Person
    from mission_cli.ports.git.state import (
        Settled,
        Step,
        Stored,
        Texts,
    )

_MOST_LOOKS = 5
_NOTHING: dict[MissionId, Settled] = {}


class GitStateStore(Publisher):
    """The mission files of one repository."""

    def snapshot(self, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Return what is committed now, without the texts of missions that are settled and unchanged since."""
        head = self._by_look.of("head", self._refs(), lambda: self._objects.commit_of(self.layout.branch))
        return self._contents.at(head, settled or _NOTHING) if head else Snapshot(None)

    def at(self, commit: Sha, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Return everything at another commit."""
        return self._contents.at(commit, settled or _NOTHING)

    def runs(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of a mission's run records at a commit, by name; own files override yearly archives."""
        files = self.run_files(stored, at)
        rolled = [split_roll(text) for name, text in files.items() if is_roll(name)]
        alone = {name: text for name, text in files.items() if not is_roll(name)}
        return {name: text for texts in (*rolled, alone) for name, text in texts.items()}

    def run_files(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of the files with a mission's run records, by name: one per record or yearly archive."""
        texts = self._contents.texts(at, stored.runs)
        return {p.rpartition("/")[2].removesuffix(".md"): text for p, text in texts.items() if p.endswith(".md")}

    def found(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of the files with findings, by path below their folder."""
        folder = research_folder(stored)
        return {p.removeprefix(f"{folder}/"): text for p, text in self._contents.texts(at, folder).items()}

    def evidence(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the texts of the evidence files, by name."""
        folder = evidence_folder(stored)
        return {p.removeprefix(f"{folder}/"): text for p, text in self._contents.texts(at, folder).items()}

    def assets(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Return the files about a mission, by name."""
        folder = assets_folder(stored)
        return {p.removeprefix(f"{folder}/"): text for p, text in self._contents.texts(at, folder).items()}

    def workspace(self, stored: Stored, at: Sha, *folders: str) -> Mapping[str, str]:
        """Return the texts of the files in some folders of a mission, by path below that of the mission."""
        home = f"{folder_of(stored)}/"
        found = (self._contents.texts(at, f"{home}{folder}") for folder in folders)
        return {path.removeprefix(home): text for texts in found for path, text in texts.items()}

    def file(self, path: str, at: Sha) -> str | None:
        """Return the text of a file at a commit; None if there is none, empty for a link or a folder."""
        entry = self._objects.entry(at, path)
        return None if entry is None else (self._text_of(entry) or "") if entry[0] in FILES else ""

    def commit(self, writes: Sequence[Write], *, message: str, expect: Sha | None, author: Person | None = None) -> Sha:
        """Commit exactly these files on top of `expect`, then update index and work tree."""
        with self._exclusive():
            self._recover()
            self._refuse_when_busy()
            head = self._objects.commit_of(self.layout.branch)
            if head != expect:
                raise ConflictError("the mission files were changed meanwhile", hint="try again")
            writes = [w for w in writes if not (w.by_hash and head and self.file(w.path, head) == w.new)]
            new, lines = self._make_commit(head, writes, message, author)
            self._publish(head, new, writes)
            self._chain.made(new, head, lines)
        if not self.layout.in_place:
            with suppress(MissionError, OSError):  # the commit is made; the next one tries to pack again
                pack_when_many(self._git)
        return new

    def recover(self) -> list[str]:
        """Finish what a dead process of this program began. Returns what was done, as messages."""
        if not self._journal.exists() and not litter(self.layout.git_dir):
            return []
        with self._exclusive():
            return self._recover()

    def text_on_disk(self, stored: Stored) -> str | None:
        """Return the work tree's copy of a mission file; None if the work tree is on another branch."""
        found = read_bytes(self.layout.work_tree / stored.path) if self._follows() else None
        return None if found is None else found.decode("utf-8", "surrogateescape")

    def edits(self, path: str = "") -> list[Edit]:
        """Return a person's uncommitted edits, without files that a state commit is writing at this moment."""
        if not path:
            return self._edits([f"{root}/" for root in self._roots() if root] or ["."])
        files = [*self.watch(), os.fspath(self.layout.git_dir / "index"), self.work_path(path)]
        return self._by_look.of(("edits", path), files, lambda: self._edits([f":(literal){path}"], only=path))

    def _is_unedited(self, path: str) -> bool:
        """Whether a file certainly has no edit: all have the same, or a state commit is writing it now."""
        if path in self._journal_paths():
            return True
        head = self._objects.commit_of(self.layout.branch)
        there = self._objects.entry(head, path) if head and self._follows() else None
        index = read_bytes(self.layout.git_dir / "index")
        if there is None or index is None or staged_entry(index, path, len(there[1]) // 2) != there:
            return False
        text = self._text_of(there)
        return text is not None and is_as(self.layout.work_tree / path, there[0], as_bytes(text))

    def _edits(self, paths: Sequence[str], only: str = "") -> list[Edit]:
        if not self.layout.work_tree.is_dir() or (only and self._is_unedited(only)):
            return []
        found: list[Edit] = []
        for _ in range(_MOST_LOOKS):
            head, ours = self._objects.commit_of(self.layout.branch), self._journal_paths()
            if head is None:
                return []
            out = self._git.run("status", "--porcelain=v2", "-z", "--untracked-files=all", "--", *paths).out
            found = [e for e in read_edits(out.decode("utf-8", "surrogateescape")) if e.path not in ours]
            if (head, ours) == (self._objects.commit_of(self.layout.branch), self._journal_paths()):
                break
        return found

    def history(self, mission: Stored | None = None, since: Sha | None = None, limit: int = 100) -> list[Event]:
        """Return commits that touched a mission (or any mission), newest first."""
        head = self._objects.commit_of(self.layout.branch)
        if head is None:
            return []
        if mission is None:
            paths = [root for root in self._roots() if root]
            return read_history(self._git, self.layout.branch, paths=paths, since=since, limit=limit)
        paths = [mission.path, folder_of(mission)]
        if since is not None:
            return read_history(self._git, self.layout.branch, paths=paths, since=since, limit=limit)

        def older(start: str) -> list[Event]:
            read = lambda: read_history(self._git, start, paths=paths, since=None, limit=limit)  # noqa: E731 - below
            return self._by_look.of(("history", mission.path, limit), (), read, about=start)

        return self._changes.history(head, paths, limit, older)

    def event(self, commit: Sha) -> Event:
        """Return a commit as an event."""
        return self._changes.event(commit)

    def last_change(self, mission: Stored) -> str:
        """Return the commit that last changed a mission, empty if there is none; found without a git process."""
        head = self._objects.commit_of(self.layout.branch)
        return self._changes.last(head, [mission.path, folder_of(mission)]) if head else ""

    def steps(self, since: Sha, limit: int) -> Sequence[Step] | None:
        """Return the steps of the journal from a commit to the head, oldest first."""
        head = self._objects.commit_of(self.layout.branch)
        if head is None:
            return None
        paths = [root for root in self._roots() if root]
        return read_steps(self._git, head, paths=paths, since=since, limit=limit)

    def text_at(self, stored: Stored, revision: str) -> str:
        """Return a mission's text at a revision."""
        return text_at(self._git, revision, stored.path)

    def last_editor(self, stored: Stored) -> str:
        """Return the name of the last person who committed the file, other than this program."""
        others = ("--invert-grep", "--grep=^Mission-Event: ")
        return self._git.text("log", "-1", "--format=%an", *others, self.layout.branch, "--", stored.path)

    def work_path(self, path: str) -> str:
        """Return where a file of the store is on disk."""
        return f"{self.layout.work_tree}/{path}"

    def watch(self) -> list[str]:
        """Return the files that change whenever something is committed."""
        return [*self._refs(), os.fspath(self._journal)]

    def _refs(self) -> list[str]:
        return refs_files(self._git, [self.layout.branch])

    def path_for(self, mission: MissionId) -> str:
        """Return the path of a new mission's file."""
        root = self.layout.folders[0]
        return f"{root}/{mission}/mission.md" if root else f"{mission}/mission.md"

    def foreign(self, head: Sha | None) -> Foreign | None:
        """Return the foreign moves of the branch, or None. Waits for a running state commit unless `head` is known."""
        if self._own.knows(head):
            return None
        with self._exclusive():
            now = self._objects.commit_of(self.layout.branch)
            moves = self._own.foreign(now)
        return Foreign(now, moves) if moves else None

    def own(self, head: Sha | None) -> None:
        """Record the branch's present position as known, unless it has moved on."""
        with self._exclusive():
            if self._objects.commit_of(self.layout.branch) == head:
                self._own.own(head)

    def changed(self, before: Sha | None, after: Sha | None) -> Mapping[MissionId, Mapping[str, Texts]]:
        """Return the texts of mission files that differ between two commits, by mission and path."""
        return changed_files(self._objects, self.layout.folders, before, after)

    def put_back(self, texts: Mapping[str, str | None], *, message: str, foreign: Foreign) -> Sha:
        """Commit these files on top of foreign moves, then update index and work tree."""
        with self._exclusive():
            self._recover()
            self._refuse_when_busy()
            head = self._objects.commit_of(self.layout.branch)
            if head != foreign.head:
                raise ConflictError("the mission files were changed meanwhile", hint="try again")
            tree = self._objects.changed_tree(head, entries_of(self._objects, texts))
            parents = [*([head] if head else []), *left_out(self._objects, foreign)]
            new = self._committed(tree, parents, message)
            known = foreign.moves[0].before
            self._publish(head, new, self._writes(head or known, new, list(texts)), known=known)
        return new

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """Return the merge of two changed texts, or None if the changes conflict."""
        from mission_cli.adapters.git.state.merging import merge_texts

        merged = merge_texts(base, ours, theirs)
        return None if merged.conflicts else merged.text

    def common(self, theirs: Sha) -> Sha | None:
        """Return the last commit that the head and another commit both contain."""
        found = self._git.run("merge-base", self.layout.branch, theirs, ok=(0, 1, 128)).out.decode().strip()
        return Sha(found) if found else None

    def join(self, theirs: Sha, *, message: str, taken: Sequence[Stored] = ()) -> Sha:
        """Merge another head of the state branch field by field, and update index and work tree; return the new head.

        For missions in `taken`, which were taken over meanwhile, changes of the loop here are dropped; edits of persons
        are kept, and the driver is the one in `theirs`. Raises BlockedError with the files in which a person has to
        decide; then nothing has changed. A branch that holds more than mission files must be merged by its owner.
        """
        if self.layout.in_place:
            raise BlockedError(f"{self.layout.branch} also contains your code", hint="merge it yourself: git pull")
        with self._exclusive():
            self._recover()
            self._refuse_when_busy()
            head = self._objects.commit_of(self.layout.branch)
            if head is None or self._git.succeeds("merge-base", "--is-ancestor", theirs, head):
                return head or theirs
            new = theirs
            if not self._git.succeeds("merge-base", head, theirs) and not began_as_state(self._git, theirs):
                words = f"the branch `{self.layout.branch[11:]}` of the remote does not contain missions"
                raise BlockedError(words, hint='rename that branch there, or set remote = ""')
            if not self._git.succeeds("merge-base", "--is-ancestor", head, theirs):
                new = self._joined(head, theirs, message, taken)
            before, after = self._objects.files(head), self._objects.files(new)
            moved = [p for p in {**before, **after} if after.get(p) != before.get(p)]
            self._publish(head, new, self._writes(head, new, moved))
        return new

    def _joined(self, head: Sha, theirs: Sha, message: str, taken: Sequence[Stored]) -> Sha:
        """Make a commit that merges both heads."""
        from mission_cli.adapters.git.state.merging import join_entries
        from mission_cli.adapters.git.state.takeover_merge import (
            driven_as,
            is_of,
            persons_only,
        )

        base = self.common(theirs)
        was, ours, other = (self._objects.files(commit) if commit else {} for commit in (base, head, theirs))
        changes: dict[str, Entry | None] = {}
        if taken and base:
            kept = persons_only(self._git, self._objects, base, head, taken, self._program)
            changes = {path: kept.get(path) for path in {**ours, **kept} if is_of(path, taken)}
            ours = {**{path: entry for path, entry in ours.items() if path not in changes}, **kept}
        changes |= join_entries(self._objects, was, ours, other)
        changes |= driven_as(self._objects, {**ours, **changes}, other, taken)
        tree = self._objects.changed_tree(head, changes)
        return self._committed(tree, [head, theirs], message)

    def _make_commit(
        self, head: Sha | None, writes: Sequence[Write], message: str, author: Person | None
    ) -> tuple[Sha, Sequence[str]]:
        """Return a commit on top of `head`, and the lines by which it continues the chains of missions."""
        entries: dict[str, Entry | None] = {}
        for write in writes:
            there = self._objects.entry(head, write.path) if head else None
            if (self._text_of(there) if there else None) != write.old:
                raise ConflictError(f"{write.path} was changed meanwhile", hint="try again")
            mode = there[0] if there else FILES[0]
            if mode not in FILES:
                raise BlockedError(f"{write.path} is committed as a link or a folder", hint="commit a file there")
            entries[write.path] = None if write.new is None else (mode, self._objects.store(as_bytes(write.new)))
        tree = self._objects.changed_tree(head, entries)
        parents = [head] if head else []
        texts = {write.path: (write.old, write.new) for write in writes}
        message, lines = with_links(with_sum(message, texts), lambda: self._chain.trailers(head, by_owner(texts)))
        return self._objects.commit(
            tree, parents, message, author=author or self._program, committer=self._program, signed=self._signed
        ), lines

    def _refuse_when_busy(self) -> None:
        mine = self._follows() or rebasing(self.layout.git_dir) == self.layout.branch
        words = person_at_work(self.layout.git_dir, self.layout.work_tree) if mine else ""
        if words:
            raise BusyError(f"cannot write mission files: {words}", hint="finish it; missions then continue")

    def _roots(self) -> list[str]:
        return [] if "" in self.layout.folders else list(self.layout.folders)
