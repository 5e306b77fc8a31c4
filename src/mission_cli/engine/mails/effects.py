"""Send mails. What was begun is stored before the server is asked, so that nothing is sent twice."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, stamp
from mission_cli.domain.mail.memory import Send, SendState
from mission_cli.domain.mail.rows import find_mail, message_id
from mission_cli.domain.timing.polling import LONGEST, SHORTEST
from mission_cli.engine.mails.letters import letter_of, thread_ids
from mission_cli.planner.core.moves.mails import PrepareMail, SendMail
from mission_cli.ports.outside.mail import Outgoing

if TYPE_CHECKING:
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.moves.mails import MailEffect

_MOST_DOUBLINGS = 8


def by_mail(ctx: Context, case: Case, act: MailEffect) -> str:
    """Carry out an effect about mail; return why it did not succeed, or the empty string."""
    if isinstance(act, PrepareMail):
        chosen = message_id(secrets.token_hex(16), ctx.post.sender)
        _note(ctx, case, act.number, Send(chosen, act.file, SendState.READY, stamp(ctx.clock.now())))
        return ""
    return _send(ctx, case, act)


def _send(ctx: Context, case: Case, act: SendMail) -> str:
    row = find_mail(case.mission.mails, act.number)
    send = ctx.runtime.outside(case.mission.id).mail.sends.get(str(act.number))
    if row is None or send is None or send.state not in {SendState.READY, SendState.LATER}:
        return ""  # the next round says what became of it
    head = ctx.state.head()
    letter = letter_of(ctx.state.assets(case.stored, head), replace(row, file=send.file)) if head is not None else None
    if letter is None:
        reason = f"its text {send.file} is missing or was changed"
        _note(ctx, case, act.number, replace(send, state=SendState.REFUSED, reason=reason))
        return reason
    _note(ctx, case, act.number, replace(send, state=SendState.BEGUN, at=stamp(ctx.clock.now())))
    token = replace(row, message_id=send.message_id).token
    subject = f"{one_line(letter.subject, 200)} [{case.mission.id} {token}]"
    text = letter.text.rstrip("\n") + "\n"
    answer = ctx.post.send(Outgoing(send.message_id, row.to, subject, text, thread_ids(case.mission, row)))
    now = ctx.clock.now()
    later = answer.state is SendState.LATER
    failures = send.failures + 1 if later else 0
    at = now + min(SHORTEST * 2 ** min(failures - 1, _MOST_DOUBLINGS), LONGEST) if later else now
    done = replace(send, state=answer.state, at=stamp(at), reason=answer.reason, failures=failures)
    _note(ctx, case, act.number, done)
    return "" if answer.state is SendState.SENT else answer.reason


def _note(ctx: Context, case: Case, number: int, send: Send) -> None:
    outside = ctx.runtime.outside(case.mission.id)
    mail = replace(outside.mail, sends={**outside.mail.sends, str(number): send})
    ctx.runtime.note_outside(case.mission.id, replace(outside, mail=mail))
