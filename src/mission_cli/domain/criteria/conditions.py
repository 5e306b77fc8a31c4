"""Where a check runs: its folder, its variables, its secrets and its network."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the fields below a criterion say about the place of its check."""

    cwd: str = ""
    """The folder in which it runs, relative to the top of the tree; empty: the top."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables with their values."""
    secrets: tuple[tuple[str, str], ...] = ()
    """Variables with a reference to their value: `env:NAME` or `file:PATH`."""
    network: bool | None = None
    """Whether it has a network; None: as the settings say."""

    serve: str = ""
    """The command of a server that runs during the check."""
    ready_s: int = 60
    """How long the server may take until it listens."""


USUAL = Conditions()
"""The conditions of a criterion without fields."""
