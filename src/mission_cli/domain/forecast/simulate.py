"""Simulate the rest of a mission many times: attempts, retries, judging one after another, and fix features."""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from math import exp
from random import Random
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.forecast.figures import of_sum
from mission_cli.domain.forecast.outcomes import NOTHING_YET, Outcomes, Part, Range
from mission_cli.domain.forecast.work import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.forecast.figures import Figures, Spread
    from mission_cli.domain.forecast.outcomes import SoFar
    from mission_cli.domain.forecast.work import Stage, Work

MOST_RUNS, FEWEST_RUNS = 2000, 500
_FEATURES_SIMULATED = 20_000
"""Fewer runs for larger missions, so that a forecast takes a fraction of a second."""
_SURE = 1 - 1e-9
_END, _JUDGED, _OPEN, _READY = range(4)
"""What happens next: an attempt ends or is judged, workers may start again, a feature may."""


def simulate(
    work: Work, figures: Figures, seed: str, so_far: SoFar = NOTHING_YET, *, runs: int | None = None
) -> Outcomes:
    """Simulate the rest of a mission; equal arguments give equal outcomes."""
    draw = Random(seed)  # noqa: S311 - statistics, no secret
    features = sum(len(stage.units) for stage in work.stages)
    runs = runs or max(FEWEST_RUNS, min(MOST_RUNS, _FEATURES_SIMULATED // max(1, features)))
    amount = figures.tokens or figures.usd
    used = so_far.tokens if figures.tokens else so_far.usd
    minutes = _informed(figures.minutes, so_far.minutes, so_far.attempts)
    each = _informed(amount, used, so_far.attempts) if amount else None
    found: list[tuple[float, float, float, float]] = []
    parts: list[list[tuple[float, float, float]]] = [[] for _ in work.stages]
    for _ in range(runs):
        speed = draw.gauss(minutes.mean, math.hypot(minutes.missions, minutes.unsure))
        size = draw.gauss(each.mean, math.hypot(each.missions, each.unsure)) if each else 0.0
        one = _Run(work, figures, draw, speed, size)
        one.finish()
        price = figures.usd_per_token
        factor = math.exp(draw.gauss(price.mean, math.hypot(price.missions, price.unsure))) if price else 0.0
        found.append((one.used, one.used * factor, one.time, one.worked))
        for part, (used_there, worked_there) in zip(parts, one.stages, strict=True):
            part.append((used_there, used_there * factor, worked_there))
    totals, dollars, times, worked = zip(*found, strict=True)
    tokens, usd = _priced(figures, totals, dollars)
    return Outcomes(tokens, usd, range_of(times), range_of(worked), runs, tuple(_part(figures, part) for part in parts))


def _part(figures: Figures, seen: Sequence[tuple[float, float, float]]) -> Part:
    totals, dollars, worked = zip(*seen, strict=True)
    return Part(*_priced(figures, totals, dollars), range_of(worked))


def _priced(figures: Figures, totals: Sequence[float], dollars: Sequence[float]) -> tuple[Range | None, Range | None]:
    """Return the ranges of tokens and of dollars, as far as they are known."""
    tokens = range_of(totals) if figures.tokens else None
    priced = range_of(dollars) if figures.tokens and figures.usd_per_token else None
    return tokens, priced if figures.tokens else range_of(totals) if figures.usd else None


def range_of(values: Sequence[float]) -> Range:
    """Return the tenth, the median and the ninth decile."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return Range(*(ordered[round(last * share)] for share in (0.1, 0.5, 0.9)))


def _informed(spread: Spread, total: float, attempts: int) -> Spread:
    """Return how a mission varies of which some attempts have ended: its own ones tell about the others."""
    if total <= 0 or not attempts:
        return spread
    noise = of_sum(spread.attempts, attempts) ** 2
    seen = math.log(total / attempts) - (spread.attempts**2 - noise) / 2
    before = spread.missions**2 + spread.unsure**2
    weight = before / (before + noise) if before else 0.0
    mean = weight * seen + (1 - weight) * spread.mean
    return replace(spread, mean=mean, missions=math.sqrt((1 - weight) * before), unsure=0.0)


class _Run:
    """One simulated course of the rest of a mission."""

    def __init__(self, work: Work, figures: Figures, draw: Random, speed: float, size: float) -> None:
        self.used, self.time, self.worked = 0.0, 0.0, 0.0
        """Tokens (or dollars) of attempts that are still to end, minutes until the end, and minutes of all workers."""
        self.stages: list[tuple[float, float]] = []
        """What each milestone used, and the minutes of its workers."""
        self._work, self._figures, self._draw = work, figures, draw
        self._gauss, self._random = draw.gauss, draw.random
        self._judging, self._most = figures.judging, work.attempts
        self._speed, self._size = speed, size
        self._pace = figures.minutes.attempts
        amount = figures.tokens or figures.usd
        self._differs = amount.attempts if amount else None
        self._again = min(0.9, (math.sqrt(1 + 4 * figures.again) - 1) / 2)
        rate = figures.fixes * math.exp(draw.gauss(0, figures.fixes_unsure))
        self._rate = draw.gammavariate(figures.fix_shape, rate / figures.fix_shape) if rate and figures.fix_shape else 0
        self._events: list[tuple[float, int, int]] = []
        self._units: list[Unit] = [unit for stage in work.stages for unit in stage.units]
        self._tries = [unit.tries for unit in self._units]
        self._done: set[int] = set()
        self._ready: deque[int] = deque()
        self._free, self._queue, self._left = work.workers, 0.0, 0

    def finish(self) -> None:
        """Run to the end."""
        first = 0
        for stage in self._work.stages:
            used, worked = self.used, self.worked
            self._work_on(range(first, first + len(stage.units)))
            first += len(stage.units)
            self.time += self._figures.judging
            if more := self._fixes(stage):
                extra = range(len(self._units), len(self._units) + more)
                self._units += [Unit()] * more
                self._tries += [0] * more
                self._work_on(extra)
                self.time += self._figures.judging
            self.stages.append((self.used - used, self.worked - worked))

    def _fixes(self, stage: Stage) -> int:
        """Draw how many fix features are still to be added to a milestone (Poisson)."""
        mean, count = self._rate * stage.planned, 0
        if mean <= 0:
            return 0
        chance, product = math.exp(-mean), self._draw.random()
        while product > chance:
            count += 1
            product *= self._draw.random()
        return max(0, count - stage.fixes)

    def _work_on(self, places: range) -> None:
        """Let workers finish some features; the time moves to when the last of them is merged."""
        self._left = len(places)
        self._ready.clear()
        self._events.clear()
        self._free, self._queue = self._work.workers, self.time
        for place in places:
            unit = self._units[place]
            if unit.running is not None and not self._tries[place] > unit.tries:
                self._free -= 1
                self._start(place, self._rest(unit.running))
            elif unit.judged:
                self._judge(place)
            elif unit.opens > self.time:
                heappush(self._events, (unit.opens, place, _READY))
            else:
                self._ready.append(place)
        self._fill(places)
        events = self._events
        while events and self._left:
            self.time, place, kind = heappop(events)
            if kind == _END:
                self._free += 1
                self._judge(place)
            elif kind == _JUDGED:
                self._judged(place)
            elif kind == _READY:
                self._ready.append(place)
            if self._ready and self._free > 0:
                self._fill(places)

    def _fill(self, places: range) -> None:
        """Start as many ready features as there are free slots."""
        opens = self._work.opens(self.time) if self._work.windows else self.time
        if opens > self.time:
            heappush(self._events, (opens, -1, _OPEN))
            return
        for _ in range(len(self._ready)):
            if self._free <= 0:
                return
            place = self._ready.popleft()
            needs = self._units[place].needs
            if not needs or all(need in self._done or need not in places for need in needs):
                self._free -= 1
                minutes = exp(self._gauss(self._speed, self._pace))
                self.worked += minutes
                if self._differs is not None:
                    self.used += exp(self._gauss(self._size, self._differs))
                heappush(self._events, (self.time + minutes, place, _END))
            else:
                self._ready.append(place)

    def _start(self, place: int, minutes: float) -> None:
        self.worked += minutes
        if self._differs is not None:
            self.used += exp(self._gauss(self._size, self._differs))
        heappush(self._events, (self.time + minutes, place, _END))

    def _rest(self, elapsed: float) -> float:
        """Draw how long an attempt still runs that has run for a time."""
        if elapsed <= 0 or not self._pace:
            return max(0.0, math.exp(self._gauss(self._speed, self._pace)) - elapsed)
        from statistics import NormalDist

        normal = NormalDist()
        over = normal.cdf((math.log(elapsed) - self._speed) / self._pace)
        share = min(over + (1 - over) * self._draw.random(), _SURE)
        if share <= over:
            return elapsed * self._draw.random()
        return max(0.0, math.exp(self._speed + self._pace * normal.inv_cdf(share)) - elapsed)

    def _judge(self, place: int) -> None:
        """Let an ended attempt be judged and merged, after those that ended before it."""
        self._tries[place] += 1
        self._queue = max(self._queue, self.time) + self._judging
        heappush(self._events, (self._queue, place, _JUDGED))

    def _judged(self, place: int) -> None:
        tries = self._tries[place]
        if tries < self._most and self._random() < self._again:
            delays = self._work.delays or (0.0,)
            wait = delays[min(tries, len(delays)) - 1]
            heappush(self._events, (self.time + wait, place, _READY))
            return
        self._done.add(place)
        self._left -= 1
