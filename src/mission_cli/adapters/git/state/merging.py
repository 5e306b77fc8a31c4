"""Field-by-field merge in git: the merge driver for mission files and run records, and its registration."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.git.repo.command import Git, scrubbed
from mission_cli.adapters.proc.run import run
from mission_cli.document.merging.text import TextMerged
from mission_cli.domain.board.marks import one_of
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.adapters.git.repo.objects import Entry, Objects

    Entries = Mapping[str, Entry]

DRIVER = "mission"
CONFLICTS = 3
"""Exit status of the driver if a person has to decide. Any other status except 0 means that it failed."""
MARKER_SIZE = 7
_MOST_CONFLICTS = 127
_RUN_FILE = pattern(r"(?:.*/)?runs/[^/]+\.md\Z")
_ATTRIBUTES = f"# mission files are merged by meaning ({do('merge-driver install')})"


@dataclass(frozen=True, slots=True)
class MergedFile:
    """The result of merging three copies of a file."""

    text: str
    conflicts: int = 0
    notes: tuple[str, ...] = ()


def merge_texts(base: str, ours: str, theirs: str, *, path: str = "", marker_size: int = MARKER_SIZE) -> MergedFile:
    """Merge three copies of a mission file or run record; other files are merged by lines, as git does."""
    from mission_cli.document.merging.mission import merge
    from mission_cli.document.runs.archive import is_roll
    from mission_cli.document.runs.merge import merge_rolls, merge_runs

    page = one_of(path, ours, theirs)
    if page is not None:
        return MergedFile(page)
    by_lines = line_merge(marker_size)
    if _RUN_FILE.match(path):
        rolled = is_roll(path.rpartition("/")[2].removesuffix(".md"))
        text = (merge_rolls if rolled else merge_runs)(base, ours, theirs)
        if text is not None:
            return MergedFile(text)
    else:
        merged = merge(base, ours, theirs, by_lines)
        if merged is not None:
            return MergedFile(merged.text, merged.conflicts, merged.notes)
    plain = by_lines(base, ours, theirs)
    return MergedFile(plain.text, plain.conflicts, ("not a valid mission file; merged by lines",))


def line_merge(marker_size: int = MARKER_SIZE) -> Callable[[str, str, str], TextMerged]:
    """Return git's own merge of three texts, in the person's conflict style."""

    def merge(base: str, ours: str, theirs: str) -> TextMerged:
        with TemporaryDirectory() as folder:
            argv = ["git", "merge-file", "--stdout", "--quiet", f"--marker-size={marker_size}"]
            for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
                (Path(folder) / name).write_bytes(text.encode("utf-8", "surrogateescape"))
                argv += ["-L", name]
            done = run([*argv, "ours", "base", "theirs"], cwd=Path(folder), env=scrubbed(os.environ))
        if not 0 <= done.code <= _MOST_CONFLICTS:
            return _by_hand(ours, theirs, marker_size)
        return TextMerged(done.out.decode("utf-8", "surrogateescape"), done.code)

    return merge


def _by_hand(ours: str, theirs: str, size: int) -> TextMerged:
    """Return both sides with conflict markers, for content that git treats as binary."""
    glue = ["" if not text or text.endswith("\n") else "\n" for text in (ours, theirs)]
    lines = [f"{'<' * size} ours\n", ours, glue[0], "=" * size, "\n", theirs, glue[1], f"{'>' * size} theirs\n"]
    return TextMerged("".join(lines), 1)


def reworking(base: str | None, ours: str | None, path: str) -> Callable[[str], str] | None:
    """Return the change from `base` to `ours` as a function to apply to a person's version; it raises on a conflict."""
    if base is None or ours is None:
        return None

    def rework(theirs: str) -> str:
        merged = merge_texts(base, ours, theirs, path=path)
        if merged.conflicts:
            raise ConflictError(f"{path} has conflicting changes in the same place")
        return merged.text

    return rework


def join_entries(objects: Objects, base: Entries, ours: Entries, theirs: Entries) -> dict[str, Entry | None]:
    """Return how the merge of two trees differs from `ours`, by path; None for removed files.

    A file that one side deleted and the other changed stays. Raises BlockedError with the files in which a person has
    to decide.
    """
    joined: dict[str, Entry | None] = {}
    stuck = []
    for path in dict.fromkeys([*ours, *theirs]):
        was, mine, other = base.get(path), ours.get(path), theirs.get(path)
        if other in (mine, was):
            continue
        if mine is not None and other is not None and mine != was:
            merged = merge_texts(*_contents(objects, was, mine, other), path=path)
            stuck += [path] if merged.conflicts else []
            joined[path] = (mine[0], objects.store(merged.text.encode("utf-8", "surrogateescape")))
        elif other is not None or mine == was:
            joined[path] = other
    if stuck:
        hint = "merge the branch yourself: git merge, then resolve the conflict markers"
        raise BlockedError(f"both sides changed the same place in {', '.join(stuck)}", hint=hint)
    return joined


def _contents(objects: Objects, *entries: Entry | None) -> list[str]:
    blobs = objects.blobs(list(dict.fromkeys(entry[1] for entry in entries if entry)))
    return [blobs[entry[1]].decode("utf-8", "surrogateescape") if entry else "" for entry in entries]


def driver_command(program: Sequence[str]) -> str:
    """Return the shell command for git's configuration. It falls back to git's own merge if this program fails."""
    ours = f"{shlex.join(program).replace('%', '%%')} %O %A %B %L %P"
    git = "git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"
    return f"{ours}; case $? in 0) exit 0;; {CONFLICTS}) exit 1;; esac; {git}"


def register(git_dir: Path, folders: Sequence[str], program: Sequence[str]) -> list[Path]:
    """Register the driver in a repository for the mission files below its folders; return the files that changed.

    Changes only the repository's own configuration and `info/attributes`, never a tracked file.
    """
    git, config = Git(git_dir), git_dir / "config"
    before = config.read_bytes()
    git.run("config", f"merge.{DRIVER}.name", "mission files, by meaning")
    git.run("config", f"merge.{DRIVER}.driver", driver_command(program))
    changed = [config] if config.read_bytes() != before else []
    attributes = git_dir / "info" / "attributes"
    old = attributes.read_text(encoding="utf-8") if attributes.exists() else ""
    lines = [f"{pattern} merge={DRIVER}" for folder in folders for pattern in _patterns(folder)]
    missing = [line for line in lines if line not in old.splitlines()]
    if missing:
        attributes.parent.mkdir(exist_ok=True)
        glue = "" if not old or old.endswith("\n") else "\n"
        block = "\n".join([_ATTRIBUTES, *missing])
        write_whole(attributes, f"{old}{glue}{block}\n".encode())
        changed.append(attributes)
    return changed


def _patterns(folder: str) -> tuple[str, ...]:
    root = f"/{folder}" if folder else ""
    return (f"{root}/*/mission.md", f"{root}/*-mission.md", f"{root}/**/runs/*.md")
