"""Trees of workers and checks: shared clones with their own configuration, stash and hooks, and no remote to push to.

The program works on such a tree with a separate git dir: the tree's own configuration belongs to the worker, and
filters or a file system monitor in it would run code in the program's git.
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
from mission_cli.domain.branches.refs import Area

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
"""The last setting: a commit must survive a power cut, like the exit file that refers to it."""
_MANY = 500
"""How many objects are requested at once."""
_LARGEST_REFS = 10_000_000
_NOBODY = """\
[user]
\tname = mission worker
\temail = worker@localhost
"""


def make_tree(code: Path, tree: Path, *, commit: str, branch: str, base_name: str = "") -> None:
    """Make a shared clone of a repository (its common dir) at a commit, replacing what is at `tree`.

    With `branch`, the tree is on that branch, otherwise detached. `base_name` becomes a branch too, so that a worker
    can compare with it.
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
    """Return the branch that a tree has checked out, empty if detached; read without running git in it."""
    text = read_in(tree / ".git/HEAD").strip()
    return text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else ""


def can_go_on(tree: Path) -> bool:
    """Whether a tree exists and its git dir has only plain files and folders: linked ones are not touched."""
    return not (tree / ".git").is_symlink() and (tree / ".git").is_dir() and not odd_in(tree)


def odd_in(tree: Path) -> str:
    """Return the first entry of a tree's git dir that is neither file nor folder, or empty. Git would block on a pipe.

    Entries of `hooks` do not count: the program does not read them.
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
            continue  # it is gone, or not readable for git either
    return ""


def go_on_in(code: Path, tree: Path, *, branch: str, commit: str) -> None:
    """Put a tree on a new branch at its HEAD (`commit` if it has none); index and files stay as they are.

    Its configuration and hooks may come from a worker and are replaced: from now on a person runs git here.
    """
    dot = tree / ".git"
    (dot / "index.lock").unlink(missing_ok=True)  # left by a git that died with its worker
    for name in ("config", "config.worktree", "commondir"):
        (dot / name).unlink(missing_ok=True)
    _remove(dot / "hooks")
    plain_git(tree.parent, "init", "--quiet", "--template=", os.fspath(tree))
    _configure(Git(dot, tree), code)
    git = Git(dot)
    git.run("update-ref", "--no-deref", f"refs/heads/{branch}", head_of(tree) or commit)
    git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")


def link_tree(tree: Path, target: Path) -> None:
    """Make a tree a symbolic link to another one."""
    remove_tree(tree)
    tree.parent.mkdir(parents=True, exist_ok=True)
    tree.symlink_to(target)


def claim(code: Path, run: str, content: bytes) -> bytes | None:
    """Claim an attempt. Returns None if it is now claimed for this caller, otherwise what the owner wrote."""
    git = Git(code, durable=True)
    ref = Area.CLAIMS.of(run)
    blob = git.store(content)
    if git.swap_ref(ref, blob, ZERO):
        return None
    there = git.blobs([ref])
    found = there.get(ref, b"")
    return None if found == content else found


def remove_tree(tree: Path) -> None:
    """Remove a tree, including read-only folders; of a link only the link. Does nothing if there is none."""
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
    """Return the line by which a clone borrows from a folder of objects, quoted only where git needs it."""
    raw = os.fsencode(objects)
    return quoted(raw) if b"\n" in raw else raw


def object_format(code: Path) -> tuple[str, ...]:
    """Return the options for `git init` that select the same object format as in the repository."""
    long = "objectformat = sha256" in (code / "config").read_text(encoding="utf-8", errors="replace").lower()
    return ("--object-format=sha256",) if long else ("--object-format=sha1",)


def _bring_files(code: Path, commit: str) -> None:
    """Fetch the objects of a commit that a partial clone lacks: inside a tree this is impossible. Raises ToolError."""
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
    """Write the settings for a worker's tree to a new git dir."""
    carried = configuration(code)
    known = all(carried.get(f"user.{part}") for part in ("name", "email"))
    with (git.git_dir / "config").open("a", encoding="utf-8", errors="surrogateescape") as out:
        out.write(as_file(carried) + _LOCAL_CONFIG + ("" if known else _NOBODY))
    if own := attributes(code):
        (git.git_dir / "info").mkdir(exist_ok=True)
        (git.git_dir / "info/attributes").write_text(own, encoding="utf-8", errors="surrogateescape")


def head_of(tree: Path) -> str:
    """Return the commit that a worker's tree is at, read without running git in it."""
    dot = tree / ".git"
    text = read_in(dot / "HEAD").strip()
    for _ in range(5):
        if not text.startswith("ref: "):
            return text if len(text) in {40, 64} else ""
        ref = text.removeprefix("ref: ")
        text = read_in(dot / ref).strip() or _packed(dot, ref)
    return ""


def read_in(place: Path) -> str:
    """Return the text of a file in a worker's git dir, whatever the worker did to it."""
    return (read_foreign(place, _LARGEST_REFS) or b"").decode("utf-8", "replace")


def _packed(dot: Path, ref: str) -> str:
    lines = read_in(dot / "packed-refs").splitlines()
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {ref}")), "")
