"""How good the work of each runner was, and which features moved from one to another, by the run records alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.forecast.patterns import BY_THE_WORKER
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from decimal import Decimal

    from mission_cli.domain.runs.record import RunRecord


@dataclass(frozen=True, slots=True)
class Vendor:
    """The attempts of one runner at features."""

    runner: str
    features: int
    """Features that it worked on."""
    done: int
    """Features that one of its attempts finished."""
    first: int
    """Features that were finished by their first attempt, and that was its own; outages do not count as attempts."""
    tries: int
    """Attempts that say something about the worker."""
    outages: int
    """Attempts that ended at a usage limit or with an error of its provider."""
    taken: int
    """Attempts in the place of another runner."""
    usd: Decimal | None
    """Dollars of all its attempts; null if one of them is unknown."""
    usd_per_done: Decimal | None
    """Dollars for each finished feature; null if none is, or if a cost is unknown."""
    causes: Mapping[str, int]
    """How its attempts ended, without done."""


def vendors_of(records: Iterable[RunRecord]) -> tuple[Vendor, ...]:
    """Return the runners that worked on features, by name."""
    settled = [r for r in records if r.cause is not None and not (r.by or r.planning or r.answering)]
    return tuple(_vendor(name, settled) for name in sorted({r.runner for r in settled}))


def moves_of(records: Iterable[RunRecord], zone: tzinfo | None = None) -> Iterator[tuple[RunRecord, str]]:
    """Yield the attempts in the place of another runner, each with a sentence about it, in the order of their starts.

    Without a zone the sentence does not say when.
    """
    known = sorted((r for r in records if not (r.planning or r.answering)), key=lambda r: (r.intended, r.run))
    for record in known:
        if record.instead_of:
            yield record, moved_words(record, known, zone)


def moved_words(record: RunRecord, records: Sequence[RunRecord], zone: tzinfo | None) -> str:
    """Return such as `1.2 moved from one to other at 14:02: usage limit until 17:00`."""
    before = [r for r in records if r.feature == record.feature and r.attempt < record.attempt and not r.by]
    last = max(before, key=lambda r: r.attempt, default=None)
    begun = parse_stamp(record.intended)
    moment = f" at {begun.astimezone(zone):%H:%M}" if begun is not None and zone is not None else ""
    if last is not None and last.runner == record.instead_of:
        how = f"moved from {record.instead_of} to {record.runner}"
    else:
        how = f"works on {record.runner} instead of {record.instead_of}"
    return f"{record.feature} {how}{moment}: {record.routed}"


def _vendor(name: str, settled: Sequence[RunRecord]) -> Vendor:
    mine = [r for r in settled if r.runner == name]
    counted = [r for r in settled if r.cause in BY_THE_WORKER]
    firsts: dict[str, RunRecord] = {}
    for record in sorted(counted, key=lambda r: r.attempt):
        firsts.setdefault(record.feature, record)
    done = {r.feature for r in mine if r.cause is Cause.DONE}
    costs = [r.usage.usd for r in mine]
    known = [usd for usd in costs if usd is not None]
    usd = sum(known[1:], known[0]) if known and len(known) == len(costs) else None
    return Vendor(
        runner=name,
        features=len({r.feature for r in mine}),
        done=len(done),
        first=sum(r.runner == name and r.cause is Cause.DONE for r in firsts.values()),
        tries=sum(r.runner == name for r in counted),
        outages=sum(r.cause in {Cause.RATE_LIMIT, Cause.PROVIDER_ERROR} for r in mine),
        taken=sum(bool(r.instead_of) for r in mine),
        usd=usd,
        usd_per_done=usd / len(done) if usd is not None and done else None,
        causes=dict(sorted(Counter(str(r.cause) for r in mine if r.cause is not Cause.DONE).items())),
    )
