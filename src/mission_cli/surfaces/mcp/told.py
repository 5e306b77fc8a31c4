"""Results of the tools that a worker has in its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something that a worker told; the mission gets it when the attempt has ended."""

    message: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another feature of the mission."""

    number: str
    title: str
    status: str
    """When this attempt was started."""
    depends: Sequence[str]


@dataclass(frozen=True, slots=True)
class Siblings:
    """The features of a mission, as a worker may see them."""

    mission: str
    feature: str
    """The one that the worker works on."""
    siblings: Sequence[Sibling]
