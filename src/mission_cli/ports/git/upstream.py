"""The repository at the forge, as git sees it: its base, and the branches of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.ids import MissionId, Sha


class Upstream(Protocol):
    """One remote. Only `fetch`, `push` and `delete` contact it, and raise ToolError if they cannot."""

    def fetch(self, mission: MissionId, base: str, branches: Collection[str]) -> None:
        """Fetch the base and these branches; one that is gone at the remote is gone here afterwards."""
        ...

    def base(self, mission: MissionId) -> Sha | None:
        """Return the base as it was last fetched."""
        ...

    def tip(self, branch: str) -> Sha | None:
        """Return the commit of a branch as it was last fetched or pushed."""
        ...

    def is_ours(self, branch: str) -> bool:
        """Whether the commit of a branch is one that this program pushed, or about to."""
        ...

    def has(self, branch: str, commit: Sha) -> bool:
        """Whether a branch contains a commit, and has exactly its files."""
        ...

    def arrived(self, base: Sha, commit: Sha) -> bool:
        """Whether a base contains a commit, or all of its changes."""
        ...

    def present(self, commit: Sha, paths: Sequence[str]) -> bool:
        """Whether a commit has one of these files or folders."""
        ...

    def push(self, branch: str, commit: Sha) -> str:
        """Push a commit on top of what the branch has. Returns why not, or the empty string. Never forces."""
        ...

    def take(self, branch: str) -> Sha | None:
        """Accept the commit of a branch as ours, and return it; None if there is none."""
        ...

    def delete(self, branch: str) -> str:
        """Delete a branch there and here, unless it has commits of someone else. Returns why not, or nothing."""
        ...
