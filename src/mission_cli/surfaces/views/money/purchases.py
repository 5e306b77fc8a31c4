"""Purchases as text: a list, or one with all that is known. What is bought is data, and shown in one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.surfaces.lines import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.purchases.results import Purchase, Purchases
    from mission_cli.surfaces.lines import Line

_TEXT = 40


def purchase_lines(found: Purchases, *, whole: bool) -> list[Line]:
    """Return a line for each purchase, or all of the only one; then what does not agree."""
    lines = [] if found.purchases else [line("there are no purchases")]
    for one in found.purchases:
        lines += _whole(one) if whole else [line(_row(one))]
    if found.payments_stopped:
        lines.append(line((found.payments_stopped, "yellow")))
    if found.trouble:
        lines.append(line(("not compared with the provider: ", "yellow"), one_line(found.trouble, 300)))
    lines += [line(("difference: ", "red"), one_line(one, 300)) for one in found.differences]
    return lines


def _row(one: Purchase) -> str:
    merchant, purpose = one_line(one.merchant, _TEXT), one_line(one.purpose, _TEXT)
    return f"{one.mission}  {one.number:>3}  {one.status:<15} {one.amount:>14}  {merchant}  {purpose}"


def _whole(one: Purchase) -> Iterator[Line]:
    yield line((f"purchase {one.number} of {one.mission}  {one.status}", "bold"))
    for name, text in (
        ("amount", one.amount),
        ("merchant", one.merchant),
        ("for", one.purpose),
        ("instead", one.alternatives),
        ("feature", one.feature),
        ("asked", one.asked),
        ("valid", f"until {one.until}" if one.until else ""),
        ("by", one.by),
        ("reserved", one.reserved),
        ("paid", one.paid),
        ("refunded", one.refunded),
        ("receipt", one.receipt),
        ("id", one.reference),
        ("waits", f"for {one.waits}" if one.waits else ""),
        ("decide", f"mission answer {one.mission} {one.request} approve (or reject)" if one.request else ""),
    ):
        if text:
            yield line(f"  {name:<9} {one_line(text, 400)}")
