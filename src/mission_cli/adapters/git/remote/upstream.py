"""The branches of pull requests at a remote: fetched into refs of our own, pushed without force, deleted at the end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.code.merges import Merges
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.domain.branches.refs import ROOT, Area, head_of
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import advise, do

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.adapters.proc.run import Completed
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId, Sha

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--prune")
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules")
_PATIENCE = 180.0
_LONG = 600.0
_STACKED = "Take up the earlier commits of the pull request"


class GitUpstream:
    """One remote of the code repository. `login` returns variables for git that hold a login, without naming it."""

    def __init__(
        self,
        checkout: Checkout,
        *,
        remote: str,
        program: Person,
        login: Callable[[], Mapping[str, str]] = dict,
        branches_at: Callable[[], str] | None = None,
    ) -> None:
        if remote.startswith("-"):
            raise ToolError(f"the remote is called {remote!r}", hint="write the name of a remote: git remote")
        self._remote, self._login, self._branches_at = remote, login, branches_at
        self._git = Git(checkout.common_dir, durable=True, own_config=True)
        self._merges = Merges(self._git, checkout.runtime, program)
        self._lock = checkout.runtime / "upstream.lock"

    def fetch(self, mission: MissionId, base: str, branches: Collection[str]) -> None:
        """Fetch the base and these branches; a branch that is gone there is gone here afterwards."""
        of_base = [f"+{head_of(base)}*:{Area.BASES.of(f'{mission}/{base}')}*"]
        of_pulls = [f"+{head_of(branch)}*:{_proposed(branch)}*" for branch in sorted(branches)]
        there = self._there() if of_pulls else self._remote
        wanted = [(self._remote, of_base + of_pulls)]
        if there != self._remote:
            wanted = [(self._remote, of_base), (there, of_pulls)]
        with self._alone():
            for place, pairs in wanted:
                done = self._asking().ask(*_FETCH, "--", place, *pairs, ok=tuple(range(256)), timeout=_LONG)
                if done.code:
                    self._unreachable("fetch from", done)
            found = self._git.commit_of(Area.BASES.of(f"{mission}/{base}"))
            self._git.run("update-ref", *(("-d", _base_ref(mission)) if found is None else (_base_ref(mission), found)))

    def base(self, mission: MissionId) -> Sha | None:
        """Return the base as it was last fetched."""
        return self._git.commit_of(_base_ref(mission))

    def tip(self, branch: str) -> Sha | None:
        """Return the commit of a branch as it was last fetched or pushed."""
        return self._git.commit_of(_proposed(branch))

    def is_ours(self, branch: str) -> bool:
        """Whether the commit of a branch is one that was pushed here, or an earlier one."""
        tip, ours = self.tip(branch), self._git.commit_of(head_of(branch))
        return tip is None or (ours is not None and self._contains(ours, tip))

    def has(self, branch: str, commit: Sha) -> bool:
        """Whether a branch contains a commit, and has exactly its files."""
        tip = self.tip(branch)
        return tip is not None and self._contains(tip, commit) and self._tree(tip) == self._tree(commit)

    def arrived(self, base: Sha, commit: Sha) -> bool:
        """Whether a base contains a commit, or merging it would change nothing."""
        if self._contains(base, commit):
            return True
        tree, _ = self._merges.tree(base, commit)
        return tree is not None and tree == self._tree(base)

    def present(self, commit: Sha, paths: Sequence[str]) -> bool:
        """Whether a commit has one of these files or folders."""
        return bool(self._git.text("ls-tree", "--name-only", commit, "--", *paths).strip())

    def push(self, branch: str, commit: Sha) -> str:
        """Push a commit on top of what the branch has there, and remember it as pushed before it is."""
        with self._alone():
            tip, ref = self.tip(branch), head_of(branch)
            if self.has(branch, commit):
                return ""
            new = commit if tip is None or self._contains(commit, tip) else self._on_top(tip, commit)
            self._git.run("update-ref", ref, new)
            done = self._asking().ask(*_PUSH, "--", self._there(), f"{new}:{ref}", ok=tuple(range(256)), timeout=_LONG)
            if done.code == 0:
                self._git.run("update-ref", _proposed(branch), new)
                return ""
            if _is_refused(done):
                return f"the remote `{self._remote}` does not take {branch}: {_words(done)}"
            return self._unreachable("push to", done)

    def take(self, branch: str) -> Sha | None:
        """Accept the commit of a branch as ours, and return it."""
        tip = self.tip(branch)
        if tip is not None:
            self._git.run("update-ref", head_of(branch), tip)
        return tip

    def delete(self, branch: str) -> str:
        """Delete a branch there and here, unless it has commits of someone else."""
        with self._alone():
            tip, ref = self.tip(branch), head_of(branch)
            if not self.is_ours(branch):
                return f"{branch} has commits of someone else"
            if tip is not None:
                lease = f"--force-with-lease={ref}:{tip}"
                words = (*_PUSH, lease, "--", self._there(), f":{ref}")
                done = self._asking().ask(*words, ok=tuple(range(256)), timeout=_LONG)
                if done.code and "does not exist" not in _words(done):
                    return _words(done) if _is_refused(done) else self._unreachable("push to", done)
                self._git.run("update-ref", "-d", _proposed(branch))
            ours = self._git.commit_of(ref)
            if ours is not None:
                self._git.swap_ref(ref, ZERO, ours)
        return ""

    def _on_top(self, tip: Sha, commit: Sha) -> Sha:
        """Return a commit with the files of `commit` that also continues `tip`, so that the push needs no force."""
        return self._merges.commit(self._tree(commit), [commit, tip], f"{_STACKED}\n", commit)

    def _contains(self, tip: Sha, commit: Sha) -> bool:
        return self._git.succeeds("merge-base", "--is-ancestor", commit, tip)

    def _tree(self, commit: Sha) -> str:
        return self._git.text("rev-parse", f"{commit}^{{tree}}").strip()

    def _there(self) -> str:
        """Return the remote with the branches of pull requests: its name, or the address of a fork."""
        return self._branches_at() if self._branches_at is not None else self._remote

    def _asking(self) -> Git:
        """Return git with a login for the remote, if there is one."""
        login = self._login()
        return replace(self._git, extra={**self._git.extra, **login}) if login else self._git

    def _unreachable(self, what: str, done: Completed) -> str:
        raise ToolError(f"cannot {what} the remote `{self._remote}`: {_words(done)}", hint=advise(do("doctor")))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locked(self._lock, patience=_PATIENCE):
            yield


def _base_ref(mission: MissionId) -> str:
    return Area.BASES.of(f"{mission}/@base")


def _proposed(branch: str) -> str:
    """Return the ref of a branch of a pull request as it was last seen: by mission, as in every area."""
    return Area.PROPOSED.of(branch.removeprefix(f"{ROOT}/"))


def _is_refused(done: Completed) -> bool:
    """Whether the remote answered that it does not want what was pushed."""
    return any(line.startswith("!") for line in done.out.decode("utf-8", "replace").splitlines())


def _words(done: Completed) -> str:
    refused = [line for line in done.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return one_line("; ".join(refused) or done.err.decode("utf-8", "replace"), 300)
