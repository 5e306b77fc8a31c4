"""Save what a worker left uncommitted, or committed outside its branch, without using its git configuration."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.adapters.git.code import lfs
from mission_cli.adapters.git.code.leaks import Scanner
from mission_cli.adapters.git.code.submodules import declared
from mission_cli.adapters.git.code.trees import (
    head_of,
    object_format,
    odd_in,
    read_in,
)
from mission_cli.adapters.git.repo.carried_config import (
    as_file,
    attributes,
    conversions,
)
from mission_cli.adapters.git.repo.command import Git, plain_git
from mission_cli.adapters.git.repo.objects import LINK, quoted
from mission_cli.adapters.git.repo.ref_lock import free_dead_lock
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.domain.ids import Sha

_DEEPEST = 8
"""How many levels of nested repositories are saved."""


def save_uncommitted(
    code: Path, tree: Path, *, ref: str, label: str, start: str, rules: SecretRules, lost: Sequence[str] = ()
) -> Sha | None:
    """Save a worker's uncommitted work as a commit under `ref` of the code repository; None if there is none.

    Its parents are the commit checked out there and the `lost` commits, which are not on the attempt's branch. Nested
    repositories are saved with their files. Nothing of the worker's git configuration is used. Ignored files are not
    saved, and a file with a secret stays in the tree only. If a parent contains a secret, `start` replaces it.
    """
    if not tree.is_dir():
        return None
    with _looking_at(code, tree) as git:
        heads = [head for head in dict.fromkeys([_head_in(tree), *lost]) if head and git.commit_of(head)]
        clean = [head for head in heads if _is_clean(git, start, head, rules)]
        base = heads[0] if clean[:1] == heads[:1] and heads else start
        parents = list(dict.fromkeys([base, *clean]))
        made = _commit_work_tree(git, code, tree, parents, label, rules, start=start, lost=bool(lost))
        if made is None:
            return None
        free_dead_lock(code, ref)
        kept = Git(code, durable=True)
        words = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force")
        kept.run("fetch", *words, os.fspath(git.git_dir), f"refs/saved:{ref}")
        kept.sync_ref(ref)
    return made


def uncommitted(code: Path, tree: Path) -> list[str]:
    """Return the files of a tree that are changed or new and not committed, sorted, without ignored ones.

    A nested repository counts as a file, unless it holds exactly what the commit's submodule points to.
    """
    with _looking_at(code, tree) as git:
        head = _head_in(tree)
        if head:
            git.run("read-tree", head)
        changed = git.words("diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--ignore-submodules=all")
        others = git.words("ls-files", "--others", "--exclude-standard", "-z")
        index, pointed = git.git_dir / "index", declared(git, head) if head else {}
        inner = [path for path in _inner(git, tree, index) if not _is_as_pointed_to(git, tree, path, pointed)]
        return sorted({*changed, *(path.rstrip("/") for path in others), *inner})


@contextmanager
def _looking_at(code: Path, tree: Path) -> Iterator[Git]:
    """Make a temporary git dir for reading a worker's tree: nothing of the worker's configuration is used."""
    own = code / "mission" / f"saving-{random_hex(4)}.git"
    own.parent.mkdir(exist_ok=True)  # no parents: do not recreate a repository that was moved away
    try:
        plain_git(own.parent, "init", "--quiet", "--bare", *object_format(code), "--template=", os.fspath(own))
        (own / "objects/info").mkdir(parents=True, exist_ok=True)
        places = [*([tree / ".git/objects"] if _is_plain(tree) else []), code / "objects"]
        lines = [quoted(os.fsencode(place)) for place in places]
        (own / "objects/info/alternates").write_bytes(b"".join(line + b"\n" for line in lines))
        with (own / "config").open("a", encoding="utf-8", errors="surrogateescape") as out:
            out.write(as_file(conversions(code)))  # otherwise every line or asset would differ
        if there := attributes(code):
            (own / "info").mkdir(exist_ok=True)
            (own / "info/attributes").write_text(there, encoding="utf-8", errors="surrogateescape")
        yield Git(own, tree)
    finally:
        from shutil import rmtree

        rmtree(own, ignore_errors=True)


def _is_plain(tree: Path) -> bool:
    """Whether the tree's git dir contains only files and folders: no pipe, and no link to another place."""
    return not (tree / ".git").is_symlink() and (tree / ".git").is_dir() and not odd_in(tree)


def _head_in(tree: Path) -> str:
    return head_of(tree) if _is_plain(tree) else ""


def _is_clean(git: Git, start: str, head: str, rules: SecretRules) -> bool:
    """Whether no commit since `start` contains a secret; False if not everything can be read."""
    try:
        return head == start or not Scanner(git, start, rules, excepted=(), largest=0).commits(head).leaks
    except ToolError:
        return False


def _commit_work_tree(
    git: Git,
    code: Path,
    tree: Path,
    parents: Sequence[str],
    label: str,
    rules: SecretRules,
    *,
    start: str,
    lost: bool,
) -> Sha | None:
    """Commit everything in the work tree on top of `parents`; None if it equals the first of them."""
    base = git.text("rev-parse", f"{parents[0]}^{{tree}}")
    git.run("read-tree", base)
    _add(git, tree, git.git_dir / "index", _DEEPEST, declared(git, start))
    scanner = Scanner(git, start, rules, excepted=(), largest=0)
    _leave_out(git, base, scanner)
    lfs.bring(
        code, [git.git_dir, tree / ".git"] if _is_plain(tree) else [git.git_dir], scanner.scanned.pointers, scanner
    )
    saved = git.text("write-tree")
    if saved == base and not (lost and list(parents) != [start]):
        return None
    made = git.commit_tree(saved, parents, f"Uncommitted work of {label}\n", author=PROGRAM, committer=PROGRAM)
    git.run("update-ref", "refs/saved", made)
    return made


def _add(git: Git, folder: Path, index: Path, depth: int, pointed: Mapping[str, str]) -> None:
    """Add all files of a folder to an index, including those of nested repositories."""
    here, env = replace(git, work_tree=folder), {"GIT_INDEX_FILE": os.fspath(index)}
    here.run("add", "--all", "--ignore-errors", "--", ".", env=env, ok=(0, 1, 128))
    if not depth:
        return
    for path in _inner(git, folder, index):
        if _is_as_pointed_to(git, folder, path, pointed):
            continue
        inner = git.git_dir / f"index-{random_hex(4)}"
        _add(git, folder / path, inner, depth - 1, {})
        files = here.text("write-tree", env={"GIT_INDEX_FILE": os.fspath(inner)})
        here.run("rm", "-r", "--quiet", "--cached", "--force", "--ignore-unmatch", "--", f":(literal){path}", env=env)
        here.run("read-tree", f"--prefix={path}/", files, env=env)


def _inner(git: Git, folder: Path, index: Path) -> list[str]:
    """Return folders that are nested repositories: those that an index links to or could not add, and work trees."""
    here, env = replace(git, work_tree=folder), {"GIT_INDEX_FILE": os.fspath(index)}
    links = [path for _, path in _links(git, folder, index)]
    others = here.run("ls-files", "--others", "--exclude-standard", "-z", env=env).out
    new = [path.rstrip("/") for path in others.decode("utf-8", "surrogateescape").split("\0") if path.endswith("/")]
    return [
        path for path in dict.fromkeys([*links, *new, *_work_trees(folder)]) if os.path.lexists(folder / path / ".git")
    ]


def _links(git: Git, folder: Path, index: Path) -> list[tuple[str, str]]:
    """Return (commit, path) of the links to other repositories in an index."""
    here = replace(git, work_tree=folder)
    out = here.run("ls-files", "--stage", "-z", env={"GIT_INDEX_FILE": os.fspath(index)}).out
    entries = (entry.partition("\t") for entry in out.decode("utf-8", "surrogateescape").split("\0"))
    return [(facts.split(" ")[1], path) for facts, _, path in entries if facts.startswith(LINK)]


def _work_trees(tree: Path) -> list[str]:
    """Return work trees of the tree's own repository that are inside it, ignored or not: agents work there too."""
    places = tree / ".git/worktrees"
    found = []
    for name in sorted(os.listdir(places)) if places.is_dir() else ():  # noqa: PTH208 - names
        place = Path(read_in(places / name / "gitdir").strip()).parent
        if place.is_dir() and place.resolve().is_relative_to(tree.resolve()) and place.resolve() != tree.resolve():
            found.append(os.fspath(place.resolve().relative_to(tree.resolve())))
    return found


def _is_as_pointed_to(git: Git, folder: Path, path: str, pointed: Mapping[str, str]) -> bool:
    """Whether a nested repository holds exactly the files of the commit that a submodule points to."""
    commit = pointed.get(path, "")
    if not commit:
        return False
    inner = folder / path
    dot = inner / ".git"
    said = "" if dot.is_dir() else read_in(dot).strip()
    home = (inner / said.removeprefix("gitdir:").strip()).resolve() if said.startswith("gitdir:") else dot
    if not home.is_relative_to(folder.resolve()) and not home.is_relative_to(folder):
        return False
    there = replace(
        git,
        work_tree=inner,
        extra={"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.fsdecode(quoted(os.fsencode(home / "objects")))},
    )
    tree = there.run("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", ok=(0, 1, 128)).out.decode().strip()
    if not tree:
        return False
    files = git.git_dir / f"index-{random_hex(4)}"
    _add(there, inner, files, 0, {})
    return there.text("write-tree", env={"GIT_INDEX_FILE": os.fspath(files)}) == tree


def _leave_out(git: Git, base: str, scanner: Scanner) -> None:
    """Reset files in the index to `base` if their change contains a secret."""
    flags = ("--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff")
    words = git.words("diff-index", *flags, base)
    facts = [(line.split(" "), path) for line, path in zip(words[::2], words[1::2], strict=True)]
    new = [(fact[3], path) for fact, path in facts if not fact[4].startswith("D") and fact[1] != LINK]
    bad = set(scanner.files_with_secrets(new))
    for fact, path in facts:
        if path in bad and fact[0] != ":000000":
            git.run("update-index", "--cacheinfo", f"{fact[0][1:]},{fact[2]},{path}")
        elif path in bad:
            git.run("update-index", "--force-remove", "--", path)
