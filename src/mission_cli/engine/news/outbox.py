"""Put what happened into the outbox by the rules of the settings, and send it to their channels.

The outbox is stored after each step, so a pulse that dies loses nothing. What it was sending is sent again: whether it
had arrived is not known.
"""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import digest, stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import MissionError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.news.conditions import facts_of, holds, read_condition
from mission_cli.domain.news.outbox import (
    Message,
    batches,
    begun,
    failed,
    put,
    sent,
    wake_at,
    with_settings_of,
    without_gone,
)
from mission_cli.domain.news.rules import (
    HOST_AWAY,
    HOST_BACK,
    LANDED,
    STUCK,
    WAITING,
    Rule,
    as_named,
    highest,
    rules_for,
    wants,
)
from mission_cli.domain.timing.hours import read_windows
from mission_cli.engine.news.hosts import AWAY, BACK
from mission_cli.engine.news.links import buttons_for, offers_to
from mission_cli.planner.core.waits import gates_for_people
from mission_cli.ports.notifier import Letter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.news.outbox import Parcel
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event
    from mission_cli.ports.notifier import News
    from mission_cli.settings import NotificationSettings

_DERIVED = {"landed": LANDED, "waiting": WAITING, "stuck": STUCK, AWAY: HOST_AWAY, BACK: HOST_BACK}
"""What only the state of a mission tells; its other events are in the history."""
_ASKING = frozenset(
    {
        WAITING,
        EventKind.REQUEST_ASKED,
        EventKind.REQUEST_REMINDED,
        EventKind.GATE_WAITING,
        EventKind.APPROVAL_REQUIRED,
    }
)
"""Events whose messages carry the links to decide."""
_WITH_RUN = frozenset(
    {
        EventKind.ATTEMPT_SETTLED,
        EventKind.FEATURE_DISPATCHED,
        EventKind.REVIEW_DISPATCHED,
        EventKind.REVIEW_SETTLED,
        EventKind.JUDGMENT_DISPATCHED,
        EventKind.JUDGMENT_SETTLED,
    }
)
"""Events whose commits name an attempt for each of them."""
_MOST_FILES, _MOST_BYTES = 5, 5 * 1024 * 1024
"""How many files are sent along, and their size together."""
_MOST_COMMITS = 1000
_STALE = timedelta(days=7)
"""What is older is no news: the settings had no rules then."""
_MOST_SECONDS = 20.0
"""After this time a pulse sends nothing more; the next one goes on."""


def rules_of(ctx: Context) -> tuple[Rule, ...]:
    """Return the rules of the settings."""
    return tuple(_rule(name, one) for name, one in ctx.settings.notifications.items())


def key_of(channel: str) -> str:
    """Return the name of a channel in files, which does not tell its address."""
    return sha256(channel.encode()).hexdigest()[:12]


def at_gates(mission: Mission) -> tuple[str, ...]:
    """Return the names on the gates at which a mission waits."""
    return tuple(name for gate in gates_for_people(mission) for name in gate.recipients)


def put_in(ctx: Context, cases: Sequence[Case], news: Sequence[tuple[Case, News]]) -> None:
    """Store what happened since the last pulse, for the channels of the rules that want it.

    The first time, only what is so now is stored: nobody wants to know what happened before there were rules.
    """
    box, rules, now = ctx.runtime.outbox(), rules_of(ctx), ctx.clock.now()
    head = ctx.state.head()
    fresh = without_gone(box, rules, now)
    missions = {case.mission.id: case.mission for case in cases}
    found = [
        (
            Message(f"{event} {one.mission} {digest(one.words)}", one.mission, one.title, event, one.words, stamp(now)),
            case,
        )
        for case, one in news
        if (event := _DERIVED.get(one.event)) and (box.head or event != LANDED)
    ]
    moved = head is not None and box.head and head != box.head
    wanted = [*_happened(ctx, rules, missions, _since(ctx, box.head))] if moved else []
    for message, case in found:
        facts = facts_of(message.event, message.words, "", case.mission)
        wanted.append((message, _fulfilled(_rules_for(ctx, rules, case.mission), facts)))
    box = replace(put(fresh, wanted, now), head=head or box.head)
    if box != ctx.runtime.outbox():
        ctx.runtime.note_outbox(box)


def deliver(ctx: Context) -> datetime | None:
    """Send what is due, and return when something is to be sent next; None if nothing is left, or nothing can be sent.

    A channel that fails is tried again later. Nothing is sent without the package for it: the outbox keeps it.
    """
    box, rules = ctx.runtime.outbox(), rules_of(ctx)
    if not box.parcels or ctx.messenger.obstacle():
        return None
    box = with_settings_of(box, ctx.runtime.changed_at(ctx.settings_files))
    start = now = ctx.clock.now().astimezone(ctx.clock.zone)
    while (now - start).total_seconds() <= _MOST_SECONDS and (batch := next(batches(box, rules, now), ())):
        if ctx.runtime.stopped():
            return None
        again = any(parcel.begun for parcel in batch)
        box = begun(box, batch, now)
        ctx.runtime.note_outbox(box)
        reason = _send(ctx, batch, again=again, left_out=box.left_out(batch[0].rule, batch[0].channel))
        box = failed(box, batch, reason, ctx.clock.now()) if reason else sent(box, batch)
        ctx.runtime.note_outbox(box)
        now = ctx.clock.now().astimezone(ctx.clock.zone)
    return wake_at(box, rules, now)


def _send(ctx: Context, batch: Sequence[Parcel], *, again: bool, left_out: int) -> str:
    """Send a batch; return why it did not arrive, or the empty string."""
    rule = ctx.settings.notifications[batch[0].rule]
    channel = next(one for one in rule.channels if key_of(one) == batch[0].channel)
    messages = tuple(parcel.message for parcel in batch)
    severity = highest(message.event for message in messages)
    asking = [message.mission for message in messages if message.event in _ASKING]
    offers = offers_to(ctx, rule.decider, asking) if rule.decider else ()
    buttons = buttons_for(ctx, rule.decider)
    files, too_large = _files(ctx, rule.attach, messages)
    letter = Letter(rule.template, messages, severity, again, offers, buttons, left_out, files, too_large)
    return ctx.messenger.send(channel, letter)


def _files(
    ctx: Context, patterns: Sequence[str], messages: Sequence[Message]
) -> tuple[tuple[tuple[str, bytes], ...], int]:
    """Return the files of the folders of the missions that are sent along, and how many are too many or too large."""
    head = ctx.state.head()
    if not patterns or head is None:
        return (), 0
    missions, left, room = ctx.state.snapshot().missions, 0, _MOST_BYTES
    found: list[tuple[str, bytes]] = []
    for name in dict.fromkeys(message.mission for message in messages):
        stored = missions.get(MissionId(name))
        texts = {} if stored is None else {f"assets/{n}": t for n, t in ctx.state.assets(stored, head).items()}
        texts |= {} if stored is None else {f"research/{n}": t for n, t in ctx.state.found(stored, head).items()}
        for path, text in sorted(texts.items()):
            if not any(fnmatchcase(path, one) for one in patterns):
                continue
            content = text.encode("utf-8", "surrogateescape")
            if len(found) < _MOST_FILES and len(content) <= room:
                room -= len(content)
                found.append((path.rpartition("/")[2], content))
            else:
                left += 1
    return tuple(found), left


def _rule(name: str, one: NotificationSettings) -> Rule:
    return Rule(
        name,
        tuple(map(key_of, dict.fromkeys(one.channels))),
        one.events,
        one.severity,
        one.missions,
        one.cooldown,
        read_windows(one.quiet),
        one.digest,
        one.when,
    )


def _rules_for(
    ctx: Context, rules: Sequence[Rule], mission: Mission, feature: Sequence[str] = (), gate: Sequence[str] = ()
) -> list[Rule]:
    """Return the rules for an event of a mission, and of the feature or gate that names some."""
    if is_elsewhere(mission.host, ctx.machine.me()):
        return []  # the clone that drives it sends
    return rules_for(rules, mission.id, mission.notify, (*at_gates(mission), *gate), feature)


def _since(ctx: Context, head: str) -> list[Event]:
    """Return the commits of the last days after a head, oldest first; none if the head is not known any more."""
    try:
        events = ctx.state.history(since=Sha(head), limit=_MOST_COMMITS)
    except MissionError:
        return []
    oldest = ctx.clock.now() - _STALE
    return [event for event in reversed(events) if event.commit != head and event.at > oldest]


def _happened(
    ctx: Context, rules: Sequence[Rule], missions: dict[MissionId, Mission], commits: Sequence[Event]
) -> Iterator[tuple[Message, list[Rule]]]:
    """Yield a message for each event of a commit that a rule may want."""
    for commit in commits:
        for number, event in enumerate(commit.events):
            names = commit.recipients(number + 1)
            mine = [as_named(rule, names) for rule in rules]
            if not any(wants(rule, event) for rule in mine) or not commit.missions:
                continue
            name = MissionId(commit.missions[0])
            mission = missions.get(name) or _loaded(ctx, name, missions)
            if mission is None:
                continue
            words = commit.why[number] if len(commit.why) == len(commit.events) else commit.subject
            message = Message(f"{commit.commit} {number}", name, mission.title, event, words, stamp(commit.at))
            at_gate = event.startswith("gate.")
            chosen = _rules_for(ctx, mine, mission, () if at_gate else names, names if at_gate else ())
            yield message, _fulfilled(chosen, facts_of(event, words, _feature_of(commit, number), mission))


def _fulfilled(rules: Sequence[Rule], facts: Mapping[str, str]) -> list[Rule]:
    """Return the rules whose condition holds; a rule whose condition cannot be read is none."""
    return [rule for rule in rules if not rule.when or holds(read_condition(rule.when), facts)]


def _feature_of(commit: Event, number: int) -> str:
    """Return the feature of an event of an attempt or a review, or the empty string."""
    places = [n for n, event in enumerate(commit.events) if event in _WITH_RUN]
    if number not in places or len(places) != len(commit.runs):
        return ""
    name = commit.runs[places.index(number)].rpartition("/")[2]
    return name.partition("-")[0] if "." in name else ""


def _loaded(ctx: Context, name: MissionId, missions: dict[MissionId, Mission]) -> Mission | None:
    """Return a mission that this pulse did not serve; None if it is gone."""
    stored = ctx.state.snapshot().missions.get(name)
    if stored is None:
        return None
    missions[name] = load_placed(stored.text, stored.id).mission
    return missions[name]
