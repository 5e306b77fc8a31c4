"""`TODO.md`: one line for each feature. Every other byte of the file stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ITEM = pattern(r"(?P<before>\s*[-*+] \[)(?P<box>.)(?P<rest>\] (?P<number>\d+\.\d+) .*)", re.DOTALL)
_LONGEST = 300
OPEN, DONE, DROPPED = " ", "x", "-"


@dataclass(frozen=True, slots=True)
class Item:
    """What the line of a feature says."""

    number: str
    title: str
    hours: str = ""
    """The estimate, such as `2`; empty: there is none."""
    ref: str = ""
    """Its issue, such as `GH#12`."""
    pull: int = 0
    box: str = OPEN
    day: str = ""
    """When it was done, such as `2026-11-28`."""

    def line(self, mission: str) -> str:
        """Return the line of a feature that has none yet."""
        estimate = f" ~{self.hours}h" if self.hours else ""
        line = f"- [ ] {self.number} {_plain(self.title)} #mission:{mission}{estimate}"
        return self.updated(line)

    def updated(self, line: str) -> str:
        """Return its line with what is new: what a person wrote or ticked stays."""
        found = _ITEM.match(line)
        if found is None:
            return line
        ended = {DONE: "completed", DROPPED: "cancelled"}.get(self.box, "")
        wanted = [("ref", self.ref), ("pr", f"#{self.pull}" if self.pull else "")]
        wanted += [(ended, self.day)] if ended and found["box"] == OPEN else []
        box = self.box if found["box"] == OPEN else found["box"]
        text = f"{found['before']}{box}{found['rest']}"
        tags = max(text.find("#mission:"), 0)
        for name, value in wanted:
            if name and value and not re.search(rf"\s{name}:\S", text[tags:]):
                kept = text.rstrip(" \t")
                text = f"{kept} {name}:{value}{text[len(kept) :]}"
        return text


def with_items(text: str, mission: str, items: Sequence[Item]) -> str:
    """Return the file with the lines of a mission's features; new ones follow its others, or the end of the file."""
    lines, end = _lines(text), _end(text)
    wanted = {item.number: item for item in items}
    last = -1
    for at, line in enumerate(lines):
        number = number_of(line, mission)
        if number:
            last = at
        if number in wanted:
            body = line.rstrip("\r\n")
            lines[at] = wanted.pop(number).updated(body) + line[len(body) :]
    new = [item.line(mission) for item in wanted.values()]
    if not new:
        return "".join(lines)
    at = last + 1 if last >= 0 else len(lines)
    if last < 0 and lines and lines[-1].strip() and not _ITEM.match(lines[-1].rstrip("\r\n")):
        new.insert(0, "")
    if at and not lines[at - 1].endswith(("\n", "\r")):
        return "".join(lines) + "".join(f"{end}{line}" for line in new)
    return "".join([*lines[:at], *(f"{line}{end}" for line in new), *lines[at:]])


def lines_of(text: str, mission: str) -> tuple[str, ...]:
    """Return the lines of a mission's features."""
    return tuple(line.rstrip("\r\n") for line in _lines(text) if number_of(line, mission))


def number_of(line: str, mission: str) -> str:
    """Return the number of the feature whose line it is; empty for any other line."""
    found = _ITEM.match(line.rstrip("\r\n"))
    return found["number"] if found and f"#mission:{mission}" in found["rest"].split() else ""


def with_briefs(items: Iterable[Item], mission: str, text: str) -> tuple[str, ...]:
    """Return the numbers of the features that have no line yet: they get a brief with it."""
    known = {number_of(line, mission) for line in _lines(text)}
    return tuple(item.number for item in items if item.number not in known)


def _plain(title: str) -> str:
    """Return a title in which nothing looks like a tag of ours or a comment."""
    return one_line(title, _LONGEST).replace("<!--", "&lt;!--").replace("#mission:", "# mission:")


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; only line feeds, carriage returns, and both together end one."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", text)


def _end(text: str) -> str:
    found = re.search(r"\r\n|\n|\r", text)
    return found[0] if found else "\n"
