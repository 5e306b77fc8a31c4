"""Color source text: by the ending of its file, with few classes, and never slowly."""

from __future__ import annotations

from functools import cache
from html import escape
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST = 20_000
"""Characters; longer texts, and texts with a line that is longer than the next limit, have no colors."""
_MOST_OF = MappingProxyType({"html": 4_000, "make": 4_000, "xml": 4_000})
"""Of languages for which a hostile text takes a time that grows with the square of its length."""
_LONGEST_LINE = 1_000
_LANGUAGES = MappingProxyType(
    {
        "bash": "bash sh zsh",
        "c": "c h",
        "cpp": "cc cpp cxx hpp hh",
        "csharp": "cs",
        "css": "css",
        "dart": "dart",
        "docker": "dockerfile containerfile",
        "elixir": "ex exs",
        "go": "go",
        "haskell": "hs",
        "html": "html htm",
        "ini": "ini cfg conf",
        "java": "java",
        "javascript": "js cjs mjs jsx",
        "json": "json",
        "kotlin": "kt kts",
        "lua": "lua",
        "make": "makefile mk",
        "perl": "pl pm",
        "php": "php",
        "python": "py pyi",
        "ruby": "rb gemfile rakefile",
        "rust": "rs",
        "scala": "scala",
        "scss": "scss",
        "sql": "sql",
        "swift": "swift",
        "toml": "toml",
        "typescript": "ts tsx mts cts",
        "xml": "xml svg",
        "yaml": "yaml yml",
    }
)
ENDINGS = MappingProxyType({end: name for name, ends in _LANGUAGES.items() for end in ends.split()})
"""The ending of a name, or all of it, to the language as Pygments calls it."""
CLASSES = MappingProxyType(
    {
        "Comment": "t-c",
        "Keyword": "t-k",
        "Literal.String": "t-s",
        "Literal.Number": "t-m",
        "Name.Attribute": "t-f",
        "Name.Builtin": "t-b",
        "Name.Class": "t-f",
        "Name.Constant": "t-b",
        "Name.Decorator": "t-f",
        "Name.Exception": "t-b",
        "Name.Function": "t-f",
        "Name.Tag": "t-k",
    }
)
"""Kind of token to class; every other kind has none."""


def colored(lines: Sequence[str], path: str) -> list[str]:
    """Return lines without control characters as HTML, with colors where the language is known."""
    name = path.rpartition("/")[2].casefold()
    language = ENDINGS.get(name.rpartition(".")[2])
    most = _MOST_OF.get(language or "", _MOST)
    if language is None or sum(map(len, lines)) > most or any(len(line) > _LONGEST_LINE for line in lines):
        return [escape(line) for line in lines]
    found = [""]
    for kind, tokens in groupby(_tokens(language, "\n".join(lines)), key=lambda one: _class(one[0])):
        first, *more = "".join(text for _, text in tokens).split("\n")
        found[-1] += _piece(kind, first)
        found += [_piece(kind, one) for one in more]
    return found if len(found) == len(lines) else [escape(line) for line in lines]


def _tokens(language: str, text: str) -> Iterator[tuple[Any, str]]:
    for _, kind, part in _lexer(language).get_tokens_unprocessed(text):
        yield kind, part


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(language)


def _piece(kind: str, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind and text.strip() else escape(text)


@cache
def _class(kind: Any) -> str:
    """Return the class of a kind of token, or of the nearest kind that it belongs to."""
    parts = str(kind).split(".")[1:]
    names = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((CLASSES[name] for name in names if name in CLASSES), "")
