"""Check that spend log, run records and budget summary agree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli.document.changes import SetCell
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.budget.amounts import LABELS, show_amount
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import spends_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import Spend


def unequal_sums(loaded: Loaded, records: Sequence[RunRecord]) -> Iterator[str]:
    """Yield, as text, each cost that is only in the log or only in the records, and each wrong cell of the summary.

    Rows that a person added to the log need no record, and count in the summary.
    """
    settled = [record for record in records if not record.open]
    log = Counter(map(_shown, loaded.mission.spends))
    due = Counter(_shown(row) for record in settled for row in spends_of(record))
    for row in due - log:
        yield f"a run record says {row}, and the spend log does not"
    names = {row.description.partition(" ")[0] for record in settled for row in spends_of(record)}
    for row in log - due:
        if row.partition(": ")[2].partition(" ")[0] in names:
            yield f"the spend log says {row}, and no run record does"
    if due and not (due - log):
        yield from _wrong_summary(loaded, records)


def _shown(row: Spend) -> str:
    label = LABELS.get(row.category, row.category)
    return f"{label} {show_amount(row.category, row.amount) if row.category in LABELS else row.amount}: " + (
        row.description.strip()
    )


def _wrong_summary(loaded: Loaded, records: Sequence[RunRecord]) -> Iterator[str]:
    state = account(loaded.mission.limits, loaded.mission.spends, records)
    rows = {row["category"]: row for row in rows_in(loaded.layout, "Budget Tracking", "category", "spent")}
    for change in summary_cells(loaded, state):
        if isinstance(change, SetCell) and change.column == "Spent":
            row = rows[change.key["Category"]]
            if row["spent"].strip() != change.value.strip():
                yield f"the summary says {row['spent'].strip()} for {row['category']}; the log says {change.value}"
