"""Stripe Issuing, by its published OpenAPI: one virtual card for each purchase, which works for that amount only.

The number of a card is never asked for: without `expand` Stripe does not send it. The person sees it in Stripe's
dashboard, or in the app of the cardholder.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import finalize

from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.adapters.forges.transport import proxy_for
from mission_cli.domain.errors import ToolError
from mission_cli.domain.purchases.provider import Account, Answer, CallState, Charge
from mission_cli.ports.outside.payments import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mission_cli.domain.purchases.money import Price
    from mission_cli.ports.outside.payments import CardOrder
    from mission_cli.settings import PaymentSettings

VERSION = "2024-06-20"
"""The version of Stripe's interface that is asked for."""
META = "mission_purchase"
"""The key of a card's metadata that holds our reference."""
_CONNECT, _READ = 5.0, 20.0
_PAGE, _MOST_PAGES = 100, 50
_SKEW = timedelta(days=35)
"""How far our clock may have been ahead of Stripe's: a card that is not found would count as never made."""
_OK, _BUSY, _LIMITED, _OURS, _FAILED = range(200, 300), 409, 429, (401, 403), 500


class NoAnswerError(Exception):
    """Stripe did not answer; `sent` says whether it may have got the request."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class StripeIssuing:
    """One account at Stripe, with one cardholder."""

    by_hand = False

    def __init__(
        self,
        settings: PaymentSettings,
        environment: Mapping[str, str],
        secret: Callable[[str], str],
        transport: Any = None,
    ) -> None:
        """Take the settings and what returns the value of a reference; `transport` replaces the network of httpx."""
        self._settings, self._environment, self._secret = settings, environment, secret
        self._transport = transport
        self._client: Any = None

    @property
    def name(self) -> str:
        """Stripe, and the cardholder."""
        return f"stripe {self._settings.cardholder}"

    def obstacle(self) -> str:
        """Return why Stripe cannot be used, without asking it, or a program that keeps the key."""
        key = self._settings.key
        known = not key.startswith(("env:", "file:")) or self._secret(key)
        return "" if known else f"`payments.key` is {one_line(key, 80)}, which is empty or missing"

    def problem(self) -> str:
        """Return why Stripe cannot be used, after asking for the cardholder."""
        if reason := self.obstacle():
            return reason
        try:
            status, told = self._call("GET", f"/v1/issuing/cardholders/{quote(self._settings.cardholder, safe='')}")
        except NoAnswerError as error:
            return str(error)
        if status not in _OK:
            return f"Stripe refuses the cardholder: {_words(status, told)}"
        return "" if told.get("status") == "active" else f"the cardholder is {one_line(str(told.get('status')), 40)}"

    def create(self, order: CardOrder) -> Answer:
        """Make a card that works for one amount. Its reference is the idempotency key, and in its metadata."""
        mine, control = self._settings, "spending_controls"
        fields = [
            ("cardholder", mine.cardholder),
            ("currency", order.amount.currency.casefold()),
            ("type", "virtual"),
            ("status", "active"),
            (f"metadata[{META}]", order.reference),
            (f"{control}[spending_limits][0][amount]", str(order.amount.minor)),
            (f"{control}[spending_limits][0][interval]", "all_time"),
            *((f"{control}[allowed_categories][{n}]", one) for n, one in enumerate(mine.categories)),
            *((f"{control}[allowed_merchant_countries][{n}]", one) for n, one in enumerate(mine.countries)),
        ]
        return self._changed("/v1/issuing/cards", fields, order.reference)

    def look(self, reference: str, since: str) -> Account | None:
        """Find the card by our reference among those made since then, with its transactions and authorizations."""
        card = self._card(reference, since)
        if card is None:
            return None
        found = str(card.get("id", ""))
        asked = [*self._pages("/v1/issuing/authorizations", {"card": found})]
        waiting = [one for one in asked if one.get("approved") and one.get("status") == "pending"]
        refused = next((one for one in asked if not one.get("approved")), None)
        charges = {one.id: one for one in map(_charge, self._pages("/v1/issuing/transactions", {"card": found}))}
        return Account(
            reference,
            open=card.get("status") != "canceled",
            hint=f"card ending {one_line(str(card.get('last4', '')), 4)}",
            charges=tuple(sorted(charges.values(), key=lambda one: (one.at, one.id))),
            pending=sum(_whole(one.get("amount")) for one in waiting),
            declined=_declined(refused) if refused is not None else "",
        )

    def cancel(self, reference: str, since: str) -> Answer:
        """Cancel the card for good."""
        try:
            card = self._card(reference, since)
        except ToolError as error:
            return Answer(CallState.UNKNOWN, error.message)
        if card is None or card.get("status") == "canceled":
            return Answer(CallState.DONE)
        place = f"/v1/issuing/cards/{quote(str(card['id']), safe='')}"
        return self._changed(place, [("status", "canceled")], f"{reference}-cancel")

    def refund(self, reference: str, amount: Price, key: str) -> Answer:
        """Refuse: what a card has paid comes back from the merchant."""
        del reference, key
        why = f"the merchant has to pay {amount} back to the card; the program records it when it has arrived"
        return Answer(CallState.REFUSED, why)

    def record(self, reference: str, amount: Price, merchant: str) -> Answer:
        """Refuse: Stripe knows what was paid."""
        del reference, amount, merchant
        return Answer(CallState.REFUSED, "Stripe reports what was paid: leave out the amount")

    def since(self, moment: datetime) -> tuple[Transaction, ...]:
        """Return the transactions of all cards of the cardholder."""
        query = {"cardholder": self._settings.cardholder, "created[gte]": str(int(moment.timestamp()))}
        found, names = [], dict[str, str]()
        for one in self._pages("/v1/issuing/transactions", query):
            card = one.get("card")
            number = str(card.get("id") if isinstance(card, dict) else card)
            if number not in names:
                names[number] = _reference(self._get(f"/v1/issuing/cards/{quote(number, safe='')}"))
            found.append(Transaction(names[number], _charge(one)))
        return tuple(found)

    def _card(self, reference: str, since: str) -> dict[str, Any] | None:
        begun = parse_stamp(since)
        query = {"cardholder": self._settings.cardholder, "type": "virtual"}
        if begun is not None:
            query["created[gte]"] = str(int((begun - _SKEW).timestamp()))
        cards = self._pages("/v1/issuing/cards", query)
        return next((card for card in cards if _reference(card) == reference), None)

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Yield the items of a list. Raises ToolError if one page is missing: half a list does not count."""
        after = ""
        for _ in range(_MOST_PAGES):
            more = {"starting_after": after} if after else {}
            told = self._get(path, {**query, "limit": str(_PAGE), **more})
            items = told.get("data")
            if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
                raise ToolError(f"Stripe's answer to {path} is not a list")
            yield from items
            after = str(items[-1].get("id", "")) if items else ""
            if not (told.get("has_more") and after):
                return
        raise ToolError(f"Stripe's list of {path} has no end")

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            status, told = self._call("GET", path, query=query)
        except NoAnswerError as error:
            raise ToolError(str(error)) from None
        if status not in _OK:
            raise ToolError(f"Stripe refuses {path}: {_words(status, told)}")
        return told

    def _changed(self, path: str, fields: list[tuple[str, str]], key: str) -> Answer:
        try:
            status, told = self._call("POST", path, fields=fields, key=key)
        except NoAnswerError as error:
            return Answer(CallState.UNKNOWN if error.sent else CallState.LATER, str(error))
        if status in _OK:
            return Answer(CallState.DONE)
        if status == _BUSY or status >= _FAILED:
            return Answer(CallState.UNKNOWN, f"Stripe does not say what became of it: {_words(status, told)}")
        if status == _LIMITED or status in _OURS:
            return Answer(CallState.LATER, f"Stripe does not take it: {_words(status, told)}")
        return Answer(CallState.REFUSED, f"Stripe refuses it: {_words(status, told)}")

    def _opened(self, httpx: Any) -> Any:
        """Return the connection, which the first request opens and the end of this object closes."""
        if self._client is None:
            base, own = self._settings.url, self._transport
            self._client = httpx.Client(
                base_url=base,
                proxy=(proxy_for(base, self._environment) or None) if own is None else None,
                transport=own,
                trust_env=False,
                timeout=httpx.Timeout(_READ, connect=_CONNECT),
                follow_redirects=False,
            )
            finalize(self, self._client.close)
        return self._client

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        fields: list[tuple[str, str]] | None = None,
        key: str = "",
    ) -> tuple[int, dict[str, Any]]:
        import httpx

        headers = {"Stripe-Version": VERSION, "Authorization": f"Bearer {self._secret(self._settings.key)}"}
        headers |= {"Idempotency-Key": key} if key else {}
        base = self._settings.url
        try:
            form = dict(fields) if fields is not None else None
            answer = self._opened(httpx).request(method, path, params=query, data=form, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise NoAnswerError(f"{base} cannot be reached", sent=False) from None
        except httpx.HTTPError as error:
            raise NoAnswerError(f"{base} did not answer ({type(error).__name__})", sent=True) from None
        try:
            told = answer.json()
        except ValueError:
            told = {}
        told = told if isinstance(told, dict) else {}
        if answer.status_code in _OK and not told:
            raise NoAnswerError(f"{base} answered something that is not a JSON object", sent=True)
        return answer.status_code, told


def _words(status: int, told: Mapping[str, Any]) -> str:
    error = told.get("error")
    said = error.get("message") if isinstance(error, dict) else ""
    return f"{status} {one_line(str(said or ''), 200)}".rstrip()


def _reference(card: Mapping[str, Any]) -> str:
    meta = card.get("metadata")
    return str(meta.get(META, "")) if isinstance(meta, dict) else ""


def _charge(one: Mapping[str, Any]) -> Charge:
    """Return a transaction. A capture takes money from the account, so its amount is below zero; a refund brings it."""
    said = one.get("merchant_data")
    merchant = str(said.get("name") or "") if isinstance(said, dict) else ""
    amount = _whole(one.get("amount"))
    at = datetime.fromtimestamp(max(0, min(_whole(one.get("created")), 1 << 33)), UTC)
    return Charge(
        one_line(str(one.get("id", "")), 100),
        abs(amount),
        str(one.get("currency", "")).upper()[:3],
        one_line(merchant, 100),
        stamp(at),
        refund=one.get("type") == "refund" or amount > 0,
    )


def _declined(one: Mapping[str, Any]) -> str:
    history = one.get("request_history")
    last = history[-1] if isinstance(history, list) and history and isinstance(history[-1], dict) else {}
    said = one.get("merchant_data")
    merchant = one_line(str(said.get("name") or ""), 60) if isinstance(said, dict) else ""
    reason = one_line(str(last.get("reason") or "for a reason that is not known"), 60)
    return f"{reason}, {merchant}" if merchant else reason


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
