"""How skills stand over all finished missions: the last row of each counts, and what is not used fades."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_stamp
from mission_cli.domain.skills.skill import Skill, SkillStatus, evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

SHOWN = 40
"""The least score with which a skill enters prompts."""
LEAST = 20
"""Below this score it ends."""
_FREE_MISSIONS, _PER_MISSION = 10, 3
_AGE, _PER_AGE = timedelta(days=90), 10


@dataclass(frozen=True, slots=True)
class Past:
    """What one finished mission tells about skills."""

    mission: str
    completed: str
    """When it was completed, ISO 8601."""
    stack: tuple[str, ...] = ()
    """Its technologies in lower case: what makes two missions of one domain."""
    skills: tuple[Skill, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One skill over all missions."""

    skill: Skill
    """With its score and status today."""
    missions: tuple[str, ...]
    """The missions with a row of it, oldest first."""
    repository: str = ""
    """Where it was learned; empty: here."""


def standings(pasts: Iterable[Past], now: datetime, repository: str = "") -> dict[str, Standing]:
    """Return every skill by name. `forgotten` in any mission is final."""
    ordered = sorted(pasts, key=lambda past: (past.completed, past.mission))
    found: dict[str, Standing] = {}
    last: dict[str, int] = {}
    for place, past in enumerate(ordered):
        for skill in past.skills:
            before = found.get(skill.name)
            runs = (*before.skill.evidence, *skill.evidence) if before else skill.evidence
            forgotten = before is not None and before.skill.status is SkillStatus.FORGOTTEN
            status = SkillStatus.FORGOTTEN if forgotten else skill.status
            missions = (*(before.missions if before else ()), past.mission)
            now_is = replace(skill, evidence=evidence_of(runs), status=status)
            found[skill.name] = Standing(now_is, tuple(dict.fromkeys(missions)), repository)
            last[skill.name] = place
    return {name: _faded(one, ordered, last[name], now) for name, one in found.items()}


def _faded(one: Standing, ordered: Sequence[Past], place: int, now: datetime) -> Standing:
    """Return a skill with what it has lost since its last row: by missions that did not use it, and by age."""
    idle = len(ordered) - place - 1
    score = one.skill.score - _PER_MISSION * max(0, idle - _FREE_MISSIONS)
    since = parse_stamp(ordered[place].completed)
    score -= _PER_AGE * max(0, (now - since) // _AGE) if since is not None else 0
    ended = one.skill.status is SkillStatus.ACTIVE and score < LEAST
    status = SkillStatus.ENDED if ended else one.skill.status
    return replace(one, skill=replace(one.skill, score=max(0, score), status=status))
