"""Publish commits of the state: move the branch, update index and work tree, and finish what a dead process began."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.fs.atomic import random_hex, read_json, write_json
from mission_cli.adapters.fs.by_look import ByLook
from mission_cli.adapters.fs.exchange import finish_changing
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.proof.chain import Chain, history_of
from mission_cli.adapters.git.proof.signatures import signatures_of
from mission_cli.adapters.git.repo.checkout import (
    JOURNAL,
    checked_out,
)
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.adapters.git.repo.damage import from_files
from mission_cli.adapters.git.repo.index_lock import (
    free_own_lock,
    index_lock,
    index_look,
)
from mission_cli.adapters.git.repo.objects import Objects
from mission_cli.adapters.git.repo.ref_lock import free_locks_of
from mission_cli.adapters.git.state.commit_tempfiles import (
    copies,
    litter,
    next_index,
    token,
)
from mission_cli.adapters.git.state.history import Changes
from mission_cli.adapters.git.state.next_index import build_index
from mission_cli.adapters.git.state.own_moves import OwnMoves
from mission_cli.adapters.git.state.snapshot_reader import Contents
from mission_cli.adapters.git.state.work_tree import (
    follow,
    sync_removed,
)
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ConflictError, MissionError
from mission_cli.domain.evidence.witnesses import Witness
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha
from mission_cli.ports.git.state import (
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.proof.signing import Signer
    from mission_cli.adapters.git.repo.objects import Entry
    from mission_cli.adapters.git.state.branch_home import Layout
    from mission_cli.domain.evidence.chain import Linked
    from mission_cli.domain.evidence.witnesses import Signature
    from mission_cli.domain.host import Person

_MOST_GONE = 20


class Publisher:
    """One state branch with its git dir, its journal and, if there is one, its work tree."""

    def __init__(self, layout: Layout, *, program: Person = PROGRAM, signer: Signer | None = None) -> None:
        self.layout = layout
        self._program, self._signer = program, signer
        self._signed = signer.signed if signer is not None else None
        self._git = Git(layout.git_dir, layout.work_tree, durable=True)
        self._objects = Objects(self._git, copies(layout.git_dir), restore=from_files(layout.work_tree))
        self._contents = Contents(self._objects, layout.folders)
        self._by_look = ByLook()
        self._changes = Changes(self._git, self._objects, self._contents.folders)
        self._chain = Chain(self._git, self._objects, layout.runtime / "chain.json")
        self._own = OwnMoves(layout.runtime / "own.json", layout.branch, self._objects.is_ancestor)

    def head(self) -> Sha | None:
        """Return the commit that the branch is at, or None."""
        return self._objects.commit_of(self.layout.branch)

    def chain(self) -> Sequence[Linked]:
        """Return all commits of the branch with their links, parents first."""
        head = self.head()
        return history_of(self._git, head) if head is not None else []

    def signatures(self) -> Mapping[Sha, Signature]:
        """Return the state of each commit's signature, newest first."""
        code = self.layout.git_dir if self.layout.in_place else self.layout.git_dir.parent
        return signatures_of(self._git, self.layout.branch, code) if self.head() is not None else {}

    def why_unsigned(self) -> str | None:
        """Return why commits cannot be signed; empty if they can, None if they are not to be."""
        return self._signer.why_not() if self._signer is not None else None

    def witnesses(self) -> Sequence[Witness]:
        """Return what was seen of the branch and is not in its history any more."""
        head = self.head()
        seen = [("this clone has seen", commit) for commit in self._own.seen()]
        remote = self._objects.commit_of(Area.REMOTE.of(self.layout.branch.rpartition("/")[2]))
        seen += [("the remote, when it was last asked, had", remote)] if remote is not None else []
        return [found for by, commit in dict.fromkeys(seen) if (found := self._missed(by, commit, head)) is not None]

    def _missed(self, by: str, commit: Sha, head: Sha | None) -> Witness | None:
        if head is not None and self._objects.is_ancestor(commit, head):
            return None
        if self._objects.commit_of(commit) is None:
            return Witness(by, commit, ())
        without = (f"^{head}",) if head is not None else ()
        gone = self._git.text("log", f"--max-count={_MOST_GONE}", "--format=%h %s", commit, *without).splitlines()
        return Witness(by, commit, tuple(gone))

    def _committed(self, tree: str, parents: Sequence[str], message: str) -> Sha:
        """Return a new commit of the program that merges others, or restores them."""
        made = self._git.commit_tree(tree, parents, message, author=self._program, committer=self._program)
        return made if self._signed is None else self._objects.signed(made, self._signed)

    def _text_of(self, entry: Entry) -> str | None:
        found = self._objects.blobs([entry[1]])
        return next((content.decode("utf-8", "surrogateescape") for content in found.values()), None)

    def _publish(self, head: Sha | None, new: Sha, writes: Sequence[Write], *, known: Sha | None = None) -> None:
        """Move the ref, and update index and work tree before a person's git can change them.

        `known`: foreign moves are undone, back to that commit.
        """
        follows, settles = self._follows(), known is not None
        if not follows:
            self._swap(head, new, settles=settles)
            return
        nonce = random_hex(6)
        self._write_journal(head, new, nonce, writes)
        try:
            paths, before = [w.path for w in writes], index_look(self.layout.git_dir)
            self._build_index(new, paths, head, nonce, known)
            with index_lock(self.layout.git_dir, token(self.layout.git_dir, nonce)):
                if index_look(self.layout.git_dir) != before:
                    self._build_index(new, paths, head, nonce, known)
                self._swap(head, new, settles=settles)
                self._install_index(nonce)
                for write in writes:
                    follow(self.layout, write)
                sync_removed(self.layout, writes)
        except MissionError:
            free_locks_of(self.layout.git_dir, self._journal)
            if self._objects.commit_of(self.layout.branch) == new:
                raise
            next_index(self.layout.git_dir, nonce).unlink(missing_ok=True)
            self._journal.unlink(missing_ok=True)
            raise
        self._journal.unlink(missing_ok=True)

    def _swap(self, head: Sha | None, new: Sha, *, settles: bool) -> None:
        """Move the branch, recorded before and after. No other code moves it."""
        self._own.begin(head, new, settles=settles)
        moved = self._git.swap_ref(self.layout.branch, new, head or ZERO)
        self._own.end(moved=moved)
        self._objects.keep()
        if not moved:
            raise ConflictError("the mission files were changed meanwhile", hint="try again")

    def _follows(self) -> bool:
        """Whether the work tree is on the state branch; a person may have switched it."""
        return self.layout.work_tree.is_dir() and checked_out(self._git) == self.layout.branch

    def _build_index(
        self, new: Sha, paths: Sequence[str], head: str | None, nonce: str, known: Sha | None = None
    ) -> None:
        place = next_index(self.layout.git_dir, nonce)
        build_index(self._git, self._objects, place, change=(head, new, paths), known=known)

    def _install_index(self, nonce: str) -> None:
        next_index(self.layout.git_dir, nonce).replace(self.layout.git_dir / "index")

    @property
    def _journal(self) -> Path:
        return self.layout.git_dir / JOURNAL

    def _journal_paths(self) -> set[str]:
        """Return the paths written by a commit that is being published, or whose process died."""
        entry = read_json(self._journal)
        return {str(path) for path in entry["paths"]} if isinstance(entry, dict) else set()

    def _write_journal(self, head: Sha | None, new: Sha, nonce: str, writes: Sequence[Write]) -> None:
        entry = {"branch": self.layout.branch, "old": head, "new": new, "nonce": nonce}
        write_json(self._journal, {**entry, "paths": [w.path for w in writes]})

    def _recover(self) -> list[str]:
        done = self._finish()
        for left in litter(self.layout.git_dir):
            left.unlink(missing_ok=True)
        return done

    def _finish(self) -> list[str]:
        entry = read_json(self._journal)
        if not isinstance(entry, dict):
            self._journal.unlink(missing_ok=True)
            return []
        nonce, done = str(entry["nonce"]), []
        free_locks_of(self.layout.git_dir, self._journal)
        for path in entry["paths"]:
            finish_changing(self.layout.work_tree / path, temp_folder=copies(self.layout.git_dir))
        now = self._objects.commit_of(self.layout.branch)
        landed = now is not None and self._git.succeeds("merge-base", "--is-ancestor", str(entry["new"]), now)
        if landed and self._shows(Sha(entry["new"])):
            self._catch_up(entry, nonce)
            done.append(f"finished the commit {str(entry['new'])[:7]}")
        free_own_lock(self.layout.git_dir, token(self.layout.git_dir, nonce))
        next_index(self.layout.git_dir, nonce).unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)
        return done

    def _shows(self, new: Sha) -> bool:
        """Whether index and work tree should show a state commit, even if a person has checked it out since."""
        return self._follows() or (self.layout.work_tree.is_dir() and self._objects.commit_of("HEAD") == new)

    def _catch_up(self, entry: dict[str, Any], nonce: str) -> None:
        old, new, paths = entry["old"], Sha(entry["new"]), list(entry["paths"])
        with index_lock(self.layout.git_dir, token(self.layout.git_dir, nonce)):
            if self._objects.commit_of("HEAD") == new:
                self._build_index(new, paths, old or None, nonce)
                self._install_index(nonce)
            writes = self._writes(old or None, new, paths)
            for write in writes:
                follow(self.layout, write)
            sync_removed(self.layout, writes)

    def _writes(self, old: str | None, new: Sha, paths: Sequence[str]) -> list[Write]:
        """Return how files differ between two commits, to be applied to a person's versions of them."""
        from mission_cli.adapters.git.state.merging import reworking

        texts = [(path, self._content(old, path) if old else None, self._content(new, path)) for path in paths]
        return [Write(path, after, before, reworking(before, after, path)) for path, before, after in texts]

    def _content(self, commit: str, path: str) -> str | None:
        entry = self._objects.entry(commit, path)
        return self._text_of(entry) if entry else None

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with locked(self.layout.git_dir / "mission-write.lock"):
            yield
