"""Checks as pure translators: a criterion to a command, exit and output to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change, Compared
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.domain.status import Verdict


@dataclass(frozen=True, slots=True)
class Setup:
    """How the dependencies of a fresh clone are installed."""

    command: str
    """For `setup` of `[tree]`; empty: there is nothing to install."""
    caches: tuple[str, ...]
    """Folders of the home in which package managers keep what they have downloaded."""


class Checks(Protocol):
    """How criteria are judged. No input or output."""

    manifest_names: tuple[str, ...]
    """Names of the files that `detect` wants to read."""
    lacks: str
    """What the shell of criteria does not have, to follow the words "a shell"; empty if nothing."""

    def argv(self, criterion: Criterion) -> tuple[str, ...]:
        """Return the command that judges a criterion in a clean tree."""
        ...

    def verdict(self, criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
        """Return the verdict of an ended job, and its detail."""
        ...

    def needs(self, criterion: Criterion) -> Sequence[str]:
        """Return the programs that a criterion runs, such as `python3 -m pytest`, as far as they certainly matter."""
        ...

    def search(self, needs: Sequence[str]) -> tuple[str, ...]:
        """Return the command that prints those programs that do not exist where it runs."""
        ...

    def lacking(self, output: str) -> frozenset[str]:
        """Return the programs that do not exist, from the output of the search."""
        ...

    def detect(self, files: Mapping[str, str]) -> tuple[Criterion, ...]:
        """Return the commands that test, build and type-check every package; the path of each is the package."""
        ...

    def linters(self, files: Mapping[str, str]) -> Sequence[str]:
        """Return the commands that lint, which are advice."""
        ...

    def setup(self, files: Mapping[str, str]) -> Setup:
        """Return how the dependencies of a fresh clone are installed."""
        ...

    def judges(
        self, criteria: Sequence[Criterion], read: Callable[[Iterable[str]], Mapping[str, str]]
    ) -> frozenset[str]:
        """Return those of the files that the criteria reach which only judge.

        `read` returns the texts of the wanted paths that exist.
        """
        ...

    def concerns(self, path: str) -> bool:
        """Whether a changed file may affect judging, other than as the work itself."""
        ...

    def against(
        self,
        changes: Sequence[Change],
        criteria: Sequence[Criterion],
        judging: Collection[str],
        meant: Callable[[str], bool],
        read: Callable[[Iterable[str]], Mapping[str, str]],
    ) -> Compared:
        """Return the test files with which to judge as before the changes, and what was found.

        `judging`: the result of `judges`. `meant` tells whether the plan or a person asks for a change to a path, or to
        a test of that name. `read` returns the texts of the wanted paths that exist on the base.
        """
        ...
