"""Keys and tokens: found in commits, and removed from what is written down."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Recognizes the person's own secrets by value, and others by their form."""

    def kind(self, line: str) -> str:
        """Return the kind of secret in a line; empty if there is none."""
        ...

    def scrub(self, text: str) -> str:
        """Return the text with every secret replaced by `[secret: KIND]`."""
        ...
