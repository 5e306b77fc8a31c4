"""The mails of a mission as text: a list, or one with its text and replies. What came from outside is quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line
from mission_cli.surfaces.lines import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.mail.results import Mail, Mails
    from mission_cli.surfaces.lines import Line

_TEXT = 60


def mail_lines(found: Mails, *, whole: bool) -> list[Line]:
    """Return a line for each mail, or all of the only one."""
    lines = [line(f"{found.id} has no mail")] if not found.mails else []
    for mail in found.mails:
        lines += _whole(mail) if whole else [line(_row(mail))]
    if found.trouble:
        lines.append(line(("the mailbox cannot be used: ", "yellow"), one_line(found.trouble, 300)))
    return lines


def _row(mail: Mail) -> str:
    replies = f"  {counted(len(mail.replies), 'reply', 'replies')}" if mail.replies else ""
    to = one_line(", ".join(mail.to), _TEXT)
    return f"{mail.number:>3}  {mail.status:<9} {to}  {one_line(mail.subject, _TEXT)}{replies}"


def _whole(mail: Mail) -> Iterator[Line]:
    yield line((f"mail {mail.number}  {mail.status}", "bold"))
    yield line(f"  to       {', '.join(mail.to)}")
    yield line(f"  subject  {one_line(mail.subject)}")
    for name, text in (("for", mail.feature), ("about", mail.about), ("since", mail.since), ("id", mail.message_id)):
        if text:
            yield line(f"  {name:<8} {one_line(text)}")
    yield line("")
    for part in (mail.text or "its text is missing or was changed").splitlines():
        yield line(f"  | {one_line(part, 500)}" if part.strip() else "  |")
    for reply in mail.replies:
        yield line("")
        yield line((f"reply of {one_line(reply.sender)}", "bold"), f"  {reply.file}")
        for part in reply.text.splitlines():
            yield line(f"  > {one_line(part, 500)}" if part.strip() else "  >")
        for name in reply.attachments:
            yield line(f"  attachment {one_line(name)}")
        for name in reply.left_out:
            yield line(f"  left out: {one_line(name)}")
    for why in mail.ignored:
        yield line(("ignored: ", "dim"), one_line(why, 300))
