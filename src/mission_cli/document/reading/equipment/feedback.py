"""Read the rows of `## Feedback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.numbers import whole
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.feedback.rows import SECTION, FeedbackRow, FeedbackStatus, facts_in
from mission_cli.domain.preview.rows import is_url
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.layout import Layout


def feedback(layout: Layout) -> Iterator[FeedbackRow]:
    """Yield the drafts; a row without a number or a title is left out."""
    for row in rows_in(layout, SECTION, "title", "fingerprint", "status"):
        number, address = whole(row["#"]), row["issue"].strip("<>` ")
        if number and row["title"]:
            yield FeedbackRow(
                number,
                row["signal"],
                row["for"],
                row["title"],
                facts_in(row["facts"]),
                row["fingerprint"].strip("` "),
                FeedbackStatus.of(row["status"]),
                address if is_url(address) else "",
                row.line,
            )


def feedback_problems(layout: Layout) -> Iterator[Problem]:
    """Yield rows of which nothing can be filed."""
    seen: set[int] = set()
    for row in rows_in(layout, SECTION, "title", "fingerprint", "status"):
        number = whole(row["#"])
        if not row["title"] and not row["#"]:
            continue
        at = (row.line, row.column)
        if not number or not row["title"]:
            yield Problem(*at, "a row of Feedback has no number or no title", "it is left out", Severity.WARNING)
        elif number in seen:
            yield Problem(
                *at, f"there are two drafts {number} in Feedback", "give one another number", Severity.WARNING
            )
        elif FeedbackStatus.of(row["status"]) is None:
            words = f"draft {number} has the status `{row['status']}`, which is not known"
            yield Problem(*at, words, "use draft, filed or discarded", Severity.WARNING)
        seen.add(number or 0)
