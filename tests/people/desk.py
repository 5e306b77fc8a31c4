"""The desk of a person at work: their git, and all that must stay theirs whatever we do beside them.

Everything that is written carries a mark of its own: `<p7>` a person's, `<e7>` a person's at the very place that
we write to as well, `<o7>` ours. Where a mark can be found nowhere any more, bytes are lost.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

MARK = re.compile(rb"<[peo]\d+>")
OURS = re.compile(rb"<o\d+>")
_LEFT_OVERS = (
    "*.lock",
    "index.mission-*",
    "mission-lock-*",
    "mission-journal.json",
    ".mission-journal.json.*",
    "mission-tmp/*.mission",
)
_OUR_LOCK = "mission-write.lock"
_IN_PROGRESS = ("MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "rebase-merge", "rebase-apply", "COMMIT_EDITMSG")


@dataclass(frozen=True)
class Marks:
    """Where marks are: in commits that something leads to, in the index, in the work tree."""

    committed: frozenset[bytes]
    staged: frozenset[bytes]
    written: frozenset[bytes]

    @property
    def all(self) -> frozenset[bytes]:
        """Wherever they are."""
        return self.committed | self.staged | self.written


@dataclass(frozen=True)
class Picture:
    """What is a person's in a repository."""

    head: str
    refs: dict[str, str]
    index: dict[str, tuple[str, ...]]
    """Entries by path: flag, mode, id, stage of each."""
    files: dict[str, bytes]
    progress: dict[str, bytes]
    """Files of an operation that is not over."""
    logs: dict[str, str]
    config: bytes

    def text(self, path: str) -> bytes | None:
        """A file of the work tree."""
        return self.files.get(path)


@dataclass
class Desk:
    """A work tree and its git, used by a person."""

    tree: Path
    _blobs: dict[str, frozenset[bytes]] = field(default_factory=dict)
    _clock: int = 1_800_000_000

    @cached_property
    def git_dir(self) -> Path:
        """Where the repository is."""
        return Path(self.git("rev-parse", "--absolute-git-dir").stdout.decode().strip())

    def git(
        self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git as a person does; whatever it answers. Each call is a second later than the one before."""
        self._clock += 1
        date = f"{self._clock} +0000"
        around = {
            **os.environ,
            "GIT_EDITOR": "true",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
            **(env or {}),
        }
        return subprocess.run(["git", *args], cwd=self.tree, env=around, input=stdin, capture_output=True, check=False)

    def text(self, *args: str) -> str:
        """What git says, without the last line ending; it must not fail."""
        done = self.git(*args)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout.decode().rstrip("\n")

    def blob(self, name: str) -> bytes:
        """The content that a name (`HEAD:a.txt`, `:a.txt`) stands for; empty where there is none."""
        done = self.git("cat-file", "blob", name)
        return done.stdout if done.returncode == 0 else b""

    @property
    def locked(self) -> bool:
        """Whether the index is locked by us; a `git commit -a` whose editor is open locks it too."""
        lock = self.git_dir / "index.lock"
        return lock.exists() and any(token.samefile(lock) for token in self.git_dir.glob("mission-lock-*"))

    @property
    def busy(self) -> str:
        """What is not over: merge, rebase, or nothing."""
        if (self.git_dir / "rebase-merge").exists() or (self.git_dir / "rebase-apply").exists():
            return "rebase"
        return "merge" if (self.git_dir / "MERGE_HEAD").exists() else ""

    def branch(self) -> str:
        """What is checked out; empty when it is detached."""
        text = (self.git_dir / "HEAD").read_text().strip()
        return text.removeprefix("ref: refs/heads/") if text.startswith("ref: ") else ""

    @property
    def stashed(self) -> bool:
        """Whether something is in the stash."""
        return (self.git_dir / "refs/stash").exists()

    def files(self) -> dict[str, bytes]:
        """All files of the work tree."""
        found = {}
        for folder, below, names in os.walk(self.tree):
            below[:] = [name for name in below if not (name == ".git" or (Path(folder, name) / ".git").exists())]
            for name in names:
                if name != ".git":
                    place = Path(folder, name)
                    with suppress(FileNotFoundError):
                        found[place.relative_to(self.tree).as_posix()] = place.read_bytes()
        return found

    def marks(self) -> Marks:
        """Where every mark is now."""
        listed = self.git("rev-list", "--objects", "--no-object-names", "--reflog", "--all", "--missing=error")
        assert listed.returncode == 0, listed.stderr
        staged = [line.split()[1] for line in self.git("ls-files", "--stage").stdout.decode().splitlines()]
        oids = listed.stdout.decode().split()
        self._read([oid for oid in [*oids, *staged] if oid not in self._blobs])
        none: frozenset[bytes] = frozenset()
        return Marks(
            none.union(*(self._blobs[oid] for oid in oids)),
            none.union(*(self._blobs[oid] for oid in staged)),
            none.union(*(MARK.findall(content) for content in self.files().values())),
        )

    def picture(self) -> Picture:
        """Everything that is a person's, as it is now."""
        index: dict[str, tuple[str, ...]] = {}
        for line in self.git("ls-files", "--stage", "-f", "-z").stdout.decode().split("\0"):
            facts, _, path = line.partition("\t")
            if path:
                index[path] = (*index.get(path, ()), facts)
        refs = [line.split(" ") for line in self.text("for-each-ref", "--format=%(objectname) %(refname)").splitlines()]
        progress = {}
        for name in _IN_PROGRESS:
            place = self.git_dir / name
            for file in [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file()):
                progress[file.relative_to(self.git_dir).as_posix()] = file.read_bytes()
        logs = {
            file.relative_to(self.git_dir).as_posix(): file.read_text()
            for file in sorted((self.git_dir / "logs").rglob("*"))
            if file.is_file()
        }
        head = (self.git_dir / "HEAD").read_text().strip()
        config = (self.git_dir / "config").read_bytes()
        return Picture(head, {ref: oid for oid, ref in refs}, index, self.files(), progress, logs, config)

    def left_overs(self) -> list[str]:
        """Locks, tokens, journals and temporary files of ours."""
        runtimes = [self.git_dir / "mission", self.git_dir.parent / "mission"]
        theirs = {_OUR_LOCK} if self.locked else {_OUR_LOCK, "index.lock"}
        found = {p for pattern in _LEFT_OVERS for p in self.git_dir.glob(pattern) if p.name not in theirs}
        found |= {p for r in runtimes for p in (*r.glob("*index-*"), *r.glob("saving-*"), *r.glob("new-state*"))}
        found |= set((self.git_dir / "refs").rglob("*.lock"))
        return sorted(p.relative_to(self.git_dir.parent).as_posix() for p in found)

    def _read(self, oids: list[str]) -> None:
        """Know the marks of objects."""
        if not oids:
            return
        out = self.git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode()).stdout
        at = 0
        for oid in oids:
            end = out.index(b"\n", at)
            _, kind, size = out[at:end].split(b" ")
            content = out[end + 1 : end + 1 + int(size)]
            self._blobs[oid] = frozenset(MARK.findall(content)) if kind == b"blob" else frozenset()
            at = end + 2 + int(size)
