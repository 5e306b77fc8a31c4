"""Keys and tokens: values by reference, removed from what is written down; and texts that only the judge may read."""

from __future__ import annotations

from typing import Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import NO_ADVICE, Advice


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


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a reference leads to no value. Neither text ever contains a value or a part of one."""

    words: str
    remedy: Advice = NO_ADVICE
    program: str = ""
    """The program that is missing, if that is why."""


class Vault(Protocol):
    """Reads and stores values of secrets. A value is read at the moment of its use, and never kept in memory."""

    def resolve(self, reference: str) -> str | Unresolved:
        """Return the value that a reference leads to, never empty; or why there is none."""
        ...

    def store(self, name: str, value: str) -> str:
        """Store a value for this user, readable by no other, and return its reference. It replaces an earlier one.

        `name` has the form of `secret:NAME`. Raises ToolError if it cannot be stored.
        """
        ...


class NoVault:
    """Has no values."""

    def resolve(self, reference: str) -> Unresolved:
        """Find nothing."""
        return Unresolved(f"no value can be read here for {reference}")

    def store(self, name: str, value: str) -> str:
        """Raise ToolError."""
        raise ToolError(f"{name}: {len(value)} characters cannot be stored here")
