"""Read numbers as people and programs write them: thousands groups, exponents, percent, units; refuse ambiguous ones.

A number is plain digits (`1234`, `-0.5`, `.5`), digits in groups of three (`12,345`, `1'234`, `1_234`, or with a
no-break or thin space), or either with an exponent (`1.5e+02`). Anything else that begins with a digit (`97,5`,
`1.2.3`, `0x1F`, `12:30`) is ambiguous and refused with the reason.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import islice

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

_GROUPS = "".join(map(chr, (0x27, 0x2019, 0x5F, 0xA0, 0x2009, 0x202F)))
"""Separators of thousands groups besides the comma."""
_TOKEN = pattern(
    rf"(?<![\w.])(?P<sign>[-+\u2212]?)(?P<digits>\.?[0-9](?:[0-9.,:{_GROUPS}]*[0-9])?)(?P<exponent>[eE][-+]?[0-9]+)?"
    r"(?P<rest>\w*)(?:[ \t]?(?P<percent>%)|[ \t](?P<unit>ns|[uµμ]s|ms|s|sec|min|h|[kKMGT]i?B|B)(?!\w))?"
)
_NAMELESS = pattern(r"(?<![\w.])[-+]?(?:nan|inf|infinity)(?!\w)", re.IGNORECASE)
_PLAIN = pattern(
    rf"(?:[1-9][0-9]{{0,2}}(?P<group>[,{_GROUPS}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
)
_LETTERS = pattern(r"[A-Za-z\u00b5\u03bc]{1,4}")
_MOST = 50
"""How many numbers of a line are read."""
_MOST_DIGITS = 40
_MOST_EXPONENT = 300


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: `%`, letters as written, or nothing."""

    value: Decimal
    unit: str = ""


def quantities(text: str) -> list[Quantity | str]:
    """Return everything in a line that begins like a number: its value, or the reason why it is refused."""
    found = [(m.start(), _quantity(m)) for m in islice(_TOKEN.finditer(text), _MOST)]
    found += [(m.start(), f"`{m[0]}` is not a number") for m in islice(_NAMELESS.finditer(text), _MOST)]
    return [what for _, what in sorted(found, key=lambda pair: pair[0])]


def quantity(text: str) -> Quantity | str:
    """Return the number that is the whole text, or the reason why it is refused."""
    found = _TOKEN.fullmatch(text.strip())
    return _quantity(found) if found else f"`{text.strip()[:60]}` is not a number"


def _quantity(found: re.Match[str]) -> Quantity | str:
    written = found[0].strip()
    digits, exponent = found["digits"], found["exponent"] or ""
    before = found.string[: found.start()][-1:]
    if before in {"-", "+"} or len(digits) > _MOST_DIGITS or not _PLAIN.fullmatch(digits):
        return f"`{written[:60]}` is an ambiguous number"
    if abs(int(exponent[1:] or 0) if len(exponent) < len("e+1000") else _MOST_EXPONENT + 1) > _MOST_EXPONENT:
        return f"`{written[:60]}` is out of range"
    rest = found["rest"]
    if rest and not _LETTERS.fullmatch(rest):
        return f"`{written[:60]}` is an ambiguous number"
    sign = "-" if found["sign"] in {"-", "\u2212"} else ""
    plain = re.sub(rf"[,{_GROUPS}]", "", digits)
    unit = found["percent"] or found["unit"] or ""
    if rest and unit:
        return f"`{written[:60]}` has two units"
    return Quantity(Decimal(f"{sign}{plain}{exponent}"), (rest or unit).replace("\u03bc", "\u00b5"))
