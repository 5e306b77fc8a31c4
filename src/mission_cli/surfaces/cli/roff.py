"""The manual page `mission(1)`, made from the help of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli import __version__
from mission_cli.surfaces.cli.catalog import TOPICS
from mission_cli.surfaces.cli.help import commands_of, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXIT_CODES = (
    ("0", "success"),
    ("1", "error"),
    ("2", "usage error"),
    ("3", "a person is needed"),
    ("4", "the mission changed concurrently; try again"),
    ("70", "internal error"),
    ("130", "interrupted"),
    ("141", "nothing reads the output now"),
)
_ENVIRONMENT = (
    ("MISSION_<NAME>", "A setting, such as MISSION_MACHINE_WORKERS=8; mission help settings lists them."),
    ("MISSION_PAGER, PAGER", "The program that shows long output on a terminal; empty or cat: none."),
    ("VISUAL, EDITOR", "The editor of mission edit."),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE",
        "Set NO_COLOR or CLICOLOR=0 for no colors, CLICOLOR_FORCE=1 for colors in a pipe.",
    ),
)
_FILES = (
    ("missions/ID/mission.md", "A mission: its plan, state and log."),
    (".mission.toml", "Settings of the repository."),
    ("~/.config/mission/config.toml", "Your own settings."),
    ("~/.config/mission/env", "Keys of agents, one NAME=value per line."),
)


def man_page(tree: Any) -> str:
    """Return the page in the language of man(7)."""
    root = described(tree, "")
    lines = [f'.TH MISSION 1 "" "mission {__version__}" "User Commands"', ".SH NAME"]
    lines += [
        r"mission \- run multi\-day software projects with coding agents",
        ".SH SYNOPSIS",
        f".B {_text(root.usage)}",
    ]
    lines += [".SH DESCRIPTION", _text(root.about), ".SH OPTIONS", *_terms(root.common), ".SH COMMANDS"]
    for name, command in commands_of(tree).items():
        found = described(command, name)
        lines += [f".SS {_text(found.usage)}", _text(found.about)]
        lines += [line for _, rows in found.sections for line in _terms(rows)]
        if found.examples:
            lines += [".PP", ".nf", ".RS"]
            lines += [line for text, what in found.examples for line in (f"# {_text(what)}", f"mission {_text(text)}")]
            lines += [".RE", ".fi"]
    lines += [
        ".SH EXIT STATUS",
        *_terms(_EXIT_CODES),
        ".SH ENVIRONMENT",
        *_terms(_ENVIRONMENT),
        ".SH FILES",
        *_terms(_FILES),
    ]
    topics = ", ".join(TOPICS)
    return "\n".join([*lines, ".SH SEE ALSO", f"mission help TOPIC, with the topics {_text(topics)}"]) + "\n"


def _terms(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield from (".TP", f".B {_text(term)}", _text(text) or r"\&")


def _text(text: str) -> str:
    """Escape backslashes, hyphens that a person may copy, a first character that would be a request, and non-ASCII."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    escaped = "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in escaped)
    return rf"\&{escaped}" if escaped[:1] in {".", "'"} else escaped
