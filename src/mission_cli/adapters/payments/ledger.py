"""A prepaid account that a person keeps in a CSV file: what was paid in, what is set aside, paid and came back.

date,kind,amount,currency,reference,merchant,key
2026-11-29T10:00:00Z,top-up,100.00,EUR,,,
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.adapters.fs.atomic import make_folder, read_bytes, write_whole
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.errors import ToolError
from mission_cli.domain.purchases.money import MoneyError, Price, read_money
from mission_cli.domain.purchases.provider import Account, Answer, CallState, Charge
from mission_cli.ports.outside.payments import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mission_cli.ports.outside.payments import CardOrder

COLUMNS = ("date", "kind", "amount", "currency", "reference", "merchant", "key")
KINDS = ("top-up", "open", "paid", "refund", "closed")
_PATIENCE = 10.0
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    date: str
    kind: str
    money: Price | None = None
    reference: str = ""
    merchant: str = ""
    key: str = ""


class FileLedger:
    """The ledger in one file, which a person may edit, too."""

    by_hand = True

    def __init__(self, place: Path) -> None:
        self._place = place

    @property
    def name(self) -> str:
        """The ledger, and its file."""
        return f"ledger {self._place}"

    def obstacle(self) -> str:
        """Return why the file cannot be read."""
        try:
            self._read()
        except ToolError as error:
            return error.message
        return ""

    problem = obstacle

    def create(self, order: CardOrder) -> Answer:
        """Set the amount aside, if so much is left."""
        return self._change(lambda entries: _opened(self._place, entries, order))

    def look(self, reference: str, since: str) -> Account | None:
        """Return what the lines say of a reference."""
        del since
        mine = [entry for entry in self._read() if entry.reference == reference]
        if not mine:
            return None
        closed = any(entry.kind in {"closed", "paid"} for entry in mine)
        charges = tuple(_charge(entry) for entry in mine if entry.kind in {"paid", "refund"})
        return Account(reference, not closed, "prepaid account", charges)

    def cancel(self, reference: str, since: str) -> Answer:
        """Set nothing aside any more."""
        del since
        line = Entry(_now(), "closed", None, reference)
        return self._change(lambda entries: _closed(entries, line))

    def refund(self, reference: str, amount: Price, key: str) -> Answer:
        """Record what came back."""
        line = Entry(_now(), "refund", amount, reference, "", key)
        return self._change(lambda entries: _refunded(entries, line))

    def record(self, reference: str, amount: Price, merchant: str) -> Answer:
        """Record what was paid."""
        line = Entry(_now(), "paid", amount, reference, merchant, reference)
        return self._change(lambda entries: _paid(entries, line))

    def since(self, moment: datetime) -> tuple[Transaction, ...]:
        """Return the payments and refunds."""
        entries = (entry for entry in self._read() if entry.kind in {"paid", "refund"})
        late = (entry for entry in entries if (at := parse_stamp(entry.date)) is None or at >= moment)
        return tuple(Transaction(entry.reference, _charge(entry)) for entry in late)

    def balance(self, currency: str) -> Price:
        """Return what remains in a currency: paid in, less paid out and set aside."""
        return Price(_left(self._read(), currency), currency)

    def _read(self) -> list[Entry]:
        try:
            raw = read_bytes(self._place) or b""
        except OSError as error:
            raise ToolError(f"{self._place} cannot be read: {error.strerror}") from error
        if len(raw) > _MOST:
            raise ToolError(f"{self._place} is too large for a ledger")
        try:
            return [_entry(row) for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))]
        except (ValueError, csv.Error) as error:
            raise ToolError(f"{self._place} cannot be read: {error}") from error

    def _change(self, decide: Callable[[list[Entry]], Entry | Answer]) -> Answer:
        """Add a line under a lock, or return why not. The file is replaced as a whole, so no line is half written."""
        try:
            make_folder(self._place.parent)
            with locked(self._place.with_name(f"{self._place.name}.lock"), patience=_PATIENCE):
                entries = self._read()
                found = decide(entries)
                if isinstance(found, Entry):
                    write_whole(self._place, _text([*entries, found]).encode(), mode=0o600)
                    return Answer(CallState.DONE)
                return found
        except (ToolError, OSError) as error:
            return Answer(CallState.LATER, f"{self._place}: {error}")


_DONE = Answer(CallState.DONE)


def _opened(place: Path, entries: Sequence[Entry], order: CardOrder) -> Entry | Answer:
    if any(entry.reference == order.reference for entry in entries):
        return _DONE
    left = Price(_left(entries, order.amount.currency), order.amount.currency)
    if left.minor < order.amount.minor:
        words = f"the ledger has {left} left, and {order.amount} are needed: add a line `top-up` to {place}"
        return Answer(CallState.LATER, words)
    return Entry(_now(), "open", order.amount, order.reference, order.merchant)


def _closed(entries: Sequence[Entry], line: Entry) -> Entry | Answer:
    mine = [entry.kind for entry in entries if entry.reference == line.reference]
    return _DONE if not mine or "closed" in mine or "paid" in mine else line


def _paid(entries: Sequence[Entry], line: Entry) -> Entry | Answer:
    mine = [entry for entry in entries if entry.reference == line.reference]
    before = next((entry for entry in mine if entry.kind == "paid"), None)
    if before is not None:
        same = before.money == line.money
        return _DONE if same else Answer(CallState.REFUSED, f"{before.money} are recorded for it already")
    if not any(entry.kind == "open" for entry in mine) or any(entry.kind == "closed" for entry in mine):
        return Answer(CallState.REFUSED, "nothing is set aside for it in the ledger")
    return line


def _refunded(entries: Sequence[Entry], line: Entry) -> Entry | Answer:
    mine = [entry for entry in entries if entry.reference == line.reference]
    if any(entry.kind == "refund" and entry.key == line.key for entry in mine):
        return _DONE
    paid = sum(entry.money.minor for entry in mine if entry.kind == "paid" and entry.money)
    back = sum(entry.money.minor for entry in mine if entry.kind == "refund" and entry.money)
    amount = line.money.minor if line.money else 0
    return line if back + amount <= paid else Answer(CallState.REFUSED, "more would come back than was paid")


def _left(entries: Sequence[Entry], currency: str) -> int:
    """Return the balance: what was set aside counts until it is paid or closed."""
    left, over = 0, {entry.reference for entry in entries if entry.kind in {"paid", "closed"}}
    for entry in entries:
        if entry.money is None or entry.money.currency != currency:
            continue
        if entry.kind in {"top-up", "refund"}:
            left += entry.money.minor
        elif entry.kind == "paid" or (entry.kind == "open" and entry.reference not in over):
            left -= entry.money.minor
    return left


def _charge(entry: Entry) -> Charge:
    told = "\0".join((entry.date, entry.kind, str(entry.money), entry.reference, entry.key))
    number = sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    money = entry.money or Price(0, "")
    return Charge(number, money.minor, money.currency, entry.merchant, entry.date, refund=entry.kind == "refund")


def _entry(row: dict[str, str]) -> Entry:
    """Return a line. Raises ValueError with what is wrong."""
    kind = (row.get("kind") or "").strip()
    if kind not in KINDS:
        raise ValueError(f"a line has the kind `{kind[:20]}`: known are {', '.join(KINDS)}")
    texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        money = None if kind == "closed" else read_money(f"{texts['amount']} {texts['currency']}")
    except MoneyError as error:
        raise ValueError(str(error)) from None
    return Entry(texts["date"], kind, money, texts["reference"], texts["merchant"], texts["key"])


def _text(entries: Sequence[Entry]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    for entry in entries:
        amount = (entry.money.plain, entry.money.currency) if entry.money else ("", "")
        lines.writerow((entry.date, entry.kind, *amount, entry.reference, entry.merchant, entry.key))
    return out.getvalue()


def _now() -> str:
    return stamp(datetime.now(UTC))
