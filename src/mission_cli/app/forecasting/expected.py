"""Which figures a mission is forecast with: those of others, and one's own the more, the more there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.forecast.figures import Figures, Past, Spread, alone, learned
from mission_cli.domain.forecast.priors import CACHE_SHARES, PRICE_SPREAD, PRIOR, SOURCE
from mission_cli.ports.agents import Bill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.ports.agents import Prices

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
    prices: Prices


@dataclass(frozen=True, slots=True)
class Expected:
    """The figures of a mission, and what they are based on."""

    figures: Figures
    runs: int
    """Own attempts."""
    missions: int
    """Own ended missions."""
    others: str


def expected(pasts: Sequence[Past], mine: Past | None, worker: Worker) -> Expected | None:
    """Return the figures for a mission; None if nothing is known about such workers.

    `pasts`: own missions that have ended. `mine`: the mission itself, so far.
    """
    known = [*pasts, *([mine] if mine is not None else [])]
    runs = sum(past.attempts for past in known)
    agent = worker.bill is not Bill.FILE
    if not agent and runs < FEWEST:
        return None
    figures = PRIOR if agent else replace(PRIOR, tokens=None)
    alike = [past for past in pasts if (past.kind, past.model) == (worker.kind, worker.model)]
    others = [past for past in pasts if past not in alike]
    for part in (others, alike):
        figures = learned(figures, part)
    if figures.tokens is None and PRIOR.tokens is not None:
        figures = replace(figures, tokens=alone(PRIOR.tokens, known, "tokens"))
    if figures.tokens is None and PRIOR.tokens is not None:
        figures = replace(figures, usd=alone(PRIOR.tokens, known, "usd"))
    else:
        figures = replace(figures, usd_per_token=_price(alike or others, mine, worker.prices))
    return Expected(figures, runs, len(pasts), SOURCE)


def _price(pasts: Sequence[Past], mine: Past | None, prices: Prices) -> Spread | None:
    """Return dollars for a token: as the mission itself paid, or else own missions, or else by list prices."""
    if mine is not None and mine.usd and mine.tokens:
        return Spread(math.log(mine.usd / mine.tokens), _SAME_MISSION, 0, 0)
    seen = [math.log(past.usd / past.tokens) for past in pasts if past.usd and past.tokens]
    if seen:
        return Spread(math.fsum(seen) / len(seen), PRICE_SPREAD, 0, PRICE_SPREAD / math.sqrt(len(seen)))
    listed = prices.cost({kind: round(share * _MILLION) for kind, share in CACHE_SHARES.items()})
    return Spread(math.log(float(listed) / _MILLION), PRICE_SPREAD, 0, _LIST_UNSURE) if listed else None
