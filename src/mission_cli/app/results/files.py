"""Results of commands that create, move, check and format mission files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.domain.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class CreatedFromPlan:
    """A mission that was created from a plan file."""

    id: str
    path: str
    """The mission file."""
    warnings: Sequence[Problem]
    """Of the plan."""


@dataclass(frozen=True, slots=True)
class CreatedFromGoal:
    """A mission whose plan a model wrote."""

    id: str
    path: str
    """The mission file."""
    planning: Totals
    """The cost of planning."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A mission that was created from another tool's file."""

    id: str
    path: str
    """The mission file."""
    from_: str
    """The kind of file: plan, prd, polpo or aidevops."""
    not_taken: Sequence[str]
    """What a mission cannot express."""
    problems: Sequence[Problem]
    """Of the new mission file."""


@dataclass(frozen=True, slots=True)
class ImportedPlaybook:
    """A playbook that was made from another tool's."""

    playbook: str
    """Its name."""
    path: str
    """Its file."""
    from_: str
    """The kind of file: polpo."""
    not_taken: Sequence[str]
    """What a playbook cannot express."""
    problems: Sequence[Problem]
    """Of the new file."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A mission as another tool's file."""

    id: str
    to: str
    """The tool."""
    document: Mapping[str, Any]
    """In the tool's own format."""
    not_taken: Sequence[str]
    """What that tool cannot express."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A homeless mission that now belongs to a repository."""

    id: str
    path: str
    """The mission file."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One problem of a mission file; line and column count from 1."""

    path: str
    line: int
    column: int
    severity: Severity
    message: str
    hint: str
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """One problem that `mission lint --fix` repaired; the line counts from 1."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Linted:
    """What is wrong with mission files."""

    problems: Sequence[FileProblem]
    errors: int
    """How many of them are errors; the others are warnings."""
    fixed: Sequence[Fixed]
    commit: Sequence[str] = ()
    """Commands that commit the fixes; until then they do not count."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """Mission files whose tables were not aligned."""

    changed: Sequence[str]
    """Paths."""
    written: bool
    """False with `--check`: the files were left as they are."""
    commit: Sequence[str] = ()
    """Commands that commit the changes; until then they do not count."""


@dataclass(frozen=True, slots=True)
class SchemaDocument:
    """A JSON schema, or an example of a settings file."""

    name: str
    document: Mapping[str, Any]
    """The schema; of an example only `text`."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The page of `mission dashboard`."""

    path: str
    """The file that has the page; empty if it was printed."""
    changed: bool
    """Whether the file was written; false if it had the same page already."""
    missions: Sequence[str]
    """Ids, in the order of the page."""
    waiting: int
    """Things on the page that wait for people."""
    page: str
    """The page; empty if it is in the file."""


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A page of a running server (`mission open --web`)."""

    id: str
    """Of the mission."""
    url: str
    opened: bool
    """Whether a browser was asked to show it; false on a machine without a screen."""
