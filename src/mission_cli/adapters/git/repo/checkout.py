"""Find the parts of a checkout: common dir, work trees, the folder of mission files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.git.repo.command import Git, plain_git
from mission_cli.adapters.git.repo.plain_files import read_whole
from mission_cli.adapters.proc.scan import git_at_work
from mission_cli.domain.errors import NotFoundError, ToolError
from mission_cli.domain.paths import MISSION_FOLDERS, is_mission_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIN_GIT = (2, 38)
"""Needed for `merge-tree --write-tree`."""
_DEEPEST = 5
"""The longest chain of symbolic refs that is followed; the same limit as in git."""
JOURNAL = "mission-journal.json"
"""Journal in a git dir: what a commit changes that is being made, or whose process died."""
_IN_PROGRESS = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisect",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository, as found from a folder in it."""

    common_dir: Path
    """The `.git` folder that all worktrees share."""
    main_tree: Path | None
    """The main work tree; None for a bare repository."""

    @property
    def runtime(self) -> Path:
        """The folder for locks, journal, logs and exit files; never committed."""
        return self.common_dir / "mission"

    @property
    def name(self) -> Path:
        """The folder by which people know the repository."""
        return self.main_tree or self.common_dir


@dataclass(frozen=True, slots=True)
class Worktree:
    """One work tree of a repository."""

    path: Path
    git_dir: Path
    branch: str
    """`refs/heads/…`, or empty when detached."""


def find_checkout(start: Path) -> Checkout:
    """Return the repository around a folder. Raises NotFoundError, or ToolError when git is too old."""
    if not start.is_dir():
        raise NotFoundError(f"{start} is not a folder")
    try:
        common = plain_git(start, "rev-parse", "--path-format=absolute", "--git-common-dir")
    except ToolError as error:
        if "not a git repository" in error.message:
            hint = "run `git init` there, or name a repository with --repo"
            raise NotFoundError(f"{start} is not in a git repository", hint=hint) from error
        raise
    common_dir = Path(common)
    if common_dir.name == "mission-state.git":
        return find_checkout(_around_missions(common_dir, start))
    return Checkout(common_dir, _main_tree(common_dir) or _tree_around(start, common_dir))


def git_version() -> tuple[int, ...]:
    """Return the version of the git on PATH. Raises ToolError if there is none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", plain_git(Path("/"), "version"))
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


def checked_out(git: Git) -> str:
    """Return the branch (`refs/heads/…`) that a repository's HEAD names, or the empty string."""
    text = _text(f"{git.git_dir}/HEAD")
    if text.startswith("ref: refs/heads/") and not text.endswith("/.invalid\n"):  # `.invalid`: refs are in tables
        return text.removeprefix("ref: ").strip()
    return git.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).out.decode("utf-8", "surrogateescape").strip()


def worktrees(git: Git) -> list[Worktree]:
    """Return all work trees that exist, the main one first; if its place is unknown, its path is the git dir."""
    found: list[Worktree] = []
    out = git.run("worktree", "list", "--porcelain", "-z").out.decode("utf-8", "surrogateescape")
    for block in filter(None, out.split("\0\0")):
        facts = dict(line.partition(" ")[::2] for line in block.split("\0"))
        path, branch = Path(facts.get("worktree", "")), facts.get("branch", "")
        if "bare" in facts or not path.is_dir():
            continue
        git_dir = _git_dir_of(path)
        if git_dir is not None:
            found.append(Worktree(path, git_dir, branch))
        elif path.resolve() == git.git_dir.resolve():  # git's answer for a submodule and for a separate git dir
            found.append(Worktree(git.main_tree or _main_tree(git.git_dir) or path, git.git_dir, branch))
    return found


def refs_files(git: Git, names: Iterable[str]) -> list[str]:
    """Return the files that change when one of these refs, or the branch that HEAD names, moves."""
    here = checked_out(git)  # settings may be read from this branch
    named = [*names, *([here] if here else [])]
    meant = [ref for name in named for ref in _meant_by(git.git_dir, name)]
    files = ("HEAD", "packed-refs", "reftable/tables.list", *dict.fromkeys([*named, *meant]))
    return [f"{git.git_dir}/{name}" for name in files]


def _meant_by(git_dir: Path, name: str) -> Iterator[str]:
    """Yield the refs that a symbolic ref leads to, one after the other, as far as they are stored as files."""
    for _ in range(_DEEPEST):
        text = _text(f"{git_dir}/{name}")
        if not text.startswith("ref: refs/"):
            return
        name = text.removeprefix("ref: ").strip()
        yield name


def _text(place: str) -> str:
    try:
        return read_whole(place).decode()
    except (OSError, UnicodeDecodeError):
        return ""


def in_progress(git_dir: Path) -> str:
    """Return the unfinished git operation of a person in a work tree (`a rebase`), or the empty string."""
    return next((words for name, words in _IN_PROGRESS.items() if (git_dir / name).exists()), "")


def rebasing(git_dir: Path) -> str:
    """Return the branch that is being rebased in a work tree, or the empty string."""
    for folder in ("rebase-merge", "rebase-apply"):
        try:
            return (git_dir / folder / "head-name").read_text().strip()
        except OSError:
            continue
    return ""


def person_at_work(git_dir: Path, tree: Path) -> str:
    """Return why the program must not commit in a work tree now: an unfinished operation or a running git; or empty."""
    words = in_progress(git_dir)
    if words:
        return f"{words} is not finished in {tree}"
    command = git_at_work([tree])
    return f"`{command}` is running" if command else ""


def tracks_missions(git: Git, commit: str) -> list[str]:
    """Return the paths of mission files that a commit has in a known folder; empty if there is no such commit."""
    asked = ("ls-tree", "-r", "-z", "--name-only", commit, "--", *(f"{f}/" for f in MISSION_FOLDERS))
    done = git.run(*asked, ok=(0, 128))
    if done.code and git.commit_of(commit) is not None:
        raise ToolError(f"git ls-tree: {one_line(done.err.decode('utf-8', 'replace'), 400)}")
    return [path for path in done.out.decode("utf-8", "surrogateescape").split("\0") if is_mission_file(path)]


def _main_tree(common_dir: Path) -> Path | None:
    asked = ("config", "-z", "--get-regexp", r"^core\.(bare|worktree)$")
    out = plain_git(common_dir, f"--git-dir={common_dir}", *asked, ok=(0, 1))
    facts = {name: value if is_set else "true" for name, is_set, value in (w.partition("\n") for w in out.split("\0"))}
    if facts.get("core.bare", "").lower() in {"true", "yes", "on", "1"}:
        return None
    if facts.get("core.worktree"):
        return (common_dir / facts["core.worktree"]).resolve()
    return common_dir.parent if common_dir.name == ".git" else None


def _tree_around(start: Path, common_dir: Path) -> Path | None:
    """Return the main work tree around a folder if it is not beside its git dir, otherwise None."""
    asked = ("rev-parse", "--path-format=absolute", "--git-dir", "--show-toplevel")
    git_dir, _, tree = plain_git(start, *asked, ok=(0, 128)).partition("\n")
    return Path(tree) if tree and Path(git_dir) == common_dir else None


def _around_missions(state: Path, start: Path) -> Path:
    """Return the folder from which to find the code repository, for a caller inside the mission files."""
    if state.parent.name == ".git":
        return state.parent.parent
    around = Path(plain_git(start, "rev-parse", "--show-toplevel", ok=(0, 128)) or state.parent).parent
    asked = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    common = plain_git(around, *asked, ok=(0, 128))
    return around if common and Path(common).resolve() == state.parent.resolve() else state.parent


def _git_dir_of(tree: Path) -> Path | None:
    dot = tree / ".git"
    if dot.is_dir():
        return dot
    try:
        text = dot.read_text().strip()
    except OSError:
        return None
    return (tree / text.removeprefix("gitdir:").strip()).resolve()
