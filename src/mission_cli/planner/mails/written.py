"""Mails that workers ask for: files that an attempt leaves in `research/mail/` of its mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import stamp
from mission_cli.domain.mail.letters import Letter, LetterError, file_of, letter_text, read_letter
from mission_cli.domain.mail.rows import MailRow, MailStatus, hash_in
from mission_cli.planner.core.moves.mails import AddMail
from mission_cli.planner.mails.rows import first_status, next_number

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber, RunId
    from mission_cli.planner.core.draft import Draft


@dataclass(frozen=True, slots=True)
class Written:
    """What an attempt wants to be sent."""

    letters: tuple[Letter, ...] = ()
    wrong: str = ""
    """What is wrong with the first that cannot be read."""

    @property
    def waits(self) -> bool:
        """Whether the feature waits for a reply to one of them."""
        return any(letter.waits for letter in self.letters)


def written(draft: Draft, run: RunId, feature: FeatureNumber) -> Written:
    """Return the mails of an attempt that its feature has not asked for before."""
    before = {hash_in(row.file) for row in draft.mission.mails if row.feature == feature}
    letters: list[Letter] = []
    for path, text in draft.observation.letters.get(run, ()):
        try:
            letter = read_letter(text)
        except LetterError as error:
            return Written((), f"{path.rpartition('/')[2]} cannot be sent: {error}")
        if hash_in(file_of(1, letter_text(letter))) not in before:
            letters.append(letter)
    return Written(tuple(letters))


def add_letters(draft: Draft, letters: tuple[Letter, ...], feature: FeatureNumber) -> list[str]:
    """Add mails to the mission, with the waits for their replies; return what they are called."""
    names = []
    for letter in letters:
        status = first_status(draft, letter)
        since = stamp(draft.observation.now) if letter.expected else ""
        subject = letter.subject or "(any)"
        row = MailRow(next_number(draft), letter.to, subject, status, str(feature), since=since)
        row = replace(row, file=file_of(row.number, letter_text(letter)))
        verb = "is expected from" if letter.expected else "is to be sent to"
        approval = ", after your approval" if status is MailStatus.DRAFT else ""
        why = f"{feature} asks for {row.name}: it {verb} {', '.join(letter.to)}{approval}"
        draft.transitions.append(AddMail(row, letter, why, waits=feature if letter.waits else None))
        names.append(row.name)
    return names
