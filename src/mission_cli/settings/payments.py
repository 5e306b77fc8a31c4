"""Settings of payments: the provider, who approves, and how much may be bought. A repository cannot set them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import UsageError
from mission_cli.domain.purchases.limits import EVERY, PurchaseLimit, PurchaseRules
from mission_cli.domain.purchases.money import DIGITS, MoneyError, Rate, found_money, read_money
from mission_cli.domain.purchases.orders import why_no_merchant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.settings.money import CurrencySettings

PROVIDERS = ("", "stripe", "ledger")
_NAME = pattern(r"[\w.@#-]+")
_URL = pattern(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_CATEGORY = pattern(r"[a-z][a-z0-9_]{2,80}")
_COUNTRY = pattern(r"[A-Z]{2}")
_HOLDER = pattern(r"ich_[A-Za-z0-9]{1,100}")


@dataclass(frozen=True, slots=True)
class PaymentSettings:
    """The `[payments]` table: by whom and how purchases are approved and paid."""

    provider: str = ""
    """`stripe`: a card for each purchase; `ledger`: you pay and record it; empty: off"""
    stopped: bool = False
    """nothing is paid, and open cards are closed"""
    approvers: tuple[str, ...] = ()
    """who may approve, by name as in git or on the server; empty: no person"""
    ask_above: Mapping[str, str] = field(default_factory=dict)
    """by currency, the amount up to which no person is asked"""
    merchants: tuple[str, ...] = ()
    """the only merchants that may be paid; empty: any that an approver accepts"""
    hours: str = ""
    """hours of the day in which purchases go to the provider, `"09:00-18:00"`; empty: all day"""
    key: str = ""
    """reference to the secret key of the provider, such as `env:STRIPE_KEY`"""
    cardholder: str = ""
    """Stripe's id of the person for whom cards are made, `ich_…`"""
    categories: tuple[str, ...] = ()
    """merchants' categories, as Stripe names them; empty: all"""
    countries: tuple[str, ...] = ()
    """countries of merchants for which cards work, such as `DE`; empty: all"""
    ledger: str = ""
    """CSV file with what you paid in and out; empty: `payments.csv` in your state folder"""
    url: str = "https://api.stripe.com"
    """address of the provider"""


@dataclass(frozen=True, slots=True)
class PurchaseLimitSettings:
    """One `[purchase_limits.NAME]` table: the most that may be bought in a time."""

    amount: str = ""
    """the most in one currency, such as `100 EUR`"""
    every: str = "month"
    """`purchase`, `mission`, or `day`, `week`, `month` of the calendar"""
    merchants: tuple[str, ...] = ()
    """only purchases at these count; empty: all"""


def check_payments(payments: PaymentSettings, limits: Mapping[str, PurchaseLimitSettings]) -> None:
    """Raise UsageError for values that cannot be used, or do not fit together. No error contains a key."""
    if payments.provider not in PROVIDERS:
        hint = "use `stripe` or `ledger`, or leave it empty"
        raise UsageError(f"the setting `payments.provider` is {payments.provider!r}", hint=hint)
    for currency, amount in payments.ask_above.items():
        if currency not in DIGITS or (amount != "0" and found_money(f"{amount} {currency}") is None):
            words = f"the setting `payments.ask_above` has {currency} = {amount!r}"
            raise UsageError(words, hint='write {EUR = "20.00"}: a currency that is known, and an amount in it')
    for name in (*payments.merchants, *(one for limit in limits.values() for one in limit.merchants)):
        if why := why_no_merchant(name):
            raise UsageError(f"a merchant in the settings cannot be used: {why}", hint="write it as `example.com`")
    for name, form, example in (("categories", _CATEGORY, "computer_software_stores"), ("countries", _COUNTRY, "DE")):
        wrong = next((one for one in getattr(payments, name) if not form.fullmatch(one)), None)
        if wrong is not None:
            raise UsageError(f"the setting `payments.{name}` has {wrong!r}", hint=f'write "{example}"')
    if not _URL.fullmatch(payments.url):
        hint = "write https://HOST; http:// only for localhost"
        raise UsageError(f"the setting `payments.url` is {payments.url!r}", hint=hint)
    _check_stripe(payments)
    for name, limit in limits.items():
        _check_limit(name, limit)


def _check_stripe(payments: PaymentSettings) -> None:
    if payments.key and (":" not in payments.key or payments.key.startswith(("sk_", "rk_"))):
        hint = 'write "env:NAME" or "file:PATH": a settings file is not a place for a key'
        raise UsageError("the setting `payments.key` is not a reference", hint=hint)
    if payments.cardholder and not _HOLDER.fullmatch(payments.cardholder):
        hint = "copy the id of the cardholder from Stripe's dashboard: ich_…"
        raise UsageError("the setting `payments.cardholder` is not the id of a cardholder", hint=hint)
    if payments.provider == "stripe" and not (payments.key and payments.cardholder):
        hint = 'write key = "env:STRIPE_KEY" and cardholder = "ich_…"'
        raise UsageError("Stripe needs `payments.key` and `payments.cardholder`", hint=hint)


def _check_limit(name: str, limit: PurchaseLimitSettings) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid name of a limit", hint="use letters, digits, `.`, `_` and `-`")
    try:
        read_money(limit.amount)
    except MoneyError as error:
        raise UsageError(f"the setting `purchase_limits.{name}.amount`: {error}", hint='write "100 EUR"') from None
    if limit.every not in EVERY:
        hint = f"use one of {', '.join(EVERY)}"
        raise UsageError(f"the setting `purchase_limits.{name}.every` is {limit.every!r}", hint=hint)


def rules_of(
    mine: PaymentSettings, limits: Mapping[str, PurchaseLimitSettings], currency: CurrencySettings
) -> PurchaseRules:
    """Return the rules as the planner reads them."""
    free = {name: found_money(f"{amount} {name}") for name, amount in mine.ask_above.items()}
    return PurchaseRules(
        approvers=mine.approvers,
        ask_above={name: money for name, money in free.items() if money is not None},
        merchants=mine.merchants,
        limits=tuple(
            PurchaseLimit(name, read_money(one.amount), one.every, one.merchants) for name, one in limits.items()
        ),
        rate=Rate(currency.code, currency.rate),
    )
