"""Record the forecast with which a mission starts, for its retrospective."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.forecasting.forecast import outcomes_before
from mission_cli.document.changes import Change, SetFront
from mission_cli.document.reading.values_in_force import is_recordable
from mission_cli.domain.noted import SECTION
from mission_cli.domain.retrospective.forecast import ELAPSED, KEY, band_of, forecast_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.forecast.outcomes import Part, Range
    from mission_cli.domain.retrospective.forecast import Band
    from mission_cli.engine.context import Context

_MINUTES = 60
_SECONDS = 3600


def forecast_changes(ctx: Context, address: Address) -> Iterator[Change]:
    """Yield the changes that record a forecast at the first start; nothing if none can be made.

    It is made from runtime data, so nothing may be decided by it.
    """
    mission = address.mission
    if KEY in mission.noted or not is_recordable(address.loaded.layout.front):
        return
    ahead = outcomes_before(ctx, ctx.state.snapshot(), mission)
    if ahead is None:
        return
    stages = [milestone.number for milestone in mission.milestones if not milestone.finished]
    bands = {"": _whole(ahead.forecast)}
    bands |= {str(number): _part(part) for number, part in zip(stages, ahead.outcomes.parts, strict=True)}
    yield from (SetFront((SECTION, key), text) for key, text in forecast_notes(bands))


def _whole(found: Forecast) -> Mapping[str, Band]:
    left = [span.total_seconds() / _SECONDS for span in (found.left.p10, found.left.p50, found.left.p90)]
    bands = {"hours": band_of("hours", found.hours.p10, found.hours.p50, found.hours.p90)}
    bands[ELAPSED] = band_of(ELAPSED, *left)
    if found.usd is not None:
        bands["usd"] = band_of("usd", found.usd.p10, found.usd.p50, found.usd.p90)
    if found.tokens is not None:
        bands["tokens"] = band_of("tokens", found.tokens.p10, found.tokens.p50, found.tokens.p90)
    return bands


def _part(part: Part) -> Mapping[str, Band]:
    hours = (minutes / _MINUTES for minutes in _ends(part.worked))
    bands = {"hours": band_of("hours", *hours)}
    if part.usd is not None:
        bands["usd"] = band_of("usd", *_ends(part.usd))
    if part.tokens is not None:
        bands["tokens"] = band_of("tokens", *_ends(part.tokens))
    return bands


def _ends(found: Range) -> tuple[float, float, float]:
    return found.p10, found.p50, found.p90
