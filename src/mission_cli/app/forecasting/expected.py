"""Which figures a mission is forecast with: those of others, and one's own the more, the more there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.forecast.figures import Figures, Past, Spread, alone, learned
from mission_cli.domain.forecast.priors import CACHE_SHARES, PRICE_SPREAD, PRIOR, SOURCE
from mission_cli.ports.agents.usage import Bill

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.ports.agents.usage import Prices

FEWEST = 2
"""Own attempts, without which nothing is said about programs that are no known agent."""
_MILLION = 1_000_000
_LIST_UNSURE = 0.2
"""How far prices may be off where only the list price is known: kinds of tokens differ between agents."""
_SAME_MISSION = 0.1


@dataclass(frozen=True, slots=True)
class Worker:
    """Who will do the work: what tells which missions were alike."""

    kind: str
    """Of the mission, such as `development`."""
    model: str
    """`sort_of` its runner and model."""
    bill: Bill
    prices: Callable[[], Prices]
    """Returns the list prices of the model; loading them takes long."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a forecast is based on."""

    runs: int
    """Own attempts."""
    missions: int
    """Own ended missions."""
    others: str


def basis_of(pasts: Sequence[Past], mine: Past | None, worker: Worker) -> Basis | None:
    """Return what a forecast of a mission is based on; None if nothing is known about such workers.

    `pasts`: own missions that have ended. `mine`: the mission itself, so far.
    """
    runs = sum(past.attempts for past in pasts) + (mine.attempts if mine is not None else 0)
    return None if worker.bill is Bill.FILE and runs < FEWEST else Basis(runs, len(pasts), SOURCE)


def figures_of(pasts: Sequence[Past], mine: Past | None, worker: Worker) -> Figures:
    """Return the figures for a mission."""
    figures = PRIOR if worker.bill is not Bill.FILE else replace(PRIOR, tokens=None)
    alike = [past for past in pasts if (past.kind, past.model) == (worker.kind, worker.model)]
    others = [past for past in pasts if past not in alike]
    for part in (others, alike):
        figures = learned(figures, part)
    known = [*pasts, *([mine] if mine is not None else [])]
    if figures.tokens is None and PRIOR.tokens is not None:
        figures = replace(figures, tokens=alone(PRIOR.tokens, known, "tokens"))
    if figures.tokens is None and PRIOR.tokens is not None:
        return replace(figures, usd=alone(PRIOR.tokens, known, "usd"))
    return replace(figures, usd_per_token=_price(alike or others, mine, worker.prices))


def _price(pasts: Sequence[Past], mine: Past | None, prices: Callable[[], Prices]) -> Spread | None:
    """Return dollars for a token: as the mission itself paid, or else own missions, or else by list prices."""
    if mine is not None and mine.usd and mine.tokens:
        return Spread(math.log(mine.usd / mine.tokens), _SAME_MISSION, 0, 0)
    seen = [math.log(past.usd / past.tokens) for past in pasts if past.usd and past.tokens]
    if seen:
        return Spread(math.fsum(seen) / len(seen), PRICE_SPREAD, 0, PRICE_SPREAD / math.sqrt(len(seen)))
    listed = prices().cost({kind: round(share * _MILLION) for kind, share in CACHE_SHARES.items()})
    return Spread(math.log(float(listed) / _MILLION), PRICE_SPREAD, 0, _LIST_UNSURE) if listed else None
