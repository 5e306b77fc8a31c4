"""What is known of the files of a repository: which there are, which change together, which import which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Changed:
    """One commit: its subject and the paths that it changed."""

    subject: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """Facts about a commit of the code. All of them are cut at fixed sizes."""

    paths: tuple[str, ...] = ()
    commits: tuple[Changed, ...] = ()
    """The latest ones, newest first; a merge counts as what it brought to its first parent."""
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The files of the repository that a file imports, by its path."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One file that a feature is expected to change."""

    path: str
    weight: float
    """How sure that is, from 0 to 1."""
    source: str
    """declared, named, checked, together, similar or imports."""
    why: str
    """A reason in words that follow the path, such as `it changed together with a.py in 14 of 20 commits`."""
