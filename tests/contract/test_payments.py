"""What every provider of payments does; and that each request and answer of Stripe is one of Stripe's own contract."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.bank import EXAMPLE, HOLDER, KEY, Bank
from tests.kit.loopback import Reply, loopback
from tests.kit.nightly import only_at_night
from tests.kit.prism import Contract, mock_of

from mission_cli._support.dataclass import replace
from mission_cli.adapters.payments.ledger import FileLedger
from mission_cli.adapters.payments.stripe import StripeIssuing
from mission_cli.domain.errors import ToolError
from mission_cli.domain.purchases.money import Price
from mission_cli.domain.purchases.provider import Answer, CallState
from mission_cli.ports.outside.payments import CardOrder
from mission_cli.settings.payments import PaymentSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.loopback import Asked, Loopback

    from mission_cli.ports.outside.payments import Payments

SPEC = Path(__file__).resolve().parents[1] / "data/stripe/issuing.json"
ASKED = "2026-11-20T10:00:00Z"
ORDER = CardOrder("mission-0123456789abcdef01234567", Price(2000, "EUR"), "example.com", ASKED)
OTHER = CardOrder("mission-ffffffffffffffffffffffff", Price(700, "EUR"), "example.com", ASKED)
SETTINGS = PaymentSettings(provider="stripe", key="env:STRIPE_KEY", cardholder=HOLDER)
DONE = Answer(CallState.DONE)


def answered(bank: Bank, asked: Asked) -> Reply:
    """What the bank answers to a request of loopback; a lost answer closes the connection."""
    place = urlsplit(asked.path)
    try:
        status, told = bank.serve(asked.method, place.path, place.query, asked.headers, asked.body.decode())
    except httpx.HTTPError:
        return Reply(0)
    return Reply(status, told, {"Content-Type": "application/json"})


@contextmanager
def stripe(bank: Bank, **more: Any) -> Iterator[tuple[StripeIssuing, Loopback]]:
    """Stripe on loopback, and the adapter."""
    bank.now = datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()
    with loopback(lambda asked: answered(bank, asked)) as server:
        settings = replace(SETTINGS, url=server.url, **more)
        yield StripeIssuing(settings, {}, lambda _: KEY), server


@pytest.fixture(params=["stripe", "ledger"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Payments]:
    """Each provider, with enough money."""
    if request.param == "ledger":
        place = tmp_path / "payments.csv"
        place.write_text("date,kind,amount,currency,reference,merchant,key\n2026-11-20T09:00:00Z,top-up,50.00,EUR,,,\n")
        yield FileLedger(place)
        return
    with stripe(Bank()) as (found, _):
        yield found


def test_what_every_provider_does(provider: Payments) -> None:
    assert (provider.obstacle(), provider.problem()) == ("", "")
    assert provider.look(ORDER.reference, ASKED) is None
    assert provider.cancel(ORDER.reference, ASKED) == DONE, "there is nothing to close"
    assert [provider.create(ORDER), provider.create(ORDER), provider.create(OTHER)] == [DONE, DONE, DONE]
    found = provider.look(ORDER.reference, ASKED)
    assert found is not None
    assert (found.reference, found.open, found.charges) == (ORDER.reference, True, ())
    assert [provider.cancel(ORDER.reference, ASKED) for _ in range(2)] == [DONE, DONE]
    closed = provider.look(ORDER.reference, ASKED)
    assert closed is not None
    assert not closed.open
    still = provider.look(OTHER.reference, ASKED)
    assert still is not None
    assert still.open
    assert provider.since(datetime(2026, 1, 1, tzinfo=UTC)) == ()


def test_a_card_is_found_although_the_clock_was_ahead_when_it_was_asked_for() -> None:
    """Otherwise it would count as not made, expire, and could still be charged."""
    bank = Bank()
    with stripe(bank) as (pays, _):
        later = "2026-12-15T10:00:00Z"
        assert pays.create(replace(ORDER, asked=later)) == DONE
        assert pays.look(ORDER.reference, later) is not None
        assert pays.cancel(ORDER.reference, later) == DONE
        assert bank.open_card() == ""


def test_a_card_is_made_once_and_pays_once() -> None:
    bank = Bank()
    with stripe(bank) as (pays, server):
        bank.loses = 1
        assert pays.create(ORDER).state is CallState.UNKNOWN
        assert pays.create(ORDER) == DONE
        assert len(bank.cards) == 1
        card = bank.open_card()
        assert bank.pay(card, 2000)
        assert not bank.pay(card, 1)
        account = pays.look(ORDER.reference, ASKED)
        assert account is not None
        assert (account.hint, [(c.minor, c.currency, c.merchant, c.refund) for c in account.charges]) == (
            "card ending 0001",
            [(2000, "EUR", "EXAMPLE.COM", False)],
        )
        assert account.declined == "authorization_controls, EXAMPLE.COM"
        bank.refund(bank.transactions[0], 500)
        [back, _] = sorted(pays.since(datetime(2026, 1, 1, tzinfo=UTC)), key=lambda one: not one.charge.refund)
        assert (back.reference, back.charge.minor, back.charge.refund) == (ORDER.reference, 500, True)
        changed = CardOrder(ORDER.reference, Price(9000, "EUR"), "example.com", ASKED)
        assert pays.create(changed).state is CallState.REFUSED, "a key is for one amount"
        assert pays.refund(ORDER.reference, Price(1, "EUR"), "key").state is CallState.REFUSED
        assert pays.record(ORDER.reference, Price(1, "EUR"), "x").state is CallState.REFUSED
        assert not [one for one in server.asked if b"number" in one.body or "expand" in one.path]
        assert sum(one.method == "POST" for one in server.asked) == 3
        assert {one.headers["idempotency-key"] for one in server.asked if one.method == "POST"} == {ORDER.reference}


def test_a_card_works_only_where_the_settings_say() -> None:
    bank = Bank()
    with stripe(bank, categories=("computer_software_stores",), countries=("DE", "FR")) as (pays, _):
        assert pays.create(ORDER) == DONE
        card = bank.open_card()
        shops = [EXAMPLE, (*EXAMPLE[:2], "US"), (EXAMPLE[0], "betting_casino_gambling", "DE")]
        assert [bank.pay(card, 10, shop) for shop in shops] == [True, False, False]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((400, CallState.REFUSED), (402, CallState.REFUSED), (404, CallState.REFUSED), (401, CallState.LATER)),
        *((403, CallState.LATER), (429, CallState.LATER), (409, CallState.UNKNOWN), (500, CallState.UNKNOWN)),
        (503, CallState.UNKNOWN),
    ],
)
def test_what_an_error_means(status: int, state: CallState) -> None:
    with stripe(Bank(fails=[status])) as (pays, _):
        assert pays.create(ORDER).state is state


def test_half_an_answer_is_none() -> None:
    bank = Bank()
    with stripe(bank) as (pays, server):
        for number in range(101):
            assert pays.create(CardOrder(f"mission-{number:024x}", Price(100, "EUR"), "x", ASKED)) == DONE
        assert pays.look(f"mission-{0:024x}", ASKED) is not None, "it is on the second page"
        bank.fails = [200]
        server.answer = lambda _: Reply(200, b"<html>", {})
        with pytest.raises(ToolError):
            pays.look(ORDER.reference, ASKED)
        assert pays.create(ORDER).state is CallState.UNKNOWN
    again = StripeIssuing(replace(SETTINGS, url=server.url), {}, lambda _: KEY)
    assert again.create(ORDER).state is CallState.LATER, "no server listens any more"
    with pytest.raises(ToolError, match="cannot be reached"):
        again.since(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_ledger_pays_no_more_than_it_has(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "payments.csv")
    assert ledger.create(ORDER).reason == (
        f"the ledger has 0.00 EUR left, and 20.00 EUR are needed: add a line `top-up` to {tmp_path / 'payments.csv'}"
    )
    (tmp_path / "payments.csv").write_text("date,kind,amount,currency\n2026-11-20,top-up,25.00,EUR\n")
    assert ledger.create(ORDER) == DONE
    assert ledger.create(OTHER).state is CallState.LATER, "5 of 25 are not set aside"
    assert ledger.record(ORDER.reference, Price(1000, "EUR"), "example.com") == DONE
    assert str(ledger.balance("EUR")) == "15.00 EUR"
    assert ledger.create(OTHER) == DONE
    (tmp_path / "payments.csv").write_text("date,kind,amount,currency\n2026-11-20,gift,25.00,EUR\n")
    assert "a line has the kind `gift`" in ledger.obstacle()
    assert ledger.create(OTHER).state is CallState.LATER


def _form(body: str) -> dict[str, Any]:
    """Return a form with keys such as `a[b][0][c]` as nested values, as OpenAPI's deepObject says."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        steps = re.findall(r"[^\[\]]+", key)
        place = root
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = int(value) if steps[-1] == "amount" else value
    return {key: _lists(value) for key, value in root.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    plain = {key: _lists(one) for key, one in value.items()}
    return [plain[key] for key in sorted(plain, key=int)] if plain and all(k.isdecimal() for k in plain) else plain


def _strict(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: `nullable` is a type."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {key: _strict(one) for key, one in schema.items() if key != "nullable"}
    return {"anyOf": [{"type": "null"}, found]} if schema.get("nullable") is True else found


def wrong_with(description: dict[str, Any], asked: Asked, reply: Reply) -> list[str]:
    """Return in what a request and its answer differ from the description."""
    from jsonschema import Draft7Validator

    path = urlsplit(asked.path)
    forms = {re.sub(r"\{\w+\}", "[^/]+", name): one for name, one in description["paths"].items()}
    found: dict[str, Any] = next((one for form, one in forms.items() if re.fullmatch(form, path.path)), {})
    operation = found.get(asked.method.lower())
    if operation is None:
        return [f"{asked.method} {path.path} is not described"]
    known = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    wrong = [f"query {name}" for name, _ in parse_qsl(path.query) if name.partition("[")[0] not in known]
    whole = {"components": _strict(description["components"])}

    def errors(schema: Any, value: Any) -> list[str]:
        checker = Draft7Validator({**whole, **_strict(schema)})
        return [f"{'.'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in checker.iter_errors(value)]

    if asked.body:
        content = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
        wrong += errors(content["schema"], _form(asked.body.decode()))
    if reply.status < 300:
        wrong += errors(operation["responses"]["200"]["content"]["application/json"]["schema"], reply.body)
    return wrong


def _everything(pays: StripeIssuing, bank: Bank) -> None:
    """Call everything that sends a request."""
    pays.problem()
    pays.create(ORDER)
    bank.pay(bank.open_card(), 2000)
    pays.look(ORDER.reference, ASKED)
    pays.since(datetime(2026, 1, 1, tzinfo=UTC))
    pays.cancel(ORDER.reference, ASKED)


def test_each_request_and_each_answer_of_the_fake_is_one_of_stripes_contract() -> None:
    description, bank = json.loads(SPEC.read_text("utf-8")), Bank()
    wrong: list[str] = []
    with stripe(bank, categories=("computer_software_stores",), countries=("DE",)) as (pays, server):

        def checked(asked: Asked) -> Reply:
            reply = answered(bank, asked)
            wrong.extend(f"{asked.method} {asked.path}: {one}" for one in wrong_with(description, asked, reply))
            return reply

        server.answer = checked
        _everything(pays, bank)
        assert server.lines == snapshot(
            [
                "GET /v1/issuing/cardholders/ich_mission",
                "POST /v1/issuing/cards",
                "GET /v1/issuing/cards?cardholder=ich_mission&type=virtual&created%5Bgte%5D=1792144800&limit=100",
                "GET /v1/issuing/authorizations?card=ic_1&limit=100",
                "GET /v1/issuing/transactions?card=ic_1&limit=100",
                "GET /v1/issuing/transactions?cardholder=ich_mission&created%5Bgte%5D=1767225600&limit=100",
                "GET /v1/issuing/cards/ic_1",
                "GET /v1/issuing/cards?cardholder=ich_mission&type=virtual&created%5Bgte%5D=1792144800&limit=100",
                "POST /v1/issuing/cards/ic_1",
            ]
        )
    assert sorted({re.sub(r"_\d+", "_1", one) for one in wrong}) == []


@only_at_night
def test_prism_finds_nothing_wrong_with_the_requests(tmp_path: Path) -> None:
    spec = tmp_path / "stripe.json"
    spec.write_bytes(SPEC.read_bytes())
    bank = Bank()
    with mock_of(spec, tmp_path) as port, stripe(bank) as (pays, server):
        contract, wrong = Contract(server, port), list[str]()

        def asked_twice(asked: Asked) -> Reply:
            wrong.extend(contract.ask(asked)[1])
            return answered(bank, asked)

        server.answer = asked_twice
        _everything(pays, bank)
    assert wrong == []
