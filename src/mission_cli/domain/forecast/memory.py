"""What is kept between two forecasts, so that the same state is neither read nor simulated twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.forecast.figures import Past
    from mission_cli.domain.forecast.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a mission while its folder had this content."""

    content: str
    past: Past | None
    """None: it has not ended, or no worker worked on it."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """The outcomes of one state."""

    key: str
    """Everything that they depend on."""
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Kept:
    """All of it, by mission."""

    read: Mapping[str, Read] = field(default_factory=dict)
    simulated: Mapping[str, Simulated] = field(default_factory=dict)
