"""Merge the bodies of three copies of a mission file: sections and their parts, each by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli.document.merging import ranks
from mission_cli.document.merging.order import arrange
from mission_cli.document.merging.parts import (
    Grid,
    Kind,
    Part,
    Section,
    subtree,
)
from mission_cli.document.merging.tables import merge_grids, role_of
from mission_cli.document.merging.text import agree, agree_or_greatest
from mission_cli.domain.ids import feature_number, feature_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mission_cli.document.merging.parts import Key
    from mission_cli.document.merging.text import Words

Parts = dict["Key", Part]

_FIELD_RANKS: Mapping[str, Callable[[str], ranks.Rank]] = {
    "status": ranks.milestone_rank,
    "rounds": ranks.number_rank,
    "started at": ranks.time_rank,
    "passed at": ranks.time_rank,
}
_STATE_RANKS = {"status": ranks.mission_rank}
"""Fields of a list `## State`, as in files of other tools."""
_BUDGET = "budget tracking"


def merge_sections(
    words: Words, base: list[Section], ours: list[Section], theirs: list[Section]
) -> tuple[str, list[Key]]:
    """Return the merged body of three copies, and the keys of its sections in order."""
    ours, theirs = _revived(base, ours, theirs, words), _revived(base, theirs, ours, words)
    copies = [{s.key: s for s in side} for side in (base, ours, theirs)]
    texts: dict[Key, str] = {}
    for key in dict.fromkeys(k for copy in copies for k in copy):
        text = _section(words, *(copy.get(key) for copy in copies))
        if text:
            texts[key] = text
    names = [[s.key for s in side] for side in (base, ours, theirs)]
    order = arrange(*names, keep=texts, rank=lambda key: _rank(key, copies))
    return "".join(texts[key] for key in order), order


def _revived(base: list[Section], side: list[Section], other: list[Section], words: Words) -> list[Section]:
    """Return a copy with the sections that it deleted but the other side changed, because those are kept."""
    here = {s.key for s in side}
    found = list(side)
    for section in base:
        if section.key in here:
            continue
        tree = subtree(base, section.key)
        there = subtree(other, section.key)
        here |= {s.key for s in tree}
        if there and [(s.key, s.text()) for s in there] != [(s.key, s.text()) for s in tree]:
            words.note(f"`{section.heading.strip()}` was deleted on one side and changed on the other: it is kept")
            found += [s for s in tree if s.key not in {f.key for f in found}]
    return _in_base_order(base, found, side) if len(found) > len(side) else found


def _in_base_order(base: list[Section], found: list[Section], side: list[Section]) -> list[Section]:
    """Return the sections with the revived ones at their places in the base."""
    names = [[s.key for s in copy] for copy in (base, side)]
    order = arrange(names[0], names[1], names[0], keep=[s.key for s in found], rank=str)
    return sorted(found, key=lambda s: order.index(s.key))


def _rank(key: Key, copies: Sequence[Mapping[Key, Section]]) -> Any:
    """Return the sort key of sections that were added at one place: deeper levels first, then by number or title."""
    section = next(copy[key] for copy in copies if key in copy)
    number = feature_number(key[-1]) if key[0] == "feature" else None
    return (-section.level, feature_order(number) if number else (0, 0), key)


def _section(words: Words, base: Section | None, ours: Section | None, theirs: Section | None) -> str:
    """Return the text of one section; the empty text if it was deleted."""
    agreed = agree(*(s.text() if s else "" for s in (base, ours, theirs)))
    if ours is None or theirs is None:
        one = ours or theirs
        return agreed if agreed is not None else one.text() if one else ""
    if agreed is not None and not (words.recompute and ours.title == _BUDGET):
        return agreed
    return _Parts(base or Section(ours.key, ours.level, "", ours.title, ours.milestone), ours, theirs, words).merge()


class _Parts:
    """Merges the parts of one section that both sides changed."""

    def __init__(self, base: Section, ours: Section, theirs: Section, words: Words) -> None:
        self.copies = (base, ours, theirs)
        self.words = words
        self.named = [_paired({p.key: p for p in base.parts}, s.parts) for s in self.copies]

    def merge(self) -> str:
        base, ours, theirs = self.named
        merged = {}
        for key in dict.fromkeys([*base, *ours, *theirs]):
            part = self._part(key)
            if part is not None and part.text:
                merged[key] = part
        names = [list(copy) for copy in self.named]
        order = arrange(*names, keep=merged, rank=lambda key: (key[0] == Kind.PROSE, key))
        heading = self.words.merge(*(s.heading for s in self.copies))
        gap = agree_or_greatest(*(s.gap for s in self.copies))
        return heading + gap + "".join(_spaced([(key, merged[key]) for key in order], base))

    def _part(self, key: Key) -> Part | None:
        copies = tuple(copy.get(key) for copy in self.named)
        base, ours, theirs = copies
        agreed = agree(*((p.text, p.tail) if p else ("", "") for p in copies))
        if agreed is not None and not (self.words.recompute and theirs and self._derived(ours)):
            return next((p for p in copies[1:] if p and (p.text, p.tail) == agreed), None)
        if ours is None or theirs is None:
            return self._one_sided(key, base, ours, theirs)
        tail = agree_or_greatest(base.tail if base else "", ours.tail, theirs.tail)
        return replace(
            ours, text=self._text(base or replace(ours, text="", grid=None, words=0), ours, theirs), tail=tail
        )

    def _derived(self, part: Part | None) -> bool:
        return bool(part and part.grid and role_of(self.copies[1], part.grid.columns).derived)

    def _one_sided(self, key: Key, base: Part | None, ours: Part | None, theirs: Part | None) -> Part | None:
        """Merge a part that one side deleted and the other changed."""
        left = ours or theirs
        if left is None or base is None:
            return left
        if left.kind is Kind.PROSE:
            text = self.words.merge(base.text, ours.text if ours else "", theirs.text if theirs else "")
            return replace(left, text=text)
        if left.kind is Kind.ITEM and left.text[left.words :] == base.text[base.words :]:
            return None
        self.words.note(f"`{' '.join(key[:2])}` was deleted on one side and changed on the other: it is kept")
        return left

    def _text(self, base: Part, ours: Part, theirs: Part) -> str:
        parts = (base, ours, theirs)
        if ours.grid and theirs.grid:
            empty = Grid(ours.grid.columns, ours.grid.head, ())
            merged = merge_grids(self.copies[1], (base.grid or empty, ours.grid, theirs.grid), self.words)
            return self.words.merge(*(p.text for p in parts)) if merged is None else merged
        if ours.kind is Kind.ITEM:
            lines = [p.text[: p.words] for p in parts]
            first = agree(*lines) or max(lines[1:], key=ranks.item_rank)
            return str(first) + self.words.merge(*(p.text[p.words :] for p in parts))
        rank = self._field_rank(ours) if ours.kind is Kind.FIELD else None
        if rank is None:
            return self.words.merge(*(p.text for p in parts))
        best = max((ours, theirs), key=lambda p: (rank(p.text[slice(*p.value)]), p.text))
        return str(agree(*(p.text for p in parts)) or best.text)

    def _field_rank(self, part: Part) -> Callable[[str], ranks.Rank] | None:
        section, name = self.copies[1], part.key[1]
        if section.title == "state":
            return _STATE_RANKS.get(name)
        return _FIELD_RANKS.get(name) if section.milestone is not None else None


def _paired(base: Parts, parts: list[Part]) -> Parts:
    """Return the parts of a copy by name; a table with changed columns keeps its name from the base."""
    named = {p.key: p for p in parts}
    free = [key for key in base if key[0] == Kind.TABLE and key not in named]
    renamed: dict[Key, Key] = {}
    for key in [k for k in named if k[0] == Kind.TABLE and k not in base]:
        twin = next((f for f in free if 2 * len(set(f[1:-1]) & set(key[1:-1])) >= len(f[1:-1])), None)
        if twin is not None:
            free.remove(twin)
            renamed[key] = twin
            renamed[(Kind.PROSE, *key, "1")] = (Kind.PROSE, *twin, "1")
    return {renamed.get(key, key): part for key, part in named.items()}


def _spaced(parts: Sequence[tuple[Key, Part]], base: Parts) -> Iterator[str]:
    """Yield the lines of the parts; no blank line is put between an item or field and a new one after it."""
    for n, (key, part) in enumerate(parts):
        after = parts[n + 1] if n + 1 < len(parts) else None
        new = after is not None and (key not in base or after[0] not in base)
        listed = part.kind in {Kind.ITEM, Kind.FIELD} and after is not None and after[1].kind is part.kind
        yield part.text + ("" if new and listed else part.tail)
