"""What is known about a mission before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from mission_cli.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class LikelyCost:
    """What the open features will cost, judged by features that are done in this repository."""

    p50_usd: Decimal
    """Half of all such missions cost at most this."""
    p90_usd: Decimal
    """Nine of ten such missions cost at most this."""
    features: int
    """The number of done features that this is based on."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a person should know before a mission starts."""

    cost: LikelyCost | None
    """null: too few features with a known cost are done in this repository."""
    hours: Decimal
    """Sum of the estimates of the open features, or of their milestones."""
    unestimated: int
    """The number of open features without an estimate."""
    scheduled: bool
    """Whether a schedule or a detached run starts pulses on this machine."""
    notices: Sequence[Notice]
    """What may go wrong, and what to do about it; nothing of it prevents the start."""
