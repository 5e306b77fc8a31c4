"""Applies changes to a text and alters the bytes of what changed and nothing else.

After each patch the text is read again: the changed places say what was meant and all others what they
said before; otherwise nothing is returned. That is the law in `docs/format.md`, checked at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mission_cli.document import places
from mission_cli.document.fields import Key, fields_of
from mission_cli.document.scan import Layout, scan
from mission_cli.domain.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.document.changes import Change


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that did not fit, and why: a person changed the place, or it can't be done safely."""

    change: Change
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Patched:
    """A text with as many of the changes as fitted."""

    text: str
    refused: tuple[Refused, ...] = ()


def apply(text: str, changes: Sequence[Change], *, where: str = "") -> str:
    """Return `text` with all the changes. Raises DocumentError when one of them does not fit."""
    result = apply_fitting(text, changes)
    if result.refused:
        first = result.refused[0]
        at = f"{where}:{first.line}" if where and first.line else where
        raise DocumentError(first.reason, where=at, hint="look at the file there, then try again")
    return result.text


def apply_fitting(text: str, changes: Sequence[Change]) -> Patched:
    """Return `text` with the changes that fit, and those that do not."""
    refused: list[Refused] = []
    rest = list(changes)
    while rest:
        layout = scan(text)
        batch, rest, failed = _batch(layout, rest)
        refused += failed
        if batch:
            text = _splice_checked(layout, batch)
    return Patched(text, tuple(refused))


def _batch(layout: Layout, changes: Sequence[Change]) -> tuple[list[places.Edit], list[Change], list[Refused]]:
    """Take changes in order until one touches the place of another; the rest waits for the next reading."""
    edits: list[places.Edit] = []
    refused: list[Refused] = []
    for position, change in enumerate(changes):
        try:
            found = places.locate(layout, change)
        except places.CannotPlaceError as error:
            if edits and error.may_come:
                return edits, list(changes[position:]), refused
            refused.append(Refused(change, str(error), error.line))
            continue
        if any(_touch(old, new) for old in edits for new in found):
            return edits, list(changes[position:]), refused
        edits += found
    return edits, [], refused


def _touch(old: places.Edit, new: places.Edit) -> bool:
    return (new.start <= old.end and old.start <= new.end) or bool(set(old.meant) & set(new.meant))


def _splice_checked(layout: Layout, edits: Iterable[places.Edit]) -> str:
    ordered = sorted(edits, key=lambda e: e.start)
    before = fields_of(layout)
    text = "".join(_pieces(layout.text, ordered))
    changed: dict[Key, str | None] = dict(before)
    for edit in ordered:
        changed.update(edit.meant)
    expected = {key: value for key, value in changed.items() if value is not None}
    after = fields_of(scan(text))
    if after != expected:
        wrong = sorted((k for k in set(after) | set(expected) if after.get(k) != expected.get(k)), key=repr)
        first = wrong[0]
        raise AssertionError(
            f"a patch did not read back as meant at {first!r}: {after.get(first)!r} instead of {expected.get(first)!r}"
        )
    return text


def _pieces(text: str, ordered: Iterable[places.Edit]) -> Iterator[str]:
    at = 0
    for edit in ordered:
        yield text[at : edit.start]
        yield edit.text
        at = edit.end
    yield text[at:]
