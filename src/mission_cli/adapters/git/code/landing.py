"""Landing: fast-forward the base, also where a person has it checked out; or change nothing.

The merge was built and judged elsewhere. A real merge in a person's work tree would overwrite ignored files and fail
if anything is staged; a fast-forward with `--no-overwrite-ignore` does neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.git.repo.checkout import (
    in_progress,
    rebasing,
    worktrees,
)
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.proc.scan import git_at_work
from mission_cli.domain.branches.landing import LANDED, Landing, LandPlan, LandState
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import do
from mission_cli.domain.status import LandMethod

_DEEPEST = 5
"""The longest chain of symbolic refs that is followed; the same limit as in git."""
_MOST_LOGS = 200
_RENAMED = pattern(r"renamed refs/heads/(\S+) to refs/heads/(\S+)")

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.adapters.git.code.merges import Merges
    from mission_cli.adapters.git.repo.checkout import Worktree


def landing(
    git: Git,
    base_name: str,
    base: Sha,
    work: Sha,
    *,
    plan: LandPlan,
    is_ancestor: Callable[[Sha, Sha], bool],
    merges: Merges,
    code_tree: Callable[[Sha], str],
) -> Landing:
    """Return what bringing `work` to the base would do now."""
    if is_ancestor(work, base) or (plan.method is LandMethod.SQUASH and landing_commit(git, base, work)):
        return Landing(LandState.LANDED)
    forward = is_ancestor(base, work)
    tree, conflicts = (git.text("rev-parse", f"{work}^{{tree}}"), ()) if forward else merges.tree(base, work)
    if tree is None:
        return Landing(LandState.CONFLICT, conflicts=conflicts)
    commit = work
    if not forward or plan.method is not LandMethod.FORWARD:
        parents = [base] if plan.method is LandMethod.SQUASH else [base, work]
        commit = merges.commit(tree, parents, plan.words.message, work)
    state = LandState.FORWARD if forward else LandState.MERGE
    return Landing(state, commit, code_tree(commit), _obstacle(git, base_name, base, commit))


def landing_commit(git: Git, base: Sha, work: Sha) -> Sha | None:
    """Return the commit of the base whose message says that it landed `work`, merged or squashed; None without one."""
    flags = ("--fixed-strings", f"--grep={LANDED}: {work}", "--format=%H", "--max-count=1")
    found = git.text("log", *flags, base, f"^{work}").strip()
    return Sha(found) if found else None


def land(git: Git, base_name: str, commit: Sha, expect: Sha) -> str:
    """Fast-forward the base from `expect`. Returns why it could not, or the empty string."""
    ref = f"refs/heads/{base_name}"
    if git.commit_of(ref) != expect:
        return f"{base_name} has moved"
    real = _meant(git, ref)
    if not real.startswith("refs/heads/"):
        return f"`{base_name}` is a symbolic ref to {real}, not a branch"
    homes = _homes(worktrees(git), {ref, real})
    if not homes:
        return "" if git.swap_ref(real, commit, expect) else f"{base_name} has moved"
    if command := git_at_work([home.path for home in homes]):
        return f"`{command}` is running in {homes[0].path}"
    words = _forward(homes[0], commit)
    return words or next(filter(None, (_follow(home, expect, commit) for home in homes[1:])), "")


def renamed_to(git: Git, name: str) -> str:
    """Return the new name of a branch that was renamed, from git's reflogs; empty if they do not show it."""
    branches = git.text("for-each-ref", "--format=%(refname)", f"--count={_MOST_LOGS}", "refs/heads/")
    new: dict[str, str] = {}
    for log in ["HEAD", *branches.splitlines()]:
        done = git.run("reflog", "show", "--format=%gs", f"--max-count={_MOST_LOGS}", log, "--", ok=(0, 128))
        found = _RENAMED.findall(done.out.decode("utf-8", "surrogateescape"))
        new = {**dict(reversed(found)), **new}
    for _ in range(len(new)):
        name = new.get(name, "")
        if name and git.commit_of(f"refs/heads/{name}"):
            return name
    return ""


def _forward(home: Worktree, commit: Sha) -> str:
    """Move the branch where it is checked out, with its files. Returns why that failed, or the empty string."""
    there = Git(home.git_dir, home.path, durable=True, own_config=True)
    done = there.run(
        "merge",
        "--ff-only",
        "--no-overwrite-ignore",
        "--no-stat",
        "--quiet",
        "--no-verify-signatures",
        commit,
        ok=(0, 1, 2, 128),
    )
    return "" if done.code == 0 else one_line(done.err.decode("utf-8", "replace"), 300)


def _follow(home: Worktree, old: Sha, new: Sha) -> str:
    """Update index and files of another work tree of the same branch; git updated only those of the first one."""
    there = Git(home.git_dir, home.path, durable=True, own_config=True)
    done = there.run("read-tree", "-m", "-u", old, new, ok=(0, 1, 128))
    words = one_line(done.err.decode("utf-8", "replace"), 300)
    return f"the files in {home.path} could not be updated: {words}" if done.code else ""


def _meant(git: Git, ref: str) -> str:
    """Return the ref that a symbolic ref points to, or the ref itself."""
    for _ in range(_DEEPEST):
        said = git.run("symbolic-ref", "--quiet", ref, ok=(0, 1, 128)).out.decode("utf-8", "surrogateescape").strip()
        if not said:
            break
        ref = said
    return ref


def _homes(trees: list[Worktree], refs: set[str]) -> list[Worktree]:
    return [t for t in trees if t.branch in refs]


def _obstacle(git: Git, base_name: str, base: Sha, commit: Sha) -> str:
    ref = f"refs/heads/{base_name}"
    refs = {ref, _meant(git, ref)}
    trees = worktrees(git)
    for tree in trees:
        if rebasing(tree.git_dir) in refs:
            return f"`{base_name}` is being rebased in {tree.path}"
    found = (_busy(git, home, base, commit) for home in _homes(trees, refs))
    return next(filter(None, found), "")


def _busy(git: Git, home: Worktree, base: Sha, commit: Sha) -> str:
    """Return why a work tree that has the base checked out cannot be updated now, or the empty string."""
    if home.path == home.git_dir:
        return f"the work tree of {home.git_dir} is unknown: run `{do('pulse')}` in it"
    words = in_progress(home.git_dir)
    if words:
        return f"{words} is not finished in {home.path}"
    if (home.git_dir / "index.lock").exists():
        return f"git is running in {home.path} (index.lock)"
    if command := git_at_work([home.path]):
        return f"`{command}` is running in {home.path}"
    theirs = git.words("diff", "--name-only", "-z", "--no-renames", base, commit)
    return _in_the_way(home, set(theirs))


def _in_the_way(home: Worktree, paths: set[str]) -> str:
    """Return a message about the first changed, staged, untracked or ignored file that a landing would touch."""
    there = Git(home.git_dir, home.path, own_config=True)
    out = there.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching").out
    kinds = {"??": "an untracked file", "!!": "an ignored file"}
    for entry in out.decode("utf-8", "surrogateescape").split("\0"):
        code, path = entry[:2], entry[3:].rstrip("/")
        if code in _UNMERGED:
            return f"an unresolved conflict is in the way in {home.path}: {path}"
        if path and _clashes(home, path, paths):
            return f"{kinds.get(code, 'a changed file')} of yours is in the way in {home.path}: {path}"
    return ""


_UNMERGED = frozenset({"DD", "AU", "UD", "UA", "DU", "AA", "UU"})
"""Codes of `git status` for a file with a conflict; git moves no checked-out branch while there is one."""


def _clashes(home: Worktree, path: str, landing_paths: set[str]) -> bool:
    """Whether a person's file, or a whole ignored folder, is where a landing file must go."""
    if path in landing_paths or any(folder in landing_paths for folder in _parents(path)):
        return True
    below = [p for p in landing_paths if p.startswith(f"{path}/")]
    if (home.path / path).is_dir():
        return any((home.path / p).exists() for p in below)
    return bool(below)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
