"""The texts of mails: made from templates, stored as files of the mission, and read again when they are sent."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.domain.mail.letters import Letter, LetterError, file_of, letter_text, read_letter, unaltered
from mission_cli.domain.mail.rows import find_mail
from mission_cli.engine.recording.rows import reply_file
from mission_cli.planner.core.moves.mails import AddMail, TakeReply
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.mail.rows import MailRow
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition

_ASSETS = "assets/"
_LONGEST_PROMPT = 2_000


def with_text(ctx: Context, case: Case, move: AddMail) -> AddMail:
    """Return the decision with the text of its mail, which a template makes unless a worker wrote it."""
    letter = move.letter
    if move.template:
        mission, row = case.mission, move.row
        request = next((r for r in mission.requests if r.number == row.request), None)
        values = {
            "mission": mission,
            "row": row,
            "request": request,
            "prompt": one_line(request.prompt, _LONGEST_PROMPT) if request is not None else "",
            "before": find_mail(mission.mails, row.reminds_of),
            "answers": ctx.settings.mail.answers,
        }
        letter = replace(letter, text=ctx.templates.render(f"mail/{move.template}.txt.j2", values).strip("\n"))
    text = ctx.secrets.scrub(letter_text(letter))
    return replace(move, letter=letter, row=replace(move.row, file=file_of(move.row.number, text)))


def kept(ctx: Context, case: Case, transitions: Sequence[Transition]) -> Iterator[Write]:
    """Yield the files of new mails and of replies; attachments are stored as they came, and never run."""
    new: dict[str, str] = {}
    for move in transitions:
        if isinstance(move, AddMail):
            new[move.row.file.removeprefix(_ASSETS)] = ctx.secrets.scrub(letter_text(move.letter))
        elif isinstance(move, TakeReply):
            new[reply_file(move.row, move.taken).removeprefix(_ASSETS)] = move.taken.data
            for name, data in move.taken.files.items():
                new[name] = base64.b64decode(data).decode("utf-8", "surrogateescape")
    before = ctx.state.assets(case.stored, case.head) if new else {}
    for name, text in new.items():
        if before.get(name) != text:
            yield Write(f"{assets_folder(case.stored)}/{name}", text, before.get(name))


def letter_of(files: Mapping[str, str], row: MailRow) -> Letter | None:
    """Return the text of a mail as it was approved; None if its file is missing or was changed since."""
    text = unaltered(row.file, files.items())
    try:
        return read_letter(text) if text is not None else None
    except LetterError:
        return None


def thread_ids(mission: Mission, row: MailRow) -> tuple[str, ...]:
    """Return the Message-IDs of the mails before one in its thread."""
    first = find_mail(mission.mails, row.reminds_of) if row.reminds_of else None
    about = [m for m in mission.mails if row.request and m.request == row.request and m.number < row.number]
    found = [one.message_id for one in ([first] if first else about) if one.message_id]
    return tuple(found)
