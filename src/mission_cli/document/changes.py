"""Changes of a mission file, as values: each names a place and its new content.

A change can carry the content that it expects (`was`: the text, or its hash by `edits.text_hash`). If the content is
different, the change is refused, because a person has changed it meanwhile. Appending expects nothing.
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
    """Set one scalar of the front matter; the key is created if it is missing."""

    path: tuple[str, ...]
    value: Scalar
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetFeature:
    """Set one cell of a feature's row, by column name in lower case."""

    number: FeatureNumber
    column: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetMilestone:
    """Set one `**Field:**` of a milestone, by its name as it is written."""

    number: int
    name: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetField:
    """Set one `**Field:**` of a section, named by the end of its path such as `("origin",)`; created if missing."""

    path: tuple[str, ...]
    name: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class SetCriterion:
    """Set the box and the result comments of one criterion of a milestone (`1`) or feature (`1.2`)."""

    owner: str
    index: int
    text: str
    """The text that the person wrote; it is never changed, and the change is refused if it differs."""
    ticked: bool
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetCell:
    """Set one cell in the table of a `##` section, in the row whose key columns have these values."""

    section: str
    key: Mapping[str, str]
    column: str
    value: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class AppendRow:
    """Append a row to the table of a `##` section; section and table are created if they are missing."""

    section: str
    values: Mapping[str, str]
    """Cells by column name as it is written; a cell is left out if the table lacks its column."""


@dataclass(frozen=True, slots=True)
class AddFeature:
    """Append a feature row to a milestone's table, and add its `#### N.M` section."""

    milestone: int
    number: FeatureNumber
    values: Mapping[str, str]
    title: str
    description: str = ""
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddMilestone:
    """Add a pending milestone without features after the last one; `number` must be the next one."""

    number: int
    name: str
    estimate: str = ""
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FillSection:
    """Set the text of a section that is missing or contains only placeholders."""

    path: tuple[str, ...]
    text: str


Change = (
    SetFront
    | SetFeature
    | SetMilestone
    | SetField
    | SetCriterion
    | SetCell
    | AppendRow
    | AddFeature
    | AddMilestone
    | FillSection
)
