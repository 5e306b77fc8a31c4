"""Checks as pure translators: criterion to command, exit and output to verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change, Compared
    from mission_cli.domain.mission import Criterion
    from mission_cli.domain.runs import Exit
    from mission_cli.domain.status import Verdict


class Checks(Protocol):
    """How criteria are judged. No input or output."""

    manifest_names: tuple[str, ...]
    """Names of the files that `detect` wants to read."""
    lacks: str
    """What the shell of criteria does not have, in words that follow "a shell"; empty where it has all."""

    def argv(self, criterion: Criterion) -> tuple[str, ...]:
        """The command that judges a criterion in a clean tree."""
        ...

    def verdict(self, criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
        """What an ended job says, and the words for it."""
        ...

    def detect(self, files: Mapping[str, str]) -> tuple[Criterion, ...]:
        """The test and build commands of every toolchain found."""
        ...

    def judges(
        self, criteria: Sequence[Criterion], read: Callable[[Iterable[str]], Mapping[str, str]]
    ) -> frozenset[str]:
        """The files that only judge among those that the commands of criteria reach.

        `read` returns the texts of those of the wanted paths that are there.
        """
        ...

    def concerns(self, path: str) -> bool:
        """Whether a changed file may matter to a judgement otherwise than as the work itself."""
        ...

    def against(
        self,
        changes: Sequence[Change],
        criteria: Sequence[Criterion],
        judging: Collection[str],
        meant: Callable[[str], bool],
    ) -> Compared:
        """How the files that judge have to look so that they judge as before, and what was found.

        `judging` are the files that `judges` has named; `meant` says whether the plan or a person asks for a change
        to a path, or to a test of that name.
        """
        ...
