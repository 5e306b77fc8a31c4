"""Pieces of HTML: what is inside them was escaped, and templates put them into a page as they are."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.plain import clean


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of HTML."""

    text: str

    def __html__(self) -> str:
        """Return it as it is, for templates."""
        return self.text


def escaped(text: str) -> str:
    """Return a text of others for an element or an attribute: without control characters, with its spaces."""
    return escape(clean(text), quote=True)


def style() -> str:
    """Return the style sheet of changes and logs, which a page links to or contains."""
    return files(__package__).joinpath("markup.css").read_text("utf-8")
