"""Stripe Issuing in memory, by its contract: cards, idempotency keys, authorizations, captures, refunds, lost answers.

`serve` answers one HTTP request. The same world stands behind a transport of httpx, and behind a server on loopback.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOLDER = "ich_mission"
KEY = "sk_" + "test_of_the_world"
META = "mission_purchase"
_KNOWN = (
    *("cardholder", "currency", "type", "status", f"metadata[{META}]"),
    *("spending_controls[spending_limits][0][amount]", "spending_controls[spending_limits][0][interval]"),
)
_LISTS = ("spending_controls[allowed_categories]", "spending_controls[allowed_merchant_countries]")
_CODES = {"network_id": "1", "category_code": "5734"}
_HOLDER: dict[str, Any] = {
    "id": HOLDER,
    "object": "issuing.cardholder",
    "type": "individual",
    "status": "active",
    "name": "Ada",
    "billing": {"address": {"city": "Berlin", "country": "DE", "line1": "1", "postal_code": "1", "state": None}},
    "created": 1_700_000_000,
    "livemode": False,
    "metadata": {},
    "requirements": {"disabled_reason": None, "past_due": []},
}
Shop = tuple[str, str, str]
"""Name, category and country of a merchant, as Stripe reports it."""
EXAMPLE: Shop = ("EXAMPLE.COM", "computer_software_stores", "DE")


@dataclass
class Bank:
    """Everything at Stripe. Money is in the smallest unit of the currency of a card."""

    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizations: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[dict[str, Any]] = field(default_factory=list)
    replies: dict[str, tuple[str, int, Any]] = field(default_factory=dict)
    """By idempotency key: what was asked, and what was answered."""
    down: bool = False
    loses: int = 0
    """So many changes are carried out, and their answers are lost."""
    fails: list[int] = field(default_factory=list)
    """Statuses of the next answers, without any effect."""
    asked: list[str] = field(default_factory=list)
    now: float = 1_795_000_000
    counter: int = 0

    def copy(self) -> Bank:
        """The same moment."""
        return copy.deepcopy(self)

    def fingerprint(self) -> tuple[object, ...]:
        """Equal if the same cards exist and the same was charged."""
        cards = sorted((one["metadata"].get(META, ""), one["status"]) for one in self.cards.values())
        moved = sorted((self.reference_of(one["card"]), one["amount"]) for one in self.transactions)
        return tuple(cards), tuple(moved)

    def reference_of(self, card: str) -> str:
        """Our reference of a card."""
        return str(self.cards[card]["metadata"].get(META, "")) if card in self.cards else ""

    def charged(self) -> dict[str, list[int]]:
        """What was taken, by reference."""
        found: dict[str, list[int]] = {}
        for one in self.transactions:
            if one["type"] == "capture":
                found.setdefault(self.reference_of(one["card"]), []).append(-one["amount"])
        return found

    # what people and merchants do

    def open_card(self, reference: str = "") -> str:
        """The card of a purchase, or the newest that works; empty if there is none."""
        works = [name for name, one in self.cards.items() if one["status"] == "active"]
        mine = [name for name in works if not reference or self.reference_of(name) == reference]
        return mine[-1] if mine else ""

    def pay(self, card: str, minor: int, shop: Shop = EXAMPLE, *, capture: bool = True) -> bool:
        """A person pays with a card at a shop; whether it is approved."""
        why = self._why_not(card, minor, shop)
        one = {
            "id": self._next("iauth"),
            "object": "issuing.authorization",
            "card": card,
            "amount": 0 if why else minor,
            "currency": self.cards[card]["currency"] if card in self.cards else "eur",
            "authorization_method": "online",
            "balance_transactions": [],
            "livemode": False,
            "merchant_amount": minor,
            "merchant_currency": "eur",
            "metadata": {},
            "transactions": [],
            "verification_data": dict.fromkeys(("address_line1_check", "address_postal_code_check"), "not_provided")
            | dict.fromkeys(("cvc_check", "expiry_check"), "match"),
            "approved": not why,
            "status": "closed" if why else "pending",
            "merchant_data": {"name": shop[0], "category": shop[1], "country": shop[2], **_CODES},
            "request_history": [
                {
                    "approved": not why,
                    "amount": minor,
                    "currency": "eur",
                    "merchant_amount": minor,
                    "merchant_currency": "eur",
                    "created": int(self.now),
                    "reason": why or "webhook_approved",
                }
            ],
            "created": int(self.now),
        }
        self.authorizations.insert(0, one)
        if not why and capture:
            self.capture(one, minor)
        return not why

    def _why_not(self, card: str, minor: int, shop: Shop) -> str:
        one = self.cards.get(card)
        if one is None or one["status"] != "active":
            return "card_inactive"
        control = one["spending_controls"]
        used = sum(a["amount"] for a in self.authorizations if a["card"] == card and a["status"] == "pending")
        used -= sum(t["amount"] for t in self.transactions if t["card"] == card and t["type"] == "capture")
        if any(used + minor > limit["amount"] for limit in control["spending_limits"]):
            return "authorization_controls"
        wrong = control["allowed_categories"] and shop[1] not in control["allowed_categories"]
        far = control["allowed_merchant_countries"] and shop[2] not in control["allowed_merchant_countries"]
        return "authorization_controls" if wrong or far else ""

    def capture(self, authorization: dict[str, Any], minor: int) -> dict[str, Any]:
        """The merchant takes the money; some may take more than was approved, and Stripe lets them."""
        authorization["status"] = "closed"
        return self._move(authorization["card"], -minor, authorization["merchant_data"], "capture")

    def refund(self, transaction: dict[str, Any], minor: int) -> dict[str, Any]:
        """The merchant pays back."""
        return self._move(transaction["card"], minor, transaction["merchant_data"], "refund")

    def _move(self, card: str, amount: int, merchant: Mapping[str, str], kind: str) -> dict[str, Any]:
        one = {
            "id": self._next("ipi"),
            "object": "issuing.transaction",
            "livemode": False,
            "metadata": {},
            "type": kind,
            "card": card,
            "amount": amount,
            "currency": self.cards[card]["currency"] if card in self.cards else "eur",
            "merchant_amount": amount,
            "merchant_currency": "eur",
            "merchant_data": dict(merchant),
            "created": int(self.now),
        }
        self.transactions.insert(0, one)
        return one

    def _next(self, kind: str) -> str:
        self.counter += 1
        return f"{kind}_{self.counter}"

    # HTTP

    def serve(self, method: str, path: str, query: str, headers: Mapping[str, str], body: str) -> tuple[int, Any]:
        """Answer a request. Raises httpx errors where the network fails."""
        if self.down:
            raise httpx.ConnectError("no route to host")
        self.asked.append(f"{method} {path}")
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401, _error("Invalid API Key provided")
        if self.fails:
            return self.fails.pop(0), _error("An error occurred")
        if method == "GET":
            return self._get(path, dict(parse_qsl(query)))
        key, fields = headers.get("idempotency-key", ""), dict(parse_qsl(body, keep_blank_values=True))
        before = self.replies.get(key)
        if before is not None and before[0] != f"{path} {sorted(fields.items())}":
            return 400, _error("Keys for idempotent requests can only be used with the same parameters", "idempotency")
        status, told = before[1:] if before is not None else self._post(path, fields)
        if key:
            self.replies[key] = (f"{path} {sorted(fields.items())}", status, told)
        if self.loses:
            self.loses -= 1
            raise httpx.ReadTimeout("timed out")
        return status, told

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        *_, kind, name = f"{path}/".split("/")[:-1] if path.count("/") > 3 else [*path.split("/"), ""]
        if kind == "cardholders":
            return (200, _HOLDER) if name == HOLDER else _gone()
        if kind == "cards" and name:
            return (200, self.cards[name]) if name in self.cards else _gone()
        lists: dict[str, list[dict[str, Any]]] = {
            "cards": list(reversed(self.cards.values())),
            "transactions": self.transactions,
            "authorizations": self.authorizations,
        }
        found = lists.get(name or kind)
        if found is None:
            return _gone()
        kept = [one for one in found if self._fits(one, query)]
        after = query.get("starting_after")
        start = next((n + 1 for n, one in enumerate(kept) if one["id"] == after), 0)
        size = int(query.get("limit", "10"))
        page = kept[start : start + size]
        if found is self.authorizations:
            page = [{**one, "card": self.cards.get(one["card"], one["card"])} for one in page]
        return 200, {"object": "list", "url": path, "data": page, "has_more": len(kept) > start + size}

    def _fits(self, one: dict[str, Any], query: dict[str, str]) -> bool:
        card = self.cards.get(one["card"], {}) if "card" in one else one
        return (
            query.get("card", one.get("card")) == one.get("card")
            and query.get("cardholder", HOLDER) == card.get("cardholder", {}).get("id", HOLDER)
            and int(query.get("created[gte]", "0")) <= one["created"]
        )

    def _post(self, path: str, fields: dict[str, str]) -> tuple[int, Any]:
        place = path.removeprefix("/v1/issuing/cards").strip("/")
        if place:
            if place not in self.cards:
                return _gone()
            if self.cards[place]["status"] == "canceled":
                return 400, _error("A canceled card cannot be changed")
            self.cards[place]["status"] = fields["status"]
            return 200, self.cards[place]
        unknown = [name for name in fields if name not in _KNOWN and not name.startswith(_LISTS)]
        if unknown:
            return 400, _error(f"Received unknown parameter: {unknown[0]}")
        if fields["cardholder"] != HOLDER:
            return 400, _error(f"No such cardholder: {fields['cardholder']}")
        name = self._next("ic")
        limit = {
            "amount": int(fields[_KNOWN[5]]),
            "interval": fields[_KNOWN[6]],
            "categories": [],
        }
        self.cards[name] = {
            "id": name,
            "object": "issuing.card",
            "brand": "Visa",
            "exp_month": 12,
            "exp_year": 2030,
            "livemode": False,
            "last4": f"{self.counter:04d}",
            "status": fields["status"],
            "currency": fields["currency"],
            "type": fields["type"],
            "cardholder": {**_HOLDER},
            "metadata": {META: fields[f"metadata[{META}]"]},
            "spending_controls": {
                "spending_limits": [limit],
                "allowed_categories": [text for key, text in fields.items() if key.startswith(_LISTS[0])],
                "allowed_merchant_countries": [text for key, text in fields.items() if key.startswith(_LISTS[1])],
            },
            "created": int(self.now),
        }
        return 200, self.cards[name]


def transport(bank: Bank, step: Callable[[str], None] = lambda _: None) -> httpx.MockTransport:
    """The network between our program and the bank; `step` is told when the bank has done something."""

    def handle(request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        query = request.url.query.decode()
        status, told = bank.serve(request.method, request.url.path, query, request.headers, body)
        step("bank.taken")
        return httpx.Response(status, content=json.dumps(told).encode())

    return httpx.MockTransport(handle)


def at(bank: Bank, moment: datetime) -> None:
    """Set the clock of the bank."""
    bank.now = moment.astimezone(UTC).timestamp()


def _error(words: str, kind: str = "invalid_request") -> Any:
    return {"error": {"type": f"{kind}_error", "message": words}}


def _gone() -> tuple[int, Any]:
    return 404, _error("No such object")
