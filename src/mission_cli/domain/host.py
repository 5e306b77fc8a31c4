"""Persons, machines and clones."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an address, as git knows them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def clone_id(host: str) -> str:
    """Return the part of `host:abcdef` that stays the same when the machine is renamed."""
    return host.rpartition(":")[2]


def same_host(one: str, other: str) -> bool:
    """Whether two ids (`name:abcdef`) belong to the same machine and clone; the name may differ."""
    return clone_id(one) == clone_id(other)


def is_elsewhere(host: str, me: str) -> bool:
    """Whether an id belongs to another machine or clone than `me`; an empty id does not."""
    return bool(host) and not same_host(host, me)


PROGRAM = Person("mission", "mission@localhost")
"""The identity of state commits, unless the settings name another."""
