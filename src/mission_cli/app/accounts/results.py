"""Accounts as people see them, and what `mission account run` did."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account that a mission needs."""

    name: str
    status: str
    """That of its resource: needed, requested, available, expired or broken."""
    address: str
    """The address that signs up; empty without `[mail]`."""
    reference: str
    """Where its password is; never the password itself."""
    steps: tuple[str, ...]
    """The steps of its plan, without secrets; empty if it has none."""
    done: int
    """How many of them are done."""
    problems: tuple[str, ...]
    """Why its plan cannot be used."""
    pictures: tuple[str, ...]
    """Files in `assets/` of the mission."""


@dataclass(frozen=True, slots=True)
class AccountList:
    """The accounts that a mission needs."""

    id: str
    accounts: tuple[AccountView, ...]


@dataclass(frozen=True, slots=True)
class AccountRun:
    """How far a sign-up came."""

    id: str
    name: str
    state: str
    """done, waiting (for a person or a mail), or stopped."""
    message: str
    step: int
    """The step that is next, from 1."""
    request: int
    """The request that a person has to answer; 0: none."""
