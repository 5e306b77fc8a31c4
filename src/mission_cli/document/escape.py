"""Text from outside as Markdown that cannot change the structure of a mission file."""

from __future__ import annotations

import re

from mission_cli.domain.patterns import pattern
from mission_cli.domain.text import one_line

_STRUCTURE = pattern(r"^(\s*)(?=#|\||(?:[-*+]|\d+[.)])\s+\[[ xX]\]|\*\*[^*]+:\*\*|<{7} |={7}$|>{7} )", re.MULTILINE)
_ESCAPED = pattern(r"^(\s*)\\(?=[#|*<=>+-]|\d+[.)])", re.MULTILINE)
_TILDES = pattern(r"~{3,}")


def cell(text: str, limit: int = 500) -> str:
    """Return `text` for a table cell: one line, pipes escaped, no comment and no lone backtick opened."""
    flat = one_line(text, limit).replace("<!--", "&lt;!--").replace("|", "\\|")
    return flat.replace("`", "'") if flat.count("`") % 2 else flat


def heading(text: str) -> str:
    """Return `text` as a heading's title: one line, no closing hashes, no comment."""
    return one_line(text).replace("<!--", "&lt;!--").rstrip("# ").lstrip("# ")


def prose(text: str) -> str:
    """Return `text` as paragraphs: what would be a heading, table, checkbox, field or comment is escaped."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n"):
        clean = "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
        lines.append(clean.rstrip())
    flat = "\n".join(lines).replace("<!--", "&lt;!--").replace("```", "'''").replace("~~~", "---")
    return _STRUCTURE.sub(r"\1\\", flat)


def unescaped(text: str) -> str:
    """Undo `prose` as far as a reader of the words is concerned."""
    return _ESCAPED.sub(r"\1", text).replace("&lt;!--", "<!--")


def fenced(text: str) -> str:
    """Return `text` byte for byte in a fence that it cannot close; line ends become newlines."""
    longest = max((len(m) for m in _TILDES.findall(text)), default=2)
    fence = "~" * max(3, longest + 1)
    body = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"{fence}text\n{body}{'' if body.endswith(chr(10)) or not body else chr(10)}{fence}"


def line(text: str, limit: int = 1000) -> str:
    """Return `text` as one line of prose that opens no comment."""
    return one_line(text, limit).replace("<!--", "&lt;!--")
