"""Transitions and effects about purchases. A transition is committed before the provider is asked for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.purchases.rows import PurchaseRow


@dataclass(frozen=True, slots=True)
class AddPurchase:
    """Add a purchase that a worker asks for; a person decides."""

    row: PurchaseRow
    why: str


@dataclass(frozen=True, slots=True)
class MovePurchase:
    """Change a purchase. What was charged or came back by that becomes rows of the spend log, in the same commit."""

    row: PurchaseRow
    """As it is from now on."""
    why: str


@dataclass(frozen=True, slots=True)
class AskForPurchase:
    """Note which request asks for the approval of a purchase."""

    number: int
    request: int
    why: str


@dataclass(frozen=True, slots=True)
class CreateCard:
    """Let the provider make what pays for a purchase, under its reference; repeating it makes nothing new."""

    number: int
    reference: str
    why: str


@dataclass(frozen=True, slots=True)
class CancelCard:
    """Let the provider close what pays for a purchase, so that nothing more is charged."""

    number: int
    reference: str
    why: str


PurchaseMove = AddPurchase | MovePurchase | AskForPurchase
PurchaseEffect = CreateCard | CancelCard


def with_moves(rows: Sequence[PurchaseRow], transitions: Iterable[object]) -> list[PurchaseRow]:
    """Return the purchases with what this round has decided about them, so that money is not reserved twice."""
    moved = {move.row.number: move.row for move in transitions if isinstance(move, MovePurchase)}
    return [moved.get(row.number, row) for row in rows]
