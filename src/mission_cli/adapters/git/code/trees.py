"""Trees of workers and checks: shared clones with a config, stash and hooks of their own and nowhere to push to.

What we do in such a tree we do with a git dir of our own: its config is the worker's, and filters or a
file system monitor in it would run code under our git.
"""

from __future__ import annotations

import os
from pathlib import Path

from mission_cli.adapters.fs.atomic import read_foreign
from mission_cli.adapters.git.repo.carried_config import (
    as_file,
    attributes,
    configuration,
)
from mission_cli.adapters.git.repo.command import (
    ZERO,
    Git,
    plain_git,
)
from mission_cli.adapters.git.repo.objects import quoted

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
    alike = (*object_format(code), "--template=", f"--initial-branch={start}")
    plain_git(tree.parent, "init", "--quiet", *alike, os.fspath(tree))
    dot = tree / ".git"
    (dot / "objects/info").mkdir(parents=True, exist_ok=True)
    (dot / "objects/info/alternates").write_bytes(alternate(code / "objects") + b"\n")
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


def branch_of(tree: Path) -> str:
    """The branch that a tree has checked out, or empty when it is detached; read without running git in it."""
    text = read_in(tree / ".git/HEAD").strip()
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
    git.run("update-ref", "--no-deref", f"refs/heads/{branch}", head_of(tree) or commit)
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


def alternate(objects: Path) -> bytes:
    """The line by which a clone borrows from a folder of objects; in quotes only where git needs them."""
    raw = os.fsencode(objects)
    return quoted(raw) if b"\n" in raw else raw


def object_format(code: Path) -> tuple[str, ...]:
    """What `git init` is told, so that ids are made there as here."""
    long = "objectformat = sha256" in (code / "config").read_text(encoding="utf-8", errors="replace").lower()
    return ("--object-format=sha256",) if long else ("--object-format=sha1",)


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


def head_of(tree: Path) -> str:
    """The commit that a worker's tree is on, read without running git in it."""
    dot = tree / ".git"
    text = read_in(dot / "HEAD").strip()
    for _ in range(5):
        if not text.startswith("ref: "):
            return text if len(text) in {40, 64} else ""
        ref = text.removeprefix("ref: ")
        text = read_in(dot / ref).strip() or _packed(dot, ref)
    return ""


def read_in(place: Path) -> str:
    """A file of a worker's git dir, whatever it made of it."""
    return (read_foreign(place, _LARGEST_REFS) or b"").decode("utf-8", "replace")


def _packed(dot: Path, ref: str) -> str:
    lines = read_in(dot / "packed-refs").splitlines()
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {ref}")), "")
