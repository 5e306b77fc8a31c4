"""Whether missions can send and get mail: for `status`, cheaply, and for `doctor`, which logs in to both servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import Finding, doubtful, fine, wrong

if TYPE_CHECKING:
    from mission_cli.engine.context import Context

SUBJECT = "mail"
_FIX = "correct [mail] in .mission.toml, or the key file"


def mail_findings(ctx: Context, *, thorough: bool = False) -> list[Finding]:
    """Return what keeps mail from working; `thorough` also asks the servers, and says what works."""
    mail = ctx.settings.mail
    if not ctx.post.sender:
        return []
    problem = ctx.post.problem() if thorough else ctx.post.obstacle()
    if problem:
        return [wrong(SUBJECT, problem, _FIX)]
    if not thorough:
        return []
    if not mail.imap:
        return [doubtful(SUBJECT, f"{ctx.post.sender} can send; replies are not read", "set `imap` in [mail]")]
    if not mail.server:
        words = f"{ctx.post.sender} can send and read; no sender is proven"
        hint = "set `server` in [mail] to the name in the header Authentication-Results of a mail that you got"
        return [doubtful(SUBJECT, words, hint)]
    answers = f", and {mail.questions} may answer questions" if mail.answers else ""
    return [fine(SUBJECT, f"{ctx.post.sender} can send and read{answers}")]
