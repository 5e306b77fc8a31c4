"""Merge front matter that both copies changed: entry by entry, values separately from the text around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.dataclass import dataclass, field
from mission_cli.document.merging import ranks
from mission_cli.document.merging.order import arrange
from mission_cli.document.merging.text import agree
from mission_cli.document.syntax.front import read_front
from mission_cli.domain.noted import SECTION as NOTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mission_cli.document.merging.text import Words
    from mission_cli.document.syntax.front import Front

Path = tuple[str, ...]

_HEAD: Path = ()
_CAPS = ("time_hours", "money_usd", "token_limit", "alert_threshold_pct", "per_feature_usd")
_RANKS: Mapping[Path, Callable[[str], ranks.Rank]] = {
    ("status",): ranks.mission_rank,
    ("completed",): ranks.time_rank,
    **{("budget", name): ranks.cap_rank for name in _CAPS},
    ("in_force", "status"): ranks.mission_rank,
    **{("in_force", name): ranks.cap_rank for name in _CAPS},
}
_START: tuple[Path, ...] = (("executions",), ("started",), ("host",))
"""The keys that one `start` writes; they are merged together."""


@dataclass(slots=True)
class _Entry:
    """The lines of one key. `tokens` are their scalars: start, end, and the value that YAML reads."""

    text: str
    tokens: dict[Path, tuple[int, int, str]] = field(default_factory=dict)

    def around(self) -> str:
        """Return the lines with every value replaced by a NUL."""
        out, at = "", 0
        for start, end, _ in sorted(self.tokens.values()):
            out += self.text[at:start] + "\0"
            at = end
        return out + self.text[at:]


def merge_front(words: Words, base: str, ours: str, theirs: str) -> str:
    """Return the merged front matter of three copies, with its fences."""
    agreed = agree(base, ours, theirs)
    if agreed is not None:
        return str(agreed)
    copies = [_entries(text) for text in (base, ours, theirs)]
    if any(copy is None for copy in copies):
        return words.merge(base, ours, theirs)
    before = (words.conflicts, len(words.notes))
    merged = _Fronts([copy or {} for copy in copies], words).merge()
    if words.conflicts == before[0] and _entries(merged) is None:
        return words.merge(base, ours, theirs)
    return merged


class _Fronts:
    """Merges three copies, entry by entry."""

    def __init__(self, copies: list[dict[Path, _Entry]], words: Words) -> None:
        self.copies = copies
        self.words = words
        self.starter = self._starter()

    def merge(self) -> str:
        base, ours, theirs = self.copies
        merged = {}
        for path in dict.fromkeys([*base, *ours, *theirs]):
            text = self._entry(path)
            if text:
                merged[path] = text
        order = arrange(list(base), list(ours), list(theirs), keep=merged, rank=lambda path: path)
        return "".join(merged[path] for path in order)

    def _starter(self) -> int | None:
        """Return the copy whose last `start` counts if both sides started the mission, else None."""
        said = [tuple(_value(copy, path) for path in _START) for copy in self.copies]
        if agree(*said) is not None:
            return None
        return max((1, 2), key=lambda n: (ranks.number_rank(said[n][0]), said[n][1:]))

    def _entry(self, path: Path) -> str:
        base, ours, theirs = (copy.get(path) for copy in self.copies)
        texts = [e.text if e else "" for e in (base, ours, theirs)]
        if path in _START and self.starter is not None and texts[self.starter]:
            return texts[self.starter]
        agreed = agree(*texts)
        if agreed is not None:
            return str(agreed)
        if ours is None or theirs is None:
            self.words.note(f"`{'.'.join(path)}` was deleted on one side and changed on the other: it is kept")
            return texts[1] or texts[2]
        return self._both(base or _Entry(""), ours, theirs)

    def _both(self, base: _Entry, ours: _Entry, theirs: _Entry) -> str:
        paths = list(ours.tokens)
        frame = agree(base.around(), ours.around(), theirs.around())
        same = list(theirs.tokens) == paths and (list(base.tokens) == paths or not base.text)
        if not paths or frame is None or not same:
            return self.words.merge(base.text, ours.text, theirs.text)
        values = [_decide(p, base, ours, theirs) for p in sorted(paths, key=lambda p: ours.tokens[p][0])]
        if None in values:
            return self.words.merge(base.text, ours.text, theirs.text)
        pieces = str(frame).split("\0")
        return pieces[0] + "".join(f"{v}{piece}" for v, piece in zip(values, pieces[1:], strict=True))


def _decide(path: Path, base: _Entry, ours: _Entry, theirs: _Entry) -> str | None:
    """Return the value of one scalar as it is written; None if a person has to decide."""
    written = [_written(entry, path) for entry in (base, ours, theirs)]
    agreed = agree(*written)
    if agreed is not None:
        return str(agreed)
    rank = ranks.number_rank if path[0] == NOTED else _RANKS.get(path)  # counters, and times that sort as text
    if rank is None:
        return max(written[1:]) if _read(ours, path) == _read(theirs, path) else None
    best = max((ours, theirs), key=lambda entry: (rank(_read(entry, path)), _written(entry, path)))
    return _written(best, path)


def _written(entry: _Entry, path: Path) -> str:
    start, end, _ = entry.tokens.get(path, (0, 0, ""))
    return entry.text[start:end]


def _read(entry: _Entry, path: Path) -> str:
    return entry.tokens[path][2] if path in entry.tokens else ""


def _value(copy: Mapping[Path, _Entry], path: Path) -> str:
    entry = copy.get(path)
    return _read(entry, path) if entry else ""


def _entries(text: str) -> dict[Path, _Entry] | None:
    """Return the lines of front matter by key, in order; None if the keys are not on separate lines."""
    front = read_front(text)
    if front.missing or front.problems or front.root is None or front.root.flow_style:
        return None
    starts = list(_starts(front, front.root, ()))
    places = [front.start + line_start for line_start, _, _ in starts]
    if places != sorted(set(places)) or any(text[p - 1 : p] not in {"\n", "\r"} for p in places):
        return None
    edges = [*places, front.end]
    entries = {_HEAD: _Entry(text[: edges[0]])}
    for n, (_, path, node) in enumerate(starts):
        entry = _Entry(text[edges[n] : edges[n + 1]])
        if node is not None:
            whole = len(entry.text)
            found = {t[0]: (p, t) for p, t in _tokens(front, node, path, edges[n]) if 0 <= t[0] <= t[1] <= whole}
            entry.tokens.update(found.values())
        entries[path] = entry
    entries[("---",)] = _Entry(text[front.end :])
    return entries


def _starts(front: Front, node: yaml.MappingNode, above: Path) -> Iterator[tuple[int, Path, yaml.Node | None]]:
    """Yield (start of the line, path, value) of each key, and of the keys of mappings in block style."""
    for key, value in node.value:
        path = (*above, str(getattr(key, "value", "")))
        line = key.start_mark.index - key.start_mark.column
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            yield line, path, None
            yield from _starts(front, value, path)
        else:
            yield line, path, value


def _tokens(front: Front, node: yaml.Node, path: Path, offset: int) -> Iterator[tuple[Path, tuple[int, int, str]]]:
    """Yield the scalars of one entry that are on one line; the caller drops those of an alias, which are outside."""
    below: list[tuple[Path, Any]] = [(path, node)]
    while below:
        name, here = below.pop()
        if isinstance(here, yaml.MappingNode):
            below += [((*name, str(getattr(k, "value", ""))), v) for k, v in here.value]
        elif isinstance(here, yaml.SequenceNode):
            below += [((*name, str(n)), v) for n, v in enumerate(here.value)]
        elif isinstance(here, yaml.ScalarNode) and here.style not in {"|", ">"}:
            start, end = (front.start + mark.index - offset for mark in (here.start_mark, here.end_mark))
            if here.start_mark.line == here.end_mark.line:
                yield name, (start, end, str(here.value))
