"""What a round saw and decided, as a line of text: `mission replay` decides it again.

Everything that is in the state at that commit (the mission file, run records) is read there, and held-out criteria are
opened again. The rest of the observation and of the policy is in the line.
"""

from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.records import from_plain, to_plain
from mission_cli._support.text import sha256_of
from mission_cli.engine.context import Costs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo
    from decimal import Decimal

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Decisions
    from mission_cli.planner.core.observation import Observation
    from mission_cli.planner.core.policy import Policy, RunnerPolicy

_PACKAGE = "mission_cli."
_ALLOWED = pattern(r"((?:domain|planner\.core)(?:\.[a-z_]+)+):([A-Za-z]+)\Z")
_NAMED = len("0" * 12)


@dataclass(frozen=True, slots=True)
class Decided:
    """One transition or effect: what it is, why, and a hash of all of it."""

    kind: str
    why: str
    sum: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One round with a commit."""

    commit: str
    """The commit of the state that recorded it."""
    on: str
    """The commit on which it was decided."""
    observation: Observation
    """Without records and held-out criteria."""
    policy: Policy
    offset_s: int
    """What the local time was ahead of UTC, in seconds."""
    streaks: Mapping[str, int] = field(default_factory=dict)
    """If a repeated change paused the mission: how many rounds in a row before this one decided each change."""
    decided: Sequence[Decided] = field(default_factory=tuple)


def note_tick(ctx: Context, policy: Policy, case: Case, commit: Sha) -> None:
    """Note a round that was committed."""
    ctx.runtime.note_tick(case.mission.id, tick_line(case, policy, commit))


def tick_line(case: Case, policy: Policy, commit: Sha) -> str:
    """Return a round as one line."""
    seen = replace(case.observation, records=(), held_out={}, zone=UTC)
    offset = case.observation.now.astimezone(case.observation.zone).utcoffset() or timedelta(0)
    costs = {name: one.step_cost.known for name, one in policy.runners.items() if isinstance(one.step_cost, Costs)}
    facts = {
        "commit": commit,
        "on": case.head,
        "observation": _plain(seen),
        "policy": _plain(replace(policy, runners={})),
        "runners": {name: _plain_runner(one) for name, one in policy.runners.items()},
        "costs": _plain(costs),
        "offset": int(offset.total_seconds()),
        **({"streaks": dict(case.streaks)} if case.streaks else {}),
        "decided": [[one.kind, one.why, one.sum] for one in decided_in(case.plan)],
    }
    return json.dumps(facts, separators=(",", ":"))


def read_tick(line: str) -> Tick:
    """Return the round of a line. Raises ValueError, TypeError or KeyError."""
    facts: dict[str, Any] = json.loads(line)
    costs = _read(facts["costs"])
    runners = {
        name: replace(_read(plain), step_cost=Costs(_not_asked, costs.get(name)))
        for name, plain in facts["runners"].items()
    }
    return Tick(
        str(facts["commit"]),
        str(facts["on"]),
        _read(facts["observation"]),
        replace(_read(facts["policy"]), runners=runners),
        int(facts["offset"]),
        {str(name): int(times) for name, times in facts.get("streaks", {}).items()},
        tuple(Decided(*map(str, one)) for one in facts["decided"]),
    )


def zone_of(tick: Tick, here: tzinfo) -> tzinfo:
    """Return the time zone of a round: that of this machine if it agrees, else the recorded offset."""
    offset = timedelta(seconds=tick.offset_s)
    return here if tick.observation.now.astimezone(here).utcoffset() == offset else timezone(offset)


def decided_in(plan: Decisions) -> tuple[Decided, ...]:
    """Return what was decided in a round, in its order. The module in which a class is defined does not matter."""
    moves = (*plan.transitions, *plan.effects)
    texts = [json.dumps(to_plain(one, sparse=True)) for one in moves]
    return tuple(
        Decided(type(one).__name__, one.why, sha256_of(text)[:_NAMED]) for one, text in zip(moves, texts, strict=True)
    )


def _plain(value: Any) -> Any:
    return to_plain(value, named=_name, sparse=True)


def _plain_runner(runner: RunnerPolicy) -> Any:
    found = _plain(replace(runner, step_cost=None))  # type: ignore[arg-type]  # what steps cost is beside it
    found.pop("step_cost", None)
    return found


def _read(plain: Any) -> Any:
    return from_plain(plain, _class)


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix(_PACKAGE)}:{kind.__qualname__}"


def _class(name: str) -> type:
    """Return a class of values of this program by its name. Raises ValueError for any other one."""
    parts = _ALLOWED.match(name)
    kind = getattr(import_module(_PACKAGE + parts[1]), parts[2], None) if parts else None
    if not isinstance(kind, type) or not (issubclass(kind, Enum) or "__defaults__" in vars(kind)):
        raise ValueError(f"not a class of values: {name[:80]}")
    return kind


def _not_asked(model: str) -> Decimal | None:
    raise ValueError(f"what a step of {model} costs was not asked then")
