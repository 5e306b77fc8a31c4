"""What clones share through a remote: the state branch, the branches of missions, and heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.ids import MissionId, Sha


class Share(Protocol):
    """One remote. If `remote` is empty, nothing is shared and nothing else here is called.

    Every call that contacts the remote raises ToolError if it cannot be reached. Then nothing has changed in this
    clone, but what was sent may have arrived.
    """

    @property
    def remote(self) -> str:
        """Its name in git; empty: nothing is shared."""
        ...

    def accepted(self) -> Sha | None:
        """Return the head of its state branch as last seen, without contacting it."""
        ...

    def fetch(self) -> Sha | None:
        """Fetch its state branch and the heartbeats; return the head, None if it has no such branch."""
        ...

    def push(self, head: Sha) -> bool:
        """Push `head` as its state branch. False: it has a commit that `head` does not contain. Never forces."""
        ...

    def unsent(self) -> Sequence[MissionId]:
        """Return missions whose branches or saved work moved since the last push, without contacting the remote."""
        ...

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """Push the branches and the saved work of missions that this clone drives. Never forces.

        False: the remote has other commits on one of them.
        """
        ...

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """Fetch the branches, claims and saved work of a mission, in order to drive it here from now on.

        Raises BlockedError if one of them is checked out here and would move, or if finished work of a mission that is
        `driven` here already would be replaced.
        """
        ...

    def beat(self) -> None:
        """Renew the heartbeat of this clone."""
        ...

    def signs(self) -> Mapping[str, str]:
        """Return the heartbeat of each host by its id, as of the last `fetch`; each `beat` changes it."""
        ...
