"""One operation of the API: its route, what it takes, what it returns, and whom it is allowed to."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.ids import MissionId
from mission_cli.surfaces.http.planners import need_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from mission_cli.app.addressing import Address
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.deciding.access import Scope
    from mission_cli.domain.host import Person
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot
    from mission_cli.surfaces.http.planners import Planners

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "scalar": (str, int, float, bool),
}
_LONGEST = 100_000
MOST_NUMBER = 1_000_000
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of the query or the path, or a key of the body."""

    name: str
    about: str
    kind: str = "string"
    """`string`, `integer`, `boolean`, `array` of texts, `object`, or `scalar`."""
    required: bool = False
    least: int = 0
    """Of an integer."""
    most: int = MOST_NUMBER
    """Of an integer."""
    choices: tuple[str, ...] = ()
    many: bool = False
    """Whether a text may name several of the choices, separated by commas."""

    def checked(self, value: Any) -> Any:
        """Return a value of the body. Raises UsageError."""
        kind = _KINDS[self.kind]
        if not isinstance(value, kind) or (isinstance(value, bool) and self.kind in {"integer", "string"}):
            raise UsageError(f"`{self.name}` is not of the type {self.kind}", hint=self.about)
        if isinstance(value, int) and not isinstance(value, bool) and not self.least <= value <= self.most:
            raise UsageError(f"`{self.name}` is {value}", hint=f"use a number from {self.least} to {self.most}")
        if isinstance(value, str) and len(value) > _LONGEST:
            raise UsageError(f"`{self.name}` has {len(value)} characters", hint=f"write at most {_LONGEST}")
        if isinstance(value, list) and not all(isinstance(one, str) for one in value):
            raise UsageError(f"`{self.name}` must be a list of texts", hint=self.about)
        if self.choices and value not in self.choices:
            hint = did_you_mean(str(value), self.choices, f"use one of {', '.join(self.choices)}")
            raise UsageError(f"`{self.name}` is {value!r}", hint=hint)
        return value

    def read(self, text: str) -> Any:
        """Return the value of a text in a query or path. Raises UsageError."""
        if self.kind == "integer":
            digits = text.removeprefix("-")
            if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(MOST_NUMBER)):
                hint = f"use a number from {self.least} to {self.most}"
                raise UsageError(f"`{self.name}` is {text[:_SHOWN]!r}", hint=hint)
            return self.checked(int(text))
        if self.kind == "boolean":
            if text.casefold() not in {"true", "false", "1", "0"}:
                raise UsageError(f"`{self.name}` is {text!r}", hint="write true or false")
            return text.casefold() in {"true", "1"}
        if self.many:
            words = [word.strip().casefold() for word in text.split(",") if word.strip()]
            return [replace(self, many=False).checked(word) for word in words]
        return self.checked(text)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, after its input was checked."""

    ctx: Context
    """The ports, with the user as the actor."""
    repo: str
    mission: MissionId
    """Empty for operations on all missions."""
    given: Mapping[str, Any]
    """Parameters and keys of the body by name; those that were not given are missing."""

    def get(self, name: str, default: Any = "") -> Any:
        """Return an input, or a default."""
        return self.given.get(name, default)

    def feature(self) -> str:
        """Return the address of the feature in the path."""
        return f"{self.mission}/{self.given['feature']}"

    def address(self) -> tuple[Snapshot, Address]:
        """Return the mission as it is committed."""
        from mission_cli.app.addressing import resolve

        snapshot = self.ctx.state.snapshot()
        return snapshot, resolve(snapshot, self.mission)


@dataclass(frozen=True, slots=True)
class Everything:
    """A request that is about all missions of all repositories."""

    contexts: Iterable[tuple[str, Context]]
    """Names of repositories, and their ports with the user as the actor; to be read once."""
    names: Sequence[str]
    """The same names."""
    given: Mapping[str, Any]
    make: Callable[[Plan, str], tuple[str, str]]
    """Makes the mission of a plan in a repository, as the user; returns its id and path."""
    planners: Planners | None = None
    """None where no plan can be asked for."""
    person: Person | None = None
    """The user; None: whom git names."""

    @property
    def desk(self) -> Planners:
        """The plannings of the server."""
        if self.planners is None:
            raise AssertionError("this operation is about plannings")
        return self.planners

    def only(self) -> Context:
        """Return the ports of the repository that is named, or of the only one. Raises UsageError."""
        repo = need_repo(list(self.names), self.given.get("repo", ""))
        for name, ctx in self.contexts:
            if name == repo:
                return ctx
        raise UsageError(f"the repository {repo} is gone", hint="try again")


@dataclass(frozen=True, slots=True)
class Retired:
    """An address that goes away."""

    since: datetime
    until: datetime
    """Until then it works; at least one minor version later."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What each answer says of it (RFC 9745, RFC 8594)."""
        return {"Deprecation": f"@{int(self.since.timestamp())}", "Sunset": format_datetime(self.until, usegmt=True)}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    name: str
    """Its operationId."""
    method: str
    path: str
    """Below the prefix, such as `/missions/{id}`."""
    about: str
    scope: Scope
    result: type
    """A dataclass: what it returns."""
    act: Callable[[Call], Any] | None = None
    act_on_all: Callable[[Everything], Any] | None = None
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()
    stopped: bool = False
    """Whether the result says if everything is stopped, as views of the command line do."""
    status: int = 200
    later: type | None = None
    """What it returns with 202 if it takes longer: a resource that tells how far it is."""
    location: Callable[[Any], str] | None = None
    """Returns the path of what was made, below the prefix."""
    aliases: tuple[str, ...] = field(default_factory=tuple)
    """Other paths for the same."""
    retired: Mapping[str, Retired] = field(default_factory=dict)
    """Those of its paths that go away."""

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


def need_mission(snapshot: Snapshot, mission: str) -> MissionId:
    """Return an id that exists. Raises NotFoundError; unlike on the command line, a prefix is not enough."""
    if MissionId(mission) not in snapshot.missions:
        raise NotFoundError(f"there is no mission `{mission}`", hint="GET /api/v1/missions lists them")
    return MissionId(mission)
