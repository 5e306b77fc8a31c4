"""Hooks and watchers: what the settings run before and after the steps of a mission, and on its events."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.events import EventKind
from mission_cli.domain.status import EndReason, FeatureStatus, GateStatus, MilestoneStatus, MissionStatus, WaitStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.runs.jobs import Job


class Point(StrEnum):
    """A step of a mission before which and after which a command may run."""

    START = "start"
    DISPATCH = "dispatch"
    VALIDATION = "validation"
    LANDING = "landing"


BEFORE, AFTER = "before", "after"
WATCH, RETRY = "watch", "retry"
"""First words of what a watcher makes due: a command, and another try of a feature."""
PAUSE, NOTIFY, RUN = "pause", "notify", "run"
"""The other actions of watchers; `notify` and `run` are followed by a colon and what to notify or run."""
_BY_PEOPLE = frozenset({GateStatus.OPEN, GateStatus.DONE, GateStatus.APPROVED, GateStatus.REJECTED})
WATCHABLE = tuple(
    sorted(
        {
            *(f"feature.{status}" for status in FeatureStatus),
            *(f"milestone.{status}" for status in MilestoneStatus if status is not MilestoneStatus.BLOCKED),
            *(f"gate.{s}" for s in GateStatus if s not in _BY_PEOPLE),
            *(f"wait.{status}" for status in (WaitStatus.RESOLVED, WaitStatus.FAILED)),
            *(f"mission.{status}" for status in (MissionStatus.PAUSED, MissionStatus.COMPLETED)),
            *(EventKind.REQUEST_ASKED, EventKind.REQUEST_EXPIRED, EventKind.REQUEST_REMINDED),
            *(EventKind.BUDGET_WARNING, EventKind.BUDGET_PROJECTED, EventKind.DEADLINE_WARNING),
            *(EventKind.TEST_QUARANTINED, EventKind.PULL_OPENED, EventKind.PULL_MERGED, EventKind.PULL_CLOSED),
        }
    )
)
"""The events that watchers see: decisions of the loop. Those of people are in the history."""
MOST_DUE = 100
"""How many commands of a mission may be due at a time; what comes after them is counted and left out."""
_NAME = pattern(r"[\w.@#-]+")


@dataclass(frozen=True, slots=True)
class Watcher:
    """One `[watchers.NAME]` table."""

    name: str
    on: tuple[str, ...] = ()
    """Patterns of events."""
    action: str = ""
    """`pause`, `retry`, `notify: RULE` or `run: COMMAND`."""
    missions: tuple[str, ...] = ()
    """Patterns of mission ids; empty: all."""

    def sees(self, event: str, mission: str) -> bool:
        """Whether an event of a mission makes it act."""
        here = not self.missions or any(fnmatchcase(mission, one) for one in self.missions)
        return here and any(fnmatchcase(event, one) for one in self.on)

    @property
    def kind(self) -> str:
        """The first word of its action."""
        return self.action.partition(":")[0].strip()

    @property
    def what(self) -> str:
        """What follows the first word: names of rules, or a command."""
        return self.action.partition(":")[2].strip()


@dataclass(frozen=True, slots=True)
class Hooks:
    """The commands of the settings, by names such as `before_dispatch`, and the watchers."""

    commands: Mapping[str, str] = field(default_factory=dict)
    watchers: tuple[Watcher, ...] = ()
    timeout: timedelta = timedelta(minutes=5)

    def command(self, side: str, point: Point) -> str:
        """Return the command before or after a step; empty if there is none."""
        return self.commands.get(f"{side}_{point}", "")

    def of(self, due: Due) -> str:
        """Return the command of something that is due; empty if the settings no longer have it."""
        if due.name != WATCH:
            return self.commands.get(due.name, "")
        return next((w.what for w in self.watchers if w.name == due.facts.get("MISSION_WATCHER")), "")


@dataclass(frozen=True, slots=True)
class HookState:
    """The last try of a hook, as its job tells it."""

    tries: int
    job: Job

    @property
    def ended(self) -> bool:
        """Whether it ended, by itself or not."""
        return self.job.exit is not None

    @property
    def passed(self) -> bool:
        """Whether its command ended with 0."""
        end = self.job.exit
        return end is not None and end.reason is EndReason.EXIT and end.code == 0

    @property
    def interrupted(self) -> bool:
        """Whether its command was kept from ending: by the machine, `mission stop`, or a claim of another clone."""
        end = self.job.exit
        return end is not None and end.reason in {EndReason.LOST, EndReason.CANCELLED, EndReason.NOT_STARTED}

    @property
    def words(self) -> str:
        """How it ended, and the end of its output."""
        end = self.job.exit
        told = "" if end is None else f"exit {end.code}" if end.reason is EndReason.EXIT else str(end.reason)
        last = next((line.strip() for line in reversed(self.job.tail.splitlines()) if line.strip()), "")
        return f"{told}: {last or (end.detail if end else '')}".removesuffix(": ")


@dataclass(frozen=True, slots=True)
class Due:
    """A command that has to run once, and the facts that its environment tells."""

    name: str
    """`after_dispatch` and the like, `watch` or `retry`."""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """How it is stored: words without spaces, which no person wrote."""
        return " ".join([self.name, *(f"{name}={value}" for name, value in self.facts.items())])


def due_of(text: str) -> Due:
    """Return what is due from its stored text."""
    name, *facts = text.split()
    return Due(name, dict(fact.partition("=")[::2] for fact in facts))


def all_due(text: str) -> list[Due]:
    """Return everything that is due from the text of a mission file."""
    return [due_of(one) for one in text.split(",") if one.strip()]


def as_fact(text: str) -> str:
    """Return a value as it may stand in a fact: one word; what else it holds becomes a dash."""
    return "-".join(_NAME.findall(text.replace("/", "."))) or "-"


def key_of(parts: Iterable[str]) -> str:
    """Return the key of the job of a hook: equal for the same command at the same occasion."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]
