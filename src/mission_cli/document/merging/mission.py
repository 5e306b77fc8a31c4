"""Merge three copies of a mission file field by field: facts by their ranks, prose as git merges it.

The result is the same from both sides, and many copies give the same bytes in any order of merging. The exception is
that two people wrote different words at one place: then there are conflict markers, and a person decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.document.changes import Change, SetMilestone
from mission_cli.document.editing import patch
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.merging.body import merge_sections
from mission_cli.document.merging.front import merge_front
from mission_cli.document.merging.numbers import renumbered
from mission_cli.document.merging.parts import sections_of
from mission_cli.document.merging.ranks import before_reopened, reopened
from mission_cli.document.merging.text import (
    TextMerged,
    Words,
    agree,
    agree_or_greatest,
)
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.scan import scan
from mission_cli.document.syntax.vocabulary import milestone_status, mission_status
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.status import MilestoneStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mission_cli.document.merging.parts import Key
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.syntax.layout import Layout

_ENDING = pattern(r"[\r\n]*\Z")
_BOM = "\ufeff"
_JUDGED = frozenset({MilestoneStatus.PASSED, MilestoneStatus.VALIDATING})


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text, the number of conflicts that a person has to decide, and notes for that person."""

    text: str
    conflicts: int = 0
    notes: tuple[str, ...] = ()


def merge(base: str, ours: str, theirs: str, by_lines: Callable[[str, str, str], TextMerged]) -> Merged | None:
    """Return the merge of three copies of a mission file; None if one of them cannot be read.

    `by_lines` is git's textual merge. It is used only for prose that both sides changed.
    """
    agreed = agree(base, ours, theirs)
    if agreed is not None:
        return Merged(agreed)
    styles = [_style(text) for text in (base, ours, theirs)]
    raw = any(style.eol == "" for style in styles)
    loaded = [load(_plain(text, raw=raw)) for text in (base, ours, theirs)]
    if any(one.refused for one in loaded):
        return None
    layouts = [one.layout for one in loaded]
    texts = (layouts[0].text, *renumbered(*layouts))
    layouts = [old if old.text == text else scan(text) for old, text in zip(layouts, texts, strict=True)]
    words = Words(by_lines, recompute=_both_spent(*loaded))
    text = _merge_plain(loaded[0], layouts, words)
    if text is None:
        return None
    from dataclasses import astuple

    style = _Style(*(agree_or_greatest(*said) for said in zip(*map(astuple, styles), strict=True)))
    return Merged(_styled(text, style, raw=raw), words.conflicts, tuple(words.notes))


def _merge_plain(base: Loaded, layouts: Sequence[Layout], words: Words) -> str | None:
    """Return the merged text; None if it does not read back as the sections that were meant."""
    front = merge_front(words, *(layout.text[: _body(layout)] for layout in layouts))
    body, order = merge_sections(words, *(sections_of(layout) for layout in layouts))
    text = front + body
    if words.conflicts:
        return text
    merged = load(text)
    if [_counted(s.key) for s in sections_of(merged.layout)][1:] != [_counted(key) for key in order if key != ("",)]:
        return None
    return _settled(base, merged, recompute=words.recompute)


def _counted(key: Key) -> Key:
    """Return the key of a section without the number that distinguishes it from others of the same name."""
    return key[:-1] if key[-1].startswith("#") else key


def _settled(base: Loaded, merged: Loaded, *, recompute: bool) -> str | None:
    """Return the text with all values that follow from others; None if they cannot be set."""
    changes: list[Change] = [*_reopened(base, merged)]
    if recompute:
        changes += summary_cells(merged, account(merged.mission.limits, merged.mission.spends, ()))
    if changes:
        try:
            merged = load(patch.apply_fitting(merged.layout.text, changes).text)
        except AssertionError:
            return None
    return _mission_reopened(base, merged)


def _reopened(base: Loaded, merged: Loaded) -> Iterator[Change]:
    """Open a milestone again that one side marked as passed while the other added work: a retry or a new feature.

    Its former status is kept in parentheses, so that a third copy can close it again.
    """
    for milestone in merged.mission.milestones:
        before = base.mission.milestone(milestone.number)
        said = before_reopened(milestone.raw_status)
        waiting = any(not f.finished for f in milestone.features)
        if milestone_status(said) in _JUDGED and said != before_reopened(before.raw_status if before else ""):
            yield SetMilestone(milestone.number, "Status", reopened(said) if waiting else said)


def _mission_reopened(base: Loaded, merged: Loaded) -> str:
    """Do the same for the mission. The status is replaced directly, because a patch would put it in quotes."""
    text = merged.layout.text
    said, value = before_reopened(merged.mission.raw_status), merged.layout.front.value("status")
    finished = mission_status(said) is MissionStatus.COMPLETED and said != before_reopened(base.mission.raw_status)
    if not finished or value is None:
        return text
    word = said if all(m.finished for m in merged.mission.milestones) else reopened(said)
    return text[: value.start] + text[value.start : value.end].replace(value.text, word) + text[value.end :]


def _both_spent(base: Loaded, ours: Loaded, theirs: Loaded) -> bool:
    """Whether both sides differently changed the summary or what it is computed from."""
    said = [(one.mission.spends, one.mission.limits, _summary(one.layout)) for one in (base, ours, theirs)]
    return said[0] not in said[1:] and said[1] != said[2]


def _summary(layout: Layout) -> tuple[str, ...]:
    return tuple(layout.raw(row.row.line) for row in rows_in(layout, "Budget Tracking", "category", "spent"))


def _body(layout: Layout) -> int:
    """Return the offset at which the body begins."""
    return layout.lines[layout.first].start if layout.first < len(layout.lines) else len(layout.text)


@dataclass(frozen=True, slots=True, order=True)
class _Style:
    """Byte order mark, line ending and end of a text; `eol` is empty if line endings are mixed."""

    bom: bool
    eol: str
    ending: str


def _style(text: str) -> _Style:
    crlf = text.count("\r\n")
    uniform = text.count("\r") == crlf and crlf in {0, text.count("\n")}
    found = _ENDING.search(text)
    ending = found[0].replace("\r\n", "\n") if found else ""
    return _Style(text.startswith(_BOM), ("\r\n" if crlf else "\n") if uniform else "", ending)


def _plain(text: str, *, raw: bool) -> str:
    """Return a text without mark and carriage returns, with a blank line at its end so that a section can follow."""
    text = _ENDING.sub("", text.removeprefix(_BOM)) + "\n\n"
    return text if raw else text.replace("\r\n", "\n")


def _styled(text: str, style: _Style, *, raw: bool) -> str:
    text = (_BOM if style.bom else "") + _ENDING.sub("", text) + style.ending
    return text.replace("\n", style.eol) if style.eol == "\r\n" and not raw else text
