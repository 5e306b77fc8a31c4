"""Apply changes to a text without altering any other bytes.

After each patch the text is read again: the changed places must have their new content and all others their old one;
otherwise the patch is refused. This checks the rule of `docs/format.md` at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.document.editing import locate
from mission_cli.document.editing.columns import completion
from mission_cli.document.editing.edits import (
    CannotPlaceError,
    Edit,
    text_hash,
)
from mission_cli.document.editing.field_meaning import Key, first_difference
from mission_cli.document.syntax.scan import scan
from mission_cli.domain.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.document.changes import Change
    from mission_cli.document.syntax.layout import Layout


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that was refused, and why: a person changed the place, or it cannot be made safely."""

    change: Change
    reason: str
    line: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Patched:
    """A text with the changes that could be made, and those that were refused."""

    text: str
    refused: tuple[Refused, ...] = ()


def apply(text: str, changes: Sequence[Change], *, where: str = "") -> str:
    """Return `text` with all the changes. Raises DocumentError if one of them is refused."""
    result = apply_fitting(text, changes)
    if result.refused:
        first = result.refused[0]
        at = f"{where}:{first.line}" if where and first.line else where
        raise DocumentError(first.reason, where=at, hint=first.hint or "check that line of the file, then try again")
    return result.text


def apply_fitting(text: str, changes: Sequence[Change]) -> Patched:
    """Return `text` with the changes that can be made, and the refused ones."""
    refused: list[Refused] = []
    rest = list(changes)
    while rest:
        layout = completed(scan(text), rest)
        text = layout.text
        batch, left, failed = _batch(layout, rest)
        done, rest = rest[: len(rest) - len(left)], left
        refused += failed
        if not batch:
            continue
        try:
            text = splice(layout, batch)
        except AssertionError:
            known = [refusal.change for refusal in failed]
            text, more = _one_by_one(text, [change for change in done if change not in known])
            refused += more
    return Patched(text, tuple(refused))


def apply_beside(committed: str, theirs: str, changes: Sequence[Change]) -> str:
    """Return `theirs`, an edited version of `committed`, with the changes to places that were not edited."""
    before, now = scan(committed), scan(theirs)
    kept = [change for change in changes if _place(before, change) in (None, _place(now, change))]
    return apply_fitting(theirs, kept).text


def _place(layout: Layout, change: Change) -> list[str] | None:
    """Return the current content of the places of a change; None if it has no place."""
    try:
        return [layout.text[edit.start : edit.end].strip() for edit in locate.locate(layout, change)]
    except CannotPlaceError:
        return None


def completed(layout: Layout, changes: Sequence[Change]) -> Layout:
    """Add the columns that the changes need and tables lack; a table for which that is not safe stays as it is.

    So does one in which the change has no row: it is refused, and nothing of it is written.
    """
    for change in changes:
        edits = completion(layout, change)
        if not edits:
            continue
        try:
            wider = scan(splice(layout, edits))
            locate.locate(wider, change)
        except CannotPlaceError as error:
            layout = wider if error.may_come else layout
        except AssertionError:
            continue
        else:
            layout = wider
    return layout


def _one_by_one(text: str, changes: Sequence[Change]) -> tuple[str, list[Refused]]:
    """Make changes one by one; a change that does not read back as meant is refused, and nothing of it is written."""
    refused: list[Refused] = []
    for change in changes:
        try:
            edits = locate.locate(scan(text), change)
            text = splice(scan(text), edits)
        except CannotPlaceError as error:
            refused.append(Refused(change, str(error), error.line, error.hint))
        except AssertionError as error:
            line = text.count("\n", 0, edits[0].start) + 1
            hint = "nothing was written; check for an open fence or comment near that line, otherwise please report it"
            refused.append(Refused(change, f"this is a bug in mission: {error}", line, hint))
    return text, refused


def _batch(layout: Layout, changes: Sequence[Change]) -> tuple[list[Edit], list[Change], list[Refused]]:
    """Collect edits until a change touches the place of an earlier one; return them, the rest and the refused."""
    edits: list[Edit] = []
    refused: list[Refused] = []
    for position, change in enumerate(changes):
        try:
            found = locate.locate(layout, change)
        except CannotPlaceError as error:
            if edits and error.may_come:
                return edits, list(changes[position:]), refused
            refused.append(Refused(change, str(error), error.line, error.hint))
            continue
        if any(_touch(old, new) for old in edits for new in found):
            return edits, list(changes[position:]), refused
        edits += found
    return edits, [], refused


def _touch(old: Edit, new: Edit) -> bool:
    return (new.start <= old.end and old.start <= new.end) or bool(set(old.meant) & set(new.meant))


def splice(layout: Layout, edits: Iterable[Edit]) -> str:
    """Return the text with the edits. Raises AssertionError if it does not read back as meant."""
    ordered = sorted(edits, key=lambda e: e.start)
    text = "".join(_pieces(layout.text, ordered))
    meant: dict[Key, str | None] = {}
    for edit in ordered:
        meant.update(edit.meant)
    wrong = first_difference(layout, scan(text), meant)
    if wrong is not None:
        raise AssertionError(f"a patch did not read back as meant at {wrong!r}")
    return text


def _pieces(text: str, ordered: Iterable[Edit]) -> Iterator[str]:
    at = 0
    for edit in ordered:
        if edit.replaces and edit.replaces != text_hash(text[edit.start : edit.end]):
            raise AssertionError(f"an edit would replace a text for which it was not made, at {edit.start}")
        yield text[at : edit.start]
        yield edit.text
        at = edit.end
    yield text[at:]
