"""Errors for what a repository has lost or git cannot read, as after a power cut, with the command that repairs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import command_line
from mission_cli.adapters.git.repo.plain_files import is_oid, read_whole
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

_BAD_INDEX = pattern(r"(?i)index file (smaller|corrupt)|bad (index|signature)|index entry format|map index file")


def lost(git_dir: Path, kind: str, oid: str, restore: str = "") -> ToolError:
    """Return the error for an object that something refers to and that is not there; `restore` is the hint."""
    place = os.fspath(git_dir)
    hint = restore or f"{command_line('git', f'--git-dir={place}', 'fsck')} lists all"
    return ToolError(f"{place} has lost the {kind} {oid}", hint=hint)


def from_files(work_tree: Path) -> str:
    """Return the hint that makes lost files and folders again: their contents are in the work tree."""
    git = command_line("git", "-C", os.fspath(work_tree))
    return f"restore it from the files: {git} read-tree --empty && {git} add --all && {git} write-tree"


def broken_ref(git_dir: Path, ref: str) -> ToolError | None:
    """Return the error for a ref whose file has no id, with what puts it back where it was; None for other refs."""
    place = os.fspath(git_dir)
    try:
        said = read_whole(f"{place}/{ref}").decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return None
    if is_oid(said) or said.startswith("ref: ") or not ref.startswith("refs/"):
        return None
    back = command_line("git", f"--git-dir={place}", "update-ref", ref, _last_of(f"{place}/logs/{ref}"))
    return ToolError(
        f"git cannot read {ref} in {place}", hint=f"put it back: {command_line('rm', f'{place}/{ref}')} && {back}"
    )


def _last_of(log: str) -> str:
    """Return the id to which the last line of a log of a ref says that it was moved; a placeholder if there is none."""
    try:
        lines = read_whole(log).decode("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    words = (line.split(" ", 2) for line in reversed(lines))
    return next((found[1] for found in words if len(found) > 1 and is_oid(found[1])), "COMMIT")


def index_hint(git_dir: Path, work_tree: Path | None, said: bytes) -> str:
    """Return what helps if git could not read the index; otherwise nothing."""
    if work_tree is None or not _BAD_INDEX.search(said.decode("utf-8", "replace")):
        return ""
    reset = command_line("git", "-C", os.fspath(work_tree), "reset")
    return f"make the index again: {command_line('rm', os.fspath(git_dir / 'index'))} && {reset}"
