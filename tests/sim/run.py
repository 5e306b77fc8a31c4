"""One world from its beginning to its end; where a law is broken, the fewest events that break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sim.events import Event, events_of, shrunk
from tests.sim.sim import BrokenError, Sim

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

LENGTH = 250


def run(seed: int, ticks: int = LENGTH, kind: type[Sim] = Sim, *, shrink: bool = False) -> Counter[str]:
    """Let a world happen; return what happened how often.

    Raises BrokenError with the seed; with `shrink`, which takes minutes, also with the fewest events that it needs.
    """
    events = events_of(seed, ticks)
    try:
        return live(seed, events, kind)
    except Exception as error:
        what, words = type(error), f"seed {seed}: {type(error).__name__}: {error}"
        if not shrink:
            raise BrokenError(f"{words}\n`python -m tests.sim --seed {seed}` finds the fewest events") from error
        few = shrunk(events, lambda fewer: fails(seed, fewer, what, kind))
        raise BrokenError("\n".join([words, f"{len(few)} of {ticks} events:", *map(str, few)])) from error


def live(seed: int, events: Sequence[Event], kind: type[Sim] = Sim) -> Counter[str]:
    """Let these events happen in the world of a seed."""
    sim = kind(seed)
    for event in events:
        sim.tick(event)
        sim.counts["ticks"] += 1
    sim.end()
    return sim.counts


def fails(seed: int, events: Sequence[Event], error: type[Exception], kind: type[Sim]) -> bool:
    """Whether a law is broken by these."""
    try:
        live(seed, events, kind)
    except error:
        return True
    except Exception:  # noqa: BLE001 - another failure is another story
        return False
    return False
