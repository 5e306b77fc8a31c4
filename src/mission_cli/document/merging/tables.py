"""Merge tables that two copies changed: match their rows, and merge the cells of each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.document.merging import ranks
from mission_cli.document.merging.order import arrange
from mission_cli.document.merging.text import agree
from mission_cli.domain.budget.amounts import LABELS, category_of
from mission_cli.domain.ids import feature_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.document.merging.parts import (
        Grid,
        Key,
        Line,
        Section,
    )
    from mission_cli.document.merging.text import Words

PLACEHOLDER = "\0"
"""The first item of the names of empty rows."""
_RUN = pattern(r"\d+\.\d+-a\d+")
_NUMBER = pattern(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class Role:
    """How a table is merged: the columns that identify a row, the one that orders the rows, ranks of cells."""

    key: tuple[str, ...]
    order: str = ""
    rank: Mapping[str, Callable[[str], ranks.Rank]] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    """Columns whose cells are computed from other values."""
    together: tuple[str, ...] = ()
    """Columns that are taken from one side, together."""
    best: Callable[[Mapping[str, str], Mapping[str, str]], ranks.Rank] | None = None
    """The rank, of (base, side), that decides from which side they are taken."""


_FEATURES = Role(("#",), order="#", together=("status", "worker"), best=ranks.feature_rank)
_PHASES = Role(("phase",), together=("status", "entered", "exited", "result"), best=ranks.phase_rank)
_SUMMARY = Role(("category",), derived=frozenset({"budget", "spent", "remaining", "% used"}))
_SPEND = Role(
    ("date", "category", "amount", "description"),
    order="date",
    rank={
        "date": ranks.time_rank,
        "amount": ranks.amount_rank,
        "description": ranks.settlement_rank,
        "milestone": ranks.time_rank,
    },
)
_OPEN = {"status": ranks.open_rank}
ROLES: Mapping[str, Role] = {
    "phases": _PHASES,
    "team": Role(("agent",)),
    "gates": Role(("gate",), rank={"status": ranks.gate_rank}),
    "approvals": Role(("timestamp", "gate", "decision", "by"), order="timestamp"),
    "input requests": Role(("#",), order="#", rank=_OPEN),
    "waits": Role(("feature", "waiting for"), rank=_OPEN),
    "mail": Role(("#",), order="#", rank={"status": ranks.mail_rank}),
    "purchases": Role(("#",), order="#", together=ranks.PURCHASE, best=ranks.purchase_rank),
    "messages": Role(("timestamp", "feature", "from", "message"), order="timestamp"),
    "held-out criteria": Role(("#",), order="#"),
    "pull requests": Role(("for", "branch")),
    "previews": Role(("#",), order="#", together=ranks.PREVIEW, best=ranks.preview_rank),
    "feedback": Role(("fingerprint",), order="#", rank={"status": ranks.feedback_rank}),
    "deployments": Role(("#",), order="#", together=ranks.DEPLOY, best=ranks.deploy_rank),
    "resources": Role(("name",), rank=_OPEN),
    "decision log": Role(("#",), order="#"),
    "mission agents": Role(("agent",)),
    "research": Role(("topic",)),
    "outcomes": Role(("type", "label", "feature")),
    "progress log": Role(("timestamp", "event", "details"), order="timestamp"),
    "retrospective": Role(("skill",), together=ranks.SKILL, best=ranks.skill_rank),
    "recovery log": Role(("timestamp", "feature", "trigger"), order="timestamp", rank=_OPEN),
}
_ANY = Role(())


def role_of(section: Section, columns: Sequence[str]) -> Role:
    """Return the role of a table, from its section and the names of its columns."""
    if section.milestone is not None and {"#", "feature"} <= set(columns):
        return _FEATURES
    if section.title == "budget tracking" and "category" in columns:
        return _SPEND if "amount" in columns else _SUMMARY if "spent" in columns else _ANY
    role = ROLES.get(section.title, _ANY)
    return role if set(role.key) <= set(columns) else _ANY


def merge_grids(section: Section, grids: tuple[Grid, Grid, Grid], words: Words) -> str | None:
    """Return the merged table of base, ours and theirs; None if their columns cannot be merged."""
    columns = agree(*(g.columns for g in grids))
    if columns is None or len(set(columns)) != len(columns):
        return None
    return _Tables(role_of(section, columns), columns, grids, words).merge()


class _Tables:
    """Merges one table of three copies."""

    def __init__(self, role: Role, columns: tuple[str, ...], grids: tuple[Grid, Grid, Grid], words: Words) -> None:
        self.role = role
        self.columns = columns
        self.grids = grids
        self.words = words
        self.rows = named_rows(role, grids)

    def merge(self) -> str | None:
        head = agree(*(g.head for g in self.grids))
        if head is None:
            head = max(g.head for g in self.grids[1:] if g.columns == self.columns)
        base, ours, theirs = self.rows
        merged: dict[Key, str] = {}
        for key in dict.fromkeys([*base, *ours, *theirs]):
            text = self._row(key)
            if text:
                merged[key] = text
        return head + "".join(merged[key] for key in self._order(merged))

    def _row(self, key: Key) -> str:
        """Return one row; the empty text if it was deleted."""
        base, ours, theirs = (side.get(key) for side in self.rows)
        if self.role.derived and self.words.recompute and base and ours and theirs:
            return self._cells(key, base, ours, theirs)
        texts = tuple(self._text(n, line) for n, line in enumerate((base, ours, theirs)))
        agreed = agree(*texts)
        if agreed is not None:
            return str(agreed)
        if ours is None or theirs is None:
            return self._kept(key, ours or theirs, side=1 if ours else 2)
        return self._cells(key, base, ours, theirs)

    def _text(self, copy: int, line: Line | None) -> str:
        """Return a row as it is written, in the columns of the merged table."""
        if line is None:
            return ""
        if self.grids[copy].columns == self.columns:
            return line.text
        return self._plain(self._values(copy, line))

    def _kept(self, key: Key, line: Line | None, *, side: int) -> str:
        if self.role.derived or key[0] == PLACEHOLDER:
            return ""
        self.words.note(
            f"the row `{' · '.join(key[:-1])}` was deleted on one side and changed on the other: it is kept"
        )
        return self._text(side, line)

    def _values(self, copy: int, line: Line) -> dict[str, str]:
        return dict(zip(self.grids[copy].columns, line.values(), strict=False))

    def _cells(self, key: Key, base: Line | None, ours: Line, theirs: Line) -> str:
        lines = (base, ours, theirs)
        if any(
            line is not None and len(line.cells) > len(g.columns) for line, g in zip(lines, self.grids, strict=True)
        ):
            return self.words.merge(*(self._text(n, line) for n, line in enumerate(lines)))
        was, mine, other = (self._values(n, line) if line else {} for n, line in enumerate(lines))
        cells, open_cells = self._resolve(key, was, mine, other)
        whole = base is not None and len(base.cells) == len(self.columns)
        frame = base if whole and self.grids[0].columns == self.columns else None
        if not open_cells:
            return self._framed(frame, cells)
        left = self._framed(frame, cells | {c: mine.get(c, "") for c in open_cells})
        right = self._framed(frame, cells | {c: other.get(c, "") for c in open_cells})
        return self.words.merge(self._text(0, base), left, right)

    def _resolve(
        self, key: Key, was: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]
    ) -> tuple[dict[str, str], list[str]]:
        """Return (cells, columns that a person has to decide)."""
        found: dict[str, str] = {}
        undecided: list[str] = []
        for column in self.columns:
            said = (was.get(column, ""), ours.get(column, ""), theirs.get(column, ""))
            derived = self.words.recompute and column in self.role.derived and category_of(key[0]) in LABELS
            agreed = said[0] if derived else agree(*said)
            if agreed is None:
                agreed = self._decide(column, *said)
            if agreed is None:
                undecided.append(column)
            found[column] = agreed or ""
        if self.role.together:
            self._lifecycle(found, was, ours, theirs)
        return found, undecided

    def _decide(self, column: str, base: str, ours: str, theirs: str) -> str | None:
        if column in self.role.together:
            return base
        if self.role is _FEATURES and column == "feature":
            split = [ranks.split_tries(cell) for cell in (base, ours, theirs)]
            title = agree(*(s[0] for s in split))
            tries = agree(*(s[1] for s in split))
            if title is None:
                return None
            return ranks.with_tries(title, max(split[1][1], split[2][1]) if tries is None else tries)
        rank = self.role.rank.get(column)
        return max(ours, theirs, key=rank) if rank else None

    def _lifecycle(
        self, found: dict[str, str], was: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]
    ) -> None:
        """Take the cells that belong together from the side with the greater rank."""
        columns, rank = self.role.together, self.role.best
        agreed = agree(*(tuple(side.get(c, "") for c in columns) for side in (was, ours, theirs)))
        if agreed is None and rank is not None:
            best = max((ours, theirs), key=lambda side: rank(was, side))
            agreed = tuple(best.get(c, "") for c in columns)
        found.update({c: v for c, v in zip(columns, agreed or (), strict=True) if c in self.columns})

    def _framed(self, frame: Line | None, values: Mapping[str, str]) -> str:
        return fill(frame, [values[c] for c in self.columns]) if frame else self._plain(values)

    def _plain(self, values: Mapping[str, str]) -> str:
        return "| " + " | ".join(values.get(c, "") for c in self.columns) + " |\n"

    def _order(self, merged: Mapping[Key, str]) -> list[Key]:
        names = [list(side) for side in self.rows]
        if not self.role.order:
            return arrange(*names, keep=merged, rank=lambda key: merged[key])
        base, ours, theirs = self.rows
        kept = arrange(*names, keep=[k for k in merged if k in base], rank=str)
        added = [[k for k in side if k in merged and k not in base] for side in (ours, theirs)]
        mixed = all(added) and added[0] != added[1]
        together = list(dict.fromkeys(added[0] + added[1]))
        together.sort(key=lambda key: (self._place(key), merged[key] if mixed else ""))
        return _inserted(kept, together, self._place)

    def _place(self, key: Key) -> Any:
        """Return the sort key of a row; an empty cell comes last."""
        copy = next(n for n in range(3) if key in self.rows[n])
        cell = self._values(copy, self.rows[copy][key]).get(self.role.order, "")
        numbers = [int(n) for n in _NUMBER.findall(cell)] if self.role.order == "#" else []
        return (not cell, numbers, cell)


def _inserted(kept: list[Key], added: list[Key], place: Callable[[Key], Any]) -> list[Key]:
    """Return the kept rows, with each added one after the last kept row that precedes it."""
    behind: dict[int, list[Key]] = {}
    for key in added:
        at = next((n for n in range(len(kept), 0, -1) if place(kept[n - 1]) <= place(key)), 0)
        behind.setdefault(at, []).append(key)
    found = list(behind.get(0, ()))
    for n, key in enumerate(kept, 1):
        found += [key, *behind.get(n, ())]
    return found


def named_rows(role: Role, grids: Sequence[Grid]) -> tuple[dict[Key, Line], ...]:
    """Return the rows of each copy by their identity, which ends with a count to distinguish equal rows."""
    columns = role.key or _unique_column(grids)
    found = []
    for grid in grids:
        seen: Counter[Key] = Counter()
        rows: dict[Key, Line] = {}
        for line in grid.rows:
            values = dict(zip(grid.columns, line.values(), strict=False))
            key = _name(role, columns, values) if not line.empty else (PLACEHOLDER,)
            seen[key] += 1
            rows[(*key, str(seen[key]))] = line
        found.append(rows)
    return tuple(found)


def _name(role: Role, columns: Sequence[str], values: Mapping[str, str]) -> Key:
    key = tuple(values.get(c, "").strip("`* ") for c in columns)
    if role is _FEATURES:
        key = (feature_number(key[0]) or key[0],)
    if role is _SPEND and (run := _RUN.match(values.get("description", ""))):
        return (values.get("category", ""), run[0])
    return key if any(key) else tuple(values.values())


def _unique_column(grids: Sequence[Grid]) -> tuple[str, ...]:
    """Return the first column if it identifies every row of every copy; else none, so that the whole row does."""
    for grid in grids:
        first = [line.values()[0] for line in grid.rows if not line.empty and line.cells]
        if not all(first) or len(set(first)) != len(first) or grid.columns[:1] != grids[0].columns[:1]:
            return ()
    return grids[0].columns[:1]


def fill(frame: Line, values: Sequence[str]) -> str:
    """Return a row with new contents; the bars keep their columns as far as the padding allows."""
    text, out, at = frame.text, "", 0
    for (start, end), new in zip(frame.cells, values, strict=True):
        if text[start:end] == new:
            continue
        stop = end
        while text[stop : stop + 1] in {" ", "\t"}:
            stop += 1
        before = " " if text[start - 1 : start] == "|" else ""
        padded = before + new + " " * max(stop - start - len(new) - len(before), 0)
        bar = " " if text[stop : stop + 1] == "|" and not padded.endswith(" ") else ""
        out += text[at:start] + padded + bar
        at = stop
    return out + text[at:]
