"""The resources of a mission, as surfaces show them. They never contain a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class ResourceView:
    """One resource."""

    name: str
    type: str
    purpose: str
    status: str
    """needed, requested, available, expired or broken; another word as it is in the file"""
    reference: str
    """Where its value is; empty if it has none."""
    variable: str
    """The variable in which workers get the value, or the address of its proxy; empty if it has none."""
    address: str
    """Where its proxy sends requests; empty: workers get the value itself."""
    expires: str
    """When it ends to be there, ISO 8601; empty: never."""
    needed_by: Sequence[str]
    """The features that wait for it, or have its value while they are worked on."""
    holds: str
    """What waits for it: `features`, `mission`, or empty."""
    problem: str = ""
    """Why it is not there, as far as that is known."""
    unblock: str = ""
    """The command that provides it; empty if it is there."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a mission."""

    id: MissionId
    resources: Sequence[ResourceView]
    message: str = ""
    """What was found or changed; empty: they are only listed."""
    commit: str = ""
    """The commit of the mission file; empty if nothing had to be changed."""
