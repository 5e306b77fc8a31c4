"""Record where this program last moved the state branch, in the runtime folder: every other move is foreign.

A move is recorded durably before the branch moves, so that it is known even if the process or machine dies. The caller
holds the lock of the store. Without a record, or on another branch, the present position is taken as known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.domain.branches.moves import Moved, Moves
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SHA = re.compile("[0-9a-f]{40,64}")
_LEFT, _MOST_LEFT = "left.json", 50


class OwnMoves:
    """The record about one branch, in a file."""

    def __init__(self, place: Path, branch: str, contains: Callable[[Sha, Sha], bool]) -> None:
        self._place, self._branch, self._contains = place, branch, contains

    def begin(self, head: Sha | None, new: Sha, *, settles: bool) -> None:
        """Record durably that the branch is about to move."""
        note = self._read()
        known = note.found(head, self._contains) if note else Moves(head)
        self._write(known.begun(head, new, settles=settles), durable=True)

    def end(self, *, moved: bool) -> None:
        """Record whether it has moved."""
        note = self._read()
        if note is not None:
            self._write(note.ended(moved=moved))

    def own(self, head: Sha | None) -> None:
        """Record the branch's present position as known, and what it has left for `seen`."""
        note = self._read()
        tip = note.tip if note is not None else None
        if tip is not None and tip != head and not (head and self._contains(tip, head)):
            write_json(self._place.with_name(_LEFT), [tip, *self._left()][:_MOST_LEFT])
        self._write(Moves(head))

    def seen(self) -> list[Sha]:
        """Return where the branch was put last, and what it was at before it left its own history."""
        note = self._read()
        return [*([note.tip] if note is not None and note.tip is not None else []), *self._left()]

    def _left(self) -> list[Sha]:
        raw = read_json(self._place.with_name(_LEFT))
        return (
            [Sha(one) for one in raw if isinstance(one, str) and _SHA.fullmatch(one)] if isinstance(raw, list) else []
        )

    def knows(self, head: Sha | None) -> bool:
        """Whether the branch is where this program last moved it, without a check of its history."""
        return self._read() == Moves(head)

    def foreign(self, head: Sha | None) -> tuple[Moved, ...]:
        """Return the moves by others up to the branch's present position; none without a record."""
        note = self._read()
        known = note.found(head, self._contains) if note else Moves(head)
        if known != note:
            self._write(known)
        return known.foreign(head)

    def _read(self) -> Moves | None:
        raw = read_json(self._place)
        try:
            if raw["branch"] != self._branch:
                return None
            others, about = (tuple(map(_moved, raw[name])) for name in ("others", "about"))
            return Moves(_sha(raw["tip"]), others, next(iter(about), None), raw["settles"] is True)
        except (KeyError, TypeError, ValueError):
            return None

    def _write(self, note: Moves, *, durable: bool = False) -> None:
        about = [note.about] if note.about else []
        facts = {
            "branch": self._branch,
            "tip": note.tip,
            "others": [[one.before, one.after] for one in note.others],
            "about": [[one.before, one.after] for one in about],
            "settles": note.settles,
        }
        make_folder(self._place.parent)
        write_json(self._place, facts, durable=durable)


def _moved(raw: Any) -> Moved:
    before, after = raw
    return Moved(_sha(before), _sha(after))


def _sha(raw: Any) -> Sha | None:
    """Return an object id or None. Raises ValueError for anything else, because the value is passed to git."""
    if raw is None:
        return None
    if not isinstance(raw, str) or not _SHA.fullmatch(raw):
        raise ValueError(raw)
    return Sha(raw)
