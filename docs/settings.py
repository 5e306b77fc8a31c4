"""Writes the tables of docs/settings.md from the settings of the program."""

from __future__ import annotations

import re
from pathlib import Path

from mission_cli.settings.described import page_tables

PAGE = Path(__file__).parent / "settings.md"


def page() -> str:
    """Return the page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    for heading, table in page_tables().items():
        start = text.index(f"\n## {heading}\n")
        text = text[:start] + re.sub(r"(?m)(?:^\|.*\n)+", lambda _, made=table: made, text[start:], count=1)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
