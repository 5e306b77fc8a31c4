"""Read and write the objects of one repository: from files where they are, else with git processes that are kept.

An object never changes: trees that were read or made are cached by id. Refs are read every time.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.damage import broken_ref, lost
from mission_cli.adapters.git.repo.loose_objects import TREE, LooseObjects, parsed_tree
from mission_cli.adapters.git.repo.plain_files import PlainFiles, is_oid
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import TypeVar

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.proc.dialogue import Dialogue
    from mission_cli.domain.host import Person

    T = TypeVar("T")

LINK = "160000"
_LONGEST_SECONDS = 5.0
"""How long a git process is kept: its other data (settings, alternates) is never older than this."""
_MOST_KEPT = 1024
_MOST_TREES = 160
_LONGEST_LINE = 64
_MANY = 30
"""From this many objects on, one request for all of them is faster."""
Entry = tuple[str, str]
"""(mode as stored in a tree, id)"""


class Objects:
    """Objects of one repository. One file in `folder` is rewritten each time: only one process may write at a time."""

    def __init__(self, git: Git, folder: Path, *, restore: str = "") -> None:
        """Read and write objects; `restore` is the hint for a file or folder that is lost."""
        self._git, self._folder, self._restore = git, folder, restore
        self._files = PlainFiles(git.git_dir)
        self._loose_writer = LooseObjects(os.fspath(git.git_dir), durable=git.durable)
        self._reader = _Kept(git, "cat-file", "--batch-command", "-z")
        self._blobs = _Kept(git, "hash-object", "-w", "--no-filters", "--stdin-paths")
        self._maker = _Kept(git, "mktree", "-z", "--missing", "--batch")
        self._trees: dict[str, dict[str, Entry]] = {}
        self._tree_of: dict[str, str] = {}
        self._ancestry: dict[str, bool] = {}
        self._parents: dict[str, str] = {}

    def commit_of(self, name: str) -> Sha | None:
        """Return the commit that a name stands for, or None.

        Raises ToolError if git cannot read a ref, or if the commit that it points to is lost.
        """
        if is_oid(name):  # an object may be removed meanwhile; that to which a ref points is not
            found = self._files.object(name)
            if found is not None and found[0] == "commit":
                return Sha(name)
        oid = self._files.ref(name)
        if oid == "":
            return None
        if oid is not None and self._knows_commit(oid):
            return Sha(oid)
        said = self._reader.ask(lambda git: _header(git, f"info {name}^{{commit}}"))
        if said is None and oid is not None and self._reader.ask(lambda git: _header(git, f"info {oid}")) is None:
            raise self.lost("commit", oid)
        if said is None and oid is None and (error := broken_ref(self._git.git_dir, name)) is not None:
            raise error
        return Sha(said[0]) if said else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether a commit is another one or one of its ancestors."""
        pair = f"{old}..{new}"
        if old == new or pair in self._ancestry or self.is_on_line(old, new):
            return True
        found = self._git.succeeds("merge-base", "--is-ancestor", old, new)
        if found:  # True is final; False may be due to a shallow clone
            _remember(self._ancestry, pair, found)
        return found

    def raw_commit(self, oid: str) -> bytes | None:
        """Return the content of a commit that is a loose object, otherwise None."""
        found = self._files.object(oid)
        return found[1] if found is not None and found[0] == "commit" else None

    def is_on_line(self, old: str, new: str) -> bool:
        """Whether a commit is among the last first parents of another one, as far as these are loose objects."""
        here = new
        for _ in range(_LONGEST_LINE):
            if here == old:
                return True
            if not (here and self._knows_commit(here)):
                break
            here = self._parents[here]
        return False

    def refs_below(self, folder: str) -> list[str]:
        """Return the names of all refs below a folder of refs, such as `refs/heads/mission/m/`."""
        found = self._files.refs_below(folder)
        return self._git.text("for-each-ref", "--format=%(refname)", folder).splitlines() if found is None else found

    def blobs(self, names: Sequence[str]) -> dict[str, bytes]:
        """Return contents of objects by the name they were requested by; names that mean nothing are left out.

        Raises ToolError if an object is lost that was requested by its id.
        """
        asked = [name for name in names if "\n" not in name]
        found = {name: content for name in asked if (content := self._loose(name)) is not None}
        rest = [name for name in asked if name not in found]
        if len(rest) > _MANY:
            found |= self._git.blobs(rest)
        else:
            found |= {name: one[1] for name in rest if (one := self._read(name)) is not None}
        gone = next((name for name in rest if name not in found and is_oid(name)), None)
        if gone is not None:
            raise self.lost("blob", gone)
        return found

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit, empty if there is none."""
        if commit not in self._tree_of and not self._knows_commit(commit):
            found = self._reader.ask(lambda git: _header(git, f"info {commit}^{{tree}}"))
            _remember(self._tree_of, commit, found[0] if found else "")
        return self._tree_of[commit]

    def parent_of(self, commit: str) -> str:
        """Return the first parent of a commit, empty if there is none."""
        if commit not in self._parents and not self._knows_commit(commit):
            found = self._reader.ask(lambda git: _header(git, f"info {commit}^1"))
            _remember(self._parents, commit, found[0] if found else "")
        return self._parents[commit]

    def entries(self, commit: str, folder: str = "") -> dict[str, Entry]:
        """Return the entries of a commit's folder by name, empty if none. Callers must not change the result."""
        tree = self.tree_of(commit)
        for name in folder.split("/") if folder else ():
            mode, tree = self._tree(tree).get(name, ("", "")) if tree else ("", "")
            tree = tree if mode == TREE else ""
        return self._tree(tree) if tree else {}

    def folder(self, tree: str) -> dict[str, Entry]:
        """Return the entries of a folder by the id of its tree. Callers must not change the result."""
        return self._tree(tree)

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the entry of a commit at a path, or None."""
        folder, _, name = path.rpartition("/")
        return self.entries(commit, folder).get(name)

    def files(self, commit: str, folder: str = "") -> dict[str, Entry]:
        """Return all files below a folder of a commit by path, without links to other repositories."""
        found: dict[str, Entry] = {}
        for name, (mode, oid) in self.entries(commit, folder).items():
            path = f"{folder}/{name}" if folder else name
            if mode == TREE:
                found.update(self.files(commit, path))
            elif mode != LINK:
                found[path] = (mode, oid)
        return found

    def lost(self, kind: str, oid: str) -> ToolError:
        """Return the error for an object that something refers to and that is not there."""
        return lost(self._git.git_dir, kind, oid, self._restore if kind != "commit" else "")

    def keep(self) -> None:
        """Write again what was written since the last call and is gone: `git gc --prune=now` of another process."""
        self._loose_writer.keep()

    def store(self, content: bytes) -> str:
        """Write a blob. Returns its id."""
        if oid := self._loose_writer.blob(content):
            return oid
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._folder / "blob"
        place.write_bytes(content)
        return self._blobs.ask(lambda git: _said(git, quoted(os.fsencode(place)) + b"\n"))

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        *,
        author: Person,
        committer: Person,
        signed: Callable[[bytes], bytes] | None = None,
    ) -> Sha:
        """Make a commit object of this moment, with what `signed` makes of its content. Returns its id."""
        made = self._loose_writer.commit(tree, parents, message, author, committer, signed)
        if made:
            return Sha(made)
        commit = self._git.commit_tree(tree, parents, message, author=author, committer=committer)
        return self.signed(commit, signed) if signed is not None else commit

    def signed(self, commit: Sha, signed: Callable[[bytes], bytes]) -> Sha:
        """Make what `signed` makes of a commit. Returns its id."""
        found = self._read(commit)
        content = found[1] if found is not None else b""
        new = signed(content)
        if new == content:
            return commit
        return Sha(self._git.text("hash-object", "-t", "commit", "-w", "--stdin", stdin=new))

    def changed_tree(self, commit: str | None, changes: Mapping[str, Entry | None]) -> str:
        """Write the tree of a commit with other entries at some paths; None removes one. Returns its id."""
        return self._changed(self.tree_of(commit) if commit else "", changes) or self._make({})

    def _changed(self, tree: str, changes: Mapping[str, Entry | None]) -> str:
        """Return the id of the changed tree, empty if nothing is left in it."""
        here = dict(self._tree(tree)) if tree else {}
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                here.pop(name, None)
            else:
                here[name] = entry
        for name, more in below.items():
            mode, old = here.pop(name, ("", ""))
            new = self._changed(old if mode == TREE else "", more)
            if new:
                here[name] = (TREE, new)
        return self._make(here) if here else ""

    def _make(self, entries: Mapping[str, Entry]) -> str:
        kinds = {TREE: "tree", LINK: "commit"}
        made = self._loose_writer.tree(entries)
        if not made:
            lines = [f"{mode} {kinds.get(mode, 'blob')} {oid}\t{name}\0" for name, (mode, oid) in entries.items()]
            data = "".join([*lines, "\0"]).encode("utf-8", "surrogateescape")
            made = self._maker.ask(lambda git: _said(git, data))
        _remember(self._trees, made, dict(entries), _MOST_TREES)
        return made

    def _tree(self, oid: str) -> dict[str, Entry]:
        known = self._trees.pop(oid, None)
        if known is None:
            found = self._read(oid)
            if found is None or found[0] != "tree":
                raise self.lost("tree", oid)
            known = parsed_tree(found[1], len(oid) // 2)
        _remember(self._trees, oid, known, _MOST_TREES)
        return known

    def _read(self, name: str) -> tuple[str, bytes] | None:
        """Return kind and content of an object, or None."""
        return self._files.object(name) or self._reader.ask(lambda git: _contents(git, name))

    def _loose(self, name: str) -> bytes | None:
        """Return the content of a loose object: by its id, or as `TREE:name` in a folder."""
        tree, among, entry = name.partition(":")
        if among and is_oid(tree):
            name = self._tree(tree).get(entry, ("", ""))[1] if tree in self._trees or self._is_loose_tree(tree) else ""
        found = self._files.object(name)
        return found[1] if found is not None else None

    def _is_loose_tree(self, oid: str) -> bool:
        found = self._files.object(oid)
        return found is not None and found[0] == "tree"

    def _knows_commit(self, oid: str) -> bool:
        """Whether an id is that of a commit whose tree and first parent are known now."""
        if oid in self._tree_of and oid in self._parents:
            return True
        found = self._files.object(oid)
        if found is None or found[0] != "commit":
            return False
        head, *more = found[1].split(b"\n", 2)
        _remember(self._tree_of, oid, head.removeprefix(b"tree ").decode())
        words = more[0].decode("ascii", "replace") if more else ""
        _remember(self._parents, oid, words.removeprefix("parent ") if words.startswith("parent ") else "")
        return True


class _Kept:
    """A git process that is started on demand, and restarted when it is old or ended, or its folder was replaced."""

    def __init__(self, git: Git, *words: str) -> None:
        self._git, self._words = git, words
        self._kept: tuple[Dialogue, float, int] | None = None

    def ask(self, question: Callable[[Dialogue], T]) -> T:
        """Send a request that may be sent twice without harm. Raises ToolError with git's message."""
        old = self._kept is not None
        try:
            return question(self._dialogue())
        except ToolError as error:
            self._forget()
            if not old:
                raise ToolError(f"git {self._words[0]}: {error.message}") from error
        return self.ask(question)

    def _dialogue(self) -> Dialogue:
        place = self._git.git_dir.stat().st_ino if self._git.git_dir.exists() else 0
        if self._kept is not None:
            dialogue, until, there = self._kept
            if time.monotonic() < until and there == place:
                return dialogue
            self._forget()
        dialogue = self._git.dialogue(*self._words)
        self._kept = (dialogue, time.monotonic() + _LONGEST_SECONDS, place)
        return dialogue

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept[0].close()
            self._kept = None


def _header(git: Dialogue, question: str) -> tuple[str, str, int] | None:
    """Return (id, kind, size) of the requested object, or None."""
    git.say(question.encode("utf-8", "surrogateescape") + b"\0")
    words = git.line().rsplit(b" ", 2)
    if len(words) < 3 or not words[2].isdigit():  # noqa: PLR2004 - `<name> missing`, `<name> ambiguous`
        return None
    return words[0].decode(), words[1].decode(), int(words[2])


def _contents(git: Dialogue, name: str) -> tuple[str, bytes] | None:
    found = _header(git, f"contents {name}")
    return (found[1], git.exactly(found[2] + 1)[:-1]) if found else None


def _said(git: Dialogue, question: bytes) -> str:
    git.say(question)
    return git.line().decode()


def quoted(path: bytes) -> bytes:
    """Return a path in quotes as git reads it, whatever characters it contains."""
    for char, word in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(char, word)
    return b'"' + path + b'"'


def _remember(known: dict[str, T], key: str, value: T, most: int = _MOST_KEPT) -> None:
    if len(known) >= most:
        del known[next(iter(known))]
    known[key] = value
