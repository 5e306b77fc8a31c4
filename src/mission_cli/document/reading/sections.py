"""The sections of a mission file and their tables, with the names that other tools use for them.

Reading, appending and `mission lint` use these definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Row, Table


@dataclass(frozen=True, slots=True)
class TableForm:
    """One table: its columns in order, and those that distinguish it from other tables of its section."""

    columns: tuple[str, ...]
    marks: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in lower case."""
        return tuple(c.casefold() for c in self.columns)


@dataclass(frozen=True, slots=True)
class SectionForm:
    """One `##` section: its other titles, and its tables; rows are appended to the last one."""

    also: tuple[str, ...] = ()
    tables: tuple[TableForm, ...] = ()
    part: str = ""
    """The subsection that a new table is put below; empty: the section itself."""
    shown: bool = False
    """Whether `mission show` prints its rows as they are; `document/checking/inert.py` lists those without effect."""


def _table(columns: str, *marks: str) -> tuple[TableForm, ...]:
    return (TableForm(tuple(columns.split(" · ")), marks),)


SECTIONS: Mapping[str, SectionForm] = {
    "Origin": SectionForm(),
    "Scope": SectionForm(),
    "Phases": SectionForm(
        (), _table("# · Phase · Worker · Gate · On reject · Status · Entered · Exited · Result", "phase", "gate")
    ),
    "Team": SectionForm(
        (),
        _table(
            "Agent · Role · Runner · Model · Max parallel · Volatile · Skills · Instructions · Limits", "agent", "role"
        ),
        shown=True,
    ),
    "Milestones": SectionForm(),
    "Gates": SectionForm((), _table("Gate · Kind · After · Blocks · Rule · Notify · Status", "gate", "kind")),
    "Approvals": SectionForm((), _table("Timestamp · Gate · Decision · By · Commit · Comment", "gate", "decision")),
    "Input Requests": SectionForm(
        (),
        _table(
            "# · Asked · Feature · Prompt · Options · Urgency · Expires · Status · Response · Context",
            *("prompt", "status"),
        ),
    ),
    "Waits": SectionForm(
        (), _table("Feature · Waiting for · Since · Timeout · Status · Data", "feature", "waiting for")
    ),
    "Mail": SectionForm(
        (),
        _table(
            "# · Feature · About · To · Subject · Status · Since · Message-ID · Text · Replies",
            "to",
            "subject",
            "status",
        ),
    ),
    "Purchases": SectionForm(
        (),
        _table(
            "# · Asked · Feature · Merchant · Amount · Purpose · Alternatives · Valid until · Request · Status · By · "
            "Since · Reserved · Paid · Refunded · Receipt · Reference",
            *("merchant", "amount", "status"),
        ),
    ),
    "Messages": SectionForm((), _table("Timestamp · Feature · From · Message", "feature", "message")),
    "Held-out Criteria": SectionForm((), _table("# · Milestone · Sealed · Results", "milestone", "sealed")),
    "Pull Requests": SectionForm(
        (), _table("For · PR · Branch · Base · Head · Status · Since · Handled", "for", "branch", "head")
    ),
    "Previews": SectionForm(
        (), _table("# · For · Commit · Status · URL · Since · Expires · Reason", "commit", "status", "url")
    ),
    "Deployments": SectionForm(
        (),
        _table(
            "# · Target · Commit · For · By · Status · URL · Version · Since · Reason",
            *("target", "commit", "status"),
        ),
    ),
    "Resources": SectionForm(
        (), _table("Name · Type · Purpose · Status · Reference · Delivery · Check · Expires · Notes", "name", "status")
    ),
    "Budget Tracking": SectionForm(
        ("Budget",),
        _table("Category · Budget · Spent · Remaining · % Used", "category", "budget")
        + _table("Date · Category · Amount · Description · Milestone", "category", "amount"),
    ),
    "Decision Log": SectionForm(
        ("Decisions Log", "Decisions"),
        _table("# · Date · Decision · Rationale · Alternatives Considered", "date", "decision"),
        shown=True,
    ),
    "Mission Agents": SectionForm((), _table("Agent · Purpose · Path · Promote?", "agent", "path"), shown=True),
    "Research": SectionForm((), _table("Topic · Summary · Source · Date", "topic", "summary"), shown=True),
    "Feedback": SectionForm(
        (),
        _table("# · Signal · For · Title · Facts · Fingerprint · Status · Issue", "title", "fingerprint", "status"),
    ),
    "Outcomes": SectionForm((), _table("Type · Label · Value · Feature · Date", "label", "value"), shown=True),
    "Progress Log": SectionForm((), _table("Timestamp · Event · Details", "event", "details")),
    "Recovery Log": SectionForm(
        (),
        _table(
            "Timestamp · Feature · Trigger · Preserved Evidence · Remaining Criteria · Next Safe Route · Status",
            "feature",
            "trigger",
            "status",
        ),
    ),
    "Retrospective": SectionForm(
        (),
        _table("Skill · Kind · What was learned · Evidence · Score · Status", "skill", "what was learned"),
        part="Skill Learning",
    ),
}
FEATURE_COLUMNS = ("#", "Feature", "Task ID", "Status", "Estimate", "Worker", "PR")
_ALSO: Mapping[str, tuple[str, ...]] = {
    "category": ("resource",),
    "name": ("service", "resource", "dependency"),
    "notes": ("secret key",),
    "task id": ("task",),
}
"""Names that other tools use for the same columns."""


def find_section(layout: Layout, title: str) -> int:
    """Return the index of a `##` section by its title or one of its other titles; -1 if there is none."""
    form = SECTIONS.get(title)
    names = (title, *(form.also if form else ()))
    return next((found for name in names if (found := layout.find(name)) >= 0), -1)


def names_of(column: str) -> tuple[str, ...]:
    """Return the name of a column (lower case) and the names that other tools use for it."""
    return (column, *_ALSO.get(column, ()))


def place_of(table: Table, column: str) -> int:
    """Return the index of a column by its name (lower case) or another tool's name; -1 if there is none."""
    for name in names_of(column):
        if name in table.columns:
            return table.columns.index(name)
    return -1


def has_columns(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether the table has all the columns."""
    return all(place_of(table, column) >= 0 for column in columns)


def tables_of(layout: Layout, title: str, *columns: str) -> Iterator[Table]:
    """Yield every table in a `##` section, or below it, that has all the columns."""
    section = find_section(layout, title)
    if section >= 0:
        yield from (t for t in layout.tables if layout.within(t.section, section) and has_columns(t, columns))


def table_in(layout: Layout, title: str, *columns: str) -> Table | None:
    """Return the first table of `tables_of`, or None."""
    return next(tables_of(layout, title, *columns), None)


@dataclass(frozen=True, slots=True)
class RowView:
    """One real row of a table, with its cells by column name."""

    table: Table
    row: Row

    def __getitem__(self, column: str) -> str:
        return self.row.text(place_of(self.table, column))

    @property
    def line(self) -> int:
        """Line number, from 1."""
        return self.row.line.number

    @property
    def column(self) -> int:
        """Column of its first cell, from 1."""
        return self.row.cells[0].start - self.row.line.start + 1 if self.row.cells else 1


def rows_in(layout: Layout, title: str, *columns: str) -> Iterator[RowView]:
    """Yield the real rows of the first table with these columns; none if there is no such table."""
    table = table_in(layout, title, *columns)
    if table is not None:
        yield from (RowView(table, row) for row in table.real_rows())
