"""Checks as pure translators: criterion to command, exit and output to verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Criterion
    from mission_cli.domain.runs import Exit
    from mission_cli.domain.status import Verdict


class Checks(Protocol):
    """How criteria are judged. No input or output."""

    manifest_names: tuple[str, ...]
    """Names of the files that `detect` wants to read."""

    def argv(self, criterion: Criterion) -> tuple[str, ...]:
        """The command that judges a criterion in a clean tree."""
        ...

    def verdict(self, criterion: Criterion, end: Exit, output: str) -> tuple[Verdict, str]:
        """What an ended job says, and the words for it."""
        ...

    def detect(self, files: Mapping[str, str]) -> tuple[Criterion, ...]:
        """The test and build commands of every toolchain found."""
        ...

    def protects(self, criterion: Criterion, path: str) -> bool:
        """Whether the criterion's command names this file, so that changing it would change the judgement."""
        ...
