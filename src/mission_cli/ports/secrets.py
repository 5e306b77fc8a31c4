"""Keys and tokens: found in what goes into git, and taken out of what is written down."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Knows the person's own secrets by value, and everybody's by their form."""

    def kind(self, line: str) -> str:
        """What kind of secret stands in a line; empty when there is none."""
        ...

    def scrub(self, text: str) -> str:
        """The text with `[secret: KIND]` in the place of every secret."""
        ...
