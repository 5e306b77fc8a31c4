"""What the keys of `mission top` do: each is one command of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.surfaces.top.acting.decisions import decisions
from mission_cli.surfaces.top.acting.others import others
from mission_cli.surfaces.top.acting.steering import of_features, of_missions, of_repositories

if TYPE_CHECKING:
    from mission_cli.surfaces.top.acting.action import Action

ACTIONS: tuple[Action, ...] = (
    *decisions(),
    *others(),
    *of_missions(),
    *of_features(),
    *of_repositories(),
)
"""All of them, in the order of the last line of the screen."""
