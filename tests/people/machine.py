"""A person at work and we beside them, step by step, in an order that Hypothesis makes up.

Every step of ours may die before any of its effects, and the person may save a file in the middle of it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from tests.kit.dying import die_within
from tests.people.desk import OURS, Desk, Marks, Picture
from tests.people.editor import OpenCommit
from tests.people.rooms import Room, copy_room

from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = st.sampled_from(["a.txt", "b.txt", "new.txt"])
_MARKERS = re.compile(rb"^(<<<<<<< |>>>>>>> |\|\|\|\|\|\|\| |=======$).*\n", re.MULTILINE)
MOST_EFFECTS = 70
"""A commit of ours has about fifty; what is above is a step that does not die."""

Mark = frozenset[bytes]


def quiet(self: AtWork) -> bool:
    """No editor is open."""
    return self.editor is None


def free(self: AtWork) -> bool:
    """No editor is open, and no merge or rebase waits."""
    return self.editor is None and not self.desk.busy


def _goal(text: bytes | None) -> list[bytes]:
    """The line that joins change."""
    return [line for line in (text or b"").splitlines() if line.startswith((b"> ", b"<o"))]


class AtWork(RuleBasedStateMachine):
    """One desk. `count` tells how often each thing really happened."""

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

    def teardown(self) -> None:
        """The editor is closed, what died is finished, and nothing of ours lies around."""
        if self.editor is not None:
            self.close_editor(keep=True)
        self.recover()
        assert self.desk.left_overs() == []
        if self.code_before is not None:
            code = Desk(self.room.repo).picture()
            assert (code.head, code.refs, code.index) == (
                self.code_before.head,
                self.code_before.refs,
                self.code_before.index,
            )
        whole = self.desk.git("fsck", "--no-dangling", "--connectivity-only")
        assert (whole.returncode, whole.stdout) == (0, b""), whole.stderr

    # The person

    @rule(name=FILES, top=st.booleans())
    def edit(self, name: str, *, top: bool) -> None:
        """A line at the top or the end of a file."""
        place = self.desk.tree / name
        text = place.read_bytes() if place.exists() else b""
        mark = self._mark("p") + b"\n"
        place.write_bytes(mark + text if top else text + mark)
        self._by_person("edit")

    @rule(end=st.booleans())
    def edit_mission(self, *, end: bool) -> None:
        """A note in the mission file, or a line where we write too."""
        place = self.desk.tree / self.room.mission
        if place.exists():
            place.write_bytes(self._noted(place.read_bytes(), end=end))
            self.edited_since = True
            self._by_person("edit the mission")

    @rule(name=FILES)
    def remove(self, name: str) -> None:
        """`git rm`, which refuses where something would be lost."""
        self._git("rm", "--quiet", "--", name)

    @precondition(quiet)
    @rule(name=FILES)
    def stage(self, name: str) -> None:
        """All of a file."""
        self._git("add", "--", name)

    @precondition(quiet)
    @rule()
    def stage_mission(self) -> None:
        """The mission file."""
        self._git("add", "--", self.room.mission)

    @precondition(quiet)
    @rule(mission=st.booleans(), name=FILES)
    def stage_partly(self, name: str, *, mission: bool) -> None:
        """Only one of the lines that were added, as with `git add -p`."""
        path = self.room.mission if mission else name
        committed = self.desk.blob(f"HEAD:{path}")
        place = self.desk.tree / path
        lines = place.read_bytes().splitlines(keepends=True) if place.exists() else []
        new = [line for line in lines if line not in committed.splitlines(keepends=True)]
        if not committed or not new or self.desk.blob(f":{path}") != committed:
            return
        part = b"".join(line for line in lines if line not in new[1:])
        blob = self.desk.git("hash-object", "-w", "--stdin", stdin=part).stdout.decode().strip()
        self._git("update-index", "--cacheinfo", f"100644,{blob},{path}")

    @precondition(quiet)
    @rule(name=FILES)
    def intend_to_add(self, name: str) -> None:
        """`git add -N`."""
        self._git("add", "-N", "--", name)

    @precondition(quiet)
    @rule(
        name=FILES,
        flag=st.sampled_from(["--assume-unchanged", "--no-assume-unchanged", "--skip-worktree", "--no-skip-worktree"]),
    )
    def flag(self, name: str, flag: str) -> None:
        """A file of which git shall not look at the copy."""
        self.blind |= not flag.startswith("--no")
        self._git("update-index", flag, "--", name)

    @precondition(quiet)
    @rule(flags=st.sampled_from([[], ["-a"], ["--amend"], ["--amend", "-a"], ["--only", "a.txt"]]))
    def commit(self, flags: list[str]) -> None:
        """A commit, or the last one again."""
        paths = ["--", flags[1]] if flags[:1] == ["--only"] else []
        self._committed("commit", "--quiet", "-m", f"work {self.number}", *(flags if not paths else flags[:1]), *paths)

    @precondition(free)
    @rule(flags=st.sampled_from([[], ["-a"], ["--amend"]]))
    def open_editor(self, flags: list[str]) -> None:
        """A commit whose message is still being written."""
        opened = OpenCommit(self.desk.tree, self.home, *flags)
        if opened.open:
            self.editor = opened
            self.count["open an editor"] += 1

    @precondition(lambda self: self.editor is not None)
    @rule(keep=st.booleans())
    def close_editor(self, *, keep: bool) -> None:
        """The message is written, or the commit given up."""
        assert self.editor is not None
        before = self._head()
        code, words = self.editor.close("by hand" if keep else "")
        self.editor = None
        assert code == 0 or not keep or "nothing to commit" in words or self.crash is not None, words
        self._check_commit(before)
        self._by_person("close the editor")

    @precondition(quiet)
    @rule(how=st.sampled_from(["--soft", "--mixed", "--hard"]), to=st.sampled_from(["HEAD", "HEAD~1"]))
    def reset(self, how: str, to: str) -> None:
        """Back by a commit, or only in index or files."""
        self._git("reset", "--quiet", how, to, throws=how == "--hard")

    @precondition(free)
    @rule(where=st.sampled_from(["side", "-", "--detach"]))
    def switch(self, where: str) -> None:
        """To the other branch and back; git refuses what would be overwritten."""
        self._git("switch", "--quiet", where)

    @precondition(lambda self: free(self) and self.desk.branch() != self._main)
    @rule()
    def home_again(self) -> None:
        """Back to the branch that we write to."""
        self._git("switch", "--quiet", self._main)

    @precondition(free)
    @rule(how=st.sampled_from([["merge", "--quiet"], ["merge", "--quiet", "--no-ff"], ["rebase", "--quiet"]]))
    def bring_in(self, how: list[str]) -> None:
        """The other branch into this one, or this one onto it."""
        other = "side" if self.desk.branch() == self._main else self._main
        self._git(*how, other)

    @precondition(lambda self: quiet(self) and self.desk.busy)
    @rule()
    def resolve(self) -> None:
        """Both sides are kept, and merge or rebase goes on."""
        busy = self.desk.busy
        for path in self.desk.text("diff", "--name-only", "--diff-filter=U").splitlines():
            place = self.desk.tree / path
            if place.exists():
                place.write_bytes(_MARKERS.sub(b"", place.read_bytes()))
            self.desk.git("add", "--all", "--", path)
        self._git(*(["commit", "--quiet", "--no-edit"] if busy == "merge" else ["rebase", "--continue"]))

    @precondition(lambda self: quiet(self) and self.desk.busy)
    @rule()
    def give_up(self) -> None:
        """`--abort`: what was done since is thrown away."""
        self._git(self.desk.busy, "--abort", throws=True)

    @precondition(free)
    @rule(untracked=st.booleans())
    def stash(self, *, untracked: bool) -> None:
        """Put it all aside."""
        self._git("stash", "push", "--quiet", *(["--include-untracked"] if untracked else []))

    @precondition(lambda self: free(self) and self.desk.stashed)
    @rule()
    def unstash(self) -> None:
        """Take it out again; a conflict keeps it in the stash."""
        self._git("stash", "pop", "--quiet")

    @precondition(free)
    @rule()
    def push(self) -> None:
        """To the remote, without force."""
        self._git("push", "--quiet", "origin", self._main)

    @precondition(free)
    @rule()
    def pull(self) -> None:
        """`pull --rebase`, after a colleague has pushed."""
        other = self.home / "colleague"
        colleague = Desk(other)
        if not other.exists():
            self.desk.git("clone", "--quiet", "--branch", self._main, str(self.home / "origin.git"), str(other))
        colleague.git("pull", "--quiet", "--ff-only")
        with (other / "b.txt").open("ab") as file:
            file.write(self._mark("p") + b"\n")
        colleague.git("commit", "--quiet", "-am", "colleague")
        colleague.git("push", "--quiet")
        self._git("pull", "--quiet", "--rebase", "origin", self._main)

    # We

    @precondition(lambda self: self.room.place != "code")
    @rule(saves=st.one_of(st.none(), st.integers(0, MOST_EFFECTS)))
    def our_commit(self, saves: int | None) -> None:
        """A state commit, in the middle of which the person may save the mission file."""
        self.number += 1
        self._ours("commit", self.room.commit(self.number), None, saves)

    @precondition(lambda self: self.room.place != "code")
    @rule(dies=st.integers(0, MOST_EFFECTS), saves=st.one_of(st.none(), st.integers(0, MOST_EFFECTS)))
    def our_commit_dies(self, dies: int, saves: int | None) -> None:
        """A state commit of a pulse that is killed."""
        self.number += 1
        self._ours("commit", self.room.commit(self.number), dies, saves)

    @precondition(lambda self: self.room.place == "own")
    @rule(dies=st.one_of(st.none(), st.integers(0, MOST_EFFECTS)))
    def our_join(self, dies: int | None) -> None:
        """What another host did comes in."""
        self.number += 1
        self._ours("join", self.room.join(self.number), dies, None)

    @precondition(lambda self: self.room.place != "code")
    @rule()
    def recover(self) -> None:
        """The next pulse begins."""
        self._ours("recover", self.room.recover, None, None)
        assert self.desk.left_overs() == []

    @precondition(lambda self: self.room.place == "code")
    @rule(path=st.sampled_from(["a.txt", "new.txt", "w.txt", "deep/w.txt"]))
    def finish_work(self, path: str) -> None:
        """A worker's feature is merged on our branch."""
        self.number += 1
        before = self.desk.picture()
        self.room.work(self.number, path)
        after = self.desk.picture()
        self._frame(before, after, ours=lambda _: False, refs="refs/heads/mission/")
        assert (after.index, after.files) == (before.index, before.files)
        self.known = self.desk.marks()

    @precondition(lambda self: self.room.place == "code")
    @rule(dies=st.one_of(st.none(), st.integers(0, 12)))
    def land(self, dies: int | None) -> None:
        """The base goes forward, under the person's hands."""
        step = self.room.land()
        if step is None:
            return
        before, marks, base = self.desk.picture(), self.known, self._commit_of("main")
        if dies is None:
            step()
        else:
            die_within(step, before=dies)
        changed = set(self.desk.text("diff", "--name-only", "--no-renames", base, "main").splitlines())
        self.count["we land" if changed else "we land nothing"] += 1
        self._frame(before, self.desk.picture(), ours=lambda p: p in changed, refs="refs/heads/main")
        if self.desk.branch() == "main":
            assert self.desk.text("status", "--porcelain", "--", *changed) == "" or not changed
        self._nothing_lost(marks)
        assert self.desk.left_overs() == []

    # What must hold

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
            self.recover()
        elif not died and self.crash is None:
            assert self.desk.left_overs() == []
        self._nothing_lost(marks)
        if saved:
            assert saved in self.known.written, "what the person saved meanwhile is gone from their file"

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
        keep = {ref: oid for ref, oid in before.refs.items() if not ref.startswith(refs)}
        assert {ref: oid for ref, oid in after.refs.items() if not ref.startswith(refs)} == keep
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
        import hashlib

        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def _nothing_lost(self, before: Marks) -> None:
        self.known = self.desk.marks()
        lost = before.all - self.known.all
        assert not lost, f"we lost {lost}"
