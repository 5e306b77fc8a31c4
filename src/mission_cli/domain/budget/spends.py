"""The rows of the spend log for a run."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.domain.budget.amounts import CATEGORIES, show_amount
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import Cause
from mission_cli.domain.tables import Spend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.domain.runs.record import RunRecord


BY_HAND = "by hand: "
"""How the description of a row begins that `mission budget record` adds."""


def spends_of(record: RunRecord) -> list[Spend]:
    """Return the rows that a settled attempt, a planning round, a review or a judgment adds to the spend log."""
    name = f"planning a{record.attempt}" if record.planning else attempt_name(record.run)
    name = f"{name} of {record.about}" if record.answering and record.about else name
    usage, what = record.usage, f"{name} {record.cause or ''}".strip()
    of_whole = record.planning or (record.judging and not record.about)
    date, milestone = (record.ended or record.intended)[:10], "" if of_whole else str(record.milestone)
    rows: list[Spend] = []
    if record.cause is Cause.STOPPED and not record.started:
        return rows
    if usage.hours:
        rows.append(Spend(date, "hours", usage.hours, what, milestone))
    if usage.usd is None or usage.usd:
        rows.append(Spend(date, "usd", usage.usd, what, milestone))
    if usage.total_tokens:
        rows.append(Spend(date, "tokens", Decimal(usage.total_tokens), what, milestone))
    return rows


def by_hand(spends: Iterable[Spend], records: Sequence[RunRecord]) -> Iterator[Spend]:
    """Yield the rows of the spend log that no attempt explains."""
    explained = Counter(row for record in records if not record.open for row in map(_known, spends_of(record)))
    for row in spends:
        if explained[_known(row)]:
            explained[_known(row)] -= 1
        else:
            yield row


def _known(row: Spend) -> tuple[str, str, str]:
    return row.category, row.description, show_amount(row.category, row.amount) if row.category in CATEGORIES else ""
