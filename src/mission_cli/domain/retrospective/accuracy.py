"""How good forecast, estimates and caps were: what was expected at the start beside what was used."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.retrospective.attempts import of_execution, used_for, used_in_all
from mission_cli.domain.retrospective.forecast import ELAPSED, forecast_at_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.retrospective.forecast import Band
    from mission_cli.domain.runs.record import RunRecord

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Measured:
    """One amount of the mission or of a milestone."""

    subject: str
    """Empty: the mission; else the number of a milestone."""
    name: str
    """usd, hours, tokens or elapsed."""
    used: Decimal
    band: Band | None
    """What was forecast at the start; None: nothing."""
    estimate: Decimal | None = None
    """Hours of work that the plan estimated."""
    cap: Decimal | None = None
    unknown: int = 0
    """Attempts whose cost is unknown and not in `used`."""


def measured(mission: Mission, records: Sequence[RunRecord], until: str = "") -> tuple[Measured, ...]:
    """Return every amount of the mission and of its milestones of which anything is known.

    `until`: when an execution that is not completed yet ends, ISO 8601.
    """
    ahead = forecast_at_start(mission)
    found = [*_whole(mission, records, ahead.get("", {}), until)]
    mine = of_execution(mission, records)
    for milestone in mission.milestones:
        found += _of_milestone(milestone, mine, ahead.get(str(milestone.number), {}))
    return tuple(found)


def estimated(milestone: Milestone) -> Decimal | None:
    """Return the hours that the plan estimated for a milestone: those of its features, or else its own."""
    known = [f.estimate_hours for f in milestone.features if f.estimate_hours is not None and not f.fixes]
    return sum(known, Decimal(0)) if known else milestone.estimate_hours


def _whole(mission: Mission, records: Sequence[RunRecord], ahead: Mapping[str, Band], until: str) -> Iterator[Measured]:
    used, limits = used_in_all(mission, records), mission.limits
    caps = {"usd": limits.usd, "hours": limits.hours, "tokens": limits.tokens}
    planned = [hours for milestone in mission.milestones if (hours := estimated(milestone)) is not None]
    for name in CATEGORIES:
        estimate = sum(planned, Decimal(0)) if name == "hours" and planned else None
        unknown = used.unknown if name == "usd" else 0
        if used.of(name) or unknown or name in ahead or caps[name] is not None or estimate:
            yield Measured("", name, used.of(name), ahead.get(name), estimate, caps[name], unknown)
    took = elapsed(mission, until)
    if took is not None:
        yield Measured("", ELAPSED, took, ahead.get(ELAPSED))


def _of_milestone(milestone: Milestone, mine: Sequence[RunRecord], ahead: Mapping[str, Band]) -> Iterator[Measured]:
    used, estimate = used_for(milestone.number, mine), estimated(milestone)
    for name in CATEGORIES:
        plan = estimate if name == "hours" else None
        if used.of(name) or name in ahead or plan:
            unknown = used.unknown if name == "usd" else 0
            yield Measured(str(milestone.number), name, used.of(name), ahead.get(name), plan, unknown=unknown)


def elapsed(mission: Mission, until: str = "") -> Decimal | None:
    """Return the hours from the start to the end; None if one of them is not known."""
    began, ended = parse_stamp(mission.started), parse_stamp(until or mission.completed)
    if not mission.started or began is None or ended is None or ended < began:
        return None
    return Decimal(round((ended - began).total_seconds())) / _HOUR
