"""How many requests a job may send: a worker in a loop must not use up an account, or this machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli.adapters.egress.request import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_ONCE, PER_SECOND, BURST = 64, 50.0, 200.0


class Throttle:
    """Lets so many requests through at once and in a second; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._since = clock, clock()
        self._left, self._busy = BURST, 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one request during the block. Raises Refusal if there are too many."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._since) * PER_SECOND)
        self._since = now
        if self._busy >= AT_ONCE or self._left < 1:
            raise Refusal(429, f"at most {AT_ONCE} requests at once and {PER_SECOND:.0f} in a second")
        self._left -= 1
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
