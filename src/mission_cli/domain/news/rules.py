"""Which rules of the settings a message goes by: events, severity, missions, and the names in a mission file."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LANDED, WAITING, STUCK = "mission.landed", "mission.waiting", "mission.stuck"
HOST_AWAY, HOST_BACK = "host.unreachable", "host.reachable"
"""Events that follow from the state of a mission, and are not in its history."""
EVENTS = tuple(sorted({*map(str, EventKind), LANDED, WAITING, STUCK, HOST_AWAY, HOST_BACK}))
USUAL = (
    *(LANDED, WAITING, STUCK, HOST_AWAY, HOST_BACK),
    EventKind.MISSION_PAUSED,
    EventKind.MISSION_COMPLETED,
    EventKind.MISSION_FAILED,
    EventKind.MISSION_CANCELLED,
    EventKind.FEATURE_FAILED,
    EventKind.PREVIEW_READY,
    EventKind.PREVIEW_FAILED,
    EventKind.DEPLOY_LIVE,
    EventKind.DEPLOY_FAILED,
    EventKind.DEPLOY_STUCK,
)
"""The events of a rule that names none."""
INFO, WARNING, ERROR = "info", "warning", "error"
INHERIT = "inherit"
"""The name, beside those of rules, that adds the rules of the wider scope."""
SEVERITIES = (INFO, WARNING, ERROR)
"""From the lowest to the highest."""
_ERRORS = frozenset(
    {STUCK, EventKind.DEPLOY_STUCK, EventKind.STATE_PUT_BACK, EventKind.WORK_PUT_BACK, EventKind.DECISION_UNDONE}
)
_WARNINGS = frozenset(
    {
        WAITING,
        HOST_AWAY,
        EventKind.APPROVAL_REQUIRED,
        EventKind.APPROVAL_VOID,
        EventKind.BUDGET_PROJECTED,
        EventKind.BUDGET_WARNING,
        EventKind.DEADLINE_WARNING,
        EventKind.GATE_REJECTED,
        EventKind.GATE_WAITING,
        EventKind.ISSUE_REFUSED,
        EventKind.MAIL_FAILED,
        EventKind.MAIL_UNSURE,
        EventKind.MILESTONE_BLOCKED,
        EventKind.MISSION_CANCELLED,
        EventKind.MISSION_ARCHIVED,
        EventKind.MISSION_PAUSED,
        EventKind.PHASE_RETURNED,
        EventKind.PREVIEW_REFUSED,
        EventKind.PREVIEW_UNCLEANED,
        EventKind.MISSION_STALE,
        EventKind.PULL_CLOSED,
        EventKind.PULL_RETURNED,
        EventKind.REQUEST_ASKED,
        EventKind.REQUEST_EXPIRED,
        EventKind.TEST_QUARANTINED,
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[notifications.NAME]` table."""

    name: str
    channels: tuple[str, ...] = ()
    """Keys of its channels, which do not tell their addresses."""
    events: tuple[str, ...] = ()
    severity: str = INFO
    missions: tuple[str, ...] = ()
    cooldown: timedelta = timedelta(0)
    quiet: tuple[tuple[int, int], ...] = ()
    digest: timedelta = timedelta(0)
    when: str = ""
    """A condition as JSON; empty: none."""


def severity_of(event: str) -> str:
    """Return how severe an event is."""
    if event in _ERRORS or event.endswith(".failed"):
        return ERROR
    return WARNING if event in _WARNINGS else INFO


def highest(events: Iterable[str]) -> str:
    """Return the highest severity of some events."""
    return max(map(severity_of, events), key=SEVERITIES.index)


def wants(rule: Rule, event: str) -> bool:
    """Whether a rule is for an event: by its name and its severity."""
    severe = SEVERITIES.index(severity_of(event)) >= SEVERITIES.index(rule.severity)
    return severe and any(fnmatchcase(event, one) for one in rule.events or USUAL)


def as_named(rule: Rule, names: Iterable[str]) -> Rule:
    """Return the rule for an event of a gate or feature with these names: if it has no events, it takes this one."""
    return replace(rule, events=("*",)) if not rule.events and rule.name in set(names) else rule


def rules_for(
    rules: Sequence[Rule],
    mission: str,
    named: Iterable[str] = (),
    at_gates: Iterable[str] = (),
    feature: Iterable[str] = (),
) -> list[Rule]:
    """Return the rules that apply to a mission, whatever the event.

    If the feature that the event is about names rules, these; else if the mission names rules, these; else those whose
    `missions` match its id. The name `inherit` adds what would apply without the other names. Rules that gates name are
    added in every case. Names that no rule has are addressees for the command `notify`, and choose nothing here.
    """
    chosen = _chosen(rules, feature, _chosen(rules, named, [rule for rule in rules if _is_for(rule, mission)]))
    more = set(at_gates)
    return [rule for rule in rules if rule.name in more or rule in chosen]


def _chosen(rules: Sequence[Rule], named: Iterable[str], usual: Sequence[Rule]) -> Sequence[Rule]:
    """Return the rules that a mission or feature names, or the usual ones if it names none; both with `inherit`."""
    names = set(named)
    own = [rule for rule in rules if rule.name in names]
    return usual if not own else [*usual, *own] if INHERIT in names else own


def nameless(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the names that no rule has."""
    rules = set(known)
    return [name for name in dict.fromkeys(names) if name not in rules and name != INHERIT]


def _is_for(rule: Rule, mission: str) -> bool:
    return not rule.missions or any(fnmatchcase(mission, one) for one in rule.missions)
