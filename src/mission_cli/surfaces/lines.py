"""Lines of styled text that fit a terminal: widths in cells, cutting, wrapping, and painting with or without color."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style
    from rich.text import Text

Span = tuple[str, str]
"""A piece of text without line breaks, and its style: words such as `bold`, `dim`, `red`, `link=URL`; or empty."""
Line = tuple[Span, ...]

BLANK: Line = ()
GAP = "  "
_LEAST_PART = 8
"""Cells; where less is left of a line, a word that is too long for any line begins on the next one."""
_CODES = {
    "bold": "1",
    "dim": "2",
    "reverse": "7",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
STYLES = frozenset(_CODES)
"""The words of a style that are not links."""
_LINK = "link="
_WEB = pattern(r"https?://[!-~]+\Z")
_NARROW = frozenset("█░✓✗▸·–—…→↑↓│├└─")
"""Characters of our own that are one cell wide; with them and ASCII alone, no table of widths has to be imported."""


@dataclass(frozen=True, slots=True)
class Size:
    """The room of a view, in terminal cells; 0: as much as it needs."""

    width: int = 0
    height: int = 0


def said(text: str) -> str:
    """Return text from a file, a model or a worker as one line without control characters."""
    return " ".join(clean(text).split())


def cells(text: str) -> int:
    """Return how many cells a text takes; an emoji of several characters takes two."""
    if text.isascii() or _NARROW.issuperset(c for c in text if not c.isascii()):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """Return the text, or its beginning with an ellipsis if it takes more than `width` cells; no half characters."""
    if cells(text) <= width:
        return text
    kept, _ = _split(text, max(0, width - 1))
    return f"{kept.rstrip()}…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Return the text with blanks up to `width` cells."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` cells, broken between words where possible; 0: one line."""
    if width <= 0 or cells(text) <= width:
        return [text]
    lines, now = [], ""
    for word in text.split(" "):
        both = f"{now} {word}" if now else word
        if cells(both) <= width:
            now = both
            continue
        if cells(word) > width:
            now = f"{now} " if now and cells(now) + _LEAST_PART < width else now
            *full, word = _pieces(now if now.endswith(" ") else "", word, width)  # noqa: PLW2901 - its last piece
            lines += [now, *full] if now and not now.endswith(" ") else full
        elif now:
            lines.append(now)
        now = word
    return [*lines, now] if now or not lines else lines


def line(*parts: str | Span) -> Line:
    """Return a line of parts without a style, or with one."""
    return tuple((part, "") if isinstance(part, str) else part for part in parts)


def linked(text: str, url: str, style: str = "") -> Span:
    """Return text that a terminal shows as a link to a web address; anything else than such an address is left out."""
    return text, f"{style} {_LINK}{url}".strip() if _WEB.match(url) else style


def link_of(style: str) -> str:
    """Return the address that a style links to; empty without one."""
    return next((word.removeprefix(_LINK) for word in style.split() if word.startswith(_LINK)), "")


def unlinked(spans: Line) -> Line:
    """Return a line without its links: old pagers show their escape sequences."""
    return tuple((text, " ".join(w for w in style.split() if not w.startswith(_LINK))) for text, style in spans)


def paragraph(text: str, width: int, style: str = "", indent: int = 0) -> list[Line]:
    """Return text in lines of at most `width` cells, all of them indented."""
    room = max(1, width - indent) if width else 0
    return [line(" " * indent, (part, style)) if indent else line((part, style)) for part in wrap(said(text), room)]


def flow(parts: Iterable[Line], width: int, indent: int = 0) -> list[Line]:
    """Return parts side by side with a gap, in as many lines as they need; lines after the first are indented."""
    found: list[Line] = []
    now: Line = BLANK
    for part in parts:
        if not part:
            continue
        if now and width and length(now) + len(GAP) + length(part) > width:
            found.append(now)
            now = line(" " * indent, *part) if indent else part
        else:
            now = line(*now, GAP, *part) if now else part
    return [*found, now] if now else found


def length(spans: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cells(text) for text, _ in spans)


def columns(rows: Sequence[Sequence[Line]]) -> list[Line]:
    """Return rows of cells as lines, each column as wide as its widest cell; an empty column takes no room."""
    widths = [max(length(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows), default=0))]
    found = []
    for row in rows:
        last = max((at for at, cell in enumerate(row) if length(cell)), default=-1)
        spans: list[Span] = []
        for at, cell in enumerate(row[: last + 1]):
            spans += [(GAP, "")] if spans and widths[at] else []
            spans += cell
            spans += [(" " * (widths[at] - length(cell)), "")] if at < last else []
        found.append(tuple(spans))
    return found


def clip(spans: Line, width: int) -> Line:
    """Return a line cut to `width` cells, with an ellipsis; 0: as it is."""
    if not width or length(spans) <= width:
        return spans
    found: list[Span] = []
    room = width
    for text, style in spans:
        if cells(text) >= room:
            return (*found, (cut(text + " ", room) if cells(text) == room else cut(text, room), style))
        found.append((text, style))
        room -= cells(text)
    return tuple(found)


def height(lines: Sequence[Line], width: int) -> int:
    """Return how many rows lines take on a terminal that wraps those that are too long."""
    return sum(max(1, -(-length(one) // width)) if width else 1 for one in lines)


def plain(lines: Iterable[Line]) -> str:
    """Return lines as text without styles, each with a line break."""
    return "".join("".join(text for text, _ in spans).rstrip() + "\n" for spans in lines)


def painted(lines: Iterable[Line]) -> str:
    """Return lines as text with escape sequences for their styles, each with a line break."""
    return "".join("".join(_paint(text, style) for text, style in spans) + "\n" for spans in lines)


def as_text(lines: Iterable[Line]) -> Text:
    """Return lines for Rich."""
    from rich.text import Text

    found = Text()
    for at, spans in enumerate(lines):
        found.append("\n" if at else "")
        for text, style in spans:
            found.append(text, _rich_words(style))
    return found


def rich_style(style: str) -> Style:
    """Return a style for Rich."""
    from rich.style import Style

    return Style.parse(_rich_words(style))


def _rich_words(style: str) -> str:
    return " ".join(f"link {w.removeprefix(_LINK)}" if w.startswith(_LINK) else w for w in style.split())


def reflow(paragraphs: Iterable[Span], width: int) -> list[Line]:
    """Return paragraphs as lines, broken between words; a command (`→ …`) stays whole, so that it can be copied."""
    found: list[Line] = []
    for text, style in paragraphs:
        begin = text.lstrip()
        indent = " " * (len(text) - len(begin))
        rows = [begin] if begin.startswith("→") else wrap(begin, max(1, width - len(indent) - len(GAP)) if width else 0)
        found += [line(f"{indent}{GAP if at else ''}", (row, style)) for at, row in enumerate(rows)]
    return found


def _paint(text: str, style: str) -> str:
    """Return text with escape sequences: SGR for the style, OSC 8 for a link, which other terminals ignore."""
    words = style.split()
    codes = ";".join(_CODES[word] for word in words if not word.startswith(_LINK))
    shown = f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
    url = link_of(style)
    return f"\x1b]8;;{url}\x1b\\{shown}\x1b]8;;\x1b\\" if url and text else shown


def _pieces(before: str, word: str, width: int) -> list[str]:
    """Return a word that is too long in pieces that fit; the first one stands behind `before`."""
    found = []
    while cells(before) + cells(word) > width:
        head, rest = _split(word, width - cells(before))
        if not head:  # not even one character fits
            break
        found.append(before + head)
        before, word = "", rest
    return [*found, before + word]


def _split(text: str, width: int) -> tuple[str, str]:
    """Return the part of a text that fits into `width` cells, and the rest."""
    if text.isascii():
        return text[:width], text[width:]
    from rich.cells import split_graphemes

    used = end = 0
    for _, stop, size in split_graphemes(text)[0]:
        if used + size > width:
            break
        used, end = used + size, stop
    return text[:end], text[end:]
