"""Results of commands about skills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ListedSkill:
    """One skill of a list."""

    name: str
    kind: str
    """command, trap, convention or timing."""
    text: str
    score: int
    """0 to 100; it enters prompts from 40 on, and ends below 20."""
    status: str
    """active, ended or forgotten."""
    evidence: Sequence[str]
    """Run ids, the latest ones."""
    missions: Sequence[str]
    """The missions that noted it or used it, oldest first."""
    repository: str
    """The folder of the repository where it was learned; empty: this one."""
    held_back: str
    """Why it is in no prompt although it is active; empty if it may be."""


@dataclass(frozen=True, slots=True)
class ListedSkills:
    """Skills, the active ones with the highest scores first."""

    skills: Sequence[ListedSkill]


@dataclass(frozen=True, slots=True)
class SkillUse:
    """An attempt that had a skill in its prompt."""

    run: str
    cause: str
    """Why it ended; empty while it is open."""


@dataclass(frozen=True, slots=True)
class ShownSkill:
    """One skill, and the attempts that had it."""

    skill: ListedSkill
    uses: Sequence[SkillUse]


@dataclass(frozen=True, slots=True)
class ForgottenSkill:
    """A skill that is never used or learned again."""

    name: str
    mission: str
    """The mission whose file says so."""
    commit: str | None
    """The commit that changed it; null if it was forgotten before."""


@dataclass(frozen=True, slots=True)
class ExportedSkills:
    """Skills that were written as folders which coding agents read."""

    folder: str
    written: Sequence[str]
    """Paths of the files that were written."""
    kept: Sequence[str]
    """Paths of files that another program or a person wrote, and that stay as they are."""
