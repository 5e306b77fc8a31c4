"""The parts of a mission that can be left out, each with what it needs: blocks for the choice of a subset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.forecast.subset import Block, best_subset
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.core.phases import built_in_phases
from mission_cli.planner.scope.pace import open_features

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.planner.scope.pace import Pace

_RUNNING = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a mission still does, and what it leaves out."""

    keep: tuple[FeatureNumber, ...]
    """Open features, in file order."""
    defer: tuple[FeatureNumber, ...]
    sure: bool
    """Whether the kept ones fit in nine of ten cases; otherwise they do on average."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Open features that are kept or deferred together."""

    features: tuple[Feature, ...]
    milestone: Milestone
    must: bool


def reduced(mission: Mission, pace: Pace) -> Reduced | None:
    """Return the most valuable subset of the open features that the budget still pays for; None if there is none.

    Features are never separated from what they depend on. A milestone with criteria is kept or deferred as a whole: it
    is not known which of its features they need. What has begun is kept, and no milestone without an earlier one.
    """
    parts = _in_order(_parts(mission))
    if parts is None:
        return None
    blocks = _blocks(mission, parts, pace)
    if blocks is None:
        return None
    found, sure = best_subset(blocks, pace.room), True
    if found is None:
        found, sure = best_subset(blocks, lambda count: pace.room(count, sure=False)), False
    if found is None:
        return None
    kept = {f.number for place in found.kept for f in parts[place].features}
    todo = [f.number for f in open_features(mission)]
    keep = tuple(number for number in todo if number in kept)
    return Reduced(keep, tuple(number for number in todo if number not in kept), sure)


def still_deferrable(mission: Mission, numbers: Collection[FeatureNumber]) -> tuple[FeatureNumber, ...]:
    """Return which of some features can be left out now: what has begun since they were named needs some of them."""
    parts = _parts(mission)
    needed = {f.number for part in parts for f in part.features if part.must or f.number not in numbers}
    before = -1
    while len(needed) > before:
        before = len(needed)
        for part in parts:
            if needed.intersection(f.number for f in part.features):
                needed.update(f.number for f in part.features)
                needed.update(number for f in part.features for number in f.depends)
    todo = (f for f in open_features(mission) if f.status not in _RUNNING)
    return tuple(f.number for f in todo if f.number in numbers and f.number not in needed)


def _parts(mission: Mission) -> list[_Part]:
    """Return the parts of the milestones that are not finished, in file order."""
    optional = {milestone.number for milestone in built_in_phases(mission)}
    hidden = {row.milestone for row in mission.held_out}
    found: list[_Part] = []
    for milestone in mission.milestones:
        todo = [feature for feature in milestone.features if not feature.finished]
        if milestone.finished or not todo:
            continue
        begun = any(f.fixes or f.status in {*_RUNNING, FeatureStatus.DONE} for f in milestone.features)
        whole = bool(milestone.criteria) or mission.poc or milestone.number in hidden
        if whole or milestone.number not in optional:
            must = begun or milestone.number not in optional
            found.append(_Part(tuple(todo), milestone, must))
            continue
        for feature in todo:
            must = feature.status in _RUNNING or bool(feature.fixes)
            found.append(_Part((feature,), milestone, must))
    return found


def _in_order(parts: Sequence[_Part]) -> list[_Part] | None:
    """Return the parts in the order of their milestones, each after those that it needs; None if that is impossible."""
    open_ones = {f.number for part in parts for f in part.features}
    placed, found = set[str](), list[_Part]()
    for number in dict.fromkeys(part.milestone.number for part in parts):
        left = [part for part in parts if part.milestone.number == number]
        while left:
            ready = next((p for p in left if not _needs(p).intersection(open_ones) - placed), None)
            if ready is None:
                return None
            left.remove(ready)
            found.append(ready)
            placed.update(f.number for f in ready.features)
    return found


def _needs(part: _Part) -> set[FeatureNumber]:
    own = {f.number for f in part.features}
    return {number for f in part.features for number in f.depends} - own


def _blocks(mission: Mission, parts: Sequence[_Part], pace: Pace) -> list[Block] | None:
    """Return a block for each part; None if something that has to be kept has failed or needs what has failed."""
    places = {f.number: place for place, part in enumerate(parts) for f in part.features}
    failed: set[int] = set()
    blocks: list[Block] = []
    for place, part in enumerate(parts):
        needs = {places[number] for number in _needs(part) if number in places}
        after = () if part.must else _earlier(mission, parts, place)
        broken = any(f.status is FeatureStatus.FAILED or f.status is None or f.broken for f in part.features)
        if broken or failed.intersection(needs):
            failed.add(place)
            if part.must:
                return None
        blocks.append(
            Block(
                value=sum(f.worth for f in part.features if not f.fixes),
                size=float("inf") if place in failed else sum(pace.sizes[f.number] for f in part.features),
                features=len(part.features),
                needs=tuple(sorted(needs)),
                after=after,
                must=part.must,
            )
        )
    return blocks


def _earlier(mission: Mission, parts: Sequence[_Part], place: int) -> tuple[tuple[int, ...], ...]:
    """Return the parts of each earlier milestone of which nothing is done: one part of each has to be kept as well."""
    milestone = parts[place].milestone
    if milestone.independent:
        return ()
    found = []
    for other in mission.milestones:
        if other.number == milestone.number:
            break
        done = any(f.status is FeatureStatus.DONE for f in other.features)
        group = tuple(at for at, part in enumerate(parts) if part.milestone.number == other.number)
        if not (other.finished or other.independent or done) and group:
            found.append(group)
    return tuple(found)
