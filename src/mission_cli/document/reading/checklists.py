"""Features in a checklist, as in the first mission files: `- [ ] F1: name ~2h [depends:F1]` under a milestone.

A box distinguishes only two statuses. Any other status, and what has its own column in a table, is an annotation
after the name: `[status:dispatched]`, `[worker:…]`, `[pr:…]`, `[task:…]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax.vocabulary import feature_status
from mission_cli.domain.ids import FeatureNumber, feature_number
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.syntax.layout import Item, Layout

_NAMED = pattern(r"[`*]*F\d+(?:\.\d+)?[`*]*\s*[:.—–-]|[`*]*F?\d+\.\d+[`*]*\s", re.IGNORECASE)
_NUMBER = pattern(r"[`*]*F?(\d+\.\d+)\b", re.IGNORECASE)
_ESTIMATE = pattern(r"(?<!\S)~\s?([\d.]+\s?[a-z]+(?:\d+[a-z]+)?)(?!\S)", re.IGNORECASE)
_COLUMN = pattern(r"(?: ?`)?\[(status|worker|pr|task):([^\]\[]*)\]`?", re.IGNORECASE)
_NAMES = {"status": "status", "worker": "worker", "pr": "pr", "task id": "task"}
_TRAILING = pattern(r"[\[\]`]")


@dataclass(frozen=True, slots=True)
class Listed:
    """One feature of a checklist, with the texts that a table would have in its columns."""

    number: FeatureNumber
    item: Item
    index: int
    """Position among the checklist items of its section, from 0."""
    texts: Mapping[str, str]


def listed_features(layout: Layout, section: int, milestone: int) -> Iterator[Listed]:
    """Yield the features of a milestone's checklist: items that are called F…, or follow `**Features:**`."""
    behind = next((f.line.number for f in layout.fields if f.section == section and f.name == "features"), None)
    count = 0
    for index, item in enumerate(i for i in layout.items if i.section == section):
        if not _NAMED.match(item.text) and (behind is None or item.line.number < behind):
            continue
        count += 1
        named = _NUMBER.match(item.text)
        number = feature_number(named[1]) if named else None
        yield Listed(number or FeatureNumber(f"{milestone}.{count}"), item, index, _texts(item))


def with_column(item: Item, column: str, value: str) -> tuple[bool, str]:
    """Return (ticked, text) of an item with `value` in a column (lower case). Raises ValueError for other columns."""
    clean = _TRAILING.sub("", value)
    if column == "feature":
        said = "".join(f" {found[0].strip()}" for found in _COLUMN.finditer(item.text))
        return item.ticked, _COLUMN.sub("", value).rstrip() + said
    if column not in _NAMES:
        raise ValueError(f"a feature in a checklist has no column `{column}`")
    name = _NAMES[column]
    kept = _COLUMN.sub(lambda m: "" if m[1].casefold() == name else m[0], item.text).rstrip()
    if name == "status":
        status = feature_status(clean)
        if status in {FeatureStatus.DONE, FeatureStatus.PENDING}:
            return status is FeatureStatus.DONE, kept
        return False, f"{kept} [status:{clean}]"
    return item.ticked, f"{kept} [{name}:{clean}]" if clean else kept


def _texts(item: Item) -> dict[str, str]:
    said = {m[1].casefold(): m[2].strip() for m in _COLUMN.finditer(item.text)}
    name = _COLUMN.sub("", item.text)
    estimate = _ESTIMATE.search(name)
    return {
        "feature": " ".join(_ESTIMATE.sub("", name, count=1).split()),
        "estimate": estimate[1] if estimate else "",
        "status": said.get("status", "") or ("done" if item.ticked else "pending"),
        **{column: said.get(name, "") for column, name in _NAMES.items() if name != "status"},
    }
