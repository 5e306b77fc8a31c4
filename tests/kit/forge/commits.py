"""Where a scripted forge has branches and commits: in memory, shared with the simulator, or in a bare repository."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tests.kit.fakes.clock import BEGIN
from tests.kit.fakes.objects import Commit, Objects, changed_between, merge_files

from mission_cli.domain.forge.facts import MergeMethod
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Commits(Protocol):
    """The branches of one repository. A merge makes a commit and moves nothing."""

    def branches(self) -> Mapping[str, str]:
        """Return the commits of all branches by name."""
        ...

    def contains(self, commit: str, older: str) -> bool:
        """Return whether `older` is the commit or one of its ancestors."""
        ...

    def between(self, base: str, head: str) -> Sequence[str]:
        """Return the commits that the head has and the base lacks, oldest first."""
        ...

    def parents(self, commit: str) -> Sequence[str]:
        """Return the parents of a commit."""
        ...

    def changed(self, before: str, after: str) -> Sequence[str]:
        """Return the paths that differ."""
        ...

    def files(self, commit: str) -> Mapping[str, str]:
        """Return the texts of all files by path."""
        ...

    def merge(self, base: str, head: str, method: MergeMethod, message: str) -> tuple[str, tuple[str, ...]]:
        """Return the commit that merges the head into the base, or an empty text and the paths in conflict."""
        ...

    def commit(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Return a new commit in which these files are changed."""
        ...

    def set_branch(self, name: str, commit: str) -> None:
        """Create or move a branch."""
        ...

    def delete_branch(self, name: str) -> None:
        """Delete a branch, if it exists."""
        ...

    def fork(self, name: str) -> Commits:
        """Return a new repository with the same branches."""
        ...

    def take(self, other: Commits, commit: str) -> None:
        """Copy a commit and its ancestors from another repository."""
        ...


_HEADS = "heads/"


class MemoryCommits:
    """Branches in a dictionary: keys are `heads/<branch>`, as in `Remote.refs` of the simulator, which may be passed."""

    def __init__(self, objects: Objects | None = None, refs: dict[str, str] | None = None) -> None:
        self.objects = Objects() if objects is None else objects
        self.refs: dict[str, str] = {} if refs is None else refs
        self._older: dict[tuple[str, str], bool] = {}

    def branches(self) -> dict[str, str]:
        """Return all branches."""
        return {name[len(_HEADS) :]: commit for name, commit in self.refs.items() if name.startswith(_HEADS)}

    def contains(self, commit: str, older: str) -> bool:
        """Walk the history once for each pair: the answer cannot change."""
        pair = (commit, older)
        if pair not in self._older:
            self._older[pair] = self.objects.contains(Sha(commit), Sha(older))
        return self._older[pair]

    def between(self, base: str, head: str) -> Sequence[str]:
        """Walk the history."""
        there = set(self.objects.ancestry(Sha(base)))
        return [name for name in self.objects.ancestry(Sha(head)) if name not in there][::-1]

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents."""
        return self.objects.get(Sha(commit)).parents

    def changed(self, before: str, after: str) -> Sequence[str]:
        """Compare the files."""
        return changed_between(self.objects.get(Sha(before)).files, self.objects.get(Sha(after)).files)

    def files(self, commit: str) -> Mapping[str, str]:
        """Return the files."""
        return self.objects.get(Sha(commit)).files

    def merge(self, base: str, head: str, method: MergeMethod, message: str) -> tuple[str, tuple[str, ...]]:
        """Merge file by file."""
        if method is MergeMethod.REBASE:
            return self._rebase(base, head)
        common = self.objects.base_of(Sha(base), Sha(head))
        files, conflicts = self._three(common or "", base, head)
        if conflicts:
            return "", conflicts
        parents = (base, head) if method is MergeMethod.MERGE else (base,)
        return self._add(files, parents, message), ()

    def commit(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Add a commit; an empty parent begins a history."""
        before = dict(self.objects.get(Sha(parent)).files) if parent else {}
        return self._add({**before, **files}, (parent,) if parent else (), message)

    def set_branch(self, name: str, commit: str) -> None:
        """Set the reference."""
        self.refs[_HEADS + name] = commit

    def delete_branch(self, name: str) -> None:
        """Remove the reference."""
        self.refs.pop(_HEADS + name, None)

    def fork(self, name: str) -> MemoryCommits:
        """Share the objects, and nothing else."""
        del name
        return MemoryCommits(self.objects, {_HEADS + branch: commit for branch, commit in self.branches().items()})

    def take(self, other: Commits, commit: str) -> None:
        """Do nothing: forks share the objects."""

    def _rebase(self, base: str, head: str) -> tuple[str, tuple[str, ...]]:
        tip = base
        for one in self.between(base, head):
            parents = self.parents(one)
            if len(parents) > 1:
                continue
            files, conflicts = self._three(parents[0] if parents else "", tip, one)
            if conflicts:
                return "", conflicts
            tip = self._add(files, (tip,), self.objects.get(Sha(one)).message)
        return tip, ()

    def _three(self, common: str, ours: str, theirs: str) -> tuple[dict[str, str], tuple[str, ...]]:
        was = self.objects.get(Sha(common)).files if common else {}
        return merge_files(was, self.objects.get(Sha(ours)).files, self.objects.get(Sha(theirs)).files)

    def _add(self, files: Mapping[str, str], parents: tuple[str, ...], message: str) -> str:
        at = max((self.objects.get(Sha(one)).at for one in parents), default=BEGIN) + timedelta(seconds=1)
        return self.objects.add(Commit(dict(files), tuple(map(Sha, parents)), message, PROGRAM, at))


class BareCommits:
    """A bare repository on disk. Its hooks do not run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._older: dict[tuple[str, str], bool] = {}

    @classmethod
    def make(cls, path: Path, files: Mapping[str, str], branch: str = "main") -> BareCommits:
        """Create a repository with one commit on a branch."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", os.fspath(path)], check=True)
        made = cls(path)
        made.set_branch(branch, made.commit("", files, "Begin"))
        return made

    def branches(self) -> dict[str, str]:
        """Read the references as files: this is asked for before everything else."""
        heads, found = self.path / "refs/heads", {}
        with suppress(FileNotFoundError):
            for line in (self.path / "packed-refs").read_text().splitlines():
                commit, _, name = line.partition(" refs/heads/")
                if name:
                    found[name] = commit
        for file in heads.rglob("*"):
            if file.is_file() and file.suffix != ".lock":
                with suppress(FileNotFoundError):
                    found[file.relative_to(heads).as_posix()] = file.read_text().strip()
        return dict(sorted(found.items()))

    def contains(self, commit: str, older: str) -> bool:
        """Ask git once for each pair: the answer cannot change."""
        pair = (commit, older)
        if pair not in self._older:
            self._older[pair] = self._run("merge-base", "--is-ancestor", older, commit).returncode == 0
        return self._older[pair]

    def between(self, base: str, head: str) -> list[str]:
        """Ask git."""
        return self._git("rev-list", "--reverse", "--topo-order", head, f"^{base}").split()

    def parents(self, commit: str) -> list[str]:
        """Ask git."""
        return self._git("rev-list", "--parents", "--max-count=1", commit).split()[1:]

    def changed(self, before: str, after: str) -> list[str]:
        """Ask git."""
        return self._git("diff-tree", "-r", "-z", "--name-only", before, after).split("\0")[:-1]

    def files(self, commit: str) -> dict[str, str]:
        """Ask git for the names, and for each text; it is for repositories of a few files."""
        lines = self._git("ls-tree", "-r", "-z", "--format=%(objectname) %(path)", commit).split("\0")[:-1]
        names = [line.partition(" ") for line in lines]
        return {path: self._git("cat-file", "blob", blob) for blob, _, path in names}

    def merge(self, base: str, head: str, method: MergeMethod, message: str) -> tuple[str, tuple[str, ...]]:
        """Merge without a work tree."""
        if method is MergeMethod.REBASE:
            return self._rebase(base, head)
        tree, conflicts = self._three(base, head)
        if conflicts:
            return "", conflicts
        return self._commit_tree(tree, [base, head] if method is MergeMethod.MERGE else [base], message), ()

    def commit(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Write blobs and trees without an index; an empty parent begins a history."""
        index = self.path / "scripted.index"
        env = {"GIT_INDEX_FILE": os.fspath(index)}
        index.unlink(missing_ok=True)
        if parent:
            self._git("read-tree", parent, env=env)
        for path, text in files.items():
            blob = self._git("hash-object", "-w", "--stdin", stdin=text).strip()
            self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=env)
        tree = self._git("write-tree", env=env).strip()
        return self._commit_tree(tree, [parent] if parent else [], message)

    def set_branch(self, name: str, commit: str) -> None:
        """Move the reference."""
        self._git("update-ref", f"refs/heads/{name}", commit)

    def delete_branch(self, name: str) -> None:
        """Delete the reference."""
        self._git("update-ref", "-d", f"refs/heads/{name}")

    def fork(self, name: str) -> BareCommits:
        """Clone the repository to a folder beside it."""
        path = self.path.parents[1] / f"{name}.git"
        self._git("clone", "--quiet", "--bare", os.fspath(self.path), os.fspath(path))
        return BareCommits(path)

    def take(self, other: Commits, commit: str) -> None:
        """Fetch from the other repository."""
        assert isinstance(other, BareCommits)
        if self._run("cat-file", "-e", commit).returncode:
            self._git("fetch", "--quiet", "--no-tags", os.fspath(other.path), "+refs/heads/*:refs/forks/taken/*")

    def _rebase(self, base: str, head: str) -> tuple[str, tuple[str, ...]]:
        """Cherry-pick each commit by a merge of three commits that exist only for their trees."""
        tip = base
        for one in self.between(base, head):
            parents = self.parents(one)
            if len(parents) > 1:
                continue
            was = self._commit_tree(self._tree(parents[0]), [], "was")
            ours, theirs = (self._commit_tree(self._tree(side), [was], "side") for side in (tip, one))
            tree, conflicts = self._three(ours, theirs)
            if conflicts:
                return "", conflicts
            tip = self._commit_tree(tree, [tip], self._git("show", "--no-patch", "--format=%B", one).rstrip() + "\n")
        return tip, ()

    def _three(self, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        done = self._run("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
        tree, *paths = done.stdout.split("\0")
        if done.returncode > 1:
            return "", (done.stderr.strip() or "unrelated histories",)
        return tree, tuple(path for path in paths if path) if done.returncode else ()

    def _tree(self, commit: str) -> str:
        return self._git("rev-parse", f"{commit}^{{tree}}").strip()

    def _commit_tree(self, tree: str, parents: Sequence[str], message: str) -> str:
        options = [word for parent in parents for word in ("-p", parent)]
        return self._git("commit-tree", tree, *options, stdin=message).strip()

    def _git(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        done = self._run(*words, stdin=stdin, env=env)
        assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
        return done.stdout

    def _run(
        self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *words],
            cwd=self.path,
            env={**os.environ, **_WHO, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Forge"), ("EMAIL", "forge@example.org"))
}
