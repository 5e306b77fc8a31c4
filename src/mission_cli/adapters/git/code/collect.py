"""Collect what an ended attempt left: scan its commits and fetch them if they are complete and free of secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.adapters.git.code import lfs
from mission_cli.adapters.git.code.leaks import Scanner
from mission_cli.adapters.git.code.save_work import save_uncommitted
from mission_cli.adapters.git.code.submodules import dangling
from mission_cli.adapters.git.code.trees import head_of, odd_in, read_in
from mission_cli.adapters.git.repo.command import Git, refusal
from mission_cli.adapters.git.repo.objects import quoted
from mission_cli.adapters.git.repo.ref_lock import free_dead_lock
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ToolError
from mission_cli.domain.runs.jobs import Left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.secrets.screen import SecretRules

_MOST_LOST = 50
_SHORT = 7


@dataclass(frozen=True, slots=True)
class Screen:
    """What is rejected: secrets, except in files that `excepted` matches; files above `largest` bytes (0: any size)."""

    rules: SecretRules
    excepted: Sequence[str] = ()
    largest: int = 0


def collect_and_save(code: Path, tree: Path, run: str, *, start: str, screen: Screen) -> tuple[Left, str]:
    """Fetch an attempt's commits and save its uncommitted work. Returns both, the latter as a commit or empty."""
    left, lost = _collect(code, tree, run, start, screen)
    ref = Area.WIP.of(run)
    saved = save_uncommitted(code, tree, ref=ref, label=run, start=start, rules=screen.rules, lost=lost)
    return left, saved or ""


def collect(code: Path, tree: Path, run: str, *, start: str, screen: Screen) -> Left:
    """Fetch the commits of an attempt's branch to `refs/mission/tips/<run>`, or return why that was not possible."""
    return _collect(code, tree, run, start, screen)[0]


def _collect(code: Path, tree: Path, run: str, start: str, screen: Screen) -> tuple[Left, list[str]]:
    if not tree.is_dir():
        return Left(), []
    trouble = unusable(tree)
    if trouble:
        return Left(trouble=trouble), []
    git, branch = Git(code, durable=True), Area.BRANCHES.of(run)
    borrowing = replace(git, extra={"GIT_ALTERNATE_OBJECT_DIRECTORIES": _listed(tree / ".git/objects")})
    there = _heads_of(git, tree)
    tip = there.get(branch, "")
    try:
        lost = {} if tip not in {"", start} else _lost(borrowing, tree, start, there)
    except ToolError:
        lost = {}
    elsewhere = tuple(dict.fromkeys(lost.values()))
    if not tip:
        return Left(elsewhere=elsewhere), list(lost)
    if tip == start:
        return Left(tip=tip, elsewhere=elsewhere), list(lost)
    try:
        left = _screened(borrowing, code, tree, start, tip, screen)
        if not left.secrets and not left.unfit:
            try:
                _fetch(git, tree, tip, Area.TIPS.of(run))
            except ToolError:  # git was killed or refused: a second try shows which
                _fetch(git, tree, tip, Area.TIPS.of(run))
    except ToolError as error:
        return Left(trouble=error.message), []
    return left, []


def take_in(
    code: Path, store: Path, run: str, *, start: str, left: Left | None, saved: str, screen: Screen
) -> tuple[Left, str]:
    """Do the same with what arrived from a host in a bare repository; `left` and `saved` are what the host says.

    Saved work that contains a secret is not kept. Raises ToolError if something cannot be read.
    """
    git = Git(code, durable=True)
    borrowing = replace(git, extra={"GIT_ALTERNATE_OBJECT_DIRECTORIES": _listed(store / "objects")})
    if saved and borrowing.commit_of(saved) == saved and not _leaks(borrowing, start, saved, screen):
        _fetch_named(git, store, saved, Area.WIP.of(run))
    else:
        saved = ""
    if left is None or not left.tip or left.secrets or left.unfit or left.trouble or left.tip == start:
        return left or Left(), saved
    if borrowing.commit_of(left.tip) != left.tip:
        return Left(trouble=f"the host did not send {left.tip[:_SHORT]}"), saved
    found = _screened(borrowing, code, store, start, left.tip, screen)
    if not found.secrets and not found.unfit:
        _fetch_named(git, store, left.tip, Area.TIPS.of(run))
    return replace(found, elsewhere=left.elsewhere), saved


def _leaks(git: Git, start: str, tip: str, screen: Screen) -> bool:
    scanner = Scanner(git, start, screen.rules, excepted=screen.excepted, largest=screen.largest)
    return bool(scanner.commits(tip).leaks)


def _fetch_named(git: Git, store: Path, tip: str, ref: str) -> None:
    """Fetch a commit that no ref of the store names."""
    Git(store).run("update-ref", "refs/heads/taken", tip)
    _fetch(git, store, tip, ref)


def unusable(tree: Path) -> str:
    """Return why the program must not run git in a tree, or the empty string."""
    dot = tree / ".git"
    if dot.is_symlink():
        return ".git is a symbolic link to another place"
    if dot.is_file():
        return ".git is a file: the repository is in another place"
    odd = odd_in(tree)
    return f".git/{odd} is neither a file nor a folder" if odd else ""


def _screened(git: Git, code: Path, tree: Path, start: str, tip: str, screen: Screen) -> Left:
    """Scan everything that the commits would add. Raises ToolError if something cannot be read."""
    scanner = Scanner(git, start, screen.rules, excepted=screen.excepted, largest=screen.largest)
    scanned = scanner.commits(tip)
    missing = lfs.bring(code, [tree / ".git"], scanned.pointers, scanner) if not scanned.leaks else []
    unfit = [
        *dangling(git, start, tip),
        *scanned.unfit,
        *(f"{path} is a Git LFS file whose content is missing" for path in _wanting(git, tip, missing)),
    ]
    return Left(tip=tip, secrets=tuple(map(str, scanned.leaks)), unfit=tuple(unfit))


def _wanting(git: Git, tip: str, missing: Sequence[str]) -> list[str]:
    return lfs.wants_lfs(git, tip, missing) if missing else []


def _fetch(git: Git, tree: Path, tip: str, ref: str) -> None:
    """Fetch exactly the commit that was scanned; the branch may have moved since. Raises ToolError."""
    free_dead_lock(git.git_dir, ref)
    flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force"]
    done = git.run("-c", "fetch.fsckObjects=true", "fetch", *flags, os.fspath(tree), f"{tip}:{ref}", ok=(0, 1, 128))
    if done.code:
        raise refusal("fetch", done)


def _heads_of(git: Git, tree: Path) -> dict[str, str]:
    """Return the object ids of the branches in an attempt's tree, by ref."""
    done = git.run("ls-remote", "--quiet", "--heads", os.fspath(tree), ok=(0, 128))
    lines = done.out.decode("utf-8", "replace").splitlines()
    return {ref: oid for oid, _, ref in (line.partition("\t") for line in lines)}


def _lost(git: Git, tree: Path, start: str, there: Mapping[str, str]) -> dict[str, str]:
    """Return commits of a tree that are neither on its branch nor in this repository: where each is, by id."""
    found = {oid: ref.removeprefix("refs/heads/") for ref, oid in there.items()}
    head = head_of(tree)
    if head:
        found.setdefault(head, f"a detached HEAD ({head[:_SHORT]})")
    for place in sorted((tree / ".git/worktrees").glob("*")):
        oid = read_in(place / "HEAD").strip()
        found.setdefault(oid, f"a separate work tree ({place.name})")
    for line in read_in(tree / ".git/logs/HEAD").splitlines()[-_MOST_LOST:]:
        oid = " ".join(line.split(" ")[1:2])
        found.setdefault(oid, f"no branch any more ({oid[:_SHORT]})")
    known = [oid for oid in found if oid not in {start, ""} and not oid.startswith("ref:") and git.commit_of(oid)]
    if not known:
        return {}
    new = set(git.text("rev-list", *known, "--not", start, "--all").split())
    ends = git.text("merge-base", "--independent", *known).split() if len(known) > 1 else known
    return {oid: found[oid] for oid in known if oid in new and oid in ends}


def _listed(objects: Path) -> str:
    """Return a folder of objects quoted for git's list of alternates, whatever characters its path contains."""
    return os.fsdecode(quoted(os.fsencode(objects)))
