"""Read the folder of the mail account when that is due, and match what came in with the mails of a mission."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.slug import slug
from mission_cli._support.text import digest, one_line, parse_stamp, sha256_of
from mission_cli.domain.errors import MissionError
from mission_cli.domain.events import EventKind
from mission_cli.domain.mail.addresses import address_of
from mission_cli.domain.mail.extract import codes, links, reply_text
from mission_cli.domain.mail.incoming import Proof, match
from mission_cli.domain.mail.memory import MailLook, MailMemory, Refused, Taken
from mission_cli.domain.mail.rows import LIVE_MAIL, PENDING_MAIL, MailStatus, thread_of
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.domain.timing.polling import Poll, answered, failed, is_due
from mission_cli.domain.timing.waiting import reply_wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mission_cli.domain.mail.incoming import Incoming, Match
    from mission_cli.domain.mail.rows import MailRow
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.outside.facts import Outside
    from mission_cli.engine.context import Context

POLL = "mail"
"""The name of the poll of the folder."""
_HASH = 16
_MOST_KEPT = 200


def look_at_mail(ctx: Context, mission: Mission, now: datetime, *, ask: bool) -> MailLook:
    """Return what is known of the mail of a mission; with `ask` the folder is read if that is due."""
    mail = ctx.settings.mail
    questions = address_of(mail.questions) if mail.questions else ""
    if not ctx.post.sender:
        return MailLook()
    look = MailLook(
        on=True,
        obstacle=ctx.post.obstacle(),
        questions=questions,
        answers=mail.answers,
        limit=mail.limit,
        deciders=_deciders(ctx),
    )
    outside = ctx.runtime.outside(mission.id)
    if not mission.mails:
        return replace(look, memory=outside.mail)
    fresh = _forgotten(outside, mission)
    in_sent: tuple[int, ...] = ()
    reading = _is_reading(mission)
    poll = fresh.polls.get(POLL, Poll())
    if ask and reading and not look.obstacle and mission.status not in FINISHED_MISSION and _is_due(mission, poll, now):
        fresh, in_sent = _read(ctx, mission, fresh, now)
    if ask and fresh != outside:
        ctx.runtime.note_outside(mission.id, fresh)
    poll = fresh.polls.get(POLL, Poll())
    again = parse_stamp(poll.again) if reading and not look.obstacle else None
    return replace(look, trouble=poll.trouble, again=again, memory=fresh.mail, in_sent=in_sent)


def _deciders(ctx: Context) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    people = ctx.settings.deciders.items()
    return tuple((address, name, one.may) for name, one in people if (address := address_of(one.email)))


def _is_due(mission: Mission, poll: Poll, now: datetime) -> bool:
    """Whether the folder is read now: when that is due, or when other mails than before may be answered."""
    return is_due(poll, now) or (not poll.trouble and poll.value.partition(" ")[0] != _live(mission))


def _is_reading(mission: Mission) -> bool:
    """Whether a reply may come that a feature waits for, or a mail is unsure."""
    if mission.status is not MissionStatus.ACTIVE and mission.status is not MissionStatus.PAUSED:
        return False
    waited = {told.mail for wait in mission.waits if wait.open and (told := reply_wait(wait.waiting_for))}
    asked = {request.number for request in mission.requests if request.open}
    live = [row for row in mission.mails if row.status in LIVE_MAIL]
    return any(
        row.status is MailStatus.UNSURE or str(thread_of(mission.mails, row).number) in waited or row.request in asked
        for row in live
    )


def _forgotten(outside: Outside, mission: Mission) -> Outside:
    """Return what is remembered without what is recorded by now, and without mails that are over."""
    memory = outside.mail
    rows = {row.number: row for row in mission.mails}
    going = {str(row.number) for row in mission.mails if row.status in PENDING_MAIL or row.status is MailStatus.FAILED}
    taken = tuple(t for t in memory.taken if t.mail in rows and not _is_recorded(mission, rows[t.mail], t))
    refused = tuple(r for r in memory.refused if not _is_noted(mission, r.mail, r.key))
    sends = {number: send for number, send in memory.sends.items() if number in going}
    fresh = replace(memory, taken=taken, refused=refused, sends=sends)
    return outside if fresh == memory else replace(outside, mail=fresh)


def _is_recorded(mission: Mission, row: MailRow, taken: Taken) -> bool:
    return row.has(taken.key) or _is_noted(mission, row.number, taken.key)


def _is_noted(mission: Mission, mail: int, key: str) -> bool:
    return is_noted(mission, EventKind.MAIL_IGNORED, f"{mail} {digest(key)}")


def _read(ctx: Context, mission: Mission, outside: Outside, now: datetime) -> tuple[Outside, tuple[int, ...]]:
    """Read what is new; trouble is remembered, and the folder is tried again later."""
    memory = outside.mail if outside.mail.folder == ctx.post.folder else replace(outside.mail, cursor="")
    poll = outside.polls.get(POLL, Poll())
    try:
        fetched = ctx.post.fetch(_since(mission, now), memory.cursor)
        unsure = [row for row in mission.mails if row.status is MailStatus.UNSURE and row.message_id]
        in_sent = tuple(row.number for row in unsure if ctx.post.has_sent(row.message_id))
    except MissionError as error:
        words = one_line(f"{error.message}: {error.hint}" if error.hint else error.message)
        return replace(outside, polls={**outside.polls, POLL: failed(poll, words, now)}), ()
    fresh = _matched(ctx, mission, memory, fetched.mails)
    news = int(poll.value.partition(" ")[2] or 0) + (fresh != memory)
    known = answered(poll, f"{_live(mission)} {news}", now)
    fresh = replace(fresh, cursor=fetched.cursor, folder=ctx.post.folder)
    return replace(outside, polls={**outside.polls, POLL: known}, mail=fresh), in_sent


def _live(mission: Mission) -> str:
    """Return a hash of the mails to which replies may come."""
    return digest(" ".join(row.message_id for row in mission.mails if row.status in LIVE_MAIL))


def _since(mission: Mission, now: datetime) -> datetime:
    """Return since when replies may have come."""
    moments = [parse_stamp(row.since) for row in mission.mails if row.status in LIVE_MAIL]
    return min((moment for moment in moments if moment is not None), default=now) - timedelta(hours=1)


def _matched(ctx: Context, mission: Mission, memory: MailMemory, mails: Iterable[Incoming]) -> MailMemory:
    taken, refused = list(memory.taken), list(memory.refused)
    known = {(one.mail, one.key) for one in taken} | {(one.mail, one.key) for one in refused}
    for mail in mails:
        found = match(mission.mails, mail, ctx.settings.mail.server)
        if found is None:
            continue
        row = thread_of(mission.mails, found.row)
        if row.has(mail.key) or (row.number, mail.key) in known or len(known) >= _MOST_KEPT:
            continue
        known.add((row.number, mail.key))
        if found.refused:
            refused.append(Refused(row.number, mail.key, found.refused))
        else:
            taken.append(_taken(row, mail, found))
    return replace(memory, taken=tuple(taken), refused=tuple(refused))


def _taken(row: MailRow, mail: Incoming, found: Match) -> Taken:
    files = dict(_files(row, mail))
    answer = reply_text(mail.text)
    told = {
        "from": found.sender,
        "at": mail.at,
        "subject": mail.subject,
        "text": mail.text,
        "reply": answer,
        "links": list(links(mail.text)),
        "codes": list(codes(mail.text)),
        "attachments": [f"assets/{name}" for name in files],
        "left_out": list(mail.left_out),
        "sender": str(found.proof),
    }
    data = json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    proven = found.proof is Proof.PASSED
    return Taken(row.number, mail.key, found.sender, mail.at, answer, data, files, proven, found.row.number)


def _files(row: MailRow, mail: Incoming) -> Iterator[tuple[str, str]]:
    """Yield the attachments by names of our own: the name in the mail only lends its letters and its ending."""
    for place, one in enumerate(mail.attachments, 1):
        text = base64.b64encode(one.data).decode()
        stem, _, ending = one.name.rpartition(".")
        name = f"mail-{row.number}-{digest(mail.key)}-{place}-{slug(stem, 30) or 'file'}-{sha256_of(text)[:_HASH]}"
        yield f"{name}.{slug(ending, 8) or 'bin'}", text
