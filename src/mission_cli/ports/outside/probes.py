"""Whether a resource is there: its value can be read, its name resolves, its server answers, its program is on PATH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from mission_cli.domain.resources.rows import Resource


@dataclass(frozen=True, slots=True)
class Probed:
    """What a look at a resource has found; no text contains a value."""

    there: bool
    words: str = ""
    remedy: Advice = NO_ADVICE


class Probes(Protocol):
    """Looks at resources, without the commands that their rows may have."""

    def can_tell(self, one: Resource) -> bool:
        """Whether a look can find out that the resource is there."""
        ...

    def look(self, one: Resource) -> Probed:
        """Look at a resource once, within seconds."""
        ...


class NoProbes:
    """Cannot tell anything."""

    def can_tell(self, one: Resource) -> bool:
        """Return that nothing can be found out."""
        del one
        return False

    def look(self, one: Resource) -> Probed:
        """Find nothing."""
        return Probed(there=False, words=f"{one.name} cannot be looked at here")
