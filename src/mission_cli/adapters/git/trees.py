"""Trees of workers and checks: shared clones with a config, stash and hooks of their own and nowhere to push to.

What we do in such a tree we do with a git dir of our own: its config is the worker's, and filters or a
file system monitor in it would run code under our git.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import random_hex, read_foreign
from mission_cli.adapters.git.carried import as_file, attributes, configuration, conversions
from mission_cli.adapters.git.command import ZERO, Git, plain_git
from mission_cli.adapters.git.ref_lock import free_dead_lock
from mission_cli.domain.host import ROBOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.ids import Sha
    from mission_cli.ports.secrets import Secrets


_LOCAL_CONFIG = """\
[commit]
\tgpgsign = false
[tag]
\tgpgsign = false
\tforceSignAnnotated = false
[merge]
\tverifySignatures = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[core]
\tlogAllRefUpdates = true
\tfsync = committed,loose-object,reference
"""
"""The last one: what a worker has committed is there after a power cut, as the exit file that speaks of it is."""
_MANY = 500
"""Objects that are asked for at once."""
_LARGEST_REFS = 10_000_000
_NOBODY = """\
[user]
\tname = mission worker
\temail = worker@localhost
"""


def make_tree(code: Path, tree: Path, *, commit: str, branch: str, base_name: str = "") -> None:
    """Make a shared clone of a repository (its common dir) at a commit; what stood there is removed before.

    With a `branch` it is checked out on that branch, else detached. `base_name` becomes a branch too, so
    that a worker can compare with it.
    """
    remove_tree(tree)
    _bring_files(code, commit)
    tree.parent.mkdir(parents=True, exist_ok=True)
    start = branch or "detached"
    alike = (*_object_format(code), "--template=", f"--initial-branch={start}")
    plain_git(tree.parent, "init", "--quiet", *alike, os.fspath(tree))
    dot = tree / ".git"
    (dot / "objects/info").mkdir(parents=True, exist_ok=True)
    (dot / "objects/info/alternates").write_text(f"{code / 'objects'}\n")
    git = Git(dot, tree, own_config=True)
    _configure(git, code)
    base = Git(code).commit_of(f"refs/heads/{base_name}") if base_name and base_name != branch else None
    refs = {base_name: base, branch: commit}
    wanted = "".join(f"update refs/heads/{name} {to}\n" for name, to in refs.items() if name and to)
    if wanted:
        git.run("update-ref", "--stdin", stdin=wanted.encode("utf-8", "surrogateescape"))
    if branch:
        git.run("reset", "--quiet", "--hard")
    else:
        git.run("checkout", "--quiet", "--detach", "--force", commit)


def save_uncommitted(code: Path, tree: Path, *, ref: str, label: str, start: str, rules: Secrets) -> Sha | None:
    """Keep a worker's uncommitted work as a commit under `ref` of the code repository; None when there is none.

    Nothing of the worker's git configuration is used. Ignored files are not work, and a file with a secret in it
    stays in the tree only. Where commits since `start` hold one, what is saved stands on `start`.
    """
    if not (tree / ".git").is_dir() or odd_in(tree):
        return None
    from mission_cli.adapters.git.leaks import leaks_in_commits

    with _looking_at(code, tree) as git:
        head = _head_of(tree)
        if head and leaks_in_commits(git, start, head, rules, ()):
            head = start
        made = _commit_work_tree(git, head, label, rules)
        if made is None:
            return None
        source = os.fspath(git.git_dir)
        free_dead_lock(code, ref)
        kept = Git(code, durable=True)
        kept.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", source, f"refs/saved:{ref}")
        kept.sync_ref(ref)
    return made


def uncommitted(code: Path, tree: Path) -> list[str]:
    """Files of a tree that are changed or new and not committed, in order; ignored ones don't count."""
    with _looking_at(code, tree) as git:
        head = _head_of(tree)
        if head:
            git.run("read-tree", head)
        changed = git.words("diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--ignore-submodules=all")
        return sorted({*changed, *git.words("ls-files", "--others", "--exclude-standard", "-z")})


def branch_of(tree: Path) -> str:
    """The branch that a tree has checked out, or empty when it is detached; read without running git in it."""
    text = _read(tree / ".git/HEAD").strip()
    return text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else ""


def can_go_on(tree: Path) -> bool:
    """Whether a tree is there with a git dir of plain files and folders: what is linked elsewhere is not touched."""
    return not (tree / ".git").is_symlink() and (tree / ".git").is_dir() and not odd_in(tree)


def odd_in(tree: Path) -> str:
    """What in a tree's git dir is neither a file nor a folder: a git that reads a pipe waits for ever; or empty.

    What lies in `hooks` does not count: nobody here reads it.
    """
    waiting = [(tree / ".git", "")]
    while waiting:
        folder, name = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    path = f"{name}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [(folder / entry.name, f"{path}/")] if path != "hooks" else []
                    elif not entry.is_file(follow_symlinks=False):
                        return path
        except OSError:
            continue  # it is gone, or closed to us as to any git
    return ""


def go_on_in(code: Path, tree: Path, *, branch: str, commit: str) -> None:
    """Put a tree on a new branch from where it stands (`commit` where it has none); index and files stay as they are.

    Its configuration and hooks, which may be a worker's, are made anew: from now on a person's git runs here.
    """
    dot = tree / ".git"
    (dot / "index.lock").unlink(missing_ok=True)  # of a git that died with its worker
    for name in ("config", "config.worktree", "commondir"):
        (dot / name).unlink(missing_ok=True)
    _remove(dot / "hooks")
    plain_git(tree.parent, "init", "--quiet", "--template=", os.fspath(tree))
    _configure(Git(dot, tree), code)
    git = Git(dot)
    git.run("update-ref", "--no-deref", f"refs/heads/{branch}", _head_of(tree) or commit)
    git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")


def link_tree(tree: Path, target: Path) -> None:
    """Let a tree be another one."""
    remove_tree(tree)
    tree.parent.mkdir(parents=True, exist_ok=True)
    tree.symlink_to(target)


def claim(code: Path, run: str, content: bytes) -> bytes | None:
    """Claim an attempt: None when it is ours now, else what the one who has it wrote."""
    git = Git(code, durable=True)
    ref = f"refs/mission/claims/{run}"
    blob = git.store(content)
    if git.swap_ref(ref, blob, ZERO):
        return None
    there = git.blobs([ref])
    found = there.get(ref, b"")
    return None if found == content else found


def remove_tree(tree: Path) -> None:
    """Remove a tree of ours, read-only folders included; of a link only the link. Nothing when it is not there."""
    if tree.is_symlink():
        tree.unlink()
        return
    if not tree.is_dir():
        return
    _remove(tree)
    if tree.exists():
        for folder, _, _ in os.walk(tree):
            Path(folder).chmod(0o700)
        _remove(tree, ignore_errors=False)


@contextmanager
def _looking_at(code: Path, tree: Path) -> Iterator[Git]:
    """A git dir of our own for looking at a worker's tree: nothing of the worker's configuration is used."""
    own = code / "mission" / f"saving-{random_hex(4)}.git"
    own.parent.mkdir(exist_ok=True)  # no parents: a repository that was moved away is not made again
    try:
        plain_git(own.parent, "init", "--quiet", "--bare", *_object_format(code), "--template=", os.fspath(own))
        (own / "objects/info").mkdir(parents=True, exist_ok=True)
        (own / "objects/info/alternates").write_text(f"{tree / '.git/objects'}\n{code / 'objects'}\n")
        _convert_as_there(own, code)
        yield Git(own, tree)
    finally:
        _remove(own)


def _object_format(code: Path) -> tuple[str, ...]:
    """What `git init` is told, so that ids are made there as here."""
    long = "objectformat = sha256" in (code / "config").read_text(encoding="utf-8", errors="replace").lower()
    return ("--object-format=sha256",) if long else ("--object-format=sha1",)


def _convert_as_there(own: Path, code: Path) -> None:
    """Convert files as a git in the tree does by the person's settings: else every line or asset differs."""
    with (own / "config").open("a", encoding="utf-8", errors="surrogateescape") as out:
        out.write(as_file(conversions(code)))
    if there := attributes(code):
        (own / "info").mkdir(exist_ok=True)
        (own / "info/attributes").write_text(there, encoding="utf-8", errors="surrogateescape")


def _bring_files(code: Path, commit: str) -> None:
    """Fetch what a partial clone does not have of a commit: nobody in a tree of ours could. Raises ToolError."""
    git = Git(code, own_config=True)
    said = git.run("config", "--get-regexp", r"^remote\..*\.promisor$", ok=(0, 1)).out.decode(
        "utf-8", "surrogateescape"
    )
    remote = said.partition(" ")[0].removeprefix("remote.").removesuffix(".promisor")
    if not remote:
        return
    listed = git.text("rev-list", "--objects", "--missing=print", "--no-walk", commit).splitlines()
    missing = [line.removeprefix("?") for line in listed if line.startswith("?")]
    flags = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none")
    for at in range(0, len(missing), _MANY):
        git.ask("-c", "fetch.negotiationAlgorithm=noop", "fetch", *flags, "--", remote, *missing[at : at + _MANY])


def _commit_work_tree(git: Git, head: str, label: str, rules: Secrets) -> Sha | None:
    """Commit everything in the work tree on top of `head`; None when it says what `head` says."""
    base = git.run("rev-parse", "--verify", "--quiet", f"{head}^{{tree}}", ok=(0, 1, 128)).out.decode().strip()
    if base:
        git.run("read-tree", base)
    git.run("add", "--all", "--ignore-errors", "--", ".", ok=(0, 1))
    _leave_out(git, base or git.text("hash-object", "-t", "tree", os.devnull), rules)
    saved = git.text("write-tree")
    if saved == base:
        return None
    message = f"Uncommitted work of {label}\n"
    made = git.commit_tree(saved, [head] if base else [], message, author=ROBOT, committer=ROBOT)
    git.run("update-ref", "refs/saved", made)
    return made


def _leave_out(git: Git, base: str, rules: Secrets) -> None:
    """Put back in the index, to what `base` says, the files whose change holds a secret."""
    from mission_cli.adapters.git.leaks import leaks_in_index

    for path in {leak.path for leak in leaks_in_index(git, base, rules, ())}:
        before = git.run("ls-tree", base, "--", path, ok=(0, 128)).out.decode("utf-8", "surrogateescape").split()
        if before:
            git.run("update-index", "--cacheinfo", f"{before[0]},{before[2]},{path}")
        else:
            git.run("update-index", "--force-remove", "--", path)


def _remove(folder: Path, *, ignore_errors: bool = True) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=ignore_errors)


def _configure(git: Git, code: Path) -> None:
    """Say in the configuration of a git dir that was just made what counts in a worker's tree."""
    carried = configuration(code)
    known = all(carried.get(f"user.{part}") for part in ("name", "email"))
    with (git.git_dir / "config").open("a", encoding="utf-8", errors="surrogateescape") as out:
        out.write(as_file(carried) + _LOCAL_CONFIG + ("" if known else _NOBODY))
    if own := attributes(code):
        (git.git_dir / "info").mkdir(exist_ok=True)
        (git.git_dir / "info/attributes").write_text(own, encoding="utf-8", errors="surrogateescape")


def _head_of(tree: Path) -> str:
    """The commit that a worker's tree is on, read without running git in it."""
    dot = tree / ".git"
    text = _read(dot / "HEAD").strip()
    for _ in range(5):
        if not text.startswith("ref: "):
            return text if len(text) in {40, 64} else ""
        ref = text.removeprefix("ref: ")
        text = _read(dot / ref).strip() or _packed(dot, ref)
    return ""


def _read(place: Path) -> str:
    """A file of a worker's git dir, whatever it made of it."""
    return (read_foreign(place, _LARGEST_REFS) or b"").decode("utf-8", "replace")


def _packed(dot: Path, ref: str) -> str:
    lines = _read(dot / "packed-refs").splitlines()
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {ref}")), "")
