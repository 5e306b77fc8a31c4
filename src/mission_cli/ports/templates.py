"""Templates and playbooks by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Templates(Protocol):
    """Renders templates."""

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the text of a template with these values."""
        ...


@dataclass(frozen=True, slots=True)
class PlaybookFile:
    """A playbook file that was found."""

    name: str
    """The file's name without its ending."""
    origin: str
    """Where it is: repository, person or program; `path` if a path was named."""
    path: str


class PlaybookFiles(Protocol):
    """Finds playbook files. What the repository has precedes what the person has, and that what the program has."""

    def found(self) -> Sequence[PlaybookFile]:
        """Return all files in this order; the same name may appear several times."""
        ...

    def text(self, file: PlaybookFile) -> str:
        """Return the text of a file. Raises NotFoundError and DocumentError."""
        ...

    def add(self, name: str, text: str, *, shared: bool) -> str:
        """Write a new file to the folder of the repository (`shared`) or of the person; return its path.

        Raises ConflictError if there is one of that name.
        """
        ...
