"""Read Markdown as a tree of sections with paragraphs, lists and tables, as far as plans need it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*\Z")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+•]|\d{1,3}[.)])[ \t]+(?:\[(?P<box>[ xX])\][ \t]+)?(?P<text>\S.*)\Z")
_BOX = re.compile(r"(?P<indent>[ \t]*)\[(?P<box>[ xX])\][ \t]+(?P<text>\S.*)\Z")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*\Z")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_IMAGE = re.compile(r"!\[[^\[\]]{0,500}\]\([^()]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]]{1,500})\](?:\([^()]{0,500}\)|\[[^\[\]]{0,500}\])")
_BOLD = re.compile(r"(?<![\w*])(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_ITALIC = re.compile(r"(?<![\w*])([*_])(?=\S)([^*_]+?)(?<=\S)\1(?![\w*])")
_CELLS = re.compile(r"(?<!\\)\|")
_TAB = 4


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text; `code` for a fenced block."""

    lines: tuple[str, ...]
    code: bool = False

    @property
    def text(self) -> str:
        """Return it in one line; code as it is."""
        return ("\n" if self.code else " ").join(self.lines)


@dataclass(slots=True)
class Item:
    """An item of a list, with what is nested in it."""

    text: str
    indent: int
    done: bool | None = None
    """Whether its box is ticked; None without a box."""
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the names of its columns in lower case."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Items | Table


@dataclass(slots=True)
class Section:
    """A heading with what follows it; the document itself has level 0."""

    title: str
    level: int
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def empty(self) -> bool:
        """Whether nothing follows the heading."""
        return not self.blocks and not self.sections


def outline(text: str) -> Section:
    """Return the document as a tree of sections."""
    root = Section("", 0)
    path, body = [root], list[str]()
    lines = _without_comments(text.lstrip("\ufeff").replace("\r\n", "\n")).split("\n")
    fence, skip = "", False
    for number, line in enumerate(lines):
        if skip:
            skip = False
            continue
        opened = _FENCE.match(line)
        if opened and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else opened[1]
        found = None if fence or opened else _heading(line, lines[number + 1] if number + 1 < len(lines) else "")
        if found is None:
            body.append(line)
            continue
        level, title, skip = found
        path[-1].blocks = list(_blocks(body))
        body = []
        while path[-1].level >= level:
            path.pop()
        section = Section(plain(title), level)
        path[-1].sections.append(section)
        path.append(section)
    path[-1].blocks = list(_blocks(body))
    return root


def _without_comments(text: str) -> str:
    """Return a text without HTML comments; one that is not closed is text."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[at:start])
        at = end + len("-->")
    return "".join([*kept, text[at:]])


def plain(text: str) -> str:
    """Return text without emphasis, links and images; code keeps its backticks."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    return _ITALIC.sub(r"\2", _BOLD.sub(r"\2", text)).replace("\\|", "|").strip()


def _heading(line: str, following: str) -> tuple[int, str, bool] | None:
    """Return level and title of a heading, and whether the next line underlines it."""
    found = _HEADING.match(line)
    if found:
        return len(found[1]), found[2], False
    under = _UNDERLINE.match(following)
    if under is None or not line.strip() or "|" in line or _ITEM.match(line) or _RULE.match(line) or line[:4] == "    ":
        return None
    return (1 if under[1][0] == "=" else 2), line.strip(), True


def _blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        if fence:
            end = next((n for n in range(at + 1, len(lines)) if lines[n].strip().startswith(fence[1])), len(lines))
            yield Paragraph(tuple(lines[at + 1 : end]), code=True)
            at = end + 1
        elif "|" in line and at + 1 < len(lines) and "-" in lines[at + 1] and _DELIMITER.match(lines[at + 1]):
            end = next((n for n in range(at + 2, len(lines)) if "|" not in lines[n]), len(lines))
            rows = [_cells(row) for row in lines[at + 2 : end]]
            yield Table(tuple(name.casefold() for name in _cells(line)), tuple(row for row in rows if any(row)))
            at = end
        elif _item(line):
            end = _end_of_list(lines, at)
            yield Items(_nested(lines[at:end]))
            at = end
        elif line.strip() and not _RULE.match(line):
            end = next((n for n in range(at + 1, len(lines)) if not lines[n].strip() or _starts(lines, n)), len(lines))
            yield Paragraph(tuple(plain(part.strip().lstrip("> ")) for part in lines[at:end]))
            at = end
        else:
            at += 1


def _starts(lines: list[str], at: int) -> bool:
    """Whether something else than a paragraph begins in a line."""
    delimited = at + 1 < len(lines) and "|" in lines[at] and _DELIMITER.match(lines[at + 1]) is not None
    return delimited or _item(lines[at]) is not None or _FENCE.match(lines[at]) is not None


def _item(line: str) -> re.Match[str] | None:
    return None if _RULE.match(line) else _ITEM.match(line) or _BOX.match(line)


def _end_of_list(lines: list[str], at: int) -> int:
    """Return the line behind a list: it ends at text that is not indented, behind an empty line."""
    blank = False
    for number in range(at, len(lines)):
        line = lines[number]
        if not line.strip():
            blank = True
        elif _item(line) is None and (
            _FENCE.match(line) or "|" in line or (blank and not line.startswith((" ", "\t")))
        ):
            return number
        else:
            blank = False
    return len(lines)


def _nested(lines: list[str]) -> list[Item]:
    """Return the items of a list, each with those that are indented more."""
    top: list[Item] = []
    path: list[Item] = []
    for line in lines:
        found = _item(line)
        if found is None:
            if path and line.strip():
                path[-1].text = f"{path[-1].text} {line.strip()}"
            continue
        indent = len(found["indent"].expandtabs(_TAB))
        while path and path[-1].indent >= indent:
            path.pop()
        item = Item(found["text"].strip(), indent, None if found["box"] is None else found["box"] != " ")
        (path[-1].items if path else top).append(item)
        path.append(item)
    return top


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip()
    inner = inner.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(plain(cell) for cell in _CELLS.split(inner))
