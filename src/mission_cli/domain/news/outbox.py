"""Messages on their way to the channels of rules: put in, due, begun, sent or failed. The caller stores each step.

Each function returns a new outbox. A message is in it once for each channel, from before it is sent until it arrived.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.news.rules import wants
from mission_cli.domain.timing.hours import closes_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.news.rules import Rule

FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(days=1)
"""Wait after the first failure of a channel, doubled with each further one; and the longest one."""
_MOST_DOUBLINGS = 11
MOST_WAITING = 200
"""Messages that wait for one channel at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """What happened to a mission."""

    id: str
    """The same for the same event, whoever finds it and how often."""
    mission: str
    title: str
    event: str
    words: str
    at: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message for one channel of a rule."""

    rule: str
    channel: str
    message: Message
    due: str
    begun: str = ""
    """When it began to be sent; the answer is not known yet, or was lost."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A channel that did not take what was sent last."""

    rule: str
    channel: str
    tries: int
    again: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outbox:
    """Everything that is not sent yet, and what is remembered of the rest."""

    head: str = ""
    """The state commit up to which events were put in; empty: none ever was."""
    parcels: tuple[Parcel, ...] = ()
    last: Mapping[str, str] = field(default_factory=dict)
    """When a rule last took an event of a mission, for cooldowns."""
    failing: tuple[Failing, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Messages of a channel, by `RULE CHANNEL`, that were left out because too many waited."""

    def left_out(self, rule: str, channel: str) -> int:
        """Return how many messages of a channel were left out since it last took one."""
        return self.dropped.get(f"{rule} {channel}", 0)


def put(box: Outbox, messages: Iterable[tuple[Message, Sequence[Rule]]], now: datetime) -> Outbox:
    """Return the outbox with messages for the channels of the rules that want them. What is in it stays once."""
    parcels, last = list(box.parcels), dict(box.last)
    known = {(p.rule, p.message.id) for p in parcels}
    for message, rules in messages:
        for rule in rules:
            if not wants(rule, message.event) or (rule.name, message.id) in known:
                continue
            key = f"{rule.name} {message.mission} {message.event}"
            before = parse_stamp(last.get(key, ""))
            if rule.cooldown and before is not None and timedelta(0) <= now - before < rule.cooldown:
                continue
            if rule.cooldown:
                last[key] = stamp(now)
            known.add((rule.name, message.id))
            for channel in rule.channels:
                parcels.append(Parcel(rule.name, channel, message, _due(parcels, rule, channel, now)))
    return _bounded(replace(box, parcels=tuple(parcels), last=last))


def _bounded(box: Outbox) -> Outbox:
    """Return the outbox with at most `MOST_WAITING` messages for each channel; the oldest are dropped and counted."""
    counts = Counter((p.rule, p.channel) for p in box.parcels)
    excess = {key: number - MOST_WAITING for key, number in counts.items() if number > MOST_WAITING}
    if not excess:
        return box
    kept, dropped = [], dict(box.dropped)
    for parcel in box.parcels:
        key = (parcel.rule, parcel.channel)
        if excess.get(key, 0) > 0 and not parcel.begun:
            excess[key] -= 1
            dropped[" ".join(key)] = dropped.get(" ".join(key), 0) + 1
        else:
            kept.append(parcel)
    return replace(box, parcels=tuple(kept), dropped=dropped)


def without_gone(box: Outbox, rules: Sequence[Rule], now: datetime) -> Outbox:
    """Return the outbox without what belongs to rules and channels that the settings no longer have."""
    there = {(rule.name, channel) for rule in rules for channel in rule.channels}
    cooldowns = {rule.name: rule.cooldown for rule in rules}
    last = {}
    for key, at in box.last.items():
        before, cooldown = parse_stamp(at), cooldowns.get(key.partition(" ")[0], timedelta(0))
        if before is not None and now - before < cooldown:
            last[key] = at
    return replace(
        box,
        parcels=tuple(p for p in box.parcels if (p.rule, p.channel) in there),
        last=last,
        failing=tuple(f for f in box.failing if (f.rule, f.channel) in there),
        dropped={key: number for key, number in box.dropped.items() if tuple(key.split(" ")) in there},
    )


def batches(box: Outbox, rules: Sequence[Rule], now: datetime) -> Iterator[tuple[Parcel, ...]]:
    """Yield what is to be sent now, each as one notification to one channel. `now` is in the person's time zone.

    What a digest collects, what waited for the end of quiet hours, and what a failing channel did not take, is one.
    """
    for rule in rules:
        if closes_at(rule.quiet, now) is not None:
            continue
        for channel in rule.channels:
            trouble = _trouble(box, rule.name, channel)
            if trouble is not None and _moment(trouble.again, now) > now:
                continue
            due = [p for p in _of(box, rule.name, channel) if _moment(p.due, now) <= now]
            if due and (trouble or rule.digest or any(_was_quiet(rule, p, now) for p in due)):
                yield tuple(due)
            else:
                yield from ((one,) for one in due)


def begun(box: Outbox, batch: Sequence[Parcel], now: datetime) -> Outbox:
    """Return the outbox before a batch is sent."""
    return replace(box, parcels=tuple(replace(p, begun=stamp(now)) if p in batch else p for p in box.parcels))


def sent(box: Outbox, batch: Sequence[Parcel]) -> Outbox:
    """Return the outbox after a batch arrived."""
    ids, first = {p.message.id for p in batch}, batch[0]
    gone = {(first.rule, first.channel, one) for one in ids}
    return replace(
        box,
        parcels=tuple(p for p in box.parcels if (p.rule, p.channel, p.message.id) not in gone),
        failing=tuple(f for f in box.failing if (f.rule, f.channel) != (first.rule, first.channel)),
        dropped={key: n for key, n in box.dropped.items() if key != f"{first.rule} {first.channel}"},
    )


def failed(box: Outbox, batch: Sequence[Parcel], reason: str, now: datetime) -> Outbox:
    """Return the outbox after a channel did not take a batch: it is tried again later."""
    first, ids = batch[0], {p.message.id for p in batch}
    before = _trouble(box, first.rule, first.channel)
    tries = before.tries + 1 if before else 1
    failing = Failing(first.rule, first.channel, tries, stamp(now + _delay(tries)), reason)
    others = tuple(f for f in box.failing if f != before)
    mine = (first.rule, first.channel)
    parcels = tuple(
        replace(p, begun="") if (p.rule, p.channel) == mine and p.message.id in ids else p for p in box.parcels
    )
    return replace(box, parcels=parcels, failing=(*others, failing))


def with_settings_of(box: Outbox, changed: datetime | None) -> Outbox:
    """Return the outbox in which channels that failed before the settings were changed are tried again at once."""
    if changed is None:
        return box
    fresh = (
        replace(f, again=stamp(changed)) if _moment(f.again, changed) - _delay(f.tries) < changed else f
        for f in box.failing
    )
    return replace(box, failing=tuple(fresh))


def wake_at(box: Outbox, rules: Sequence[Rule], now: datetime) -> datetime | None:
    """Return when something is to be sent next; None if nothing is left."""
    by_name = {rule.name: rule for rule in rules}
    moments = []
    for parcel in box.parcels:
        trouble = _trouble(box, parcel.rule, parcel.channel)
        at = max(now, _moment(parcel.due, now), _moment(trouble.again, now) if trouble else now)
        moments.append(closes_at(by_name[parcel.rule].quiet, at.astimezone(now.tzinfo)) or at)
    return min(moments, default=None)


def _delay(tries: int) -> timedelta:
    return min(FIRST_DELAY * (1 << min(tries - 1, _MOST_DOUBLINGS)), LONGEST_DELAY)


def _due(parcels: Sequence[Parcel], rule: Rule, channel: str, now: datetime) -> str:
    """Return when a new message is due: with the first one of its digest, or at once."""
    if not rule.digest:
        return stamp(now)
    waiting = [p.due for p in parcels if (p.rule, p.channel) == (rule.name, channel) and _moment(p.due, now) > now]
    return min(waiting, default=stamp(now + rule.digest))


def _of(box: Outbox, rule: str, channel: str) -> list[Parcel]:
    return [p for p in box.parcels if (p.rule, p.channel) == (rule, channel)]


def _trouble(box: Outbox, rule: str, channel: str) -> Failing | None:
    return next((f for f in box.failing if (f.rule, f.channel) == (rule, channel)), None)


def _was_quiet(rule: Rule, parcel: Parcel, now: datetime) -> bool:
    return closes_at(rule.quiet, _moment(parcel.due, now)) is not None


def _moment(text: str, now: datetime) -> datetime:
    """Return a stored moment in the zone of `now`; `now` itself if it cannot be read."""
    found = parse_stamp(text)
    return now if found is None else found.astimezone(now.tzinfo)
