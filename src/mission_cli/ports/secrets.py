"""Keys and tokens, removed from what is written down; and sealed texts, which only the judge may read."""

from __future__ import annotations

from typing import Protocol

from mission_cli.domain.errors import ToolError


class Secrets(Protocol):
    """Recognizes the person's own secrets by value, and others by their form."""

    def kind(self, line: str) -> str:
        """Return the kind of secret in a line; empty if there is none."""
        ...

    def scrub(self, text: str) -> str:
        """Return the text with every secret replaced by `[secret: KIND]`."""
        ...


class Seals(Protocol):
    """Seals texts with a key of this user, and opens them again."""

    def seal(self, text: str) -> str:
        """Return a text sealed, in letters that fit a cell of a table. The key is created when it is first needed.

        Raises ToolError if there is no key and none can be created.
        """
        ...

    def unseal(self, sealed: str) -> str | None:
        """Return the text in a seal; None if the key of this user does not open it."""
        ...


class NoSeals:
    """Has no key: seals nothing, and opens nothing."""

    def seal(self, text: str) -> str:
        """Raise ToolError."""
        raise ToolError(f"a text of {len(text)} characters cannot be sealed: there is no key here")

    def unseal(self, sealed: str) -> str | None:
        """Return None."""
        del sealed
        return None
