"""Compare the files of two commits, and make commits with some files replaced, without a work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.adapters.git.code.cache import blobs_of, said_of
from mission_cli.domain.branches.against import Change
from mission_cli.domain.branches.landing import Content, LandedCommit, LandedFile
from mission_cli.domain.ids import Sha
from mission_cli.domain.judging.packages import glanced
from mission_cli.domain.paths import MISSION_FOLDERS, is_test_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects

_FILES = ("100644", "100755")
_NOTHING, _GONE = ":000000", "000000"
"""The modes of a file that did not exist before, and of one that does not exist any more."""
_LARGEST = 1_000_000
_MOST = 2_000
_MOST_MANIFEST = 200_000
_LARGE_ARE_BINARY = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.bigFileThreshold",
    "GIT_CONFIG_VALUE_0": str(_LARGEST),
}


_MOST_BELOW = _MOST
"""Paths of one listing."""


def glance(git: Git, commit: Sha, wanted: Sequence[str]) -> Mapping[str, str]:
    """Return the paths that tell of packages, with the content of files whose name is wanted, otherwise empty."""
    paths, read = glanced(said_of(git, "ls-tree", "-r", "-z", "--name-only", commit), wanted)
    contents = blobs_of(git, [f"{commit}:{p}" for p in read])
    files = dict.fromkeys(paths, "")
    for path in read:
        files[path] = contents.get(f"{commit}:{path}", b"")[:_MOST_MANIFEST].decode("utf-8", "replace")
    return files


def below(git: Git, commit: Sha, places: Sequence[str]) -> list[str]:
    """Return the paths of a commit that are one of the places, or below one of them; the first ones."""
    found = said_of(git, "ls-tree", "-r", "-z", "--name-only", commit, "--", *places) if places else []
    return [*found][:_MOST_BELOW]


def recent(git: Git, commit: Sha, most: int) -> tuple[str, ...]:
    """Return the subjects of the last commits, without merges, newest first."""
    return tuple(git.words("log", "-z", "--no-merges", f"--max-count={most}", "--format=%s", commit, "--"))


def read(git: Git, commit: Sha, paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of those paths that are files in a commit; very large ones are left out."""
    wanted = sorted({p for p in paths if p and "\n" not in p})[:_MOST]
    if not wanted:
        return {}
    found = blobs_of(git, [f"{commit}:{p}" for p in wanted])
    texts = {p: found.get(f"{commit}:{p}") for p in wanted}
    return {p: _text(t) for p, t in texts.items() if t is not None and len(t) <= _LARGEST}


def changes(git: Git, before: Sha, after: Sha, wanted: Callable[[str], bool]) -> tuple[Change, ...]:
    """Return the wanted files that differ between two commits, as texts; of very many, new tests are left out."""
    flags = ("--raw", "-z", "--no-renames", "--no-ext-diff", "--full-index", "--abbrev=64")
    words = said_of(git, "diff", *flags, before, after)
    facts = {path: fact.split(" ") for fact, path in zip(words[::2], words[1::2], strict=True) if wanted(path)}
    files = dict(sorted(facts.items(), key=lambda item: item[1][0] == _NOTHING and is_test_file(item[0]))[:_MOST])
    names = {oid for f in files.values() for mode, oid in ((f[0].lstrip(":"), f[2]), (f[1], f[3])) if mode in _FILES}
    blobs = blobs_of(git, sorted(names))

    def text(mode: str, oid: str) -> str | None:
        return _text(blobs[oid]) if mode in _FILES and len(blobs.get(oid, b"")) <= _LARGEST and oid in blobs else None

    found = (Change(p, text(f[0].lstrip(":"), f[2]), text(f[1], f[3])) for p, f in files.items())
    return tuple(replace(c, hidden=c.new is None and files[c.path][1] != _GONE) for c in found)


def overlay_tree(git: Git, runtime: Path, commit: Sha, files: Mapping[str, str | None]) -> str:
    """Write the tree of a commit with the content of some files replaced (None removes a file). Returns its id."""
    index = runtime / f"index-{random_hex(4)}"
    index.parent.mkdir(parents=True, exist_ok=True)
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        git.run("read-tree", commit, env=env)
        lines = []
        for path, text in files.items():
            if text is None:
                lines.append(f"0 {'0' * len(commit)}\t{path}\0")
            else:
                staged = git.run("ls-files", "-z", "--stage", "--", f":(literal){path}", env=env).out.decode(
                    "utf-8", "replace"
                )
                mode = staged.split(" ")[0] if staged.startswith("100") else _FILES[path.endswith(".sh")]
                lines.append(f"{mode} {git.store(text.encode('utf-8', 'surrogateescape'))}\t{path}\0")
        git.run("update-index", "-z", "--index-info", stdin="".join(lines).encode("utf-8", "surrogateescape"), env=env)
        return git.text("write-tree", env=env)
    finally:
        index.unlink(missing_ok=True)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Touched:
    """A path that an attempt changed."""

    path: str
    existed: bool


def count_commits(git: Git, start: Sha, tip: Sha) -> int:
    """Return how many commits follow `start` up to `tip`."""
    return int(git.text("rev-list", "--count", f"{start}..{tip}"))


def changed_paths(git: Git, start: Sha, tip: Sha) -> list[Touched]:
    """Return the paths that differ, and whether each existed before."""
    words = said_of(git, "diff", "--raw", "-z", "--no-renames", "--no-ext-diff", start, tip)
    return [
        Touched(path, existed=not facts.split(" ")[4].startswith("A"))
        for facts, path in zip(words[::2], words[1::2], strict=True)
    ]


def completed_features(git: Git, start: Sha, tip: Sha) -> tuple[str, ...]:
    """Return the features that trailers of the commits name."""
    shape = "--format=%(trailers:key=Completes-feature,valueonly,unfold)"
    return tuple(dict.fromkeys(git.text("log", shape, f"{start}..{tip}").split()))


def is_substantial(git: Git, start: Sha, tip: Sha) -> bool:
    """Whether more than white space changed."""
    flags = ["--numstat", "-z", "-w", "--ignore-blank-lines", "--no-renames", "--no-ext-diff", "--no-textconv"]
    return any(not line.startswith("0\t0\t") for line in git.words("diff", *flags, start, tip))


def code_tree(git: Git, objects: Objects, scratch: Path, commit: Sha) -> str:
    """Return the tree of a commit without its mission folders."""
    folders = list(MISSION_FOLDERS)
    if not any(objects.entry(commit, folder) for folder in folders):
        return objects.tree_of(commit)
    index = scratch / f"index-{random_hex(4)}"
    index.parent.mkdir(parents=True, exist_ok=True)
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        git.run("read-tree", commit, env=env)
        git.run("rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", *folders, env=env)
        return git.text("write-tree", env=env)
    finally:
        index.unlink(missing_ok=True)


def content(git: Git, base: Sha, commit: Sha) -> Content:
    """Return the commits on the first-parent line that `base` lacks, and the files that differ."""
    flags = ("--first-parent", "-z", "--format=%H%x00%s%x00%an")
    said = said_of(git, "log", *flags, commit, f"^{base}")
    commits = [LandedCommit(Sha(one), subject, author) for one, subject, author in zip(*[iter(said)] * 3, strict=False)]
    stats = said_of(git, "diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", base, commit)
    return Content(tuple(commits), tuple(map(_stat, stats)))


def diff(git: Git, base: Sha, commit: Sha, paths: Sequence[str] | None) -> str:
    """Return the whole change from one commit to another; with paths, only of these, whatever the settings say."""
    if paths is None:
        return git.run("diff", base, commit).out.decode("utf-8", "replace")
    flags = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-relative", "--unified=3")
    names = ("--src-prefix=a/", "--dst-prefix=b/", "--", *(f":(literal){path}" for path in paths))
    made = git.run("diff", *flags, base, commit, *names, env=_LARGE_ARE_BINARY) if paths else None
    return made.out.decode("utf-8", "replace") if made is not None else ""


def _stat(line: str) -> LandedFile:
    added, removed, path = line.split("\t", 2)
    return LandedFile(path, *(int(n) if n.isdigit() else None for n in (added, removed)))
