"""What a worker or a person asks to buy, in words: everything that a person sees before they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_duration
from mission_cli.domain.purchases.money import MoneyError, Price, read_money

if TYPE_CHECKING:
    from datetime import timedelta

KEYS = ("amount", "merchant", "purpose", "alternatives", "valid")
LONGEST = {"merchant": 80, "purpose": 200, "alternatives": 300}
LONGEST_VALID_DAYS = 30
_MERCHANT = pattern(r"[A-Za-z0-9](?:[A-Za-z0-9 .&'*+/-]{0,78}[A-Za-z0-9.])?")
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e"})
_JOINED = (("rn", "m"), ("vv", "w"), ("cl", "d"))


class OrderError(ValueError):
    """What is wrong with what is to be bought."""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to buy."""

    amount: Price
    merchant: str
    purpose: str
    alternatives: str = ""
    """What could be done instead, such as a free service."""
    valid: str = ""
    """How long the request is valid, such as `2d`; empty: as the settings say."""

    @property
    def lifetime(self) -> timedelta | None:
        """How long it is valid; None: as the settings say."""
        return parse_duration(self.valid) if self.valid else None


def read_order(told: Any) -> Order:
    """Read what a worker wrote, a JSON object. Raises OrderError with what is wrong: nothing is guessed or left out."""
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise OrderError("a purchase is an object of texts: amount, merchant, purpose, alternatives, valid")
    unknown = next((key for key in told if key not in KEYS), "")
    if unknown:
        raise OrderError(f"`{unknown[:40]}` is not a part of a purchase: known are {', '.join(KEYS)}")
    return order_of(**{key: told.get(key, "") for key in KEYS})


def order_of(amount: str, merchant: str, purpose: str, alternatives: str = "", valid: str = "") -> Order:
    """Return a purchase with clean texts. Raises OrderError with what is wrong."""
    try:
        money = read_money(amount)
    except MoneyError as error:
        raise OrderError(str(error)) from None
    words = {"merchant": merchant, "purpose": purpose, "alternatives": alternatives}
    clean = {name: " ".join(text.split()) for name, text in words.items()}
    for name, text in clean.items():
        if len(text) > LONGEST[name] or not text.isprintable():
            raise OrderError(f"the {name} has to be one printable line of at most {LONGEST[name]} characters")
    if why := why_no_merchant(clean["merchant"]):
        raise OrderError(why)
    if not clean["purpose"]:
        raise OrderError("it has no purpose")
    span = parse_duration(valid) if valid else None
    if valid and (not span or span.days >= LONGEST_VALID_DAYS):
        raise OrderError(f"`{valid[:40]}` is not how long it is valid: write 12h or 2d, less than 30 days")
    return Order(money, **clean, valid=valid)


def why_no_merchant(name: str) -> str:
    """Return why a text cannot name a merchant; empty if it can.

    Letters of other scripts look like Latin ones, so they are refused.
    """
    if not name:
        return "it names no merchant"
    return "" if _MERCHANT.fullmatch(name) else f"`{name[:40]}` cannot be a merchant: letters, digits and .-&' only"


def same_merchant(one: str, other: str) -> bool:
    """Whether two texts name the same merchant; case and spaces do not matter."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def looks_like(name: str, known: str) -> bool:
    """Whether a name only looks like another one: `examp1e.com` and `example.com`, but not the same name."""
    return not same_merchant(name, known) and _look(name) == _look(known)


def _look(name: str) -> str:
    plain = name.casefold().translate(_ALIKE)
    for two, one in _JOINED:
        plain = plain.replace(two, one)
    return "".join(char for char in plain if char.isalnum())


def is_charged_by(merchant: str, descriptor: str) -> bool:
    """Whether what the provider says of a merchant (`EXAMPLE* ORDER 12`) fits the one that was approved.

    The words of the approved name, for a domain those of its last part before the ending, have to begin it.
    """
    wanted, said = _words(merchant), _words(descriptor)
    if said[: len(wanted)] == wanted or "".join(said) == "".join(wanted):
        return True
    host = merchant.casefold().removeprefix("www.").split(".")
    label = host[-2:-1] if len(host) > 1 and " " not in merchant else []
    return bool(label) and said[:1] == label


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()
