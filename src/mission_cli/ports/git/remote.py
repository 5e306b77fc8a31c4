"""What clones share by a remote: the state branch, the branches that missions make, and signs of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.ids import MissionId, Sha


class Share(Protocol):
    """One remote. Where `remote` is empty nothing is shared, and nothing else here is called.

    Every call that asks the remote raises ToolError when it cannot be reached: nothing is known then, and nothing
    was changed here. What was sent may have arrived all the same.
    """

    @property
    def remote(self) -> str:
        """Its name in git; empty: nothing is shared."""
        ...

    def accepted(self) -> Sha | None:
        """The head of the state branch that the remote had when it was heard of last; asks nobody."""
        ...

    def fetch(self) -> Sha | None:
        """Bring its state branch and the hosts' signs over; return its head, None when it has no such branch."""
        ...

    def push(self, head: Sha) -> bool:
        """Make `head` its state branch. False: it holds a commit that `head` does not contain. Never forces."""
        ...

    def unsent(self) -> Sequence[MissionId]:
        """Missions whose branches or saved work have moved here since they were pushed last; asks nobody."""
        ...

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """Send the branches and the saved work of missions that this clone drives. Never forces.

        False: the remote has other commits on one of them.
        """
        ...

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """Bring a mission's branches, claims and saved work over, for driving it here from now on.

        Raises BlockedError when one of them is checked out here and would move, or when finished work that is
        `driven` here already would be replaced.
        """
        ...

    def beat(self) -> None:
        """Leave a new sign of life of this clone."""
        ...

    def signs(self) -> Mapping[str, str]:
        """The last sign of each host, by its id, as of the last `fetch`; another one after each `beat`."""
        ...
