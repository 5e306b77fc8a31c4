"""Small laws about text that several rooms share: normalising failures, durations, names of moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from mission_cli.domain.patterns import pattern

_HEX = pattern(r"\b(?:0x)?[0-9a-f]{7,64}\b", re.IGNORECASE)
_DIGITS = pattern(r"\d+")
_PATH = pattern(r"(?:/[\w.@+-]+){2,}")
_SPACE = pattern(r"\s+")
_ERRORISH = pattern(r"error|fail|exception|assert|not found|denied|refused|panic|expected", re.IGNORECASE)
_DURATION = pattern(r"(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d|w)", re.IGNORECASE)
_ISO_DURATION = pattern(r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?\Z")
_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def first_error(output: str) -> str:
    """Return the line of `output` that best names the failure: the last that looks like an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errorish = [line for line in lines if _ERRORISH.search(line)]
    return (errorish or lines or [""])[-1][:300]


def signature(*parts: str) -> str:
    """Return 8 hex digits that stay the same when only numbers, paths, hashes or white space differ."""
    from hashlib import sha256

    text = "\0".join(_PATH.sub("/", _HEX.sub("#", part.lower())) for part in parts)
    text = _SPACE.sub(" ", _DIGITS.sub("0", text))
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def parse_duration(text: str) -> timedelta | None:
    """Return `2h`, `90 min`, `1h30m`, `PT30M` as a duration; None for anything else. Months do not exist here."""
    text = text.strip()
    iso = _ISO_DURATION.match(text)
    if iso and any(iso.groupdict().values()):
        weeks, days, hours, minutes, seconds = (int(iso[k] or 0) for k in "wdhms")
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    rest = _DURATION.sub("", text).strip()
    if not text or rest:
        return None
    return timedelta(seconds=sum(float(n) * _SECONDS[u.lower()] for n, u in _DURATION.findall(text)))


def show_duration(span: timedelta) -> str:
    """Return `45s`, `12m`, `3h`, `2h10m`, `3d4h`: two units at most, never negative."""
    seconds = max(0, int(span.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append((name, count))
    if not parts:
        return "0s"
    kept = parts[:1] if parts[0][0] == "m" else parts[:2]
    return "".join(f"{count}{name}" for name, count in kept)


def stamp(moment: datetime) -> str:
    """Return the moment in UTC as `2026-11-20T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Return an ISO 8601 date or time as an aware moment (in `zone` when it names none); None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC)


def name_of(person: str) -> str:
    """Return the name in `Name <address>`."""
    return person.partition("<")[0].strip() or person


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` on one line without control characters, cut at `limit` with an ellipsis."""
    clean = _SPACE.sub(" ", "".join(c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text))
    clean = clean.strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def show_bytes(size: int) -> str:
    """Return `512 B`, `12 KiB`, `3 MiB`, `1.5 GiB`."""
    powers = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
    unit, power = next(((unit, power) for unit, power in powers if size >= 1 << power), ("B", 0))
    return f"{size / (1 << power):.{1 if unit == 'GiB' else 0}f} {unit}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 commit`, `2 commits`, `3 criteria`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
