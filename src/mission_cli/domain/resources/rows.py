"""The rows of `## Resources`: what a mission needs, whether it is there, and where its value is kept."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.slug import slug
from mission_cli._support.text import parse_stamp
from mission_cli.domain.egress.gate import read_gate, reads_as_gate

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

_LONGEST_KEY = 100
_DATE = len("2026-12-01")


class ResourceStatus(StrEnum):
    """How far a resource is."""

    NEEDED = "needed"
    """A person has to provide it."""
    REQUESTED = "requested"
    """A person was asked for it."""
    AVAILABLE = "available"
    """It is there."""
    EXPIRED = "expired"
    """It was there until its time was over."""
    BROKEN = "broken"
    """It was there, and its check fails."""


class ResourceType(StrEnum):
    """What a resource is; any other word is kept, and is checked only by its reference or its command."""

    CREDENTIAL = "credential"
    DOMAIN = "domain"
    ACCOUNT = "account"
    SERVER = "server"
    QUOTA = "quota"
    TOOL = "tool"
    SERVICE = "service"


_TYPES = {
    **dict.fromkeys(("key", "api key", "token", "secret", "password", "credentials"), ResourceType.CREDENTIAL),
    "api": ResourceType.SERVICE,
    "host": ResourceType.SERVER,
    "program": ResourceType.TOOL,
    **{one.value: one for one in ResourceType},
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One row. It never contains a value."""

    name: str
    type: str = ""
    purpose: str = ""
    status: ResourceStatus | None = ResourceStatus.NEEDED
    """None: a word that is not known."""
    raw_status: str = ""
    reference: str = ""
    """Where its value is, such as `env:STRIPE_KEY`; empty if it has none."""
    variable: str = ""
    """The variable in which workers get the value; empty: as its name says."""
    delivery: str = ""
    """How workers get the use of the value: `proxy …`, see `domain/egress/gate.py`; empty: as a variable."""
    check: str = ""
    """A command that tells whether it is there; empty: as its type and its reference say."""
    expires: str = ""
    """When it ends to be there, a date or ISO 8601; empty: never."""
    notes: str = ""
    line: int = 0
    broken: bool = False
    """Its row has an error: features that need it wait."""

    @property
    def key(self) -> str:
        """What features name it by."""
        return key_of(self.name)

    @property
    def kind(self) -> ResourceType | None:
        """What it is; None for another word."""
        return _TYPES.get(self.type.strip("`* ").casefold())

    @property
    def needed(self) -> bool:
        """Whether it holds the whole mission unless features say that they need it."""
        return self.status is ResourceStatus.NEEDED

    @property
    def available(self) -> bool:
        """Whether its row says that it is there."""
        return self.status is ResourceStatus.AVAILABLE and not self.broken

    @property
    def env(self) -> str:
        """The variable in which workers of features that need it get its value; empty if it has no reference."""
        return (self.variable or variable_of(self.key)) if self.reference else ""

    @property
    def is_proxied(self) -> bool:
        """Whether workers never get the value: a proxy adds it to requests for one host."""
        return reads_as_gate(self.delivery)

    @property
    def variable_given(self) -> str:
        """The variable that workers get: with the value, or with the address of its proxy; empty if there is none."""
        return f"{self.env}_URL" if self.env and self.is_proxied else self.env

    @property
    def address(self) -> str:
        """Where its proxy sends requests; empty if workers get the value itself, or if its row has an error."""
        return read_gate(self.delivery).address if self.is_proxied and not self.broken else ""

    @property
    def ends_at(self) -> datetime | None:
        """When it expires; None: never. A date without a time includes that day."""
        end = parse_stamp(self.expires) if self.expires else None
        return end + timedelta(days=1) if end is not None and len(self.expires.strip()) <= _DATE else end

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over."""
        end = self.ends_at
        return end is not None and end <= now


@dataclass(frozen=True, slots=True)
class Look:
    """What was found when a resource was looked at last."""

    there: bool = False
    trouble: str = ""
    """Why it is not there; empty: it was not looked at yet."""


def variable_of(key: str) -> str:
    """Return the variable that is named like a resource: `STRIPE_KEY` for `stripe-key`."""
    name = key.replace("-", "_").upper()
    return f"_{name}" if name[:1].isdigit() else name


def key_of(name: str) -> str:
    """Return what a resource is named by: `Stripe key`, `stripe-key` and `STRIPE_KEY` are the same."""
    text = name.strip("`* ")
    return slug(text, _LONGEST_KEY) or text.casefold()


def holding(resources: Iterable[Resource], declared: Container[str]) -> tuple[str, ...]:
    """Return the names of the resources that hold a whole mission: needed ones that no feature declares."""
    return tuple(one.name for one in resources if one.needed and one.key not in declared)


def named_resource(resources: Iterable[Resource], name: str) -> Resource | None:
    """Return the first resource with that name, or None."""
    key = key_of(name)
    return next((one for one in resources if one.key == key), None)
