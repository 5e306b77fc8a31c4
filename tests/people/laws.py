"""What must hold between a person and us after every step of either."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine
from tests.kit.dying import die_within
from tests.people.desk import OURS, Desk, Marks, Picture
from tests.people.rooms import Room, copy_room

from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.people.editor import OpenCommit


def _goal(text: bytes | None) -> list[bytes]:
    """The line that joins change."""
    return [line for line in (text or b"").splitlines() if line.startswith((b"> ", b"<o"))]


class Laws(RuleBasedStateMachine):
    """One desk, and the laws. `count` tells how often each thing really happened."""

    place: ClassVar[str]
    template: ClassVar[Path]
    """A room of that place, which is copied for each life."""
    count: ClassVar[Counter[str]] = Counter()
    _names = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        home = self.template.parent / f"room-{next(self._names)}"
        copy_room(self.template, home)
        self.home, self.room = home, Room(self.place, home / "repo")
        self.desk = Desk(self.room.desk)
        self.number = 0
        self.editor: OpenCommit | None = None
        self.blind = False
        """The person has told git not to look at a copy: then git overwrites it."""
        self.crash: tuple[Picture, str] | None = None
        """What was before a step of ours that died, with the lock in its hand."""
        self.crash_moved, self.crash_head = False, ""
        """The person has gone to another commit since then: that needs no lock."""
        self.edited_since = False
        self.theirs: set[str] = set()
        """Files of ours that the person has made different from what is committed."""
        self.known = self.desk.marks()
        self.code_before = None if self.room.desk == self.room.repo else Desk(self.room.repo).picture()

    @property
    def _main(self) -> str:
        return "missions" if self.room.place == "own" else "main"

    def _mark(self, kind: str) -> bytes:
        self.number += 1
        return f"<{kind}{self.number}>".encode()

    def _noted(self, text: bytes, *, end: bool) -> bytes:
        if end:
            return text + self._mark("e") + b"\n"
        return text.replace(b"Notes of mine.\n", b"Notes of mine.\n" + self._mark("p") + b"\n", 1)

    def _head(self) -> str:
        return self._commit_of("HEAD")

    def _commit_of(self, name: str) -> str:
        return self.desk.text("rev-parse", name)

    def _dirty(self) -> set[str]:
        """Files of ours that differ from what is committed, in the index or in the work tree."""
        out = self.desk.git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all").stdout.decode()
        return {line[3:] for line in out.split("\0") if line and self.room.is_ours(line[3:])}

    def _git(self, *args: str, throws: bool = False) -> None:
        """A command of the person; git may refuse it."""
        done = self.desk.git(*args)
        note(f"    git {' '.join(args)} -> {done.returncode} {done.stderr.decode()[:200]}")
        self._by_person(f"git {args[0]}", throws=throws)

    def _committed(self, *args: str) -> None:
        before = self._head()
        done = self.desk.git(*args)
        note(f"    git {' '.join(args)} -> {done.returncode}")
        self._check_commit(before)
        self._by_person("git commit")

    def _check_commit(self, before: str) -> None:
        """A commit of the person carries nothing of ours that they did not touch themselves."""
        if self._head() == before:
            return
        assert self.crash is None, "git committed over a lock of ours"
        if self.room.place != "code" and not self.desk.busy:
            changed = set(self.desk.text("diff", "--name-only", "--no-renames", before, "HEAD").splitlines())
            assert {p for p in changed if self.room.is_ours(p)} <= self.theirs

    def _by_person(self, what: str, *, throws: bool = False) -> None:
        """After a step of the person: git knows what they threw away, and nothing else is gone."""
        self.count[what] += 1
        before, self.known = self.known, self.desk.marks()
        lost = (before.committed if throws or self.blind else before.all) - self.known.all
        assert not lost, f"{what}: {lost} cannot be found any more"
        if self.crash is not None and self._head() != self.crash_head:
            self.crash_moved, self.crash_head = True, self._head()
        if self.crash is None:
            self.theirs = self._dirty() if self.room.place != "code" else set()

    def _ours(self, what: str, step: Callable[[], object] | None, dies: int | None, saves: int | None) -> None:
        """A step of ours with what must hold afterwards."""
        if step is None:
            return
        before, marks, head = self.desk.picture(), self.known, self._head()
        died, saved, refused = False, b"", ""
        if dies is None and saves is None:
            try:
                step()
            except MissionError as error:
                refused = error.message
        else:
            place = self.desk.tree / self.room.mission
            text = self._noted(place.read_bytes(), end=False) if place.exists() and saves is not None else None
            save = (lambda: place.write_bytes(text)) if text is not None else None
            end = die_within(step, before=10_000 if dies is None else dies, save=save, save_before=saves or 0)
            died, refused = end.died, end.refused
            saved = f"<p{self.number}>".encode() if end.saved else b""
        note(f"    {what}: died={died} saved={saved!r} refused={refused!r}")
        self.count[f"we {what}{' and die' if died else ' and be refused' if refused else ''}"] += 1
        self.edited_since |= bool(saved)
        if refused and self.crash is None and not saved:
            assert (self.desk.picture(), self._head()) == (before, head), refused
        self._settled(before, head, died=died, saved=bool(saved))
        if died and saved:
            self._recovered()
        elif not died and self.crash is None:
            assert self.desk.left_overs() == []
        self._nothing_lost(marks)
        if saved:
            assert saved in self.known.written, "what the person saved meanwhile is gone from their file"

    def _recovered(self) -> None:
        """The next pulse has begun, and nothing of a dead one lies around."""
        self._ours("recover", self.room.recover, None, None)
        assert self.desk.left_overs() == []

    def _settled(self, before: Picture, head: str, *, died: bool, saved: bool) -> None:
        after = self.desk.picture()
        refs = f"refs/heads/{self._main}" if self.room.place == "own" else before.head.removeprefix("ref: ")
        first, old = self.crash or (before, head)
        moved = self._moved(old)
        self._frame(before, after, ours=lambda p: p in moved or self.room.is_ours(p), refs=refs)
        if self.desk.locked:
            assert died or self.crash is not None
            if self.crash is None:
                self.crash, self.edited_since = (before, head), saved
                self.crash_moved, self.crash_head = False, self._head()
            return
        for path in moved if self.crash is None or not self.crash_moved else ():
            self._follow(path, first, after, old, edited=self.edited_since if self.crash else saved)
        if self.crash is not None and self.crash_moved:
            self.theirs |= self._dirty()
        self.crash = None
        assert self._dirty() <= self.theirs | ({self.room.mission} if self.edited_since or saved else set())
        if self.edited_since or saved:
            self.theirs = self._dirty()
        self.edited_since = False

    def _frame(self, before: Picture, after: Picture, *, ours: Callable[[str], bool], refs: str) -> None:
        """All that is not ours is what it was."""
        assert after.head == before.head
        assert after.config == before.config
        assert after.progress == before.progress
        ours_too = (refs, "refs/mission/")
        keep = {ref: oid for ref, oid in before.refs.items() if not ref.startswith(ours_too)}
        assert {ref: oid for ref, oid in after.refs.items() if not ref.startswith(ours_too)} == keep
        for name, log in before.logs.items():
            assert after.logs[name].startswith(log), name
        for one, other in ((before.index, after.index), (before.files, after.files)):
            assert {p: e for p, e in other.items() if not ours(p)} == {p: e for p, e in one.items() if not ours(p)}

    def _moved(self, old: str) -> set[str]:
        """What is committed otherwise than it was."""
        return set(self.desk.text("diff", "--name-only", "--no-renames", old, "HEAD").splitlines())

    def _follow(self, path: str, before: Picture, after: Picture, head: str, *, edited: bool) -> None:
        """Index and file have followed what is committed now, where the person had not changed them."""
        old, new = self._content(head, path), self._content("HEAD", path)
        staged = before.index.get(path, ())
        if self._is_clean(staged, old):
            assert self._is_clean(after.index.get(path, ()), new), f"the index of {path} did not follow"
        else:
            assert after.index.get(path, ()) == staged, f"the person's index entry of {path} moved"
        was, is_now = before.files.get(path), after.files.get(path)
        if was == old and not edited:
            assert is_now == new, f"{path} did not follow"
        elif was is not None and was != old and is_now is not None and new is not None:
            conflict = path != self.room.mission or old is None or b"<e" in was or b"<<<" in was
            added = set(OURS.findall(new)) - set(OURS.findall(old or b""))
            conflict = conflict or _goal(was) != _goal(old)
            assert conflict or edited or added <= set(OURS.findall(is_now)), f"our row is not in {path}"

    def _content(self, commit: str, path: str) -> bytes | None:
        done = self.desk.git("cat-file", "blob", f"{commit}:{path}")
        return done.stdout if done.returncode == 0 else None

    def _is_clean(self, entries: tuple[str, ...], content: bytes | None) -> bool:
        if content is None:
            return not entries
        return (
            len(entries) == 1 and entries[0].split(" ")[3][0] == "0" and self._oid(content) == entries[0].split(" ")[2]
        )

    def _oid(self, content: bytes) -> str:

        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def _nothing_lost(self, before: Marks) -> None:
        self.known = self.desk.marks()
        lost = before.all - self.known.all
        assert not lost, f"we lost {lost}"
