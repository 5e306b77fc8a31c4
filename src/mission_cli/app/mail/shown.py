"""The mails of a mission with their texts and replies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.mail.results import Mail, MailReply, Mails
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.mail.letters import unaltered
from mission_cli.domain.notice import do
from mission_cli.domain.timing.polling import Poll
from mission_cli.engine.mails.letters import letter_of
from mission_cli.engine.mails.look import POLL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mail.rows import MailRow
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context


def mails_of(ctx: Context, text: str, number: int = 0) -> Mails:
    """Return the mails of a mission, or the one with that number. Raises NotFoundError if there is none."""
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    mission = address.mission
    rows = [row for row in mission.mails if number in {0, row.number}]
    if number and not rows:
        raise NotFoundError(f"{mission.id} has no mail {number}", hint=do("mail", mission.id))
    files = ctx.state.assets(address.stored, snapshot.head) if rows and snapshot.head is not None else {}
    poll = ctx.runtime.outside(mission.id).polls.get(POLL, Poll())
    again = poll.again if parse_stamp(poll.again) else ""
    trouble = (ctx.post.obstacle() if rows else "") or poll.trouble
    found = tuple(_mail(mission, row, files) for row in rows)
    return Mails(mission.id, found, trouble, again, mission.mail_recipients)


def _mail(mission: Mission, row: MailRow, files: Mapping[str, str]) -> Mail:
    letter = letter_of(files, row)
    begins = f"a mail that refers to mail {row.number} is ignored: "
    ignored = (one.details for one in mission.progress if one.event == EventKind.MAIL_IGNORED)
    return Mail(
        row.number,
        str(row.status),
        row.to,
        row.subject,
        row.feature,
        row.about,
        row.since,
        row.message_id,
        letter.text if letter is not None else "",
        tuple(_reply(reply.sender, reply.file, files) for reply in row.replies),
        tuple(details.removeprefix(begins) for details in ignored if details.startswith(begins)),
    )


def _reply(sender: str, file: str, files: Mapping[str, str]) -> MailReply:
    text = unaltered(file, files.items())
    try:
        told = json.loads(text) if text is not None else {}
        return MailReply(sender, file, str(told["reply"]), tuple(told["attachments"]), tuple(told["left_out"]))
    except (ValueError, KeyError, TypeError):
        return MailReply(sender, file, "")
