"""Text helpers for several packages: failure signatures, durations, times, short forms."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEX = pattern(r"\b(?:0x)?[0-9a-f]{7,64}\b", re.IGNORECASE)
_DIGITS = pattern(r"\d+")
_PATH = pattern(r"(?:/[\w.@+-]+){2,}")
_SPACE = pattern(r"\s+")
_ERRORISH = pattern(r"error|fail|exception|assert|not found|denied|refused|panic|expected", re.IGNORECASE)
_DURATION = pattern(r"(?<!\d)(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d|w)", re.IGNORECASE)
_ISO_DURATION = pattern(r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?\Z")
_LEAP_SECOND = pattern(r"(?<=[T ]\d\d:\d\d:)60(?!\d)", re.IGNORECASE)
_DAYS_END = pattern(r"(?<=[T ])24(?=:00(?::00(?:[.,]0+)?)?(?![\d:.,]))", re.IGNORECASE)
_LONGEST_TEXT = 100
LONGEST_DURATION = timedelta(days=36525)
"""A hundred years; longer durations are not read."""
EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Earlier and later times are read as these, so that adding a duration or changing the zone never overflows."""
_FIRST_PLAUSIBLE_YEAR = 1970
_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def first_error(output: str) -> str:
    """Return the line of `output` that best names the failure: the last that looks like an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errorish = [line for line in lines if _ERRORISH.search(line)]
    return (errorish or lines or [""])[-1][:300]


def signature(*parts: str) -> str:
    """Return 8 hex digits that stay the same when only numbers, paths, hashes or white space differ."""
    text = "\0".join(_PATH.sub("/", _HEX.sub("#", part.lower())) for part in parts)
    return digest(_SPACE.sub(" ", _DIGITS.sub("0", text)))


def digest(text: str) -> str:
    """Return 8 hex digits that identify a text."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text as it is stored."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def parse_duration(text: str) -> timedelta | None:
    """Return `2h`, `90 min`, `1h30m`, `PT30M` as a duration; None for anything else, and beyond `LONGEST_DURATION`.

    There is no unit for months.
    """
    seconds = _seconds_in(text.strip())
    return timedelta(seconds=seconds) if seconds is not None and seconds <= LONGEST_DURATION.total_seconds() else None


def why_no_duration(text: str) -> str:
    """Return why a text cannot be read as a duration, to follow its quotation; empty if it can."""
    if parse_duration(text) is not None:
        return ""
    return "is not a duration" if _seconds_in(text.strip()) is None else "is longer than a hundred years"


def _seconds_in(text: str) -> float | None:
    """Return the seconds of a duration, infinity if the text is absurdly long; None if it is not a duration."""
    if not text:
        return None
    iso = _ISO_DURATION.match(text)
    named = [(n, unit) for unit, n in iso.groupdict().items() if n] if iso else []
    found = named or ([] if _DURATION.sub("", text).strip() else _DURATION.findall(text))
    if not found:
        return None
    return float("inf") if len(text) > _LONGEST_TEXT else sum(float(n) * _SECONDS[unit.lower()] for n, unit in found)


def span_of(seconds: float) -> timedelta:
    """Return seconds from an external source as a duration from 0 to `LONGEST_DURATION`; NaN becomes 0."""
    return timedelta(seconds=min(max(0.0, seconds), LONGEST_DURATION.total_seconds()))


def show_duration(span: timedelta) -> str:
    """Return `45 s`, `12 min`, `3 h`, `2 h 10 min`, `3 d 4 h`: two units at most, never negative."""
    seconds = max(0, int(span.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append((name, count))
    if not parts:
        return "0 s"
    kept = parts[:1] if parts[0][0] == "min" else parts[:2]
    return " ".join(f"{count} {name}" for name, count in kept)


def stamp(moment: datetime) -> str:
    """Return a time in UTC as `2026-11-20T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Return an ISO 8601 date or time as an aware datetime (in `zone` if it names none); None for anything else.

    Times before `EARLIEST` or after `LATEST` (a date of the year 9999 means "never") are read as these.
    """
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        return None
    plain, leap = _LEAP_SECOND.subn("59", text)
    plain, ends = _DAYS_END.subn("00", plain)
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        return None
    if not EARLIEST.year < moment.year < LATEST.year:
        return EARLIEST if moment.year <= EARLIEST.year else LATEST
    moment += timedelta(seconds=leap, days=ends)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC)


def why_no_moment(text: str) -> str:
    """Return why a text is not a plausible time, to follow its quotation; empty if it is."""
    moment = parse_stamp(text)
    if moment is None:
        return "is not a date"
    return "is before the year 1970" if moment.year < _FIRST_PLAUSIBLE_YEAR else ""


def command_line(*words: str) -> str:
    """Return a command that can be copied into a shell, whatever its words contain."""
    return shlex.join(words)


def name_of(person: str) -> str:
    """Return the name in `Name <address>`."""
    return person.partition("<")[0].strip() or person


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` on one line without control characters, cut at `limit` with an ellipsis."""
    clean = _SPACE.sub(" ", "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text))
    clean = clean.strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def question(text: str, limit: int = 500) -> str:
    """Return a question as the mission file stores it: one line; long ones with the same beginning stay different."""
    flat = one_line(text, len(text) + 1)
    return flat if len(flat) <= limit else f"{flat[: limit - 12].rstrip()}… [{digest(flat)}]"


def show_bytes(size: int) -> str:
    """Return `512 B`, `12 KiB`, `3 MiB`, `1.5 GiB`."""
    powers = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
    unit, power = next(((unit, power) for unit, power in powers if size >= 1 << power), ("B", 0))
    return f"{size / (1 << power):.{1 if unit == 'GiB' else 0}f} {unit}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 commit`, `2 commits`, `3 criteria`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint that names the known word which a wrong one is most similar to; `otherwise` if there is none."""
    from difflib import get_close_matches

    names = {one.casefold(): one for one in known}
    close = get_close_matches(word.casefold(), names, n=1)
    return f"did you mean `{names[close[0]]}`?" if close else otherwise


def share(part: int, whole: int, one: str, many: str = "") -> str:
    """Return `0 of 1 commit`, `1 of 2 commits`, `2 of 3 criteria`."""
    return f"{part} of {counted(whole, one, many)}"
