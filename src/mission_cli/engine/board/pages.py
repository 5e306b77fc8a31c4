"""Render the files for readers without this program: a summary in Markdown, a badge and a page."""

from __future__ import annotations

import base64
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mission_cli._support.curve import HEIGHT, steps
from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import dollars
from mission_cli._support.text import counted, one_line, parse_stamp, share
from mission_cli.document.syntax.escape import code_span
from mission_cli.domain.board.marks import BADGE, FILES, PAGE, README, mark
from mission_cli.domain.notice import Remedy
from mission_cli.domain.status import FINISHED_FEATURE, FINISHED_MILESTONE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mission_cli.domain.board.values import Board, BoardMission
    from mission_cli.domain.notice import Advice
    from mission_cli.ports.templates import Templates

_STYLE = "board/dashboard.css"
_LONGEST = 400
"""Characters of what waits."""
_SIGNS = {"done": "✓", "passed": "✓", "failed": "✗", "blocked": "✗", "skipped": "–", "dispatched": "▸", "review": "▸"}
_SIGNS |= {"active": "▸", "validating": "▸", "waiting_human": "?", "waiting_external": "…"}
_GREEN, _BLUE, _AMBER, _RED, _GRAY = "#1a7f37", "#0b57d0", "#8a5300", "#b42318", "#5c5c63"
_LETTER, _LABEL = 7, 60
"""Width of a letter on the badge, and of its left part."""
_TWO = 2
"""Points that make a line."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Spending over time, in a box of 640 by 160."""

    points: str
    cap: str
    """The height of the cap; empty if it is not in the box."""
    words: str
    label: str
    begin: str
    end: str


def rendered(templates: Templates, board: Board, source: str, names: Collection[str] = FILES) -> dict[str, str]:
    """Return the texts of the files with these names. `source`: the hash of what they are made from."""
    values = {**_values(board), "mark": _Ours(mark(source)), "badge": "", "page": ""}
    found: dict[str, str] = {}
    if README in names:
        links = {"badge": BADGE if BADGE in names else "", "page": PAGE if PAGE in names else ""}
        more = {"badge_label": badge_words(board)[1], "span": lambda text: code_span(_flat(text))}
        found[README] = templates.render(f"board/{README}.j2", {**values, **links, **more})
    if BADGE in names:
        words, label, fill = badge_words(board)
        width = _LABEL + _LETTER * len(words) + 16
        badge = {"words": words, "label": label, "fill": fill, "width": width}
        found[BADGE] = templates.render("board/badge.svg.j2", {**values, **badge})
    if PAGE in names:
        style = templates.render(_STYLE, {})
        digest = base64.b64encode(sha256(style.encode()).digest()).decode()
        found[PAGE] = templates.render(f"board/{PAGE}.j2", {**values, "style_hash": digest})
    return found


def badge_words(board: Board) -> tuple[str, str, str]:
    """Return what the badge says, what a screen reader says, and its color."""
    words = f"{board.done}/{board.planned} done" if board.missions else "none"
    label = f"mission: {share(board.done, board.planned, 'feature')} done"
    if not board.missions:
        return words, "there are no missions", _GRAY
    if board.needs:
        return words, f"{label}, {_wait(len(board.needs))}", _AMBER
    states = {mission.state for mission in board.missions}
    if states & {"failed"}:
        return words, f"{label}, a mission has failed", _RED
    if states <= {"completed", "cancelled"}:
        return words, label, _GREEN
    return words, label, _BLUE if states & {"active", "validating", "recovering", "waiting"} else _GRAY


class _Ours(str):
    """Markup of this program, which a page takes as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def _values(board: Board) -> dict[str, Any]:
    return {
        "board": board,
        "summary": _summary(board),
        "needs": [*_needs(board)],
        "curve": _curve,
        "cut": one_line,
        "dollars": dollars,
        "marks": _SIGNS,
        "over": {*FINISHED_MILESTONE, *FINISHED_FEATURE},
        "parts": _parts,
        "share": share,
        "time": _time,
    }


def _wait(number: int) -> str:
    return f"{counted(number, 'thing')} {'waits' if number == 1 else 'wait'} for people"


def _summary(board: Board) -> str:
    """Return the state of everything in one line."""
    spent = dollars(sum((mission.usd for mission in board.missions), start=Decimal(0)))
    parts = [counted(len(board.missions), "mission"), f"{share(board.done, board.planned, 'feature')} done"]
    waiting = [_wait(len(board.needs))] if board.needs else []
    return ", ".join([*parts, f"{spent} spent", *waiting])


def _needs(board: Board) -> Iterator[Mapping[str, Any]]:
    for mission, need in board.needs:
        yield {
            "anchor": mission.anchor,
            "title": one_line(mission.title, 120),
            "words": one_line(need.words, _LONGEST),
            "since": need.since,
            "help": need.help,
            "urgency": "" if need.urgency in {"", "normal"} else one_line(need.urgency, 20),
        }


def _parts(advice: Advice) -> Iterator[tuple[str, bool]]:
    """Yield the parts of an advice, each with whether it is a command."""
    for part in advice.parts:
        text = str(part)
        flat = _flat(text)
        if isinstance(part, Remedy):
            yield flat, True
        else:
            yield " " * text.startswith(" ") + flat + " " * (text.endswith(" ") and bool(flat)), False


def _flat(text: str) -> str:
    return one_line(text, len(text) + 1)


def _time(text: str) -> str:
    """Return a time as `2026-11-20 10:24 UTC`, and a date as it is."""
    at = parse_stamp(text) if "T" in text else None
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else one_line(text, 40)


def _curve(mission: BoardMission) -> Curve | None:
    times = [at for point in mission.curve if (at := parse_stamp(point.at)) is not None]
    if len(times) != len(mission.curve) or len(times) < _TWO or times[-1] <= times[0]:
        return None
    whole = (times[-1] - times[0]).total_seconds()
    across = [(at - times[0]).total_seconds() / whole for at in times]
    spent, total, cap = [float(point.usd) for point in mission.curve], mission.curve[-1].usd, mission.cap
    highest = max(*spent, float(cap or 0))
    words = f"{dollars(total)} of {dollars(cap)}" if cap else dollars(total)
    begin, end = mission.curve[0].at, mission.curve[-1].at
    label = f"Spending from {_time(begin)} to {_time(end)}: {words}"
    line = f"{HEIGHT - float(cap) / highest * HEIGHT:.1f}" if cap else ""
    return Curve(steps(across, spent, highest), line, words, label, begin, end)
