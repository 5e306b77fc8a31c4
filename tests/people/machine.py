"""A person at work and we beside them, step by step, in an order that Hypothesis makes up.

Every step of ours may die before any of its effects, and the person may save a file in the middle of it.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.kit.dying import die_within
from tests.people.desk import Desk
from tests.people.editor import OpenCommit
from tests.people.laws import Laws

FILES = st.sampled_from(["a.txt", "b.txt", "new.txt"])
_MARKERS = re.compile(rb"^(<<<<<<< |>>>>>>> |\|\|\|\|\|\|\| |=======$).*\n", re.MULTILINE)
MOST_EFFECTS = 70
"""A commit of ours has about fifty; what is above is a step that does not die."""


def quiet(self: AtWork) -> bool:
    """No editor is open."""
    return self.editor is None


def free(self: AtWork) -> bool:
    """No editor is open, and no merge or rebase waits."""
    return self.editor is None and not self.desk.busy


class AtWork(Laws):
    """The rules: what a person may do, and what we may do beside them."""

    def teardown(self) -> None:
        """The editor is closed, what died is finished, and nothing of ours lies around."""
        if self.editor is not None:
            self.close_editor(keep=True)
        self._recovered()
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
        """`git rm`, which refuses where something would be lost, but for a file with a conflict."""
        unmerged = bool(self.desk.text("ls-files", "--unmerged", "--", name))
        self._git("rm", "--quiet", "--", name, throws=unmerged)

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
        self._recovered()

    @precondition(lambda self: self.room.place == "code")
    @rule(path=st.sampled_from(["a.txt", "new.txt", "w.txt", "deep/w.txt"]))
    def finish_work(self, path: str) -> None:
        """A worker's feature is merged on our branch."""
        self._finish(path)

    @precondition(lambda self: self.room.place == "code")
    @rule(dies=st.one_of(st.none(), st.integers(0, 12)))
    def land(self, dies: int | None) -> None:
        """The base goes forward, under the person's hands."""
        self._land(dies)

    @precondition(lambda self: self.room.place == "code")
    @rule(path=st.sampled_from(["b.txt", "new.txt", "w.txt"]), dies=st.one_of(st.none(), st.integers(0, 12)))
    def finish_and_land(self, path: str, dies: int | None) -> None:
        """Both in one pulse."""
        self._finish(path)
        self._land(dies)

    def _finish(self, path: str) -> None:
        self.number += 1
        before = self.desk.picture()
        self.room.work(self.number, path)
        after = self.desk.picture()
        self._frame(before, after, ours=lambda _: False, refs="refs/heads/mission/")
        assert (after.index, after.files) == (before.index, before.files)
        self.known = self.desk.marks()

    def _land(self, dies: int | None) -> None:
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
