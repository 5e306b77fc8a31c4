"""What can go wrong with a purchase, case by case, against Stripe's contract in memory."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.kit.buying import EVE, PLAN, Table, limit, table
from tests.kit.fakes.host import make_mission
from tests.kit.fakes.life import Death, Fate, Kind
from tests.kit.nightly import by_day, only_at_night

from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.features import cancel
from mission_cli.app.purchases.act import paid, stop_payments
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.purchases.money import MoneyError, Rate, part_of, read_money
from mission_cli.domain.purchases.orders import OrderError, is_charged_by, looks_like, order_of

if TYPE_CHECKING:
    from collections.abc import Callable

CASES: dict[str, Callable[[Table], None]] = {}


def case(function: Callable[[Table], None]) -> Callable[[Table], None]:
    CASES[function.__name__] = function
    return function


@case
def paid_once(t: Table) -> None:
    t.approved()
    assert t.pays()
    t.go(2)


@case
def rejected(t: Table) -> None:
    t.wants()
    t.go()
    t.answers("reject")
    t.go()


@case
def over_a_limit(t: Table) -> None:
    t.settings(limit("19.99 EUR", "purchase"))
    t.approved()


@case
def at_a_limit(t: Table) -> None:
    t.settings(limit("20.00 EUR", "purchase"))
    t.approved()


@case
def a_limit_of_another_merchant(t: Table) -> None:
    t.settings(limit("1.00 EUR", "month", "other.example"))
    t.approved()


@case
def not_a_listed_merchant(t: Table) -> None:
    t.settings(merchants=("other.example",))
    t.approved()


@case
def a_look_alike_of_a_listed_merchant(t: Table) -> None:
    t.settings(limit("100.00 EUR", "month", "example.com"))
    t.approved(merchant="examp1e.com")


@case
def declined_at_another_category(t: Table) -> None:
    t.settings(categories=("computer_software_stores",))
    t.approved()
    assert not t.pays(shop=("CASINO", "betting_casino_gambling", "DE"))
    t.go()
    assert any("declined: authorization_controls, CASINO" in words for words in t.seen)


@case
def charged_by_another_merchant(t: Table) -> None:
    t.approved()
    assert t.pays(shop=("EXAMPLESHOP.EVIL", "computer_software_stores", "DE"))
    t.go(2)


@case
def charged_by_another_merchant_and_accepted(t: Table) -> None:
    charged_by_another_merchant(t)
    paid(t.context, "m", 1)
    t.go()


@case
def paid_twice_with_one_card(t: Table) -> None:
    t.approved()
    assert t.pays()
    assert not t.pays()
    t.go(2)
    assert not t.bank.pay(next(iter(t.bank.cards)), 1)


@case
def more_than_the_card_allows(t: Table) -> None:
    t.approved()
    assert not t.pays(2001)
    t.go()


@case
def the_merchant_takes_more_than_was_reserved(t: Table) -> None:
    t.forced = True
    t.approved()
    t.bank.pay(t.bank.open_card(), 2000, capture=False)
    t.bank.capture(t.bank.authorizations[0], 2300)
    t.go(2)


@case
def reserved_and_taken_later(t: Table) -> None:
    t.approved()
    t.bank.pay(t.bank.open_card(), 1500, capture=False)
    t.go()
    assert any("has reserved the money" in words for words in t.seen)
    t.bank.capture(t.bank.authorizations[0], 1500)
    t.go(2)


@case
def partly_refunded_twice(t: Table) -> None:
    paid_once(t)
    t.bank.refund(t.bank.transactions[0], 500)
    t.go(2, minutes=30)
    t.bank.refund(t.bank.transactions[-1], 250)
    t.go(2, minutes=30)


@case
def refunded(t: Table) -> None:
    paid_once(t)
    t.bank.refund(t.bank.transactions[0], 2000)
    t.go(2, minutes=30)


@case
def a_transaction_is_reported_twice(t: Table) -> None:
    t.approved()
    t.pays()
    t.bank.transactions.append(dict(t.bank.transactions[0]))
    t.go(2)
    t.bank.transactions.pop()


@case
def not_approved_in_time(t: Table) -> None:
    t.wants(valid="1h")
    t.go(minutes=61)
    t.answers("approve")
    t.go()


@case
def approved_and_stopped_until_it_expired(t: Table) -> None:
    t.wants(valid="1h")
    t.go()
    stop_payments(t.context, on=True)
    t.answers("approve")
    t.go(2, minutes=40)
    stop_payments(t.context, on=False)
    t.go()


@case
def a_card_that_is_not_used_in_time(t: Table) -> None:
    t.approved(valid="1h")
    t.go(1, minutes=70)
    t.go(2)


@case
def charged_in_another_currency(t: Table) -> None:
    t.forced = True
    t.approved()
    t.bank.cards[t.bank.open_card()]["currency"] = "usd"
    t.pays()
    t.go(2)


@case
def a_currency_without_a_rate(t: Table) -> None:
    t.approved(amount="20.00 GBP")


@case
def changed_after_the_approval(t: Table) -> None:
    t.wants()
    t.go()
    t.answers("approve")
    t.edits("| 20.00 EUR |", "| 90.00 EUR |")
    t.go(2)


@case
def changed_while_it_is_asked(t: Table) -> None:
    t.wants()
    t.go()
    t.edits("| 20.00 EUR |", "| 90.00 EUR |")
    with pytest.raises(BlockedError, match="has changed since request 1 was asked"):
        t.answers("approve")
    t.go(2)
    assert [(r.number, r.status) for r in t.mission.requests] == [(1, "withdrawn"), (2, "open")]


@case
def changed_when_the_card_is_there(t: Table) -> None:
    t.approved()
    t.edits("| example.com |", "| other.example |")
    t.go(3)


@case
def stopped_before_it_begins(t: Table) -> None:
    t.settings(stopped=True)
    t.approved()


@case
def stopped_in_the_middle(t: Table) -> None:
    t.approved()
    stop_payments(t.context, on=True)
    t.go(3)
    assert not t.pays()


@case
def the_provider_cannot_be_reached(t: Table) -> None:
    t.bank.down = True
    t.approved()
    t.go()
    t.bank.down = False
    t.go(4)


@case
def the_provider_fails(t: Table) -> None:
    t.bank.fails = [500, 503, 409]
    t.approved()
    t.go(5)


@case
def the_answer_is_lost(t: Table) -> None:
    t.bank.loses = 1
    t.approved()
    t.go(3)


@case
def the_provider_limits_the_rate(t: Table) -> None:
    t.bank.fails = [429]
    t.approved()
    t.go(4)


@case
def the_provider_refuses(t: Table) -> None:
    t.bank.fails = [402]
    t.approved()
    t.go(2)


@case
def a_stranger_cannot_approve(t: Table) -> None:
    t.wants()
    t.go()
    with pytest.raises(BlockedError, match="Eve may not decide about purchases"):
        t.answers("approve", by=EVE)
    t.go()


@case
def an_answer_in_the_file_is_no_approval(t: Table) -> None:
    t.wants()
    t.go()
    t.edits("| open |", "| answered |")
    t.go(2)
    assert [(r.number, r.status) for r in t.mission.requests] == [(1, "withdrawn"), (2, "open")]


@case
def an_approval_by_a_stranger_in_the_file(t: Table) -> None:
    t.wants()
    t.go()
    t.answers("approve")
    t.edits("| Ada |", "| Eve |")
    t.go(2)


@case
def below_the_threshold(t: Table) -> None:
    t.settings(ask_above={"EUR": "20"})
    t.wants()
    t.go()


@case
def above_the_threshold(t: Table) -> None:
    t.settings(ask_above={"EUR": "19.99"})
    t.wants()
    t.go()


@case
def the_threshold_of_another_currency(t: Table) -> None:
    t.settings(ask_above={"USD": "1000"})
    t.wants()
    t.go()


@case
def over_the_cap_of_the_mission(t: Table) -> None:
    t.approved(amount="80.01 EUR")


@case
def at_the_cap_of_the_mission(t: Table) -> None:
    t.approved(amount="80.00 EUR")


@case
def outside_of_the_hours(t: Table) -> None:
    t.settings(hours="22:00-23:00")
    t.approved()


@case
def the_mission_is_cancelled_with_an_open_card(t: Table) -> None:
    t.approved()
    cancel(t.context, "m")
    t.go(3)


@case
def eight_pulses_at_once(t: Table) -> None:
    t.wants()
    t.go()
    t.answers("approve")
    t.go(8, minutes=0)


ENDS: dict[str, tuple[str, list[int], int, str]] = {
    "a_card_that_is_not_used_in_time": ("expired", [], 0, "0.00"),
    "a_currency_without_a_rate": ("requested", [], 0, "0.00"),
    "a_limit_of_another_merchant": ("authorizing", [], 1, "0.00"),
    "a_look_alike_of_a_listed_merchant": ("requested", [], 0, "0.00"),
    "a_stranger_cannot_approve": ("requested", [], 0, "0.00"),
    "a_transaction_is_reported_twice": ("paid", [2000], 0, "25.00"),
    "above_the_threshold": ("requested", [], 0, "0.00"),
    "an_answer_in_the_file_is_no_approval": ("requested", [], 0, "0.00"),
    "an_approval_by_a_stranger_in_the_file": ("requested", [], 0, "0.00"),
    "approved_and_stopped_until_it_expired": ("expired", [], 0, "0.00"),
    "at_a_limit": ("authorizing", [], 1, "0.00"),
    "at_the_cap_of_the_mission": ("authorizing", [], 1, "0.00"),
    "below_the_threshold": ("authorizing", [], 1, "0.00"),
    "changed_after_the_approval": ("requested", [], 0, "0.00"),
    "changed_when_the_card_is_there": ("failed", [], 0, "0.00"),
    "changed_while_it_is_asked": ("requested", [], 0, "0.00"),
    "charged_by_another_merchant": ("unclear", [2000], 0, "25.00"),
    "charged_by_another_merchant_and_accepted": ("paid", [2000], 0, "25.00"),
    "charged_in_another_currency": ("unclear", [2000], 0, "25.00"),
    "declined_at_another_category": ("authorizing", [], 1, "0.00"),
    "eight_pulses_at_once": ("authorizing", [], 1, "0.00"),
    "more_than_the_card_allows": ("authorizing", [], 1, "0.00"),
    "not_a_listed_merchant": ("requested", [], 0, "0.00"),
    "not_approved_in_time": ("expired", [], 0, "0.00"),
    "outside_of_the_hours": ("requested", [], 0, "0.00"),
    "over_a_limit": ("requested", [], 0, "0.00"),
    "over_the_cap_of_the_mission": ("requested", [], 0, "0.00"),
    "paid_once": ("paid", [2000], 0, "25.00"),
    "paid_twice_with_one_card": ("paid", [2000], 0, "25.00"),
    "partly_refunded_twice": ("partly-refunded", [2000], 0, "15.62"),
    "refunded": ("refunded", [2000], 0, "0.00"),
    "rejected": ("rejected", [], 0, "0.00"),
    "reserved_and_taken_later": ("paid", [1500], 0, "18.75"),
    "stopped_before_it_begins": ("requested", [], 0, "0.00"),
    "stopped_in_the_middle": ("failed", [], 0, "0.00"),
    "the_answer_is_lost": ("authorizing", [], 1, "0.00"),
    "the_merchant_takes_more_than_was_reserved": ("unclear", [2300], 0, "28.75"),
    "the_mission_is_cancelled_with_an_open_card": ("expired", [], 0, "0.00"),
    "the_provider_cannot_be_reached": ("authorizing", [], 1, "0.00"),
    "the_provider_fails": ("authorizing", [], 1, "0.00"),
    "the_provider_limits_the_rate": ("authorizing", [], 1, "0.00"),
    "the_provider_refuses": ("failed", [], 0, "0.00"),
    "the_threshold_of_another_currency": ("requested", [], 0, "0.00"),
}
"""Status, what was charged, cards that still work, and the dollars in the spend log."""


@pytest.mark.parametrize("name", by_day(sorted(CASES), 12))
def test_each_case_ends_as_it_should(name: str) -> None:
    t = table()
    CASES[name](t)
    assert t.result() == ENDS[name]


def test_the_table_has_every_case() -> None:
    assert sorted(ENDS) == sorted(CASES)


def test_two_missions_share_a_limit_and_a_new_day_makes_room() -> None:
    t = table()
    make_mission(t.host, PLAN, "other")
    lifecycle.start(t.context, "other")
    t.settings(limit("30.00 EUR", "day"))
    t.wants()
    t.wants("other")
    t.go()
    t.answers("approve")
    t.answers("approve", mission="other")
    t.go(2)
    assert [str(t.of(name).purchases[0].status) for name in ("m", "other")] == ["authorizing", "requested"]
    assert t.pays()
    t.go(2)
    assert [str(t.of(name).purchases[0].status) for name in ("m", "other")] == ["paid", "requested"]
    t.go(minutes=60 * 14)
    t.go(2)
    assert [str(t.of(name).purchases[0].status) for name in ("m", "other")] == ["paid", "authorizing"]
    t.laws()


@only_at_night
@pytest.mark.parametrize("kind", Kind)
def test_whenever_a_pulse_dies_there_is_one_card_and_one_charge(kind: Kind) -> None:
    begun = table()
    begun.wants()
    begun.go()
    begun.answers("approve")
    whole = Fate()
    Table(begun.host.copy(whole)).go(2)
    for step in range(whole.steps):
        t = Table(begun.host.copy(Fate({step: kind})))
        with suppress(Death):
            t.go(2)
        t.host.jobs.fate = Fate()
        t.go(2)
        assert t.pays(), step
        t.go(2)
        assert t.result() == ("paid", [2000], 0, "25.00"), step


def test_dying_between_intent_and_answer_makes_no_second_card() -> None:
    begun = table()
    begun.wants()
    begun.go()
    begun.answers("approve")
    names: list[str] = []
    Table(begun.host.copy(Fate(watch=names.append))).go(1)
    for step in [n for n, name in enumerate(names) if name.startswith(("payments.create", "bank.taken"))][:2]:
        t = Table(begun.host.copy(Fate({step: Kind.POWER_CUT})))
        with pytest.raises(Death):
            t.go()
        t.host.jobs.fate = Fate()
        t.go(2)
        assert t.pays()
        t.go(2)
        assert t.result() == ("paid", [2000], 0, "25.00")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("20", "`20` is not an amount with a currency: write 20.00 EUR"),
        ("-20.00 EUR", "`-20.00 EUR` is not an amount with a currency: write 20.00 EUR"),
        ("0.00 EUR", "an amount is above 0 and at most 1,000,000: `0.00 EUR`"),
        ("NaN EUR", "`NaN EUR` is not an amount with a currency: write 20.00 EUR"),
        ("1e9 EUR", "`1e9 EUR` is not an amount with a currency: write 20.00 EUR"),
        ("1000000.01 EUR", "an amount is above 0 and at most 1,000,000: `1000000.01 EUR`"),
        ("1,000 EUR", "`1,000 EUR` is not an amount with a currency: write 20.00 EUR"),
        ("19.999 EUR", "EUR has 2 decimal places: `19.999 EUR` would have to be rounded"),
        ("19.5 JPY", "JPY has 0 decimal places: `19.5 JPY` would have to be rounded"),
        ("20 XXX", "the currency XXX is not known"),
        (
            "\N{ARABIC-INDIC DIGIT TWO}0 EUR",
            "`\N{ARABIC-INDIC DIGIT TWO}0 EUR` is not an amount with a currency: write 20.00 EUR",
        ),
    ],
)
def test_an_amount_that_is_not_exact_is_none(text: str, why: str) -> None:
    with pytest.raises(MoneyError) as caught:
        read_money(text)
    assert str(caught.value) == why


def test_amounts_are_exact_and_dollars_are_rounded_up() -> None:
    assert [str(read_money(text)) for text in ("20 EUR", "$20.5", "EUR 1", "7\N{EURO SIGN}", "500 JPY")] == [
        *("20.00 EUR", "20.50 USD", "1.00 EUR", "7.00 EUR", "500 JPY")
    ]
    rate = Rate("EUR", Decimal("0.9"))
    assert rate.dollars(read_money("10.00 EUR")) == Decimal("11.12")
    assert rate.dollars(read_money("10.00 USD")) == Decimal("10.00")
    assert rate.dollars(read_money("10.00 GBP")) is None
    assert part_of(Decimal("11.12"), 333, 1000) == Decimal("3.70")


@pytest.mark.parametrize(
    ("merchant", "said", "same"),
    [
        ("example.com", "EXAMPLE.COM", True),
        ("example.com", "EXAMPLE* ORDER 12", True),
        ("Example Shop", "EXAMPLE SHOP BERLIN", True),
        ("example.com", "EXAMP1E.COM", False),
        ("example.com", "NOTEXAMPLE.COM", False),
        ("example.com", "EXAMPLESHOP.EVIL", False),
        ("example.com", "", False),
    ],
)
def test_a_charge_belongs_to_the_merchant_that_was_approved(merchant: str, said: str, *, same: bool) -> None:
    assert is_charged_by(merchant, said) is same


def test_what_looks_like_a_merchant_is_another_one() -> None:
    pairs = [("examp1e.com", "example.com"), ("exarnple.com", "example.com"), ("EXAMPLE.com", "example.com")]
    assert [looks_like(one, other) for one, other in pairs] == [True, True, False]
    with pytest.raises(OrderError, match="cannot be a merchant"):
        order_of("20 EUR", "ex\N{CYRILLIC SMALL LETTER A}mple.com", "a domain")
