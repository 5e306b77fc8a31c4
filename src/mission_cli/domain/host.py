"""Who we are: this machine and this clone."""

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
    """The part of `host:abcdef` that stays when the machine is renamed."""
    return host.rpartition(":")[2]


def same_host(one: str, other: str) -> bool:
    """Whether two ids (`name:abcdef`) are of one machine and clone: the name may change, what is behind it stays."""
    return clone_id(one) == clone_id(other)


def is_elsewhere(host: str, me: str) -> bool:
    """Whether an id is of another machine or clone than ours; none at all is of nobody else."""
    return bool(host) and not same_host(host, me)


ROBOT = Person("mission", "mission@localhost")
"""The identity of state commits, unless the settings name another."""
