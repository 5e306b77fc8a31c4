"""Move a mission from one state repository to another, with its commits: authors, dates and messages are kept.

Sums and links of the chain are over paths, so they are made anew for commits whose own sum is right.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.proof.chain import history_of
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.adapters.git.state.history import with_links, with_sum
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.evidence.chain import TRAILER, before_of, followed, links_in, trailer
from mission_cli.domain.host import PROGRAM, Person
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import Write, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mission_cli.adapters.git.state.store import GitStateStore
    from mission_cli.domain.evidence.chain import Links

_SUM = "Mission-Sum: "
_SEALS = (_SUM, f"{TRAILER}: ")
ORIGIN = "Mission-Origin"
"""Trailer of the commit that brought a mission in: its last commit in the repository that it came from."""


@dataclass(frozen=True, slots=True)
class _Past:
    """One commit of the mission's history."""

    author: Person
    at: str
    message: str
    files: Mapping[str, tuple[str, str]]
    """(mode, id) by path within the mission's folder."""
    fits: bool
    """Whether its `Mission-Sum` is right, so that one for the new paths may take its place."""


class Move:
    """Moves one mission from `home` to `state`, from below `folder` to below `to`."""

    def __init__(self, home: GitStateStore, state: GitStateStore, *, folder: str, to: str) -> None:
        self._home, self._state = home, state
        self._folder, self._to = f"{folder}/", f"{to}/"
        self._there = Git(home.layout.git_dir, home.layout.work_tree, durable=True)
        self._here = Git(state.layout.git_dir, durable=True)

    @property
    def origin(self) -> str:
        """The last commit of the mission in the repository it comes from."""
        return self._there.text("log", "-1", "--format=%H", self._home.layout.branch, "--", self._folder)

    def is_done(self) -> bool:
        """Whether this state of the mission was moved already, by an attach that died before `tidy`."""
        head, origin = self._state.layout.branch, self.origin
        if not origin or self._here.commit_of(head) is None:
            return False
        return bool(self._here.text("log", "-1", "--format=%H", f"--grep=^{ORIGIN}: {origin}$", head))

    def bring(self, text: str, message: str, author: Person) -> None:
        """Commit its history and then `text` as its file, all or nothing; merge it if the mission files move meanwhile.

        Raises ConflictError if their branch is removed meanwhile.
        """
        past = list(self._history())
        if self._state.layout.in_place:
            self._bring_in_one(past, text, message, author)
            return
        parent = self._here.commit_of(self._state.layout.branch)
        blob = self._here.store(text.encode("utf-8", "surrogateescape"))
        last = {**past[-1].files, "mission.md": ("100644", blob)}
        words = f"{message}{ORIGIN}: {self.origin}\n"
        before: Mapping[str, tuple[str, str]] = {}
        links = self._links(parent)
        for commit in (*past, _Past(author, "", words, last, fits=True)):
            tree = self._tree(parent, commit.files)
            parents = [parent] if parent else []
            said, links = self._sealed(commit, before, links) if commit.fits else (commit.message, links)
            before = commit.files
            new = self._here.commit_tree(tree, parents, said, author=commit.author, committer=PROGRAM, at=commit.at)
            parent = new
        self._state.join(new, message=message)
        if self._here.commit_of(self._state.layout.branch) is None:
            raise ConflictError("the mission files were changed meanwhile", hint="try again")

    def _links(self, head: Sha | None) -> Links:
        """Return the last links of the chain here, by mission."""
        return followed(history_of(self._here, head), {}).get(head, {}) if head else {}

    def _sealed(self, commit: _Past, before: Mapping[str, tuple[str, str]], links: Links) -> tuple[str, Links]:
        """Return the message of a commit with its sum and its link for the paths here, and the links after it."""
        kept = "".join(line for line in commit.message.splitlines(keepends=True) if not line.startswith(_SEALS))
        paths = [path for path in {**before, **commit.files} if before.get(path) != commit.files.get(path)]
        sides = [[files[path][1] if path in files else "" for files in (before, commit.files)] for path in paths]
        blobs = self._here.blobs(list(dict.fromkeys(oid for side in sides for oid in side if oid)))
        old_new = [[blobs[oid].decode("utf-8", "surrogateescape") if oid else None for oid in side] for side in sides]
        texts = {f"{self._to}{path}": (old, new) for path, (old, new) in zip(paths, old_new, strict=True)}
        mission = MissionId(self._to.rstrip("/").rpartition("/")[2])
        line = trailer(mission, before_of(links.get(mission, ())), sum_of(texts))
        said, lines = with_links(with_sum(kept, texts), lambda: [line])
        own = {name: (link.link,) for name, link in links_in(one.partition(": ")[2] for one in lines).items()}
        return said, {**links, **own}

    def _bring_in_one(self, past: list[_Past], text: str, message: str, author: Person) -> None:
        """Make one commit on a person's branch, which must not be rewritten; the history is listed in its message."""
        files = {path: oid for path, (_, oid) in past[-1].files.items()}
        contents = self._there.blobs(list(dict.fromkeys(files.values())))
        texts = {path: contents[oid].decode("utf-8", "surrogateescape") for path, oid in files.items()}
        writes = [Write(f"{self._to}{path}", new) for path, new in {**texts, "mission.md": text}.items()]
        lines = [f"{commit.at} {commit.author.name}: {commit.message.partition(chr(10))[0]}" for commit in past]
        subject, _, trailers = message.partition("\n\n")
        words = "\n".join([subject, "", *lines, "", f"{trailers}{ORIGIN}: {self.origin}"]) + "\n"
        expect = self._state.snapshot().head
        self._state.commit(writes, message=words, expect=expect, author=author)

    def tidy(self, message: str, author: Person) -> None:
        """Remove the mission from its old place. Raises BlockedError if a person has uncommitted edits of it."""
        layout = self._home.layout
        with locked(layout.git_dir / "mission-write.lock"):
            self.refuse_edits()
            head = self._there.commit_of(layout.branch)
            tree = _write_tree(self._there, layout.runtime, head, drop=self._folder, lines=[])
            new = self._there.commit_tree(tree, [head] if head else [], message, author=author, committer=PROGRAM)
            if not self._there.swap_ref(layout.branch, new, head or ""):
                raise ConflictError("the mission files were changed meanwhile", hint="try again")
            self._there.run("rm", "-r", "--quiet", "--force", "--ignore-unmatch", "--", self._folder)

    def refuse_edits(self) -> None:
        """Raise BlockedError if the mission has uncommitted edits."""
        mine = [e.path for e in self._home.edits() if e.path.startswith(self._folder)]
        if mine:
            words = f"{mine[0]} has changes that are not committed"
            raise BlockedError(words, hint=f"commit them in {self._home.layout.work_tree}, then try again")

    def _history(self) -> Iterator[_Past]:
        branch = self._home.layout.branch
        for line in self._there.text("rev-list", "--reverse", branch, "--", self._folder).split():
            said = self._there.text("show", "--no-patch", "--format=%an%x00%ae%x00%aI%x00%B", line)
            name, email, at, message = said.split("\0", 3)
            whole = message.rstrip("\n") + "\n"
            yield _Past(Person(name, email), at, whole, self._files(Sha(line)), self._fits(Sha(line), whole))

    def _fits(self, commit: Sha, message: str) -> bool:
        """Whether the sum in a message is the one over what the commit wrote."""
        said = next((line[len(_SUM) :] for line in message.splitlines() if line.startswith(_SUM)), "")
        if not said:
            return False
        parents = [Sha(one) for one in self._there.text("rev-list", "--parents", "-n1", commit).split()[1:]]
        changed = self._home.changed(parents[0] if parents else None, commit)
        return said == sum_of({path: texts for files in changed.values() for path, texts in files.items()})

    def _files(self, commit: Sha) -> dict[str, tuple[str, str]]:
        found = {}
        for line in self._there.words("ls-tree", "-r", "-z", commit, "--", self._folder):
            facts, _, path = line.partition("\t")
            mode, kind, oid = facts.split(" ")
            if kind == "blob":
                found[path.removeprefix(self._folder)] = (mode, oid)
        return found

    def _tree(self, parent: Sha | None, files: Mapping[str, tuple[str, str]]) -> str:
        """Write the tree of a commit here with these files as the whole content of the mission. Returns its id."""
        missing = [oid for _, oid in files.values() if not self._here.succeeds("cat-file", "-e", oid)]
        for content in self._there.blobs(list(dict.fromkeys(missing))).values():
            self._here.store(content)
        lines = [f"{mode} {oid}\t{self._to}{path}\0" for path, (mode, oid) in files.items()]
        return _write_tree(self._here, self._state.layout.runtime, parent, drop=self._to, lines=lines)


def _write_tree(git: Git, runtime: Path, parent: Sha | None, *, drop: str, lines: list[str]) -> str:
    """Write the tree of a commit without what is below `drop`, and with other entries. Returns its id."""
    index = runtime / f"index-{secrets.token_hex(4)}"
    index.parent.mkdir(parents=True, exist_ok=True)
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        if parent:
            git.run("read-tree", parent, env=env)
        paths = git.run("ls-files", "-z", env=env).out.decode("utf-8", "surrogateescape").split("\0")
        gone = [f"0 {ZERO}\t{path}\0" for path in paths if path.startswith(drop)]
        data = "".join([*gone, *lines]).encode("utf-8", "surrogateescape")
        git.run("update-index", "-z", "--index-info", stdin=data, env=env)
        return git.text("write-tree", env=env)
    finally:
        index.unlink(missing_ok=True)
