"""The hidden, machine-readable marker `<!-- mission:KEY -->` in bodies of pull requests, comments and issues.

Bodies quote text from elsewhere, so `write` turns everything in it that looks like a marker into visible text. In a
body that another author wrote, a marker means nothing: ask only about bodies of this program's account.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from mission_cli._support.lazy_re import pattern

_MARK = pattern(r"(?m)^<!-- mission:(?P<key>[^\s<>]+) -->[ \t\r]*$\n?")
_AT_END = pattern(r"(?:\A|\n)<!-- mission:[^\s<>]+ -->\s*\Z")
_LIKE = pattern(r"<!--(?=-?\s*mission\s*:)")
_PLAIN = "/:@+"


def mark(key: str) -> str:
    """Return the marker with a key; characters that could end it are escaped."""
    return f"<!-- mission:{quote(key, safe=_PLAIN)} -->"


def write(body: str, key: str) -> str:
    """Return a body with a marker at its end. A marker at its end is replaced; others become visible text."""
    inner = _LIKE.sub("&lt;!--", strip(body))
    return f"{inner}\n\n{mark(key)}\n".lstrip("\n")


def find(body: str) -> str:
    """Return the key in the last marker of a body of ours; empty if there is none."""
    keys = [found["key"] for found in _MARK.finditer(body)]
    return unquote(keys[-1]) if keys else ""


def strip(body: str) -> str:
    """Return a body without the marker at its end."""
    return _AT_END.sub("", body).rstrip()
