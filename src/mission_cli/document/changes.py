"""What can be changed in a mission file, as values: a name for the place, and what shall stand there.

A change carries what it expects to find (`was`: the text, or its hash by `edits.text_hash`); where something else
stands, it is refused, because a person changed it meanwhile. Appending expects nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.syntax.front import Scalar
    from mission_cli.domain.ids import FeatureNumber


@dataclass(frozen=True, slots=True)
class SetFront:
    """One scalar of the front matter; made where it is absent."""

    path: tuple[str, ...]
    value: Scalar
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetFeature:
    """One cell of a feature's row, by column name in lower case."""

    number: FeatureNumber
    column: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetMilestone:
    """One `**Field:**` of a milestone, by its name as it is written."""

    number: int
    name: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetField:
    """One `**Field:**` of a section by the end of its path, `("origin",)`; made where the section lacks it."""

    path: tuple[str, ...]
    name: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetCriterion:
    """The box and the result comments of one criterion of a milestone (`1`) or feature (`1.2`)."""

    owner: str
    index: int
    text: str
    """What the person wrote; it is never changed, and the change is refused where it differs."""
    ticked: bool
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetCell:
    """One cell in the table of a `##` section, in the row whose key columns have these values."""

    section: str
    key: Mapping[str, str]
    column: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class AppendRow:
    """A row at the end of the table of a `##` section; section and table are made where they are missing."""

    section: str
    values: Mapping[str, str]
    """Cells by column name as it is written; a table that lacks a column leaves the cell out."""


@dataclass(frozen=True, slots=True)
class AddFeature:
    """A feature row at the end of a milestone's table, and its `#### N.M` section."""

    milestone: int
    number: FeatureNumber
    values: Mapping[str, str]
    title: str
    description: str = ""
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FillSection:
    """The text of a section, where nothing but placeholders stands there yet; made where it is missing."""

    path: tuple[str, ...]
    text: str


Change = SetFront | SetFeature | SetMilestone | SetField | SetCriterion | SetCell | AppendRow | AddFeature | FillSection
