"""Find or make the state store of a checkout: a small repository in `missions/`, or a tracked folder."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.atomic import read_json, write_new
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.repo.checkout import JOURNAL, checked_out, rebasing, tracks_missions
from mission_cli.adapters.git.repo.command import (
    ZERO,
    Git,
    plain_git,
)
from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.paths import MISSION_FOLDERS

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import Sha

_BRANCH = "missions"
_STATE_GIT = "mission-state.git"


@dataclass(frozen=True, slots=True)
class Layout:
    """The places that make up a state store."""

    git_dir: Path
    work_tree: Path
    branch: str
    """`refs/heads/…`."""
    folders: tuple[str, ...]
    """Folders of the tree that hold missions; new ones go to the first. `""` is the root."""
    runtime: Path
    in_place: bool = False


def find_state(checkout: Checkout, *, here: bool = False) -> Layout | None:
    """Return the layout of a checkout's store, or None if there is none yet. A missing work tree is restored."""
    in_place = _in_place(checkout, here=here)
    if in_place is not None:
        return in_place
    git_dir = checkout.common_dir / _STATE_GIT
    if not git_dir.is_dir():
        return None
    layout = _own_layout(checkout, git_dir)
    _restore_work_tree(layout)
    return layout


def unmade_state(checkout: Checkout) -> Layout:
    """Return the layout that the store of a checkout will have when it is made."""
    root = checkout.main_tree or checkout.common_dir
    return Layout(checkout.common_dir / _STATE_GIT, root / "missions", f"refs/heads/{_BRANCH}", ("",), checkout.runtime)


def make_state(checkout: Checkout, *, here: bool = False, program: Person = PROGRAM, remote: str = "") -> Layout:
    """Return the layout of the store. On first use, make the store, from the remote's state branch if it has one.

    The branch is fetched from `remote`. If that fails, or `remote` is empty, the last fetch from `origin` is used.
    """
    found = find_state(checkout, here=here)
    if found is not None:
        return found
    checkout.runtime.mkdir(parents=True, exist_ok=True)
    with locked(checkout.runtime / "make.lock"):
        found = find_state(checkout, here=here)
        if found is None:
            found = _make(checkout, program, remote)
    return found


def shared_head(checkout: Checkout, remote: str) -> Sha | None:
    """Return the head of a remote's state branch as of the last fetch, or None."""
    from mission_cli.adapters.git.state.history import began_as_state

    git = Git(checkout.common_dir)
    found = git.commit_of(f"refs/remotes/{remote}/{_BRANCH}")
    return found if found and began_as_state(git, found) else None


def _make(checkout: Checkout, program: Person, remote: str) -> Layout:
    code = Git(checkout.common_dir, own_config=True)
    folder = ".missions" if _missions_taken(code) else "missions"
    root = checkout.main_tree or checkout.common_dir
    work_tree, git_dir = root / folder, checkout.common_dir / _STATE_GIT
    _exclude(checkout.common_dir, folder)
    temp = checkout.runtime / "new-state.git"
    plain_git(checkout.common_dir, "init", "--quiet", "--bare", "--template=", f"--initial-branch={_BRANCH}", str(temp))
    git = Git(temp, durable=True)
    if remote:
        into = f"+refs/heads/{_BRANCH}*:refs/remotes/{remote}/{_BRANCH}*"
        with suppress(ToolError):  # without a network, use the last fetch; the loop merges the rest later
            code.ask("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", remote, into)
    shared = shared_head(checkout, remote or "origin")
    if shared:
        try:
            git.run("fetch", "--quiet", "--no-tags", str(checkout.common_dir), f"{shared}:refs/heads/{_BRANCH}")
        except ToolError:  # objects are missing in a partial clone
            there = Git(temp, durable=True, own_config=True, beside=checkout.common_dir / "config")
            whole = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-filter", "--update-head-ok")
            there.ask("fetch", *whole, "--", remote or "origin", f"refs/heads/{_BRANCH}:refs/heads/{_BRANCH}")
    else:
        empty = git.text("hash-object", "-t", "tree", "-w", "--stdin")
        first = git.commit_tree(
            empty, [], f"Begin\n\nMission-Event: {EventKind.STATE_CREATED}\n", author=program, committer=program
        )
        git.swap_ref(f"refs/heads/{_BRANCH}", first, ZERO)
    git.run("config", "core.bare", "false")
    git.run("config", "mission.folder", folder)
    git.run("config", "core.logAllRefUpdates", "true")
    temp.rename(git_dir)
    layout = Layout(git_dir, work_tree, f"refs/heads/{_BRANCH}", ("",), checkout.runtime)
    _restore_work_tree(layout)
    return layout


def _own_layout(checkout: Checkout, git_dir: Path) -> Layout:
    root = checkout.main_tree or checkout.common_dir
    folder = "missions"
    if _link(root / folder) != f"gitdir: {os.path.relpath(git_dir, root / folder)}":
        folder = Git(git_dir).text("config", "--default", "missions", "mission.folder")
    return Layout(git_dir, root / folder, f"refs/heads/{_BRANCH}", ("",), checkout.runtime)


def _restore_work_tree(layout: Layout) -> None:
    """Restore folder, link and files where they are missing; existing ones stay as they are."""
    link = layout.work_tree / ".git"
    if link.exists():
        return
    layout.work_tree.mkdir(parents=True, exist_ok=True)
    target = os.path.relpath(layout.git_dir, layout.work_tree)
    write_new(link, f"gitdir: {target}\n".encode())
    git = Git(layout.git_dir, layout.work_tree)
    if not (layout.git_dir / "index").exists():
        git.run("read-tree", layout.branch)
    git.run("checkout-index", "--all", "--quiet", ok=(0, 1))
    git.run("update-index", "-q", "--refresh", ok=(0, 1))


def _link(work_tree: Path) -> str:
    """Return the content of a work tree's `.git` file, or the empty string."""
    try:
        return (work_tree / ".git").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _in_place(checkout: Checkout, *, here: bool) -> Layout | None:
    """Return the layout for mission files that are tracked on the checked-out branch, or None."""
    if checkout.main_tree is None:
        return None
    git = Git(checkout.common_dir, checkout.main_tree)
    tracked = tracks_missions(git, "HEAD")
    if not tracked and not here:
        return None
    branch = checked_out(git) or rebasing(checkout.common_dir) or _journal_branch(checkout.common_dir)
    if not branch and (checkout.common_dir / _STATE_GIT).is_dir():
        return None
    if not branch:
        words = f"no branch is checked out in {checkout.name}, but its mission files are tracked on a branch"
        raise BlockedError(words, hint="git switch BRANCH")
    used = {path.split("/", 1)[0] if not path.startswith("todo/") else "todo/missions" for path in tracked}
    folders = sorted(MISSION_FOLDERS, key=lambda f: f not in used)
    return Layout(checkout.common_dir, checkout.main_tree, branch, tuple(folders), checkout.runtime, in_place=True)


def _journal_branch(git_dir: Path) -> str:
    """Return the branch of a state commit whose process died."""
    entry = read_json(git_dir / JOURNAL)
    return str(entry.get("branch", "")) if isinstance(entry, dict) else ""


def _missions_taken(code: Git) -> bool:
    """Whether any branch, here or as last fetched, tracks something called `missions`."""
    refs = code.text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes").splitlines()
    asked = "".join(f"{ref}:missions\n" for ref in refs).encode("utf-8", "surrogateescape")
    out = code.run("cat-file", "--batch-check", stdin=asked).out.decode("utf-8", "replace") if refs else ""
    return any(not line.endswith(" missing") for line in out.splitlines())


def _exclude(common_dir: Path, folder: str) -> None:
    path = common_dir / "info" / "exclude"
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.exists() else ""
    if f"/{folder}" not in text.splitlines():
        glue = "" if not text or text.endswith("\n") else "\n"
        with path.open("a") as out:
            out.write(f"{glue}/{folder}\n")


def find_home(folder: Path) -> Layout | None:
    """Return the layout of missions without a repository in the user's data folder, or None before the first one."""
    git_dir = folder / ".git"
    if not git_dir.is_dir():
        return None
    return Layout(git_dir, folder, f"refs/heads/{_BRANCH}", ("missions",), git_dir / "mission", in_place=True)


def make_scratch(git_dir: Path) -> None:
    """Make a bare repository with one empty commit on `main`; do nothing if it exists."""
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    with locked(git_dir.with_suffix(".lock")):
        if git_dir.is_dir() and Git(git_dir).commit_of("refs/heads/main"):
            return
        plain_git(git_dir.parent, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(git_dir))
        git = Git(git_dir)
        empty = git.text("hash-object", "-t", "tree", "-w", "--stdin")
        git.swap_ref(
            "refs/heads/main", git.commit_tree(empty, [], "Nothing\n", author=PROGRAM, committer=PROGRAM), ZERO
        )


def make_home(folder: Path) -> Layout:
    """Return the layout of missions without a repository; make the data folder a repository on first use."""
    found = find_home(folder)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".make.lock"):
        found = find_home(folder)
        if found is None:
            plain_git(folder, "init", "--quiet", "--template=", f"--initial-branch={_BRANCH}", os.fspath(folder))
            _exclude(folder / ".git", ".make.lock")
            found = find_home(folder)
    if found is None:
        raise ToolError(f"cannot create a repository in {folder}")
    return found
