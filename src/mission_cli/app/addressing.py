"""Addresses that people type: `ID`, `ID/1`, `ID/1.2`; a unique prefix, or nothing if one mission is unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import did_you_mean
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.syntax.front import priority_of
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.ids import FeatureNumber, feature_number
from mission_cli.domain.notice import advise, do, first_steps
from mission_cli.domain.status import FINISHED_MISSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.ports.git.state import Snapshot, Stored


_ATTEMPT = pattern(r"(\d+\.\d+)-a(\d+)")
"""The name of an attempt, as logs and reports show it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mission, and perhaps a milestone or feature of it."""

    stored: Stored
    loaded: Loaded
    milestone: int | None = None
    feature: FeatureNumber | None = None

    @property
    def mission(self) -> Mission:
        """The mission."""
        return self.loaded.mission

    def at(self, milestone: int) -> Address:
        """Return the address of a milestone of the same mission, whether it exists or not."""
        return Address(self.stored, self.loaded, milestone)

    def need_whole(self) -> Mission:
        """Return the mission. Raises UsageError if a part was named: what follows would happen to all of it."""
        part = self.feature or self.milestone
        if part is not None:
            words = f"`{self.mission.id}/{part}` is a part of a mission, and this is done to a whole mission"
            raise UsageError(words, hint=f"for the whole mission, write {self.mission.id}")
        return self.mission

    def need_feature(self) -> Feature:
        """Return the feature. Raises UsageError if none was named, NotFoundError if it does not exist."""
        if self.feature is None:
            raise UsageError("name a feature", hint=f"for example {self.mission.id}/1.2")
        found = self.mission.feature(self.feature)
        if found is None:
            known = _few([f.number for f in self.mission.features()])
            hint = f"its features: {known}" if known else "it has no features"
            raise NotFoundError(f"{self.mission.id} has no feature {self.feature}", hint=hint)
        return found

    def need_milestone(self) -> Milestone:
        """Return the milestone. Raises NotFoundError if it does not exist."""
        found = self.mission.milestone(self.milestone) if self.milestone is not None else None
        if found is None:
            known = _few([str(m.number) for m in self.mission.milestones])
            hint = f"its milestones: {known}" if known else "it has no milestones"
            raise NotFoundError(f"{self.mission.id} has no milestone {self.milestone}", hint=hint)
        return found


def resolve(snapshot: Snapshot, text: str = "") -> Address:
    """Return the mission, milestone or feature that an address names.

    Raises NotFoundError or UsageError; their hints list the missions that exist.
    """
    name, _, part = text.strip().partition("/")
    if not part and name and (feature_number(name) or whole(name) is not None) and not _matching(snapshot, name):
        name, part = "", name
    stored = _one(snapshot, name)
    loaded = load_placed(stored.text, stored.id)
    if not part:
        return Address(stored, loaded)
    feature = feature_number(part)
    if feature is not None:
        return Address(stored, loaded, int(feature.split(".", maxsplit=1)[0]), feature)
    milestone = whole(part)
    if milestone is not None:
        return Address(stored, loaded, milestone)
    attempt = _ATTEMPT.fullmatch(part)
    if attempt:
        number, count = attempt.groups()
        shown = do("logs", f"{stored.id}/{number}", "--attempt", count)
        raise UsageError(f"`{part}` is an attempt, not a feature", hint=advise("to see it: ", shown))
    raise UsageError(f"`{part}` is neither a milestone nor a feature", hint=f"write {stored.id}/1 or {stored.id}/1.2")


def _matching(snapshot: Snapshot, name: str) -> list[Stored]:
    everything, folded = snapshot.missions.values(), name.casefold()
    exact = [s for s in everything if s.id == name] or [s for s in everything if s.id.casefold() == folded]
    return exact or [s for s in everything if s.id.casefold().startswith(folded)]


def _one(snapshot: Snapshot, name: str) -> Stored:
    if not snapshot.missions:
        raise NotFoundError("there is no mission here", hint=first_steps())
    if not name:
        everything = list(snapshot.missions.values())
        alive = [s for s in everything if _is_alive(load_placed(s.text, s.id).mission)]
        pool = alive or everything
        if len(pool) == 1:
            return pool[0]
        raise UsageError("name a mission: there is more than one", hint=f"the missions here: {_some(pool)}")
    found = _matching(snapshot, name)
    if not found:
        everything = list(snapshot.missions.values())
        known = f"the missions here: {_some(everything)}"
        raise NotFoundError(f"there is no mission `{name}`", hint=did_you_mean(name, [s.id for s in everything], known))
    if len(found) > 1:
        raise UsageError(f"`{name}` is ambiguous: it can mean {_some(found)}")
    return found[0]


def _is_alive(mission: Mission) -> bool:
    return mission.status not in FINISHED_MISSION and not mission.archived


def _some(stored: list[Stored]) -> str:
    """Return the first missions by priority."""
    ranked = sorted(stored, key=lambda one: (-urgency_rank(priority_of(one.text)), one.id))
    return _few([one.id for one in ranked], 5)


def _few(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
