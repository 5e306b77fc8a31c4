"""What people give with an approval of a document: the number of a suggestion, or requirements that they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.domain.errors import BlockedError, DocumentError, UsageError
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS, choice_text
from mission_cli.domain.problems import Problem
from mission_cli.engine.phases.documents import blob_id
from mission_cli.interchange.proposals.requirements import read_requirements
from mission_cli.interchange.proposals.suggestions import read_suggestions
from mission_cli.interchange.sources import parse_leading
from mission_cli.ports.git.state import Write, research_folder

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.phases.look import PhaseLook
    from mission_cli.domain.phases.table import Phase


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives with the decision about a document."""

    choose: int = 0
    """The number of the chosen suggestion; 0: none is named."""
    requirements: str | None = None
    """The requirements as the person changed them; None: as they are."""
    name: str = REQUIREMENTS
    """The file that they come from, for messages."""


def refuse_misplaced(given: Given, document: str, gate: str) -> None:
    """Raise UsageError if the gate shows another document than the one that something was given for."""
    for wanted, is_given, words in (
        (SUGGESTIONS, given.choose != 0, "there is nothing to choose"),
        (REQUIREMENTS, given.requirements is not None, "there are no requirements to change"),
    ):
        if is_given and document != wanted:
            raise UsageError(f"at the gate `{gate}` {words}", hint=f"only at a gate that shows research/{wanted}")


def choice(address: Address, phase: Phase, look: PhaseLook, given: Given, comment: str) -> str:
    """Return the comment that stores the choice; a comment without a choice says itself what is to be built.

    Raises UsageError if it is not clear what is chosen.
    """
    read = read_suggestions(look.documents[SUGGESTIONS].text)
    if isinstance(read, Problem):
        raise BlockedError(f"research/{SUGGESTIONS} cannot be read: {read.message}", hint=read.hint)
    number, many = given.choose, len(read.suggestions)
    command = do("approve", address.mission.id, phase.gate, "--choose", "N")
    shows = advise("look at them: ", do("show", address.mission.id, "--suggestions"), "; then ", command)
    if not number and many == 1:
        number = 1
    if not number and comment.strip():
        return comment
    if not number:
        raise UsageError(f"{counted(many, 'feature')} are suggested: choose one of them", hint=shows)
    if number > many:
        raise UsageError(f"there is no suggestion {number}: {counted(many, 'feature')} are suggested", hint=shows)
    return choice_text(number, read.suggestions[number - 1].title, comment)


def changed_requirements(address: Address, look: PhaseLook, given: Given) -> tuple[Write, str] | None:
    """Return the write that stores the requirements exactly as given, and their blob id; None if none are given.

    Raises DocumentError with the place in the file if they cannot be read.
    """
    text = given.requirements
    if text is None:
        return None
    broken = parse_leading(text)  # a model's JSON is read leniently, a person's is corrected
    read = broken if isinstance(broken, Problem) else read_requirements(text)
    if isinstance(read, Problem):
        raise DocumentError.of(given.name, [read])
    before = look.documents.get(REQUIREMENTS)
    path = f"{research_folder(address.stored)}/{REQUIREMENTS}"
    return Write(path, text, before.text if before is not None else None), blob_id(text)
