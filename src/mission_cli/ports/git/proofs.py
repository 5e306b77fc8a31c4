"""What makes changes of the history of mission files evident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.evidence.chain import Linked
    from mission_cli.domain.evidence.witnesses import Signature, Witness
    from mission_cli.domain.ids import Sha


class Proofs(Protocol):
    """The chain of commits, their signatures, and what was seen of them before."""

    def chain(self) -> Sequence[Linked]:
        """Return all commits of the branch, also those of merged clones, with their links; parents come first."""
        ...

    def signatures(self) -> Mapping[Sha, Signature]:
        """Return the state of each commit's signature, newest first."""
        ...

    def why_unsigned(self) -> str | None:
        """Try to sign. Return why commits cannot be signed; empty if they can, None if they are not to be."""
        ...

    def witnesses(self) -> Sequence[Witness]:
        """Return what this clone or the remote has seen of the branch, and its history does not contain."""
        ...
