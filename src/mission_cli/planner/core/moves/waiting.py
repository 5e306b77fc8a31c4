"""Transitions of what work waits for: requests, gates, external waits, resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.resources.rows import ResourceStatus
    from mission_cli.domain.status import RequestStatus, WaitStatus
    from mission_cli.domain.tables import InputRequest


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person a question."""

    request: InputRequest
    why: str
    context: str = ""
    """Data about it, JSON, which is stored in the file that the request names."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Change the status of a request: expired or withdrawn."""

    number: int
    to: RequestStatus
    why: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """Give a request its own number."""

    request: InputRequest
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class MoveGate:
    """Open or close a gate, or let it wait for a person."""

    name: str
    was: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class MoveWait:
    """Resolve or fail an external wait."""

    feature: FeatureNumber
    waiting_for: str
    was: str
    to: WaitStatus
    why: str
    data: str = ""
    """The files of the mission with what the event brought."""


@dataclass(frozen=True, slots=True)
class StartWait:
    """Record the time from which the timeout of an external wait counts."""

    feature: FeatureNumber
    waiting_for: str
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class MoveResource:
    """Change the status of a resource."""

    name: str
    """As its row has it."""
    was: str
    to: ResourceStatus
    why: str
