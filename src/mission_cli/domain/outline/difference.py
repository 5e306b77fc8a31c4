"""What changes from one outline to another, by meaning: added, removed, split, joined or moved features."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line, show_duration
from mission_cli.domain.outline.pairing import paired

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from mission_cli.domain.outline.model import Outline, OutlinedFeature, OutlinedMilestone
    from mission_cli.domain.outline.pairing import Pairs

_LONGEST = 100


class ChangeKind(StrEnum):
    """What happened to a part of a plan."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    SPLIT = "split"
    JOINED = "joined"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One change. `subject`: `plan`, `milestone 1`, or the number of a feature, the new one if it is still there."""

    kind: ChangeKind
    subject: str
    what: str
    """`milestone`, `feature`, or what of it changed: `criteria`, `depends`, `estimate`, `description`, …"""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The change in one line."""
        before, after = (", ".join(one_line(text, _LONGEST) for text in side) for side in (self.before, self.after))
        named = self.subject if self.subject != "plan" else ""
        return {
            ChangeKind.ADDED: f"+ {after}",
            ChangeKind.REMOVED: f"- {before}",
            ChangeKind.RENAMED: f"{named} {before} → {after}",
            ChangeKind.SPLIT: f"{before} is split into {after}",
            ChangeKind.JOINED: f"{before} are joined into {after}",
            ChangeKind.MOVED: f"{before} moves to {after}",
            ChangeKind.CHANGED: f"{named} {self.what}: {_shift(self.before, self.after)}".strip(),
        }[self.kind]


def _shift(before: Sequence[str], after: Sequence[str]) -> str:
    """Return two values, or what two lists do not share."""
    if len(before) <= 1 and len(after) <= 1 and before and after:
        return f"{one_line(before[0], _LONGEST)} → {one_line(after[0], _LONGEST)}"
    gone, come = (
        [f"{sign} {one_line(text, _LONGEST)}" for text in side] for sign, side in (("-", before), ("+", after))
    )
    return "; ".join([*gone, *come])


@dataclass(frozen=True, slots=True)
class PlanTotal:
    """A number of a plan before and after a change."""

    what: str
    before: str
    after: str

    @property
    def words(self) -> str:
        """The number, and what it becomes if that is another one."""
        return f"{self.what}: {self.before}" + (f" → {self.after}" if self.after != self.before else "")


@dataclass(frozen=True, slots=True)
class Differences:
    """What changes from one outline to another."""

    changes: tuple[PlanChange, ...]
    totals: tuple[PlanTotal, ...]
    """Milestones, features and work by estimate, whether they change or not."""

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.changes)


def difference(old: Outline, new: Outline) -> Differences:
    """Return what changes, features before what belongs to them, in the order of the new outline."""
    pairs = paired(old, new)
    stages = milestones_paired(old, new, pairs)
    changes = [*_facts(old, new), *_milestones(old, new, stages), *_features(old, new, pairs, stages)]
    return Differences(tuple(changes), tuple(_totals(old, new)))


def _totals(old: Outline, new: Outline) -> Iterator[PlanTotal]:
    yield PlanTotal("milestones", str(len(old.milestones)), str(len(new.milestones)))
    yield PlanTotal("features", *(str(sum(1 for _ in one.features())) for one in (old, new)))
    if old.work or new.work:
        yield PlanTotal("work by estimate", *(show_duration(one.work) for one in (old, new)))


def _facts(old: Outline, new: Outline) -> Iterator[PlanChange]:
    if old.title != new.title:
        yield PlanChange(ChangeKind.CHANGED, "plan", "title", (old.title,), (new.title,))
    was, now = dict(old.facts), dict(new.facts)
    for name in dict.fromkeys([*was, *now]):
        if was.get(name, "") != now.get(name, ""):
            yield PlanChange(ChangeKind.CHANGED, "plan", name, (was.get(name) or "-",), (now.get(name) or "-",))
    lists, others = dict(old.lists), dict(new.lists)
    for name in dict.fromkeys([*lists, *others]):
        yield from _texts("plan", name, lists.get(name, ()), others.get(name, ()))


def _texts(subject: str, what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[PlanChange]:
    """Yield the change of a list; the order of its lines means nothing."""
    was, now = Counter(old), Counter(new)
    gone, come = tuple((was - now).elements()), tuple((now - was).elements())
    if gone or come:
        yield PlanChange(ChangeKind.CHANGED, subject, what, gone, come)


def _value(subject: str, what: str, old: str, new: str) -> Iterator[PlanChange]:
    if old != new:
        yield PlanChange(ChangeKind.CHANGED, subject, what, (old or "-",), (new or "-",))


def _duration(estimate: timedelta | None) -> str:
    return "" if estimate is None else show_duration(estimate)


# Milestones


def milestones_paired(old: Outline, new: Outline, pairs: Pairs) -> dict[int, int]:
    """Return the new number of each milestone by its old one: by name, or by most of its features."""
    names = {_flat(one.name): one.number for one in new.milestones}
    found = {one.number: names[_flat(one.name)] for one in old.milestones if _flat(one.name) in names}
    if len(set(found.values())) < len(found):
        found = {}
    home = {feature.number: stage.number for stage in new.milestones for feature in stage.features}
    votes: Counter[tuple[int, int]] = Counter()
    for stage in old.milestones:
        votes.update((stage.number, home[pairs.same[f.number]]) for f in stage.features if f.number in pairs.same)
    for (was, now), _ in sorted(votes.items(), key=lambda one: (-one[1], one[0][0] != one[0][1], one[0])):
        if was not in found and now not in found.values():
            found[was] = now
    return found


def _flat(name: str) -> str:
    return " ".join(name.casefold().split())


def _milestones(old: Outline, new: Outline, stages: Mapping[int, int]) -> Iterator[PlanChange]:
    before = {one.number: one for one in old.milestones}
    origin = {now: was for was, now in stages.items()}
    for stage in old.milestones:
        if stage.number not in stages:
            yield PlanChange(ChangeKind.REMOVED, f"milestone {stage.number}", "milestone", (_named(stage),))
    for stage in new.milestones:
        if stage.number not in origin:
            yield PlanChange(ChangeKind.ADDED, f"milestone {stage.number}", "milestone", (), (_named(stage),))
            continue
        was = before[origin[stage.number]]
        subject = f"milestone {stage.number}"
        if was.name != stage.name:
            yield PlanChange(ChangeKind.RENAMED, subject, "name", (was.name,), (stage.name,))
        yield from _texts(subject, "criteria", was.criteria, stage.criteria)
        yield from _value(subject, "estimate", _duration(was.estimate), _duration(stage.estimate))
    kept = [stages[one.number] for one in old.milestones if one.number in stages]
    if kept != sorted(kept):
        order = tuple(one.name for one in old.milestones if one.number in stages)
        later = tuple(one.name for one in new.milestones if one.number in origin)
        yield PlanChange(ChangeKind.CHANGED, "plan", "order of milestones", (", ".join(order),), (", ".join(later),))


def _named(one: OutlinedMilestone | OutlinedFeature) -> str:
    if hasattr(one, "title"):
        return f"{one.number} {one.title}"
    return f"milestone {one.number} {one.name}"


# Features


def _features(old: Outline, new: Outline, pairs: Pairs, stages: Mapping[int, int]) -> Iterator[PlanChange]:
    before = {one.number: one for one in old.features()}
    after = {one.number: one for one in new.features()}
    for number in pairs.removed:
        yield PlanChange(ChangeKind.REMOVED, number, "feature", (_named(before[number]),))
    for source, parts in pairs.split.items():
        names = tuple(_named(after[number]) for number in parts)
        yield PlanChange(ChangeKind.SPLIT, source, "feature", (_named(before[source]),), names)
    for target, parts in pairs.joined.items():
        names = tuple(_named(before[number]) for number in parts)
        yield PlanChange(ChangeKind.JOINED, target, "feature", names, (_named(after[target]),))
    origin = {now: was for was, now in pairs.same.items()}
    for number, feature in after.items():
        if number in pairs.added:
            yield PlanChange(ChangeKind.ADDED, number, "feature", (), (_named(feature),))
        elif number in origin:
            whole = origin[number] in pairs.split or number in pairs.joined
            yield from _feature(before[origin[number]], feature, pairs, stages, whole=not whole)


def _feature(
    old: OutlinedFeature, new: OutlinedFeature, pairs: Pairs, stages: Mapping[int, int], *, whole: bool
) -> Iterator[PlanChange]:
    """Yield what changed of one feature; `whole`: it was neither split nor joined, which says the most already."""
    was, now = (int(number.partition(".")[0]) for number in (old.number, new.number))
    if stages.get(was) != now:
        yield PlanChange(
            ChangeKind.MOVED, new.number, "feature", (_named(old),), (f"milestone {now}, as {new.number}",)
        )
    subject = new.number
    if whole:
        if old.title != new.title:
            yield PlanChange(ChangeKind.RENAMED, subject, "title", (old.title,), (new.title,))
        yield from _texts(subject, "criteria", old.criteria, new.criteria)
        yield from _value(subject, "description", old.description, new.description)
        yield from _value(subject, "estimate", _duration(old.estimate), _duration(new.estimate))
        yield from _texts(subject, "files", old.files, new.files)
    yield from _depends(old, new, pairs)


def _depends(old: OutlinedFeature, new: OutlinedFeature, pairs: Pairs) -> Iterator[PlanChange]:
    """Yield the change of what comes first; what follows from features that were removed or split is none."""
    into = {part: target for target, parts in pairs.joined.items() for part in parts}
    kept: set[str] = set()
    expected: set[str] = set()
    for number in old.depends:
        ways = {*pairs.split.get(number, ()), into.get(number, ""), pairs.same.get(number, "")} - {"", new.number}
        met = ways & set(new.depends)
        kept |= met
        expected |= met or ({min(ways)} if ways else set())
    come, gone = set(new.depends) - kept, expected - set(new.depends)
    if come or gone:
        yield PlanChange(ChangeKind.CHANGED, new.number, "depends", tuple(sorted(gone)), tuple(sorted(come)))
