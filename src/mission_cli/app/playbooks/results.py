"""Results of commands about playbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.app.results.files import FileProblem


@dataclass(frozen=True, slots=True)
class ShownParameter:
    """A parameter of a playbook."""

    name: str
    type: str
    """string, integer, number, boolean, choice, list or command."""
    description: str
    required: bool
    default: str | Sequence[str] | None
    choices: Sequence[str]
    pattern: str
    """A regular expression that the value has to match as a whole."""
    minimum: float | None
    maximum: float | None
    example: str | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class ListedPlaybook:
    """One playbook of a list."""

    name: str
    description: str
    origin: str
    """repository, person, program or path."""
    path: str
    parameters: Sequence[str]
    """Their names; the required ones are followed by `*`."""
    problem: str
    """The first error of its file; empty if it can be used."""
    hides: Sequence[str]
    """Paths of playbooks with the same name that it takes precedence over."""


@dataclass(frozen=True, slots=True)
class ListedPlaybooks:
    """All playbooks that can be named here."""

    playbooks: Sequence[ListedPlaybook]


@dataclass(frozen=True, slots=True)
class ShownPlaybook:
    """One playbook: its parameters, and the plan with placeholders."""

    name: str
    description: str
    origin: str
    path: str
    parameters: Sequence[ShownParameter]
    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckedPlaybooks:
    """What is wrong with playbook files."""

    files: Sequence[str]
    problems: Sequence[FileProblem]
    errors: int
    """How many of them are errors; the others are warnings."""


@dataclass(frozen=True, slots=True)
class MissionDraft:
    """The mission file that would be made."""

    id: str
    playbook: str
    """The playbook that it comes from; empty for a plan file."""
    text: str
    """The file."""
    problems: Sequence[FileProblem]
    """What `lint` says about it."""
