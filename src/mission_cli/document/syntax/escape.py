"""Escape text from outside as Markdown that cannot change the structure of a mission file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.syntax.spans import spans

if TYPE_CHECKING:
    from collections.abc import Callable

_STRUCTURES = (
    r"\\*(?:#|\||(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\]|(?:[-*+][ \t]+)?\*\*[^*\n]+(?::\*\*|\*\*:)"
    r"|(?:\d{1,9}[.)])?[^\w\[\]`(\\\n]{0,12}\[[ \t\u00a0xX✓✔✅]{0,3}\][ \t\u00a0]*[A-Za-z][\w -]*:"
    r"|:?-+:?[ \t]*\|[-:| \t]*$|`{3}|~{3}|<{7} |={7}$|>{7} )"
)
"""What begins a structure, and what is an error because it nearly does: a box of a check, a table without pipes."""
_STRUCTURE = pattern(rf"^([ \t]*)(?={_STRUCTURES})", re.MULTILINE)
_ESCAPED = pattern(rf"^([ \t]*)\\(?={_STRUCTURES})", re.MULTILINE)
_TILDES = pattern(r"~{3,}")
_CLOSING = pattern(r"(?:\A|\s+)#+\s*\Z")
_COMMENT = pattern(r"<!--|&(?:amp;)*lt;!--")
_MARKUP = pattern(r"[\\`*_\[\]|~]|^[#+-]")
_CLOSED_COMMENT = pattern(r"&(?:amp;)*lt;!--")
_LINKED = pattern(r"@(?=\w)|(?:[#!$%]|&amp;)(?=\d)|\bGH-(?=\d)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
"""Where forges begin a mention, a reference or a link in plain text."""
_CLOSES = pattern(r"\b(?:clos|fix|resolv|implement)\w*:?\s+(?:[\w./:-]*#(?=\d)|https?:(?=//))", re.IGNORECASE)
_LIST = pattern(r"[ \t]{0,8}(?:[-*+]|\d{1,3}[.)])[ \t]+")
_NOTHING = "\N{ZERO WIDTH SPACE}"


def closed(text: str) -> str:
    """Return `text` escaped so that it opens no comment; `opened` undoes it."""
    return _COMMENT.sub(lambda m: "&lt;!--" if m[0] == "<!--" else f"&amp;{m[0][1:]}", text) if "!--" in text else text


def opened(text: str) -> str:
    """Undo `closed`."""
    if "lt;!--" not in text:
        return text
    return _CLOSED_COMMENT.sub(lambda m: m[0].replace("amp;", "", 1) if "amp;" in m[0] else "<!--", text)


def cell(text: str, limit: int = 500) -> str:
    """Return `text` for a table cell: one line, pipes escaped, no comment opened; reading the row undoes it."""
    return closed(one_line(text, limit)).replace("|", "\\|")


def heading(text: str) -> str:
    """Return `text` as a heading's title: one line, no closing hashes, no comment."""
    return _CLOSING.sub("", closed(one_line(text)))


def prose(text: str) -> str:
    """Return `text` as paragraphs: what would be a heading, table, fence, checkbox, field or comment is escaped."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n"):
        clean = "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
        lines.append(clean.rstrip())
    return _STRUCTURE.sub(r"\1\\", closed("\n".join(lines)))


def unescaped(text: str) -> str:
    """Undo the escapes of `prose`; removed characters and white space do not come back."""
    return opened(_ESCAPED.sub(r"\1", text))


def fenced(text: str) -> str:
    """Return `text` byte for byte in a fence that it cannot close; line ends become newlines."""
    longest = max((len(m) for m in _TILDES.findall(text)), default=2)
    fence = "~" * max(3, longest + 1)
    body = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"{fence}text\n{body}{'' if body.endswith(chr(10)) or not body else chr(10)}{fence}"


def shown(text: str) -> str:
    """Return `text` as one line of Markdown for readers: code spans stay, and nothing is markup, a link or HTML."""
    return _by_spans(text, _harmless, lambda code: code.replace("|", "\\|"))


def quiet(text: str) -> str:
    """Return `text` like `shown` for a page of a forge: it mentions nobody, links to nothing and closes no issue."""
    return _by_spans(text, lambda part: _LINKED.sub(r"\g<0>&#8203;", _harmless(part)), quiet_code)


def quiet_code(text: str) -> str:
    """Return code, or a title, that mentions nobody and closes no issue on a forge that looks into code, too."""
    return _CLOSES.sub(rf"\g<0>{_NOTHING}", text)


def code_span(text: str) -> str:
    """Return a line as code: between two runs of backticks that are longer than any in it."""
    marks = "`"
    while marks in text:
        marks += "`"
    pad = " " if "`" in text else ""
    return f"{marks}{pad}{text}{pad}{marks}"


def quiet_title(text: str, limit: int) -> str:
    """Return `text` as one plain line for a title on a forge, which mentions nobody and refers to nothing."""
    return _LINKED.sub(rf"\g<0>{_NOTHING}", one_line(text, limit))


def quiet_prose(text: str) -> str:
    """Return lines like `quiet`; items of lists and paragraphs stay."""
    found = []
    for each in text.strip("\n").splitlines():
        item = _LIST.match(each)
        plain = quiet(each[item.end() :] if item else each)
        found.append((item[0] if item else "") + (f"\\{plain}" if plain.startswith("=") else plain))
    return "\n".join(found)


def _by_spans(text: str, outside: Callable[[str], str], inside: Callable[[str], str]) -> str:
    """Return `text` on one line, changed outside and inside of code spans."""
    parts, at = [], 0
    plain = one_line(text, len(text) + 1)
    for span in spans(plain):
        parts += [outside(plain[at : span.start]), inside(plain[span.start : span.end])]
        at = span.end
    return "".join([*parts, outside(plain[at:])])


def _harmless(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def line(text: str, limit: int = 1000) -> str:
    """Return `text` as one line of prose that opens no comment."""
    return closed(one_line(text, limit))
