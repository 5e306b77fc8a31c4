"""Who we are: this machine and this clone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an address, as git knows them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


ROBOT = Person("mission", "mission@localhost")
"""The identity of state commits, unless the settings name another."""
