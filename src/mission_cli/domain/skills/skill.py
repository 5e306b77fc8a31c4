"""Skills: what a mission learned, one row each in `### Skill Learning`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.slug import slug
from mission_cli._support.text import digest, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTION = "Retrospective"
"""The section with the table, below its part `Skill Learning`."""
COLUMNS = ("Skill", "Kind", "What was learned", "Evidence", "Score", "Status")
LONGEST_NAME = 64
LONGEST_TEXT = 400
MOST_ROWS = 30
"""Rows that one mission writes."""
MOST_EVIDENCE = 5
HIGHEST = 100
_NAME = pattern(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_SUBJECT = 36
_COMMANDING = pattern(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruct|previous|prior|above|earlier|prompt|rules?\b)"
    r"|\b(?:system|developer) (?:prompt|message)|\byou are (?:now|an? (?:ai|assistant|agent))\b"
    r"|<\|?(?:im_start|system)|\b(?:curl|wget)\b[^|]{0,200}\|\s*(?:ba|z)?sh\b"
    r"|\b(?:do not|don't|never) (?:tell|inform|show) (?:the )?(?:user|person)"
    r"|\b(?:reveal|print|send|upload|post|exfiltrate)\b.{0,40}\b(?:secret|token|password|credential|api.key)",
    re.IGNORECASE,
)
"""What texts say that want to command an agent instead of telling it something."""


class SkillKind(StrEnum):
    """What was learned."""

    COMMAND = "command"
    """A command that works here."""
    TRAP = "trap"
    """A failure that a later attempt overcame."""
    CONVENTION = "convention"
    """What a person said, or what research found to be a rule."""
    TIMING = "timing"
    """How long attempts and their checks take."""


class SkillStatus(StrEnum):
    """Whether a skill is used."""

    ACTIVE = "active"
    ENDED = "ended"
    """It was contradicted, or its score fell too low."""
    FORGOTTEN = "forgotten"
    """A person forgot it: it is never used or learned again."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill as a mission file has it."""

    name: str
    kind: SkillKind
    text: str
    evidence: tuple[str, ...] = ()
    """Run ids, the latest ones."""
    score: int = 0
    """0 to 100."""
    status: SkillStatus = SkillStatus.ACTIVE

    @property
    def cells(self) -> dict[str, str]:
        """Return its row."""
        values = (self.name, self.kind, self.text, ", ".join(self.evidence), str(self.score), self.status)
        return dict(zip(COLUMNS, values, strict=True))


def skill_name(kind: SkillKind, subject: str, *keys: str) -> str:
    """Return the name of a skill: the same for the same kind and keys about the same subject, and safe as a path."""
    name = slug(subject, _LONGEST_SUBJECT)
    return "-".join(part for part in (str(kind), name, "".join(map(digest, keys))) if part)


def is_name(text: str) -> bool:
    """Whether a text can be the name of a skill, and so of a folder."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def skill_text(text: str) -> str:
    """Return a text as a skill keeps it: one line, bounded, without control characters."""
    return one_line(text, LONGEST_TEXT)


def evidence_of(runs: Sequence[str]) -> tuple[str, ...]:
    """Return the latest of several run ids, each once."""
    return tuple(dict.fromkeys(runs))[-MOST_EVIDENCE:]


def why_held_back(skill: Skill) -> str:
    """Return why a skill is in no prompt whatever its score, to follow its name; empty if nothing is wrong with it."""
    if _COMMANDING.search(skill.text):
        return "reads like an instruction to an agent"
    return ""
