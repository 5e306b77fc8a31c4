"""The forecast that a mission was started with: in `noted`, so that its retrospective can compare it with what came."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.numbers import decimal_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.mission import Mission

KEY = "forecast"
"""The key in `noted`; with a space and a number after it that of a milestone."""
ELAPSED = "elapsed"
"""Hours from the start to the end, beside the categories of the budget."""
NAMES = ("usd", "hours", "tokens", ELAPSED)
_PLACES = {"usd": Decimal("0.000001"), "hours": Decimal("0.0001"), "tokens": Decimal(1), ELAPSED: Decimal("0.0001")}
_VALUES = 3


@dataclass(frozen=True, slots=True)
class Band:
    """Where a tenth, a half and nine tenths of the simulated missions are."""

    p10: Decimal
    p50: Decimal
    p90: Decimal

    def place(self, used: Decimal) -> str:
        """Return where an amount is, in words."""
        if used > self.p90:
            return "above P90"
        return "between P50 and P90" if used > self.p50 else "within P50" if used >= self.p10 else "below P10"


def band_of(name: str, p10: float | Decimal, p50: float | Decimal, p90: float | Decimal) -> Band:
    """Return a band in the precision in which it is recorded."""
    return Band(*(Decimal(str(value)).quantize(_PLACES[name]) for value in (p10, p50, p90)))


def forecast_notes(bands: Mapping[str, Mapping[str, Band]]) -> Iterator[tuple[str, str]]:
    """Yield keys and texts for `noted`, from bands by subject (empty: the mission; else a milestone) and name."""
    for subject, found in bands.items():
        said = [f"{name} {_text(b.p10)} {_text(b.p50)} {_text(b.p90)}" for name in NAMES if (b := found.get(name))]
        if said:
            yield f"{KEY} {subject}".strip(), "; ".join(said)


def forecast_at_start(mission: Mission) -> dict[str, dict[str, Band]]:
    """Return the bands that were noted at the start, by subject and name; what cannot be read is left out."""
    found: dict[str, dict[str, Band]] = {}
    for key, text in mission.noted.items():
        word, _, subject = key.partition(" ")
        if word == KEY and (not subject or subject.isdecimal()):
            bands = {name: band for part in text.split(";") for name, band in _read(part)}
            if bands:
                found[subject] = bands
    return found


def _read(part: str) -> Iterator[tuple[str, Band]]:
    name, *values = part.split() or [""]
    numbers = [number for value in values if (number := decimal_of(value)) is not None]
    if name in NAMES and len(values) == len(numbers) == _VALUES:
        yield name, Band(*numbers)


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
