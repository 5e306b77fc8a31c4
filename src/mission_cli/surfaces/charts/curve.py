"""What a mission has spent over time, its cap, where it pauses, and what it is likely to cost at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import clock, dollars
from mission_cli.surfaces.charts.svg import Chart, figure, label, path, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 640.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 8.0, 22.0, 24.0
_FAR = 4
"""A cap that is more than so many times everything else is not drawn to scale."""
_ROOM = Decimal("1.12")
_SHARE = 0.75
"""Of the width, for what was, if it is not known how long the rest will take, or the rest takes much longer."""
_CENT = Decimal("0.01")
_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Band:
    """What the mission will have cost at its end."""

    low: Decimal
    """One of ten missions costs less (P10)."""
    middle: Decimal
    """P50."""
    high: Decimal
    """Nine of ten missions cost at most this (P90)."""
    until: datetime | None = None
    """When it will have ended; None: unknown."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What the chart shows, in US dollars."""

    points: Sequence[tuple[datetime, Decimal]]
    """Spent in all, and since when."""
    now: datetime
    """When it was read, or when the mission ended."""
    cap: Decimal | None = None
    warning: Decimal | None = None
    """At which the mission is paused."""
    band: Band | None = None


def budget_curve(curve: Curve, key: str = "budget", zone: tzinfo = UTC) -> Chart | None:
    """Return the chart; None before anything was spent or is expected."""
    curve = _tame(curve)
    points = sorted(curve.points, key=lambda one: one[0])
    if not points or not (points[-1][1] or curve.band):
        return None
    scale = _Scale.of(curve, points)
    inner = "".join(
        [
            _forecast(curve, points, scale),
            tag("path", class_="area", d=_steps(points, curve.now, scale, closed=True)),
            tag("path", class_="spent", d=_steps(points, curve.now, scale)),
            _level(curve.warning, "warning", "pauses at", scale),
            _level(curve.cap, "cap", "cap", scale),
            _axis(points, curve, scale, zone),
        ]
    )
    rows = [(clock(at, curve.now, zone), dollars(usd)) for at, usd in points]
    chart = Chart("", "Spend over time", _in_words(curve, points, zone), ("Since", "Spent"), rows)
    return figure(chart, key, "curve", (_WIDTH, _HEIGHT), inner)


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime
    """Of the time on the chart."""
    share: float
    """Of the width, for that time."""
    top: Decimal

    @classmethod
    def of(cls, curve: Curve, points: Sequence[tuple[datetime, Decimal]]) -> _Scale:
        band = curve.band
        end = max(curve.now, points[-1][0])
        begin = min(points[0][0], end - timedelta(seconds=1))
        until = band.until if band is not None else None
        fits = until is not None and until - end <= (end - begin) * (1 - _SHARE) / _SHARE * 2
        end = max(end, until) if until is not None and fits else end
        most = max([points[-1][1], *([band.high] if band else []), *(usd for _, usd in points), _CENT])
        caps = [usd for usd in (curve.cap, curve.warning) if usd is not None and usd <= most * _FAR]
        return cls(begin, end, 1.0 if band is None or fits else _SHARE, max([most, *caps]) * _ROOM)

    def x(self, at: datetime) -> float:
        part = (at - self.begin) / (self.end - self.begin)
        return _LEFT + min(max(part, 0.0), 1.0) * self.share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, usd: Decimal) -> float:
        part = min(max(float(usd / self.top), 0.0), 1.0)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)


def _steps(points: Sequence[tuple[datetime, Decimal]], now: datetime, scale: _Scale, *, closed: bool = False) -> str:
    """Return the line, which changes in steps; `closed`: the area below it."""
    ground, (begin, first) = scale.y(Decimal(0)), points[0]
    parts: list[str | float] = ["M", scale.x(begin), ground, "V"] if closed else ["M", scale.x(begin)]
    parts.append(scale.y(first))
    for at, usd in points[1:]:
        parts += ["H", scale.x(at), "V", scale.y(usd)]
    parts += ["H", scale.x(max(now, points[-1][0]))]
    parts += ["V", ground, "Z"] if closed else []
    return path(*parts)


def _forecast(curve: Curve, points: Sequence[tuple[datetime, Decimal]], scale: _Scale) -> str:
    if curve.band is None:
        return ""
    band, spent = curve.band, points[-1][1]
    x1, x2 = scale.x(max(curve.now, points[-1][0])), _WIDTH - _RIGHT
    if band.until is not None and scale.share == 1:
        x2 = max(scale.x(band.until), x1)
    low, middle, high = (scale.y(max(usd, spent)) for usd in (band.low, band.middle, band.high))
    y = scale.y(spent)
    area = tag("path", class_="band", d=path("M", x1, y, "L", x2, high, "V", low, "Z"))
    return area + tag("path", class_="likely", d=path("M", x1, y, "L", x2, middle))


def _level(usd: Decimal | None, kind: str, word: str, scale: _Scale) -> str:
    """Return a line across the chart; at its top if the amount is far above everything else."""
    if usd is None:
        return ""
    far = usd > scale.top
    y = _TOP - 6 if far else scale.y(usd)
    words = f"{word} {dollars(usd)}" + (" (not to scale)" if far else "")
    left = kind == "warning"
    x, anchor = (_LEFT, "") if left else (_WIDTH - _RIGHT, "end")
    line = "" if far and left else tag("path", class_=f"level {kind}", d=path("M", _LEFT, y, "H", _WIDTH - _RIGHT))
    return line + label(words, x, y - 4, f"words {kind}", anchor)


def _axis(points: Sequence[tuple[datetime, Decimal]], curve: Curve, scale: _Scale, zone: tzinfo) -> str:
    ground = _HEIGHT - _BOTTOM
    found = tag("path", class_="axis", d=path("M", _LEFT, ground, "H", _WIDTH - _RIGHT))
    found += label(clock(scale.begin, curve.now, zone), _LEFT, _HEIGHT - 8, "words")
    last_shown = curve.band.until if curve.band is not None and curve.band.until is not None else scale.end
    known = scale.share == 1 or (curve.band is not None and curve.band.until is not None)
    words = clock(max(last_shown, scale.end), curve.now, zone) if known else "at the end"
    found += label(words, _WIDTH - _RIGHT, _HEIGHT - 8, "words", "end")
    last = points[-1][1]
    x, y = scale.x(max(curve.now, points[-1][0])), scale.y(last)
    found += tag("circle", class_="now", cx=x, cy=y, r=3.5)
    return found + label(dollars(last), x - 8, y - 8 if y - 8 > _TOP + 12 else y + 16, "words here", "end")


def _in_words(curve: Curve, points: Sequence[tuple[datetime, Decimal]], zone: tzinfo) -> str:
    told = [f"{dollars(points[-1][1])} spent since {clock(points[0][0], curve.now, zone)}."]
    told.append("There is no cap." if curve.cap is None else f"The cap is {dollars(curve.cap)}.")
    if curve.warning is not None:
        told.append(f"The mission pauses at {dollars(curve.warning)}.")
    if (band := curve.band) is not None:
        low, middle, high = (dollars(usd) for usd in (band.low, band.middle, band.high))
        when = f", {clock(band.until, curve.now, zone)}" if band.until is not None else ""
        told.append(f"It is likely to cost {middle} at its end{when}; between {low} and {high} in eight of ten cases.")
    return " ".join(told)


def _tame(curve: Curve) -> Curve:
    """Return a curve whose amounts can be drawn: a file may have any number."""
    band = curve.band
    if band is not None:
        low, middle, high = sorted(map(_sane, (band.low, band.middle, band.high)))
        band = replace(band, low=low, middle=middle, high=high)
    cap, warning = (None if usd is None else _sane(usd) for usd in (curve.cap, curve.warning))
    return Curve([(at, _sane(usd)) for at, usd in curve.points], curve.now, cap, warning, band)


def _sane(usd: Decimal) -> Decimal:
    return min(max(usd, Decimal(0)), _MOST) if usd.is_finite() else Decimal(0)
