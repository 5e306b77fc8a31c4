"""What goes wrong between the program and a scripted forge: planned per verb, standing, or at random from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    import random


class Fault(StrEnum):
    """How a call fails."""

    LOST = "the answer is lost"
    """What was asked for happened."""
    REFUSED = "connection refused"
    """Nothing happened; neither with any of the following."""
    BROKEN = "502 Bad Gateway"
    LIMITED = "API rate limit exceeded"
    UNAUTHORIZED = "Bad credentials"
    FORBIDDEN = "Resource not accessible by personal access token"
    NOT_FOUND = "Not Found"
    ARCHIVED = "Repository was archived so is read-only."


TROUBLE = {
    Fault.LOST: ForgeTrouble.UNREACHABLE,
    Fault.REFUSED: ForgeTrouble.UNREACHABLE,
    Fault.BROKEN: ForgeTrouble.UNREACHABLE,
    Fault.LIMITED: ForgeTrouble.LIMITED,
    Fault.UNAUTHORIZED: ForgeTrouble.UNAUTHORIZED,
    Fault.FORBIDDEN: ForgeTrouble.FORBIDDEN,
    Fault.NOT_FOUND: ForgeTrouble.NOT_FOUND,
    Fault.ARCHIVED: ForgeTrouble.ARCHIVED,
}
_OFTEN = (Fault.LOST, Fault.LOST, Fault.LOST, Fault.REFUSED, Fault.BROKEN, Fault.LIMITED)
ANY = "*"


@dataclass
class Troubles:
    """The plan. A verb is a method of the port, such as `open`; `*` is any of them."""

    again: float = 60.0
    """Seconds after which a forge that limits answers again."""
    standing: Fault | None = None
    """How every call fails until this is None again."""
    planned: dict[str, list[Fault | None]] = field(default_factory=dict)
    dice: random.Random | None = None
    chance: float = 0.0
    """How often a call fails at random, from 0 to 1; needs `dice`."""
    met: int = 0
    """How many calls have failed."""

    def plan(self, verb: str, *faults: Fault | None) -> None:
        """Let the next calls of a verb fail like this, one after the other; None: this one works."""
        self.planned.setdefault(verb, []).extend(faults)

    def next(self, verb: str) -> Fault | None:
        """Return how this call fails, if it does."""
        found = self.standing
        for name in (verb, ANY):
            if found is None and self.planned.get(name):
                found = self.planned[name].pop(0)
                break
        if found is None and self.dice is not None and self.dice.random() < self.chance:
            found = self.dice.choice(_OFTEN)
        self.met += found is not None
        return found

    def error(self, fault: Fault) -> ForgeError:
        """Return the error of a failed call."""
        again = self.again if fault is Fault.LIMITED else None
        return ForgeError(TROUBLE[fault], f"the scripted forge: {fault.value}", again=again)
