"""What attempts of earlier missions used, and how far one's own history changes what others' missions show.

Amounts are log-normal on two levels: missions differ from one another, and so do the attempts of one mission. All means
and standard deviations are of natural logarithms.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HALF_WEIGHT = 10
"""With so many own missions, they count as much as those of others."""
_LEAST_SPREAD = 0.15
"""Missions differ by at least this, however much those that were seen look alike."""
_FEWEST_FOR_SPREAD = 2


@dataclass(frozen=True, slots=True)
class Spread:
    """How an amount of an attempt varies."""

    mean: float
    missions: float
    """Standard deviation of missions."""
    attempts: float
    """Standard deviation of the attempts of one mission."""
    unsure: float
    """Standard error of the mean."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a mission is expected to be like."""

    tokens: Spread | None
    """Of an attempt, with its share of planning and reviews; None: nothing is known."""
    minutes: Spread
    """Of an attempt, in which a worker runs."""
    fixes: float
    """Fix features for each planned feature."""
    fix_shape: float
    """How much missions differ in that: the shape of a gamma distribution."""
    again: float
    """Further attempts for each feature."""
    fixes_unsure: float = 0.0
    """Standard error of the logarithm of `fixes`."""
    usd_per_token: Spread | None = None
    """None: no price is known. `attempts` is 0: prices of one mission hardly differ."""
    usd: Spread | None = None
    """Dollars of an attempt, where they are known without tokens."""
    judging: float = 2.0
    """Minutes from the end of an attempt until it is judged and merged."""
    missions: int = 0
    """The number of own missions in these figures."""


@dataclass(frozen=True, slots=True)
class Past:
    """What an ended mission used."""

    planned: int
    """Planned features."""
    fixes: int
    """Fix features that were added."""
    attempts: int
    """Attempts of workers at these."""
    tokens: float = 0
    """All of them, also for planning and reviews; 0: unknown."""
    minutes: float = 0
    """Of all attempts; 0: unknown."""
    usd: float = 0
    """0: unknown."""
    judging: float = 0
    """Minutes from the end of an attempt to its last verdict, on average; 0: unknown."""
    kind: str = ""
    """The kind of the mission, such as `development`."""
    model: str = ""
    """The runner and the model of most of its attempts."""


def fitted(pasts: Sequence[Past], like: Figures) -> Figures:
    """Return the figures of missions as they are; spreads of attempts, which totals do not show, are taken over."""
    attempts = sum(past.attempts for past in pasts)
    features = sum(past.planned + past.fixes for past in pasts)
    planned = sum(past.planned for past in pasts)
    return replace(
        like,
        tokens=_own(_each(pasts, "tokens", like.tokens), like.tokens) if like.tokens else None,
        minutes=_own(_each(pasts, "minutes", like.minutes), like.minutes),
        fixes=sum(past.fixes for past in pasts) / planned,
        fix_shape=_shape(pasts),
        again=max(0, attempts - features) / features,
    )


def learned(others: Figures, pasts: Sequence[Past]) -> Figures:
    """Return figures that follow one's own missions the more, the more there are: by `_weight`."""
    if not pasts:
        return others
    count = len(pasts)
    planned = sum(past.planned for past in pasts)
    fixes = sum(past.fixes for past in pasts)
    attempts = sum(past.attempts for past in pasts)
    waited = [math.log(past.judging) for past in pasts if past.judging]
    rate, unsure = _rate(others.fixes, fixes, planned, count, 1 / others.fix_shape)
    return replace(
        others,
        tokens=_toward(others.tokens, _each(pasts, "tokens", others.tokens)) if others.tokens else None,
        minutes=_toward(others.minutes, _each(pasts, "minutes", others.minutes)),
        fixes=rate,
        fixes_unsure=unsure,
        again=_rate(others.again, max(0, attempts - planned - fixes), planned + fixes, count, 0)[0],
        judging=math.exp(_mixed(math.log(others.judging), fmean(waited), count / (count + HALF_WEIGHT)))
        if waited
        else others.judging,
        missions=others.missions + count,
    )


def alone(like: Spread, pasts: Sequence[Past], name: str) -> Spread | None:
    """Return how an amount varies by one's own missions only, where those of others say nothing; None if unknown."""
    seen = _each(pasts, name, like)
    if not seen:
        return None
    return _toward(replace(like, mean=fmean(value for value, _ in seen)), seen)


def of_sum(spread: float, count: int) -> float:
    """Return the standard deviation of the logarithm of a sum of `count` log-normal amounts (Fenton and Wilkinson)."""
    return math.sqrt(math.log1p(math.expm1(spread * spread) / count))


Seen = list[tuple[float, float]]
"""For each mission the logarithm of what a typical attempt used, and its variance from attempts alone."""


def _each(pasts: Sequence[Past], name: str, spread: Spread | None) -> Seen:
    """Return what a typical attempt of each mission used; missions of which that is unknown are left out."""
    found: Seen = []
    within = spread.attempts if spread is not None else 0.0
    for past in pasts:
        total = float(getattr(past, name))
        if total > 0 and past.attempts:
            noise = of_sum(within, past.attempts) ** 2
            found.append((math.log(total / past.attempts) - (within * within - noise) / 2, noise))
    return found


def _own(seen: Seen, like: Spread) -> Spread:
    values = [value for value, _ in seen]
    noise = fmean([noise for _, noise in seen])
    between = math.sqrt(max(variance(values) - noise, _LEAST_SPREAD**2))
    return replace(like, mean=fmean(values), missions=between, unsure=math.sqrt(variance(values) / len(values)))


def _toward(others: Spread, seen: Seen) -> Spread:
    """Return others' spread, moved to what was seen here."""
    count = len(seen)
    if not count:
        return others
    values, noise = [value for value, _ in seen], fmean([noise for _, noise in seen])
    spread = others.missions**2
    if count >= _FEWEST_FOR_SPREAD:
        before, here = math.log(spread + noise), math.log(max(variance(values), _LEAST_SPREAD**2))
        both = _mixed(before, here, _weight(here - before, 2 / (count - 1), count))
        spread = max(math.exp(both) - noise, _LEAST_SPREAD**2)
    error = (spread + noise) / count
    weight = _weight(fmean(values) - others.mean, error, count)
    mean = _mixed(others.mean, fmean(values), weight)
    return replace(others, mean=mean, missions=math.sqrt(spread), unsure=math.sqrt(weight * error))


def _rate(others: float, seen: int, of: int, count: int, differ: float) -> tuple[float, float]:
    """Return how often something happens, by others' rate and what was seen here, and the error of its logarithm.

    `differ` is how missions differ: the variance of the logarithm.
    """
    if not (of and others):
        return others, 0.0
    before, here = math.log(others), math.log(max(seen, 0.5) / of)
    error = 1 / max(seen, 1) + differ / count
    weight = _weight(here - before, error, count)
    return math.exp(_mixed(before, here, weight)), math.sqrt(weight * error)


def _weight(apart: float, error: float, count: int) -> float:
    """Return how much own figures count: n / (n + 10), and more if they clearly contradict those of others.

    `error` is the variance of the own mean. How far users differ is a tenth of the variance of one mission, unless the
    distance that was seen is more than chance explains.
    """
    users = max(error * count / HALF_WEIGHT, apart * apart - error)
    return users / (users + error)


def _mixed(others: float, own: float, weight: float) -> float:
    return weight * own + (1 - weight) * others


def _shape(pasts: Sequence[Past]) -> float:
    """Return the shape of the gamma distribution of fixes for each feature, by moments."""
    rates = [past.fixes / past.planned for past in pasts]
    mean = fmean(rates)
    counting = mean * fmean([1 / past.planned for past in pasts])
    return mean * mean / max(variance(rates, 0) - counting, mean * mean / HALF_WEIGHT)


def fmean(values: Iterable[float]) -> float:
    """Return the mean; the module `statistics` takes longer to import than a status takes to show."""
    known = tuple(values)
    return math.fsum(known) / len(known)


def variance(values: Sequence[float], freedom: int = 1) -> float:
    """Return the variance of a sample, or with freedom 0 that of all there is."""
    middle = fmean(values)
    return math.fsum((value - middle) ** 2 for value in values) / (len(values) - freedom)
